"""Events a second from the store onto Kafka, acknowledged."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from threading import Event
from time import sleep

import psycopg
from eventsourcing.system import NotificationLogReader

from consumers.envelope import ACCOUNT_EVENTS
from infra.accounts import Accounts
from infra.installation import Installation
from infra.kafka.batches import Record
from infra.kafka.relay import Checkpoint, Relay, record_of
from infra.store.event_store import EventStore
from tests.benchmarks import kafka
from tests.benchmarks.background import running
from tests.benchmarks.measure import Contender, Sample, Scale, Suite, timed
from tests.benchmarks.peer import PeerAccounts, peer_accounts
from tests.benchmarks.site import database, forget_topics, site
from tests.benchmarks.workload import HISTORY, settle


@contextmanager
def relay(scale: Scale) -> Iterator[Sequence[Suite]]:
    """A full store into an empty topic, a new one each time."""
    with (
        site("relay") as there,
        database("relay-peer") as peer_url,
        EventStore(there.writer_url) as store,
        peer_accounts(peer_url) as app,
    ):
        settle(Accounts(store), "relay", scale.events // HISTORY)
        for number in range(scale.peer_events // HISTORY):
            app.settle(f"c-{number}")
        records = [record_of(event) for event in store.read(0, scale.events)]
        yield [
            Suite(
                "relay",
                "events",
                [
                    Contender("raw produce of the same records", "floor", partial(_raw, there, records)),
                    Contender(
                        "raw produce without their headers", "part", partial(_raw, there, records, headers=False)
                    ),
                    Contender(
                        "the library's log reader, produced by its sections of 10",
                        "peer",
                        partial(_peer, there, app),
                    ),
                    Contender("Relay, store to topic and checkpoint", "ours", partial(_relay, there, store)),
                ],
            )
        ]


def publish_all(there: Installation, prefix: str) -> Sample:
    """Let a relay publish all that the store holds; from its start to its last checkpoint."""
    with EventStore(there.relay_url, pool_size=1) as store:
        return _publish(there, store, prefix)


def _publish(there: Installation, store: EventStore, prefix: str) -> Sample:
    head = store.head()
    ours = Relay(store, there.relay_url, there.bootstrap_servers, prefix)
    with psycopg.connect(there.relay_url, autocommit=True) as session:
        checkpoint = Checkpoint(session, prefix + ACCOUNT_EVENTS)

        def until_published(stop: Event) -> int:
            while checkpoint.stored() < head and not stop.is_set():
                sleep(0.005)
            return head

        with running(ours.run) as stop:
            return timed(lambda: until_published(stop))


def _relay(there: Installation, store: EventStore) -> Sample:
    prefix = kafka.new_topics(there.bootstrap_servers, there.topic_prefix)
    try:
        return _publish(there, store, prefix)
    finally:
        forget_topics(there.bootstrap_servers, prefix)


def _raw(there: Installation, records: Sequence[Record], *, headers: bool = True) -> Sample:
    prefix = kafka.new_topics(there.bootstrap_servers, there.topic_prefix)
    try:
        return kafka.produce(there.bootstrap_servers, prefix + ACCOUNT_EVENTS, records, headers=headers)
    finally:
        forget_topics(there.bootstrap_servers, prefix)


def _peer(there: Installation, app: PeerAccounts) -> Sample:
    """How the library's own followers read, and then send: a section of the log, acknowledged before the next."""
    prefix = kafka.new_topics(there.bootstrap_servers, there.topic_prefix)
    sender = kafka.producer(there.bootstrap_servers)
    topic = prefix + ACCOUNT_EVENTS
    sender.partitions_for(topic)

    def run() -> int:
        amount = 0
        for section in NotificationLogReader(app.notification_log).select(start=None):
            sent = [sender.send(topic, key=str(each.originator_id).encode(), value=each.state) for each in section]
            sender.flush()
            for future in sent:
                future.get(0)
            amount += len(sent)
        return amount

    try:
        return timed(run)
    finally:
        sender.close()
        forget_topics(there.bootstrap_servers, prefix)
