"""The service itself: alive, ready, described."""

import asyncio

import psycopg
import pytest

from infra.http.problems import CODES
from infra.migrations import FOLDER


def test_it_is_alive_whatever_else_is_dead(get):
    response = get("/livez", reader_url="postgresql://nobody@127.0.0.1:1/nothing")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/docs", "/docs/try", "/openapi.json"])
def test_head_answers_everywhere(api, path):
    async def head():
        async with api() as client:
            return await client.head(path)

    response = asyncio.run(head())
    assert (response.status_code, response.content) == (200, b"")


def test_it_is_ready_when_database_migrations_and_broker_are(get):
    assert (get("/readyz").status_code, get("/readyz").json()) == (200, {"status": "ok"})
    checks = {"process": "ok", "database": "ok", "migrations": "ok", "store": "ok", "kafka": "ok"}
    assert get("/readyz?verbose").json() == {"status": "ok", "checks": checks}


@pytest.mark.parametrize(
    ("changed", "checks"),
    [
        (
            {"reader_url": "postgresql://nobody@127.0.0.1:1/nothing"},
            {"database": "does not answer", "migrations": "not known"},
        ),
        (
            {"kafka_bootstrap_servers": "127.0.0.1:1"},
            {"kafka": "does not answer"},
        ),
        (
            {"kafka_bootstrap_servers": None},
            {"kafka": "CREDIT_KAFKA_BOOTSTRAP_SERVERS is not set"},
        ),
        (
            {"writer_url": "postgresql://nobody@127.0.0.1:1/nothing"},
            {"store": "does not answer"},
        ),
    ],
    ids=["database", "broker", "no broker", "store"],
)
def test_it_is_not_ready_and_says_what_is_missing(get, changed, checks):
    response = get("/readyz", **changed)
    assert (response.status_code, response.headers["content-type"]) == (503, "application/problem+json")
    every = {"process": "ok", "database": "ok", "migrations": "ok", "store": "ok", "kafka": "ok"}
    assert (response.json()["code"], response.json()["checks"]) == ("not_ready", every | checks)


def test_it_has_started_once_it_was_able_to_and_stays_so(api, shown):
    async def talk():
        async with api() as client:
            first = await client.get("/startupz")
            await client.app.state.pool.close()
            return first, await client.get("/startupz")

    assert [(each.status_code, each.json()) for each in asyncio.run(talk())] == [(200, {"status": "ok"})] * 2


def test_it_has_not_started_before_it_reached_the_database(get):
    response = get("/startupz", reader_url="postgresql://nobody@127.0.0.1:1/nothing")
    assert (response.status_code, response.json()["code"], response.headers["retry-after"]) == (503, "not_ready", "5")
    assert response.json()["checks"] == {"database": "does not answer", "migrations": "not known"}


def test_however_many_ask_it_looks_once(api):
    async def talk():
        async with api() as client:
            looks = []
            look = client.app.state.health._look

            def counted():
                looks.append(1)
                return look()

            client.app.state.health._look = counted
            answers = await asyncio.gather(*(client.get("/readyz") for _ in range(20)))
            return len(looks), {answer.status_code for answer in answers}

    assert asyncio.run(talk()) == (1, {200})


def test_whoever_is_asked_to_stop_is_unready_at_once(api):
    async def talk():
        async with api() as client:
            before = await client.get("/readyz")
            client.app.state.stopping.ask()
            return before, await client.get("/readyz"), await client.get("/livez")

    before, after, alive = asyncio.run(talk())
    assert (before.status_code, after.status_code, alive.status_code) == (200, 503, 200)
    assert after.json()["checks"]["process"] == "stopping"


def test_it_is_not_ready_before_the_last_migration(get, shown):
    last = max(file.name for file in FOLDER.glob("[0-9]*.sql"))
    with psycopg.connect(shown) as owner:
        (kept,) = owner.execute("DELETE FROM migrations WHERE name = %s RETURNING sha256", (last,)).fetchone()
    try:
        response = get("/readyz")
        assert response.status_code == 503
        assert response.json()["checks"]["migrations"] == f"{last} not applied"
    finally:
        with psycopg.connect(shown) as owner:
            owner.execute("INSERT INTO migrations (name, sha256) VALUES (%s, %s)", (last, kept))


def test_errors_are_described_with_their_media_type(get):
    described = get("/openapi.json").json()
    for path, methods in described["paths"].items():
        for status, response in (each for operation in methods.values() for each in operation["responses"].items()):
            expected = ["application/problem+json" if status >= "400" else "application/json"]
            if path.endswith("/events") and status == "200":
                expected += ["text/event-stream"]
            assert list(response.get("content", [])) == ([] if status == "304" else expected), (path, status)


def test_the_page_says_what_can_be_asked_and_asks_nobody_else(get):
    response = get("/docs")
    assert response.headers["content-type"].startswith("text/html")
    for code in CODES:
        assert f'href="/problems/{code}"' in response.text
    assert "GET /accounts/{account_id}/history" in response.text
    assert "POST /accounts/{account_id}/purchases" in response.text
    assert "//" not in response.text.replace("<!--", "")


@pytest.mark.parametrize("code", ["over_limit", "request_running", "not_found"])
def test_every_problem_has_a_page_that_says_what_to_do(get, code):
    title, remedy = CODES[code]
    response = get(f"/problems/{code}")
    assert response.status_code == 200
    assert title in response.text
    assert remedy in response.text


def test_a_problem_that_is_none_has_no_page(get):
    assert get("/problems/nothing").status_code == 404


def test_it_can_be_tried_in_the_browser_without_a_foreign_host(get):
    page = get("/docs/try").text
    assets = [part.split('"')[0] for part in page.split('="/')[1:]]
    assert len(assets) == 4
    for asset in assets:
        assert get(f"/{asset}").status_code == 200
    assert "//" not in page
