"""The books at the end of a day, of all accounts or of one: the trial balance, and whether it equals the balance view."""

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple, cast
from uuid import UUID

import psycopg
from psycopg import sql
from pydantic import BaseModel, ConfigDict, computed_field

from domain.money import BUCKETS, OWED_BUCKETS
from infra.views import answers
from infra.views.answers import UnknownAccount
from infra.views.query import connected, serving
from infra.views.tables import BALANCE, BOOKS, DAYS, of_generation
from projections.books import TrialBalance, TrialLine, trial_balance, trial_lines
from projections.chart import LEDGER_ACCOUNTS

_NAMED = 100  # differences that are named; one would be enough to know where to look
_PATIENCE = "10min"  # all that was ever posted is summed


class Unequal(BaseModel):
    """A bucket of an account whose postings come to another amount than is said; `version` is the event to look at."""

    model_config = ConfigDict(frozen=True)

    account_id: UUID
    version: int
    on: date
    bucket: str
    posted_fen: int
    said_fen: int
    said_by: str

    def __str__(self) -> str:
        return (
            f"account {self.account_id}, event {self.version} of {self.on}: {self.bucket} {self.posted_fen} posted, "
            f"{self.said_fen} by {self.said_by}"
        )


class Books(BaseModel):
    """What is posted up to a day, one trial balance a currency, and what it was held against.

    `compared` of the `accounts` have no later event in either view, so their balances are those of the day.
    `events_applied` are all that the books have read, whatever their day.
    """

    model_config = ConfigDict(frozen=True)

    as_of: date
    trial_balances: tuple[TrialBalance, ...]
    accounts: int
    compared: int
    unequal: tuple[Unequal, ...]
    events_applied: int

    @computed_field  # type: ignore[prop-decorator]  # pydantic's own way to say so
    @property
    def good(self) -> bool:
        """Whether debits are credits and nothing says otherwise than the postings."""
        return not self.unequal and all(each.balances for each in self.trial_balances)


class Span(NamedTuple):
    """From which day to which, both inclusive, and of which account; None: whatever it is."""

    first: date | None = None
    last: date | None = None
    account_id: UUID | None = None


def last_day(reader_url: str) -> date | None:
    """The last day on which anything was posted; None where nothing was. Raises Fault as `books_of`."""
    with connected(reader_url) as connection:
        table = sql.Identifier(of_generation(DAYS.table, serving(connection, BOOKS.name)))
        row = connection.execute(sql.SQL("SELECT max(business_date) FROM {}").format(table)).fetchone()
    return cast("date | None", row[0]) if row else None


async def journal_of(
    connection: answers.Connection, span: Span, after: tuple[date, UUID] | None, limit: int
) -> list[tuple[date, UUID, str, list[TrialLine]]]:
    """Up to `limit` days of accounts, by day and account, from the one after `after` on: their currency and lines."""
    generation = await answers.serving(connection, BOOKS.name)
    conditions: list[sql.Composable] = [
        sql.SQL(condition).format(sql.Literal(said))
        for condition, said in (
            ("business_date >= {}", span.first),
            ("business_date <= {}", span.last),
            ("account_id = {}", span.account_id),
        )
        if said is not None
    ]
    if after is not None:
        conditions.append(sql.SQL("(business_date, account_id) > ({}, {})").format(*map(sql.Literal, after)))
    asked = _JOURNAL.format(
        posted=_columns("d.{}", LEDGER_ACCOUNTS),
        days=sql.Identifier(of_generation(DAYS.table, generation)),
        books=sql.Identifier(of_generation(BOOKS.name, generation)),
        conditions=sql.SQL(" AND ").join(conditions) if conditions else sql.SQL("true"),
        limit=sql.Literal(limit),
    )
    cursor = await connection.execute(asked)
    return [
        (day, account_id, currency, trial_lines(dict(zip(LEDGER_ACCOUNTS, fen, strict=True))))
        async for day, account_id, currency, *fen in cursor
    ]


def books_of(reader_url: str, as_of: date, account_id: UUID | None = None, *, patience: str = _PATIENCE) -> Books:
    """The books at the end of `as_of`. Raises UnknownAccount, and Fault when the database cannot be asked.

    `patience` is how long the server may take, in its own words.
    """
    with connected(reader_url) as connection:
        connection.execute(sql.SQL("SET LOCAL statement_timeout = {}").format(sql.Literal(patience)))
        tables = _tables(connection)
        asked = {"day": as_of, "account": account_id}
        known = connection.execute(_COUNT.format(**tables), asked).fetchone() or (0, 0, 0)
        if account_id is not None and not known[0]:
            raise UnknownAccount(account_id)
        return Books(
            as_of=as_of,
            trial_balances=tuple(
                trial_balance(as_of, currency, dict(zip(LEDGER_ACCOUNTS, (int(fen or 0) for fen in sums), strict=True)))
                for currency, *sums in connection.execute(_POSTED.format(**tables), asked)
            ),
            accounts=known[0],
            compared=known[1],
            unequal=(*_by_events(connection, tables, asked), *_by_the_view(connection, tables, asked)),
            events_applied=known[2],
        )


