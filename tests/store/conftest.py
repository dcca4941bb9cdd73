"""A migrated database for each test module, and doors to it."""

from collections.abc import Callable, Iterator

import psycopg
import pytest

from infra.accounts import Accounts
from infra.migrations import migrate
from infra.store.event_store import EventStore
from infra.store.roles import role_url


@pytest.fixture(scope="module")
def owner_url(new_database) -> str:
    url = new_database()
    migrate(url)
    return url


@pytest.fixture
def owner(owner_url) -> Iterator[psycopg.Connection]:
    """The owner's connection, who may do what no part of the service may."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def writer_url(owner_url) -> str:
    return role_url(owner_url, "credit_writer")


@pytest.fixture
def new_store(writer_url) -> Iterator[Callable[..., EventStore]]:
    """Each call opens the store anew, as another process would."""
    stores: list[EventStore] = []

    def new(url: str = writer_url, pool_size: int = 2) -> EventStore:
        stores.append(EventStore(url, pool_size))
        return stores[-1]

    yield new
    for each in stores:
        each.close()


@pytest.fixture
def store(new_store) -> EventStore:
    return new_store()


@pytest.fixture
def new_accounts(new_store) -> Callable[[], Accounts]:
    """Each call is another process: a store and a memory of its own."""
    return lambda: Accounts(new_store())


@pytest.fixture
def accounts(new_accounts) -> Accounts:
    return new_accounts()
