"""The whole way, as a person goes it: `credit demo` in a process of its own, killed here and there, and begun again."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

PROGRAMS = {"relay run", "consume balance", "consume credit_report", "consume audit"}
ACCOUNTS, SEED = "80", "5"
_PATIENCE = 240  # seconds; a hang is a failure, slowness is not


@pytest.fixture
def environment(servers, new_database, topic_prefix, tmp_path) -> dict[str, str]:
    """What `credit` needs to find the run's servers, and to keep everything else to itself."""
    return os.environ | {
        "CREDIT_DATABASE_URL": new_database(),
        "CREDIT_KAFKA_BOOTSTRAP_SERVERS": servers.bootstrap_servers,
        "CREDIT_TOPIC_PREFIX": topic_prefix,
        "CREDIT_DATA_DIR": str(tmp_path),
    }


def demo(environment: dict[str, str], errors: Path | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "infra.cli", "demo", "--accounts", ACCOUNTS, "--seed", SEED, "--json"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=errors.open("w") if errors else subprocess.PIPE,
        text=True,
    )


def figures_of(process: subprocess.Popen[str]) -> dict[str, object]:
    out, err = process.communicate(timeout=_PATIENCE)
    assert process.returncode == 0, err
    figures = json.loads(out)
    assert figures.pop("differences") == []
    figures.pop("elapsed seconds")
    return figures


def programs_of(process: subprocess.Popen[str]) -> Iterator[tuple[str, psutil.Process]]:
    """The programs that a demo has running, by what they were asked to do."""
    with suppress(psutil.NoSuchProcess):
        for child in psutil.Process(process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                asked = " ".join(child.cmdline()[-2:])
                if asked in PROGRAMS:
                    yield asked, child


def test_a_demo_comes_to_equal_figures_and_so_does_the_same_demo_again(environment):
    first = figures_of(demo(environment))
    assert first["events recorded"] == first["events on Kafka"]
    assert {first[f"view {view}"] for view in ("balance", "credit_report", "audit")} == {first["events recorded"]}
    for transition in ("activated", "billed", "paid", "overdue", "frozen", "closed"):
        assert first[f"transitions {transition}"] > 0
    for name in ("statements equal", "balances equal", "chain verified"):
        equal, total = first[name].split("/")
        assert equal == total != "0"
    assert figures_of(demo(environment)) == first


def test_killing_the_relay_each_consumer_and_the_demo_itself_changes_no_figure(
    environment, new_database, new_topic_prefix, tmp_path
):
    """Each program is killed once while it works; then the demo is killed, and begun again to its end."""
    elsewhere = environment | {"CREDIT_DATABASE_URL": new_database(), "CREDIT_TOPIC_PREFIX": new_topic_prefix()}
    unharmed = figures_of(demo(elsewhere))

    errors = tmp_path / "errors.txt"
    process = demo(environment, errors)
    killed: set[str] = set()
    deadline = time.monotonic() + _PATIENCE
    while killed != PROGRAMS and time.monotonic() < deadline and process.poll() is None:
        for asked, child in programs_of(process):
            if asked not in killed and child.create_time() < time.time() - 2:  # it has begun to work
                with suppress(psutil.NoSuchProcess):
                    child.send_signal(signal.SIGKILL)
                    killed.add(asked)
        time.sleep(0.1)
    assert killed == PROGRAMS, errors.read_text()
    left = [child for _, child in programs_of(process)]
    process.kill()
    process.communicate()

    again = demo(environment)
    assert figures_of(again) == unharmed
    _, alive = psutil.wait_procs(left, timeout=30)
    assert alive == [], "what a killed demo leaves behind ends by itself"
