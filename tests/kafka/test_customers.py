"""Accounts and customers share the store's positions and have a topic each; who reads the one notices nothing of the other."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter

import psycopg
import pytest
from kafka import KafkaConsumer, TopicPartition
from kafka.partitioner.default import murmur2

from consumers import envelope
from consumers.envelope import CUSTOMER_EVENTS
from consumers.reading import read_all_customers
from domain.codec import Unreadable
from domain.recorded import CustomerRecorded, Recorded
from infra.accounts import Accounts
from infra.day.schedule import Schedule, day_connection
from infra.store.roles import role_url
from infra.store.verifier import verify, verify_customers, verify_store
from tests.kafka.conftest import running, until
from tests.store.portfolio import application, known_person, purchase

CREDIT = [sys.executable, "-m", "infra.cli"]


@pytest.fixture
def people(site) -> list[str]:
    """Ten people with an account each, one of whose applications was refused; their events interleaved."""
    accounts = Accounts(site.store)
    names = []
    for _ in range(10):
        name, told = known_person()
        names.append(name)
        accounts.execute_many([*told, application(name, "a-1"), application(name, "a-2", score=0)])
        account_id = next(iter(accounts.customer(name).lines))
        accounts.execute_many([purchase(account_id, f"p{number}", minutes=number) for number in range(3)])
    return names


def customers_on(site) -> list[CustomerRecorded]:
    return list(read_all_customers(site.bootstrap, site.prefix + CUSTOMER_EVENTS))


def test_each_topic_holds_its_own_events_as_they_were_stored(site, people):
    site.relay_all()
    stored = site.store.read(0, 1_000)
    by_position = {event.position: event for event in [*site.topic_holds(), *customers_on(site)]}
    assert [by_position[event.position] for event in stored] == stored
    assert Counter(map(type, stored)) == {Recorded: 50, CustomerRecorded: 40}
    assert len(site.topic_holds()) == 50
    assert len(customers_on(site)) == 40
    log = verify_store(site.relay_url)
    assert (verify(site.topic_holds()), verify_customers(customers_on(site))) == log
    assert log == ((10, 10, 50, None), (10, 10, 40, None))


def test_a_customers_records_are_keyed_by_their_id(site, people):
    site.relay_all()
    topic = site.prefix + CUSTOMER_EVENTS
    consumer = KafkaConsumer(bootstrap_servers=site.bootstrap, auto_offset_reset="none", enable_auto_commit=False)
    partitions = [TopicPartition(topic, number) for number in range(24)]
    consumer.assign(partitions)
    for partition in partitions:
        consumer.seek(partition, 0)
    found = {}

    def gathered():
        for partition, records in consumer.poll(timeout_ms=500).items():
            found.update({record.key.decode(): partition.partition for record in records})
        return len(found) == 10

    until(gathered)
    consumer.close()
    assert found == {name: (murmur2(name.encode()) & 0x7FFFFFFF) % 24 for name in people}


def test_a_customers_event_is_a_cloud_event_about_the_customer(site, people):
    event = next(each for each in site.store.read(0, 10) if isinstance(each, CustomerRecorded))
    headers = dict(envelope.headers(event))
    assert headers["ce_source"] == b"/credit/customers"
    assert headers["ce_id"] == f"{people[0]}/1".encode() == event.event_id.encode()
    assert headers["ce_subject"] == envelope.key(event) == people[0].encode()
    assert envelope.read_customer(envelope.key(event), headers, event.data) == event
    with pytest.raises(Unreadable):
        envelope.read(envelope.key(event), headers, event.data)


def test_a_reader_of_accounts_sees_versions_without_a_hole(site, people, tally):
    site.relay_all()
    with running(site.consume(tally)):
        until(lambda: sum(events for _, events in tally.rows().values()) == 50)


def test_killed_before_the_checkpoint_it_goes_on_from_what_both_topics_hold(site, people):
    """Its second slice, of which the last event is a customer's, is on Kafka when it dies."""
    size = 40
    while not isinstance(site.store.read(2 * size - 1, 1)[0], CustomerRecorded):
        size += 1
    killed = site.worker("relay_that_dies_before_the_checkpoint", site.relay_url, site.bootstrap, site.prefix, 30, size)
    assert killed.wait(60) == -signal.SIGKILL
    assert site.relayed() == size
    site.relay_all()
    published = [event.position for event in [*site.topic_holds(), *customers_on(site)]]
    assert sorted(published) == list(range(1, 91))


def test_the_day_job_has_accounts_alone_on_its_schedule(site, people):
    with day_connection(role_url(site.owner_url, "credit_writer")) as connection:
        Schedule(connection).follow(lambda *_: None)
        assert connection.execute("SELECT count(*) FROM account_schedule").fetchone() == (10,)


@pytest.fixture
def credit(site):
    environment = os.environ | {
        "CREDIT_DATABASE_URL": site.owner_url,
        "CREDIT_KAFKA_BOOTSTRAP_SERVERS": site.bootstrap,
        "CREDIT_TOPIC_PREFIX": site.prefix,
    }
    return lambda *asked: subprocess.run(
        [*CREDIT, *asked], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_audit_holds_customers_against_their_topic(site, people, credit):
    site.relay_all()
    told = json.loads(credit("audit", "verify", "--json").stdout)
    assert told["customers in the store"] == told["customer topic"]
    assert told["customer topic"] == {"customers_ok": 10, "customers": 10, "events": 40, "first_difference": None}
    (behind,) = told["differences"]  # no view was kept here
    assert behind.startswith("not the same events everywhere (store 50, topic 50, audit view 0)")
    with psycopg.connect(site.owner_url) as owner:
        owner.execute("UPDATE stored_events SET actor = 'officer:o-2' WHERE topic = 'customer.age_established'")
    spoilt = credit("audit", "verify")
    assert spoilt.returncode == 1
    assert "customers in the store: 0/10 chains hold, 40 events" in spoilt.stdout
    assert "customer topic: 10/10 chains hold" in spoilt.stdout


def test_a_person_is_shown_as_the_store_knows_them(people, credit):
    told = json.loads(credit("customer", "show", people[0], "--json").stdout)
    assert (told["customer_id"], told["version"], told["reserved_fen"]) == (people[0], 4, 5_000_000)
    assert told["applications"]["a-2"]["grounds"] == [{"kind": "score_limit_too_low", "found": 0, "bound": 50_000}]
    assert [account["reserved_fen"] for account in told["accounts"]] == [5_000_000]
    shown = credit("customer", "show", people[0]).stdout
    assert "reserved   50,000.00" in shown
    assert "score_limit_too_low (0, bound 50000)" in shown


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [("nobody", 1, "Nothing is known of a customer nobody: check the id."), ("a b", 2, "is not a customer id")],
)
def test_a_person_who_is_not_there_is_not_shown(site, credit, asked, status, said):
    shown = credit("customer", "show", asked)
    assert (shown.returncode, shown.stdout) == (status, "")
    assert said in shown.stderr
