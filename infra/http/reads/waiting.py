"""To read one's own write: a request says which version of the account it has to see, and waits until a view is there.

What was written says its version. The views follow within moments; whoever must not miss it sends that version along as
`Wait-For-Version`, and is answered as soon as the view has it, or told after some seconds that it is behind. One look
at a view serves all who wait for it.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Annotated, Any, NamedTuple
from uuid import UUID

import psycopg
from fastapi import Header, Request
from fastapi.exceptions import RequestValidationError
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from infra.http.reads.questions import AccountId
from infra.http.reads.threads import Threads
from infra.http.writer import Busy
from infra.store.event_store import EventStore
from infra.views.answers import UnknownAccount, ViewBehind, versions_of

_HEADER = "Wait-For-Version"
_PATIENCE = 5.0  # seconds
_PAUSE = 0.03  # seconds between two looks at a view
_WAITING_MAX = 1_000  # requests

Version = Annotated[
    int | None,
    Header(
        alias=_HEADER,
        ge=1,
        le=2**53,
        description="Answer when the view has this version of the account, which a write led to; after five seconds "
        "without it, 503 `view_behind`.",
        examples=[17],
    ),
]


def waits_for(view: str) -> Callable[..., Coroutine[Any, Any, None]]:
    """The dependency that lets a request wait for a view; a day in the past is told by the audited history, too."""

    async def wait(request: Request, account_id: AccountId, version: Version = None) -> None:
        if version is None:
            return
        versions: Versions = request.app.state.reading.versions
        try:
            for each in {view, "audit"} if "as_of" in request.query_params else {view}:
                await versions.reach(each, account_id, version)
        except NeverReached as never:
            raise RequestValidationError([{"loc": ("header", _HEADER), "msg": str(never)}]) from None

    return wait


class NeverReached(Exception):  # noqa: N818 - it is said to whoever asked
    """The account has no such version yet."""


class _Waiting(NamedTuple):
    account_id: UUID
    version: int
    reached: "asyncio.Future[None]"


class Versions:
    """How far the views have come with accounts; one task looks for all who wait, and only while somebody does."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]], store: EventStore, threads: Threads) -> None:
        self._pool, self._store, self._threads = pool, store, threads
        self._waiting: dict[str, list[_Waiting]] = {}
        self._seen: dict[tuple[str, UUID], int] = {}
        self._task: asyncio.Task[None] | None = None

    async def reach(self, view: str, account_id: UUID, version: int) -> None:
        """Return when the view has the version. Raises ViewBehind where it has not after some seconds, and Busy.

        What will never come is not waited for: raises UnknownAccount, and NeverReached.
        """
        if (await self._look(view, {account_id})).get(account_id, 0) >= version:
            return
        recorded = (await self._threads(self._store.versions, [account_id])).get(account_id, 0)
        if not recorded:
            raise UnknownAccount(account_id)
        if recorded < version:
            raise NeverReached(f"account {account_id} is at version {recorded}")
        others = self._waiting.setdefault(view, [])
        if len(others) >= _WAITING_MAX:
            raise Busy(f"{len(others)} requests wait already for the view {view}")
        one = _Waiting(account_id, version, asyncio.get_running_loop().create_future())
        others.append(one)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._watch())
        try:
            async with asyncio.timeout(_PATIENCE):
                await one.reached
        except TimeoutError:
            got = self._seen.get((view, account_id), 0)
            raise ViewBehind(account_id, version, got, view) from None
        finally:
            others.remove(one)

    async def aclose(self) -> None:
        """Stop looking."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _watch(self) -> None:
        while any(self._waiting.values()):
            await asyncio.sleep(_PAUSE)
            for view, waiting in list(self._waiting.items()):
                if waiting:
                    await self._tell(view, list(waiting))
        self._seen.clear()

    async def _tell(self, view: str, waiting: list[_Waiting]) -> None:
        try:
            versions = await self._look(view, {one.account_id for one in waiting})
        except (psycopg.Error, PoolTimeout) as error:
            for one in waiting:
                if not one.reached.done():
                    one.reached.set_exception(error)
            return
        for one in waiting:
            self._seen[view, one.account_id] = got = versions.get(one.account_id, 0)
            if got >= one.version and not one.reached.done():
                one.reached.set_result(None)

    async def _look(self, view: str, account_ids: set[UUID]) -> dict[UUID, int]:
        async with self._pool.connection() as connection:
            return await versions_of(connection, view, account_ids)
