"""Events as they are published: pages, and live streams that miss nothing, hold nothing and end when they have to."""

import asyncio
import json
import os
from contextlib import asynccontextmanager
from itertools import count
from uuid import UUID

import httpx
import psycopg
import pytest
import uvicorn
from cloudevents.core.formats.json import JSONFormat

from consumers import envelope
from domain.commands import Actor, Purchase
from infra.accounts import Accounts
from infra.embedded.processes import free_port
from infra.http.reads import events, feed
from infra.http.reads.events import EventPage, LogPage
from infra.http.reads.threads import Threads
from infra.store.event_store import EventStore
from infra.store.roles import role_url
from tests.http.living import Living
from tests.http.process import running
from tests.projections.stories import noon

_numbers = count(1)
STREAM = {"Accept": "text/event-stream"}


@pytest.fixture(scope="module")
def living(new_database, bootstrap_servers, key_of):
    service = Living(new_database(), bootstrap_servers, key_of)
    yield service
    service.stop()


@pytest.fixture
def ask(living):
    """Somebody with an account of their own: its opening and its activation."""
    someone = living.someone(f"e-{next(_numbers)}")
    someone.account = living.run(someone.granted())
    return someone


@pytest.fixture
def get(living, ask):
    def asked(path, by="auditor", **headers):
        return living.run(ask.ask("GET", path, by=by, **headers))

    return asked


def store_of(living):
    return EventStore(role_url(living.url, "credit_writer"), pool_size=1)


class Listener:
    """One live stream, line by line."""

    def __init__(self, response) -> None:
        self.response = response
        self._lines = response.aiter_lines()

    async def message(self, seconds=10.0):
        """The next message: its fields; a comment is named `comment`."""
        said = {}
        async with asyncio.timeout(seconds):
            async for line in self._lines:
                if not line:
                    return said
                name, _, value = line.partition(": ")
                said[name or "comment"] = value
        raise EOFError

    async def event(self):
        """The next event, with its id."""
        while True:
            said = await self.message()
            if "data" in said:
                return int(said["id"]), json.loads(said["data"])

    async def ended(self):
        """The lines that come before the end, which must come soon."""
        async with asyncio.timeout(5):
            return {line async for line in self._lines}


