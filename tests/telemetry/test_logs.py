"""Log lines: one object a line, with the ids that find everything else, and nothing of what was sent."""

import json
import subprocess
import sys

import httpx
import psycopg
import pytest
from pydantic import BaseModel

from infra.faults import Fault
from infra.supervisor import Supervisor
from infra.telemetry.logs import failure
from tests.telemetry.conftest import until

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SECRETS = ("zhang-san", "secret-token", "13800000000", "12345")


def test_a_request_is_one_line_with_its_ids(programs):
    _, address = programs.http()
    said = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01", "X-Other": "secret-token"}
    account_id = programs.opens(address, "zhang-san", **said).json()["account_id"]
    body = {"amount_fen": 12345, "merchant_id": "13800000000"}
    keyed = programs.key("service") | said | {"Idempotency-Key": "zhang-san-2"}
    refused = httpx.post(f"{address}/accounts/{account_id}/purchases?x=13800000000", json=body, headers=keyed)
    httpx.get(f"{address}/no/zhang-san")
    httpx.get(f"{address}/readyz")
    token = programs.key("service")["Authorization"].removeprefix("Bearer ")
    until(lambda: len(programs.lines("http")) == 3)
    first, second, third = programs.lines("http")
    assert (first["event"], first["method"], first["route"], first["status"]) == ("request", "POST", "/accounts", 201)
    assert (first["program"], first["level"], first["trace_id"]) == ("http", "info", TRACE)
    assert first["principal_id"] == second["principal_id"]
    assert (second["account_id"], second["route"], second["status"]) == (
        account_id, "/accounts/{account_id}/purchases", refused.status_code,
    )  # fmt: skip
    assert len({first["command_id"], second["command_id"]}) == 2
    assert first["milliseconds"] > 0
    assert (third["route"], third["status"], "command_id" in third, "trace_id" in third) == ("", 404, False, False)
    text = programs.output("http").read_text()
    assert not [secret for secret in (*SECRETS, token) if secret in text]


@pytest.mark.parametrize("form", ["json", "text"])
def test_libraries_speak_in_the_same_way(form):
    program = (
        "import logging; from infra.settings import Settings; from infra.telemetry import logs\n"
        "logs.begin(Settings(), 'relay'); logs.LOG.info('leads', topic='t')\n"
        "logging.getLogger('kafka.conn').warning('lost %s\\nand more', 'it'); logging.getLogger('x').info('unheard')"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], env={"CREDIT_LOGS": form}, capture_output=True, text=True, check=True
    )
    lines = told.stdout.splitlines()
    if form == "text":
        assert lines == ["leads topic=t", "lost it and more level=warning"]
    else:
        assert [(each["event"], each["level"]) for each in map(json.loads, lines)] == [
            ("leads", "info"),
            ("lost it\nand more", "warning"),
        ]
    assert told.stderr == ""


class Body(BaseModel):
    name: int


def test_of_an_exception_no_input_is_told():
    def raised(error_of):
        try:
            error_of()
        except Exception as error:  # noqa: BLE001 - it is the point
            return failure(error)

    def cause():
        try:
            Body(name="zhang-san")
        except ValueError as wrong:
            raise Fault("it cannot be used\nzhang-san") from wrong

    told = raised(cause)
    assert (told["error"], told["words"], told["cause"]["error"]) == ("Fault", "it cannot be used", "ValidationError")
    assert told["cause"]["frames"][0].startswith("test_logs.py:")
    assert "zhang-san" not in json.dumps(told)
    assert "zhang-san" not in json.dumps(raised(lambda: int("zhang-san")))


def test_of_what_the_database_says_no_row_is_told(database_url):
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute("CREATE TABLE people (name text CHECK (name = ''))")
        with pytest.raises(psycopg.errors.CheckViolation) as raised:
            owner.execute("INSERT INTO people VALUES ('zhang-san')")
    assert "zhang-san" in str(raised.value)
    assert "zhang-san" not in json.dumps(failure(raised.value))


@pytest.mark.parametrize("form", [None, "json"])
def test_the_supervisors_log_is_for_people_unless_json_is_asked_for(programs, tmp_path, form):
    environment = programs.environment | ({"CREDIT_LOGS": form} if form else {})
    log = tmp_path / "serve.log"
    with Supervisor({"relay": ["relay", "run"]}, environment, log):
        until(lambda: log.exists() and "leads for" in log.read_text())
    (line,) = [line for line in log.read_text().splitlines() if "leads for" in line]
    if form == "json":
        assert json.loads(line)["program"] == "relay"
    else:
        assert " relay: leads for " in line


def test_uvicorns_own_lines_do_not_come_twice():
    # In a process of its own: whatever else runs beside a test may have set up logging.
    asked = "import logging, infra.http.server; print(logging.getLogger('uvicorn.access').handlers)"
    ran = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
