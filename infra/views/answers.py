"""The questions about one account that the read models answer, on any day since it was opened.

Asynchronous, because the HTTP interface asks them; `query` asks the same ones for the command line. Each function
reads in the transaction it is given: open it with `SNAPSHOT`, so that an answer is of one moment.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Annotated, Any, TypeVar
from uuid import UUID

from psycopg import AsyncConnection, sql
from pydantic import BaseModel, ConfigDict, Field

from domain.calendar import add_months
from domain.events import EVENTS as EVENT_CLASSES
from domain.events import AccountBilled, MoneyEvent
from domain.recorded import Recorded
from infra.views.tables import AUDIT, BALANCE, CREDIT_REPORT, EVENTS, MONTHS, SERVING, Layout, load_event, load_month
from infra.views.tables import of_generation as named
from projections import audit, balance, credit_report
from projections.audit import AuditRow, TimelineEntry
from projections.balance import Balance, BalanceRow, Statement
from projections.bureau import CreditReport, MonthLine
from projections.folding import BeforeOpening, Row, fold
from projections.report_row import ReportRow

Connection = AsyncConnection[Any]
R = TypeVar("R", bound=Row)

# One moment for a whole answer, nothing can be written by it, and a question that hangs is ended by the server.
SNAPSHOT = (
    "-c default_transaction_isolation=repeatable\\ read -c default_transaction_read_only=on -c statement_timeout=10s"
)
# So far ahead an answer is still reckoned in no time; further ahead it means nothing anyway.
_AHEAD_MONTHS = 600
_AT_ONCE = 50  # events that are decoded without a thread
_MONEY = [cls.TYPE for cls in EVENT_CLASSES if issubclass(cls, MoneyEvent)]


class UnknownAccount(Exception):  # noqa: N818 - it is an answer, not an error
    """The views know no account of this id: there is none, or its first event has not reached them yet."""

    def __init__(self, account_id: UUID) -> None:
        super().__init__(f"no account {account_id} is known")
        self.account_id = account_id


class UnknownLoan(Exception):  # noqa: N818 - it is an answer, not an error
    """No loan of that plan was drawn from the account by the day that was asked for."""

    def __init__(self, account_id: UUID, plan_id: str, known: tuple[str, ...]) -> None:
        drawn = f"its loans are {', '.join(known)}" if known else "it has none"
        super().__init__(f"account {account_id} has no loan {plan_id}: {drawn}")
        self.account_id, self.plan_id, self.known = account_id, plan_id, known


class TooFarAhead(Exception):  # noqa: N818 - it is an answer, not an error
    """The day that was asked for lies further ahead than anybody may reckon."""

    def __init__(self, account_id: UUID, asked: date, latest: date) -> None:
        super().__init__(f"account {account_id} can be reckoned up to {latest}, not to {asked}")
        self.account_id, self.asked, self.latest = account_id, asked, latest


class ViewBehind(Exception):  # noqa: N818 - it is a condition that passes
    """A view has not caught up with the version of the account that is to be seen in it; 0: nothing has reached it."""

    def __init__(self, account_id: UUID, expected: int, got: int, view: str = AUDIT.name) -> None:
        super().__init__(f"account {account_id} is to be seen at version {expected}, but its view {view} is at {got}")
        self.account_id, self.expected, self.got, self.view = account_id, expected, got, view


class History(BaseModel):
    """A page of an account's events in words, oldest first."""

    model_config = ConfigDict(frozen=True)

    account_id: UUID
    as_of: date
    version: Annotated[int, Field(description="The account's last event that the audit view holds.")]
    events: tuple[TimelineEntry, ...]
    has_more: bool
    next_after: Annotated[int | None, Field(description="The `after` of the next page.")]


async def balance_of(connection: Connection, account_id: UUID, as_of: date | None = None) -> Balance:
    """What the account owes at the end of `as_of`; by default the date of its last event.

    Raises UnknownAccount, BeforeOpening, TooFarAhead and ViewBehind.
    """
    row = await _row(connection, BALANCE, account_id)
    if as_of is None or as_of >= row.business_date:
        return balance.as_of(row, _asked(row, as_of))
    return balance.as_of(await _back_then(connection, BALANCE, row, as_of), as_of)


