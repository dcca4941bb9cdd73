"""The access journal: what is written in it, when, and what happens where it cannot be."""

import asyncio
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg_pool import PoolTimeout

from infra.access import journal as module
from infra.access.journal import Entry, Journal

NOON = datetime(2026, 3, 1, 4, tzinfo=UTC)
NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"
LOOKED = Entry("li", "officer", None, "10.0.0.1", "GET", "/accounts/{account_id}", "a-1", None, "allowed")


@pytest.fixture
def rows(access_owner):
    """What is written, oldest first: how often, who, and what came of it."""
    with psycopg.connect(access_owner, autocommit=True) as owner:
        owner.execute("TRUNCATE access_journal")
        yield lambda: owner.execute(
            "SELECT times, principal, outcome FROM access_journal ORDER BY entry"
        ).fetchall()  # fmt: skip


async def until(condition) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - another process is waited for
            await asyncio.sleep(0.01)


def test_an_entry_says_who_from_where_what_and_what_came_of_it(pooled, access_owner, rows):
    async def talk():
        async with pooled() as pool:
            await Journal(pool, now=lambda: NOON).write(LOOKED._replace(key_id="0123", customer_id="c-1"))

    asyncio.run(talk())
    with psycopg.connect(access_owner) as owner:
        (row,) = owner.execute(
            "SELECT at, times, principal, role, key_id, address, method, route, account_id, customer_id, outcome"
            " FROM access_journal"
        ).fetchall()
    assert row == (
        NOON, 1, "li", "officer", "0123", "10.0.0.1", "GET", "/accounts/{account_id}", "a-1", "c-1", "allowed",
    )  # fmt: skip


def test_what_must_be_known_before_the_answer_is_there_then(pooled, rows):
    async def talk():
        async with pooled() as pool:
            journal = Journal(pool)
            await asyncio.gather(*(journal.write(LOOKED) for _ in range(20)))
            assert rows() == [(1, "li", "allowed")] * 20

    asyncio.run(talk())


def test_the_rest_is_collected_and_what_is_the_same_is_counted(pooled, rows):
    async def talk():
        async with pooled() as pool:
            journal = Journal(pool)
            for _ in range(5):
                await journal.note(LOOKED)
            await journal.note(LOOKED._replace(principal="wang"))
            assert rows() == []
            await until(rows)
            assert rows() == [(5, "li", "allowed"), (1, "wang", "allowed")]
            await journal.note(LOOKED)
            await until(lambda: len(rows()) == 3)

    asyncio.run(talk())


def test_what_was_collected_is_written_when_the_service_stops(pooled, rows):
    async def talk():
        async with pooled() as pool:
            journal = Journal(pool)
            await journal.note(LOOKED)
            await journal.aclose()
            assert rows() == [(1, "li", "allowed")]
            await journal.aclose()

    asyncio.run(talk())


def test_what_is_noted_while_others_are_written_is_written_once(pooled, rows):
    async def talk():
        async with pooled() as pool:
            journal = Journal(pool)
            insert = journal._insert

            async def and_meanwhile(batch):
                await insert(batch)
                if len(rows()) == 1:
                    await journal.note(LOOKED)
                    await journal.note(LOOKED)

            journal._insert = and_meanwhile
            await journal.note(LOOKED)
            await until(lambda: len(rows()) == 2)
            await journal.aclose()
            assert rows() == [(1, "li", "allowed"), (2, "li", "allowed")]

    asyncio.run(talk())


def test_nobody_is_answered_what_could_not_be_written(pooled, rows, monkeypatch):
    monkeypatch.setattr(module, "_ROOM", 2)
    monkeypatch.setattr(module, "_PAUSE", 0.05)

    async def talk():
        async with pooled(NOWHERE) as nowhere, pooled() as pool:
            journal = Journal(nowhere)
            with pytest.raises(PoolTimeout):
                await journal.write(LOOKED)
            for name in ("one", "two", "one"):
                await journal.note(LOOKED._replace(principal=name))
            with pytest.raises(PoolTimeout):  # there is no room to remember it
                await journal.note(LOOKED._replace(principal="three"))
            assert len(journal._collected) == 2
            journal._pool = pool  # the database is back
            await until(lambda: len(rows()) == 2)
            assert rows() == [(2, "one", "allowed"), (1, "two", "allowed")]
            await journal.aclose()

    asyncio.run(talk())


def test_a_service_ends_although_the_journal_cannot_be_written(pooled, capsys):
    async def talk():
        async with pooled(NOWHERE) as nowhere:
            journal = Journal(nowhere)
            await journal.note(LOOKED)
            await journal.aclose()

    asyncio.run(talk())
    assert "access_journal_lost" in capsys.readouterr().out


def test_whoever_writes_the_journal_cannot_change_it(access_url):
    for change in ("UPDATE access_journal SET outcome = ''", "DELETE FROM access_journal", "TRUNCATE access_journal"):
        with psycopg.connect(access_url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(change)
