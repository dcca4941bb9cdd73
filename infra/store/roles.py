"""The database roles of the running service: each may do what its part needs, and none owns a table."""

import hmac
import time
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.errors import DuplicateObject, InternalError_, UniqueViolation

ROLES = {
    "credit_writer": "appends events and keeps snapshots",
    "credit_relay": "reads the log and remembers how far it was told to Kafka",
    "credit_views": "keeps the read models",
    "credit_reader": "reads the read models",
    "credit_access": "keeps who may do what over HTTP, and what was asked",
    "credit_vault": "keeps who people are, sealed",
}
_ATTEMPTS = 50


def role_url(owner_url: str, role: str) -> str:
    """The URL by which `role` reaches the owner's database; its password follows from the owner's.

    Without a password in the owner's URL there is none in the role's either: the server trusts, or does not.
    """
    parts = urlsplit(owner_url)
    password = role_password(owner_url, role)
    login = role if password is None else f"{role}:{quote(password)}"
    query = urlencode([(key, value) for key, value in parse_qsl(parts.query) if key not in {"user", "password"}])
    return urlunsplit(parts._replace(netloc=f"{login}@{parts.netloc.rpartition('@')[2]}", query=query))


def role_password(owner_url: str, role: str) -> str | None:
    """HMAC-SHA-256 of the role's name under the owner's password, in hex; None where the owner's URL has none."""
    owner = conninfo_to_dict(owner_url).get("password")
    return hmac.digest(str(owner).encode(), role.encode(), "sha256").hex() if owner else None


def create_roles(connection: psycopg.Connection, owner_url: str) -> None:
    """Have every role, with its password of today. Roles belong to the cluster, so another database's migration
    may be at the same rows at this moment; no lock spans databases, hence the trying again.
    """
    for role in ROLES:
        password = role_password(owner_url, role)
        for attempt in range(_ATTEMPTS):
            try:
                _create_role(connection, role, password)
                break
            except (DuplicateObject, UniqueViolation, InternalError_):  # the last: "tuple concurrently updated"
                if attempt == _ATTEMPTS - 1:
                    raise
                time.sleep(0.02)


def _create_role(connection: psycopg.Connection, role: str, password: str | None) -> None:
    name = sql.Identifier(role)
    if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone() is None:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(name))
    if password is not None:
        # Hashed on this side, so that the password itself never reaches the server's log.
        hashed = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(name, sql.Literal(hashed)))
