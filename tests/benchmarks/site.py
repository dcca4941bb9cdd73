"""Where a subject is measured: databases and topics of its own on the real servers, forgotten afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
from kafka.admin import KafkaAdminClient
from psycopg import sql

from infra.embedded import servers
from infra.installation import Installation, install_beside
from infra.settings import Settings


@contextmanager
def site(subject: str) -> Iterator[Installation]:
    """An empty installation for one subject. What a killed run has left under its name is thrown away before."""
    name = f"bench-{subject}"
    settings = Settings.load()
    with database(subject):
        forget_topics(servers.start(settings).bootstrap_servers, f"{settings.topic_prefix}{name}.")
        there = install_beside(name)
        try:
            yield there
        finally:
            forget_topics(there.bootstrap_servers, there.topic_prefix)


@contextmanager
def database(subject: str) -> Iterator[str]:
    """The owner's URL of an empty database, dropped at the end."""
    owner = servers.start(Settings.load()).database_url
    name = f"{urlsplit(owner).path.removeprefix('/')}_bench_{subject.replace('-', '_')}"
    _drop(owner, name)
    try:
        yield servers.ensure_database(owner, name)
    finally:
        _drop(owner, name)


def forget_topics(bootstrap: str, prefix: str) -> None:
    """Delete every topic whose name begins so."""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        found = [topic for topic in admin.list_topics() if topic.startswith(prefix)]
        if found:
            admin.delete_topics(found)
    finally:
        admin.close()


def _drop(owner: str, name: str) -> None:
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
