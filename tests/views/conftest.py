"""A migrated database of this folder's own, emptied of rows before each test that asks for its views."""

import psycopg
import pytest

from infra.migrations import migrate
from infra.store.roles import role_url

_TABLES = "view_positions, balance_g1, credit_report_g1, credit_report_months_g1, audit_g1, audit_events_g1"  # the rows


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
