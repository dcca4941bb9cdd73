"""A second implementation of the hash chain, written from its description alone; it shares no code with the writer.

Each event's hash is SHA-256 over: the previous hash (32 bytes; zeros before the first event), the account id, or the
customer's key (16 bytes), the version (8 bytes), TYPE, VERSION (8 bytes), recorded_at, command id, actor and the bytes. Texts, in
UTF-8, and the bytes have their length before them (8 bytes); numbers are big endian; recorded_at is UTC with six
decimals and a `Z`.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from infra.faults import Fault


class Chained(Protocol):
    """What the chain covers of an event, whatever it was read from: the store, a topic, the audit view.

    `aggregate_id` is whose it is: an account's id, or a customer's key.
    """

    @property
    def aggregate_id(self) -> UUID: ...
    @property
    def version(self) -> int: ...
    @property
    def type(self) -> str: ...
    @property
    def type_version(self) -> int: ...
    @property
    def recorded_at(self) -> datetime: ...
    @property
    def command_id(self) -> str: ...
    @property
    def actor(self) -> str: ...
    @property
    def data(self) -> bytes: ...
    @property
    def chain_hash(self) -> bytes: ...


class Row(NamedTuple):
    """One event as it was read from a table."""

    aggregate_id: UUID
    version: int
    type: str
    type_version: int
    recorded_at: datetime
    command_id: str
    actor: str
    data: bytes
    chain_hash: bytes


@dataclass(slots=True)
class _Chain:
    version: int = 0
    head: bytes = b"\x00" * 32
    broken: str | None = None


class Verifier:
    """Takes events, each account's (or customer's) in the order of their versions, and says of each if its chain holds."""

    def __init__(self) -> None:
        self._chains: dict[UUID, _Chain] = {}
        self.events = 0

    def add(self, event: Chained) -> None:
        """Follow a chain by one event; after its first difference the rest of it is passed over."""
        self.events += 1
        chain = self._chains.get(event.aggregate_id)
        if chain is None:
            chain = self._chains[event.aggregate_id] = _Chain()
        if chain.broken is not None:
            return
        if event.version != chain.version + 1:
            chain.broken = f"version {event.version} follows version {chain.version}"
        elif _hash(chain.head, event) != event.chain_hash:
            chain.broken = f"version {event.version} ({event.type}) is not what was hashed"
        chain.version, chain.head = event.version, event.chain_hash

    def verdicts(self) -> Iterator[tuple[UUID, str | None]]:
        """Each account or customer with the first difference in words, or None where the chain holds."""
        return ((whose, chain.broken) for whose, chain in self._chains.items())

    def verdict(self, kind: str) -> tuple[int, int, int, str | None]:
        """How many chains hold, of how many, over how many events; and the first difference, in words."""
        verdicts = list(self.verdicts())
        broken = [f"{kind} {whose}: {difference}" for whose, difference in verdicts if difference is not None]
        return len(verdicts) - len(broken), len(verdicts), self.events, broken[0] if broken else None

    def heads(self) -> Iterator[tuple[UUID, int, bytes]]:
        """Each one's last version and its hash: what two sources of the same events must agree on."""
        return ((whose, chain.version, chain.head) for whose, chain in self._chains.items())


class Verification(NamedTuple):
    """How many accounts' chains hold, of how many, over how many events; and the first difference, in words."""

    accounts_ok: int
    accounts: int
    events: int
    first_difference: str | None


class CustomerVerification(NamedTuple):
    """The same of customers."""

    customers_ok: int
    customers: int
    events: int
    first_difference: str | None


class Log(NamedTuple):
    """What verifying a store came to; what is wrong with the log as a whole is told with the accounts."""

    accounts: Verification
    customers: CustomerVerification


def verify(events: Iterable[Chained]) -> Verification:
    """Recompute every account's chain from any source that gives each event once, an account's in order."""
    verifier = Verifier()
    for event in events:
        verifier.add(event)
    return Verification(*verifier.verdict("account"))


def verify_customers(events: Iterable[Chained]) -> CustomerVerification:
    """The same of customers."""
    verifier = Verifier()
    for event in events:
        verifier.add(event)
    return CustomerVerification(*verifier.verdict("customer"))


def verify_store(url: str) -> Log:
    """Recompute every chain of the store, and hold the number of events against its head.

    `url` is that of a role that may read the log, such as `credit_relay`. Raises Fault where it cannot.
    """
    try:
        with psycopg.connect(url, options="-c timezone=UTC") as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ  # one moment for log and head
            with connection.cursor("log", row_factory=class_row(Row)) as cursor:
                cursor.itersize = 5_000
                cursor.execute(_LOG, binary=True)
                accounts, customers = Verifier(), Verifier()
                for row in cursor:
                    (customers if row.type.startswith("customer.") else accounts).add(row)
            first, last, head = connection.execute(_ENDS).fetchone() or (0, 0, 0)
    except (psycopg.errors.UndefinedTable, psycopg.errors.InsufficientPrivilege) as error:
        raise Fault(f"The event log cannot be read ({error}): run `credit migrate`.") from error
    except psycopg.OperationalError as error:
        raise Fault(f"The database cannot be reached: {error}") from error
    result, events = Verification(*accounts.verdict("account")), accounts.events + customers.events
    if result.first_difference is None and not events == head == last == last - first + 1:
        difference = f"{events} events at positions {first} to {last}, but {head} were appended"
        result = result._replace(first_difference=difference)
    return Log(result, CustomerVerification(*customers.verdict("customer")))


_LOG = """
    SELECT originator_id AS aggregate_id, originator_version AS version, topic AS type, type_version, recorded_at,
           command_id, actor, state AS data, chain_hash
    FROM stored_events ORDER BY position"""
_ENDS = """
    SELECT COALESCE(min(position), 1), COALESCE(max(position), 0), (SELECT last FROM store_head) FROM stored_events"""


def _hash(previous: bytes, event: Chained) -> bytes:
    offset = event.recorded_at.utcoffset()
    instant = event.recorded_at.replace(tzinfo=None) - (offset or timedelta())
    covered = bytearray(previous)
    covered += event.aggregate_id.bytes
    covered += event.version.to_bytes(8, "big")
    _frame(covered, event.type.encode("utf-8"))
    covered += event.type_version.to_bytes(8, "big")
    _frame(covered, (instant.isoformat(timespec="microseconds") + "Z").encode("ascii"))
    _frame(covered, event.command_id.encode("utf-8"))
    _frame(covered, event.actor.encode("utf-8"))
    _frame(covered, event.data)
    return hashlib.sha256(covered).digest()


def _frame(covered: bytearray, content: bytes) -> None:
    covered += len(content).to_bytes(8, "big")
    covered += content
