"""Columns as PostgreSQL arrays in binary form, each of one fixed type.

psycopg chooses the width of integers by their values, so one statement would be prepared several times.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from struct import Struct
from uuid import UUID

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

_HEAD = Struct(">iiIii").pack  # dimensions, has nulls, element type, length, lower bound
_LENGTH = Struct(">I").pack
_BIGINT = Struct(">Iq").pack
_INT = Struct(">Ii").pack
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # PostgreSQL's
_MICROSECOND = timedelta(microseconds=1)


class Column:
    """An array as it goes over the wire; its subclass says of what."""

    __slots__ = ("data",)

    def __init__(self, data: bytes) -> None:
        self.data = data


class Uuids(Column):
    """A `uuid[]`."""


class Bigints(Column):
    """A `bigint[]`."""


class Ints(Column):
    """An `int[]`."""


class Texts(Column):
    """A `text[]`."""


class Byteas(Column):
    """A `bytea[]`."""


class Instants(Column):
    """A `timestamptz[]`."""


# column type: the oids of the array and of its elements, as every PostgreSQL has them
_OIDS: dict[type[Column], tuple[int, int]] = {
    Uuids: (2951, 2950),
    Bigints: (1016, 20),
    Ints: (1007, 23),
    Texts: (1009, 25),
    Byteas: (1001, 17),
    Instants: (1185, 1184),
}


def uuids(values: list[UUID]) -> Uuids:
    """The values as a `uuid[]`."""
    return Uuids(_array(Uuids, len(values), [b"\0\0\0\x10" + value.bytes for value in values]))


def bigints(values: list[int]) -> Bigints:
    """The values as a `bigint[]`; each must fit."""
    return Bigints(_array(Bigints, len(values), [_BIGINT(8, value) for value in values]))


def ints(values: list[int]) -> Ints:
    """The values as an `int[]`; each must fit."""
    return Ints(_array(Ints, len(values), [_INT(4, value) for value in values]))


def texts(values: list[str]) -> Texts:
    """The values as a `text[]`, in UTF-8, which is what the connection speaks."""
    return Texts(_framed(Texts, [value.encode() for value in values]))


def byteas(values: list[bytes]) -> Byteas:
    """The values as a `bytea[]`."""
    return Byteas(_framed(Byteas, values))


def instants(values: list[datetime]) -> Instants:
    """The aware instants as a `timestamptz[]`, exact to the microsecond."""
    return Instants(_array(Instants, len(values), [_BIGINT(8, (value - _EPOCH) // _MICROSECOND) for value in values]))


def _framed(column: type[Column], values: list[bytes]) -> bytes:
    pieces: list[bytes] = []
    for value in values:
        pieces += (_LENGTH(len(value)), value)
    return _array(column, len(values), pieces)


def _array(column: type[Column], length: int, pieces: Iterable[bytes]) -> bytes:
    element = _OIDS[column][1]
    return b"".join((_HEAD(1, 0, element, length, 1), *pieces)) if length else _HEAD(0, 0, element, 0, 0)[:12]


class _AsItIs(Dumper):
    format = Format.BINARY

    def dump(self, obj: Column) -> bytes:
        return obj.data


def register(connection: psycopg.Connection | psycopg.AsyncConnection) -> None:
    """Teach a connection to send columns."""
    for column, (oid, _) in _OIDS.items():
        connection.adapters.register_dumper(column, type(f"{column.__name__}Dumper", (_AsItIs,), {"oid": oid}))
