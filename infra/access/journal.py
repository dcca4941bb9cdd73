"""The access journal: who was refused what, and who looked at whom. It holds ids and closed words, and no secret.

What must be known before an answer is given is written first; the rest is collected for a moment, so that it costs a
request nothing. Where it cannot be written, no more is let in than memory holds.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple

import psycopg
import structlog
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolTimeout

_PAUSE = 1.0  # seconds for which entries are collected
_ROOM = 10_000  # different entries in memory
_INSERT = """
    INSERT INTO access_journal
        (at, times, principal, role, key_id, address, method, route, account_id, customer_id, outcome)
    SELECT * FROM unnest(
        %s::timestamptz[], %s::int[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
        %s::text[], %s::text[], %s::text[])"""
_LOG: Any = structlog.get_logger()


class Entry(NamedTuple):
    """Who asked, from where, for what, and what came of it: `allowed`, or why not."""

    principal: str | None
    role: str | None
    key_id: str | None
    address: str
    method: str
    route: str
    account_id: str | None
    customer_id: str | None
    outcome: str


class _Row(NamedTuple):
    at: datetime
    times: int
    entry: Entry


class _Urgent(NamedTuple):
    row: _Row
    written: "asyncio.Future[None]"


class Journal:
    """The journal of one installation, as one process writes it."""

    def __init__(
        self,
        pool: AsyncConnectionPool[AsyncConnection[Any]],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._pool, self._now = pool, now
        self._collected: dict[Entry, _Row] = {}
        self._urgent: list[_Urgent] = []
        self._hurry = asyncio.Event()
        self._closing = False
        self._clerk: asyncio.Task[None] | None = None

    async def note(self, entry: Entry) -> None:
        """Have it written soon; the same within a moment is one row. With no room left it is written first."""
        known = self._collected.get(entry)
        if known is None and len(self._collected) >= _ROOM:
            await self.write(entry)
            return
        at, times, _ = known or _Row(self._now(), 0, entry)
        self._collected[entry] = _Row(at, times + 1, entry)
        self._wake()

    async def write(self, entry: Entry) -> None:
        """Have it written, durably, before anything else is done. Raises psycopg.Error and PoolTimeout."""
        urgent = _Urgent(_Row(self._now(), 1, entry), asyncio.get_running_loop().create_future())
        self._urgent.append(urgent)
        self._hurry.set()
        self._wake()
        await asyncio.shield(urgent.written)

    async def aclose(self) -> None:
        """Write what was collected."""
        self._closing = True
        self._hurry.set()
        if self._clerk is not None:
            await self._clerk

    def _wake(self) -> None:
        if self._clerk is None or self._clerk.done():
            self._clerk = asyncio.create_task(self._serve(), name="access journal")

    async def _serve(self) -> None:
        while self._collected or self._urgent:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), _PAUSE)
            if not self._closing:
                self._hurry.clear()
            collected = dict(self._collected)
            urgent, self._urgent = self._urgent, []
            try:
                await self._insert([*collected.values(), *(each.row for each in urgent)])
            except BaseException as error:
                _tell(urgent, error)  # whoever waits for it is not answered
                if not isinstance(error, psycopg.Error | PoolTimeout):
                    raise
                if self._closing:
                    _LOG.error("access_journal_lost", entries=len(collected))
                    return
                await asyncio.sleep(_PAUSE)
            else:
                _tell(urgent, None)
                self._forget(collected)

    def _forget(self, written: Mapping[Entry, _Row]) -> None:
        """What was written need not be again; what was noted meanwhile is."""
        for entry, row in written.items():
            times = self._collected.pop(entry).times - row.times
            if times:
                self._collected[entry] = _Row(self._now(), times, entry)

    async def _insert(self, rows: Sequence[_Row]) -> None:
        columns = [[at for at, _, _ in rows], [times for _, times, _ in rows]]
        columns += [list(column) for column in zip(*(entry for _, _, entry in rows), strict=True)]
        async with self._pool.connection() as connection:
            await connection.execute(_INSERT, columns)


def _tell(urgent: Sequence[_Urgent], error: BaseException | None) -> None:
    for each in urgent:
        if each.written.done():
            continue
        if error is None:
            each.written.set_result(None)
        else:
            each.written.set_exception(error)
