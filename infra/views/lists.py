"""Which accounts and customers there are: pages of the balance view, in a stable order, from where the last one ended.

Asynchronous and in the transaction of the caller, as `answers`.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Annotated, NamedTuple
from uuid import UUID

from psycopg import sql
from pydantic import BaseModel, ConfigDict, Field

from domain.events import Access, FreezeReason, Standing, Status
from domain.terms import Product, Token
from infra.views.answers import Connection, serving
from infra.views.tables import BALANCE, of_generation
from projections.balance import BalanceRow

Place = tuple[date, UUID]


class Wanted(BaseModel):
    """Which accounts: those of which everything that is said holds.

    An account is taken as its last event left it; days past due go on until `as_of`, where nothing happened since.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    customer_id: Annotated[Token | None, Field(description="Of this customer.")] = None
    status: Annotated[Status | None, Field(description="With this status.")] = None
    access: Annotated[Access | None, Field(description="With this access.")] = None
    standing: Annotated[Standing | None, Field(description="With this standing.")] = None
    product: Annotated[Product | None, Field(description="Of this product.")] = None
    freeze_reason: Annotated[FreezeReason | None, Field(description="Frozen for this reason, maybe among others.")] = (
        None
    )
    days_past_due_min: Annotated[int | None, Field(ge=0, le=36_500, description="At least so late.")] = None


class Asked(NamedTuple):
    """A part of a list: what is wanted, opened in which days, as of when, and what a page begins after."""

    wanted: Wanted
    opened_from: date | None = None
    opened_to: date | None = None
    as_of: date | None = None


async def accounts_of(connection: Connection, asked: Asked, after: Place | None, limit: int) -> list[BalanceRow]:
    """Up to `limit` accounts, those that were opened first first, from the one after `after` on."""
    return await _rows(connection, selection(asked, after, limit, await _table(connection)))


def selection(asked: Asked, after: Place | None, limit: int, table: str) -> sql.Composed:
    """The query of `accounts_of` to one generation's table."""
    conditions = _conditions(asked)
    if after is not None:
        conditions.append(sql.SQL("(opened_on, account_id) > ({}, {})").format(*map(sql.Literal, after)))
    tail = sql.SQL("ORDER BY opened_on, account_id LIMIT {}").format(sql.Literal(limit))
    return _selection(table, conditions, tail)


async def customers_of(
    connection: Connection, asked: Asked, after: str, limit: int
) -> dict[str, list[BalanceRow]]:  # fmt: skip
    """Up to `limit` customers with ids above `after`, by their ids, who have such an account, and all their accounts."""
    conditions = [*_conditions(asked), sql.SQL("customer_id > {}").format(sql.Literal(after))]
    table = await _table(connection)
    cursor = await connection.execute(
        sql.SQL("SELECT DISTINCT customer_id FROM {} WHERE {} ORDER BY customer_id LIMIT {}").format(
            sql.Identifier(table), sql.SQL(" AND ").join(conditions), sql.Literal(limit)
        )
    )
    ids = [customer_id for (customer_id,) in await cursor.fetchall()]
    theirs = [sql.SQL("customer_id = ANY({})").format(sql.Literal(ids))]
    found: dict[str, list[BalanceRow]] = defaultdict(list)
    whole = _selection(table, theirs, sql.SQL("ORDER BY opened_on, account_id"))
    for row in await _rows(connection, whole) if ids else ():
        found[row.customer_id].append(row)
    return {customer_id: found[customer_id] for customer_id in ids}


def _conditions(asked: Asked) -> list[sql.Composable]:
    wanted = asked.wanted
    # Literals and no parameters: a plan that is to use a partial index has to see the value.
    conditions: list[sql.Composable] = [
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Literal(said))
        for name in ("customer_id", "status", "access", "standing", "product")
        if (said := getattr(wanted, name)) is not None
    ]
    if wanted.freeze_reason is not None:
        held = sql.SQL("freeze_reasons @> ARRAY[{}] AND freeze_reasons <> '{{}}'")
        conditions.append(held.format(sql.Literal(wanted.freeze_reason)))
    if asked.opened_from is not None:
        conditions.append(sql.SQL("opened_on >= {}").format(sql.Literal(asked.opened_from)))
    if asked.opened_to is not None:
        conditions.append(sql.SQL("opened_on <= {}").format(sql.Literal(asked.opened_to)))
    if wanted.days_past_due_min:
        conditions.append(_late(wanted.days_past_due_min, asked.as_of))
    return conditions


def _late(days: int, as_of: date | None) -> sql.Composable:
    """As `projections.folding.days_past_due` reckons it; first what an index finds, and that is never too little.

    An account that is late on the day of its last event says so by its standing; if it became late since, its oldest
    minimum was due long enough before `as_of`.
    """
    day: sql.Composable = sql.SQL("business_date")
    found: sql.Composable = sql.SQL("standing IN ('overdue', 'charged_off')")
    if as_of is not None:
        day = sql.SQL("greatest(business_date, {})").format(sql.Literal(as_of))
        latest = date.fromordinal(max(1, as_of.toordinal() - days))
        found = sql.SQL(
            "({} OR (unpaid_minima <> '[]' AND unpaid_minima -> 0 ->> 'due_date' <= {}))"
        ).format(found, sql.Literal(latest.isoformat()))  # fmt: skip
    return sql.SQL("{found} AND {days} <= ({late})").format(
        found=found, days=sql.Literal(days), late=_DAYS_PAST_DUE.format(day=day)
    )


_DAYS_PAST_DUE = sql.SQL("""
    SELECT max({day} - (each ->> 'due_date')::date) FROM jsonb_array_elements(unpaid_minima) AS each
    WHERE (each ->> 'statement_no')::int = 0
        OR ({day} - (each ->> 'due_date')::date > grace_days AND (each ->> 'amount_fen')::bigint > tolerance_fen)
""")


def _selection(table: str, conditions: Sequence[sql.Composable], tail: sql.Composable) -> sql.Composed:
    return sql.SQL("SELECT {} FROM {} WHERE {} {}").format(
        sql.SQL(", ").join(map(sql.Identifier, BALANCE.columns)),
        sql.Identifier(table),
        sql.SQL(" AND ").join(conditions) if conditions else sql.SQL("true"),
        tail,
    )


async def _rows(connection: Connection, asked: sql.Composed) -> list[BalanceRow]:
    async with connection.cursor(binary=True) as cursor:
        await cursor.execute(asked)
        return [BALANCE.load(values) for values in await cursor.fetchall()]


async def _table(connection: Connection) -> str:
    return of_generation(BALANCE.name, await serving(connection, BALANCE.name))
