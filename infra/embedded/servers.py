"""Both servers together: start them, see how they are, stop them, forget their data."""

import fcntl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import errors, sql
from psycopg.conninfo import conninfo_to_dict

from infra.embedded.kafka import Kafka, cluster_at
from infra.embedded.postgres import Postgres
from infra.faults import Fault
from infra.settings import Settings


@dataclass(frozen=True)
class Running:
    """Where the servers are, answering."""

    database_url: str = field(repr=False)
    """The owner's URL of the service's database."""

    bootstrap_servers: str
    """Where Kafka is; where it was not asked for what is set, else empty."""


@dataclass(frozen=True)
class State:
    """How one server is."""

    name: str
    embedded: bool
    """False: it is somebody else's, named by a setting, and is never started or stopped from here."""

    running: bool
    address: str | None
    """`host:port`; None if it was never started."""

    log: Path | None


def start(
    settings: Settings | None = None, report: Callable[[str], None] = lambda _: None, *, kafka: bool = True
) -> Running:
    """Have both servers running, or without `kafka` PostgreSQL alone, and the service's database there.

    Whoever starts at the same time waits and gets the same servers. They outlive the caller. `report` is told what
    takes long. Raises `Fault` when a server does not start or a given one does not answer.
    """
    settings = settings or Settings.load()
    with _alone(settings), ThreadPoolExecutor(2) as pool:
        database = pool.submit(_database, settings)
        broker = pool.submit(_broker, settings, report) if kafka else None
        given = settings.kafka_bootstrap_servers or ""
        return Running(database.result(), given if broker is None else broker.result())


def status(settings: Settings | None = None) -> list[State]:
    """How PostgreSQL and Kafka are, in this order, asked of themselves."""
    settings = settings or Settings.load()
    return [_database_state(settings), _broker_state(settings)]


def stop(settings: Settings | None = None) -> list[str]:
    """Stop the embedded servers and return the names of those that ran."""
    settings = settings or Settings.load()
    if not settings.data_dir.exists():
        return []
    stops = {Postgres.name: Postgres(settings).stop, Kafka.name: Kafka(settings).stop}
    with _alone(settings), ThreadPoolExecutor(2) as pool:
        asked = {name: pool.submit(ask) for name, ask in stops.items()}
        return [name for name, ran in asked.items() if ran.result()]


def forget(settings: Settings | None = None) -> None:
    """Stop the embedded servers and delete all their data; servers named by settings are left alone."""
    settings = settings or Settings.load()
    if settings.data_dir.exists():
        with _alone(settings):
            Postgres(settings).forget()
            Kafka(settings).forget()


def ensure_database(owner_url: str, name: str) -> str:
    """Create the database if it is absent, also when several programs do so at once, and return its URL.

    It is UTF-8 and sorts by bytes, so that every installation orders alike.
    """
    with psycopg.connect(owner_url, autocommit=True) as connection:
        if connection.execute("select from pg_database where datname = %s", (name,)).fetchone() is None:
            statement = sql.SQL("create database {} template template0 encoding 'UTF8' locale 'C'")
            with suppress(errors.DuplicateDatabase, errors.UniqueViolation):  # another was quicker by a moment
                connection.execute(statement.format(sql.Identifier(name)))
    return urlunsplit(urlsplit(owner_url)._replace(path="/" + quote(name)))


def _database(settings: Settings) -> str:
    if settings.database_url is None:
        return ensure_database(Postgres(settings).start(), settings.database_name)
    why = _refusal(settings.database_url)
    if why:
        raise Fault(f"The PostgreSQL of CREDIT_DATABASE_URL does not answer ({why}): start it or correct the URL.")
    return settings.database_url


def _broker(settings: Settings, report: Callable[[str], None]) -> str:
    if settings.kafka_bootstrap_servers is None:
        return Kafka(settings).start(report)
    if not _any_answers(settings.kafka_bootstrap_servers):
        raise Fault(
            f"No Kafka answers at {settings.kafka_bootstrap_servers}: start it or correct "
            f"CREDIT_KAFKA_BOOTSTRAP_SERVERS, or unset it to have one started."
        )
    return settings.kafka_bootstrap_servers


def _database_state(settings: Settings) -> State:
    if settings.database_url is None:
        server = Postgres(settings)
        return State(
            server.name, True, server.answers(), f"127.0.0.1:{server.port}" if server.port else None, server.log
        )
    return State(Postgres.name, False, not _refusal(settings.database_url), _address(settings.database_url), None)


def _broker_state(settings: Settings) -> State:
    if settings.kafka_bootstrap_servers is None:
        server = Kafka(settings)
        return State(server.name, True, server.answers(), server.bootstrap_servers if server.port else None, server.log)
    servers = settings.kafka_bootstrap_servers
    return State(Kafka.name, False, _any_answers(servers), servers, None)


def _address(url: str) -> str:
    """Each `host:port` of a URL, which may name several."""
    parts = conninfo_to_dict(url)
    hosts = str(parts.get("host") or "localhost").split(",")
    ports = str(parts.get("port") or "").split(",")
    if len(ports) == 1:
        ports *= len(hosts)
    return ",".join(f"{host}:{port or 5432}" for host, port in zip(hosts, ports, strict=True))


def _refusal(url: str) -> str:
    """Why the database does not answer, in one line and without a password; empty if it does."""
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.ProgrammingError:
        return "it is no URL"  # the driver's own words would quote it, password and all
    except psycopg.Error as error:
        return " ".join(str(error).split()) or type(error).__name__
    return ""


def _any_answers(bootstrap_servers: str) -> bool:
    addresses = (server.rsplit(":", 1) for server in bootstrap_servers.split(","))
    return any(cluster_at(host, int(port), seconds=5) for host, port in addresses)


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Hold the lock of the data folder, waiting for whoever holds it."""
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        file = (settings.data_dir / "servers.lock").open("w")
    except OSError as error:
        raise Fault(f"{settings.data_dir} cannot be written ({error.strerror}): set CREDIT_DATA_DIR.") from None
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
