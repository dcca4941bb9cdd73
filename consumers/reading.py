"""Reading Kafka: the only module of the consumers that knows the client library.

Everything here is raw bytes (a deserialiser that raises would hang the library's consumer for ever) and committed
transactions only. Those leave control records in the log, so offsets are not dense: the place to go on from is always
the one that the library reports, never the last offset plus one.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import Fetcher
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.errors import CorruptRecordError, KafkaError, OffsetOutOfRangeError
from kafka.record import util as checksums

from consumers import envelope
from consumers.records import Corrupt, Raw, parse
from domain.recorded import CustomerRecorded, Recorded

BATCH = 5_000  # records that one poll returns at most
_ANSWER_MS = 30_000
_SESSION_MS, _HEARTBEAT_MS = 6_000, 1_500  # a killed member keeps its partitions so long; brokers allow no less


class Stopped(Exception):  # noqa: N818 - it names what happened
    """A reader cannot go on until a person has looked; its text is one sentence with the way out."""


@dataclass(frozen=True)
class Fetched:
    """Consecutive records of one partition, and the offset to go on from after them."""

    partition: int
    next_offset: int
    records: Sequence[Raw]


class Member:
    """One member of a consumer group on one topic. The group only deals out partitions; `start` says where to read.

    `start` is asked, on the library's own thread, for the next offset of each partition that becomes ours; it is asked
    for all of them again at every rebalance, because another member may have moved them meanwhile.
    """

    def __init__(self, bootstrap: str, topic: str, group: str, start: Callable[[int], int]) -> None:
        self.topic = topic
        self._bootstrap = bootstrap
        self._consumer = _consumer(
            bootstrap,
            group_id=group,
            # The simplest there is: every rebalance deals all partitions anew, and their positions are asked for anew.
            partition_assignment_strategy=[RangePartitionAssignor],
            session_timeout_ms=_SESSION_MS,
            heartbeat_interval_ms=_HEARTBEAT_MS,
        )
        self._start = start
        self._failure: Exception | None = None
        self._consumer.subscribe([topic], listener=_Assignment(self._assigned))

    def poll(self, timeout: float, limit: int) -> list[Fetched]:
        """What has come within `timeout` seconds, at most `limit` records. Raises `Stopped`, or what `start` raised."""
        try:
            polled = self._consumer.poll(timeout_ms=int(timeout * 1000), max_records=limit)
        except OffsetOutOfRangeError as wrong:
            raise Stopped(
                f"{self.topic} does not hold the offset to go on from ({wrong}): it was reset or its history deleted. "
                f"Find out what happened to it, then rebuild the view."
            ) from wrong
        except KafkaError as error:
            raise Stopped(f"reading {self.topic} failed: {error!r}") from error
        finally:
            if self._failure is not None:
                raise self._failure
        return [Fetched(where.partition, self.position(where.partition), records) for where, records in polled.items()]

    def position(self, partition: int) -> int:
        """The next offset that will be read from a partition of ours. Raises `Stopped` when Kafka does not answer."""
        with _answering(self._bootstrap):
            return int(self._consumer.position(TopicPartition(self.topic, partition), timeout_ms=_ANSWER_MS))

    def seek(self, partition: int, offset: int) -> None:
        """Go on from `offset` in a partition of ours; what was fetched of it already is thrown away."""
        self._consumer.seek(TopicPartition(self.topic, partition), offset)

    def partitions(self) -> set[int]:
        """The partitions that are ours now."""
        return {where.partition for where in self._consumer.assignment()}

    def ends(self) -> dict[int, int]:
        """The offset after the last committed record of each partition. Raises `Stopped` when Kafka does not answer."""
        with _answering(self._bootstrap):
            return _offsets(self._consumer, self.topic)[1]

    def check(self, position: Callable[[int], int]) -> None:
        """Raise `Stopped` when the topic cannot be the one that the positions were taken from, or nobody answers."""
        with _answering(self._bootstrap):
            # Positions first: another member may be moving them, but never past an end that is asked for later.
            positions = {number: position(number) for number in self._consumer.partitions_for_topic(self.topic)}
            begins, ends = _offsets(self._consumer, self.topic)
        for partition, stored in positions.items():
            end = ends[partition]
            if not begins[partition] <= stored <= end:
                raise Stopped(
                    f"partition {partition} of {self.topic} holds offsets {begins[partition]} to {end}, but the view "
                    f"has read up to {stored}: the topic was reset or its history deleted. Nothing is read from it; "
                    f"restore the topic, or rebuild the view from the store."
                )

    def close(self) -> None:
        """Leave the group, so that the others get our partitions at once."""
        self._consumer.close(timeout_ms=5_000)

    def _assigned(self, partitions: set[Any]) -> None:
        try:
            for where in partitions:
                self._consumer.seek(where, self._start(where.partition))
        except Exception as failure:
            self._failure = failure  # the library would wrap it in an error of its own
            raise


class _Assignment(ConsumerRebalanceListener):  # type: ignore[misc] # the library has no types
    def __init__(self, assigned: Callable[[set[Any]], None]) -> None:
        self._assigned = assigned

    def on_partitions_assigned(self, assigned: set[Any]) -> None:
        self._assigned(assigned)

    def on_partitions_revoked(self, revoked: set[Any]) -> None:
        """Nothing is held between polls, so there is nothing to give back."""


def read_all(bootstrap: str, topic: str) -> Iterator[Recorded]:
    """Every event of the accounts' topic up to its end as it is now; each account's in order, partitions interleaved.

    Raises `Stopped` when no broker answers, `domain.codec.Unreadable` for a record that holds no event.
    """
    for raw in tail(bootstrap, topic, from_start=True, follow=False):
        yield envelope.read(raw.key, raw.headers, raw.value)


def read_all_customers(bootstrap: str, topic: str) -> Iterator[CustomerRecorded]:
    """The same of the customers' topic."""
    for raw in tail(bootstrap, topic, from_start=True, follow=False):
        yield envelope.read_customer(raw.key, raw.headers, raw.value)


