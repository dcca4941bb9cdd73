"""A migrated database, the role that keeps who may do what, and a pool of its connections."""

import sys
from contextlib import asynccontextmanager

import pytest
from psycopg_pool import AsyncConnectionPool

from infra.cli import main
from infra.migrations import migrate
from infra.store.roles import role_url


@pytest.fixture(scope="session")
def access_owner(new_database) -> str:
    """The owner's URL of a migrated database; its tests share it."""
    url = new_database()
    migrate(url)
    return url


@pytest.fixture(scope="session")
def access_url(access_owner) -> str:
    return role_url(access_owner, "credit_access")


@pytest.fixture
def pooled(access_url):
    """`async with pooled() as pool`."""

    @asynccontextmanager
    async def opened(url: str = access_url):
        pool = AsyncConnectionPool(url, min_size=1, max_size=2, timeout=1, open=False, kwargs={"connect_timeout": 1})
        await pool.open(wait=False)
        try:
            yield pool
        finally:
            await pool.close()

    return opened


@pytest.fixture
def credit(access_owner, tmp_path, monkeypatch, capsys):
    """Runs `credit ...` and returns its exit code, what it printed and what it complained."""
    monkeypatch.setenv("CREDIT_DATABASE_URL", access_owner)
    monkeypatch.setenv("CREDIT_DATA_DIR", str(tmp_path))

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["credit", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return ended.value.code or 0, printed.out, printed.err

    return run
