"""Whatever the description allows, and what it does not, is sent to the service by everybody: it answers as it is described.

Schemathesis makes the requests: every operation with boundary values, with chance, and in sequences that use what earlier
answers named. `make fuzz` sends ten times as many.
"""

import asyncio
import os
import re
import subprocess
import sys
from contextlib import asynccontextmanager

import pytest

from infra.access import ROLES
from infra.migrations import migrate
from tests.http.process import running

TIMES = int(os.environ.get("FUZZ", "1"))
LEAST = 2_000 * TIMES  # requests of all roles together
_CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "missing_required_header", "unsupported_method", "allow_header_conformance",
)  # fmt: skip


def fuzzed(port, headers, phases, amount, folder):
    """Runs the fuzzer against a service; says how many requests it sent, and everything that it found."""
    command = [
        sys.executable, "-m", "schemathesis.cli", "run", f"http://127.0.0.1:{port}/openapi.json", "--no-color",
        "--phases", phases, "--max-examples", str(amount), "--seed", "1", "--checks", ",".join(_CHECKS),
        "--continue-on-failure", "--suppress-health-check", "all", "--warnings", "off",
        *(part for name, value in headers.items() for part in ("--header", f"{name}: {value}")),
    ]  # fmt: skip
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    found = re.search(r"(\d+) generated", ran.stdout)
    return int(found[1]) if found else 0, ran.returncode, ran.stdout[-20_000:] + ran.stderr[-2_000:]


@asynccontextmanager
async def service_of(database_url, bootstrap_servers, folder):
    environment = os.environ | {
        "CREDIT_DATABASE_URL": database_url,
        "CREDIT_KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers,
        "CREDIT_DATA_DIR": str(folder),
        "CREDIT_RATE_LIMIT": "0",
    }
    async with running(environment) as service:
        yield service


@pytest.fixture(scope="module")
def found(new_database, bootstrap_servers, key_of, tmp_path_factory):
    """What the fuzzer found as each role: (requests, exit status, what it says)."""
    url = new_database()
    migrate(url)
    folder = tmp_path_factory.mktemp("fuzz")
    keys = {role: key_of(url, role) for role in ROLES if role != "customer"}
    keys["customer"] = key_of(url, "customer", "0", customer_id="0")

    async def everybody():
        told = {}
        async with service_of(url, bootstrap_servers, folder) as service:
            for role, headers in keys.items():
                # In the short run one of them alone tries every boundary and what follows from what.
                phases = "coverage,fuzzing,stateful" if role == "officer" or TIMES > 1 else "fuzzing"
                told[role] = await asyncio.to_thread(fuzzed, service.port, headers, phases, TIMES, folder)
        return told

    return asyncio.run(everybody())


@pytest.mark.parametrize("role", ROLES)
def test_nothing_that_is_sent_is_answered_otherwise_than_described(found, role):
    _, status, said = found[role]
    assert status == 0, said


def test_enough_was_sent(found):
    sent = {role: amount for role, (amount, _, _) in found.items()}
    assert sum(sent.values()) >= LEAST, sent
