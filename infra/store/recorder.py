"""The eventsourcing library's recorder and mapper on our table: the only module that knows the library.

The library's own append locks the whole table and its own mapper stores module paths; both are replaced here, and
what stands in their place keeps the library's contract: positions are its notification ids.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from eventsourcing.persistence import (
    IntegrityError,
    InterfaceError,
    JSONTranscoder,
    Mapper,
    Notification,
    OperationalError,
    PersistenceError,
    StoredEvent,
)
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.rows import TupleRow, tuple_row

from domain.codec import decode, decode_customer
from domain.customer_events import CUSTOMERS
from domain.recorded import AnyRecorded, CustomerRecorded, Recorded
from infra.faults import Fault
from infra.store import arrays

__all__ = [
    "Datastore",
    "EventMapper",
    "EventRecorder",
    "IntegrityError",
    "PersistenceError",
    "StoredEvent",
    "StoredRecord",
]

_SELECT = (
    "SELECT originator_id, originator_version, topic, state, position, type_version, recorded_at, command_id,"
    " command_index, command_hash, correlation_id, causation_id, traceparent, actor, chain_hash"
    " FROM stored_events WHERE "
)
_APPEND = f"SELECT append_events({', '.join(['%b'] * 14)})"
# Every statement of the store is short and finds its rows by an index. A plan that was made while the tables were
# small would read them whole for ever after, and compiling it would take longer than running it.
_SESSION = (
    "SET lock_timeout = '5s'; SET statement_timeout = '60s'; SET idle_in_transaction_session_timeout = '10s';"
    " SET timezone = 'UTC'; SET client_encoding = 'UTF8'; SET enable_seqscan = off; SET jit = off"
)


class Envelope(NamedTuple):
    """What our table says of an event beyond the library's four columns, in the order of `_SELECT`."""

    position: int
    type_version: int
    recorded_at: datetime
    command_id: str
    command_index: int
    command_hash: bytes
    correlation_id: str
    causation_id: str
    traceparent: str
    actor: str
    chain_hash: bytes


@dataclass(frozen=True)
class StoredRecord(StoredEvent):
    """The library's stored event with our envelope; its topic is the event's TYPE."""

    envelope: Envelope


@dataclass(frozen=True)
class RecordNotification(Notification):
    """The library's notification with our envelope; its id is the event's position."""

    envelope: Envelope


class EventMapper(Mapper[UUID]):
    """Between recorded events and the library's stored events, by the domain's codec."""

    def __init__(self) -> None:
        super().__init__(JSONTranscoder())  # it asks for one; the codec does the work

    def to_stored_event(self, domain_event: AnyRecorded) -> StoredRecord:  # type: ignore[override]  # ours is no Aggregate.Event
        """The row of a recorded event, its bytes as they are."""
        it = domain_event
        return StoredRecord(
            it.aggregate_id, it.version, it.type, it.data,
            Envelope(
                it.position, it.type_version, it.recorded_at, it.command_id, it.command_index, it.command_hash,
                it.correlation_id, it.causation_id, it.traceparent, it.actor, it.chain_hash,
            ),
        )  # fmt: skip

    def to_domain_event(self, stored_event: StoredEvent) -> AnyRecorded:  # type: ignore[override]  # as above
        """The recorded event of a row of ours. Raises Unreadable where this program is too old for it."""
        if not isinstance(stored_event, StoredRecord | RecordNotification):
            raise TypeError(f"a stored event of another table: {stored_event}")
        it, by = stored_event, stored_event.envelope
        type_, data = it.topic, it.state
        fields = (
            UUID(int=it.originator_id.int) if isinstance(it.originator_id, UUID) else UUID(it.originator_id),
            it.originator_version, by.position, by.recorded_at, by.command_id, by.command_index, by.command_hash,
            by.correlation_id, by.causation_id, by.traceparent, by.actor, type_, by.type_version, data, by.chain_hash,
        )  # fmt: skip
        if type_.startswith(CUSTOMERS):
            return CustomerRecorded(*fields, decode_customer(type_, by.type_version, data))
        return Recorded(*fields, decode(type_, by.type_version, data))


