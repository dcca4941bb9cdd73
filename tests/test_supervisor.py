"""The supervisor starts again what ended, and says why when it keeps ending."""

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
