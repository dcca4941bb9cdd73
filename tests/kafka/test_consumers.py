"""A view is complete whatever happens to its readers, and a reader that must not go on says why and stops."""

import signal
from dataclasses import replace
from uuid import uuid4

import psycopg
import pytest
from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient

from consumers import reading, runner
from consumers.reading import Stopped
from infra.kafka import topics
from infra.kafka.producer import SliceProducer
from infra.kafka.relay import record_of
from tests.kafka.conftest import paused, running, until
from tests.kafka.histories import histories, history, positioned
from tests.kafka.tally import Tally


def complete(tally, accounts, length):
    """Whether every account has all its events, each applied once."""
    return list(tally.rows().values()) == [(length, length)] * accounts


def test_a_view_is_filled_and_followed(site, tally):
    site.publish(histories(30, 5))
    with running(site.consume(tally)):
        until(lambda: complete(tally, 30, 5))
        site.publish(histories(30, 5, after=5))
        until(lambda: complete(tally, 30, 10))


def test_a_reader_that_has_caught_up_stands_at_the_end_of_each_partition(site, tally):
    site.publish(histories(30, 5))
    _publish_and_abort(site, histories(30, 5, after=5))
    ends = _ends(site)
    with running(site.consume(tally)):
        until(lambda: {p: at for p, at in tally.positions(site.topic).items() if at} == ends)
    assert sum(ends.values()) > 300, "control records and what was aborted count as offsets"
    assert complete(tally, 30, 5)


def _publish_and_abort(site, events):
    """As a relay leaves it that was killed within a transaction, and whose successor has begun."""
    killed = SliceProducer(site.bootstrap, [site.topic], site.prefix + "killed", 10)
    killed._producer.begin_transaction()
    for partition, records in killed._chunks(site.topic, [record_of(event) for event in events]):
        killed._enqueue(partition, records)
    killed._producer.flush(10)
    killed.close()
    SliceProducer(site.bootstrap, [site.topic], site.prefix + "killed", 10).close()


def _ends(site):
    consumer = KafkaConsumer(bootstrap_servers=site.bootstrap, isolation_level="read_committed")
    found = consumer.end_offsets([TopicPartition(site.topic, number) for number in range(24)])
    consumer.close()
    return {partition.partition: end for partition, end in found.items() if end}


def test_killed_within_a_batch_the_view_is_complete_in_the_end(site, tally):
    site.publish(histories(30, 20))
    killed = site.worker("consumer_that_dies_in_its_third_batch", site.owner_url, site.bootstrap, site.prefix)
    assert killed.wait(60) == -signal.SIGKILL
    assert 0 < sum(events for _, events in tally.rows().values()) < 600
    with running(site.consume(tally)):
        until(lambda: complete(tally, 30, 20), seconds=90)


def test_members_that_come_and_go_lose_and_double_nothing(site, tally):
    site.publish(histories(30, 10))
    with running(site.consume(tally)):
        until(lambda: bool(tally.rows()))
        with running(site.consume(Tally(site.owner_url))):
            site.publish(histories(30, 10, after=10))
            until(lambda: complete(tally, 30, 20))
        site.publish(histories(30, 10, after=20))
        until(lambda: complete(tally, 30, 30))


def test_what_is_delivered_again_changes_nothing(site, tally):
    events = histories(10, 5)
    site.publish(events, events, histories(10, 1, after=5))
    with running(site.consume(tally)):
        until(lambda: complete(tally, 10, 6))


def test_a_member_that_another_has_overtaken_writes_nothing_and_goes_on(site, tally):
    """Only the position tells: the group knows nothing of it."""

    class Overtaken(Tally):
        calls = 0

        def commit(self, topic, partition, expected, next_offset, batch):
            self.calls += 1
            if self.calls == 1:
                tally.commit(topic, partition, expected, next_offset, batch)
            super().commit(topic, partition, expected, next_offset, batch)

    site.publish(history(1, 3))
    overtaken = Overtaken(site.owner_url)
    with running(site.consume(overtaken)):
        until(lambda: overtaken.calls > 0)
        site.publish(history(1, 2, after=3))
        until(lambda: complete(tally, 1, 5))


