"""Accounts and customers in memory, and the desk on which commands are decided.

Memory is a cache beside the store and never the truth: it may be behind, for others write there too. What was decided on
something old is then not recorded, because its version is taken; what is *said* of it is asked of the store first.
"""

from collections import OrderedDict
from collections.abc import Hashable, Iterable, Mapping
from contextlib import suppress
from threading import Lock
from typing import Generic, NamedTuple, TypeVar
from uuid import UUID

from domain import customer, snapshot
from domain.account import Account, fold
from domain.chain import GENESIS
from domain.customer import Customer
from domain.events import AccountEvent
from domain.identity import customer_key
from domain.underwriting import Applicant, Policy
from infra.faults import Fault
from infra.store.envelopes import End
from infra.store.event_store import EventStore, History, Snapshot

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
SNAPSHOT_EVERY = 100  # versions


class Live(NamedTuple):
    """An account in memory, and the hash that its next event continues."""

    account: Account
    chain_hash: bytes

    @property
    def end(self) -> End:
        return End(self.account.version, self.chain_hash)


class LiveCustomer(NamedTuple):
    """A customer in memory, and the hash that their next event continues."""

    customer: Customer
    chain_hash: bytes = GENESIS

    @property
    def end(self) -> End:
        return End(self.customer.version, self.chain_hash)


