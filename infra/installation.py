"""One installation of the service: its database, its roles' URLs, its broker and its topics, ready to be used."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

from consumers.envelope import ACCOUNT_EVENTS, CUSTOMER_EVENTS
from infra.embedded import servers
from infra.faults import Fault
from infra.kafka.topics import prepare
from infra.migrations import migrate
from infra.settings import Settings
from infra.store.roles import ROLES, role_url


@dataclass(frozen=True, slots=True)
class Installation:
    """Where everything is. URLs hold passwords, so they are left out of its printed form."""

    owner_url: str = field(repr=False)
    writer_url: str = field(repr=False)
    relay_url: str = field(repr=False)
    views_url: str = field(repr=False)
    reader_url: str = field(repr=False)
    access_url: str = field(repr=False)
    vault_url: str = field(repr=False)
    bootstrap_servers: str
    """Where Kafka is; empty where it was not asked for."""

    topic_prefix: str

    @property
    def topic(self) -> str:
        """The topic that holds every event of every account."""
        return self.topic_prefix + ACCOUNT_EVENTS

    @property
    def customer_topic(self) -> str:
        """The topic that holds every event of every customer."""
        return self.topic_prefix + CUSTOMER_EVENTS

    @property
    def database(self) -> str:
        """The name of its database."""
        return urlsplit(self.owner_url).path.removeprefix("/")

    def environment(self) -> dict[str, str]:
        """The environment of a program that is to work on this installation."""
        return os.environ | {
            "CREDIT_DATABASE_URL": self.owner_url,
            "CREDIT_WRITER_URL": self.writer_url,
            "CREDIT_RELAY_URL": self.relay_url,
            "CREDIT_VIEWS_URL": self.views_url,
            "CREDIT_READER_URL": self.reader_url,
            "CREDIT_ACCESS_URL": self.access_url,
            "CREDIT_VAULT_URL": self.vault_url,
            "CREDIT_KAFKA_BOOTSTRAP_SERVERS": self.bootstrap_servers,
            "CREDIT_TOPIC_PREFIX": self.topic_prefix,
        }


def locate(
    settings: Settings | None = None,
    report: Callable[[str], None] = lambda _: None,
    *,
    kafka: bool = True,
    migrated: bool = True,
) -> Installation:
    """Have the servers running and say where everything is. Raises Fault when a server cannot be had.

    Without `kafka` only PostgreSQL is asked for. Raises Fault where a database that must be `migrated` is not.
    Where no setting names a database, a broker or topics, the portfolio that was lived last is looked at.
    """
    settings = settings or Settings.load()
    running = servers.start(settings, report, kafka=kafka)
    owner, prefix = running.database_url, settings.topic_prefix
    remembered = None if settings.model_fields_set & _NAMED else _remembered(settings)
    if remembered is not None:
        owner, prefix = _on_same_server(owner, remembered["database"]), remembered["topic_prefix"]
    if migrated:
        _check_migrated(owner)
    return Installation(
        owner_url=owner,
        writer_url=settings.writer_url or role_url(owner, "credit_writer"),
        relay_url=settings.relay_url or role_url(owner, "credit_relay"),
        views_url=settings.views_url or role_url(owner, "credit_views"),
        reader_url=settings.reader_url or role_url(owner, "credit_reader"),
        access_url=settings.access_url or role_url(owner, "credit_access"),
        vault_url=settings.vault_url or role_url(owner, "credit_vault"),
        bootstrap_servers=running.bootstrap_servers,
        topic_prefix=prefix,
    )


def _check_migrated(owner_url: str) -> None:
    """Asked of the owner, because PostgreSQL tells a role that does not exist that its password is wrong."""
    name = urlsplit(owner_url).path.removeprefix("/")
    try:
        with psycopg.connect(owner_url, connect_timeout=5) as connection:
            ready = connection.execute(_MIGRATED, (list(ROLES),)).fetchone()
    except psycopg.OperationalError as refused:
        raise Fault(
            f"The database {name} cannot be asked ({' '.join(str(refused).split())}): make it anew, or name another by "
            f"CREDIT_DATABASE_NAME and CREDIT_TOPIC_PREFIX."
        ) from None
    if ready != (True,):
        raise Fault(f"The database {name} is not set up yet: run `credit migrate`.")


_MIGRATED = (
    "SELECT to_regclass('migrations') IS NOT NULL AND bool_and(to_regrole(r) IS NOT NULL) FROM unnest(%s::text[]) r"
)


def look_at(there: Installation | None) -> bool:
    """Make commands that name no installation look at this one; None: at the service's own again.

    False where the environment names one, so that they go on looking there.
    """
    settings = Settings.load()
    memory = _memory(settings)
    if there is None:
        memory.unlink(missing_ok=True)
        return True
    partial = memory.with_suffix(".part")
    partial.write_text(json.dumps({"database": there.database, "topic_prefix": there.topic_prefix}))
    partial.replace(memory)
    return not settings.model_fields_set & _NAMED


_NAME_MAX = 63
# Whoever names one of these means it, and not what was looked at last.
_NAMED = {"database_name", "topic_prefix", "database_url", "kafka_bootstrap_servers"}


def _remembered(settings: Settings) -> dict[str, str] | None:
    """What was lived last; None where nothing was, or the note is damaged."""
    try:
        noted = json.loads(_memory(settings).read_text())
        return {"database": noted["database"], "topic_prefix": noted["topic_prefix"]}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _memory(settings: Settings) -> Path:
    return settings.data_dir / "looked-at.json"


def _on_same_server(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def install(settings: Settings | None = None, report: Callable[[str], None] = lambda _: None) -> Installation:
    """As `locate`, and bring the database's tables and the topics up to date."""
    there = locate(settings, report, migrated=False)
    migrate(there.owner_url)
    prepare(there.bootstrap_servers, there.topic_prefix)
    return there


def install_beside(name: str, report: Callable[[str], None] = lambda _: None) -> Installation:
    """An installation of its own on the same servers, for a demo or an import: database and topics bear `name`.

    `name` is lower-case letters, digits and hyphens. Raises Fault where the server allows no further database.
    """
    settings = Settings.load()
    running = servers.start(settings, report)
    database = f"{urlsplit(running.database_url).path.removeprefix('/')}_{name.replace('-', '_')}"
    if len(database.encode()) > _NAME_MAX:
        raise Fault(
            f"The database {database} would have a name of more than {_NAME_MAX} bytes, which PostgreSQL cuts: choose a "
            f"shorter CREDIT_DATABASE_NAME or a smaller seed."
        )
    try:
        owner = servers.ensure_database(running.database_url, database)
    except Exception as refused:
        raise Fault(
            f"The database {database} cannot be created ({str(refused).strip()}): give the owner of "
            f"CREDIT_DATABASE_URL the right CREATEDB."
        ) from refused
    beside = settings.model_copy(
        update={
            "database_url": owner,
            "writer_url": None,
            "relay_url": None,
            "views_url": None,
            "reader_url": None,
            "access_url": None,
            "vault_url": None,
            "kafka_bootstrap_servers": running.bootstrap_servers,
            "topic_prefix": f"{settings.topic_prefix}{name}.",
        }
    )
    return install(beside, report)
