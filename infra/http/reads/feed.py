"""Who listens to events as they are recorded: one look at the end of the store wakes all the streams that it is about.

A stream holds no connection. It reads what it has not sent yet from the store, and sleeps until a bell says that there is
more; that a bell rings for nothing costs a look, and that it is missed cannot be, for it rings for everybody whenever
the place in the store had to be found anew.
"""

import asyncio
from contextlib import suppress
from uuid import UUID

from infra.faults import Fault
from infra.http.reads.threads import Threads
from infra.http.writer import Busy
from infra.store.event_store import EventStore

STREAMS_MAX = 500
_PAUSE = 0.1  # seconds between two looks at the end of the store
_AFTER_A_FAULT = 1.0
_AT_ONCE = 10_000  # positions


class TooManyStreams(Exception):  # noqa: N818 - it is a condition that passes
    """As many streams are open as this process serves."""


class Bell:
    """Rings when there may be more to send to one stream; `account_id` is whose events it sends, None: everybody's."""

    def __init__(self, feed: "Feed", account_id: UUID | None) -> None:
        self._feed = feed
        self._rung = asyncio.Event()
        self.account_id = account_id

    @property
    def ended(self) -> bool:
        """Whether the stream is to end, because the process does."""
        return self._feed.ended

    def ring(self) -> None:
        """There may be more."""
        self._rung.set()

    def silence(self) -> None:
        """Listen anew: what is recorded from now on rings it."""
        self._rung.clear()

    async def wait(self, seconds: float) -> bool:
        """Whether it rang within so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        return self._rung.is_set()

    def close(self) -> None:
        """Nobody listens any more."""
        self._feed.forget(self)


class Feed:
    """All streams of a process; it looks at the store only while there are some."""

    def __init__(self, store: EventStore, threads: Threads) -> None:
        self._store, self._threads = store, threads
        self._bells: dict[UUID | None, set[Bell]] = {}
        self._number = 0
        self._task: asyncio.Task[None] | None = None
        self.ended = False

    @property
    def streams(self) -> int:
        """How many are open."""
        return self._number

    def listen(self, account_id: UUID | None) -> Bell:
        """A bell for a new stream; close it. Raises TooManyStreams."""
        if self._number >= STREAMS_MAX or self.ended:
            raise TooManyStreams
        bell = Bell(self, account_id)
        self._bells.setdefault(account_id, set()).add(bell)
        self._number += 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._watch())
        return bell

    def forget(self, bell: Bell) -> None:
        """The stream of this bell is over."""
        listening = self._bells.get(bell.account_id, set())
        if bell in listening:
            listening.remove(bell)
            self._number -= 1
            if not listening:
                del self._bells[bell.account_id]

    def end(self) -> None:
        """Have all streams end, and take no more: whoever listened asks another process where it goes on."""
        self.ended = True
        self._ring(*self._bells)

    async def aclose(self) -> None:
        """End all streams, and stop looking."""
        self.end()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _watch(self) -> None:
        position: int | None = None
        while self._number and not self.ended:
            try:
                if position is None:
                    position = await self._threads(self._store.head)
                    self._ring(*self._bells)
                news = await self._threads(self._store.whose, position, _AT_ONCE)
            except (Fault, Busy):
                position = None
                await asyncio.sleep(_AFTER_A_FAULT)
                continue
            if news:
                position = news[-1][0]
                self._ring(None, *{whose for _, whose in news})
            if len(news) < _AT_ONCE:
                await asyncio.sleep(_PAUSE)

    def _ring(self, *about: UUID | None) -> None:
        for each in about:
            for bell in self._bells.get(each, ()):
                bell.ring()