def test_a_member_paused_past_a_rebalance_goes_on_and_ends_nobody(site, tally):
    site.publish(histories(30, 10))
    halted = site.worker("consumer_that_halts_in_its_third_batch", site.owner_url, site.bootstrap, site.prefix)
    assert halted.stdout.readline() == "interrupted\n"
    with running(site.consume(tally)):
        until(lambda: complete(tally, 30, 10), seconds=60)
        halted.send_signal(signal.SIGCONT)
        assert halted.stdout.readline() == "went on\n"
        site.publish(histories(30, 10, after=10))
        until(lambda: complete(tally, 30, 20), seconds=60)
        halted.terminate()
        assert halted.wait(30) == 0


def test_an_outage_of_the_broker_ends_a_reader_with_one_sentence(site, tally, monkeypatch):
    """It is waited for first; whoever runs the reader starts it again."""
    monkeypatch.setattr(reading, "_ANSWER_MS", 2_000)
    monkeypatch.setattr(runner, "_LOOK", 1.0)
    site.publish(history(1, 3))
    with pytest.raises(Stopped, match=r"reading Kafka at .* failed .*: is it running\?"):
        _read_through_an_outage(site, tally)


def _read_through_an_outage(site, tally):
    with running(site.consume(tally)) as stop:
        until(lambda: complete(tally, 1, 3))
        with paused(site.bootstrap):
            stop.wait(30)


def stopped_reading(site, tally):
    with pytest.raises(Stopped) as reason, running(site.consume(tally)) as stop:
        stop.wait(30)
    return str(reason.value)


def test_a_hole_stops_the_reader_with_account_and_version(site, tally):
    events = history(1, 4)
    site.publish([*events[:2], events[3]])
    reason = stopped_reading(site, tally)
    assert f"missing before version 4 of account {events[0].account_id} (version 3 was due)" in reason
    assert tally.rows() == {}


def test_an_unknown_event_type_asks_to_be_upgraded(site, tally):
    (event,) = history(1, 1)
    site.publish([replace(event, type="account.teleported")])
    reason = stopped_reading(site, tally)
    assert f"account {event.account_id}, version 1" in reason
    assert "offset 0" in reason
    assert "'account.teleported' is unknown to this program: upgrade it" in reason


def test_a_topic_that_was_reset_is_refused(site, tally):
    site.publish(history(1, 3))
    with running(site.consume(tally)):
        until(lambda: complete(tally, 1, 3))
    admin = KafkaAdminClient(bootstrap_servers=site.bootstrap)
    admin.delete_topics([site.topic])
    until(lambda: site.topic not in admin.list_topics())
    admin.close()
    topics.prepare(site.bootstrap, site.prefix)
    assert "the topic was reset or its history deleted" in stopped_reading(site, tally)
    assert complete(tally, 1, 3)


def test_a_topic_that_is_not_there_is_said(site, tally):
    site.prefix = f"{uuid4()}."
    assert "there is no topic" in stopped_reading(site, tally)


def test_a_failing_database_ends_the_reader_with_its_own_words(site):
    class Broken(Tally):
        def position(self, topic, partition):
            raise psycopg.OperationalError("the disk is full")

    site.publish(history(1, 1))
    broken = site.consume(Broken(site.owner_url))
    with pytest.raises(psycopg.OperationalError, match="the disk is full"), running(broken) as stop:
        stop.wait(30)


def test_the_whole_topic_can_be_read_at_once(site):
    events = positioned(histories(30, 10))
    site.publish(events)
    assert sorted(site.topic_holds(), key=lambda event: event.position) == events
