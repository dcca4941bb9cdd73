"""One view's rows and how far it has read, committed together: a batch is one select, one fold, one merge."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from types import TracebackType
from typing import Any, Generic, Self, TypeVar
from uuid import UUID

import psycopg
from psycopg import Cursor, sql
from psycopg_pool import ConnectionPool, PoolTimeout

from consumers.runner import PositionLost
from domain.recorded import Recorded
from infra.faults import Fault
from infra.telemetry.traces import follow
from infra.views.tables import SERVING, Layout, Values, of_generation
from projections.folding import Row, fold

R = TypeVar("R", bound=Row)

# A transaction that hangs is ended by the server.
_OPTIONS = "-c lock_timeout=30s -c idle_in_transaction_session_timeout=60s"


class ViewStore(Generic[R]):
    """The read model that a consumer writes: `consumers.runner.ReadModel` over one generation of one view.

    Close it, or use it as a context manager. Any number of processes may have one open: whoever's position was moved
    by another gets PositionLost, and nothing of its batch is kept.
    """

    def __init__(self, views_url: str, layout: Layout[R], generation: int | None = None) -> None:
        """Open the serving generation, or the numbered one. Raises Fault when the database or the view is not there."""
        self.layout = layout
        self.generation = generation or _serving(views_url, layout.name)
        self._sql = _statements(layout, self.generation)
        self._pool = ConnectionPool(
            views_url,
            min_size=1,
            max_size=1,
            open=True,
            # One round trip a batch, so that a server that was restarted in between is met with a new connection.
            check=ConnectionPool.check_connection,
            kwargs={"options": _OPTIONS},
            configure=self._prepare,
            name=f"view-{layout.name}",
        )

    def close(self) -> None:
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def position(self, topic: str, partition: int) -> int:
        """The offset to read next; 0 at the start."""
        with self._connection() as connection:
            row = connection.execute(_POSITION, (self.layout.name, self.generation, topic, partition)).fetchone()
        return row[0] if row else 0

    def commit(
        self, topic: str, partition: int, expected: int, next_offset: int, batch: Sequence[Recorded]
    ) -> None:  # fmt: skip
        """Fold `batch` and move the position from `expected` to `next_offset`, both or neither.

        Raises PositionLost when another owner has moved it, and projections.folding.Gap on a hole in the batch.
        """
        place = (self.layout.name, self.generation, topic, partition)
        with (
            follow(f"project {self.layout.name}", batch),
            self._connection() as connection,
            connection.cursor(binary=True) as cursor,
        ):
            # The row lock makes a second owner wait here, before it reads rows that are about to change.
            cursor.execute(_TAKE, place)
            held = cursor.execute(_HELD, place).fetchone()
            if held != (expected,):
                raise PositionLost(f"{topic}/{partition} is not at {expected} any more")
            applied = self._fold(cursor, batch) if batch else 0
            cursor.execute(_MOVE, (next_offset, applied, *place, expected))
            if cursor.rowcount != 1:
                raise PositionLost(f"{topic}/{partition} is not at {expected} any more")

    def _fold(self, cursor: Cursor[Any], batch: Sequence[Recorded]) -> int:
        """Bring the rows of the batch's accounts up to date; returns how many events were new to them."""
        layout, statements = self.layout, self._sql
        key = layout.view.key
        accounts = list({key(recorded) for recorded in batch})
        found = cursor.execute(statements.load, (accounts,)).fetchall()
        rows: dict[UUID, R] = {values[0]: layout.load(values) for values in found}
        seen = {account_id: row.version for account_id, row in rows.items()}
        fold(rows, batch, layout.view)
        changed = [row for account_id, row in rows.items() if row.version != seen.get(account_id, 0)]
        if not changed:
            return 0
        _write(cursor, statements.rows, map(layout.values, changed))
        if layout.additions is not None and statements.additions is not None:
            _write(cursor, statements.additions, chain.from_iterable(map(layout.additions.values, changed)))
            self._forget(cursor, rows)
        return sum(row.version - seen.get(account_id, 0) for account_id, row in rows.items())

    def _forget(self, cursor: Cursor[Any], rows: dict[UUID, R]) -> None:
        """Let go of what was gathered beside the rows and is too old to be kept."""
        if self._sql.forget is None or self.layout.additions is None or self.layout.additions.kept_from is None:
            return
        kept_from = self.layout.additions.kept_from
        kept = [(account_id, *kept) for account_id, row in rows.items() for kept in kept_from(row)]
        if kept:
            cursor.execute(self._sql.forget, [list(each) for each in zip(*kept, strict=True)])

    @contextmanager
    def _connection(self) -> Iterator[psycopg.Connection[Any]]:
        try:
            with self._pool.connection() as connection:
                yield connection
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise Fault(f"The view {self.layout.name} cannot reach its database: {error}; is it running?") from error

    def _prepare(self, connection: psycopg.Connection[Any]) -> None:
        for table in (self._sql.rows, self._sql.additions):
            if table is not None and table.prepare is not None:
                connection.execute(table.prepare)
        connection.commit()


