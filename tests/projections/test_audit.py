"""The audit view: every event as it was stored, and in words what it changed."""

from datetime import date
from typing import get_args
from unittest.mock import patch

import pytest

from domain import events
from domain.commands import (
    Actor,
    ChangeBillDay,
    ChangeTerms,
    CorrectBalances,
    ForceClose,
    Freeze,
    OpenDispute,
    ReceivePayment,
    RequestClosure,
    ResolveDispute,
    ReversePayment,
    SetAutopay,
    UndoWriteOff,
    WaiveDebt,
    WriteOff,
)
from domain.events import AccountEvent
from domain.terms import PAY_LATER_FREE, STANDARD
from projections import audit
from projections.folding import fold
from tests.projections.stories import Story, wandering


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


SECOND = Actor(role="officer", id="second")


@pytest.fixture(scope="module")
def lives():
    corrected = Story().buys("2026-01-10", 123_457).pays("2026-02-10", 123_457).advances("2026-03-01")
    corrected.say("2026-03-05", ReversePayment, payment_ref=corrected.recorded[-2].event.payment_ref, reason="returned")
    lost = Story().buys("2026-01-10", 123_457).advances("2026-03-01")
    lost.say("2026-03-02", WriteOff, reason="fraud", second_actor=SECOND)
    lost.say("2026-03-03", UndoWriteOff, reason="booked_in_error", second_actor=SECOND)
    lost.advances("2026-08-20").pays("2026-09-01", 200_000)
    denied = Story().buys("2026-01-10", 123_457)
    said = {"purchase_id": denied.recorded[-1].event.purchase_id, "amount_fen": 1_000, "reason": "not_received"}
    denied.say("2026-01-12", OpenDispute, dispute_id="d1", **said)
    denied.say("2026-01-13", OpenDispute, dispute_id="d2", **said)
    denied.say("2026-01-14", ResolveDispute, dispute_id="d1", outcome="rejected")
    denied.say("2026-01-15", ResolveDispute, dispute_id="d2", outcome="upheld")
    denied.say("2026-01-16", WaiveDebt, principal_fen=500, reason="goodwill")
    denied.say("2026-01-16", CorrectBalances, deltas={"fees_unbilled": 100}, reason="audit-7", second_actor=SECOND)
    denied.say("2026-01-16", SetAutopay, mode="minimum", source_token="card-1")
    denied.say("2026-01-16", ChangeBillDay, bill_day=15, from_date=date(2026, 3, 2))
    denied.catalogue = STANDARD
    free = {"terms_version": PAY_LATER_FREE.version, "from_date": date(2026, 2, 1), "notice_id": "notice-1"}
    denied.say("2026-01-16", ChangeTerms, **free)
    with patch.object(events, "RULES", 2):
        payment = {"payment_ref": "late", "channel": "transfer", "amount_fen": 100, "value_date": date(2026, 1, 11)}
        denied.say("2026-01-17", ReceivePayment, **payment)
    return (
        denied.recorded
        + corrected.recorded
        + lost.recorded
        + [recorded for seed in range(60) for recorded in wandering(seed).recorded]
    )


@pytest.mark.parametrize("kind", get_args(AccountEvent), ids=lambda kind: kind.TYPE)
def test_every_event_has_a_sentence(kind, lives):
    sentences = [audit.says(each.event) for each in lives if isinstance(each.event, kind)]
    assert all(sentence.endswith(".") and "None" not in sentence for sentence in sentences)
    assert sentences or kind.TYPE in {"limit.changed", "credit.refunded"}
