"""Events a second along the whole path, and how long one command takes until its view shows it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from typing import Any
from uuid import UUID

import psycopg

from consumers.envelope import ACCOUNT_EVENTS
from domain.commands import AccountCommand
from infra.accounts import Accounts
from infra.installation import Installation
from infra.kafka.relay import record_of
from infra.store.event_store import EventStore
from infra.supervisor import PROGRAMS, Supervisor
from infra.views.tables import VIEWS, of_generation
from tests.benchmarks import kafka
from tests.benchmarks.measure import Contender, Sample, Scale, Suite, timed
from tests.benchmarks.peer import PeerAccounts, peer_accounts, peer_views
from tests.benchmarks.site import database, forget_topics, site
from tests.benchmarks.workload import HISTORY, by_clients, check, lives, purchases, settle

_APPLIED = "SELECT view, sum(events_applied)::bigint FROM view_positions GROUP BY view"
_VERSION = f"SELECT version FROM {of_generation('balance', 1)} WHERE account_id = %s"


@contextmanager
def path(scale: Scale) -> Iterator[Sequence[Suite]]:
    """The relay and the four consumers run as processes of their own, as `credit serve` has them."""
    with (
        site("path") as there,
        database("path-peer") as peer_url,
        TemporaryDirectory() as folder,
        EventStore(there.writer_url) as store,
        psycopg.connect(there.owner_url, autocommit=True) as eyes,
        peer_accounts(peer_url) as app,
        Supervisor(PROGRAMS, there.environment(), Path(folder) / "programs.log") as programs,
    ):
        accounts, groups = Accounts(store), (f"group-{number}" for number in count())
        settle(accounts, "first", 10)
        _until_seen(eyes, store.events_of_accounts(), programs)  # everybody has started and found each other
        peer_ids = [app.settle(f"c-{number}") for number in range(scale.accounts)]
        through = Suite(
            "the whole path",
            "events",
            [
                Contender(
                    "COPY, raw produce, raw consume x 3, one after the other",
                    "floor",
                    partial(_floor, there, store, scale),
                ),
                Contender(
                    f"bare application, {scale.clients} clients, one ProjectionRunner",
                    "peer",
                    partial(_peer, app, peer_url, peer_ids, scale),
                ),
                Contender(
                    "execute_many, relay, Kafka, four views",
                    "ours",
                    partial(_through, accounts, groups, store, eyes, programs, scale),
                ),
            ],
        )
        one = Suite(
            "one command at a time",
            "commands",
            [
                Contender("Accounts.execute until it returns", "part", partial(_answered, accounts, groups, scale)),
                Contender(
                    "Accounts.execute until the balance view shows it",
                    "ours",
                    partial(_seen, accounts, groups, eyes, scale),
                ),
            ],
        )
        yield [one, through]  # before the disk is busy with what the other has written


def _through(
    accounts: Accounts, groups: Iterator[str], store: EventStore, eyes: Any, programs: Supervisor, scale: Scale
) -> Sample:
    before = store.events_of_accounts()
    work: list[AccountCommand] = lives(next(groups), scale.events // HISTORY)

    def run() -> int:
        check(accounts.execute_many(work))
        head = store.events_of_accounts()
        _until_seen(eyes, head, programs)
        return head - before

    return timed(run)


def _until_seen(eyes: psycopg.Connection[Any], head: int, programs: Supervisor) -> None:
    """Wait until every view has applied every event; the programs' own troubles are raised here."""
    seen: dict[str, int] = {}
    while len(seen) < len(VIEWS) or min(seen.values()) < head:
        programs.check()
        sleep(0.01)
        seen = dict(eyes.execute(_APPLIED).fetchall())


def _answered(accounts: Accounts, groups: Iterator[str], scale: Scale) -> Sample:
    return _one_by_one(accounts, groups, scale, lambda *_: None)


def _seen(accounts: Accounts, groups: Iterator[str], eyes: psycopg.Connection[Any], scale: Scale) -> Sample:
    def wait(account_id: UUID, version: int) -> None:
        while (eyes.execute(_VERSION, (account_id,), prepare=True).fetchone() or (0,))[0] < version:
            sleep(0.001)

    return _one_by_one(accounts, groups, scale, wait)


def _one_by_one(accounts: Accounts, groups: Iterator[str], scale: Scale, wait: Any) -> Sample:
    ids = settle(accounts, next(groups), scale.singles)
    for account_id in ids:
        wait(account_id, HISTORY)
    sleep(0.2)  # so that the first one meets an idle service like the others
    waits = []
    for command in purchases(ids, scale.singles):
        begun = perf_counter()
        answer = accounts.execute(command)
        wait(answer.account_id, answer.version)
        waits.append(perf_counter() - begun)
    return Sample(len(waits), sum(waits), tuple(waits))


def _floor(there: Installation, store: EventStore, scale: Scale) -> Sample:
    """What PostgreSQL and Kafka alone take for the same bytes, with none of the waiting for each other."""
    records = [record_of(event) for event in store.read(0, scale.events)]
    prefix = kafka.new_topics(there.bootstrap_servers, there.topic_prefix)
    topic = prefix + ACCOUNT_EVENTS
    try:
        with psycopg.connect(there.owner_url, autocommit=True) as connection:
            connection.execute("CREATE TEMPORARY TABLE floor (state bytea NOT NULL)")

            def copy() -> int:
                with connection.cursor().copy("COPY floor FROM STDIN") as into:
                    for record in records:
                        into.write_row((record.value,))
                return len(records)

            steps = [timed(copy), kafka.produce(there.bootstrap_servers, topic, records)]
        steps += [kafka.consume(there.bootstrap_servers, topic, len(records)) for _ in VIEWS]
        return Sample(len(records), sum(step.seconds for step in steps))
    finally:
        forget_topics(there.bootstrap_servers, prefix)


def _peer(app: PeerAccounts, url: str, ids: Sequence[UUID], scale: Scale) -> Sample:
    """Purchases by clients while the runner follows; the log's earlier events are followed before the clock."""
    work = [ids[number % len(ids)] for number in range(scale.peer_commands)]
    with peer_views(url) as views:
        views.wait(app.recorder.max_notification_id(), timeout=300)

        def run() -> int:
            by_clients(scale.clients, scale.accounts, work, app.purchase)
            views.wait(app.recorder.max_notification_id(), timeout=300)
            return len(work)

        return timed(run)
