"""Whoever changes a stored event is found out by code that does not know how it was written."""

import ast
from dataclasses import replace
from datetime import timedelta, timezone
from pathlib import Path

import psycopg
import pytest

from infra.migrations import migrate
from infra.store import verifier
from infra.store.roles import role_url
from infra.store.verifier import Verification, Verifier, verify, verify_store
from tests.store.portfolio import facts

CHANGES = {
    "bytes": "state = state || ' '::bytea",
    "type": "topic = 'account.closed'",
    "type version": "type_version = 2",
    "instant": "recorded_at = recorded_at + interval '1 microsecond'",
    "command": "command_id = command_id || 'x'",
    "actor": "actor = 'officer:o-2'",
    "hash": "chain_hash = sha256(chain_hash)",
    "version": "originator_version = 9",
}


@pytest.fixture
def log(database_url, new_store):
    """Three accounts with three events each, interleaved: the owner's connection, the auditor's URL, the events."""
    migrate(database_url)
    accounts = [facts(3) for _ in range(3)]
    with new_store(role_url(database_url, "credit_writer")) as store:
        for events in zip(*accounts, strict=True):
            store.append(events)
    with psycopg.connect(database_url, autocommit=True) as owner:
        yield owner, role_url(database_url, "credit_relay"), accounts


def test_it_shares_no_code_with_the_writer():
    tree = ast.parse(Path(verifier.__file__).read_text())
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not {module for module in imported if module.startswith("domain")}


def test_an_honest_log_holds(log):
    _, url, _ = log
    assert verify_store(url) == (Verification(3, 3, 9, None), (0, 0, 0, None))


def test_an_empty_log_holds(database_url):
    migrate(database_url)
    assert verify_store(role_url(database_url, "credit_relay")).accounts == Verification(0, 0, 0, None)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_changed_event_is_found(log, change):
    owner, url, (_, (_, second, _), _) = log
    owner.execute(
        f"UPDATE stored_events SET {change} WHERE originator_id = %s AND originator_version = 2", (second.account_id,)
    )
    result = verify_store(url).accounts
    assert result[:3] == (2, 3, 9)
    assert result.first_difference.startswith(f"account {second.account_id}: version ")


def test_an_event_taken_from_the_middle_is_found(log):
    owner, url, ((_, second, _), _, _) = log
    owner.execute("DELETE FROM stored_events WHERE position = %s", (second.position,))
    assert verify_store(url).accounts.first_difference == f"account {second.account_id}: version 3 follows version 1"


def test_an_event_taken_from_the_end_is_found(log):
    owner, url, _ = log
    owner.execute("DELETE FROM stored_events WHERE position = 9")
    result = verify_store(url).accounts
    assert result.accounts_ok == 3
    assert result.first_difference == "8 events at positions 1 to 8, but 9 were appended"


def test_events_of_any_source_are_verified_whatever_zone_they_are_told_in():
    events = [
        replace(event, recorded_at=event.recorded_at.astimezone(timezone(timedelta(hours=8)))) for event in facts(3)
    ]
    assert verify(events) == Verification(1, 1, 3, None)


def test_the_heads_are_what_two_sources_must_agree_on():
    first, second = facts(2), facts(1)
    taken = Verifier()
    for event in [*first, *second]:
        taken.add(event)
    assert list(taken.heads()) == [
        (first[1].account_id, 2, first[1].chain_hash),
        (second[0].account_id, 1, second[0].chain_hash),
    ]


def test_two_events_whose_texts_are_cut_differently_have_different_hashes():
    (event,) = facts(1)
    moved = replace(event, command_id=event.command_id + event.actor[:1], actor=event.actor[1:])
    assert verify([moved]).first_difference is not None
