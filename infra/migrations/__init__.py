"""The database's shape, as numbered SQL files that are applied once each, in order, by `credit migrate`."""

from hashlib import sha256
from pathlib import Path

import psycopg
from psycopg.errors import InsufficientPrivilege, LockNotAvailable

from infra.faults import Fault
from infra.store.roles import create_roles

FOLDER = Path(__file__).parent
_LOCK = 7_239_046_311  # one number that every version of this program agrees on
_WAIT = "60s"


def migrate(owner_url: str, folder: Path = FOLDER) -> list[str]:
    """Bring the database up to date and return the names of the files that were applied.

    Any number of these may run at once: one works, the others wait for it. Raises Fault where the database cannot
    be reached, the owner lacks a right, or a file was edited after it was applied.
    """
    try:
        with psycopg.connect(owner_url, autocommit=True, options=f"-c lock_timeout={_WAIT}") as connection:
            create_roles(connection, owner_url)
            connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
            return _apply(connection, folder)
    except InsufficientPrivilege as error:
        raise Fault(f"The owner in CREDIT_DATABASE_URL lacks a right: {error}; grant it.") from error
    except LockNotAvailable as error:
        raise Fault(f"Another migration of this database has not ended within {_WAIT}; look what holds it.") from error
    except psycopg.OperationalError as error:
        raise Fault(f"The database cannot be reached; is CREDIT_DATABASE_URL right? {error}") from error


def _apply(connection: psycopg.Connection, folder: Path) -> list[str]:
    connection.execute(
        "CREATE TABLE IF NOT EXISTS migrations"
        " (name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
    )
    known: dict[str, str] = dict(connection.execute("SELECT name, sha256 FROM migrations").fetchall())
    applied = []
    for file in sorted(folder.glob("[0-9]*.sql")):
        script = file.read_bytes()
        digest = sha256(script).hexdigest()
        if file.name not in known:
            with connection.transaction():
                connection.execute(script)
                connection.execute("INSERT INTO migrations (name, sha256) VALUES (%s, %s)", (file.name, digest))
            applied.append(file.name)
        elif known[file.name] != digest:
            raise Fault(f"{file.name} was changed after it was applied; restore it and write the change as a new file.")
    return applied
