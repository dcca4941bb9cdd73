"""The topic of the history is made for ever, and one made otherwise is refused with the difference."""

import pytest
from kafka.admin import KafkaAdminClient

from consumers.envelope import ACCOUNT_EVENTS
from infra.faults import Fault
from infra.kafka import topics


def made(bootstrap, name, partitions=24, **settings):
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    configs = {"retention.ms": "-1", "retention.bytes": "-1", "cleanup.policy": "delete"} | settings
    admin.create_topics({name: {"num_partitions": partitions, "replication_factor": 1, "configs": configs}})
    admin.wait_for_topics([name])
    admin.close()


def test_what_it_makes_it_accepts(bootstrap_servers, topic_prefix):
    topics.prepare(bootstrap_servers, topic_prefix)
    topics.prepare(bootstrap_servers, topic_prefix)
    admin = KafkaAdminClient(bootstrap_servers=bootstrap_servers)
    (found,) = admin.describe_topics([topic_prefix + ACCOUNT_EVENTS])
    admin.close()
    assert len(found["partitions"]) == 24


def test_another_number_of_partitions_is_refused(bootstrap_servers, topic_prefix):
    made(bootstrap_servers, topic_prefix + ACCOUNT_EVENTS, partitions=3)
    with pytest.raises(Fault, match="has 3 partitions, not 24"):
        topics.prepare(bootstrap_servers, topic_prefix)


@pytest.mark.parametrize(("setting", "value"), [("retention.ms", "604800000"), ("cleanup.policy", "compact")])
def test_a_topic_that_forgets_is_refused(bootstrap_servers, topic_prefix, setting, value):
    made(bootstrap_servers, topic_prefix + ACCOUNT_EVENTS, **{setting: value})
    with pytest.raises(Fault, match=f"has {setting}={value}, not"):
        topics.prepare(bootstrap_servers, topic_prefix)


def test_a_silent_broker_is_said_with_the_remedy():
    with pytest.raises(Fault, match=r"does not answer.*credit servers start"):
        topics.prepare("127.0.0.1:1", "")
