"""The eventsourcing library's contract holds on our table: its own store, notification log and subscription work."""

import psycopg
import pytest
from eventsourcing.persistence import EventStore as LibraryStore
from eventsourcing.persistence import IntegrityError, Notification, StoredEvent

from infra.faults import Fault
from infra.migrations import migrate
from infra.store.recorder import Datastore, EventMapper, EventRecorder
from infra.store.roles import role_url
from tests.store.portfolio import facts

MAPPER = EventMapper()


@pytest.fixture
def recorder(database_url):
    """A recorder on an empty log of its own."""
    migrate(database_url)
    with Datastore(role_url(database_url, "credit_writer")) as datastore:
        yield EventRecorder(datastore)


def stored(events) -> list[StoredEvent]:
    return [MAPPER.to_stored_event(event) for event in events]


def test_the_librarys_store_puts_and_gets(recorder):
    events = facts(3)
    recordings = LibraryStore(MAPPER, recorder).put(events)
    assert [recording.notification.id for recording in recordings] == [1, 2, 3]
    found = list(LibraryStore(MAPPER, recorder).get(events[0].account_id))
    assert [(event.version, event.data, event.chain_hash) for event in found] == [
        (event.version, event.data, event.chain_hash) for event in events
    ]


def test_events_are_selected_by_version(recorder):
    events = facts(5)
    recorder.insert_events(stored(events))

    def versions(**wanted):
        return [row.originator_version for row in recorder.select_events(events[0].account_id, **wanted)]

    assert versions() == [1, 2, 3, 4, 5]
    assert versions(gt=2) == [3, 4, 5]
    assert versions(lte=2) == [1, 2]
    assert versions(desc=True, limit=2) == [5, 4]
    assert versions(gt=1, lte=4, desc=True, limit=1) == [4]


def test_notifications_are_selected_by_position(recorder):
    assert recorder.max_notification_id() is None
    recorder.insert_events(stored(facts(5)))

    def ids(*args, **wanted):
        return [notification.id for notification in recorder.select_notifications(*args, **wanted)]

    assert ids(None, 10) == [1, 2, 3, 4, 5]
    assert ids(2, 2) == [2, 3]
    assert ids(2, 10, stop=4, inclusive_of_start=False) == [3, 4]
    assert ids(1, 10, topics=["account.activated"]) == [1, 2, 3, 4, 5]
    assert ids(1, 10, topics=["account.closed"]) == []
    assert recorder.max_notification_id() == 5
    assert isinstance(recorder.select_notifications(1, 1)[0], Notification)


def test_a_taken_version_is_the_librarys_integrity_error(recorder):
    events = facts(2)
    assert recorder.insert_events(stored(events)) == range(1, 3)
    with pytest.raises(IntegrityError):
        recorder.insert_events(stored(events[1:]))
    assert recorder.max_notification_id() == 2


def test_nothing_to_insert_is_no_statement(recorder):
    assert list(recorder.insert_events([])) == []


def test_a_subscription_tells_what_is_there_and_what_comes(recorder):
    first = facts(2)
    recorder.insert_events(stored(first))
    with recorder.subscribe(gt=1) as subscription:
        assert next(subscription).id == 2
        recorder.insert_events(stored(facts(1, after=first[-1])))
        assert next(subscription).id == 3


def test_a_row_of_another_table_is_not_taken_for_ours(recorder):
    plain = StoredEvent(facts(1)[0].account_id, 1, "module:Class", b"{}")
    with pytest.raises(TypeError, match="another table"):
        MAPPER.to_domain_event(plain)
    with pytest.raises(AttributeError, match="envelope"):
        recorder.insert_events([plain])


def test_the_library_makes_no_tables(new_database):
    url = new_database()
    with Datastore(url) as datastore:
        EventRecorder(datastore).create_table()
    with psycopg.connect(url) as owner:
        assert owner.execute("SELECT to_regclass('stored_events')").fetchone() == (None,)


def test_the_switch_that_would_lose_the_order_is_refused(writer_url, monkeypatch):
    monkeypatch.setenv("POSTGRES_ENABLE_DB_FUNCTIONS", "y")
    with pytest.raises(Fault, match="POSTGRES_ENABLE_DB_FUNCTIONS"):
        Datastore(writer_url)


def test_a_connection_gives_up_in_time(recorder):
    settings = dict(recorder.query("SELECT name, setting FROM pg_settings WHERE name LIKE %s", ("%timeout",)))
    assert settings["lock_timeout"] == "5000"
    assert settings["statement_timeout"] == "60000"
    assert settings["idle_in_transaction_session_timeout"] == "10000"
