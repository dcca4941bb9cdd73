"""The one queue of all that is to be written: a thread takes whatever waits and records it in one append.

So requests that arrive together share a transaction, nobody waits for company, and the event loop never waits for the
database.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import NamedTuple

from infra.accounts import Accounts, Request
from infra.asking import AnyAnswer
from infra.faults import Fault
from infra.telemetry import metrics

_BATCH_MAX = 500  # requests in one append
_WAITING_MAX = 10_000  # requests; whoever comes then is asked to come again


class Busy(Exception):  # noqa: N818 - it is a condition that passes
    """More requests wait than can be answered soon."""


class _Waiting(NamedTuple):
    request: Request
    answer: "asyncio.Future[AnyAnswer]"


class Writer:
    """Records what is asked for, in the order in which it came; to be made where an event loop runs."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="writer")
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many requests wait; about, for they come and go."""
        return self._queue.qsize()

    async def execute(self, request: Request) -> AnyAnswer:
        """Do it, durably, and say what was recorded. Raises Refused, Busy, and Fault where the store cannot be used."""
        with metrics.watched(request.command.DO) as told:
            if self.waiting >= _WAITING_MAX:
                raise Busy(f"{self.waiting} requests wait already")
            answer: asyncio.Future[AnyAnswer] = self._loop.create_future()
            self._queue.put(_Waiting(request, answer))
            return told(await answer)

    async def aclose(self) -> None:
        """Finish what was accepted."""
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        while (batch := self._gather()) is not None:
            told = list(zip(batch, self._execute([each.request for each in batch]), strict=True))
            with suppress(RuntimeError):  # the loop is gone, and everybody who waited with it
                self._loop.call_soon_threadsafe(_tell, told)

    def _gather(self) -> list[_Waiting] | None:
        first = self._queue.get()
        if first is None:
            return None
        batch = [first]
        with suppress(Empty):
            while len(batch) < _BATCH_MAX:
                following = self._queue.get_nowait()
                if following is None:
                    self._queue.put(None)
                    break
                batch.append(following)
        return batch

    def _execute(self, requests: Sequence[Request]) -> Sequence[AnyAnswer | Exception]:
        try:
            return self._accounts.execute_all(requests)
        except Fault as fault:
            return [fault] * len(requests)
        except Exception as defect:  # noqa: BLE001 - it is raised again for whoever asked
            # One of them met a defect; the others are not to suffer from it. What is recorded already is not again.
            return [defect] if len(requests) == 1 else [self._execute([each])[0] for each in requests]


def _tell(told: Sequence[tuple[_Waiting, "AnyAnswer | Exception"]]) -> None:
    for waiting, answer in told:
        if waiting.answer.done():  # whoever asked has gone
            continue
        if isinstance(answer, Exception):
            waiting.answer.set_exception(answer)
        else:
            waiting.answer.set_result(answer)
