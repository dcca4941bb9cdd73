"""Whoever replays a stored life, in another process and from whatever snapshot, finds the same account and views."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from domain.account import fold
from domain.codec import decode
from domain.snapshot import dump, load
from tests.domain.elsewhere import digest, stored
from tests.domain.lives import agreeing, borrowers, late_wanderers, wanderers

ROOT = Path(__file__).resolve().parents[2]


def replayed_elsewhere(lines, folder) -> list[str]:
    """The digests that a fresh process finds."""
    file = folder / "lives"
    file.write_text("\n".join(lines), encoding="utf-8")
    program = [sys.executable, "-m", "tests.domain.elsewhere", str(file)]
    said = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    return said.stdout.split()


@pytest.fixture(scope="module")
def lines() -> list[str]:
    return [
        stored(life.events) for life in (*wanderers()[:6], *late_wanderers()[:8], *borrowers()[:6], *agreeing()[:3])
    ]


def test_a_fresh_process_replays_stored_lives_to_the_same_accounts_and_views(lines, tmp_path):
    assert replayed_elsewhere(lines, tmp_path) == [digest(line) for line in lines]


def test_every_snapshot_leads_to_the_account_that_the_first_event_leads_to(lines):
    for line in lines:
        kept = json.loads(line)
        events = [decode(type_, version, data.encode()) for type_, version, data in kept["events"]]
        expected = dump(fold(None, events))
        for version, snapshot in enumerate(kept["snapshots"], start=1):
            assert dump(fold(load(snapshot.encode()), events[version:])) == expected


def test_a_snapshot_that_knows_another_history_would_be_noticed(lines, tmp_path):
    spoiled = json.loads(lines[0])
    spoiled["snapshots"][-1] = spoiled["snapshots"][-2]
    (elsewhere,) = replayed_elsewhere([json.dumps(spoiled)], tmp_path)
    assert elsewhere != digest(lines[0])
