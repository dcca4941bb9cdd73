"""Appends that wait at the same moment share one transaction; nobody waits for company."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock

from domain.recorded import AnyRecorded
from infra.store.event_store import Conflict

_EVENTS_MAX = 5_000  # in one transaction, so that nobody waits for ever behind a large import


@dataclass(slots=True, eq=False)
class _Share:
    events: Sequence[AnyRecorded]
    done: bool = False
    error: BaseException | None = None
    # Held until the share is done, or until it is this thread's turn to commit for all who wait.
    turn: Lock = field(default_factory=Lock)


class GroupCommit:
    """Appends for many threads: while one transaction commits, the next one gathers.

    One thread leads: it commits for all who have gathered, wakes them, and hands the lead to the first who came
    meanwhile. Each thread waits for its own share alone, so nobody whose work is done stands in another's way.
    """

    def __init__(self, append: Callable[[Sequence[AnyRecorded]], object]) -> None:
        self._append = append
        self._waiting: deque[_Share] = deque()
        self._mutex = Lock()
        self._led = False

    def append(self, events: Sequence[AnyRecorded]) -> None:
        """Return when the events are durable. Raises what the append raises; a Conflict is the caller's own."""
        share = _Share(events)
        share.turn.acquire()
        with self._mutex:
            self._waiting.append(share)
            leads, self._led = not self._led, True
        if not leads:
            share.turn.acquire()
        if not share.done:
            self._lead(share)
        if share.error is not None:
            raise share.error

    def _lead(self, own: _Share) -> None:
        shares = self._gather()  # the leader's own is the first of them
        try:
            self._commit(shares)
        finally:
            with self._mutex:
                heir = self._waiting[0] if self._waiting else None
                self._led = heir is not None
            if heir is not None:
                heir.turn.release()
            for share in shares:
                if share is not own:
                    share.turn.release()

    def _gather(self) -> list[_Share]:
        shares = [self._waiting.popleft()]
        amount = len(shares[0].events)
        while self._waiting and amount + len(self._waiting[0].events) <= _EVENTS_MAX:
            shares.append(self._waiting.popleft())
            amount += len(shares[-1].events)
        return shares

    def _commit(self, shares: list[_Share]) -> None:
        try:
            self._append([event for share in shares for event in share.events])
        except Conflict as conflict:
            if len(shares) == 1:
                shares[0].error = conflict
            else:  # one of them spoilt it for all; each by itself shows which
                for share in shares:
                    self._commit([share])
                return
        except BaseException as error:  # noqa: BLE001 - it is raised again in every thread that it concerns
            for share in shares:
                share.error = error
        for share in shares:
            share.done = True
