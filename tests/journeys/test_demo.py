"""The whole way, as a person goes it: `credit demo` in a process of its own, killed here and there, and begun again."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

import psutil
import pytest

from infra.store.roles import role_url
from infra.views import query

PROGRAMS = {"relay run", "consume balance", "consume credit_report", "consume audit", "consume books"}
ACCOUNTS, SEED = "80", "5"
README = Path(__file__).resolve().parents[2] / "README.md"
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


def demo(environment: dict[str, str], errors: int | IO[str] = subprocess.PIPE) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "infra.cli", "demo", "--accounts", ACCOUNTS, "--seed", SEED, "--json"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=errors,
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
    assert {first[f"view {view}"] for view in ("balance", "credit_report", "audit", "books")} == {
        first["events recorded"]
    }
    for transition in ("activated", "billed", "paid", "overdue", "frozen", "closed"):
        assert first[f"transitions {transition}"] > 0
    for name in ("statements equal", "balances equal", "trial balance equal", "books equal", "chain verified"):
        equal, total = first[name].split("/")
        assert equal == total != "0"
    assert figures_of(demo(environment)) == first
    assert read_as_the_readme_says(environment) == owed_by_the_view(environment)


def read_as_the_readme_says(environment: dict[str, str]) -> str:
    """What the README's ten lines for a service of somebody else's print about the demo's topic."""
    (snippet,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    topic = f"{environment['CREDIT_TOPIC_PREFIX']}demo-{ACCOUNTS}-{SEED}.credit.account-events.v1"
    arguments = [sys.executable, "-c", snippet, topic, environment["CREDIT_KAFKA_BOOTSTRAP_SERVERS"]]
    read = subprocess.run(arguments, capture_output=True, text=True, timeout=_PATIENCE, check=False)
    assert read.returncode == 0, read.stderr
    return read.stdout.strip()


def owed_by_the_view(environment: dict[str, str]) -> str:
    database = f"{environment['CREDIT_DATABASE_URL']}_demo_{ACCOUNTS}_{SEED}"
    reader_url = role_url(database, "credit_reader")
    borrowers = sum(1 for row in query.balances(reader_url) if row.payments or row.owed.total or row.owed.credit)
    return f"{borrowers} accounts owe {query.totals(reader_url).owed_fen} fen"


def test_killing_the_relay_each_consumer_and_the_demo_itself_changes_no_figure(
    environment, new_database, new_topic_prefix, tmp_path
):
    """Each program is killed once while it works; then the demo is killed, and begun again to its end."""
    elsewhere = environment | {"CREDIT_DATABASE_URL": new_database(), "CREDIT_TOPIC_PREFIX": new_topic_prefix()}
    unharmed = figures_of(demo(elsewhere))

    with (tmp_path / "errors.txt").open("w+") as errors, demo(environment, errors) as process:
        killed: set[str] = set()
        deadline = time.monotonic() + _PATIENCE
        while killed != PROGRAMS and time.monotonic() < deadline and process.poll() is None:
            for asked, child in programs_of(process):
                if asked not in killed and child.create_time() < time.time() - 2:  # it has begun to work
                    with suppress(psutil.NoSuchProcess):
                        child.send_signal(signal.SIGKILL)
                        killed.add(asked)
            time.sleep(0.1)
        errors.seek(0)
        assert killed == PROGRAMS, errors.read()
        left = [child for _, child in programs_of(process)]
        process.kill()

    again = demo(environment)
    assert figures_of(again) == unharmed
    _, alive = psutil.wait_procs(left, timeout=30)
    assert alive == [], "what a killed demo leaves behind ends by itself"
