"""An installation of each test's own on the shared servers: a migrated database, a topic prefix, an empty topic."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

import psutil
import pytest

from consumers import runner
from consumers.balance import BALANCE
from consumers.envelope import ACCOUNT_EVENTS
from consumers.reading import read_all
from domain.recorded import Recorded
from infra.kafka import topics
from infra.kafka.producer import SliceProducer
from infra.kafka.relay import Relay, record_of, relayed
from infra.migrations import migrate
from infra.store.event_store import EventStore
from infra.store.roles import role_url
from tests.kafka.tally import Tally


class Site:
    """One test's installation, and what tests do with it."""

    def __init__(self, owner_url: str, bootstrap: str, prefix: str) -> None:
        self.owner_url, self.bootstrap, self.prefix = owner_url, bootstrap, prefix
        self.relay_url = role_url(owner_url, "credit_relay")
        self.topic = prefix + ACCOUNT_EVENTS
        self.store = EventStore(owner_url, pool_size=1)
        self._workers: list[subprocess.Popen[str]] = []
        topics.prepare(bootstrap, prefix)

    def append(self, events: list[Recorded]) -> None:
        self.store.append(events)

    def relay(self, told: Callable[[str], None] = lambda _: None, slice_size: int = 100, lease: float = 6) -> Relay:
        return Relay(
            self.store, self.relay_url, self.bootstrap, self.prefix, lease=lease, slice_size=slice_size, told=told
        )

    def relayed(self) -> int:
        return relayed(self.relay_url, self.prefix)

    def relay_all(self) -> None:
        """Publish everything the store holds."""
        with running(self.relay().run):
            until(lambda: self.relayed() == self.store.head())

    def publish(self, *slices: list[Recorded]) -> None:
        """Publish events as they are, past the store and its checks."""
        producer = SliceProducer(self.bootstrap, [self.topic], self.prefix + "test", 10)
        for events in slices:
            producer.publish({self.topic: [record_of(event) for event in events]})
        producer.close()

    def topic_holds(self) -> list[Recorded]:
        return list(read_all(self.bootstrap, self.topic))

    def consume(self, tally: Tally) -> Callable[[Event], None]:
        return lambda stop: runner.run(BALANCE, tally, self.bootstrap, stop, self.prefix)

    def worker(self, name: str, *arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.kafka.workers", name, *map(str, arguments)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self._workers.append(process)
        return process

    def close(self) -> None:
        self.store.close()
        for process in self._workers:
            process.kill()
            process.wait()
            process.stdout.close()


@pytest.fixture
def site(database_url, bootstrap_servers, topic_prefix) -> Iterator[Site]:
    migrate(database_url)
    made = Site(database_url, bootstrap_servers, topic_prefix)
    yield made
    made.close()


@pytest.fixture
def tally(site) -> Tally:
    return Tally(site.owner_url)


@contextmanager
def running(run: Callable[[Event], None]) -> Iterator[Event]:
    """Run in a thread until the block ends; what it raised is raised here."""
    stop, failures = Event(), []

    def body() -> None:
        try:
            run(stop)
        except BaseException as failure:  # noqa: BLE001 - it is raised below
            failures.append(failure)
            stop.set()

    thread = Thread(target=body)
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join()
        if failures:
            raise failures[0]


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for something that must come; not to be waited for for ever."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail("what was waited for did not come")
        time.sleep(0.02)


@contextmanager
def paused(bootstrap):
    """The broker stopped in its tracks: connections stay open and nothing is answered."""
    port = int(bootstrap.rsplit(":", 1)[1])
    listening = [
        each.pid for each in psutil.net_connections("tcp") if each.status == "LISTEN" and each.laddr.port == port
    ]
    if not listening or listening[0] is None:
        pytest.skip("the broker is not on this machine, or not ours to pause")
    os.kill(listening[0], signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(listening[0], signal.SIGCONT)
