"""The one loop that all consumer groups share: poll, decode, hand a batch to the read model, and stop loudly.

The read model keeps rows and position in one transaction, so what was applied is known exactly; Kafka only deals out
the partitions. A member that lost a partition without noticing is refused by the compare-and-set on the position,
and goes on from where the view is: the group will tell it whose the partition is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event
from time import monotonic
from typing import Protocol

from consumers import envelope
from consumers.reading import BATCH, Fetched, Member, Stopped
from consumers.records import Raw
from domain.codec import Unreadable
from domain.recorded import Recorded
from projections.folding import Gap

_POLL = 0.5  # seconds that a poll waits for records, and so the longest that a stop waits for an idle reader
_LONG = 10.0  # seconds that one round may take before batches shrink; the group waits 300 s for a member
_LOOK = 10.0  # seconds between looks at how far the topic has grown


class PositionLost(Exception):  # noqa: N818 - it names what happened
    """Another member has moved the position of a partition: nothing was written, and ours must be read anew."""


class ReadModel(Protocol):
    """What a consumer needs of the database: where to go on, and one transaction for rows and position."""

    def position(self, topic: str, partition: int) -> int:
        """The next offset to read; 0 at the start."""

    def commit(self, topic: str, partition: int, expected: int, next_offset: int, batch: Sequence[Recorded]) -> None:
        """Fold the batch into the rows and move the position from `expected` to `next_offset`, or do neither.

        `batch` may be empty: then only control records were passed. Raises `PositionLost` when the position is not
        `expected` any more, and `projections.folding.Gap` on a hole in an account's versions.
        """


@dataclass(frozen=True)
class Group:
    """A consumer group: its name and its topic, both without the installation's prefix, and the view it keeps."""

    name: str
    topic: str
    view: str


@dataclass(frozen=True)
class Progress:
    """How a member stands: `applied` events since its start, and how many records of its partitions wait."""

    applied: int
    waiting: int


def run(
    group: Group,
    model: ReadModel,
    bootstrap: str,
    stop: Event,
    prefix: str = "",
    *,
    told: Callable[[Progress], None] = lambda _: None,
    patience: float = 120,
) -> None:
    """Apply the group's topic to the read model until `stop` is set; the batch in hand is committed or not begun.

    `told` hears of the progress about every 10 s. Raises `Stopped` with one sentence when a person must look: a
    record that cannot be read, a hole, a reset topic, a Kafka that does not answer, or records that wait for more than
    `patience` seconds without one of them arriving.
    """
    topic = prefix + group.topic
    positions: dict[int, int] = {}

    def start(partition: int) -> int:
        positions[partition] = model.position(topic, partition)
        return positions[partition]

    member = Member(bootstrap, topic, prefix + group.name, start)
    try:
        member.check(lambda partition: model.position(topic, partition))
        _loop(_Applying(group.name, model, member, positions), member, stop, _Watch(told, patience))
    finally:
        member.close()


class _Applying:
    """Decodes what was fetched and commits it; `positions` is shared with the assignment of partitions."""

    def __init__(self, name: str, model: ReadModel, member: Member, positions: dict[int, int]) -> None:
        self._name, self._topic, self._model, self._member = name, member.topic, model, member
        self._positions = positions

    def __call__(self, fetched: Fetched) -> int:
        """How many events were applied: all of them, or none where another member was before us."""
        batch = [self._decoded(fetched, raw) for raw in fetched.records]
        return len(batch) if self._commit(fetched.partition, fetched.next_offset, batch) else 0

    def pass_over(self, partition: int, next_offset: int) -> None:
        """Move the position over control records, so that a reader that has caught up also says so."""
        if self._positions[partition] < next_offset:
            self._commit(partition, next_offset, [])

    def _decoded(self, fetched: Fetched, raw: Raw) -> Recorded:
        try:
            return envelope.read(raw.key, raw.headers, raw.value)
        except Unreadable as wrong:
            raise Stopped(
                f"{self._name} stopped: account {(raw.key or b'?').decode(errors='replace')}, version "
                f"{(raw.headers.get('ce_aggregateversion') or b'?').decode(errors='replace')}, at "
                f"{self._where(fetched.partition, raw.offset)}: {wrong}"
            ) from wrong

    def _commit(self, partition: int, next_offset: int, batch: Sequence[Recorded]) -> bool:
        expected = self._positions[partition]
        try:
            self._model.commit(self._topic, partition, expected, next_offset, batch)
        except Gap as gap:
            raise Stopped(
                f"{self._name} stopped: events are missing before version {gap.got} of account {gap.account_id} "
                f"(version {gap.expected} was due), between {self._where(partition, expected)} and {next_offset}: "
                f"find out who deleted or skipped them, then rebuild the view from the store"
            ) from gap
        except PositionLost:
            # A pause longer than the group waits: it has dealt the partition to another. Whichever of the two commits
            # second comes here, and that may as well be the one whose it is now.
            self._positions[partition] = self._model.position(self._topic, partition)
            self._member.seek(partition, self._positions[partition])
            return False
        self._positions[partition] = next_offset
        return True

    def _where(self, partition: int, offset: int) -> str:
        return f"{self._topic}, partition {partition}, offset {offset}"


def _loop(apply: _Applying, member: Member, stop: Event, watch: "_Watch") -> None:
    limit = BATCH
    while not stop.is_set():
        polled = member.poll(_POLL, limit)
        begun = monotonic()
        for fetched in polled:
            if stop.is_set():
                return
            watch.applied += apply(fetched)
        if not polled:
            for partition in member.partitions():
                apply.pass_over(partition, member.position(partition))
        spent = monotonic() - begun
        limit = max(limit // 2, 1) if spent > _LONG else min(limit * 2, BATCH) if spent < _LONG / 4 else limit
        watch.look(member, moved=bool(polled))


class _Watch:
    """Tells of the progress now and then, and barks when records wait that never arrive."""

    def __init__(self, told: Callable[[Progress], None], patience: float) -> None:
        self.applied = 0
        self._told, self._patience = told, patience
        self._looked = self._moved = monotonic()

    def look(self, member: Member, *, moved: bool) -> None:
        """Note whether records came; every 10 s compare with the ends of the partitions."""
        now = monotonic()
        if moved:
            self._moved = now
        if now - self._looked < _LOOK:
            return
        self._looked = now
        ends = member.ends()
        waiting = sum(max(ends[partition] - member.position(partition), 0) for partition in member.partitions())
        self._told(Progress(self.applied, waiting))
        if not waiting:
            self._moved = now
        elif now - self._moved > self._patience:
            raise Stopped(
                f"{waiting} records of {member.topic} wait, but none has arrived for {self._patience:g} s: "
                f"see the broker's log"
            )
