"""Threads for what takes long or blocks: so many, and a queue that ends somewhere."""

from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread

from infra.http.writer import Busy

P = ParamSpec("P")
T = TypeVar("T")


class Threads:
    """So many threads for so many who wait; to be made where an event loop runs."""

    def __init__(self, number: int, waiting_max: int) -> None:
        self._limiter = CapacityLimiter(number)
        self._waiting_max = waiting_max

    async def __call__(self, work: Callable[P, T], *args: P.args, **more: P.kwargs) -> T:
        """What `work` returns, done in a thread. Raises Busy where too many wait, and whatever it raises."""
        waiting = self._limiter.statistics().tasks_waiting
        if waiting >= self._waiting_max:
            raise Busy(f"{waiting} requests wait already")
        return await to_thread.run_sync(partial(work, *args, **more), limiter=self._limiter)
