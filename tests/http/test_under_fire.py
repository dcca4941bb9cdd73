"""Many clients send the same writes again and again while the service is killed: each is done once, and all are told so."""

import asyncio
import json
import os
import random
from collections import Counter

import pytest

from domain.recorded import Recorded
from infra.migrations import migrate
from infra.store.event_store import EventStore
from infra.store.roles import role_url
from infra.store.verifier import verify_store
from tests.http.process import running
from tests.http.wire import Wire

CLIENTS = int(os.environ.get("CLIENTS", "10"))  # `make fire` sends a hundred
WRITES, ACCOUNTS, KILLS = 200, 20, 3
ENOUGH = 100_000  # of purchases for one account: some are refused, and which depends on who comes first


async def until_answered(wire, method, path, headers, body):
    """As a good client does it: the same request with the same key until there is an answer."""
    while True:
        try:
            answer = await wire.ask(method, path, headers, body)
        except (OSError, EOFError):
            await asyncio.sleep(random.uniform(0.02, 0.2))
            continue
        if answer.status != 503 and b'"request_running"' not in answer.body:
            return answer
        await asyncio.sleep(random.uniform(0.01, 0.1))


async def opened(service, headers, number):
    """The path of an account with a limit that some of the purchases do not fit in."""
    wire = Wire(service.port)
    body = {"customer_id": f"fire-{number}", "terms_version": "pay-later-2026.1"}
    made = await until_answered(wire, "POST", "/accounts", headers | {"Idempotency-Key": f"open-{number}"}, body)
    assert made.status == 201, made
    account = f"/accounts/{json.loads(made.body)['account_id']}"
    limit = {"limit_fen": ENOUGH}
    key = {"Idempotency-Key": f"limit-{number}"}
    assert (await until_answered(wire, "POST", f"{account}/activation", headers | key, limit)).status == 201
    wire.close()
    return account


def writes(accounts):
    """Purchases and payments, all different."""
    for number in range(WRITES):
        account = accounts[number % ACCOUNTS]
        if number % 5 == 4:
            yield number, f"{account}/payments", {"amount_fen": 1_000 + number, "channel": "transfer"}
        else:
            yield number, f"{account}/purchases", {"amount_fen": 15_000 + number, "merchant_id": "m-1"}


async def client(service, headers, asked, told):
    """Sends all of them, in an order of its own, and writes down what it was told of each."""
    wire = Wire(service.port)
    for number, path, body in random.sample(asked, len(asked)):
        answer = await until_answered(wire, "POST", path, headers | {"Idempotency-Key": f"fire-{number}"}, body)
        told[number].append((answer.status, answer.body))
    wire.close()


async def killing(service, told):
    """Kills the service three times, when a quarter, a half and three quarters are answered."""
    for share in range(1, KILLS + 1):
        enough = share * CLIENTS * WRITES // (KILLS + 1)
        while sum(map(len, told.values())) < enough:  # noqa: ASYNC110 - a count is no event
            await asyncio.sleep(0.01)
        service.kill()
        await service.start()


@pytest.fixture
def url(database_url):
    migrate(database_url)
    return database_url


def test_each_write_is_done_once_and_every_client_is_told_the_same(url, bootstrap_servers, tmp_path, key_of):
    environment = os.environ | {
        "CREDIT_DATABASE_URL": url,
        "CREDIT_KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers,
        "CREDIT_DATA_DIR": str(tmp_path),
    }
    officer, service_key = key_of(url, "officer"), key_of(url, "service")
    told = {number: [] for number in range(WRITES)}

    async def everything():
        async with running(environment) as service:
            accounts = await asyncio.gather(*(opened(service, officer, number) for number in range(ACCOUNTS)))
            asked = list(writes(accounts))
            clients = [client(service, service_key, asked, told) for _ in range(CLIENTS)]
            await asyncio.gather(killing(service, told), *clients)

    asyncio.run(everything())
    assert {number: len(answers) for number, answers in told.items()} == dict.fromkeys(told, CLIENTS)
    differing = {number: set(answers) for number, answers in told.items() if len(set(answers)) > 1}
    assert differing == {}
    statuses = Counter(answers[0][0] for answers in told.values())
    assert statuses.keys() == {201, 409}, statuses
    with EventStore(role_url(url, "credit_writer")) as store:
        recorded = store.read(0, 100_000)
        commands = {(event.aggregate_id, event.command_id) for event in recorded if isinstance(event, Recorded)}
        posted = Counter(
            event.command_id for event in recorded if event.type in {"purchase.posted", "payment.received"}
        )
    assert (len(posted), set(posted.values())) == (statuses[201], {1})
    assert len(commands) == 2 * ACCOUNTS + statuses[201]
    log = verify_store(url)
    assert [each.first_difference for each in log] == [None, None]
