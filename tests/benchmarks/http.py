"""Requests a second and their waits over HTTP in one process: a purchase with a durable commit, and a balance that is read.

Beside them a bare endpoint of the same framework, which checks a body as large and answers as much, and does nothing.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import count
from time import perf_counter

from consumers.envelope import ACCOUNT_EVENTS
from domain.terms import PAY_LATER
from infra.access.issuing import issue
from infra.embedded.processes import free_port
from infra.installation import Installation
from infra.store.event_store import EventStore
from infra.views.store import ViewStore
from infra.views.tables import BALANCE
from tests.benchmarks.measure import Contender, Sample, Scale, Suite
from tests.benchmarks.site import site
from tests.http.wire import Wire

_BODY = {"amount_fen": 100, "merchant_id": "m-1"}
_GO = "tests.benchmarks.bare_endpoint"


@contextmanager
def http(scale: Scale) -> Iterator[Sequence[Suite]]:
    """Both from as many clients as there are at the other subjects, each waiting for its answer."""
    with site("http") as there, EventStore(there.writer_url, 4) as store, ExitStack() as stack:
        key = {"Authorization": f"Bearer {issue(there.access_url, 'service', 'bench').text}"}
        environment = there.environment() | {"CREDIT_RATE_LIMIT": "0"}
        ours = stack.enter_context(_running([sys.executable, "-m", "infra.cli", "http", "--port"], environment))
        bare = stack.enter_context(_running([sys.executable, "-m", _GO], os.environ))
        desk = {"Authorization": f"Bearer {issue(there.access_url, 'officer', 'desk').text}"}
        ids = asyncio.run(_opened(ours, desk, scale.accounts))
        _show(there, store)
        numbers = count()
        named = f"{scale.clients} clients"
        bought, seen = partial(_purchase, ids, key, numbers), partial(_balance, ids, key)
        yield [
            Suite("http writes", "requests", [
                Contender(f"bare endpoint, {named}", "floor", partial(_ask, bare, bought, scale, scale.commands)),
                Contender(f"POST purchases, {named}", "ours", partial(_ask, ours, bought, scale, scale.commands)),
            ]),
            Suite("http reads", "requests", [
                Contender(f"bare endpoint, {named}", "floor", partial(_ask, bare, seen, scale, scale.commands)),
                Contender(f"GET balance, {named}", "ours", partial(_ask, ours, seen, scale, scale.commands)),
            ]),
        ]  # fmt: skip


async def _opened(port: int, key: Mapping[str, str], amount: int) -> list[str]:
    """Accounts of today that may borrow."""
    wire, ids = Wire(port), []
    for number in range(amount):
        body = {"customer_id": f"http-{number}", "terms_version": PAY_LATER.version}
        made = await wire.ask("POST", "/accounts", {**key, "Idempotency-Key": f"open-{number}"}, body)
        ids.append(json.loads(made.body)["account_id"])
        limit, named = {"limit_fen": 5_000_000}, {"Idempotency-Key": f"limit-{number}"}
        granted = await wire.ask("POST", f"/accounts/{ids[-1]}/activation", {**key, **named}, limit)
        assert granted.status == 201, granted
    wire.close()
    return ids


def _show(there: Installation, store: EventStore) -> None:
    """The balance view, as far as the store has come."""
    with ViewStore(there.views_url, BALANCE) as view:
        position = 0
        while events := store.read(position, 5_000):
            told = [event for event in events if hasattr(event, "account_id")]
            view.commit(ACCOUNT_EVENTS, 0, position, events[-1].position, told)
            position = events[-1].position


def _purchase(ids: Sequence[str], key: Mapping[str, str], numbers: Iterator[int]) -> tuple[str, str, object, object]:
    number = next(numbers)
    said = {**key, "Idempotency-Key": f"bench-{number}"}
    return "POST", f"/accounts/{ids[number % len(ids)]}/purchases", said, _BODY


def _balance(ids: Sequence[str], key: Mapping[str, str]) -> tuple[str, str, object, object]:
    _balance_turn = next(_TURNS)
    return "GET", f"/accounts/{ids[_balance_turn % len(ids)]}/balance", key, None


_TURNS = count()


def _ask(port: int, asked: Callable[[], tuple[str, str, object, object]], scale: Scale, amount: int) -> Sample:
    waits: list[float] = []

    async def client() -> None:
        wire = Wire(port)
        for _ in range(amount // scale.clients):
            method, path, headers, body = asked()
            begun = perf_counter()
            answer = await wire.ask(method, path, headers, body)  # type: ignore[arg-type]
            waits.append(perf_counter() - begun)
            assert answer.status in {200, 201}, answer
        wire.close()

    async def everybody() -> None:
        await asyncio.gather(*(client() for _ in range(scale.clients)))

    begun = perf_counter()
    asyncio.run(everybody())
    return Sample(len(waits), perf_counter() - begun, tuple(waits))


@contextmanager
def _running(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[int]:
    port = free_port()
    with subprocess.Popen([*command, str(port)], env=environment) as process:
        try:
            asyncio.run(_until_alive(port, process))
            yield port
        finally:
            process.send_signal(signal.SIGTERM)


async def _until_alive(port: int, process: "subprocess.Popen[bytes]") -> None:
    wire, until = Wire(port), time.monotonic() + 60
    while process.poll() is None and time.monotonic() < until:
        try:
            await wire.ask("GET", "/livez", {})
        except (OSError, EOFError):
            await asyncio.sleep(0.1)
        else:
            wire.close()
            return
    raise RuntimeError("the server does not answer")
