"""The transactional producer of the relay: a slice of records is published whole, within a deadline, or not at all.

It is the only module that reaches into kafka-python beyond its public interface (pinned to one minor version):
whole encoded batches are handed to its sender, so that sequence numbers, retries and the fence stay the library's.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from time import monotonic
from typing import Any

from kafka import KafkaProducer, TopicPartition
from kafka.errors import KafkaError
from kafka.partitioner.default import murmur2
from kafka.producer.producer_batch import ProducerBatch
from kafka.record import util as checksums
from kafka.record.memory_records import MemoryRecordsBuilder

from infra.faults import Fault
from infra.kafka import batches
from infra.kafka.batches import Record

BATCH_BYTES = 512 * 1024  # a broker takes at most 1 MB a batch unless told otherwise
_FORMAT = 2
_NO_COMPRESSION = 0


class Unpublished(Exception):  # noqa: N818 - it names an outcome
    """A slice was not published, or nobody knows whether it was: throw the producer away and resume."""


class SliceProducer:
    """Publishes slices of records, each in a transaction of its own, to whichever of `topics` each belongs on.

    A new producer with the same `transactional_id` fences every older one: what those have not committed is aborted.
    `deadline` is the most seconds that any answer of the broker may take. Raises `Unpublished` when no broker answers
    within it or transactions cannot be begun, and `Fault` when the installation lacks the checksum in C.
    """

    def __init__(self, bootstrap: str, topics: Iterable[str], transactional_id: str, deadline: float) -> None:
        if checksums.crc32c_c is None:
            raise Fault("Kafka's checksum would be counted in Python, 100 times slower: install the package crc32c.")
        self._deadline = deadline
        wait = int(deadline * 1000)
        try:
            self._producer: Any = KafkaProducer(
                bootstrap_servers=bootstrap,
                acks="all",
                enable_idempotence=True,
                transactional_id=transactional_id,
                transaction_timeout_ms=max(wait, 10_000),
                delivery_timeout_ms=wait,
                request_timeout_ms=wait,
                max_block_ms=wait,
                bootstrap_timeout_ms=wait,
                retry_backoff_ms=20,
                max_request_size=16 * BATCH_BYTES,
                allow_auto_create_topics=False,
                metrics_enabled=False,
            )
        except KafkaError as error:
            raise Unpublished(f"Kafka at {bootstrap} does not answer ({type(error).__name__})") from error
        try:
            self._producer.init_transactions()
            self._partitions = {topic: len(self._producer.partitions_for(topic)) for topic in topics}
        except KafkaError as error:
            self.close()
            raise Unpublished(f"transactions of {transactional_id} cannot be begun: {error!r}") from error

    def publish(self, records: Mapping[str, Iterable[Record]]) -> None:
        """Publish the records of each topic in their order, all or none.

        Raises `Unpublished` when that is not certain; the producer is then closed and of no more use.
        """
        until = monotonic() + self._deadline
        try:
            self._producer.begin_transaction()
            futures = [
                self._enqueue(where, chunk)
                for topic, some in records.items()
                for where, chunk in self._chunks(topic, some)
            ]
            ending = self._producer._transaction_manager.begin_commit()  # noqa: SLF001 - the public one waits for ever
            self._producer._sender.wakeup()  # noqa: SLF001
            ended = ending.wait(max(until - monotonic(), 0) * 1000)
        except KafkaError as error:
            self.close()
            raise Unpublished(f"the broker did not take the slice: {error!r}") from error
        if not ended:
            self.close()
            raise Unpublished(f"the broker did not take the slice within {self._deadline:g} s")
        for future in futures:
            self._settled(future)

    def close(self) -> None:
        """Let go of the broker at once; what was not committed is aborted by the next producer or by the broker."""
        with suppress(KafkaError):  # it complains of what is unsent, which is the point of closing now
            self._producer.close(timeout=0)
        self._producer._sender.force_close()  # noqa: SLF001 - close() does not get this far when something is unsent
        self._producer._closed = True  # noqa: SLF001 - so that its finaliser does not try again

    def _chunks(self, topic: str, records: Iterable[Record]) -> Iterator[tuple[TopicPartition, list[Record]]]:
        """The records of a topic by partition, in batches below the broker's limit."""
        partitions = self._partitions[topic]
        by_partition: defaultdict[int, list[Record]] = defaultdict(list)
        sizes: defaultdict[int, int] = defaultdict(int)
        for record in records:
            partition = _hash(record.key) % partitions
            size = len(record.value) + 1024
            if sizes[partition] + size > BATCH_BYTES and by_partition[partition]:
                yield TopicPartition(topic, partition), by_partition.pop(partition)
                sizes[partition] = 0
            by_partition[partition].append(record)
            sizes[partition] += size
        yield from ((TopicPartition(topic, partition), chunk) for partition, chunk in by_partition.items())

    def _enqueue(self, where: TopicPartition, records: list[Record]) -> Any:
        """Hand a whole batch to the library's sender, as its accumulator would after as many single appends."""
        encoded = batches.encode(records)
        builder: Any = MemoryRecordsBuilder(_FORMAT, _NO_COMPRESSION, BATCH_BYTES)
        inner = builder._builder  # noqa: SLF001
        inner._buffer += b"".join(encoded)  # noqa: SLF001
        inner._first_timestamp = records[0].timestamp  # noqa: SLF001
        inner._max_timestamp = max(record.timestamp for record in records)  # noqa: SLF001
        inner._num_records = builder._next_offset = len(records)  # noqa: SLF001
        inner._last_offset = len(records) - 1  # noqa: SLF001
        batch: Any = ProducerBatch(where, builder)
        accumulator = self._producer._accumulator  # noqa: SLF001
        self._producer._transaction_manager.maybe_add_partition_to_transaction(where)  # noqa: SLF001
        with accumulator._tp_lock(where):  # noqa: SLF001
            accumulator._batches[where].append(batch)  # noqa: SLF001
            accumulator._incomplete.add(batch)  # noqa: SLF001
        return batch.produce_future

    def _settled(self, future: Any) -> None:
        """Raise `Unpublished` unless the broker acknowledged the batch; a committed transaction alone is no proof."""
        if future.is_done and not future.failed():
            _, _, errors = future.value
            if errors is None:
                return
            self.close()
            raise Unpublished(f"the broker refused a batch: {errors(0)!r}")
        self.close()
        raise Unpublished("a batch was never acknowledged")


@lru_cache(maxsize=65_536)
def _hash(key: bytes) -> int:
    """Where kafka-python's and Java's default partitioners put a key, before the modulus."""
    return int(murmur2(key)) & 0x7FFFFFFF