class Datastore(PostgresDatastore):
    """The library's connection pool, opened by a URL and with our session settings."""

    def __init__(self, url: str, pool_size: int = 4) -> None:
        if os.environ.get("POSTGRES_ENABLE_DB_FUNCTIONS"):
            # The library would then append without a lock, and positions would have gaps.
            raise Fault("POSTGRES_ENABLE_DB_FUNCTIONS is set, which makes the event log lose its order; unset it.")
        super().__init__("", "", "", "", "", pool_size=1, max_overflow=pool_size - 1, connect_timeout=5)
        self.pool.conninfo = url
        self.pool.kwargs = {}
        # The pool waits ever longer between its tries; giving up soon makes the next caller's try a fresh one.
        self.pool.reconnect_timeout = 5.0

    def after_connect_func(self) -> Callable[[psycopg.Connection[Any]], None]:
        """Autocommit, timeouts, UTC, and the columns of `arrays`."""

        def prepare(connection: psycopg.Connection[Any]) -> None:
            connection.autocommit = True
            connection.execute(_SESSION)
            arrays.register(connection)

        return prepare

    def register_type_adapters(self) -> None:
        """Nothing: the library's composite type is not used, arrays are."""


class EventRecorder(PostgresApplicationRecorder):
    """The library's application recorder on the table that our migrations made."""

    def create_table(self) -> None:
        """Nothing: the tables come from the migrations, and no running service owns one."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> range:
        """Append in one statement and return the positions. Raises IntegrityError when a version or a command's
        index is taken; a first try whose reply was lost shows itself in the same way.
        """
        if not stored_events:
            return range(0)
        rows: list[StoredRecord] = list(stored_events)  # type: ignore[arg-type]  # a plain one has no envelope and fails below
        envelopes = [row.envelope for row in rows]
        columns = (
            arrays.uuids([row.originator_id for row in rows]),  # type: ignore[misc]  # ours are UUIDs
            arrays.bigints([row.originator_version for row in rows]),
            arrays.texts([row.topic for row in rows]),
            arrays.byteas([row.state for row in rows]),
            arrays.ints([envelope.type_version for envelope in envelopes]),
            arrays.instants([envelope.recorded_at for envelope in envelopes]),
            arrays.texts([envelope.command_id for envelope in envelopes]),
            arrays.ints([envelope.command_index for envelope in envelopes]),
            arrays.byteas([envelope.command_hash for envelope in envelopes]),
            arrays.texts([envelope.correlation_id for envelope in envelopes]),
            arrays.texts([envelope.causation_id for envelope in envelopes]),
            arrays.texts([envelope.traceparent for envelope in envelopes]),
            arrays.texts([envelope.actor for envelope in envelopes]),
            arrays.byteas([envelope.chain_hash for envelope in envelopes]),
        )
        last = self.query(_APPEND, columns)[0][0]
        return range(last - len(rows) + 1, last + 1)

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> list[StoredEvent]:
        """An account's events by version."""
        order = "DESC" if desc else "ASC"
        return self.select_where(
            "originator_id = %s AND originator_version > %s AND originator_version <= %s"
            f" ORDER BY originator_version {order} LIMIT %s",
            (originator_id, 0 if gt is None else gt, 2**62 if lte is None else lte, limit),
        )

    def select_where(self, condition: str, params: Sequence[object]) -> list[StoredEvent]:
        """The rows that a condition in SQL picks, in its order."""
        rows = self.query(_SELECT + condition, params)
        return [StoredRecord(row[0], row[1], row[2], row[3], Envelope._make(row[4:])) for row in rows]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> list[Notification]:
        """The log by position."""
        first = 0 if start is None else start if inclusive_of_start else start + 1
        params: list[object] = [first, 2**62 if stop is None else stop]
        if topics:
            params.append(list(topics))
        rows = self.query(
            f"{_SELECT}position >= %s AND position <= %s{' AND topic = ANY(%s)' if topics else ''}"
            " ORDER BY position LIMIT %s",
            (*params, limit),
        )
        return [RecordNotification(row[0], row[1], row[2], row[3], row[4], Envelope._make(row[4:])) for row in rows]

    def max_notification_id(self) -> int | None:
        """The last position; None while the log is empty."""
        return self.query("SELECT last FROM store_head", ())[0][0] or None

    def query(self, statement: str, params: Sequence[object]) -> list[TupleRow]:
        """Run one statement by itself and return its rows, in binary from end to end.

        A connection that breaks meanwhile is replaced and the statement said again: as often as the pool may hold
        broken ones, because a restarted server breaks all of them.
        """
        left = self.datastore.pool.max_size
        while True:
            connection = None
            try:
                with (
                    self.datastore.get_connection() as connection,
                    connection.cursor(row_factory=tuple_row, binary=True) as cursor,
                ):
                    cursor.execute(statement, params, prepare=True)
                    return cursor.fetchall() if cursor.description else []
            except (OperationalError, InterfaceError):
                if connection is None or not connection.closed or not left:
                    raise
                left -= 1
