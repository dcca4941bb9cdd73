"""`credit relay`, `credit consume` and `credit events` as an operator meets them: real processes, real signals."""

import json
import os
import signal
import subprocess
import sys

import psycopg
import pytest
from kafka.admin import KafkaAdminClient
from kafka.errors import CoordinatorNotAvailableError, GroupIdNotFoundError

from tests.kafka.conftest import until
from tests.kafka.histories import histories

CREDIT = [sys.executable, "-m", "infra.cli"]


@pytest.fixture
def environment(site):
    return os.environ | {
        "CREDIT_DATABASE_URL": site.owner_url,
        "CREDIT_KAFKA_BOOTSTRAP_SERVERS": site.bootstrap,
        "CREDIT_TOPIC_PREFIX": site.prefix,
    }


@pytest.fixture
def credit(environment):
    def run(*arguments):
        return subprocess.run(
            [*CREDIT, *arguments], env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    return run


def test_the_relay_publishes_until_sigterm_and_says_how_far_it_is(site, environment, credit):
    site.append(histories(5, 4))
    before = credit("relay", "status", "--json")
    assert json.loads(before.stdout) == {"head": 20, "relayed": 0, "behind": 20}
    with subprocess.Popen([*CREDIT, "relay", "run"], env=environment, stderr=subprocess.PIPE, text=True) as relay:
        until(lambda: site.relayed() == 20)
        relay.send_signal(signal.SIGTERM)
        assert relay.wait(30) == 0, relay.stderr.read()
    assert "20 of 20 events" in credit("relay", "status").stdout

    shown = credit("events", "tail", "--from-start", "--no-follow", "--json", "--type", "account.activated")
    documents = [json.loads(line) for line in shown.stdout.splitlines()]
    assert len(documents) == 5
    assert {document["data"]["limit_fen"] for document in documents} == {500_000}
    one = credit("events", "tail", "--from-start", "--limit", "3", "--account", documents[0]["account_id"])
    assert [line.split()[2] for line in one.stdout.splitlines()] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("option", "said"),
    [("--type", "is not an event type like account.overdue"), ("--account", "is not an account id: it is a UUID")],
)
def test_bytes_that_are_no_text_are_wrong_usage(site, environment, option, said):
    words = [*CREDIT, "events", "tail", option, b"\xff"]
    told = subprocess.run(words, env=environment, capture_output=True, timeout=60, check=False)
    assert told.returncode == 2
    message = " ".join(told.stderr.decode().replace("│", " ").split())
    assert f"Invalid value for '{option}': '\\udcff' {said}" in message


@pytest.mark.parametrize(
    ("type_", "said"),
    [
        ("account.overdu", "; nearest: account.overdue"),
        ("overdue", "; nearest: account.overdue"),
        ("nope", "; known: account.activated, account.billed, account.charged_off, "),
        ("customer.consent_given", "; those of customers are on a topic of their own"),
    ],
)
def test_a_type_that_no_event_has_is_wrong_usage_and_not_waited_for(tmp_path, type_, said):
    """Neither server is asked: there is none where they are said to be."""
    nowhere = {
        "CREDIT_DATABASE_URL": "postgresql://o:p@127.0.0.1:1/none",
        "CREDIT_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
    }
    told = subprocess.run(
        [*CREDIT, "events", "tail", "--type", type_],
        env=os.environ | nowhere | {"CREDIT_DATA_DIR": str(tmp_path)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (told.returncode, told.stdout) == (2, "")
    assert f"{type_!r} is not an event type like account.overdue{said}" in " ".join(told.stderr.split())


def test_a_wrong_password_is_one_sentence(site, environment, credit):
    login, _, place = site.relay_url.rpartition("@")
    environment["CREDIT_RELAY_URL"] = f"{login.rpartition(':')[0]}:hunter2@{place}"
    refused = credit("relay", "run")
    assert refused.returncode == 1
    assert "password authentication failed" in refused.stderr
    assert "hunter2" not in refused.stderr
    assert refused.stderr.startswith("credit: The ")
    assert refused.stderr.count("\n") == 1


def test_a_consumer_leaves_on_sigterm(site, environment):
    audit = subprocess.Popen([*CREDIT, "consume", "audit"], env=environment, stderr=subprocess.PIPE, text=True)
    until(lambda: _members(site) == 1)
    with audit:
        audit.send_signal(signal.SIGTERM)
        assert audit.wait(30) == 0, audit.stderr.read()
    assert _members(site) == 0, "it says goodbye, so that the others need not wait for it"


def test_a_consumer_that_must_stop_exits_with_one_sentence(site, credit):
    with psycopg.connect(site.owner_url) as connection:
        connection.execute(
            "INSERT INTO view_positions (view, generation, topic, partition, next_offset) VALUES ('audit', 1, %s, 3, 9)",
            (site.topic,),
        )
    stopped = credit("consume", "audit")
    assert stopped.returncode == 1
    assert stopped.stderr.startswith(f"credit: partition 3 of {site.topic} holds offsets 0 to 0")
    assert "Traceback" not in stopped.stderr


def _members(site):
    admin = KafkaAdminClient(bootstrap_servers=site.bootstrap)
    try:
        (group,) = admin.describe_groups([f"{site.prefix}credit.audit"]).values()
    except (GroupIdNotFoundError, CoordinatorNotAvailableError):  # until the first member joins
        return 0
    finally:
        admin.close()
    return len(group["members"])
