"""What we publish is CloudEvents 1.0 in binary mode, and reading it gives back what was recorded."""

from dataclasses import replace
from datetime import datetime

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event
from cloudevents.core.formats.json import JSONFormat

from consumers import envelope
from domain.codec import Unreadable
from tests.kafka.histories import history, positioned

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.mark.parametrize("trace", ["", TRACE])
@pytest.mark.parametrize("correlation", ["", "order-77"])
def test_reading_gives_back_what_was_recorded(trace, correlation):
    for event in positioned(history(1, 3, trace=trace)):
        sent = replace(event, correlation_id=correlation)
        assert envelope.read(envelope.key(sent), dict(envelope.headers(sent)), sent.data) == sent


def test_the_cloudevents_package_reads_the_same():
    (event,) = positioned(history(1, 1, trace=TRACE))
    message = KafkaMessage(headers=dict(envelope.headers(event)), key=envelope.key(event), value=event.data)
    read = from_binary_event(message, JSONFormat())
    assert read.get_specversion() == "1.0"
    assert read.get_id() == event.event_id
    assert read.get_source() == "/credit/accounts"
    assert read.get_type() == "account.activated"
    assert read.get_subject() == str(event.account_id)
    assert read.get_time() == event.recorded_at
    assert read.get_datacontenttype() == "application/json"
    assert read.get_data()["limit_fen"] == 500_000
    assert {
        name: read.get_extension(name) for name in ("aggregateversion", "businessdate", "traceparent", "actor")
    } == {
        "aggregateversion": "1",
        "businessdate": "2026-02-10",
        "traceparent": TRACE,
        "actor": "customer:c-1",
    }
    assert read.get_extension("chainhash") == event.chain_hash.hex()


def test_an_empty_part_has_no_header():
    (event,) = history(1, 1)
    names = {name for name, _ in envelope.headers(event)}
    assert not names & {"ce_traceparent", "ce_correlationid"}
    assert "ce_causationid" in names


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("ce_aggregateversion", b"one"),
        ("ce_position", b""),
        ("ce_time", b"yesterday"),
        ("ce_commandhash", b"xyz"),
        ("ce_chainhash", b"\xff"),
        ("ce_type", b"\xff"),
    ],
)
def test_a_malformed_header_is_named(name, content):
    (event,) = history(1, 1)
    headers = dict(envelope.headers(event)) | {name: content}
    with pytest.raises(Unreadable, match=f"{name} is malformed"):
        envelope.read(envelope.key(event), headers, event.data)


@pytest.mark.parametrize("name", ["ce_aggregateversion", "ce_type", "ce_time", "ce_actor", "ce_chainhash"])
def test_a_missing_header_is_named(name):
    (event,) = history(1, 1)
    headers = {known: content for known, content in envelope.headers(event) if known != name}
    with pytest.raises(Unreadable, match=f"{name} is missing"):
        envelope.read(envelope.key(event), headers, event.data)


def test_a_record_without_value_is_no_event():
    (event,) = history(1, 1)
    with pytest.raises(Unreadable, match="no value"):
        envelope.read(envelope.key(event), dict(envelope.headers(event)), None)


def test_the_key_must_be_an_account_id():
    (event,) = history(1, 1)
    with pytest.raises(Unreadable, match="the key is no account id"):
        envelope.read(b"someone", dict(envelope.headers(event)), event.data)


def test_times_are_written_in_utc_whatever_zone_they_came_in():
    (event,) = history(1, 1)
    elsewhere = replace(event, recorded_at=datetime.fromisoformat("2026-02-10T12:00:01+08:00"))
    assert dict(envelope.headers(elsewhere))["ce_time"] == b"2026-02-10T04:00:01.000000Z"
