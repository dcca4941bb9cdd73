"""The service's programs as real processes over an installation of each test's own, and someone who asks them."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.access import Role
from infra.access.issuing import issue
from infra.embedded.processes import free_port
from infra.kafka import topics
from infra.migrations import migrate
from infra.store.roles import role_url
from infra.supervisor import ENDS_WITH_PARENT


class Programs:
    """What was started of one installation, with its output in a file each."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.environment, self._folder = environment, folder
        self._started: list[subprocess.Popen[bytes]] = []
        self._keys: dict[str, dict[str, str]] = {}

    def key(self, role: Role) -> dict[str, str]:
        """The headers of somebody of this role."""
        if role not in self._keys:
            url = role_url(self.environment["CREDIT_DATABASE_URL"], "credit_access")
            self._keys[role] = {"Authorization": f"Bearer {issue(url, role, f'some-{role}').text}"}
        return self._keys[role]

    def opens(self, address: str, customer: str = "c-1", **headers: str) -> httpx.Response:
        """An account is opened over HTTP."""
        body = {"customer_id": customer, "terms_version": "pay-later-2026.1", "application_ref": "a-1"}
        said = self.key("service") | {"Idempotency-Key": f"open-{customer}"} | headers
        return httpx.post(f"{address}/accounts", json=body, headers=said, timeout=60)

    def start(self, *arguments: str, **settings: str) -> subprocess.Popen[bytes]:
        with self.output(arguments[0]).open("ab") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "infra.cli", *arguments],
                env=self.environment | settings,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._started.append(process)
        return process

    def http(self, **settings: str) -> tuple[subprocess.Popen[bytes], str]:
        """The HTTP process and its address, once it answers."""
        port = free_port()
        process = self.start("http", "--port", str(port), **settings)
        address = f"http://127.0.0.1:{port}"
        until(lambda: answers(f"{address}/livez") or process.poll() is not None)
        assert process.poll() is None, self.output("http").read_text()
        return process, address

    def output(self, program: str) -> Path:
        return self._folder / f"{program}.log"

    def lines(self, program: str) -> list[dict[str, Any]]:
        """The log lines of a program, each of which must be a JSON object."""
        return [json.loads(line) for line in self.output(program).read_text().splitlines()]

    def close(self) -> None:
        for process in self._started:
            if process.poll() is None:
                process.kill()
            process.wait()
            process.stdin.close()


@pytest.fixture
def programs(database_url, bootstrap_servers, topic_prefix, tmp_path) -> Iterator[Programs]:
    migrate(database_url)
    topics.prepare(bootstrap_servers, topic_prefix)
    environment = {name: value for name, value in os.environ.items() if name != ENDS_WITH_PARENT} | {
        "CREDIT_DATABASE_URL": database_url,
        "CREDIT_KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers,
        "CREDIT_TOPIC_PREFIX": topic_prefix,
        "CREDIT_DATA_DIR": str(tmp_path),
    }
    made = Programs(environment, tmp_path)
    yield made
    made.close()


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code < 600
    except httpx.TransportError:
        return False


def until(condition: Callable[[], object], seconds: float = 40) -> None:
    """Wait for something that must come; not to be waited for for ever."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail("what was waited for did not come")
        time.sleep(0.05)