_FORGET = sql.SQL("""
    DELETE FROM {0} AS old USING unnest(%s::uuid[], %s::text[], %s::date[]) AS kept (account, loan, first)
    WHERE old.{1} = kept.account AND old.{2} = kept.loan AND old.{3} < kept.first
""")
_POSITION = "SELECT next_offset FROM view_positions WHERE (view, generation, topic, partition) = (%s, %s, %s, %s)"
_TAKE = """
    INSERT INTO view_positions (view, generation, topic, partition, next_offset) VALUES (%s, %s, %s, %s, 0)
    ON CONFLICT DO NOTHING
"""
_HELD = _POSITION + " FOR UPDATE"
_MOVE = """
    UPDATE view_positions SET next_offset = %s, events_applied = events_applied + %s, moved_at = now()
    WHERE (view, generation, topic, partition) = (%s, %s, %s, %s) AND next_offset = %s
"""


@dataclass(frozen=True, slots=True)
class _Into:
    """How values come into a table: `arrive` copies them in; where they may replace others, `merge` then does that."""

    prepare: sql.Composed | None
    arrive: sql.Composed
    merge: sql.Composed | None


@dataclass(frozen=True, slots=True)
class _Statements:
    """What is said to the tables of one generation."""

    load: sql.Composed
    rows: _Into
    additions: _Into | None
    forget: sql.Composed | None


def _write(cursor: Cursor[Any], into: _Into, many: Iterable[Values]) -> None:
    with cursor.copy(into.arrive) as copy:
        for values in many:
            copy.write_row(values)
    if into.merge is not None:
        cursor.execute(into.merge)


def _statements(layout: Layout[Any], generation: int) -> _Statements:
    table, more = of_generation(layout.name, generation), layout.additions
    identity = layout.columns[:1]
    return _Statements(
        load=sql.SQL("SELECT {} FROM {} WHERE {} = ANY(%s)").format(
            _names(layout.columns), sql.Identifier(table), _names(identity)
        ),
        rows=_into(table, layout.columns, identity),
        additions=None if more is None else _into(of_generation(more.table, generation), more.columns, more.key),
        forget=None
        if more is None or more.kept_from is None
        else _FORGET.format(sql.Identifier(of_generation(more.table, generation)), *map(sql.Identifier, more.key)),
    )


def _into(table: str, columns: Sequence[str], key: Sequence[str]) -> _Into:
    """The way into `table`; with a `key`, what arrives replaces what is there under it."""
    copy_in = sql.SQL("COPY {} ({}) FROM STDIN")
    if not key:
        return _Into(prepare=None, arrive=copy_in.format(sql.Identifier(table), _names(columns)), merge=None)
    arriving = sql.Identifier(f"arriving_{table}")
    changes = sql.SQL(", ").join(
        sql.SQL("{0} = excluded.{0}").format(sql.Identifier(column)) for column in columns if column not in key
    )
    return _Into(
        prepare=sql.SQL("CREATE TEMPORARY TABLE {} (LIKE {}) ON COMMIT DELETE ROWS").format(
            arriving, sql.Identifier(table)
        ),
        arrive=copy_in.format(arriving, _names(columns)),
        merge=sql.SQL("INSERT INTO {0} ({1}) SELECT {1} FROM {2} ON CONFLICT ({3}) DO UPDATE SET {4}").format(
            sql.Identifier(table), _names(columns), arriving, _names(key), changes
        ),
    )


def _names(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _serving(views_url: str, view: str) -> int:
    try:
        with psycopg.connect(views_url) as connection:
            row = connection.execute(SERVING, (view,)).fetchone()
    except psycopg.errors.UndefinedTable:
        raise Fault("The database has no views yet: run `credit migrate`.") from None
    except psycopg.OperationalError as error:
        raise Fault(f"The view {view} cannot reach its database: {error}; is it running?") from error
    if row is None:
        raise Fault(f"No generation of the view {view} is serving: see `credit views status`.")
    return int(row[0])
