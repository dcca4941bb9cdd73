"""The supervisor starts again what ended, and says why when it keeps ending."""

import re
import time

import pytest

from infra import supervisor
from infra.faults import Fault
from infra.supervisor import Supervisor


def watched(running, seconds=30.0):
    """What the supervisor says of its programs in the end; None when it has no complaint in all that time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            running.check()
        except Fault as fault:
            return str(fault)
        time.sleep(0.05)
    return None


def test_a_program_that_keeps_ending_is_given_up_with_its_last_words(tmp_path, monkeypatch):
    monkeypatch.setattr(supervisor, "_PATIENCE", 1.0)
    with Supervisor({"nobody": ["no-such-command"]}, {}, tmp_path / "log") as running:
        said = watched(running)
        assert running.restarts >= 1
    assert said is not None
    assert said.startswith("nobody keeps ending with status 2:\n")
    assert "no-such-command" in said
    with pytest.raises(Fault, match="keeps ending"):
        running.check()


def test_every_line_of_the_log_says_when_and_whose_it_is(tmp_path):
    log = tmp_path / "log"
    with Supervisor({"one": ["no-such-one"], "two": ["no-such-two"]}, {}, log) as running:
        until = time.monotonic() + 30
        while running.restarts < 2 and time.monotonic() < until:
            time.sleep(0.05)
    lines = log.read_text().splitlines()
    assert lines
    assert [line for line in lines if not re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (one|two): ", line)] == []
    assert not [line for line in lines if "no-such-one" in line and " one: " not in line]


def test_the_log_does_not_grow_without_bound(tmp_path, monkeypatch):
    monkeypatch.setattr(supervisor, "_LOG_BYTES", 20_000)
    with Supervisor({"table": ["machine", "table", "--json"]}, {}, tmp_path / "log") as running:
        until = time.monotonic() + 30
        while running.restarts < 2 and time.monotonic() < until:
            time.sleep(0.05)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log", "log.1"]
    assert all(path.stat().st_size <= 20_000 for path in tmp_path.iterdir())
