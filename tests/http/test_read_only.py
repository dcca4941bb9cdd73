"""When nothing can be recorded for now: writes say so and when to ask again, and what is held is read as before."""

import asyncio
from contextlib import contextmanager
from itertools import count

import httpx
import psycopg
import pytest

from infra.faults import ReadOnly
from infra.http import create_app
from infra.migrations import migrate
from infra.settings import Settings
from infra.store.event_store import EventStore
from infra.store.roles import role_url
from infra.views.store import ViewStore
from infra.views.tables import BALANCE
from tests.projections.stories import Story
from tests.store.portfolio import facts

numbers = count(1)
FULL = """
    CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$;
    CREATE TRIGGER full_disk BEFORE INSERT ON stored_events EXECUTE FUNCTION full_disk()"""
GRANTED = "FUNCTION append_events"


@pytest.fixture(scope="module")
def url(new_database) -> str:
    address = new_database()
    migrate(address)
    return address


@contextmanager
def read_only(url, how):
    """Nothing can be recorded while the block runs."""
    with psycopg.connect(url, autocommit=True) as owner:
        name = psycopg.sql.Identifier(owner.info.dbname)
        begin, end = {
            "asked": (
                psycopg.sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(name),
                psycopg.sql.SQL("ALTER DATABASE {} RESET default_transaction_read_only").format(name),
            ),
            "full": (FULL, "DROP FUNCTION full_disk CASCADE"),
            "right": (
                f"REVOKE EXECUTE ON {GRANTED} FROM credit_writer",
                f"GRANT EXECUTE ON {GRANTED} TO credit_writer",
            ),
        }[how]
        owner.execute(begin)
        try:
            yield
        finally:
            owner.execute("SET default_transaction_read_only = off")
            owner.execute(end)


WHY = {
    "asked": "default_transaction_read_only is on",
    "full": "the disk of the database was full",
    "right": "the role may not append",
}
every = pytest.mark.parametrize("how", WHY)


@every
def test_the_store_says_that_it_takes_nothing_and_why(url, how):
    with read_only(url, how), EventStore(role_url(url, "credit_writer")) as store:
        with pytest.raises(ReadOnly):
            store.append(facts(1))
        assert store.read_only() == WHY[how]
        assert store.head() >= 0


def test_it_recovers_by_itself(url):
    with EventStore(role_url(url, "credit_writer")) as store:
        with read_only(url, "full"), pytest.raises(ReadOnly):
            store.append(facts(1))
        assert store.read_only() == WHY["full"]  # it was not tried since
        store.append(facts(1))
        assert store.read_only() is None


@every
def test_writes_are_told_to_come_again_and_reads_go_on(url, bootstrap_servers, key_of, how):
    service = key_of(url, "service")
    story = Story(f"c-read-only-{how}")
    with ViewStore(role_url(url, "credit_views"), BALANCE) as view:
        begun = view.position("credit.account-events.v1", 0)
        view.commit("credit.account-events.v1", 0, begun, begun + len(story.recorded), story.recorded)

    async def talk():
        app = create_app(Settings(database_url=url, kafka_bootstrap_servers=bootstrap_servers))
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://credit", headers=service) as client,
        ):
            body = {"customer_id": f"c-{how}", "terms_version": "pay-later-2026.1", "application_ref": "a-1"}
            ask = client.build_request("POST", "/accounts", json=body, headers={"Idempotency-Key": f"k-{how}"})
            with read_only(url, how):
                written = await client.send(ask)
                read = await client.get(f"/accounts/{story.account_id}/balance")
                ready = await client.get("/readyz?verbose")
            for _ in range(10):  # sessions that were begun meanwhile are as they were, and are given up one by one
                again = await client.send(ask)
                if again.status_code == 201:
                    break
            return written, read, ready, again

    written, read, ready, again = asyncio.run(talk())
    assert (written.status_code, written.json()["code"]) == (503, "store_read_only"), written.text
    assert written.headers["retry-after"] == "30"
    assert read.status_code == 200, read.text
    assert (ready.status_code, ready.json()["status"]) == (200, "read_only")
    assert ready.json()["checks"]["store"] == f"read only: {WHY[how]}"
    assert again.status_code == 201, again.text
