"""Programs that the tests kill: `python -m tests.kafka.workers NAME ARGUMENTS`, each dying or stopping on purpose."""

import os
import signal
import sys
from threading import Event

from consumers import runner
from consumers.balance import BALANCE
from infra.kafka.producer import SliceProducer
from infra.kafka.relay import Checkpoint, Relay
from infra.store.event_store import EventStore
from tests.kafka.tally import Tally


def relay(url: str, bootstrap: str, prefix: str, lease: str, slice_size: str) -> None:
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with EventStore(url) as store:
        Relay(
            store, url, bootstrap, prefix, lease=float(lease), slice_size=int(slice_size),
            told=_say,
        ).run(stop)  # fmt: skip


def relay_that_dies_before_the_commit(*arguments: str) -> None:
    """Its second slice is in Kafka's log, acknowledged, when it dies; the transaction is open."""
    _interrupt_second_slice(signal.SIGKILL)
    relay(*arguments)


def relay_that_halts_before_the_commit(*arguments: str) -> None:
    """As above, but it is only stopped in its tracks, and tries to commit when it goes on."""
    _interrupt_second_slice(signal.SIGSTOP)
    relay(*arguments)


def relay_that_dies_before_the_checkpoint(*arguments: str) -> None:
    """Its second slice is committed on Kafka when it dies, and PostgreSQL does not know."""
    move, calls = Checkpoint.move, []

    def dying(self, position):
        calls.append(position)
        if len(calls) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return move(self, position)

    Checkpoint.move = dying
    relay(*arguments)


def consumer_that_dies_in_its_third_batch(url: str, bootstrap: str, prefix: str) -> None:
    """The rows of its third batch are written, but not committed, when it dies."""

    class Dying(Tally):
        calls = 0

        def apply(self, connection, batch):
            super().apply(connection, batch)
            self.calls += 1
            if self.calls == 3:
                os.kill(os.getpid(), signal.SIGKILL)

    runner.run(BALANCE, Dying(url), bootstrap, Event(), prefix)


def consumer_that_halts_in_its_third_batch(url: str, bootstrap: str, prefix: str) -> None:
    """It is stopped in its tracks before it commits, and tries to when it goes on."""

    class Halting(Tally):
        calls = 0

        def commit(self, topic, partition, expected, next_offset, batch):
            self.calls += 1
            if self.calls == 3:
                _say("interrupted")
                os.kill(os.getpid(), signal.SIGSTOP)
                _say("went on")
            super().commit(topic, partition, expected, next_offset, batch)

    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    runner.run(BALANCE, Halting(url), bootstrap, stop, prefix)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _interrupt_second_slice(number: signal.Signals) -> None:
    enqueue, slices = SliceProducer._enqueue, []

    class Manager:
        """Stands before the library's transaction manager and interrupts on the way to the commit."""

        def __init__(self, producer, real):
            self.producer, self.real = producer, real

        def __getattr__(self, name):
            return getattr(self.real, name)

        def begin_commit(self):
            slices.append(1)
            if len(slices) == 2:
                self.producer.flush(10)
                _say("interrupted")
                os.kill(os.getpid(), number)
            return self.real.begin_commit()

    def wrapped(self, partition, records):
        manager = self._producer._transaction_manager
        if not isinstance(manager, Manager):
            self._producer._transaction_manager = Manager(self._producer, manager)
        return enqueue(self, partition, records)

    SliceProducer._enqueue = wrapped


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
