"""The event store: append, read by account, read by position, find a command, keep snapshots."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import Generic, NamedTuple, Self, TypeVar
from uuid import UUID

import psycopg
import psycopg_pool
from psycopg import errors

from domain.codec import decode, decode_customer
from domain.customer_events import CustomerEvent
from domain.events import AccountEvent
from domain.recorded import AnyRecorded, CustomerRecorded, Recorded
from infra.faults import Fault, ReadOnly
from infra.store import arrays
from infra.store.recorder import Datastore, EventMapper, EventRecorder, IntegrityError, PersistenceError, StoredEvent
from infra.telemetry.traces import follow

E = TypeVar("E")
_VERSIONS = """
    SELECT id, (SELECT max(originator_version) FROM stored_events WHERE originator_id = id)
    FROM unnest(%b) AS wanted (id)"""
# Inner ORDER BYs keep the planner from turning a look-up per row into one pass over the whole table.
_COMMANDS = """
    (originator_id, originator_version) IN (
        SELECT id, found.originator_version
        FROM unnest(%b, %b) AS wanted (id, command), LATERAL (
            SELECT originator_version FROM stored_events
            WHERE originator_id = id AND command_id = command ORDER BY command_index) AS found)
    ORDER BY originator_id, originator_version"""
_EVENTS = """
    SELECT found.*
    FROM unnest(%b) AS wanted (id), LATERAL (
        SELECT originator_id, originator_version, topic, type_version, state, chain_hash FROM stored_events
        WHERE originator_id = id{after} ORDER BY originator_version) AS found"""
# A snapshot comes as a row without a type, before the events that follow it.
_AFTER = " AND originator_version > COALESCE((SELECT version FROM snapshots WHERE account_id = id), 0)"
_SNAPSHOTS = (
    "SELECT account_id, version, NULL, 0, state, chain_hash FROM snapshots WHERE account_id = ANY(%b) UNION ALL"
)
_SINCE_SNAPSHOTS, _WHOLE = _SNAPSHOTS + _EVENTS.format(after=_AFTER), _EVENTS.format(after="")
# The condition is that of an index.
_OF_ACCOUNTS = """
    SELECT last - (SELECT count(*) FROM stored_events WHERE starts_with(topic, 'customer.')) FROM store_head"""
_WRITABLE = """
    SELECT pg_is_in_recovery(), current_setting('default_transaction_read_only')::boolean,
        coalesce((SELECT bool_and(has_function_privilege(oid, 'EXECUTE')) FROM pg_proc WHERE proname = 'append_events'),
            false)"""
_WHOSE = "SELECT position, originator_id FROM stored_events WHERE position > %s ORDER BY position LIMIT %s"
_SAVE_SNAPSHOTS = """
    INSERT INTO snapshots AS kept (account_id, version, chain_hash, state) SELECT * FROM unnest(%b, %b, %b, %b)
    ON CONFLICT (account_id) DO UPDATE
    SET version = excluded.version, chain_hash = excluded.chain_hash, state = excluded.state
    WHERE kept.version < excluded.version"""


class Conflict(Exception):  # noqa: N818 - it is an answer, not an error
    """A version or a command was recorded before: by another writer, or by a first try whose reply was lost."""


class Snapshot(NamedTuple):
    """An account's state after `version` events, as bytes of the domain's own making."""

    account_id: UUID
    version: int
    chain_hash: bytes
    state: bytes


class History(NamedTuple, Generic[E]):
    """An account or a customer as stored: the snapshot, if there is one, and the events since, up to `version`."""

    snapshot: bytes | None
    events: list[E]
    version: int
    chain_hash: bytes


class EventStore:
    """One store of events, reached as one database role; safe for any number of threads.

    Every method raises Fault where the database does not answer, the role lacks the right, or nobody migrated, and
    ReadOnly where it can still be read. `told` hears of each append: how many events, and how many seconds it took.
    """

    def __init__(
        self, url: str, pool_size: int = 4, *, told: Callable[[int, float], None] = lambda _events, _seconds: None
    ) -> None:
        self._url, self._told = url, told
        self._full = False
        self._datastore = Datastore(url, pool_size)
        self._recorder = EventRecorder(self._datastore)
        self._mapper = EventMapper()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back; the store cannot be used afterwards."""
        self._datastore.close()

    def connections(self) -> dict[str, int]:
        """How many connections there are and how often each thing happened to them, as psycopg's pool counts it."""
        return dict(self._datastore.pool.get_stats())

    def append(self, events: Sequence[AnyRecorded]) -> range:
        """Append all events or none, durably, and give each its position; returns the positions.

        The events may be of several accounts and customers; those of each follow its stored ones. Raises Conflict when a
        version or a command is there already. Where the connection breaks, the append is tried again, so a commit
        whose reply was lost shows itself as a Conflict, too.
        """
        stored = list(map(self._mapper.to_stored_event, events))
        begun = perf_counter()
        with follow("commit", events), self._faults(writing=True):
            try:
                positions = self._recorder.insert_events(stored)
            except IntegrityError as taken:
                if isinstance(taken.__cause__, errors.UniqueViolation):
                    raise Conflict from taken
                raise
            except PersistenceError as error:
                self._full = isinstance(error.__cause__, errors.DiskFull)
                if isinstance(error.__cause__, errors.ReadOnlySqlTransaction):
                    self._datastore.pool.drain()  # a session keeps the default that it began with
                raise
        self._full = False
        for event, position in zip(events, positions, strict=True):
            # Frozen for everybody else, and nobody else has seen it yet: a copy would cost more than the append.
            object.__setattr__(event, "position", position)
        self._told(len(events), perf_counter() - begun)
        return positions

    def read_only(self) -> str | None:
        """Why nothing can be appended now; None where it can, as far as one can know without trying.

        That the disk is full is known from the last append alone, until one succeeds.
        """
        with self._faults():
            standby, asked, granted = self._recorder.query(_WRITABLE, ())[0]
        if standby:
            return "the database is a standby"
        if asked:
            return "default_transaction_read_only is on"
        if not granted:
            return "the role may not append"
        return "the disk of the database was full" if self._full else None

    def load(self, account_id: UUID) -> list[Recorded]:
        """An account's whole history; empty when there is none."""
        with self._faults():
            return list(self._of_accounts(self._recorder.select_events(account_id)))

    def load_after(self, account_id: UUID, version: int, limit: int) -> list[Recorded]:
        """Up to `limit` events of an account that follow a version; empty where it has none or there is no account."""
        with self._faults():
            return list(self._of_accounts(self._recorder.select_events(account_id, gt=version, limit=limit)))

    def load_many(self, account_ids: Iterable[UUID]) -> dict[UUID, list[Recorded]]:
        """The whole histories of several accounts; those without one are left out."""
        condition = "originator_id = ANY(%b) ORDER BY originator_id, originator_version"
        with self._faults():
            return self._by_account(self._recorder.select_where(condition, (arrays.uuids(list(account_ids)),)))

    def histories(self, account_ids: Iterable[UUID], *, snapshots: bool = True) -> dict[UUID, History[AccountEvent]]:
        """What is needed to bring accounts to life, in one query: snapshots and what follows them, or all events."""
        return self._histories(account_ids, decode, snapshots=snapshots)

    def customer_histories(self, keys: Iterable[UUID]) -> dict[UUID, History[CustomerEvent]]:
        """All events of customers, by their keys; a life of theirs has few, so there are no snapshots."""
        return self._histories(keys, decode_customer, snapshots=False)

    def _histories(
        self, ids: Iterable[UUID], read: Callable[[str, int, bytes], E], *, snapshots: bool
    ) -> dict[UUID, History[E]]:
        wanted = arrays.uuids(list(ids))
        with self._faults():
            if snapshots:
                rows = self._recorder.query(_SINCE_SNAPSHOTS, (wanted, wanted))
            else:
                rows = self._recorder.query(_WHOLE, (wanted,))
        found: dict[UUID, History[E]] = {}
        for aggregate_id, version, topic, type_version, state, chain_hash in rows:
            before = found.get(aggregate_id)
            if topic is None:
                found[aggregate_id] = History(state, [], version, chain_hash)
                continue
            if version != (before.version if before else 0) + 1:
                raise Fault(
                    f"The history of {aggregate_id} lacks the event before version {version}; restore the store."
                )
            events = before.events if before else []
            events.append(read(topic, type_version, state))
            found[aggregate_id] = History(before.snapshot if before else None, events, version, chain_hash)
        return found

    def load_customer(self, key: UUID) -> list[CustomerRecorded]:
        """A customer's whole history, by their key; empty when there is none."""
        with self._faults():
            rows = self._recorder.select_events(key)
            return [each for each in map(self._mapper.to_domain_event, rows) if isinstance(each, CustomerRecorded)]

    def read(self, after_position: int, limit: int) -> list[AnyRecorded]:
        """Up to `limit` events that follow a position, without a gap; empty at the head."""
        with self._faults():
            rows = self._recorder.select_notifications(after_position, limit, inclusive_of_start=False)
        for expected, row in enumerate(rows, after_position + 1):
            if row.id != expected:
                raise Fault(f"The store lacks position {expected}, and {row.id} follows; restore it from a backup.")
        return list(map(self._mapper.to_domain_event, rows))

    def whose(self, after_position: int, limit: int) -> list[tuple[int, UUID]]:
        """As `read`, but only each position and whose event it is: an account's id or a customer's key."""
        with self._faults():
            return [(row[0], row[1]) for row in self._recorder.query(_WHOSE, (after_position, limit))]

    def head(self) -> int:
        """The last position; 0 while the store is empty."""
        with self._faults():
            return self._recorder.max_notification_id() or 0

    def events_of_accounts(self) -> int:
        """How many events there are of accounts alone, customers left out: what readers of accounts are told."""
        with self._faults():
            return int(self._recorder.query(_OF_ACCOUNTS, ())[0][0])

    def versions(self, ids: Iterable[UUID]) -> dict[UUID, int]:
        """The version of each account, and each customer by their key, that has one."""
        with self._faults():
            rows = self._recorder.query(_VERSIONS, (arrays.uuids(list(ids)),))
        return {aggregate_id: version for aggregate_id, version in rows if version}

    def find_command(self, aggregate_id: UUID, command_id: str) -> list[AnyRecorded]:
        """The events that a command recorded on an account or a customer, in order; empty when it recorded none."""
        return self.recorded_commands([(aggregate_id, command_id)]).get((aggregate_id, command_id), [])

    def recorded_commands(self, pairs: Sequence[tuple[UUID, str]]) -> dict[tuple[UUID, str], list[AnyRecorded]]:
        """The same for several (account or customer, command id) pairs; those that recorded nothing are left out."""
        wanted = arrays.uuids([pair[0] for pair in pairs]), arrays.texts([pair[1] for pair in pairs])
        with self._faults():
            rows = self._recorder.select_where(_COMMANDS, wanted)
        found: dict[tuple[UUID, str], list[AnyRecorded]] = {}
        for recorded in map(self._mapper.to_domain_event, rows):
            found.setdefault((recorded.aggregate_id, recorded.command_id), []).append(recorded)
        return found

    def save_snapshots(self, snapshots: Sequence[Snapshot]) -> None:
        """Keep each account's snapshot unless a later one is kept already."""
        ids, versions, hashes, states = map(list, zip(*snapshots, strict=True))
        columns = arrays.uuids(ids), arrays.bigints(versions), arrays.byteas(hashes), arrays.byteas(states)
        with self._faults():
            self._recorder.query(_SAVE_SNAPSHOTS, columns)

    def _by_account(self, rows: Iterable[StoredEvent]) -> dict[UUID, list[Recorded]]:
        found: dict[UUID, list[Recorded]] = {}
        for recorded in self._of_accounts(rows):
            found.setdefault(recorded.account_id, []).append(recorded)
        return found

    def _of_accounts(self, rows: Iterable[StoredEvent]) -> Iterator[Recorded]:
        return (each for each in map(self._mapper.to_domain_event, rows) if isinstance(each, Recorded))

    @contextmanager
    def _faults(self, *, writing: bool = False) -> Iterator[None]:
        """Turns what a person must mend into a Fault that says how."""
        try:
            yield
        except PersistenceError as error:
            match error.__cause__:
                case errors.UndefinedTable() | errors.UndefinedFunction() | errors.UndefinedColumn():
                    raise Fault("The database is not up to date: run `credit migrate`.") from error
                case errors.InsufficientPrivilege():
                    kind = ReadOnly if writing else Fault
                    raise kind(f"The database role may not do this: {error}; run `credit migrate`.") from error
                case errors.ReadOnlySqlTransaction():
                    raise ReadOnly(f"The database takes no writes: {error}; wait, or use its primary.") from error
                case errors.DiskFull():
                    raise ReadOnly(f"The disk of the database is full: {error}; make room there.") from error
                case psycopg_pool.PoolTimeout():
                    raise Fault(f"The database cannot be reached: {_why(self._url)}") from error
                case psycopg.OperationalError():
                    raise Fault(f"The database did not do it: {error}") from error
                case _:
                    raise


def _why(url: str) -> str:
    """What the server says to one try; the pool keeps it to itself."""
    try:
        psycopg.connect(url, connect_timeout=3).close()
    except psycopg.Error as error:
        return str(error)
    return "all connections were busy for too long; try again."
