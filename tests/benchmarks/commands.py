"""Commands a second with durable commits: a purchase on one of 500 accounts with twenty events of history."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import count
from threading import local
from typing import Any

import psycopg

from domain.decisions import decide
from infra.accounts import Accounts
from infra.store.event_store import EventStore
from tests.benchmarks.measure import Contender, Sample, Scale, Suite, timed
from tests.benchmarks.peer import PeerAccounts, peer_accounts
from tests.benchmarks.site import database, site
from tests.benchmarks.workload import by_clients, check, history, lived, purchases, settle

_ROW_BYTES = 650  # about what a stored purchase takes: bytes, envelope and hashes
_INSERT = "INSERT INTO floor (state) VALUES (%b)"
_FLOOR = "CREATE TABLE floor (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, state bytea NOT NULL)"


@contextmanager
def commands(scale: Scale) -> Iterator[Sequence[Suite]]:
    """One at a time from 16 clients, in bulk, and without a store."""
    with (
        site("commands") as there,
        database("commands-peer") as peer_url,
        EventStore(there.writer_url, pool_size=scale.clients) as store,
        peer_accounts(peer_url) as app,
    ):
        with psycopg.connect(there.owner_url) as connection:
            connection.execute(_FLOOR)
        groups = (f"group-{number}" for number in count())
        named = f"{scale.clients} clients"
        single = Suite(
            "commands",
            "commands",
            [
                Contender(f"one-row insert and commit, {named}", "floor", partial(_insert, there.owner_url, scale)),
                Contender(f"bare eventsourcing application, {named}", "peer", partial(_peer, app, scale)),
                Contender(f"Accounts.execute, {named}", "ours", partial(_execute, store, groups, scale)),
                Contender(
                    f"the same, no account kept in memory, {named}",
                    "ours",
                    partial(_execute, store, groups, scale, live_max=0),
                ),
                Contender("Accounts.execute, 1 client", "ours", partial(_execute, store, groups, scale, clients=1)),
                Contender("Accounts.execute_many, in bulk", "ours", partial(_execute_many, store, groups, scale)),
                Contender("decide alone, without a store", "part", partial(decide_alone, scale.bulk_commands)),
            ],
        )
        yield [single]


def decide_alone(amount: int) -> Sample:
    """Purchases decided one after the other on one account that moves with them; nothing is kept anywhere.

    Twenty of them and then a fresh start, so that the account stays as small as the other contenders' are.
    """
    before, _ = lived(history("alone", 0))
    asked = purchases([history("alone", 0)[0].account_id], 20)

    def run() -> int:
        for _ in range(amount // len(asked)):
            account = before
            for command in asked:
                decision = decide(command, account)
                assert decision.account is not None
                account = decision.account
        return amount // len(asked) * len(asked)

    return timed(run)


def _insert(url: str, scale: Scale) -> Sample:
    """psycopg in autocommit, a connection a client: the same client library as ours, and no logic."""
    mine = local()
    opened: list[psycopg.Connection[Any]] = []
    row = b"x" * _ROW_BYTES

    def insert(_: int) -> None:
        mine.connection.execute(_INSERT, (row,), prepare=True)

    def connect() -> None:
        mine.connection = psycopg.connect(url, autocommit=True)
        opened.append(mine.connection)

    try:
        return by_clients(scale.clients, scale.accounts, range(scale.commands), insert, connect)
    finally:
        for connection in opened:
            connection.close()


def _peer(app: PeerAccounts, scale: Scale) -> Sample:
    accounts = [app.settle(f"c-{number}") for number in range(scale.accounts)]
    work = [accounts[number % len(accounts)] for number in range(scale.peer_commands)]
    return by_clients(scale.clients, scale.accounts, work, app.purchase)


def _execute(
    store: EventStore, groups: Iterator[str], scale: Scale, *, live_max: int = 20_000, clients: int = 0
) -> Sample:
    accounts = Accounts(store, live_max=live_max)
    ids = settle(accounts, next(groups), scale.accounts)
    work = purchases(ids, scale.commands if clients != 1 else scale.peer_commands)
    return by_clients(clients or scale.clients, scale.accounts, work, accounts.execute)


def _execute_many(store: EventStore, groups: Iterator[str], scale: Scale) -> Sample:
    accounts = Accounts(store)
    work = purchases(settle(accounts, next(groups), scale.accounts), scale.bulk_commands)
    return timed(lambda: check(accounts.execute_many(work)))