def tail(bootstrap: str, topic: str, *, from_start: bool, follow: bool) -> Iterator[Raw]:
    """Records of the topic: what it holds now (`from_start`), and then what comes (`follow`), each partition in order."""
    with _open(bootstrap) as consumer:
        begins, ends = _offsets(consumer, topic)
        partitions = {TopicPartition(topic, number): end for number, end in ends.items()}
        consumer.assign(list(partitions))
        for where, end in partitions.items():
            consumer.seek(where, begins[where.partition] if from_start else end)
        unread = {where: end for where, end in partitions.items() if begins[where.partition] < end}
        while follow or unread:
            for where, records in consumer.poll(timeout_ms=100, max_records=BATCH).items():
                yield from records if follow else (record for record in records if record.offset < partitions[where])
            if not follow:
                unread = {where: end for where, end in unread.items() if consumer.position(where) < end}


def ends(bootstrap: str, topic: str) -> dict[int, int]:
    """The offset after the last committed record of each partition. Raises `Stopped` when no broker answers."""
    with _open(bootstrap) as consumer:
        return _offsets(consumer, topic)[1]


def newest(bootstrap: str, topic: str) -> Iterator[Raw]:
    """The last committed record of each partition that holds one, found from the partition's end backwards."""
    with _open(bootstrap) as consumer:
        begins, ends = _offsets(consumer, topic)
        wanted = {TopicPartition(topic, number): end for number, end in ends.items()}
        back = 16  # offsets; markers of transactions stand at the end, and whatever was aborted
        while wanted := {where: end for where, end in wanted.items() if begins[where.partition] < end}:
            consumer.assign(list(wanted))
            for where, end in wanted.items():
                consumer.seek(where, max(begins[where.partition], end - back))
            found: dict[Any, Raw] = {}
            while any(consumer.position(where) < end for where, end in wanted.items()):
                for where, records in consumer.poll(timeout_ms=100, max_records=BATCH).items():
                    fitting = [record for record in records if record.offset < wanted[where]]
                    found |= {where: fitting[-1]} if fitting else {}
            yield from found.values()
            wanted = {
                where: max(begins[where.partition], end - back) for where, end in wanted.items() if where not in found
            }
            back *= 16


