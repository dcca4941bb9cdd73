"""Whoever reads the published `account.*` events knows the headline status after each event, without our code."""

import ast
import json
from functools import cache
from pathlib import Path

import pytest

from domain.account import fold
from domain.codec import encode
from domain.events import EVENTS, PUBLIC_TRANSITIONS
from domain.lifecycle import headline
from tests.domain import public_reader
from tests.domain.event_samples import one_of_each
from tests.domain.lives import agreeing, borrowers, late_wanderers, wanderers
from tests.domain.public_reader import headlines
from tests.specification import (
    BASE,
    LINE,
    advanced,
    appeal_decided,
    appealed,
    bought,
    closure_requested,
    closure_withdrawn,
    declined,
    force_closed,
    frozen,
    given,
    migrate,
    opened,
    reinstated,
    unfrozen,
)
from tests.specification import undo_write_off as write_off_undone
from tests.specification import write_off as written_off

# What generated lives may not come to.
TOLD = (
    (opened(), declined()),
    (opened(), migrate(), bought("p1", 1_000)),
    (*LINE, frozen("multi_lender"), force_closed(), appealed("closure"), appeal_decided("upheld"), reinstated(300_000)),
    (*LINE, force_closed(), appealed("closure"), appeal_decided("upheld"), reinstated(300_000), bought("p1", 1_000)),
    (*BASE, advanced(to="2026-02-01"), written_off(), write_off_undone()),
    (*BASE, closure_requested(), frozen("customer_request"), closure_withdrawn(), unfrozen("customer_request")),
)
# Nothing is told from an opening; a loss and its recovery stand behind a freeze or a closure.
NOT_NEEDED = {"account.opened", "account.charged_off", "account.recovered"}
FAMILY = sorted(cls.TYPE for cls in EVENTS if cls.TYPE.startswith("account."))


@cache
def lives():
    """Every life as its events."""
    told = [given(*history).events for history in TOLD]
    return [*told, *([*life.events] for life in (*wanderers(), *late_wanderers(), *borrowers(), *agreeing()))]


def published(events, without=""):
    """The events as they go to the topic; the others know them by type and bytes only."""
    return [(each.TYPE, encode(each)) for each in events if without != each.TYPE]


def test_the_reader_is_short_and_imports_nothing_of_ours():
    source = Path(public_reader.__file__).read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 30
    imports = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [ast.unparse(each) for each in imports] == ["import json"]
    assert "status" not in {each.value for each in ast.walk(ast.parse(source)) if isinstance(each, ast.Constant)}


def test_the_reader_tells_the_status_of_the_fold_after_every_event():
    for events in lives():
        account = None
        for at, (event, told) in enumerate(zip(events, headlines(published(events)), strict=True)):
            account = fold(account, [event])
            assert told == headline(account.access, account.standing), (at, published(events[: at + 1]))


def test_the_status_that_an_event_carries_is_the_same():
    for events in lives():
        stated = [json.loads(data)["status"] for _, data in published(events)]
        assert stated == list(headlines(published(events)))


def test_events_of_other_families_are_not_needed():
    for events in lives():
        family = [each for each in published(events) if each[0] in FAMILY]
        assert list(headlines(family)) == [json.loads(data)["status"] for _, data in family]


def test_the_reader_knows_every_type_of_the_family_and_says_when_it_does_not():
    samples = one_of_each()
    known = [samples[kind] for kind in FAMILY if kind in samples]
    assert len(list(headlines(published(known)))) == len(known)
    with pytest.raises(ValueError, match=r"account\.unheard_of"):
        list(headlines([("account.unheard_of", b"{}")]))


@pytest.mark.parametrize("kind", sorted({each.TYPE for each in PUBLIC_TRANSITIONS} | set(FAMILY) - NOT_NEEDED))
def test_without_one_type_of_the_family_the_reader_would_be_wrong(kind):
    wrong = 0
    for events in lives():
        told = headlines(published(events, without=kind))
        wrong += list(told) != [each.status for each in events if kind != each.TYPE]
    assert wrong
