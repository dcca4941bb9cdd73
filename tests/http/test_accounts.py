"""The HTTP interface: what it answers of an account, and how it says that it cannot."""

import asyncio
from contextlib import asynccontextmanager
from uuid import uuid4

import psycopg
import pytest

from infra.faults import Fault
from infra.http import create_app
from infra.http.problems import CODES
from infra.settings import Settings
from tests.projections.stories import Story

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"
KINDS = ("", "/balance", "/credit-report", "/history")
kinds = pytest.mark.parametrize("kind", KINDS)


def problem(response, status, code):
    assert response.headers["cache-control"] == "no-store"
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
    body = response.json()
    assert (body["status"], body["code"], body["type"]) == (status, code, f"/problems/{code}")
    assert (body["title"], body["remedy"]) == CODES[code]
    assert body["instance"] == response.request.url.path
    assert body["detail"].endswith(".")
    return body


def test_an_account_at_a_glance(get, story):
    response = get(f"/accounts/{story.account_id}?as_of=2026-02-20")
    assert response.status_code == 200
    body = response.json()
    assert (body["status"], body["owed_fen"], body["days_past_due"]) == ("overdue", 124_457, 10)
    assert body["links"]["credit_report"] == f"/accounts/{story.account_id}/credit-report?as_of=2026-02-20"
    assert response.headers["cache-control"] == "no-store"


def test_every_link_of_an_account_leads_somewhere(get, story):
    for link in get(f"/accounts/{story.account_id}?as_of=2026-02-20").json()["links"].values():
        assert get(link).status_code == 200


def test_the_balance_today_and_then(get, story):
    now = get(f"/accounts/{story.account_id}/balance").json()
    assert (now["as_of"], now["last_payment_fen"]) == ("2026-03-05", 13_000)
    assert now["statement"]["balance_fen"] == 125_630
    then = get(f"/accounts/{story.account_id}/balance?as_of=2026-01-20").json()
    assert (then["owed_fen"], then["statement"]) == (123_457, None)
    assert then["buckets"]["principal_unbilled"] == 123_457


def test_the_credit_report_month_by_month(get, story):
    body = get(f"/accounts/{story.account_id}/credit-report?as_of=2026-03-20").json()
    assert [(month["month"], month["code"]) for month in body["months"]] == [
        ("2026-01", "*"),
        ("2026-02", "1"),
        ("2026-03", "1"),
    ]


def test_the_history_in_pages(get, story):
    response = get(f"/accounts/{story.account_id}/history?limit=4")
    body = response.json()
    assert (len(body["events"]), body["has_more"], body["next_after"]) == (4, True, 4)
    target = f"/accounts/{story.account_id}/history?after=4&limit=4"
    assert response.headers["link"] == f'<{target}>; rel="next"'
    assert get(target).json()["events"][0]["version"] == 5
    rest = get(f"/accounts/{story.account_id}/history?after=4&limit=1000")
    assert (rest.json()["has_more"], "link" in rest.headers) == (False, False)


@kinds
def test_an_account_that_is_not_known(get, kind):
    unknown = uuid4()
    body = problem(get(f"/accounts/{unknown}{kind}"), 404, "account_unknown")
    assert body["field"] == "account_id"
    assert str(unknown) in body["detail"]


@kinds
def test_an_id_that_is_none(get, kind):
    body = problem(get(f"/accounts/17{kind}"), 422, "parameter_invalid")
    assert (body["field"], body["errors"][0]["parameter"]) == ("account_id", "account_id")


@kinds
@pytest.mark.parametrize("day", ["yesterday", "2026-02-30", "20260210", "1767225600", ""])
def test_a_day_that_is_none(get, story, kind, day):
    body = problem(get(f"/accounts/{story.account_id}{kind}?as_of={day}"), 422, "parameter_invalid")
    assert body["field"] == "as_of"


@kinds
def test_a_misspelt_parameter_is_not_passed_over(get, story, kind):
    body = problem(get(f"/accounts/{story.account_id}{kind}?asof=2026-02-10"), 422, "parameter_invalid")
    assert body["field"] == "asof"


@kinds
def test_a_parameter_that_is_given_twice_is_not_chosen_from(get, story, kind):
    response = get(f"/accounts/{story.account_id}{kind}?as_of=2026-02-10&as_of=2026-02-11")
    body = problem(response, 422, "parameter_invalid")
    assert (body["field"], body["detail"]) == ("as_of", "as_of: it is given more than once.")


