"""The balance view: given a life, what is owed, spendable and past due on a day."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.commands import (
    ChangeLimit,
    ForceClose,
    Freeze,
    RefundPurchase,
    RequestClosure,
    ReversePayment,
    WithdrawClosure,
)
from domain.events import MoneyEvent, Owed
from domain.terms import PAY_LATER, PAY_LATER_CARD
from projections import balance
from projections.folding import BeforeOpening, fold
from tests.projections.late_facts import learns
from tests.projections.stories import Story, day, wandering


def on(story: Story, asked: str) -> balance.Balance:
    rows = {}
    fold(rows, [each for each in story.recorded if each.event.business_date <= day(asked)], balance)
    return balance.as_of(rows[story.account_id], day(asked))


def base() -> Story:
    return Story().buys("2026-01-10", 123_457)


def test_a_purchase_is_owed_and_takes_from_what_is_available():
    seen = on(base(), "2026-01-10")
    assert (seen.owed_fen, seen.available_fen, seen.spendable_fen) == (123_457, 4_876_543, 4_876_543)
    assert seen.buckets == Owed(principal_unbilled=123_457)
    assert (seen.statement, seen.minimum_due_fen, seen.days_past_due) == (None, 0, 0)


def test_the_latest_statement_is_kept_as_it_was_printed():
    seen = on(base().advances("2026-02-01").pays("2026-02-05", 10_000), "2026-02-05")
    assert seen.statement == balance.Statement(
        statement_no=1,
        issued_on=date(2026, 2, 1),
        due_date=date(2026, 2, 10),
        balance_fen=123_457,
        minimum_fen=12_346,
    )
    assert (seen.minimum_due_fen, seen.arrears_fen) == (2_346, 0)
    assert (seen.last_payment_on, seen.last_payment_fen) == (date(2026, 2, 5), 10_000)


def test_the_last_payment_is_the_last_that_counts_and_was_not_returned():
    story = learns(base(), "2026-01-15", 10_000, "2026-01-15", "first")
    learns(story, "2026-02-05", 20_000, "2026-02-05", "second")
    learns(story, "2026-02-06", 30_000, "2026-01-20", "late")
    assert on(story, "2026-02-06").last_payment_fen == 20_000
    for returned, last in (("second", (date(2026, 1, 20), 30_000)), ("late", (date(2026, 1, 15), 10_000))):
        story.say("2026-03-03", ReversePayment, payment_ref=returned, reason="returned")
        seen = on(story, "2026-03-03")
        assert (seen.last_payment_on, seen.last_payment_fen) == last
    story.say("2026-03-03", ReversePayment, payment_ref="first", reason="returned")
    assert (on(story, "2026-03-03").last_payment_on, on(story, "2026-03-03").last_payment_fen) == (None, None)


@pytest.mark.parametrize(
    ("asked", "days", "arrears"),
    [("2026-02-10", 0, 0), ("2026-02-11", 1, 12_346), ("2026-03-05", 23, 12_346), ("2026-03-11", 29, 25_631)],
)
def test_days_past_due_grow_without_events(asked, days, arrears):
    seen = on(base().advances("2026-03-05"), asked)
    assert (seen.days_past_due, seen.arrears_fen) == (days, arrears)


def test_a_minimum_within_tolerance_is_met_at_its_due_test_though_no_event_says_so():
    story = Story(terms=PAY_LATER_CARD).buys("2026-01-10", 123_457).advances("2026-02-01").pays("2026-02-05", 12_000)
    assert (on(story, "2026-02-13").minimum_due_fen, len(on(story, "2026-02-13").unpaid_minima)) == (346, 1)
    assert (on(story, "2026-02-14").minimum_due_fen, on(story, "2026-02-14").unpaid_minima) == (0, ())
    assert on(story, "2026-02-14").days_past_due == 0


def test_what_a_missed_minimum_was_paid_down_to_is_demanded_within_tolerance_too():
    """12,346 were demanded by 10 February and missed on the 14th: what is left of them was not met at its test."""
    story = Story(terms=PAY_LATER_CARD).buys("2026-01-10", 123_457).advances("2026-02-14").pays("2026-02-15", 12_000)
    assert story.recorded[-2].event.minimum_due_after == 346
    seen = on(story, "2026-02-20")
    assert (seen.minimum_due_fen, seen.arrears_fen, seen.days_past_due) == (346, 0, 0)


def test_what_was_met_before_an_event_that_moves_no_money_stays_met():
    story = Story(terms=PAY_LATER_CARD).buys("2026-01-10", 123_457).advances("2026-02-01").pays("2026-02-05", 12_000)
    story.say("2026-02-20", ChangeLimit, limit_fen=900_000, reason="review")
    assert (on(story, "2026-02-20").minimum_due_fen, on(story, "2026-02-20").unpaid_minima) == (0, ())


def test_a_minimum_that_was_missed_stops_spending_before_the_calendar_has_said_so():
    story = base().advances("2026-02-01")
    assert on(story, "2026-02-10").spendable_fen == 4_876_543
    assert (on(story, "2026-02-11").standing, on(story, "2026-02-11").spendable_fen) == ("billed", 0)


def test_credit_adds_to_what_is_available():
    seen = on(base().pays("2026-01-12", 200_000), "2026-01-12")
    assert (seen.owed_fen, seen.credit_fen, seen.available_fen) == (0, 76_543, 5_076_543)


def test_a_frozen_account_may_not_spend_but_keeps_its_limit():
    seen = on(base().say("2026-01-11", Freeze, reason="customer_request"), "2026-01-11")
    assert (seen.status, seen.freeze_reasons, seen.spendable_fen) == ("frozen", ("customer_request",), 0)
    assert seen.limit_fen == 5_000_000


def test_the_limit_follows_its_events():
    story = base().say("2026-01-11", ChangeLimit, limit_fen=100_000, reason="review")
    assert (on(story, "2026-01-11").limit_fen, on(story, "2026-01-11").available_fen) == (100_000, -23_457)
    story.say("2026-01-12", RequestClosure)
    assert on(story, "2026-01-12").limit_fen == 0
    story.say("2026-01-13", WithdrawClosure)
    assert on(story, "2026-01-13").limit_fen == 100_000


def test_a_closed_account_still_owes():
    seen = on(base().say("2026-01-20", ForceClose, reason="abuse"), "2026-01-20")
    assert (seen.access, seen.closed_on, seen.close_kind) == ("closed", date(2026, 1, 20), "forced")
    assert (seen.limit_fen, seen.owed_fen, seen.spendable_fen) == (0, 123_457, 0)


def test_a_refund_lowers_what_is_owed():
    story = base()
    bought = story.recorded[-1].event.purchase_id
    story.say("2026-01-20", RefundPurchase, purchase_id=bought, refund_id="f-1", amount_fen=23_457)
    assert on(story, "2026-01-20").owed_fen == 100_000


def test_a_day_before_the_opening_has_no_answer():
    rows = {}
    fold(rows, base().recorded, balance)
    with pytest.raises(BeforeOpening, match="was opened on 2026-01-05; nothing is known of it on 2026-01-04"):
        balance.as_of(next(iter(rows.values())), date(2026, 1, 4))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from((PAY_LATER, PAY_LATER_CARD)))
def test_the_view_reckons_what_is_demanded_missed_and_past_due_as_the_account_does(seed, terms):
    story = wandering(seed, terms=terms)
    rows = {}
    for recorded in story.recorded:
        fold(rows, [recorded], balance)
        event = recorded.event
        if isinstance(event, MoneyEvent):
            seen = balance.as_of(rows[story.account_id], event.business_date)
            assert (seen.arrears_fen, seen.days_past_due) == (event.arrears_after, event.dpd_after)
            assert seen.minimum_due_fen == event.minimum_due_after
    ledger = story.account.ledger
    seen = balance.as_of(rows[story.account_id], story.account.business_date)
    assert seen.buckets.model_dump() == ledger.buckets
    assert seen.minimum_due_fen == ledger.minimum_due
    assert (seen.limit_fen, seen.available_fen) == (story.account.limit, story.account.available)
    assert (seen.freeze_reasons, seen.next_event_on) == (story.account.reasons, story.account.next_event_on())
