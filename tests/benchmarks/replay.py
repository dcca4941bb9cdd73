"""Events a second from stored rows to living accounts: from the store, and in memory where no database can help."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from pydantic_core import from_json

from domain.account import fold
from domain.codec import decode, encode
from domain.events import AccountEvent
from infra.accounts import Accounts
from infra.store.event_store import EventStore
from tests.benchmarks.measure import Contender, Sample, Scale, Suite, over_and_over, timed
from tests.benchmarks.peer import PeerAccount, PeerAccounts, peer_accounts
from tests.benchmarks.site import database, site
from tests.benchmarks.workload import HISTORY, history, lived, settle

_CHUNK = 500  # accounts in one query
_ROWS = """
    SELECT originator_id, originator_version, topic, type_version, state, chain_hash FROM stored_events
    WHERE originator_id = ANY(%s) ORDER BY originator_id, originator_version"""


class Row(NamedTuple):
    """An event as it lies in the store."""

    type: str
    type_version: int
    data: bytes


@contextmanager
def replay(scale: Scale) -> Iterator[Sequence[Suite]]:
    """Every account of a store, and one life over and over."""
    with (
        site("replay") as there,
        database("replay-peer") as peer_url,
        EventStore(there.writer_url, pool_size=1) as store,
        peer_accounts(peer_url) as app,
        psycopg.connect(there.writer_url, autocommit=True) as connection,
    ):
        ids = settle(Accounts(store), "replay", scale.events // HISTORY)
        peer_ids = [app.settle(f"c-{number}") for number in range(scale.events // HISTORY // 4)]
        yield [
            Suite(
                "replay from the store",
                "events",
                [
                    Contender(
                        f"rows of {_CHUNK} accounts a query, not decoded", "floor", partial(_rows, connection, ids)
                    ),
                    Contender(
                        "bare eventsourcing repository, one account a query", "peer", partial(_peer, app, peer_ids)
                    ),
                    Contender("histories and fold, one account a query", "ours", partial(_fold, store, ids, 1)),
                    Contender(
                        f"histories and fold, {_CHUNK} accounts a query", "ours", partial(_fold, store, ids, _CHUNK)
                    ),
                ],
            ),
            in_memory(scale.events, app, peer_ids[0]),
        ]


def in_memory(events: int, app: PeerAccounts | None = None, peer_id: UUID | None = None) -> Suite:
    """One life, decoded and folded over and over; with an application also its own."""
    lives = max(events // HISTORY, 1)
    happened = lived(history("memory", 0))[1]
    rows = [Row(event.TYPE, event.VERSION, encode(event)) for event in happened]
    contenders = [
        Contender("the bytes parsed as JSON, nothing made of it", "floor", partial(_parse, rows, lives)),
        Contender("decode and fold", "ours", partial(_decode_and_fold, rows, lives)),
        Contender("decode alone", "part", partial(_decode, rows, lives)),
        Contender("fold alone", "part", partial(_fold_alone, happened, lives)),
    ]
    if app is not None and peer_id is not None:
        contenders.insert(
            1, Contender("bare eventsourcing mapper and mutate", "peer", partial(_peer_in_memory, app, peer_id, lives))
        )
    return Suite("replay in memory", "events", contenders)


def _rows(connection: psycopg.Connection[Any], ids: Sequence[UUID]) -> Sample:
    def run() -> int:
        with connection.cursor(binary=True) as cursor:
            return sum(
                len(cursor.execute(_ROWS, (list(ids[start : start + _CHUNK]),), prepare=True).fetchall())
                for start in range(0, len(ids), _CHUNK)
            )

    return timed(run)


def _fold(store: EventStore, ids: Sequence[UUID], chunk: int) -> Sample:
    # One by one takes long enough with a quarter of them, as for the peer.
    wanted = ids if chunk > 1 else ids[: max(len(ids) // 4, 1)]

    def run() -> int:
        found = (store.histories(wanted[start : start + chunk]) for start in range(0, len(wanted), chunk))
        return sum(fold(None, each.events).version for histories in found for each in histories.values())

    return timed(run)


def _peer(app: PeerAccounts, ids: Sequence[UUID]) -> Sample:
    def run() -> int:
        accounts: Iterator[PeerAccount] = (app.repository.get(account_id) for account_id in ids)
        return sum(account.version for account in accounts)

    return timed(run)


def _peer_in_memory(app: PeerAccounts, account_id: UUID, lives: int) -> Sample:
    stored = app.recorder.select_events(account_id)

    def run() -> int:
        for _ in range(lives):
            account: PeerAccount | None = None
            for row in stored:
                account = app.mapper.to_domain_event(row).mutate(account)  # type: ignore[attr-defined]
        return lives * len(stored)

    return timed(run)


def _parse(rows: Sequence[Row], lives: int) -> Sample:
    return over_and_over(lives, len(rows), lambda: [from_json(row.data) for row in rows])


def _decode(rows: Sequence[Row], lives: int) -> Sample:
    return over_and_over(lives, len(rows), lambda: [decode(*row) for row in rows])


def _decode_and_fold(rows: Sequence[Row], lives: int) -> Sample:
    return over_and_over(lives, len(rows), lambda: fold(None, [decode(*row) for row in rows]))


def _fold_alone(happened: Sequence[AccountEvent], lives: int) -> Sample:
    return over_and_over(lives, len(happened), lambda: fold(None, happened))
