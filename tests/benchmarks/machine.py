"""What the figures were measured on, so that nobody compares them with those of another machine."""

import os
import platform
from importlib.metadata import version

import psycopg
from kafka.admin import KafkaAdminClient

from infra.embedded.downloads import KAFKA_VERSION
from infra.embedded.servers import Running
from infra.settings import Settings

_DURABLE = ("fsync", "synchronous_commit", "full_page_writes", "wal_sync_method")
_LIBRARIES = ("eventsourcing", "psycopg", "kafka-python", "pydantic")


def describe(running: Running, settings: Settings) -> dict[str, str]:
    """The machine, the servers, and the settings that make a commit durable as the server itself says them."""
    with psycopg.connect(running.database_url) as connection:
        (postgres,) = connection.execute("SHOW server_version").fetchone() or ("unknown",)
        durable = [
            f"{name} {(connection.execute('SELECT current_setting(%s)', (name,)).fetchone() or ('unknown',))[0]}"
            for name in _DURABLE
        ]
    return {
        "machine": f"{os.cpu_count()} CPUs, {platform.machine()}, {platform.system()} {platform.release()}",
        "load": f"{os.getloadavg()[0]:.1f} before the first round",
        "Python": f"{platform.python_version()} ({', '.join(f'{name} {version(name)}' for name in _LIBRARIES)})",
        "PostgreSQL": f"{postgres} ({', '.join(durable)})",
        "Kafka": _kafka(running.bootstrap_servers, embedded=settings.kafka_bootstrap_servers is None),
    }


def _kafka(bootstrap: str, *, embedded: bool) -> str:
    if embedded:
        return f"{KAFKA_VERSION} (one node, acks all)"
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        brokers = admin.describe_cluster()["brokers"]
        spoken = admin.get_broker_version_data(brokers[0]["broker_id"])
        return f"{len(brokers)} nodes of another's, speaking as {spoken} (acks all)"
    finally:
        admin.close()
