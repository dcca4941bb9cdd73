"""How the service ends: what it accepted is finished, within a bound; who cannot wait says so twice."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import psutil
import psycopg
import pytest

from infra.embedded.processes import free_port
from tests.telemetry.conftest import answers, until


@contextmanager
def held(programs):
    """The store lets nobody append while the block runs."""
    with psycopg.connect(programs.environment["CREDIT_DATABASE_URL"]) as owner:
        owner.execute("SELECT last FROM store_head FOR UPDATE")
        yield
        owner.rollback()


def waits(programs, what="append_events") -> bool:
    """Whether somebody waits for a lock to do something."""
    with psycopg.connect(programs.environment["CREDIT_DATABASE_URL"]) as owner:
        (count,) = owner.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND query LIKE %s AND wait_event_type = 'Lock'",
            (f"%{what}%",),
        ).fetchone()
    return count > 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_was_accepted_is_finished(programs, number):
    server, address = programs.http(CREDIT_DRAIN_SECONDS="2")
    with ThreadPoolExecutor() as others, httpx.Client() as kept_alive:
        with held(programs):
            asked = others.submit(programs.opens, address)
            until(lambda: waits(programs))
            assert kept_alive.get(f"{address}/readyz").status_code == 200
            server.send_signal(number)
            until(lambda: kept_alive.get(f"{address}/readyz").status_code == 503)
            checks = kept_alive.get(f"{address}/readyz").json()["checks"]
            until(lambda: not answers(f"{address}/livez"))  # nobody new is let in any more
            assert server.poll() is None
        assert asked.result(30).status_code == 201
        assert server.wait(30) == 0
    assert checks["process"] == "stopping"
    assert [line["event"] for line in programs.lines("http")][-2:] == ["request", "stopped"]


def test_what_hangs_does_not_keep_it(programs):
    server, address = programs.http()
    with ThreadPoolExecutor() as others, psycopg.connect(programs.environment["CREDIT_DATABASE_URL"]) as owner:
        owner.execute("LOCK TABLE requests IN ACCESS EXCLUSIVE MODE")
        asked = others.submit(programs.opens, address)
        until(lambda: waits(programs, "requests"))
        server.send_signal(signal.SIGTERM)
        assert server.wait(40) == 1
        answer = asked.result(30)
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "stopping", "1")
    assert programs.output("http").read_text().endswith("credit: HTTP did not stop in time and was ended.\n")


def test_a_second_signal_ends_it_at_once(programs):
    server, address = programs.http(CREDIT_DRAIN_SECONDS="300")
    server.send_signal(signal.SIGTERM)
    until(lambda: httpx.get(f"{address}/readyz").status_code == 503)
    server.send_signal(signal.SIGTERM)
    assert server.wait(10) == 128 + signal.SIGTERM


@pytest.fixture
def service(programs, tmp_path):
    """`credit serve` in a process group of its own, and its address, once it is ready."""
    port = free_port()
    process = programs.start("serve", "--port", str(port), CREDIT_DRAIN_SECONDS="2")
    until(lambda: answers(f"http://127.0.0.1:{port}/readyz"), 60)
    until(lambda: "Ctrl-C" in programs.output("serve").read_text())
    return process, f"http://127.0.0.1:{port}"


def test_ctrl_c_on_a_terminal_lets_all_of_it_finish(programs, service):
    """It reaches every process of the group, and is passed on by the supervisor, too: that is one time, not two."""
    process, address = service
    children = psutil.Process(process.pid).children()
    assert len(children) == 6
    with ThreadPoolExecutor() as others:
        with held(programs):
            asked = others.submit(programs.opens, address)
            until(lambda: waits(programs))
            os.killpg(process.pid, signal.SIGINT)
            until(lambda: httpx.get(f"{address}/readyz").status_code == 503)
        assert asked.result(30).status_code == 201
    assert process.wait(40) == 0
    assert not any(child.is_running() for child in children)


def test_a_second_ctrl_c_ends_all_of_it_at_once(programs, service):
    process, address = service
    children = psutil.Process(process.pid).children()
    with ThreadPoolExecutor() as others, held(programs):
        asked = others.submit(programs.opens, address)
        until(lambda: waits(programs))
        process.send_signal(signal.SIGTERM)
        until(lambda: httpx.get(f"{address}/readyz").status_code == 503)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 128 + signal.SIGTERM
        until(lambda: not any(child.is_running() for child in children), 10)
        with pytest.raises(httpx.TransportError):
            asked.result(30)
