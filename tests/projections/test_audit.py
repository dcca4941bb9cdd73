"""The audit view: every event as it was stored, and in words what it changed."""

from typing import get_args

import pytest

from domain.commands import (
    ConvertToPlan,
    ForceClose,
    Freeze,
    RecordDeath,
    RequestClosure,
)
from domain.events import AccountEvent
from projections import audit
from projections.folding import fold
from tests.domain.event_samples import one_of_each
from tests.projections.stories import Story, day, wandering
from tests.specification import BASE, advanced, given, restructure


def test_the_row_ends_where_the_history_ends_and_holds_all_that_arrived():
    story = wandering(3)
    rows = {}
    fold(rows, story.recorded, audit)
    row, last = rows[story.account_id], story.recorded[-1]
    assert (row.version, row.chain_hash, row.business_date) == (last.version, last.chain_hash, last.event.business_date)
    assert row.arrived == story.recorded


def test_a_late_month_reads_like_a_story():
    story = Story().buys("2026-01-10", 123_457).pays("2026-02-12", 13_000)
    lines = audit.timeline(story.recorded)
    assert [(str(line.business_date), line.says, line.owed_fen) for line in lines] == [
        ("2026-01-05", "Application of customer c-1 accepted under terms pay-later-2026.1.", 0),
        ("2026-01-05", "Activated with a limit of 50,000.00.", 0),
        ("2026-01-10", "Purchase p-2 of 1,234.57 at m-1.", 123_457),
        ("2026-02-01", "Statement 1: balance 1,234.57, minimum 123.46, due 2026-02-10.", 123_457),
        ("2026-02-11", "Late fee of 10.00 for the missed minimum of statement 1.", 124_457),
        ("2026-02-11", "Overdue: 123.46 of statement 1, due 2026-02-10, was missed; days past due: 1.", 124_457),
        ("2026-02-12", "Payment r-3 of 130.00 by transfer: principal billed 130.00.", 111_457),
        ("2026-02-12", "No minimum is missed any more.", 111_457),
    ]
    assert {line.actor for line in lines} == {"officer:o-1"}
    assert [line.cause for line in lines] == ["command"] * 3 + ["advance"] * 3 + ["command"] * 2


def test_a_page_goes_on_with_what_was_owed_before_it():
    story = Story().buys("2026-01-10", 123_457).say("2026-01-11", Freeze, reason="legal_order")
    (line,) = audit.timeline(story.recorded[3:], before=story.recorded[2].event)
    assert (line.says, line.owed_fen) == ("Frozen: legal_order.", 123_457)


def test_a_closure_says_what_it_waits_for_and_what_stays_owed():
    story = Story().buys("2026-01-10", 5_000).say("2026-01-11", RequestClosure)
    assert audit.says(story.recorded[-1].event) == "Closure requested; it waits for: owed 50.00."
    story.say("2026-01-12", ForceClose, reason="abuse")
    assert audit.says(story.recorded[-1].event) == "Closed, forced (abuse); 50.00 stays owed."


def test_a_correction_tells_late_fees_from_fees_of_plans():
    """A death of 20 February takes back two fees of 8.33 of the plan, and the late fee of 11 March.

    Interest of 10 days on 1,000.00 is left, 5.00 of 28.67.
    """
    story = Story().buys("2026-01-10", 200_000).advances("2026-02-01")
    story.say("2026-02-03", ConvertToPlan, plan_id="plan-1", amount_fen=100_000, months=3).advances("2026-04-05")
    story.say("2026-04-05", RecordDeath, date_of_death=day("2026-02-20"))
    (corrected,) = (audit.says(each.event) for each in story.recorded if each.type == "balances.corrected")
    assert corrected == (
        "Corrected from 2026-02-20 on, for event 19: interest -23.67, late fees -21.17, plan fees -16.66, waived 0.00."
    )


@pytest.fixture(scope="module")
def told():
    return [*one_of_each().values(), *(recorded.event for seed in range(60) for recorded in wandering(seed).recorded)]


@pytest.mark.parametrize("kind", get_args(AccountEvent), ids=lambda kind: kind.TYPE)
def test_every_event_has_a_sentence(kind, told):
    sentences = [audit.says(each) for each in told if isinstance(each, kind)]
    assert sentences
    assert all(sentence.endswith(".") and "None" not in sentence for sentence in sentences)


def test_an_agreement_is_not_told_as_a_correction():
    life = given(*BASE, advanced(to="2026-03-05")).when(restructure(12))
    (sentence,) = [audit.says(each) for each in life.events if each.TYPE == "account.standing_changed"]
    assert sentence == "An agreement has taken the place of what was billed; nothing is past due."