@contextmanager
def _open(bootstrap: str) -> Iterator[Any]:
    consumer = _consumer(bootstrap, group_id=None)
    try:
        with _answering(bootstrap):
            yield consumer
    finally:
        consumer.close(timeout_ms=5_000)


@contextmanager
def _answering(bootstrap: str) -> Iterator[None]:
    try:
        yield
    except KafkaError as error:
        raise Stopped(
            f"reading Kafka at {bootstrap} failed ({error!r}): is it running? See the broker's log."
        ) from error


def _consumer(bootstrap: str, **more: Any) -> Any:
    if checksums.crc32c_c is None:
        raise Stopped("Kafka's checksum would be counted in Python, 100 times slower: install the package crc32c.")
    try:
        consumer = KafkaConsumer(
            bootstrap_servers=bootstrap,
            auto_offset_reset="none",  # neither a silent start from zero nor a silent jump to the end
            enable_auto_commit=False,
            isolation_level="read_committed",
            allow_auto_create_topics=False,
            max_poll_records=BATCH,
            fetch_max_wait_ms=100,
            metrics_enabled=False,
            bootstrap_timeout_ms=_ANSWER_MS,
            **more,
        )
    except KafkaError as error:
        raise Stopped(f"Kafka at {bootstrap} does not answer ({type(error).__name__}): is it running?") from error
    consumer._fetcher.PartitionRecords = _Records  # noqa: SLF001 - the one place where we reach into the library
    return consumer


class _Records(Fetcher.PartitionRecords):  # type: ignore[misc] # the library has no types
    """The library's reading of fetched batches, with our quicker parser of the records in them.

    What it decides about transactions is the library's own, step by step: control records and what was aborted are
    passed over. (kafka-python is pinned to a minor version; tests/kafka/test_records.py compares the two.)
    """

    def _unpack_records(self, tp: Any, records: Any, *_: object) -> Iterator[Raw]:
        batch = last = records.next_batch()
        while batch is not None:
            last = batch
            if not batch.validate_crc():
                raise CorruptRecordError(f"the batch of {tp} at offset {batch.base_offset} fails its checksum")
            self.leader_epoch = batch.leader_epoch
            if self._is_data(batch):
                batch._maybe_uncompress()  # noqa: SLF001
                data = bytes(memoryview(batch._buffer)[batch._pos :])  # noqa: SLF001
                try:
                    for record in parse(data, batch.base_offset, batch.records_count):
                        self.next_fetch_offset = record.offset + 1
                        yield record
                except Corrupt as wrong:
                    raise CorruptRecordError(f"{tp}: {wrong}") from wrong
            else:
                self.next_fetch_offset = batch.next_offset
            batch = records.next_batch()
        if last is not None:
            self.next_fetch_offset = last.next_offset
        self.drain()

    def _is_data(self, batch: Any) -> bool:
        """Whether a reader may see the batch: it is committed, and no marker."""
        if batch.has_producer_id():
            self._consume_aborted_transactions_up_to(batch.last_offset)
            if self._contains_abort_marker(batch):
                self.aborted_producer_ids.discard(batch.producer_id)
            elif self._is_batch_aborted(batch):
                return False
        return not batch.is_control_batch


def _offsets(consumer: Any, topic: str) -> tuple[dict[int, int], dict[int, int]]:
    """The first offset and the one after the last, of each partition in order."""
    partitions = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic))]
    if not partitions:
        raise Stopped(f"there is no topic {topic}: the relay creates it, start that first")
    begins = consumer.beginning_offsets(partitions, timeout_ms=_ANSWER_MS)
    ends = consumer.end_offsets(partitions, timeout_ms=_ANSWER_MS)
    return {p.partition: begins[p] for p in partitions}, {p.partition: ends[p] for p in partitions}
