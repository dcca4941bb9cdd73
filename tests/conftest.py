"""One real PostgreSQL and one real Kafka for each worker, started when the first test asks for them.

With CREDIT_DATABASE_URL or CREDIT_KAFKA_BOOTSTRAP_SERVERS set, the tests run against those instead.
"""

import fcntl
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
WORKERS = 2  # each with servers of its own, so that what one of them does to its broker is no outage for the other


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """How many `-n auto` means: none for a part of the tests, or where servers are given that workers would share."""
    chosen = config.args_source is pytest.Config.ArgsSource.ARGS or config.option.keyword or config.option.markexpr
    given = os.environ.get("CREDIT_DATABASE_URL") or os.environ.get("CREDIT_KAFKA_BOOTSTRAP_SERVERS")
    return 0 if chosen or given else WORKERS


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
    """Stop and forget what runs that were killed have left behind; one worker at a time, or two forget the same."""
    RUNS.mkdir(exist_ok=True)
    with (RUNS / "sweep.lock").open("w") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        for folder in RUNS.glob("[0-9]*"):
            if not psutil.pid_exists(int(folder.name)):
                _forget(Settings(data_dir=folder))


def _forget(settings: Settings) -> None:
    embedded.forget(settings)
    shutil.rmtree(settings.data_dir, ignore_errors=True)
