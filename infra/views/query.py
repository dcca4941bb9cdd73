"""Questions to the read models by URL, for the command line and the demo: one connection, one moment, one answer."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import date
from itertools import groupby
from typing import Any, NamedTuple, TypeVar, cast
from uuid import UUID

import psycopg
from psycopg import sql

from domain.recorded import Recorded
from infra.faults import Fault
from infra.views import answers
from infra.views.tables import AUDIT, BALANCE, EVENTS, SERVING, VIEWS, load_event, of_generation
from projections.audit import TimelineEntry
from projections.balance import BalanceRow

T = TypeVar("T")
_BATCH = 2_000


class ViewState(NamedTuple):
    """How one view stands: the generation that is read, the events folded into it, its accounts and partitions."""

    view: str
    generation: int
    events_applied: int
    accounts: int
    partitions: int


class Totals(NamedTuple):
    """The portfolio in sums of minor units, as the balance view holds it. Currencies are not told apart."""

    accounts: int
    limit_fen: int
    owed_fen: int
    billed_fen: int
    credit_fen: int
    minimum_due_fen: int
    overdue: int


def ask(reader_url: str, question: Callable[[answers.Connection], Awaitable[T]]) -> T:
    """The answer to one of the questions in `answers`. Raises Fault when the database cannot be asked."""

    async def asked() -> T:
        async with await psycopg.AsyncConnection.connect(reader_url, options=answers.SNAPSHOT) as connection:
            return await question(connection)

    try:
        return asyncio.run(asked())
    except psycopg.Error as error:
        raise _fault(error) from error


def timeline(reader_url: str, account_id: UUID) -> tuple[TimelineEntry, ...]:
    """Every event of the account in words. Raises answers.UnknownAccount, and Fault as `ask`."""

    async def whole(connection: answers.Connection) -> tuple[TimelineEntry, ...]:
        page = await answers.history_of(connection, account_id)
        events = page.events
        while page.next_after is not None:
            page = await answers.history_of(connection, account_id, after=page.next_after)
            events += page.events
        return events

    return ask(reader_url, whole)


def events_applied(reader_url: str) -> dict[str, int]:
    """How many events each view's serving generation has folded, each counted once however often it came."""
    return {state.view: state.events_applied for state in _states(reader_url, accounts=False)}


def status(reader_url: str) -> list[ViewState]:
    """How each view stands."""
    return _states(reader_url, accounts=True)


def totals(reader_url: str) -> Totals:
    """The sums over all accounts."""
    with connected(reader_url) as connection:
        table = sql.Identifier(of_generation(BALANCE.name, serving(connection, BALANCE.name)))
        row = connection.execute(_TOTALS.format(table)).fetchone()
    return Totals(*(int(figure) for figure in row or ()))


def balances(reader_url: str) -> Iterator[BalanceRow]:
    """Every row of the balance view, in no particular order, of one moment; a million of them need little memory."""
    with connected(reader_url) as connection, connection.cursor("balances", binary=True) as cursor:
        cursor.itersize = _BATCH
        cursor.execute(
            sql.SQL("SELECT {} FROM {}").format(
                sql.SQL(", ").join(map(sql.Identifier, BALANCE.columns)),
                sql.Identifier(of_generation(BALANCE.name, serving(connection, BALANCE.name))),
            )
        )
        for values in cursor:
            yield BALANCE.load(values)


def histories(reader_url: str) -> Iterator[list[Recorded]]:
    """Every account's audited events, one account at a time, in the order of versions."""
    with connected(reader_url) as connection, connection.cursor("histories", binary=True) as cursor:
        cursor.itersize = _BATCH
        cursor.execute(
            sql.SQL("SELECT {} FROM {} ORDER BY account_id, version").format(
                sql.SQL(", ").join(map(sql.Identifier, EVENTS.columns)),
                sql.Identifier(of_generation(EVENTS.table, serving(connection, AUDIT.name))),
            )
        )
        for _, events in groupby(map(load_event, cursor), key=lambda recorded: recorded.account_id):
            yield list(events)


def last_business_date(reader_url: str) -> date:
    """The latest date that any account has reached. Raises Fault where no account is known yet."""
    with connected(reader_url) as connection:
        table = sql.Identifier(of_generation(AUDIT.name, serving(connection, AUDIT.name)))
        row = connection.execute(sql.SQL("SELECT max(business_date) FROM {}").format(table)).fetchone()
    if row is None or row[0] is None:
        raise Fault("No account is known yet: run `credit demo` or `credit import uci FILE` first.")
    return cast("date", row[0])


_APPLIED = """
    SELECT coalesce(sum(events_applied), 0)::bigint, count(*)
    FROM view_positions WHERE (view, generation) = (%s, %s)
"""
_TOTALS = sql.SQL("""
    SELECT count(*), coalesce(sum(limit_fen), 0),
        coalesce(sum(principal_billed + principal_unbilled + principal_planned + principal_disputed + interest_billed
            + interest_unbilled + interest_planned + fees_billed + fees_unbilled + fees_planned), 0),
        coalesce(sum(principal_billed + interest_billed + fees_billed), 0), coalesce(sum(credit), 0),
        coalesce(sum(minimum_due_fen), 0), count(*) FILTER (WHERE standing = 'overdue')
    FROM {}
""")


def _states(reader_url: str, *, accounts: bool) -> list[ViewState]:
    states = []
    with connected(reader_url) as connection:
        for layout in VIEWS:
            generation = serving(connection, layout.name)
            applied = connection.execute(_APPLIED, (layout.name, generation)).fetchone() or (0, 0)
            table = sql.Identifier(of_generation(layout.name, generation))
            counted = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(table)) if accounts else None
            number = (counted.fetchone() or (0,))[0] if counted else 0
            states.append(ViewState(layout.name, generation, applied[0], number, applied[1]))
    return states


def serving(connection: psycopg.Connection[Any], view: str) -> int:
    """The generation of a view that is read."""
    row = connection.execute(SERVING, (view,)).fetchone()
    if row is None:
        raise Fault(f"No generation of the view {view} is serving: see `credit views status`.")
    return int(row[0])


@contextmanager
def connected(url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection that reads one moment; whatever goes wrong with it is a Fault."""
    try:
        with psycopg.connect(url, options=answers.SNAPSHOT) as connection:
            yield connection
    except psycopg.Error as error:
        raise _fault(error) from error


def _fault(error: psycopg.Error) -> Fault:
    if isinstance(error, psycopg.errors.UndefinedTable):
        return Fault("The database has no views yet: run `credit migrate`.")
    return Fault(f"The read models cannot be asked: {error}; is the database running?")
