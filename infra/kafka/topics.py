"""The topics we own: created once with everything that history needs, and checked at every start."""

import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError

from consumers.envelope import ACCOUNT_EVENTS, CUSTOMER_EVENTS
from infra.faults import Fault

PARTITIONS = 24  # fixed at birth: another number would move accounts to other partitions and lose their order


@dataclass(frozen=True)
class Topic:
    """A topic as it must be; the name is without the installation's prefix."""

    name: str
    partitions: int
    settings: dict[str, str]


_FOR_EVER = {"retention.ms": "-1", "retention.bytes": "-1", "cleanup.policy": "delete"}
TOPICS = (Topic(ACCOUNT_EVENTS, PARTITIONS, _FOR_EVER), Topic(CUSTOMER_EVENTS, PARTITIONS, _FOR_EVER))


def prepare(bootstrap: str, prefix: str) -> None:
    """Create the topics that are missing and compare the others with what they must be.

    Raises `Fault` with the difference when one was made otherwise, or when no broker answers.
    """
    admin = _admin(bootstrap)
    try:
        existing = set(admin.list_topics())
        for topic in TOPICS:
            if prefix + topic.name not in existing:
                _create(admin, prefix + topic.name, topic)
        differences = [line for topic in TOPICS for line in _differences(admin, prefix + topic.name, topic)]
    except KafkaError as error:
        raise Fault(
            f"Kafka at {bootstrap} answers, but its topics cannot be prepared ({error!r}): see the broker's log."
        ) from error
    finally:
        admin.close()
    if differences:
        raise Fault(
            "Kafka's topics are not what this program needs: "
            + "; ".join(differences)
            + ". Correct the settings; a wrong number of partitions needs a new topic (CREDIT_TOPIC_PREFIX) and a replay."
        )


def _admin(bootstrap: str) -> Any:
    if not any(_listens(server) for server in bootstrap.split(",")):
        raise Fault(
            f"Kafka at {bootstrap} does not answer: start it with `credit servers start`, or correct "
            f"CREDIT_KAFKA_BOOTSTRAP_SERVERS."
        )
    try:
        return KafkaAdminClient(bootstrap_servers=bootstrap)
    except KafkaError as error:
        raise Fault(f"What listens at {bootstrap} does not answer as Kafka does: {error!r}.") from error


def _listens(server: str) -> bool:
    """Asked first, because the library would try for half a minute."""
    host, port = server.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
    except OSError:
        return False
    return True


def _create(admin: Any, name: str, topic: Topic) -> None:
    wanted = {"num_partitions": topic.partitions, "replication_factor": -1, "configs": topic.settings}
    with suppress(TopicAlreadyExistsError):  # another program was quicker; what it made is compared like any other
        admin.create_topics({name: wanted})
    admin.wait_for_topics([name])


def _differences(admin: Any, name: str, topic: Topic) -> list[str]:
    """What is otherwise than it must be, in words."""
    (found,) = admin.describe_topics([name])
    resource = ConfigResource(ConfigResourceType.TOPIC, name, configs=dict.fromkeys(topic.settings))
    (settings,) = admin.describe_configs([resource], config_filter="all")["topic"].values()
    lines = []
    if len(found["partitions"]) != topic.partitions:
        lines.append(f"{name} has {len(found['partitions'])} partitions, not {topic.partitions}")
    for key, wanted in topic.settings.items():
        if settings[key]["value"] != wanted:
            lines.append(f"{name} has {key}={settings[key]['value']}, not {wanted}")
    return lines
