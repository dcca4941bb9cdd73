"""No role of a running service can change history, whatever it tries."""

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from infra.store.roles import ROLES, role_url
from tests.store.portfolio import facts

CHANGES = {
    "insert": "INSERT INTO stored_events SELECT * FROM stored_events",
    "update": "UPDATE stored_events SET state = ''",
    "delete": "DELETE FROM stored_events",
    "truncate": "TRUNCATE stored_events",
    "lock": "LOCK TABLE stored_events IN EXCLUSIVE MODE",
    "move the head": "UPDATE store_head SET last = 0",
    "delete the head": "DELETE FROM store_head",
    "drop": "DROP TABLE stored_events",
    "replace the function": "DROP FUNCTION append_events",
    "add a trigger": "CREATE TRIGGER t BEFORE INSERT ON stored_events EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "create a table": "CREATE TABLE stored_events_2 ()",
    "rewrite the migrations": "UPDATE migrations SET sha256 = ''",
    "become the owner": "SET ROLE credit",
}
READS = {
    "credit_writer": {"stored_events", "store_head", "snapshots"},
    "credit_relay": {"stored_events", "store_head", "relay_positions"},
    "credit_views": set(),
    "credit_reader": {"store_head", "relay_positions"},
    "credit_access": set(),
    "credit_vault": set(),
}
TABLES = ["stored_events", "store_head", "snapshots", "relay_positions"]


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("role", ROLES)
def test_history_cannot_be_changed(owner_url, store, role, change):
    events = facts(1)
    store.append(events)
    with (
        psycopg.connect(role_url(owner_url, role)) as connection,
        pytest.raises(InsufficientPrivilege),
    ):
        connection.execute(change)
    assert store.load(events[0].account_id) == events


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("role", ROLES)
def test_a_role_reads_what_is_its_own(owner_url, role, table):
    with psycopg.connect(role_url(owner_url, role)) as connection:
        if table in READS[role]:
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] >= 0
        else:
            with pytest.raises(InsufficientPrivilege):
                connection.execute(f"SELECT count(*) FROM {table}")


def test_only_the_writer_may_append(owner):
    held = owner.execute(
        "SELECT rolname FROM pg_roles WHERE NOT rolsuper AND rolname NOT LIKE 'pg\\_%'"
        " AND has_function_privilege(oid, 'append_events(uuid[],bigint[],text[],bytea[],int[],timestamptz[],text[],"
        "int[],bytea[],text[],text[],text[],text[],bytea[])', 'EXECUTE')"
    ).fetchall()
    assert held == [("credit_writer",)]


def test_no_role_of_the_service_owns_anything_or_may_do_more_than_log_in(owner):
    owned = "SELECT relname FROM pg_class WHERE pg_get_userbyid(relowner) LIKE 'credit\\_%'"
    assert owner.execute(owned).fetchall() == []
    powers = owner.execute(
        "SELECT rolname, rolcanlogin, rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls"
        " FROM pg_roles WHERE rolname LIKE 'credit\\_%' ORDER BY rolname"
    ).fetchall()
    assert powers == [(role, True, False) for role in sorted(ROLES)]


def test_every_function_with_the_owners_rights_has_a_fixed_search_path_and_is_closed_to_the_public(owner):
    functions = owner.execute(
        "SELECT proname, proconfig, proacl::text FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace"
    ).fetchall()
    assert "append_events" in {name for name, _, _ in functions}
    for name, settings, rights in functions:
        assert any(setting.startswith("search_path=pg_catalog, pg_temp") for setting in settings), name
        assert not rights.startswith("{="), name
        assert ",=" not in rights, name


def test_the_writer_cannot_put_a_table_in_front_of_the_log(owner_url):
    with psycopg.connect(role_url(owner_url, "credit_writer")) as connection, pytest.raises(InsufficientPrivilege):
        connection.execute("CREATE TEMP TABLE stored_events ()")


def test_the_passwords_follow_from_the_owners_and_differ(owner_url):
    urls = [role_url(owner_url, role) for role in ROLES]
    assert len({url.split("@")[0].split(":")[2] for url in urls}) == len(ROLES)
    assert role_url("postgresql://o:p%40x@h:1/d?sslmode=require&password=p%40x", "credit_relay") == (
        "postgresql://credit_relay:754ff5a449565c6d54aef46553ab3045fd448c565900e8a999c9e60878e1c71d@h:1/d?sslmode=require"
    )
    assert role_url("postgresql://o@h/d", "credit_relay") == "postgresql://credit_relay@h/d"
