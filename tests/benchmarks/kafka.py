"""The broker as the floors use it: kafka-python's own producer and consumer, with nothing of ours around them."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from infra.kafka import topics
from infra.kafka.batches import Record
from infra.kafka.topics import PARTITIONS
from tests.benchmarks.measure import Sample, timed

_MINUTES = 120_000
_WAIT = 30_000


def new_topics(bootstrap: str, prefix: str) -> str:
    """Empty topics, made as ours are; returns the prefix that they bear, which begins with `prefix`."""
    fresh = f"{prefix}{uuid4().hex[:8]}."
    topics.prepare(bootstrap, fresh)
    return fresh


def producer(bootstrap: str) -> Any:
    """An idempotent producer; it may fill its batches as ours do, which is to its advantage."""
    return KafkaProducer(
        bootstrap_servers=bootstrap,
        acks="all",
        enable_idempotence=True,
        batch_size=512 * 1024,
        linger_ms=5,
        max_request_size=16 * 512 * 1024,
        max_block_ms=_MINUTES,
        delivery_timeout_ms=_MINUTES,
        metrics_enabled=False,
    )


def produce(bootstrap: str, topic: str, records: Sequence[Record], *, headers: bool = True) -> Sample:
    """Send every record and wait until all are acknowledged; connecting comes before the clock."""
    sender = producer(bootstrap)
    sender.partitions_for(topic)

    def run() -> int:
        sent = [
            sender.send(
                topic, key=record.key, value=record.value, timestamp_ms=record.timestamp,
                headers=list(record.headers) if headers else None,
            )
            for record in records
        ]  # fmt: skip
        sender.flush()
        for future in sent:
            future.get(0)  # flush says nothing of what failed
        return len(sent)

    try:
        return timed(run)
    finally:
        sender.close()


def consume(bootstrap: str, topic: str, amount: int) -> Sample:
    """Poll until so many records have come; nothing is done with them. Raises TimeoutError where no more come."""
    reader = KafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=None,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        isolation_level="read_committed",
        max_poll_records=5_000,
        fetch_max_wait_ms=100,
        metrics_enabled=False,
    )
    try:
        reader.assign([TopicPartition(topic, number) for number in range(PARTITIONS)])
        reader.seek_to_beginning()
        reader.position(TopicPartition(topic, 0))

        def run() -> int:
            seen = 0
            while seen < amount:
                came = sum(len(records) for records in reader.poll(timeout_ms=_WAIT).values())
                if not came:
                    raise TimeoutError(f"{topic} has {seen:,} records of {amount:,}")
                seen += came
            return seen

        return timed(run)
    finally:
        reader.close()
