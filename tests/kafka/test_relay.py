"""The relay publishes every event, in order, whatever happens to it, and never two relays at once."""

import signal
from collections import Counter
from contextlib import ExitStack

import psycopg
import pytest
from kafka import KafkaConsumer, TopicPartition
from kafka.partitioner.default import murmur2

from consumers import reading
from infra.faults import Fault
from infra.kafka.relay import Checkpoint
from tests.kafka.conftest import paused, running, until
from tests.kafka.histories import histories


def in_order(events):
    """Versions by account as a reader sees them that passes over what it has seen; fails on a hole."""
    seen = Counter()
    for event in events:
        if event.version > seen[event.account_id]:
            assert event.version == seen[event.account_id] + 1, f"a hole in {event.account_id}"
            seen[event.account_id] = event.version
    return seen


def test_everything_is_published_once_and_as_it_was_stored(site):
    site.append(histories(40, 10))
    site.relay_all()
    published = site.topic_holds()
    assert sorted(published, key=lambda event: event.position) == site.store.read(0, 1_000)
    assert in_order(published) == Counter({event.account_id: 10 for event in published})


def test_an_accounts_events_lie_in_the_partition_that_java_clients_expect(site):
    site.append(histories(40, 1))
    site.relay_all()
    consumer = KafkaConsumer(bootstrap_servers=site.bootstrap, auto_offset_reset="none", enable_auto_commit=False)
    partitions = [TopicPartition(site.topic, number) for number in range(24)]
    consumer.assign(partitions)
    for partition in partitions:
        consumer.seek(partition, 0)
    found = {}
    until(lambda: _gather(consumer, found) == 40)
    consumer.close()
    assert found == {key: (murmur2(key) & 0x7FFFFFFF) % 24 for key in found}


def _gather(consumer, found):
    for partition, records in consumer.poll(timeout_ms=500).items():
        found.update({record.key: partition.partition for record in records})
    return len(found)


def test_killed_within_a_transaction_it_loses_nothing_and_doubles_nothing(site):
    site.append(histories(30, 10))
    killed = site.worker("relay_that_dies_before_the_commit", site.relay_url, site.bootstrap, site.prefix, 30, 100)
    assert killed.wait(60) == -signal.SIGKILL
    assert site.relayed() == 100
    site.relay_all()
    published = site.topic_holds()
    assert len(published) == 300
    assert set(in_order(published).values()) == {10}


def test_killed_between_commit_and_checkpoint_it_goes_on_from_what_the_topic_holds(site):
    site.append(histories(30, 10))
    killed = site.worker("relay_that_dies_before_the_checkpoint", site.relay_url, site.bootstrap, site.prefix, 30, 100)
    assert killed.wait(60) == -signal.SIGKILL
    assert site.relayed() == 100
    site.relay_all()
    published = site.topic_holds()
    assert sorted(event.position for event in published) == list(range(1, 301))
    assert set(in_order(published).values()) == {10}


def test_of_two_relays_one_leads_and_the_other_takes_over(site):
    site.append(histories(10, 10))
    first, second = [], []
    with running(site.relay(second.append).run) as stop_second:
        until(lambda: second == [f"leads for {site.topic}"])
        with running(site.relay(first.append).run):
            until(lambda: site.relayed() == 100)
            assert first == []
            stop_second.set()
            until(lambda: first == [f"leads for {site.topic}"])
            site.append(histories(10, 10, after=10))
            until(lambda: site.relayed() == 200)
    published = site.topic_holds()
    assert len(published) == 200
    assert set(in_order(published).values()) == {20}


def test_a_relay_that_hangs_past_its_lease_cannot_commit_after_its_successor_began(site):
    site.append(histories(30, 10))
    lease = 1.5
    halted = site.worker("relay_that_halts_before_the_commit", site.relay_url, site.bootstrap, site.prefix, lease, 100)
    told = [halted.stdout.readline().strip() for _ in range(2)]
    assert told == [f"leads for {site.topic}", "interrupted"]
    with running(site.relay(lease=6).run):
        until(lambda: site.relayed() == 300)
        halted.send_signal(signal.SIGCONT)
        until(lambda: "does not lead any more" in halted.stdout.readline())
        site.append(histories(30, 1, after=10))
        until(lambda: site.relayed() == 330)
        halted.terminate()
        assert halted.wait(30) == 0
    published = site.topic_holds()
    assert set(in_order(published).values()) == {11}
    assert len(published) == 330


def test_a_store_restored_from_an_older_backup_is_refused(site):
    site.append(histories(1, 3))
    site.relay_all()
    with psycopg.connect(site.relay_url, autocommit=True) as session:
        checkpoint = Checkpoint(session, site.topic)
        checkpoint.load()
        checkpoint.move(5)
    refusal = r"ends at position 3, but 5 .* older backup.*CREDIT_TOPIC_PREFIX"
    with pytest.raises(Fault, match=refusal), running(site.relay().run) as stop:
        stop.wait(30)


def test_a_wrong_password_ends_it_instead_of_being_tried_for_ever(site):
    login, _, place = site.relay_url.rpartition("@")
    site.relay_url = f"{login.rpartition(':')[0]}:hunter2@{place}"
    refusal = r"may not use the database \(.*password authentication failed.*CREDIT_RELAY_URL"
    with pytest.raises(Fault, match=refusal) as fault, running(site.relay().run) as stop:
        stop.wait(30)
    assert "hunter2" not in str(fault.value)


def test_an_outage_of_the_broker_is_survived(site):
    """What is not acknowledged in time is sent again by another producer, once the broker answers."""
    site.append(histories(10, 10))
    told = []
    with running(site.relay(told.append, lease=1.5).run):
        until(lambda: site.relayed() == 100)
        with paused(site.bootstrap):
            site.append(histories(10, 10, after=10))
            until(lambda: any("resumes from its checkpoint" in text for text in told))
        until(lambda: site.relayed() == 200)
    assert set(in_order(site.topic_holds()).values()) == {20}


def test_an_outage_while_it_looks_for_where_to_go_on_is_survived(site, monkeypatch):
    monkeypatch.setattr(reading, "_ANSWER_MS", 1_500)
    load, loads, silence, told = Checkpoint.load, [], ExitStack(), []

    def falling_silent(self):
        loads.append(self)
        if len(loads) == 2:  # once when it leads, and again before it asks the topic
            silence.enter_context(paused(site.bootstrap))
        return load(self)

    monkeypatch.setattr(Checkpoint, "load", falling_silent)
    site.append(histories(10, 10))
    with running(site.relay(told.append).run), silence:
        until(lambda: any("resumes from its checkpoint" in text for text in told))
        silence.close()
        until(lambda: site.relayed() == 100)
