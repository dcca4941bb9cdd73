"""A migrated database of this folder's own, emptied of rows before each test that asks for its views."""

import sys

import psycopg
import pytest

from infra.cli import main
from infra.migrations import migrate
from infra.store.roles import role_url
from infra.views.store import ViewStore
from infra.views.tables import VIEWS
from tests.projections.stories import Story

_TABLES = "view_positions, balance_g1, credit_report_g1, credit_report_months_g1, audit_g1, audit_events_g1, books_g1, books_days_g1"


@pytest.fixture(scope="session")
def migrated(new_database) -> str:
    url = new_database()
    migrate(url)
    return url


@pytest.fixture
def owner_url(migrated) -> str:
    with psycopg.connect(migrated) as connection:
        connection.execute(f"TRUNCATE {_TABLES}")
    return migrated


@pytest.fixture
def views_url(owner_url) -> str:
    return role_url(owner_url, "credit_views")


@pytest.fixture
def reader_url(owner_url) -> str:
    return role_url(owner_url, "credit_reader")


@pytest.fixture
def story(views_url):
    story = Story().buys("2026-01-10", 123_457).pays("2026-02-12", 13_000)
    for layout in VIEWS:
        with ViewStore(views_url, layout) as store:
            store.commit("t", 0, 0, len(story.recorded), story.recorded)
    return story


@pytest.fixture
def credit(owner_url, bootstrap_servers, tmp_path, monkeypatch, capsys):
    """Runs `credit ...` and returns its exit code, what it printed and what it complained."""
    monkeypatch.setenv("CREDIT_DATABASE_URL", owner_url)
    monkeypatch.setenv("CREDIT_KAFKA_BOOTSTRAP_SERVERS", bootstrap_servers)
    monkeypatch.setenv("CREDIT_DATA_DIR", str(tmp_path))

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["credit", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return ended.value.code or 0, printed.out, printed.err

    return run
