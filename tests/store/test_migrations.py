"""Migrations are applied once, by whoever comes first, and never in another form."""

import shutil
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from infra.faults import Fault
from infra.migrations import FOLDER, migrate
from infra.store.event_store import EventStore
from infra.store.roles import ROLES, role_url

FILES = sorted(file.name for file in FOLDER.glob("*.sql"))


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(FOLDER, tmp_path / "migrations", ignore=shutil.ignore_patterns("*.py*", "__pycache__"))


def test_four_at_once_apply_every_file_once(database_url):
    with ThreadPoolExecutor(4) as pool:
        applied = list(pool.map(migrate, [database_url] * 4))
    assert sorted(name for names in applied for name in names) == FILES
    assert sorted(map(len, applied)) == [0, 0, 0, len(FILES)]
    assert migrate(database_url) == []


def test_two_databases_of_one_cluster_may_migrate_at_once(new_database):
    urls = [new_database() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        applied = list(pool.map(migrate, urls))
    assert applied == [FILES] * 4
    for url in urls:
        with EventStore(role_url(url, "credit_writer")) as store:
            assert store.head() == 0


def test_a_file_that_was_edited_later_is_refused_by_name(database_url, folder):
    migrate(database_url, folder)
    (folder / FILES[1]).write_bytes((folder / FILES[1]).read_bytes() + b"-- later thought\n")
    with pytest.raises(Fault, match=f"^{FILES[1]} was changed after it was applied"):
        migrate(database_url, folder)


def test_a_file_that_fails_leaves_nothing_behind(database_url, folder):
    (folder / "9000_wrong.sql").write_text("CREATE TABLE half (a int); SELECT 1 / 0;")
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(database_url, folder)
    with psycopg.connect(database_url) as owner:
        assert owner.execute("SELECT to_regclass('half')").fetchone() == (None,)
    (folder / "9000_wrong.sql").write_text("CREATE TABLE half (a int);")
    assert migrate(database_url, folder) == ["9000_wrong.sql"]


def test_roles_can_log_in_after_the_owners_password_was_changed(database_url):
    migrate(database_url)
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute("DROP ROLE IF EXISTS other_owner")
        owner.execute("CREATE ROLE other_owner LOGIN SUPERUSER PASSWORD 'another'")
    login, rest = database_url.split("@")
    other = login.split("//")[0] + "//other_owner:another@" + rest
    try:
        migrate(other)
        for role in ROLES:
            psycopg.connect(role_url(other, role)).close()
    finally:
        migrate(database_url)
        with psycopg.connect(database_url, autocommit=True) as owner:
            owner.execute("DROP ROLE other_owner")


def test_an_unreachable_database_is_a_fault(database_url):
    with pytest.raises(Fault, match="CREDIT_DATABASE_URL"):
        migrate(database_url.replace("@", "-wrong@"))