class Recent(Generic[K, V]):
    """What was used last, up to a number of it; safe for any number of threads."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._known: OrderedDict[K, V] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._known)

    def get(self, key: K) -> V | None:
        with self._lock:
            known = self._known.get(key)
            if known is not None:
                self._known.move_to_end(key)
            return known

    def keep(self, known: Mapping[K, V]) -> None:
        with self._lock:
            for key, value in known.items():
                self._known[key] = value
                self._known.move_to_end(key)
            while len(self._known) > self._room:
                self._known.popitem(last=False)

    def forget(self, keys: Iterable[K]) -> None:
        with self._lock:
            for key in keys:
                self._known.pop(key, None)


class Memory:
    """The accounts and customers of one store that were used last."""

    def __init__(self, store: EventStore, live_max: int) -> None:
        self.store = store
        self.accounts: Recent[UUID, Live] = Recent(live_max)
        self.customers: Recent[str, LiveCustomer] = Recent(live_max)

    def latest(self, account_ids: Iterable[UUID]) -> dict[UUID, Live]:
        """The accounts as the store has them now: from memory where that is up to date; unknown ones are left out."""
        wanted = set(account_ids)
        live = {account_id: known for account_id in wanted if (known := self.accounts.get(account_id))}
        if live:
            versions = self.store.versions(live)
            live = {key: known for key, known in live.items() if versions.get(key) == known.account.version}
        return live | self.load(wanted - live.keys())

    def latest_customers(self, customer_ids: Iterable[str]) -> dict[str, LiveCustomer]:
        """The customers as the store has them now, those of whom nothing is known yet included."""
        wanted = set(customer_ids)
        live = {customer_id: known for customer_id in wanted if (known := self.customers.get(customer_id))}
        if live:
            versions = self.store.versions(map(customer_key, live))
            live = {
                customer_id: known
                for customer_id, known in live.items()
                if versions.get(customer_key(customer_id), 0) == known.customer.version
            }
        return live | self.load_customers(wanted - live.keys())

    def load(self, account_ids: Iterable[UUID]) -> dict[UUID, Live]:
        """The accounts from the store, and into memory."""
        histories = self.store.histories(account_ids) if account_ids else {}
        loaded: dict[UUID, Live] = {}
        unreadable: list[UUID] = []
        for account_id, history in histories.items():
            start = snapshot.load(history.snapshot) if history.snapshot is not None else None
            if history.snapshot is not None and start is None:
                unreadable.append(account_id)  # of another edition of the program
            else:
                loaded[account_id] = _live(account_id, start, history)
        if unreadable:
            whole = self.store.histories(unreadable, snapshots=False)
            loaded |= {account_id: _live(account_id, None, history) for account_id, history in whole.items()}
        self.accounts.keep(loaded)
        return loaded

    def load_customers(self, customer_ids: Iterable[str]) -> dict[str, LiveCustomer]:
        """The customers from the store, and into memory."""
        keys = {customer_key(customer_id): customer_id for customer_id in customer_ids}
        loaded = {customer_id: LiveCustomer(Customer(customer_id)) for customer_id in keys.values()}
        for key, history in (self.store.customer_histories(keys) if keys else {}).items():
            folded = customer.fold(Customer(keys[key]), history.events)
            loaded[keys[key]] = LiveCustomer(folded, history.chain_hash)
        self.customers.keep(loaded)
        return loaded

    def save_snapshots(self, now: Mapping[UUID, Live], before: Mapping[UUID, Live | None]) -> None:
        """Keep a snapshot of each account that has come far enough."""
        due = []
        for account_id, live in now.items():
            earlier, version = before.get(account_id), live.account.version
            if version // SNAPSHOT_EVERY > (earlier.account.version if earlier else 0) // SNAPSHOT_EVERY:
                due.append(Snapshot(account_id, version, live.chain_hash, snapshot.dump(live.account)))
        if due:
            with suppress(Fault):  # the command is done; a snapshot that is missing costs time, not truth
                self.store.save_snapshots(due)


class Desk:
    """What a command, or a chunk of them, is decided on: accounts and customers as they were read and as they become.

    They are read from memory and trusted until something is to be said of them, or, where `checked`, as the store has
    them now.
    """

    def __init__(self, memory: Memory, policy: Policy, *, checked: bool) -> None:
        self._memory, self._policy, self._checked = memory, policy, checked
        self._accounts: dict[UUID, Live | None] = {}
        self._customers: dict[str, LiveCustomer] = {}
        self._before: dict[UUID, Live | None] = {}
        # Of what came from memory as it was: the versions that it had.
        self._trusted: dict[UUID, int] = {}

    def lay_out(self, account_ids: set[UUID]) -> None:
        """Read these accounts at once, as the store has them now."""
        found = self._memory.latest(account_ids)
        for account_id in account_ids:
            self._accounts[account_id] = self._before[account_id] = found.get(account_id)

    def lay_out_customers(self, customer_ids: set[str]) -> None:
        """Read these customers at once, as the store has them now."""
        self._customers |= self._memory.latest_customers(customer_ids)

    def account(self, account_id: UUID) -> Live | None:
        """The account; None where it was never opened."""
        known = self._accounts.get(account_id)
        if known is not None or account_id in self._accounts:
            return known
        live = None if self._checked else self._memory.accounts.get(account_id)
        if live is None:
            self.lay_out({account_id})
        else:
            self._trusted[account_id] = live.account.version
            self._accounts[account_id] = self._before[account_id] = live
        return self._accounts[account_id]

    def customer(self, customer_id: str) -> LiveCustomer:
        """The customer, also where nothing is known of them yet."""
        if customer_id not in self._customers:
            live = None if self._checked else self._memory.customers.get(customer_id)
            if live is None:
                self.lay_out_customers({customer_id})
            else:
                self._trusted[customer_key(customer_id)] = live.customer.version
                self._customers[customer_id] = live
        return self._customers[customer_id]

    def applicant(self, customer_id: str, *, latest: bool = False) -> Applicant:
        """The customer with what their closed accounts owe, which is asked of the store: no version protects that.

        `latest`: the customer is, too, because nothing of theirs will be recorded.
        """
        if latest and not self._checked:
            self.lay_out_customers({customer_id})
        known = self.customer(customer_id).customer
        closed = [account_id for account_id, line in known.lines.items() if line.closed]
        unread = {account_id for account_id in closed if account_id not in self._accounts}
        if unread:
            self.lay_out(unread)
        live = {account_id: self._accounts[account_id] for account_id in closed}
        owed = {account_id: found.account.ledger.owed for account_id, found in live.items() if found is not None}
        return Applicant(known, self._policy, owed)

    def put(self, accounts: Mapping[UUID, Live], customers: Mapping[str, LiveCustomer]) -> None:
        """What they have become."""
        self._accounts.update(accounts)
        self._customers.update(customers)

    def up_to_date(self) -> bool:
        """Whether what was trusted is as the store has it; else it is forgotten."""
        if self._trusted:
            versions = self._memory.store.versions(self._trusted)
            if any(versions.get(key, 0) != version for key, version in self._trusted.items()):
                self.forget()
                return False
        return True

    def keep(self) -> None:
        """Remember it all, now that it is durable."""
        accounts = {account_id: live for account_id, live in self._accounts.items() if live is not None}
        self._memory.accounts.keep(accounts)
        self._memory.customers.keep(self._customers)
        self._memory.save_snapshots(accounts, self._before)

    def forget(self) -> None:
        """Somebody else was here: have it read anew."""
        self._memory.accounts.forget(self._accounts)
        self._memory.customers.forget(self._customers)


def _live(account_id: UUID, start: Account | None, history: History[AccountEvent]) -> Live:
    account = fold(start, history.events) if history.events or start is None else start
    if account.version != history.version:
        raise Fault(f"Account {account_id} is at version {account.version}, its history at {history.version}.")
    return Live(account, history.chain_hash)
