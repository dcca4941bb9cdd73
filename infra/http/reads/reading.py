"""What the reads of one process share: the store, threads, cursors, who waits for a version, who listens to events."""

from asyncio import create_task
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import State

from infra.accounts import Accounts
from infra.http.reads.feed import Feed
from infra.http.reads.pages import Cursors
from infra.http.reads.threads import Threads
from infra.http.reads.waiting import Versions
from infra.http.stopping import Stopping
from infra.store.event_store import EventStore

_THREADS = 8
_WAITING_MAX = 500
# What is reckoned for seconds and touches no account, and sums over all of them.
_LONG = 2
_LONG_WAITING_MAX = 50


@dataclass(frozen=True)
class Reading:
    """What the reads of one process share."""

    store: EventStore
    accounts: Accounts
    cursors: Cursors
    versions: Versions
    feed: Feed
    threads: Threads
    long: Threads


@asynccontextmanager
async def opened(state: State) -> AsyncIterator[Reading]:
    """All of it, over the pool, the store and the accounts that `state` names."""
    threads = Threads(_THREADS, _WAITING_MAX)
    feed = Feed(state.store, threads)
    reading = Reading(
        store=state.store,
        accounts=state.accounts,
        cursors=Cursors(state.reader_url),
        versions=Versions(state.pool, state.store, threads),
        feed=feed,
        threads=threads,
        long=Threads(_LONG, _LONG_WAITING_MAX),
    )
    ending = create_task(_end(state.stopping, feed))
    try:
        yield reading
    finally:
        ending.cancel()
        await feed.aclose()
        await reading.versions.aclose()


async def _end(stopping: Stopping, feed: Feed) -> None:
    await stopping.wait()
    feed.end()


def _reading(request: Request) -> Reading:
    reading: Reading = request.app.state.reading
    return reading


Desk = Annotated[Reading, Depends(_reading)]
