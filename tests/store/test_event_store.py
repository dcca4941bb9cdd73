"""What is appended is there for good, in one order without gaps, and comes back as it went in."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from uuid import uuid4

import psycopg
import pytest

from infra.faults import Fault
from infra.migrations import migrate
from infra.store.event_store import Conflict, EventStore
from infra.store.recorder import PersistenceError
from infra.store.roles import role_url
from tests.store.portfolio import NOON, facts


def test_an_event_comes_back_as_it_went_in(store, new_store):
    events = facts(3)
    positions = store.append(events)
    assert [event.position for event in events] == list(positions)
    found = new_store().load(events[0].account_id)
    assert found == events
    assert found[0].recorded_at == NOON
    assert found[0].recorded_at.utcoffset().total_seconds() == 0


def test_one_append_may_be_about_several_accounts(store):
    first, second = facts(2), facts(1)
    store.append([*first, *second])
    assert store.load_many([first[0].account_id, second[0].account_id, uuid4()]) == {
        first[0].account_id: first,
        second[0].account_id: second,
    }
    assert store.versions([first[0].account_id, second[0].account_id, uuid4()]) == {
        first[0].account_id: 2,
        second[0].account_id: 1,
    }


def test_positions_have_no_gap_for_eight_writers_and_whoever_reads_meanwhile(new_store):
    store, done = new_store(pool_size=10), Event()
    start = store.head()

    def write(_: int) -> int:
        events = facts(40)
        for event in events:
            store.append([event])
        return len(events)

    def follow() -> list[int]:
        seen = []
        last = start
        while not (done.is_set() and last == store.head()):
            for event in store.read(last, 7):  # raises where a position is missing
                last = event.position
                seen.append(last)
        return seen

    with ThreadPoolExecutor(9) as pool:
        reader = pool.submit(follow)
        written = sum(pool.map(write, range(8)))
        done.set()
        seen = reader.result()
    assert seen == list(range(start + 1, start + written + 1))


def test_a_refused_append_leaves_nothing_and_gives_its_positions_back(store):
    taken, fresh = facts(1), facts(1)
    store.append(taken)
    head = store.head()
    with pytest.raises(Conflict):
        store.append([*fresh, *facts(1, taken[0].account_id)])
    assert store.load(fresh[0].account_id) == []
    assert store.head() == head
    assert store.append(fresh) == range(head + 1, head + 2)


def test_a_version_is_taken_once(store):
    events = facts(2)
    store.append(events[:1])
    store.append(events[1:])
    with pytest.raises(Conflict):
        store.append(facts(1, after=events[0]))


@pytest.mark.parametrize("missing", [0, 1], ids=["the first event", "one in the middle"])
def test_a_history_has_no_hole(store, missing):
    events = facts(3)
    del events[missing]
    with pytest.raises(PersistenceError, match="do not follow"):
        store.append(events)
    assert store.load(events[0].account_id) == []


def test_a_command_is_found_by_its_id(store):
    events = facts(3)
    store.append(events)
    account_id, command_id = events[1].account_id, events[1].command_id
    assert store.find_command(account_id, command_id) == [events[1]]
    assert store.find_command(uuid4(), command_id) == []
    assert store.recorded_commands([(account_id, command_id), (account_id, "never")]) == {
        (account_id, command_id): [events[1]]
    }


def test_a_lost_position_is_noticed(new_database, new_store):
    url = new_database()
    migrate(url)
    store = new_store(role_url(url, "credit_writer"))
    store.append(facts(3))
    with psycopg.connect(url) as owner:
        owner.execute("DELETE FROM stored_events WHERE position = 2")
    with pytest.raises(Fault, match="lacks position 2"):
        store.read(0, 10)
    with pytest.raises(Fault, match="lacks the event before version 3"):
        store.histories([event.account_id for event in store.read(2, 1)])


def test_the_store_outlives_its_connections(store, owner):
    events = facts(2)
    store.append(events[:1])
    owner.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'credit_writer' AND datname ="
        " current_database()"
    )
    store.append(events[1:])
    assert store.load(events[0].account_id) == events


def test_a_database_without_tables_asks_for_the_migration(new_database, owner_url, new_store):
    empty = new_store(new_database())
    for ask in (empty.head, lambda: empty.append(facts(1)), lambda: empty.load(uuid4())):
        with pytest.raises(Fault, match="run `credit migrate`"):
            ask()


def test_a_role_without_the_right_is_told_so(owner_url, new_store):
    relay = new_store(role_url(owner_url, "credit_relay"))
    assert relay.head() >= 0
    with pytest.raises(Fault, match="permission denied for function append_events"):
        relay.append(facts(1))


def test_an_unreachable_database_is_told_with_the_reason(owner_url):
    with EventStore(owner_url.replace("@", "-wrong@")) as locked_out:
        locked_out._datastore.pool.timeout = 0.3
        with pytest.raises(Fault, match=r"cannot be reached: .*password authentication failed"):
            locked_out.head()


def test_an_append_waits_for_the_head_a_bounded_time(store, owner_url):
    with psycopg.connect(owner_url) as blocking:
        blocking.execute("SELECT last FROM store_head FOR UPDATE")
        with pytest.raises(Fault, match="lock timeout"):
            store.append(facts(1))
