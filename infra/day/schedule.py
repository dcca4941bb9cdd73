"""Who is due: the last word of every account on when it next needs the calendar, followed in the store itself.

Positions have no gaps and stand in the order of the commits, so what was read up to the head is all there is. That
costs the writers nothing, and a day run what happened since the last one.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfoNotFoundError

import psycopg
from psycopg import errors
from pydantic_core import from_json

from domain.calendar import zone_named
from domain.customer_events import CUSTOMERS
from infra.faults import Fault
from infra.store import arrays

Told = Callable[[str, int, int], None]
"""Takes what is being done, how much of it is done, and how much there is."""

# An account whose last event cannot be read is due at once, so that it is named instead of forgotten.
AT_ONCE = date.min
_SLICE = 5_000  # events read in one transaction
# As in the store: rows are found by an index, whatever the tables were like when the plan was made.
_OPTIONS = "-c timezone=UTC -c lock_timeout=60s -c statement_timeout=600s -c enable_seqscan=off -c jit=off"


class Due(NamedTuple):
    """An account that is due, the zone its days are counted in, and the version since which it is."""

    account_id: UUID
    zone: str
    since_version: int

    def noon(self, day: date) -> datetime:
        """Noon of that day where the account is; in UTC where its zone is not known."""
        try:
            zone = zone_named(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return datetime.combine(day, time(12), tzinfo=UTC)
        return datetime.combine(day, time(12), tzinfo=zone)


@contextmanager
def day_connection(writer_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection for one day run. Raises Fault where the database cannot be reached or used."""
    try:
        with psycopg.connect(writer_url, autocommit=True, options=_OPTIONS, connect_timeout=5) as connection:
            arrays.register(connection)
            yield connection
    except (errors.UndefinedTable, errors.InsufficientPrivilege) as error:
        raise Fault(f"The database has no schedule of accounts ({error}): run `credit migrate`.") from error
    except errors.LockNotAvailable as error:
        raise Fault("Another day run has been reading the store for over a minute: run this one again.") from error
    except psycopg.OperationalError as error:
        raise Fault(f"The database cannot be used: {error}; run the day again, it goes on where it was.") from error


class Schedule:
    """The schedule of all accounts, as far as the store has been followed."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def follow(self, told: Told) -> None:
        """Read what was recorded since it was followed last, up to the store's head of this moment."""
        head = self._one("SELECT last FROM store_head")
        while self._read_slice(head, told):
            pass

    def count(self, day: date) -> int:
        """How many accounts are due on that day or were before it."""
        return self._one("SELECT count(*) FROM account_schedule WHERE next_event_on <= %s", day)

    def due(self, day: date, chunk: int) -> Iterator[list[Due]]:
        """The accounts that are due as it is asked, by id, in chunks; what is recorded meanwhile changes nothing."""
        with self._connection.cursor("due", withhold=True) as cursor:
            cursor.execute(_DUE, (day,))
            while rows := cursor.fetchmany(chunk):
                yield list(map(Due._make, rows))

    def answers(self) -> bool:
        """Whether the database answers."""
        try:
            return bool(self._one("SELECT 1"))
        except psycopg.OperationalError:
            return False

    def _read_slice(self, head: int, told: Told) -> bool:
        """Read some more; False when the head is reached."""
        connection = self._connection
        with connection.transaction():
            position = self._one("SELECT position FROM account_schedule_position FOR UPDATE")
            until = min(position + _SLICE, head)
            if until <= position:
                return False
            rows = connection.execute(_EVENTS, (position, until), binary=True).fetchall()
            if len(rows) != until - position:
                raise Fault(f"The store lacks positions between {position + 1} and {until}; restore it from a backup.")
            connection.execute(_LEARN, _columns([row[:3] for row in rows if not row[3].startswith(CUSTOMERS)]))
            connection.execute("UPDATE account_schedule_position SET position = %s", (until,))
        told("reading the store", until, head)
        return True

    def _one(self, question: str, *params: object) -> int:
        row = self._connection.execute(question, params).fetchone()
        return int(row[0]) if row else 0


def _columns(rows: list[tuple[UUID, int, bytes]]) -> tuple[arrays.Column, ...]:
    """What the events of a slice, in order, say last of each account: ids, zones, dates as text and versions."""
    last: dict[UUID, tuple[int, bytes]] = {}
    zones: dict[UUID, str] = {}
    for account_id, version, state in rows:
        last[account_id] = version, state
        if version == 1:
            zones[account_id] = str(_said(state).get("zone", ""))
    dates = [_next_event_on(state) for _, state in last.values()]
    return (
        arrays.uuids(list(last)),
        arrays.texts([zones.get(each, "") for each in last]),
        arrays.texts(["" if each is None else each.isoformat() for each in dates]),
        arrays.bigints([version for version, _ in last.values()]),
    )


def _said(state: bytes) -> dict[str, Any]:
    try:
        said = from_json(state)
    except ValueError:
        return {"next_event_on": "unreadable"}
    return said if isinstance(said, dict) else {"next_event_on": "unreadable"}


def _next_event_on(state: bytes) -> date | None:
    said = _said(state).get("next_event_on")
    try:
        return None if said is None else date.fromisoformat(said)
    except (TypeError, ValueError):
        return AT_ONCE


_EVENTS = """
    SELECT originator_id, originator_version, state, topic FROM stored_events
    WHERE position > %s AND position <= %s ORDER BY position"""
# The date of most accounts stays as it was; those rows are not written.
_LEARN = """
    INSERT INTO account_schedule AS known (account_id, zone, next_event_on, since_version)
    SELECT id, zone, NULLIF(day, '')::date, version FROM unnest(%b, %b, %b, %b) AS said (id, zone, day, version)
    ON CONFLICT (account_id) DO UPDATE
    SET next_event_on = excluded.next_event_on, since_version = excluded.since_version
    WHERE known.next_event_on IS DISTINCT FROM excluded.next_event_on"""
_DUE = "SELECT account_id, zone, since_version FROM account_schedule WHERE next_event_on <= %s ORDER BY account_id"
