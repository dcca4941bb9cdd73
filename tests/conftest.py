"""One real PostgreSQL and one real Kafka for the whole run, started when the first test asks for them.

With CREDIT_DATABASE_URL or CREDIT_KAFKA_BOOTSTRAP_SERVERS set, the tests run against those instead.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import psutil
import pytest

from infra.embedded import servers as embedded
from infra.settings import Settings

RUNS = Path(tempfile.gettempdir()) / f"credit-account-tests-{os.geteuid()}"


@pytest.fixture(scope="session")
def servers() -> Iterator[embedded.Running]:
    """Both servers, empty at first, stopped and forgotten at the end of the run."""
    _sweep()
    settings = Settings(data_dir=RUNS / str(os.getpid()))
    try:
        yield embedded.start(settings)
    finally:
        _forget(settings)


@pytest.fixture(scope="session")
def new_database(servers) -> Callable[[], str]:
    """Each call makes an empty database and returns its owner's URL."""
    numbers = count(1)
    return lambda: embedded.ensure_database(servers.database_url, f"test_{os.getpid()}_{next(numbers)}")


@pytest.fixture
def database_url(new_database) -> str:
    """The owner's URL of an empty database of this test's own."""
    return new_database()


@pytest.fixture(scope="session")
def bootstrap_servers(servers) -> str:
    """Where the broker listens; take a `topic_prefix` so that tests do not read each other's topics."""
    return servers.bootstrap_servers


@pytest.fixture(scope="session")
def new_topic_prefix() -> Callable[[], str]:
    """Each call returns a prefix that no other test of any run has."""
    numbers = count(1)
    return lambda: f"test-{os.getpid()}-{next(numbers)}."


@pytest.fixture
def topic_prefix(new_topic_prefix) -> str:
    """A prefix of this test's own for the names of topics and consumer groups."""
    return new_topic_prefix()


def _sweep() -> None:
    """Stop and forget what runs that were killed have left behind."""
    for folder in RUNS.glob("[0-9]*"):
        if not psutil.pid_exists(int(folder.name)):
            _forget(Settings(data_dir=folder))


def _forget(settings: Settings) -> None:
    embedded.forget(settings)
    shutil.rmtree(settings.data_dir, ignore_errors=True)