async def report_of(connection: Connection, account_id: UUID, as_of: date | None = None) -> CreditReport:
    """What the credit bureau is told of the account, or of each of its loans, at the end of `as_of`; as `balance_of`."""
    row, day = await _reported(connection, account_id, as_of)
    return credit_report.as_of(row, day)


async def months_of(
    connection: Connection, account_id: UUID, as_of: date | None = None, plan_id: str | None = None
) -> list[MonthLine]:
    """Every month of the account, or of one loan of it, that is kept, as the bureau is or would be told of it.

    Raises UnknownLoan where none of that plan was drawn by then; otherwise as `balance_of`.
    """
    row, day = await _reported(connection, account_id, as_of)
    if day < row.opened_on:
        raise BeforeOpening(account_id, day, row.opened_on)
    if plan_id is None:
        return credit_report.lines(row, day)
    if plan_id not in row.loans:
        raise UnknownLoan(account_id, plan_id, tuple(row.loans))
    return credit_report.lines(row.loans[plan_id], day)


async def _reported(connection: Connection, account_id: UUID, as_of: date | None) -> tuple[ReportRow, date]:
    """The row that a report of `as_of` is read from, with its months, and the day that is asked for."""
    row = await _row(connection, CREDIT_REPORT, account_id)
    if as_of is not None and as_of < row.business_date:
        return await _back_then(connection, CREDIT_REPORT, row, as_of), as_of
    months = await _select(connection, CREDIT_REPORT, MONTHS.table, MONTHS.columns, "ORDER BY month", account_id)
    for month in map(load_month, months):
        (row.loans[month.plan_id] if month.plan_id else row).months.append(month)
    return row, _asked(row, as_of)


async def history_of(
    connection: Connection, account_id: UUID, after: int = 0, limit: int = 1_000, as_of: date | None = None
) -> History:
    """Up to `limit` events with versions above `after`, up to the business date `as_of`. Raises as `balance_of`."""
    head = await _row(connection, AUDIT, account_id)
    day = head.business_date if as_of is None else as_of
    if day < head.opened_on:
        raise BeforeOpening(account_id, day, head.opened_on)
    page = await _events(connection, account_id, after, day, limit + 1)
    before = await _last_money_event(connection, account_id, after) if after else None
    shown = page[:limit]
    more = len(page) > limit
    return History(
        account_id=account_id,
        as_of=day,
        version=head.version,
        events=tuple(audit.timeline(shown, before)),
        has_more=more,
        next_after=shown[-1].version if more else None,
    )


async def events_of(connection: Connection, account_id: UUID, as_of: date | None = None) -> tuple[date, list[Recorded]]:
    """The day that was asked for, and every event of the account up to it. Raises as `balance_of`."""
    head = await _row(connection, AUDIT, account_id)
    day = _asked(head, as_of)
    if day < head.opened_on:
        raise BeforeOpening(account_id, day, head.opened_on)
    return day, await _events(connection, account_id, 0, day, None)


async def some_events_of(
    connection: Connection, account_id: UUID, types: Sequence[str], as_of: date | None = None
) -> tuple[int, list[Recorded]]:
    """The account's version, and its events of these types up to `as_of`, oldest first. Raises UnknownAccount."""
    head = await _row(connection, AUDIT, account_id)
    tail = "AND type = ANY(%s) AND business_date <= %s ORDER BY version"
    wanted = (list(types), as_of or head.business_date)
    rows = await _select(connection, AUDIT, EVENTS.table, EVENTS.columns, tail, account_id, *wanted)
    return head.version, await _decoded(rows)


async def statements_of(connection: Connection, account_id: UUID, as_of: date | None = None) -> list[Statement]:
    """The statements that were issued up to `as_of`, oldest first, as they were printed. Raises UnknownAccount."""
    _, recorded = await some_events_of(connection, account_id, [AccountBilled.TYPE], as_of)
    return [
        Statement(
            statement_no=event.statement_no,
            issued_on=event.business_date,
            due_date=event.due_date,
            balance_fen=event.balance_fen,
            minimum_fen=event.minimum_fen,
        )
        for event in (each.event for each in recorded)
        if isinstance(event, AccountBilled)
    ]


