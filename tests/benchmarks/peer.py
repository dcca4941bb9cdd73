"""The peer: the same work by a bare application of the eventsourcing library, as its documentation would write it.

Its own PostgreSQL recorder, mapper, transcoder, notification log and projection runner, each as it comes. It checks
one rule where ours has a rulebook, and keeps no envelope, hash chain or idempotency. Its events have three fields of
their own where ours carry about twenty-five, so what is measured for each event flatters it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

from eventsourcing.application import Application
from eventsourcing.dispatch import singledispatchmethod
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier

from tests.benchmarks.workload import HISTORY


class PeerAccount(Aggregate):
    """A credit line, without statements."""

    class Posted(Aggregate.Event):
        """Something was bought."""

        purchase_id: str
        amount: int
        merchant_id: str

    def __init__(self, customer_id: str) -> None:
        self.customer_id = customer_id
        self.limit = 0
        self.owed = 0
        self.purchases: dict[str, int] = {}

    @event("Activated")
    def activate(self, limit: int) -> None:
        self.limit = limit

    def purchase(self, purchase_id: str, amount: int, merchant_id: str) -> None:
        if purchase_id not in self.purchases:
            if amount > self.limit - self.owed:
                raise ValueError(f"over the limit: {amount}")
            self._posted(purchase_id, amount, merchant_id)

    @event(Posted)
    def _posted(self, purchase_id: str, amount: int, merchant_id: str) -> None:
        self.owed += amount
        self.purchases[purchase_id] = amount


class PeerAccounts(Application[UUID]):
    """Commands as methods: get, do, save."""

    def settle(self, customer_id: str) -> UUID:
        """An account with its history, saved at once."""
        account = PeerAccount(customer_id)
        account.activate(5_000_000)
        for number in range(HISTORY - 2):
            account.purchase(f"h-{number}", 99, "shop-1")
        self.save(account)
        return account.id

    def purchase(self, account_id: UUID) -> None:
        account: PeerAccount = self.repository.get(account_id)
        account.purchase(str(uuid4()), 99, "shop-2")
        self.save(account)


class PeerBalances(PostgresTrackingRecorder):
    """A table of balances that remembers how far it has come, in the library's way."""

    def __init__(self, datastore: Any, **kwargs: Any) -> None:
        super().__init__(datastore, **kwargs)
        self.check_identifier_length("balances")
        table = Identifier(self.datastore.schema, "balances")
        self.sql_create_statements.append(
            SQL("CREATE TABLE IF NOT EXISTS {} (account_id uuid PRIMARY KEY, owed bigint NOT NULL)").format(table)
        )
        self._add = SQL(
            "INSERT INTO {} AS kept VALUES (%s, %s) ON CONFLICT (account_id) DO UPDATE SET owed = kept.owed + %s"
        ).format(table)

    def add(self, account_id: UUID, amount: int, tracking: Tracking) -> None:
        """Raise a balance and move the position, in one transaction."""
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(self._add, (account_id, amount, amount))


class PeerProjection(Projection[PeerBalances]):
    """Balances from events, one transaction an event."""

    name = "balances"

    @singledispatchmethod
    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        self.view.add(domain_event.originator_id, 0, tracking)

    @process_event.register
    def posted(self, domain_event: PeerAccount.Posted, tracking: Tracking) -> None:
        self.view.add(domain_event.originator_id, domain_event.amount, tracking)


@contextmanager
def peer_accounts(url: str) -> Iterator[PeerAccounts]:
    """The application on an empty database of its own."""
    app = PeerAccounts(environment(url))
    try:
        yield app
    finally:
        app.close()


def peer_views(url: str) -> ProjectionRunner[PeerAccounts, PeerBalances]:
    """A runner that has begun to fill the balances from the beginning of the log."""
    return ProjectionRunner(
        application_class=PeerAccounts, projection_class=PeerProjection, view_class=PeerBalances, env=environment(url)
    )


def environment(url: str) -> dict[str, str]:
    """How the library is told of a database."""
    parts = conninfo_to_dict(url)
    told = {name: str(parts[name]) for name in ("dbname", "host", "port", "user")}
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_PASSWORD": str(parts.get("password") or ""),
        **{f"POSTGRES_{name.upper()}": said for name, said in told.items()},
    }