@asynccontextmanager
async def listening(living):
    """`async with listen(path, by, **headers) as listener` at the service behind a real server."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(living.app, port=port, lifespan="off", log_level="error"))
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - it says so in no other way
        await asyncio.sleep(0.01)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:

            @asynccontextmanager
            async def listen(path, someone, by="auditor", **headers):
                said = someone._headers[by] | STREAM | headers
                async with client.stream("GET", path, headers=said) as response:
                    yield Listener(response)

            yield listen
    finally:
        server.should_exit = True
        await running


async def buys(ask, amount=1_000):
    answer = await ask.done(f"{ask.account}/purchases", {"amount_fen": amount, "merchant_id": "m-1"})
    return answer["version"]


async def quiet(living):
    """Until no stream is open any more."""
    async with asyncio.timeout(20):
        while living.app.state.reading.feed.streams:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.02)


# Pages


def test_an_accounts_events_as_they_are_published(living, ask, get):
    living.run(buys(ask))
    page = get(f"{ask.account}/events")
    assert page.headers["cache-control"] == "no-store"
    EventPage.model_validate_json(page.content)
    body = page.json()
    assert [each["type"] for each in body["data"]] == ["account.opened", "account.activated", "purchase.posted"]
    assert (body["has_more"], body["next"]) == (False, None)
    with store_of(living) as store:
        recorded = store.load(UUID(ask.account.rpartition("/")[2]))
    for told, event in zip(body["data"], recorded, strict=True):
        headers = {name.removeprefix("ce_"): said.decode() for name, said in envelope.headers(event)}
        headers["datacontenttype"] = headers.pop("content-type")
        assert {name: told[name] for name in headers} == headers
        assert told["data"] == json.loads(event.data)
        assert event.data in page.content


def test_the_cloudevents_package_reads_an_event(get, ask):
    (told, *_) = get(f"{ask.account}/events").json()["data"]
    read = JSONFormat().read(None, json.dumps(told).encode())
    assert (read.get_type(), read.get_specversion()) == ("account.opened", "1.0")
    assert read.get_extension("aggregateversion") == "1"
    assert read.get_data()["customer_id"] == ask.customer_id


def test_pages_of_an_accounts_events(living, ask, get):
    for _ in range(3):
        living.run(buys(ask))
    path, seen = f"{ask.account}/events?limit=2", []
    while path:
        response = get(path)
        body = response.json()
        seen += [int(each["aggregateversion"]) for each in body["data"]]
        assert body["next"] == (seen[-1] if body["has_more"] else None)
        link = response.headers.get("link")
        path = link and link.split(">")[0].removeprefix("<")
    assert seen == [1, 2, 3, 4, 5]
    assert get(f"{ask.account}/events?after=17").json()["data"] == []


def test_all_events_from_a_position(get, ask):
    first = get("/events?limit=1")
    LogPage.model_validate_json(first.content)
    head = first.json()["head"]
    everything = get(f"/events?after={head - 5}").json()
    assert [int(each["position"]) for each in everything["data"]] == list(range(head - 4, head + 1))
    assert {each["source"] for each in everything["data"]} == {"/credit/accounts", "/credit/customers"}
    assert get(f"/events?after={head}").json()["data"] == []


@pytest.mark.parametrize(("by", "status"), [("customer", 403), ("service", 403), ("operator", 200), ("officer", 200)])
def test_all_events_are_for_those_who_oversee(get, by, status):
    assert get("/events", by).status_code == status


def test_events_of_an_account_that_is_not_known(get, living):
    for headers in ({}, STREAM):
        unknown = get("/accounts/00000000-0000-8000-8000-000000000000/events", **headers)
        assert (unknown.status_code, unknown.json()["code"]) == (404, "account_unknown")
    assert living.app.state.reading.feed.streams == 0


# Live


def test_a_stream_tells_what_was_and_then_what_comes(living, ask):
    async def talk():
        async with listening(living) as listen, listen(f"{ask.account}/events", ask, "customer") as one:
            assert one.response.headers["content-type"].startswith("text/event-stream")
            assert one.response.headers["cache-control"] == "no-store"
            assert await one.message() == {"retry": "2000"}
            assert [(await one.event())[0] for _ in range(2)] == [1, 2]
            for _ in range(3):
                version = await buys(ask)
                place, told = await one.event()
                assert (place, told["type"], told["aggregateversion"]) == (version, "purchase.posted", str(version))
        await quiet(living)

    living.run(talk())


@pytest.mark.parametrize("headers", [{"Last-Event-ID": "2"}, {"Last-Event-ID": "2", "query": "?after=0"}])
def test_who_was_cut_off_goes_on_where_they_were(living, ask, headers):
    query = headers.pop("query", "")

    async def talk():
        version = await buys(ask)
        async with listening(living) as listen, listen(f"{ask.account}/events{query}", ask, **headers) as one:
            assert (await one.event())[0] == version == 3

    living.run(talk())


@pytest.mark.parametrize("said", ["-1", "x", "1e3"])
def test_a_place_that_is_none_is_refused(get, ask, said):
    response = get(f"{ask.account}/events", **STREAM, **{"Last-Event-ID": said})
    assert (response.status_code, response.json()["code"]) == (422, "parameter_invalid")


def test_everything_that_is_recorded_by_many_is_told_once_and_in_order(living, ask):
    people = [living.someone(f"many-{number}") for number in range(4)]

    async def lives(someone):
        someone.account = await someone.granted()
        for _ in range(10):
            await buys(someone)

    async def talk():
        head = (await ask.ask("GET", "/events?limit=1", by="auditor")).json()["head"]
        async with (
            listening(living) as listen,
            listen(f"/events?after={head}", ask) as early,
            listen(f"{ask.account}/events?after=2", ask) as other,
        ):
            writing = asyncio.gather(*map(lives, people))
            started = [(await early.event())[0] for _ in range(3)]
            async with listen(f"/events?after={head}", ask) as late:
                await writing
                end = (await ask.ask("GET", "/events?limit=1", by="auditor")).json()["head"]
                assert end - head >= 4 * 12
                for listener, seen in ((early, started), (late, [])):
                    while not seen or seen[-1] < end:
                        seen.append((await listener.event())[0])
                    assert seen == list(range(head + 1, end + 1))
            # What is others' does not come.
            version = await buys(ask)
            assert (await other.event())[0] == version

    living.run(talk())


def test_a_stream_without_news_says_that_it_lives(living, ask, monkeypatch):
    monkeypatch.setattr(events, "_HEARTBEAT", 0.1)

    async def talk():
        async with listening(living) as listen, listen(f"{ask.account}/events?after=2", ask) as one:
            await one.message()
            assert [await one.message() for _ in range(2)] == [{"comment": "still here"}] * 2

    living.run(talk())


def test_a_stream_ends_after_a_while_so_that_who_listens_is_asked_again(living, ask, monkeypatch):
    monkeypatch.setattr(events, "_LIFE", 0.3)
    monkeypatch.setattr(events, "_HEARTBEAT", 0.1)

    async def talk():
        async with listening(living) as listen, listen(f"{ask.account}/events?after=2", ask) as one:
            assert await one.ended() == {"", "retry: 2000", ": still here"}
        await quiet(living)

    living.run(talk())


def test_only_so_many_streams_are_open(living, ask, monkeypatch):
    monkeypatch.setattr(feed, "STREAMS_MAX", 2)
    path = f"{ask.account}/events"

    async def talk():
        async with listening(living) as listen:
            async with listen(path, ask) as one, listen("/events", ask) as _:
                await one.message()
                async with listen(path, ask) as third:
                    body = json.loads(await third.response.aread())
                    assert (third.response.status_code, body["code"]) == (503, "streams_exhausted")
                    assert third.response.headers["retry-after"] == "5"
                # A page is no stream.
                assert (await ask.ask("GET", path)).status_code == 200
            await quiet(living)
            async with listen(path, ask) as again:
                assert (await again.message()) == {"retry": "2000"}
        await quiet(living)

    living.run(talk())


def connections(living):
    with psycopg.connect(living.url) as owner:
        row = owner.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return row.fetchone()[0]


def test_streams_hold_no_connection_and_one_look_serves_them_all(living, ask, monkeypatch):
    looks = []
    whose = EventStore.whose

    def counted(self, position, limit):
        looks.append(position)
        return whose(self, position, limit)

    async def talk():
        async with listening(living) as listen:
            opened = [listen(f"{ask.account}/events?after=2", ask) for _ in range(50)]
            listeners = [await each.__aenter__() for each in opened]
            for each in listeners:
                await each.message()
            before = connections(living)
            monkeypatch.setattr(EventStore, "whose", counted)
            version = await buys(ask)
            assert {(await each.event())[0] for each in listeners} == {version}
            assert connections(living) <= before + 5 < 30  # a look or two at the views may be under way
            looks.clear()
            await asyncio.sleep(1.0)
            assert 1 <= len(looks) <= 12
            for each in opened:
                await each.__aexit__(None, None, None)
        await quiet(living)

    living.run(talk())


def test_a_stream_outlives_its_databases_connections(living, ask):
    async def talk():
        async with listening(living) as listen, listen(f"{ask.account}/events?after=2", ask) as one:
            await one.message()
            with psycopg.connect(living.url, autocommit=True) as owner:
                owner.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            key, answer = ask.new_key(), None
            while answer is None or answer.status_code == 503:
                body = {"amount_fen": 1_000, "merchant_id": "m-1"}
                answer = await ask.post(f"{ask.account}/purchases", body, key=key)
            assert (await one.event())[0] == answer.json()["version"]

    living.run(talk())


def test_what_is_recorded_before_the_end_of_the_store_is_found_rings_too(living, ask):
    account_id = UUID(ask.account.rpartition("/")[2])

    async def talk():
        version = await buys(ask)
        with store_of(living) as store:
            reading = feed.Feed(store, Threads(1, 10))
            bell = reading.listen(account_id)
            # The feed has not run yet: it will find the end of the store behind this one.
            purchase = Purchase(
                command_id="k-1",
                account_id=account_id,
                actor=Actor(role="merchant", id="m-1"),
                at=noon("2026-01-06"),
                purchase_id="p-1",
                amount_fen=1_000,
                merchant_id="m-1",
            )
            assert Accounts(store).execute(purchase).version == version + 1
            assert await bell.wait(5)
            bell.close()
            await reading.aclose()

    living.run(talk())


def test_head_does_not_listen(living, ask):
    response = living.run(ask.ask("HEAD", f"{ask.account}/events", by="auditor", **STREAM))
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["content-type"].startswith("text/event-stream")


def test_streams_end_when_the_process_is_asked_to_stop(living, ask, bootstrap_servers, key_of):
    ending = Living(living.url, bootstrap_servers, key_of)
    someone = ending.someone("ending")

    async def talk():
        async with listening(ending) as listen:
            async with listen(f"{ask.account}/events?after=2", someone) as one:
                await one.message()
                ending.app.state.stopping.ask()
                assert await one.ended() == set()
            async with listen(f"{ask.account}/events", someone) as late:
                assert late.response.status_code == 503
        await quiet(ending)

    ending.run(talk())
    ending.stop()


def test_a_signal_ends_streams_and_the_process(living, ask, bootstrap_servers, tmp_path):
    environment = os.environ | {
        "CREDIT_DATABASE_URL": living.url,
        "CREDIT_KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers,
        "CREDIT_DATA_DIR": str(tmp_path),
        "CREDIT_DRAIN_SECONDS": "0",
    }

    async def talk():
        async with running(environment) as service, httpx.AsyncClient(timeout=30) as client:
            address = f"http://127.0.0.1:{service.port}{ask.account}/events?after=2"
            async with client.stream("GET", address, headers=ask._headers["auditor"] | STREAM) as response:
                one = Listener(response)
                assert await one.message() == {"retry": "2000"}
                status = asyncio.create_task(asyncio.to_thread(service.stop))
                assert await one.ended() == set()
            assert await status == 0

    living.run(talk())