async def versions_of(connection: Connection, view: str, account_ids: Iterable[UUID]) -> dict[UUID, int]:
    """How far the serving generation of a view has come with each of these accounts; those not in it are left out."""
    table = sql.Identifier(named(view, await serving(connection, view)))
    asked = sql.SQL("SELECT account_id, version FROM {} WHERE account_id = ANY(%s)").format(table)
    cursor = await connection.execute(asked, (list(account_ids),))
    return dict(await cursor.fetchall())


async def serving(connection: Connection, view: str) -> int:
    """The generation of a view that is read."""
    cursor = await connection.execute(SERVING, (view,))
    found = await cursor.fetchone()
    return found[0] if found else 0


def _asked(row: BalanceRow | ReportRow | AuditRow, as_of: date | None) -> date:
    latest = add_months(row.business_date, _AHEAD_MONTHS)
    if as_of is not None and as_of > latest:
        raise TooFarAhead(row.account_id, as_of, latest)
    return as_of or row.business_date


async def _back_then(connection: Connection, layout: Layout[R], row: BalanceRow | ReportRow, day: date) -> R:
    """The row as it was at the end of `day`: the audited events up to it, folded anew."""
    if day < row.opened_on:
        raise BeforeOpening(row.account_id, day, row.opened_on)
    head = await _row_or_none(connection, AUDIT, row.account_id)
    if head is None or (head.version < row.version and head.business_date <= day):
        raise ViewBehind(row.account_id, row.version, head.version if head else 0)
    events = await _events(connection, row.account_id, 0, day, None)
    return await asyncio.to_thread(folded, events, layout)


def folded(events: Sequence[Recorded], layout: Layout[R]) -> R:
    """The row that all events of one account lead to."""
    rows: dict[UUID, R] = {}
    fold(rows, events, layout.view)
    return rows[events[0].account_id]


async def _events(
    connection: Connection, account_id: UUID, after: int, day: date, limit: int | None
) -> list[Recorded]:  # fmt: skip
    tail = "AND version > %s AND business_date <= %s ORDER BY version LIMIT %s"
    rows = await _select(connection, AUDIT, EVENTS.table, EVENTS.columns, tail, account_id, after, day, limit)
    return await _decoded(rows)


async def _decoded(rows: Sequence[tuple[Any, ...]]) -> list[Recorded]:
    """The events of rows; many of them in a thread, so that nobody else who asks has to wait for that."""
    if len(rows) > _AT_ONCE:
        return await asyncio.to_thread(lambda: list(map(load_event, rows)))
    return list(map(load_event, rows))


async def _last_money_event(connection: Connection, account_id: UUID, up_to: int) -> MoneyEvent | None:
    tail = "AND version <= %s AND type = ANY(%s) ORDER BY version DESC LIMIT 1"
    rows = await _select(connection, AUDIT, EVENTS.table, EVENTS.columns, tail, account_id, up_to, _MONEY)
    found = load_event(rows[0]).event if rows else None
    return found if isinstance(found, MoneyEvent) else None


async def _row(connection: Connection, layout: Layout[R], account_id: UUID) -> R:
    row = await _row_or_none(connection, layout, account_id)
    if row is None:
        raise UnknownAccount(account_id)
    return row


async def _row_or_none(connection: Connection, layout: Layout[R], account_id: UUID) -> R | None:
    rows = await _select(connection, layout, layout.name, layout.columns, "", account_id)
    return layout.load(rows[0]) if rows else None


async def _select(
    connection: Connection, layout: Layout[Any], table: str, columns: tuple[str, ...], tail: str, *values: object
) -> list[tuple[Any, ...]]:
    """The rows of one account in a table of the serving generation; `tail` is our own text, never a caller's."""
    asked = sql.SQL("SELECT {} FROM {} WHERE account_id = %s {}").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.Identifier(named(table, await serving(connection, layout.name))),
        sql.SQL(tail),  # every caller's is a literal of this module
    )
    async with connection.cursor(binary=True) as cursor:
        await cursor.execute(asked, values)
        return await cursor.fetchall()
