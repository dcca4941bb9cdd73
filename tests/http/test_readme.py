"""The life in curl that the README tells is lived, line by line, on the service as `credit serve` starts it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from infra.embedded.processes import free_port

_README = Path(__file__).resolve().parents[2] / "README.md"


@pytest.fixture(scope="module")
def script() -> str:
    told = _README.read_text(encoding="utf-8").partition("<!-- journey: begin")[2].partition("<!-- journey: end -->")[0]
    return told.partition("```bash\n")[2].partition("```")[0]


@pytest.fixture(scope="module")
def said(script, new_database, new_topic_prefix, bootstrap_servers, tmp_path_factory) -> list[str]:
    """What the lines of the README print, run in one shell."""
    folder, port = tmp_path_factory.mktemp("readme"), free_port()
    shim = folder / "credit"
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m infra.cli "$@"\n')
    shim.chmod(0o755)
    environment = os.environ | {
        "CREDIT_DATABASE_URL": new_database(),
        "CREDIT_KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers,
        "CREDIT_TOPIC_PREFIX": new_topic_prefix(),
        "CREDIT_DATA_DIR": str(folder),
        "CREDIT_SANDBOX": "1",
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
    }
    command = [sys.executable, "-m", "infra.cli", "serve", "--port", str(port)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as service:
        try:
            keys = (re.search(r"First key +(\S+)", line) for line in service.stdout)
            operator = next(found[1] for found in keys if found)
            lines = f"set -euo pipefail\n{script}".replace(":8080", f":{port}")
            shell = environment | {"OPERATOR": operator}
            ran = subprocess.run(
                ["bash", "-c", f"exec 2>&1; {lines}"], env=shell, capture_output=True, text=True, check=False
            )
        finally:
            service.terminate()
            service.communicate(timeout=60)
    assert ran.returncode == 0, ran.stdout
    return ran.stdout.splitlines()


@pytest.fixture(scope="module")
def answers(said) -> list[dict]:
    return [json.loads(line) for line in said if line.startswith("{")]


def test_the_life_goes_as_it_is_told(answers):
    told = [
        answer.get("code") or " ".join(event["type"] for event in answer["events"])
        for answer in answers
        if "events" in answer or "title" in answer
    ]
    assert told[:5] == ["customer.consent_given"] * 3 + ["customer.identity_verified", "customer.age_established"]
    assert told[5:7] == ["purchase.posted", "over_limit"]
    assert "account.billed" in told[7]
    assert "account.overdue" in told[7]
    assert told[-1].endswith("account.closed")


def test_it_shows_the_fee_the_late_month_and_the_end(answers):
    balance = next(answer for answer in answers if "buckets" in answer)
    assert (balance["days_past_due"], balance["buckets"]["fees_unbilled"] > 0) == (1, True)
    report = next(answer for answer in answers if "months" in answer)
    assert {month["month"]: month["code"] for month in report["months"]}["2026-02"] == "1"
    assert answers[-1]["status"] == "closed"
