"""Making keys, listing them and taking them back: for an operator at the machine, and for a service's first start."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from secrets import token_hex, token_urlsafe
from typing import NamedTuple

import psycopg
from pydantic import TypeAdapter

from domain.commands import SYSTEM
from domain.terms import Token
from infra.access.keys import COLUMNS, PREFIX, Key, digest_of, key_of
from infra.access.principals import SCOPES, Role

DAYS_MAX = 3_650
_LOCK = 5_120_877_346  # one number that every version of this program agrees on
_TOKEN: TypeAdapter[str] = TypeAdapter(Token)


class Issued(NamedTuple):
    """A new key, and the only time that its text is told."""

    key: Key
    text: str


def issue(
    access_url: str,
    role: Role,
    name: str,
    *,
    scopes: Collection[str] | None = None,
    customer_id: str | None = None,
    days: int | None = None,
) -> Issued:
    """Make a key for the person or program called `name`, for so many days.

    Raises ValueError where it says something that cannot be; the text names the field, the limit and the remedy.
    """
    _check(role, name, scopes, customer_id, days)
    with psycopg.connect(access_url) as connection:
        return _issue(connection, role, name, scopes, customer_id, days)


def first_key(access_url: str, role: Role = "operator", name: str = "administrator") -> Issued | None:
    """The first key of an installation; None where there is or was one, for its text is kept nowhere."""
    with psycopg.connect(access_url) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))  # of two that start at once, one makes it
        if connection.execute("SELECT 1 FROM access_keys LIMIT 1").fetchone() is not None:
            return None
        return _issue(connection, role, name, None, None, None)


def listed(access_url: str) -> list[Key]:
    """Every key there ever was, oldest first."""
    with psycopg.connect(access_url) as connection:
        found = connection.execute(f"SELECT {COLUMNS} FROM access_keys ORDER BY created_at, key_id")  # noqa: S608
        return [key_of(row) for row in found]


def revoke(access_url: str, key_id: str) -> Key | None:
    """Take a key back; once is for ever. None where there is no such key."""
    with psycopg.connect(access_url) as connection:
        found = connection.execute(
            f"UPDATE access_keys SET revoked_at = coalesce(revoked_at, now()) WHERE key_id = %s RETURNING {COLUMNS}",  # noqa: S608
            (key_id,),
        ).fetchone()
    return key_of(found) if found else None


def _issue(
    connection: psycopg.Connection,
    role: Role,
    name: str,
    scopes: Collection[str] | None,
    customer_id: str | None,
    days: int | None,
) -> Issued:
    key_id, secret, now = token_hex(8), token_urlsafe(32), datetime.now(UTC)
    expires_at = None if days is None else now + timedelta(days=days)
    allowed = None if scopes is None else sorted(scopes)
    row = (key_id, name, role, allowed, customer_id, now, expires_at, None, digest_of(secret))
    values = ", ".join(["%s"] * len(row))
    connection.execute(f"INSERT INTO access_keys ({COLUMNS}) VALUES ({values})", row)  # noqa: S608
    return Issued(key_of(row), f"{PREFIX}{key_id}_{secret}")


def _check(role: Role, name: str, scopes: Collection[str] | None, customer_id: str | None, days: int | None) -> None:
    for field, value in (("name", name), ("customer", customer_id)):
        if value is not None and not _is_token(value):
            raise ValueError(f"{field}: {value!r} must be 1 to 64 letters, digits and . _ : @ -")
    if name == SYSTEM.id:
        raise ValueError(f"name: {name!r} is what the service itself acts as; choose another")
    unknown = sorted(set(scopes or ()) - SCOPES)
    if unknown:
        raise ValueError(f"scope: {unknown[0]!r} is none; choose among {', '.join(sorted(SCOPES))}")
    if role == "customer" and customer_id is None:
        raise ValueError("customer: a key of role customer needs the id of the customer it is for")
    if customer_id is not None and role not in {"customer", "service"}:
        raise ValueError(f"customer: a key of role {role} cannot be restricted to one customer; leave it out")
    if days is not None and not 1 <= days <= DAYS_MAX:
        raise ValueError(f"expires: {days} days are not from 1 to {DAYS_MAX}")


def _is_token(text: str) -> bool:
    try:
        _TOKEN.validate_python(text)
    except ValueError:
        return False
    return True
