"""What the simulated people may borrow, by their own ledger: holds, freezes, appeals, and the end and its undoing."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from domain.commands import (
    Activate,
    Actor,
    Authorize,
    Capture,
    DecideAppeal,
    ForceClose,
    Freeze,
    LodgeAppeal,
    Purchase,
    RecordDeath,
    Reinstate,
    ReleaseHold,
    RequestClosure,
    WithdrawClosure,
)
from domain.terms import PAY_LATER
from infra.portfolio.ledger import Book
from infra.portfolio.simulator import agreement_of

SOMEBODY = Actor(role="officer", id="desk-3")


def did(known, on, do, *, refused=False, **said):
    month, day = map(int, on.split("-"))
    known.learn(
        do(
            command_id="c", account_id=UUID(int=1), actor=SOMEBODY, at=datetime(2026, month, day, 4, tzinfo=UTC), **said
        ),
        refused=refused,
    )
    return known


def opened():
    return did(Book(date(2026, 1, 5), 1, agreement_of(PAY_LATER)), "1-5", Activate, limit_fen=100_000)


def reserved(known, on="1-10", amount=60_000, hold_id="h1"):
    return did(known, on, Authorize, hold_id=hold_id, amount_fen=amount, merchant_id="hotel")


def captured(known, on, amount, purchase_id="p1", **said):
    return did(known, on, Capture, hold_id="h1", purchase_id=purchase_id, amount_fen=amount, **said)


def stands(known):
    """What is held, available, and owed less credit."""
    return known.line.held, known.available, known.balance


def test_what_is_held_is_not_available_and_not_owed():
    assert stands(reserved(opened())) == (60_000, 40_000, 0)


def test_parts_are_captured_until_the_final_one_gives_the_rest_back():
    known = captured(reserved(opened()), "1-11", 20_000)
    assert stands(known) == (40_000, 40_000, 20_000)
    captured(known, "1-12", 10_000, "p2", final=True)
    assert stands(known) == (0, 70_000, 30_000)
    assert {each.authorised for each in known.purchases.values()} == {date(2026, 1, 10)}


def test_a_refused_capture_leaves_the_hold_and_a_forced_one_takes_what_is_left_of_it():
    known = captured(reserved(opened()), "1-11", 70_000, refused=True)
    assert stands(known) == (60_000, 40_000, 0)
    assert "capture refused" in known.told
    assert stands(captured(known, "1-11", 70_000, forced=True)) == (0, 30_000, 70_000)


def test_a_capture_that_is_told_twice_counts_once():
    known = captured(captured(reserved(opened()), "1-11", 20_000), "1-11", 20_000)
    assert stands(known) == (40_000, 40_000, 20_000)


@pytest.mark.parametrize(("day", "held"), [(17, 60_000), (18, 0)])
def test_a_hold_stands_to_the_end_of_its_last_day(day, held):
    known = reserved(opened())
    known.reach(date(2026, 1, day))
    assert known.line.held == held


def test_a_hold_that_is_released_is_free_again():
    assert stands(did(reserved(opened()), "1-12", ReleaseHold, hold_id="h1", reason="cancelled"))[:2] == (0, 100_000)


def test_who_leaves_is_gone_when_the_last_hold_has_ended():
    known = did(reserved(opened()), "1-12", RequestClosure)
    assert (known.line.access, known.available) == ("closing", -60_000)
    known.reach(date(2026, 1, 17))
    assert known.line.access == "closing"
    known.reach(date(2026, 1, 18))
    assert (known.line.access, known.over) == ("closed", True)


def test_who_stays_has_the_limit_of_before():
    known = did(reserved(opened()), "1-12", RequestClosure)
    assert stands(did(known, "1-13", WithdrawClosure)) == (60_000, 40_000, 0)


def closed():
    known = did(reserved(opened()), "1-11", Purchase, purchase_id="p0", amount_fen=10_000, merchant_id="m")
    return did(known, "1-12", ForceClose, second_actor=Actor(role="officer", id="desk-4"), reason="abuse")


def test_closed_by_force_nothing_is_held_and_the_debt_is_owed():
    assert (*stands(closed()), closed().line.access) == (0, -10_000, 10_000, "closed")


def test_an_upheld_appeal_and_a_decision_on_the_limit_undo_a_closure():
    known = did(closed(), "1-20", LodgeAppeal, appeal_id="a1", against="closure")
    did(known, "1-25", DecideAppeal, appeal_id="a1", outcome="upheld_lower_limit", limit_fen=60_000, reason="r")
    assert known.available == -10_000
    assert stands(did(known, "1-26", Reinstate, appeal_id="a1", limit_fen=50_000)) == (0, 40_000, 10_000)


def test_it_is_not_over_while_an_appeal_against_the_closure_waits_or_was_upheld():
    known = did(opened(), "1-12", ForceClose, second_actor=Actor(role="officer", id="desk-4"), reason="abuse")
    assert known.over
    did(known, "1-20", LodgeAppeal, appeal_id="a1", against="closure")
    assert not known.over
    did(known, "1-21", DecideAppeal, appeal_id="a1", outcome="rejected", reason="r")
    assert known.over
    did(known, "1-22", LodgeAppeal, appeal_id="a2", against="closure", evidence_ref="e")
    did(known, "1-23", DecideAppeal, appeal_id="a2", outcome="upheld", reason="r")
    assert not known.over


@pytest.mark.parametrize(
    ("outcome", "lower", "frozen_for", "available"),
    [
        ("upheld", None, set(), 100_000),
        ("upheld_lower_limit", 70_000, set(), 70_000),
        ("rejected", None, {"abnormal_transaction"}, 100_000),
    ],
)
def test_an_appeal_against_a_freeze_lifts_it_perhaps_with_a_lower_limit(outcome, lower, frozen_for, available):
    known = did(opened(), "1-12", Freeze, reason="abnormal_transaction")
    did(known, "1-13", LodgeAppeal, appeal_id="a1", against="abnormal_transaction")
    did(known, "1-14", DecideAppeal, appeal_id="a1", outcome=outcome, limit_fen=lower, reason="r")
    assert (known.line.frozen_for, known.available) == (frozen_for, available)


def test_of_a_hold_placed_while_alive_the_capture_counts_and_of_a_later_one_not():
    known = captured(reserved(opened()), "1-14", 20_000)
    reserved(known, "1-14", 9_000, "h2")
    did(known, "1-15", Capture, hold_id="h2", purchase_id="p2", amount_fen=9_000)
    assert known.balance == 29_000
    did(known, "1-20", RecordDeath, date_of_death=date(2026, 1, 12))
    assert (known.balance, known.dropped, known.line.frozen_for) == (20_000, {"p2": 9_000}, {"deceased"})
