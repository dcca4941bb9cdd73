"""Our quicker encoder and parser of Kafka's record format agree with the library's, byte for byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.record.default_records import DefaultRecordBatchBuilder
from kafka.record.memory_records import MemoryRecords

from consumers.records import Corrupt, parse
from infra.kafka.batches import Record, encode, varint

TEXTS = st.text(max_size=40)
BYTES = st.binary(max_size=300)
HEADERS = st.lists(st.tuples(TEXTS, BYTES), max_size=70)
RECORDS = st.builds(Record, BYTES, HEADERS, BYTES, st.integers(0, 2**41))


def by_the_library(records):
    """A whole batch as kafka-python writes it."""
    builder = DefaultRecordBatchBuilder(
        magic=2, compression_type=0, is_transactional=0, producer_id=-1, producer_epoch=-1, base_sequence=-1,
        batch_size=10_000_000,
    )  # fmt: skip
    for offset, (key, headers, value, timestamp) in enumerate(records):
        assert builder.append(offset, timestamp, key, value, headers) is not None
    return bytes(builder.build())


@given(st.lists(RECORDS, min_size=1, max_size=5))
def test_a_batch_is_encoded_as_the_library_does(records):
    header = DefaultRecordBatchBuilder.header_size_in_bytes()
    assert b"".join(encode(records)) == by_the_library(records)[header:]


@given(st.lists(RECORDS, min_size=1, max_size=5))
def test_a_batch_is_parsed_as_the_library_does(records):
    written = by_the_library(records)
    (batch,) = MemoryRecords(written)
    expected = [(each.offset, each.key, dict(each.headers), each.value) for each in batch]
    body = written[DefaultRecordBatchBuilder.header_size_in_bytes() :]
    assert [tuple(record) for record in parse(body, 0, len(records))] == expected


def test_what_is_null_stays_null():
    written = by_the_library([Record(None, [("a", None), ("b", b"")], None, 0)])
    (record,) = parse(written[DefaultRecordBatchBuilder.header_size_in_bytes() :], 7, 1)
    assert record == (7, None, {"a": None, "b": b""}, None)


@given(st.integers(-(2**62), 2**62))
def test_numbers_are_written_as_the_library_does(number):
    from kafka.record.util import encode_varint

    expected = bytearray()
    encode_varint(number, expected.append)
    assert varint(number) == bytes(expected)


@pytest.mark.parametrize("kept", [0, 1, 10, 40, -1])
def test_bytes_cut_short_are_corrupt(kept):
    body = b"".join(encode([Record(b"key", [("name", b"x" * 20)], b"value" * 10, 0)]))
    with pytest.raises(Corrupt):
        list(parse(body[:kept], 0, 1))
