"""A life over HTTP with every program at work: after the person is erased nobody finds who they were, anywhere.

What is searched is all of it: every table of the store in bytes, every record of the topics, every log and every trace.
"""

import json
import os
import signal
import subprocess
import sys

import httpx
import psycopg
import pytest
from kafka import KafkaConsumer, TopicPartition
from psycopg import sql

from infra.embedded.processes import free_port
from tests.conftest import RUNS
from tests.http.asking import INCOME, PAY_LATER
from tests.telemetry.conftest import Programs, answers, programs, until  # noqa: F401 - a fixture
from tests.vault.conftest import ZHANG

PERSON = "c-erased"
SAID = ZHANG.model_dump(mode="json")
NEEDLES = [text for said in SAID.values() for text in ([said] if isinstance(said, str) else said)]
# What is told of them under their id is found everywhere: so the search does find what is there.
CONTROL = [PERSON]


def tables(url: str) -> bytes:
    """The content of every table, in bytes."""
    with psycopg.connect(url) as owner, owner.cursor() as cursor:
        names = cursor.execute(
            "SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'm') AND relnamespace = 'public'::regnamespace"
        ).fetchall()
        found = bytearray()
        for (name,) in names:
            with cursor.copy(sql.SQL("COPY {} TO STDOUT (FORMAT binary)").format(sql.Identifier(name))) as rows:
                for row in rows:
                    found += row
    return bytes(found)


def records(bootstrap_servers: str, prefix: str) -> bytes:
    """Every record of every topic of the installation: keys, headers and values."""
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap_servers, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    try:
        partitions = [
            TopicPartition(topic, partition)
            for topic in consumer.topics()
            if topic.startswith(prefix)
            for partition in consumer.partitions_for_topic(topic)
        ]
        consumer.assign(partitions)
        ends = consumer.end_offsets(partitions)
        found = bytearray()
        while any(consumer.position(each) < ends[each] for each in partitions):
            for batch in consumer.poll(timeout_ms=1_000).values():
                for record in batch:
                    found += (record.key or b"") + (record.value or b"") + repr(record.headers).encode()
        return bytes(found)
    finally:
        consumer.close()


def files(*folders) -> bytes:
    """Every log of the programs and of the servers, and the traces."""
    return b"".join(
        file.read_bytes()
        for folder in folders
        for pattern in ("**/*.log", "**/*.jsonl", "**/log/*", "**/logs/*")
        for file in folder.glob(pattern)
        if file.is_file()
    )


def found(needles: list[str], content: bytes) -> list[str]:
    """Which of these are in there, in any of the spellings that JSON, a URL or a dump may give them."""
    spellings = {
        text: {
            text.encode(),
            json.dumps(text)[1:-1].encode(),
            text.encode().hex().encode(),
            str(httpx.URL(f"http://x/{text}").raw_path[1:], "ascii").encode(),
            text.encode("utf-16-le"),
        }
        for text in needles
    }
    return [text for text, spelt in spellings.items() if any(each in content for each in spelt)]


@pytest.fixture
def lived(programs: Programs, tmp_path):  # noqa: F811 - the fixture
    """The address of the service, all of it, after the person has lived with it and closed their account."""
    port = free_port()
    service = programs.start(
        "serve", "--port", str(port), CREDIT_SANDBOX="1", CREDIT_TRACES=f"file:{tmp_path / 'traces.jsonl'}"
    )
    address = f"http://127.0.0.1:{port}"
    until(lambda: answers(f"{address}/livez") or service.poll() is not None)
    until(lambda: "Stop " in programs.output("serve").read_text())
    client = httpx.Client(base_url=address, timeout=60)

    def ask(method, path, body=None, by="service", **more):
        headers = programs.key(by) | {"Idempotency-Key": f"k-{ask.number}", "Sandbox-Time": "2026-01-05T10:00:00+08:00"}
        ask.number += 1
        return client.request(method, path, json=body, headers=headers | more)

    ask.number = 1
    place = f"/customers/{PERSON}"
    assert ask("PUT", f"{place}/personal-data", SAID).status_code == 200
    for kind in ("credit_check", "credit_reporting", "loan_agreement"):
        assert ask("POST", f"{place}/consents", {"kind": kind, "evidence_ref": "e-1"}).status_code == 201
    ask("POST", f"{place}/identity-verification", {"evidence_ref": "e-2"}, "officer")
    ask("POST", f"{place}/age", {"adult": True, "evidence_ref": "e-2"}, "officer")
    granted = ask("POST", f"{place}/applications", {"terms_version": PAY_LATER, **INCOME}).json()
    account = f"/accounts/{granted['account']['account_id']}"
    assert ask("POST", f"{account}/purchases", {"amount_fen": 5_000, "merchant_id": "m-1"}).status_code == 201
    assert ask("POST", f"{account}/payments", {"amount_fen": 5_000, "channel": "transfer"}).status_code == 201
    # They are looked at, and what is known of them is sent where it does not belong.
    assert ask("GET", f"{place}/personal-data", by="officer").status_code == 200
    assert ask("GET", f"{place}/export", by="auditor").json()["personal_data"]["names"] == SAID["names"]
    for wrong in (
        ask("PUT", f"{place}/personal-data", SAID | {"cards": SAID["telephones"], "nickname": "三丰"}),
        ask("PUT", f"{place}/personal-data", {"notes": ZHANG.notes + "\0"}),
        ask("POST", f"{account}/purchases", {"amount_fen": 1, "merchant_id": ZHANG.names[0]}),
        ask("GET", f"/customers/{ZHANG.names[0]}"),
        ask("GET", f"/accounts?customer_id={ZHANG.email}&status={ZHANG.cards[0]}"),
        ask("POST", f"{account}/freezes", {"reason": ZHANG.identity_number}, **{"Correlation-Id": ZHANG.telephones[0]}),
    ):
        assert wrong.status_code in {404, 422}, wrong.text
    assert ask("POST", f"{account}/closure", by="officer").status_code == 201
    until(lambda: ask("GET", f"{account}/balance").json().get("access") == "closed")
    yield ask
    client.close()
    service.send_signal(signal.SIGTERM)
    service.wait(60)


def test_nobody_finds_who_they_were(lived, programs, database_url, bootstrap_servers, topic_prefix, tmp_path):  # noqa: F811
    assert lived("DELETE", f"/customers/{PERSON}/personal-data", by="officer").status_code == 200
    assert lived("GET", f"/customers/{PERSON}/personal-data").status_code == 410
    store, topics = tables(database_url), records(bootstrap_servers, topic_prefix)
    assert found(CONTROL, store) == found(CONTROL, topics) == CONTROL
    for content in (store, topics, files(tmp_path, RUNS / str(os.getpid()))):
        assert content
        assert found(NEEDLES, content) == []
    with psycopg.connect(database_url) as owner:
        assert owner.execute("SELECT count(*) FROM vault_data").fetchone() == (0,)
        assert owner.execute("SELECT sealed_key FROM vault_keys").fetchall() == [(None,)]
    verified = [sys.executable, "-m", "infra.cli", "audit", "verify"]
    until(lambda: subprocess.run(verified, env=programs.environment, capture_output=True, check=False).returncode == 0)


def test_the_search_finds_what_is_there():
    for text in NEEDLES:
        for content in (text.encode(), json.dumps({"a": text}).encode(), text.encode().hex().encode()):
            assert found([text], b"before" + content + b"after") == [text]