Tables = dict[str, sql.Composable]


def _tables(connection: psycopg.Connection[Any]) -> Tables:
    books, balance = serving(connection, BOOKS.name), serving(connection, BALANCE.name)
    return {
        "books": sql.Identifier(of_generation(BOOKS.name, books)),
        "days": sql.Identifier(of_generation(DAYS.table, books)),
        "balance": sql.Identifier(of_generation(BALANCE.name, balance)),
        "generation": sql.Literal(books),
        "sums": _columns("sum(d.{})", LEDGER_ACCOUNTS),
        "posted": sql.SQL("{}, coalesce(-sum(customer_credit), 0)").format(
            _columns("coalesce(sum({}), 0)", OWED_BUCKETS)
        ),
        "buckets": _columns("{}", BUCKETS),
        "said": _columns("b.{}", BUCKETS),
        "found": _columns("coalesce(k.{}, 0)", BUCKETS),
    }


def _columns(each: str, names: tuple[str, ...]) -> sql.Composed:
    return sql.SQL(", ").join(sql.SQL(each).format(sql.Identifier(name)) for name in names)  # each is our own text


# Accounts that the balance view knows, those of them that can be compared, and all events that the books have read.
_COUNT = sql.SQL("""
    SELECT count(*), count(*) FILTER (WHERE b.version = h.version AND b.business_date <= %(day)s),
        (SELECT coalesce(sum(events_applied), 0)::bigint FROM view_positions
         WHERE view = 'books' AND generation = {generation})
    FROM {balance} b FULL JOIN {books} h USING (account_id)
    WHERE %(account)s::uuid IS NULL OR account_id = %(account)s
""")
_POSTED = sql.SQL("""
    SELECT h.currency, {sums} FROM {days} d JOIN {books} h USING (account_id)
    WHERE d.business_date <= %(day)s AND (%(account)s::uuid IS NULL OR account_id = %(account)s)
    GROUP BY h.currency ORDER BY h.currency
""")
_JOURNAL = sql.SQL("""
    SELECT d.business_date, account_id, h.currency, {posted} FROM (
        SELECT * FROM {days} WHERE {conditions} ORDER BY business_date, account_id LIMIT {limit}
    ) AS d JOIN {books} h USING (account_id) ORDER BY d.business_date, account_id
""")
_DIFFERENCES = sql.SQL("""
    SELECT account_id, differs_in_version, differs_on, differs_in_bucket, differs_posted_fen, differs_said_fen
    FROM {books}
    WHERE differs_on <= %(day)s AND (%(account)s::uuid IS NULL OR account_id = %(account)s)
    ORDER BY differs_on, account_id LIMIT %(most)s
""")
_AGAINST_THE_VIEW = sql.SQL("""
    SELECT b.account_id, b.version, b.business_date, {said}, {found}
    FROM {balance} b JOIN {books} h USING (account_id) LEFT JOIN (
        SELECT account_id, {posted} FROM {days}
        WHERE business_date <= %(day)s AND (%(account)s::uuid IS NULL OR account_id = %(account)s)
        GROUP BY account_id
    ) AS k (account_id, {buckets}) USING (account_id)
    WHERE b.version = h.version AND b.business_date <= %(day)s AND ({said}) IS DISTINCT FROM ({found})
        AND (%(account)s::uuid IS NULL OR account_id = %(account)s)
    ORDER BY b.business_date, b.account_id LIMIT %(most)s
""")


def _by_events(connection: psycopg.Connection[Any], tables: Tables, asked: dict[str, Any]) -> Iterator[Unequal]:
    """The first event of each account that says otherwise than the postings up to it."""
    for account_id, version, on, bucket, posted, said in connection.execute(
        _DIFFERENCES.format(**tables), asked | {"most": _NAMED}
    ):
        yield Unequal(
            account_id=account_id,
            version=version,
            on=on,
            bucket=bucket,
            posted_fen=posted,
            said_fen=said,
            said_by="the event",
        )


def _by_the_view(connection: psycopg.Connection[Any], tables: Tables, asked: dict[str, Any]) -> Iterator[Unequal]:
    """The buckets in which the sum of the days is not what the balance view says."""
    for account_id, version, on, *fen in connection.execute(
        _AGAINST_THE_VIEW.format(**tables), asked | {"most": _NAMED}
    ):
        for bucket, said, posted in zip(BUCKETS, fen[: len(BUCKETS)], fen[len(BUCKETS) :], strict=True):
            if said != posted:
                yield Unequal(
                    account_id=account_id,
                    version=version,
                    on=on,
                    bucket=bucket,
                    posted_fen=int(posted),
                    said_fen=said,
                    said_by="the balance view",
                )
