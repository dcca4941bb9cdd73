"""A read model of two tables, real and tiny: how many events of each account were applied, and how far."""

from collections.abc import Sequence

import psycopg

from consumers.runner import PositionLost
from domain.recorded import Recorded
from projections.folding import Gap

TABLES = """
    CREATE TABLE IF NOT EXISTS tally (account_id uuid PRIMARY KEY, version int NOT NULL, events int NOT NULL);
    CREATE TABLE IF NOT EXISTS tally_position (
        topic text, partition int, next_offset bigint NOT NULL, PRIMARY KEY (topic, partition))
"""


class Tally:
    """Implements `consumers.runner.ReadModel`; each call has a connection of its own, as threads differ."""

    def __init__(self, url: str) -> None:
        self._url = url
        with psycopg.connect(url) as connection:
            connection.execute(TABLES)

    def position(self, topic: str, partition: int) -> int:
        with psycopg.connect(self._url) as connection:
            row = connection.execute(
                "SELECT next_offset FROM tally_position WHERE topic = %s AND partition = %s", (topic, partition)
            ).fetchone()
        return row[0] if row else 0

    def commit(self, topic: str, partition: int, expected: int, next_offset: int, batch: Sequence[Recorded]) -> None:
        with psycopg.connect(self._url) as connection:
            connection.execute(
                "INSERT INTO tally_position VALUES (%s, %s, 0) ON CONFLICT DO NOTHING", (topic, partition)
            )
            moved = connection.execute(
                "UPDATE tally_position SET next_offset = %s WHERE topic = %s AND partition = %s AND next_offset = %s",
                (next_offset, topic, partition, expected),
            )
            if moved.rowcount != 1:
                raise PositionLost
            self.apply(connection, batch)

    def apply(self, connection: psycopg.Connection, batch: Sequence[Recorded]) -> None:
        wanted = list({event.account_id for event in batch})
        rows = dict(
            connection.execute("SELECT account_id, version FROM tally WHERE account_id = ANY(%s)", (wanted,)).fetchall()
        )
        counts = dict.fromkeys(wanted, 0)
        for event in batch:
            seen = rows.get(event.account_id, 0)
            if event.version > seen:
                if event.version != seen + 1:
                    raise Gap(event.account_id, seen + 1, event.version)
                rows[event.account_id] = event.version
                counts[event.account_id] += 1
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO tally AS t VALUES (%s, %s, %s) ON CONFLICT (account_id) DO UPDATE"
                " SET version = excluded.version, events = t.events + excluded.events",
                [(account_id, rows[account_id], counts[account_id]) for account_id in wanted],
            )

    def rows(self) -> dict[str, tuple[int, int]]:
        """Account id -> (version, events applied)."""
        with psycopg.connect(self._url) as connection:
            found = connection.execute("SELECT account_id, version, events FROM tally").fetchall()
        return {str(account_id): (version, events) for account_id, version, events in found}

    def positions(self, topic: str) -> dict[int, int]:
        with psycopg.connect(self._url) as connection:
            return dict(
                connection.execute("SELECT partition, next_offset FROM tally_position WHERE topic = %s", (topic,))
            )
