"""The relay: publishes the event store to Kafka, in the order of its positions, each slice in one transaction.

Accounts and customers share the store's positions, and have a topic each.

A crash between a slice's commit on Kafka and its checkpoint in PostgreSQL is made good from the topic's own end, so
that a slice is not published twice; what is promised to readers is still no more than "at least once, in order", and
they pass over versions they have seen. Two fences keep a second relay out: a session lock in
PostgreSQL says who leads, and the fixed transactional id lets the broker refuse whoever led before.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event
from time import monotonic
from typing import Protocol

import psycopg

from consumers import envelope
from consumers.envelope import ACCOUNT_EVENTS, CUSTOMER_EVENTS
from consumers.reading import Stopped, newest
from domain.recorded import AnyRecorded
from infra.faults import Fault
from infra.kafka.batches import Record
from infra.kafka.producer import SliceProducer, Unpublished
from infra.telemetry.traces import follow

SLICE = 5_000  # events; 24 batches of about 250 kB, a quarter of what a broker takes at once
LEASE = 30.0  # seconds after which PostgreSQL lets another relay lead when this one says nothing
_LOCK = 0x6372_6564_6974  # the number of the session lock, one per database and so one per store
_QUICK, _SLOW = 0.005, 0.05  # seconds between looks at an idle store: at first, and after a while
_RETRY = 1.0  # seconds between attempts to lead, and after a slice that the broker did not take
# What waiting cannot mend. A refused connection has no code, so this is read from what an English server says; of
# another one it is told in the log, once in every `_RETRY`.
_REFUSED = re.compile(
    r"authentication failed|no password supplied|no pg_hba\.conf entry|(role|database) .* does not exist"
)


class Source(Protocol):
    """What the relay asks of an event store."""

    def read(self, after_position: int, limit: int) -> list[AnyRecorded]: ...

    def head(self) -> int: ...


class Deposed(Exception):  # noqa: N818 - it names what happened
    """This relay does not lead any more: its session or its checkpoint was taken by another."""


class Relay:
    """One relay of one store. `url` is the relay role's; `told` hears of each thing worth a line in the log.

    `lease` is how long, in seconds, a relay that hangs keeps the others waiting; no answer of the broker is waited
    for longer than two thirds of it.
    """

    def __init__(
        self,
        store: Source,
        url: str,
        bootstrap: str,
        prefix: str = "",
        *,
        lease: float = LEASE,
        slice_size: int = SLICE,
        told: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._store, self._url, self._bootstrap, self._told = store, url, bootstrap, told
        # Positions are checkpointed under the first one's name, for all of them.
        self._topic, *_ = self._topics = (prefix + ACCOUNT_EVENTS, prefix + CUSTOMER_EVENTS)
        self._prefix = prefix
        self._lease, self._slice_size = lease, slice_size

    def run(self, stop: Event) -> None:
        """Publish until `stop` is set; the slice in hand is finished. Waits while another relay leads.

        Raises `Fault` when the store or the broker needs a person, as for a wrong password.
        """
        while not stop.is_set():
            try:
                with _leading(self._url, self._lease) as session:
                    if session is None:
                        stop.wait(_RETRY)
                    else:
                        self._told(f"leads for {self._topic}")
                        self._lead(Checkpoint(session, self._topic), stop)
            except (Deposed, psycopg.OperationalError) as lost:
                if _REFUSED.search(str(lost)):
                    raise Fault(
                        f"The relay's role may not use the database ({' '.join(str(lost).split())}): correct "
                        f"CREDIT_RELAY_URL, or run `credit migrate` where it is not set."
                    ) from lost
                self._told(f"does not lead any more: {lost}".rstrip())
                stop.wait(_RETRY)

    def _lead(self, checkpoint: "Checkpoint", stop: Event) -> None:
        checkpoint.load()
        while not stop.is_set():
            # The id is fixed per store, so that this producer fences any that went before, on whatever machine.
            fence = f"{self._prefix}credit-relay.{checkpoint.database}"
            try:
                producer = SliceProducer(self._bootstrap, self._topics, fence, self._lease * 2 / 3)
                try:
                    self._publish(producer, checkpoint, stop)
                finally:
                    producer.close()
            except (Unpublished, Stopped) as problem:
                self._told(f"resumes from its checkpoint: {problem}")
                stop.wait(_RETRY)
                checkpoint.confirm()

    def _publish(self, producer: SliceProducer, checkpoint: "Checkpoint", stop: Event) -> None:
        """Publish slice after slice; looks at an idle store every 5 to 50 ms."""
        position = self._resume(checkpoint)
        pause, confirmed = _QUICK, monotonic()
        while not stop.is_set():
            events = self._store.read(position, self._slice_size)
            if events:
                _check_order(events, position)
                checkpoint.confirm()
                with follow("relay", events):
                    producer.publish(self._by_topic(events))
                position = checkpoint.move(events[-1].position)
                pause, confirmed = _QUICK, monotonic()
            elif monotonic() - confirmed > self._lease / 3:
                checkpoint.confirm()
                confirmed = monotonic()
            if len(events) < self._slice_size:
                stop.wait(pause)
                pause = min(pause * 2, _SLOW)

    def _by_topic(self, events: Sequence[AnyRecorded]) -> dict[str, list[Record]]:
        records: dict[str, list[Record]] = {}
        for event in events:
            records.setdefault(self._prefix + envelope.topic_of(event), []).append(record_of(event))
        return records

    def _resume(self, checkpoint: "Checkpoint") -> int:
        """Where to go on: the checkpoint, or the ends of the topics where a crash came between Kafka and the checkpoint.

        Slices are published whole and in order, so the highest position on the topics is how far it goes. Asked only
        when every older producer is fenced and what it left unfinished has been aborted.
        """
        position = checkpoint.load()
        published = max(
            (int(raw.headers["ce_position"] or 0) for topic in self._topics for raw in newest(self._bootstrap, topic)),
            default=0,
        )
        head = self._store.head()
        if head < max(position, published):
            raise Fault(
                f"The store ends at position {head}, but {max(position, published)} was already published to "
                f"{self._topic}: the store was restored from an older backup. Restore a newer one, or publish under "
                f"another CREDIT_TOPIC_PREFIX and rebuild the views."
            )
        return checkpoint.move(published) if published > position else position


class Checkpoint:
    """How far a topic has been published: a row that only the session holding the lock moves."""

    def __init__(self, session: psycopg.Connection[tuple[int]], topic: str) -> None:
        self._session, self._topic = session, topic
        self.database = session.info.dbname
        self._position = 0

    def load(self) -> int:
        """The position of the last event that is certainly published; 0 at the start."""
        self._session.execute(
            "INSERT INTO relay_positions (log, position) VALUES (%s, 0) ON CONFLICT DO NOTHING", (self._topic,)
        )
        self._position = self.stored()
        return self._position

    def confirm(self) -> None:
        """Show PostgreSQL that this relay lives. Raises `Deposed` when another has moved the row."""
        if self.stored() != self._position:
            raise Deposed(f"another relay has published {self._topic} further")

    def move(self, position: int) -> int:
        """Remember that everything up to `position` is published, and return it. Raises `Deposed` as `confirm`."""
        moved = self._session.execute(
            "UPDATE relay_positions SET position = %s WHERE log = %s AND position = %s",
            (position, self._topic, self._position),
        )
        if moved.rowcount != 1:
            raise Deposed(f"another relay has published {self._topic} further")
        self._position = position
        return position

    def stored(self) -> int:
        """The position as PostgreSQL has it, without remembering it; 0 where no relay has run yet."""
        row = self._session.execute("SELECT position FROM relay_positions WHERE log = %s", (self._topic,)).fetchone()
        return row[0] if row else 0


def relayed(url: str, prefix: str) -> int:
    """The position up to which the store has been published; 0 when no relay has run yet."""
    with psycopg.connect(url, autocommit=True) as session:
        return Checkpoint(session, prefix + ACCOUNT_EVENTS).stored()


@contextmanager
def _leading(url: str, lease: float) -> Iterator[psycopg.Connection[tuple[int]] | None]:
    """A session that holds the store's lock, or None while another does.

    The lock lives as long as the session. PostgreSQL ends a session that is silent for `lease` seconds, so a relay
    that was stopped in its tracks frees the lock without having to be alive for it.
    """
    with psycopg.connect(url, autocommit=True, application_name="credit relay") as session:
        session.execute("SELECT set_config('idle_session_timeout', %s, false)", (f"{int(lease * 1000)}ms",))
        locked = session.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,)).fetchone()
        yield session if locked and locked[0] else None


def _check_order(events: Sequence[AnyRecorded], after: int) -> None:
    """Raise `Fault` unless the positions follow on `after` without a hole."""
    for expected, event in enumerate(events, after + 1):
        if event.position != expected:
            raise Fault(
                f"The event store has a hole: position {expected} was expected after {expected - 1}, but "
                f"{event.position} came. Nothing is published past it; find out who wrote to the store by hand."
            )


def record_of(event: AnyRecorded) -> Record:
    """An event as the record that is published."""
    return Record(
        envelope.key(event), envelope.headers(event), event.data, int(event.recorded_at.timestamp() * 1000)
    )  # fmt: skip