def test_several_wrong_parameters_are_all_named(get, story):
    response = get(f"/accounts/{story.account_id}/history?after=-1&limit=0")
    body = problem(response, 422, "parameter_invalid")
    assert [each["parameter"] for each in body["errors"]] == ["after", "limit"]
    assert "field" not in body


@kinds
def test_a_day_before_the_opening_is_refused_with_the_dates(get, story, kind):
    body = problem(get(f"/accounts/{story.account_id}{kind}?as_of=2026-01-04"), 422, "as_of_before_opening")
    assert (body["field"], body["asked"], body["limit"]) == ("as_of", "2026-01-04", "2026-01-05")


@pytest.mark.parametrize("kind", ["", "/balance", "/credit-report"])
def test_a_day_too_far_ahead_is_refused_with_the_limit(get, story, kind):
    body = problem(get(f"/accounts/{story.account_id}{kind}?as_of=9999-12-31"), 422, "as_of_too_far_ahead")
    assert (body["field"], body["limit"]) == ("as_of", "2076-03-05")


def test_an_address_that_is_none(get):
    problem(get("/account"), 404, "not_found")


def test_what_is_read_is_not_written(api, story):
    async def post():
        async with api() as client:
            return await client.post(f"/accounts/{story.account_id}/balance", json={})

    response = asyncio.run(post())
    problem(response, 405, "method_not_allowed")
    assert response.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    "path",
    ["{id}", "{id}/history?limit=2", "{id}/balance?as_of=never", "17", "{id}/nothing", "{id}/balance?as_of=2026-01-01"],
)
def test_head_answers_as_get_without_the_body(get, api, story, path):
    place = f"/accounts/{path.format(id=story.account_id)}"

    async def head():
        async with api() as client:
            return await client.head(place)

    response, whole = asyncio.run(head()), get(place)
    assert (response.status_code, response.headers, response.content) == (whole.status_code, whole.headers, b"")


@pytest.mark.parametrize("kind", ["/balance", "/history"])
def test_a_database_that_is_down(get, story, kind):
    response = get(f"/accounts/{story.account_id}{kind}", reader_url=NOWHERE)
    body = problem(response, 503, "database_unavailable")
    assert response.headers["retry-after"] == "5"
    assert "127.0.0.1" not in response.text
    assert "credit servers start" in body["remedy"]


def test_a_database_that_was_never_migrated(get, story, database_url):
    problem(get(f"/accounts/{story.account_id}", reader_url=database_url), 503, "not_migrated")


def test_a_history_that_lags(get, story, shown):
    with psycopg.connect(shown) as owner:
        owner.execute("UPDATE audit_g1 SET version = 3, business_date = '2026-01-10'")
    try:
        response = get(f"/accounts/{story.account_id}/balance?as_of=2026-02-20")
        problem(response, 503, "view_behind")
        assert response.headers["retry-after"] == "2"
    finally:
        last = story.recorded[-1]
        with psycopg.connect(shown) as owner:
            owner.execute(
                "UPDATE audit_g1 SET version = %s, business_date = %s", (last.version, last.event.business_date)
            )


def test_a_history_of_a_newer_program(get, story, shown):
    with psycopg.connect(shown) as owner:
        owner.execute("UPDATE audit_events_g1 SET type_version = 99 WHERE version = 2")
    try:
        problem(get(f"/accounts/{story.account_id}/history"), 500, "program_too_old")
    finally:
        with psycopg.connect(shown) as owner:
            owner.execute("UPDATE audit_events_g1 SET type_version = 1 WHERE version = 2")


def test_a_defect_tells_nothing_of_the_inside(get, api, story):
    @asynccontextmanager
    async def broken():
        raise ZeroDivisionError("secret")
        yield

    async def ask():
        async with api() as client:
            pool = client.app.state.pool
            pool.connection = broken
            return await client.get(f"/accounts/{story.account_id}")

    response = asyncio.run(ask())
    problem(response, 500, "internal")
    assert "secret" not in response.text


def test_without_a_database_it_does_not_start():
    with pytest.raises(Fault, match="CREDIT_DATABASE_URL"):
        create_app(Settings())


def test_two_accounts_are_not_mixed_up(get):
    other = Story("c-2")
    body = get(f"/accounts/{other.account_id}/balance").json()
    assert (body["customer_id"], body["owed_fen"]) == ("c-2", 0)
