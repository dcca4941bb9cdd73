"""How far everything is: the store, the relay, each view and the day, measured where they keep it, whoever runs.

So a relay or a consumer needs no port of its own, and one that has died is seen to lag like one that is slow.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple

from prometheus_client.core import Metric
from psycopg import AsyncConnection, sql
from psycopg_pool import AsyncConnectionPool

from consumers.audit import AUDIT
from consumers.balance import BALANCE
from consumers.books import BOOKS
from consumers.credit_report import CREDIT_REPORT
from consumers.envelope import ACCOUNT_EVENTS
from consumers.reading import Stopped, ends
from infra.kafka.reachability import reachable
from infra.settings import Settings
from infra.telemetry.metrics import gauge
from infra.views.tables import of_generation

Connection = AsyncConnection[Any]
GROUPS = (BALANCE, CREDIT_REPORT, AUDIT, BOOKS)
_PATIENCE = 3.0  # seconds that a broker may take
_STEPS = 50  # in the search for an event by its number among those of accounts; each is near the last
_HEAD = """
    SELECT last, now(), coalesce((SELECT position FROM relay_positions WHERE log = %s), 0),
        (SELECT count(*) FROM event_instants WHERE of_customer AND position > %s AND position <= last)
    FROM store_head"""
_VIEWS = """
    SELECT view, generation, coalesce(sum(events_applied), 0)::bigint
    FROM view_generations LEFT JOIN view_positions USING (view, generation) WHERE state = 'serving'
    GROUP BY view, generation"""
_OFFSETS = """
    SELECT view, partition, next_offset FROM view_positions JOIN view_generations USING (view, generation)
    WHERE state = 'serving' AND topic = %s"""
_CUSTOMERS_FROM = "SELECT count(*) FROM event_instants WHERE of_customer AND position >= %s AND position <= %s"
_INSTANT = "SELECT recorded_at FROM event_instants WHERE position = %s"
_DAY = "SELECT day, begun_at, ended_at, advanced, failed, still_due, differences FROM day_runs ORDER BY begun_at DESC LIMIT 1"
_DIFFERENCES = sql.SQL("SELECT count(*) FROM {} WHERE differs_on IS NOT NULL")


class View(NamedTuple):
    """How one view stands: the generation that is read, events folded into it, events of accounts that wait, and since
    when the oldest of them is recorded; None where none waits.
    """

    generation: int
    applied: int
    waiting: int
    oldest: datetime | None


class Day(NamedTuple):
    """The last day run: counts are None until it has ended."""

    day: date
    begun_at: datetime
    ended_at: datetime | None
    advanced: int | None
    failed: int | None
    still_due: int | None
    differences: int | None


class Stand(NamedTuple):
    """How far everything is at one moment, by the clock of the database; `offsets` by view and partition."""

    at: datetime
    head: int
    relayed: int
    unrelayed_since: datetime | None
    views: Mapping[str, View]
    offsets: Mapping[tuple[str, int], int]
    day: Day | None
    differences: int | None


class Progress:
    """Asks the database how far everything is; it remembers what never changes, so that asking often is cheap."""

    def __init__(self, settings: Settings) -> None:
        self._topic = settings.topic_prefix + ACCOUNT_EVENTS
        self._prefix = settings.topic_prefix
        self._servers = settings.kafka_bootstrap_servers
        # So many events of customers stand up to this position.
        self._counted = (0, 0)

    async def stand(self, connection: Connection) -> Stand:
        """How far everything is. The connection is one of the reader's, so that it is all of one moment."""
        position, customers = self._counted
        head, at, relayed, more = await _row(connection, _HEAD, self._topic, position)
        self._counted = head, customers + more
        accounts = head - customers - more
        views = {}
        for view, generation, applied in await _rows(connection, _VIEWS):
            waiting = max(accounts - applied, 0)
            oldest = await _nth_last(connection, head, waiting) if waiting else None
            views[view] = View(generation, applied, waiting, oldest)
        unrelayed = await _row(connection, _INSTANT, relayed + 1) if relayed < head else None
        books = views.get(BOOKS.view)
        table = sql.Identifier(of_generation(BOOKS.view, books.generation if books else 1))
        run = await _row(connection, _DAY)
        return Stand(
            at=at,
            head=head,
            relayed=relayed,
            unrelayed_since=unrelayed[0] if unrelayed else None,
            views=views,
            offsets={(view, partition): offset for view, partition, offset in await self._offsets(connection)},
            day=Day(*run) if run else None,
            differences=(await _row(connection, _DIFFERENCES.format(table)))[0] if books else None,
        )

    async def ends(self) -> Mapping[int, int]:
        """Where each partition of the accounts' topic ends; empty where no broker answers."""
        if self._servers is not None and await reachable(self._servers, _PATIENCE):
            with suppress(Stopped):
                return await asyncio.to_thread(ends, self._servers, self._topic)
        return {}

    async def figures(self, pool: AsyncConnectionPool[Connection]) -> list[Metric]:
        """The same as figures for Prometheus."""
        ends_of = await self.ends()
        async with pool.connection() as connection:
            now = await self.stand(connection)
        return [*_log(now), *_views(now), *self._groups(now, ends_of), *_day(now)]

    async def _offsets(self, connection: Connection) -> list[Any]:
        return await _rows(connection, _OFFSETS, self._topic)

    def _groups(self, now: Stand, ends_of: Mapping[int, int]) -> list[Metric]:
        lags: dict[tuple[str, str, str], float] = {}
        for group in GROUPS:
            for partition, end in ends_of.items():
                offset = now.offsets.get((group.view, partition))
                # -1 says that nothing was committed yet, as kafka_exporter does; leave it out of sums.
                lag = -1 if offset is None else max(end - offset, 0)
                lags[self._prefix + group.name, self._topic, str(partition)] = float(lag)
        about = "Records of a partition that a view has not read yet, markers of transactions included."
        return [gauge("kafka_consumergroup_lag", about, lags, ("consumergroup", "topic", "partition"))]


