"""A portfolio of each test's own on the real PostgreSQL: accounts that bought in January, and idle ones."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from domain.commands import AccountCommand, Activate, Actor, Open, Purchase
from domain.identity import account_id_for
from domain.recorded import Recorded
from domain.terms import PAY_LATER
from infra.accounts import Accounts
from infra.day import Report, run_day
from infra.migrations import migrate
from infra.store.event_store import EventStore
from infra.store.roles import role_url

OPENED = datetime(2026, 1, 5, 4, tzinfo=UTC)
OFFICER = Actor(role="officer", id="o-1")
PRICE = 123_457


class Portfolio:
    """The accounts of one test, and what tests do with them."""

    def __init__(self, owner_url: str) -> None:
        self.owner_url = owner_url
        self.writer_url = role_url(owner_url, "credit_writer")
        self.store = EventStore(self.writer_url)
        self.accounts = Accounts(self.store)
        self._opened = 0

    def idle(self, number: int, zone: str = "Asia/Shanghai") -> list[UUID]:
        """Accounts that may borrow and owe nothing."""
        names = [f"customer-{self._opened + each}" for each in range(number)]
        self._opened += number
        commands: list[AccountCommand] = []
        for name in names:
            said = {"account_id": account_id_for(name, "a-1"), "actor": OFFICER, "at": OPENED}
            commands += [
                Open(command_id="open", customer_id=name, terms_version=PAY_LATER.version, zone=zone, **said),
                Activate(command_id="activate", limit_fen=5_000_000, **said),
            ]
        self.accounts.execute_many(commands)
        return [account_id_for(name, "a-1") for name in names]

    def buyers(self, number: int, zone: str = "Asia/Shanghai") -> list[UUID]:
        """Accounts that owe a purchase: due on the bill day, 1 February, then on 11 February unless they pay."""
        ids = self.idle(number, zone)
        self.buy(ids)
        return ids

    def buy(self, ids: list[UUID], days: int = 5, name: str = "p1") -> None:
        at = OPENED + timedelta(days=days)
        self.accounts.execute_many(
            [
                Purchase(
                    command_id=f"buy-{name}", account_id=each, actor=OFFICER, at=at, purchase_id=name,
                    amount_fen=PRICE, merchant_id="m-1",
                )
                for each in ids
            ]
        )  # fmt: skip

    def run(self, day: str, **options) -> Report:
        """The day, by another process: nothing is in its memory."""
        with EventStore(self.writer_url) as store:
            return run_day(date.fromisoformat(day), Accounts(store), self.writer_url, **options)

    def recorded(self, ids: list[UUID]) -> list[Recorded]:
        histories = self.store.load_many(ids)
        return [event for each in ids for event in histories[each]]

    def versions(self, ids: list[UUID]) -> list[int]:
        found = self.store.versions(ids)
        return [found[each] for each in ids]

    @contextmanager
    def owner(self) -> Iterator[psycopg.Connection]:
        """Who may do what no part of the service may."""
        with psycopg.connect(self.owner_url, autocommit=True) as connection:
            yield connection

    def damage(self, account_id: UUID, statement: str) -> None:
        """Change an account's last event, as only a disk or an attacker would."""
        where = "WHERE originator_id = %(id)s AND originator_version = (SELECT max(originator_version)"
        where += " FROM stored_events WHERE originator_id = %(id)s)"
        with self.owner() as owner:
            owner.execute(f"{statement} {where}", {"id": account_id})


@pytest.fixture
def new_portfolio(new_database) -> Iterator[Callable[[], Portfolio]]:
    made: list[Portfolio] = []

    def new() -> Portfolio:
        url = new_database()
        migrate(url)
        made.append(Portfolio(url))
        return made[-1]

    yield new
    for each in made:
        each.store.close()


@pytest.fixture
def portfolio(new_portfolio) -> Portfolio:
    return new_portfolio()