def _log(now: Stand) -> list[Metric]:
    return [
        gauge("credit_store_position", "Events in the store.", {(): now.head}),
        gauge("credit_relay_position", "Events that were told to Kafka.", {(): now.relayed}),
        gauge("credit_relay_lag_events", "Events that wait to be told to Kafka.", {(): now.head - now.relayed}),
        gauge(
            "credit_relay_lag_seconds",
            "Since when the oldest of them is recorded; 0 where none waits.",
            {(): _age(now, now.unrelayed_since)},
        ),
    ]


def _views(now: Stand) -> list[Metric]:
    applied = {(name,): float(view.applied) for name, view in now.views.items()}
    waiting = {(name,): float(view.waiting) for name, view in now.views.items()}
    ages = {(name,): _age(now, view.oldest) for name, view in now.views.items()}
    return [
        gauge("credit_projection_events", "Events of accounts that a view has taken in.", applied, ("view",)),
        gauge("credit_projection_lag_events", "Recorded events that a view lacks.", waiting, ("view",)),
        gauge(
            "credit_projection_lag_seconds",
            "Since when, at least, the oldest of them is recorded; 0 where it lacks none.",
            ages,
            ("view",),
        ),
    ]


def _day(now: Stand) -> list[Metric]:
    told = []
    if now.differences is not None:
        told.append(
            gauge(
                "credit_books_differences",
                "Accounts whose postings do not lead to what their events say is owed.",
                {(): now.differences},
            )
        )
    run = now.day
    if run is None:
        return told
    counts = {("advanced",): run.advanced, ("failed",): run.failed, ("still due",): run.still_due}
    midnight = datetime.combine(run.day, time(), UTC).timestamp()
    told += [
        gauge("credit_day_run_day_timestamp_seconds", "The day that was run last, at midnight UTC.", {(): midnight}),
        gauge("credit_day_run_begun_timestamp_seconds", "When that began.", {(): run.begun_at.timestamp()}),
        gauge(
            "credit_day_run_running",
            "1 while it has not ended; a run that was killed has not.",
            {(): float(run.ended_at is None)},
        ),
    ]
    if run.ended_at is not None and run.differences is not None:
        seconds = (run.ended_at - run.begun_at).total_seconds()
        told += [
            gauge("credit_day_run_seconds", "What it took.", {(): seconds}),
            gauge(
                "credit_day_run_accounts",
                "What became of the accounts that were due.",
                {outcome: float(count) for outcome, count in counts.items() if count is not None},
                ("outcome",),
            ),
            gauge(
                "credit_day_run_differences",
                "Control totals that were not those of the store.",
                {(): run.differences},
            ),
        ]
    return told


def _age(now: Stand, instant: datetime | None) -> float:
    return max((now.at - instant).total_seconds(), 0.0) if instant else 0.0


async def _nth_last(connection: Connection, head: int, number: int) -> datetime | None:
    """When the event of an account was recorded after which there are `number - 1` more of accounts.

    Positions count customers' events, too, so it stands as many further in front as there are of those from it on.
    """
    position = head - number + 1
    for _ in range(_STEPS):
        (customers,) = await _row(connection, _CUSTOMERS_FROM, position, head)
        further = head - number + 1 - customers
        if further == position:
            break
        position = further
    found = await _row(connection, _INSTANT, position)
    return found[0] if found else None


async def _row(connection: Connection, question: Any, *asked: object) -> Any:
    return await (await connection.execute(question, asked)).fetchone()


async def _rows(connection: Connection, question: Any, *asked: object) -> list[Any]:
    return await (await connection.execute(question, asked)).fetchall()
