"""Purchases as networks do them: limit is held, captured in parts or by force, released, or expires."""

from decimal import Decimal

import pytest

from domain.events import (
    AccountClosed,
    ClosureRequested,
    HoldPlaced,
    HoldReleased,
    Obstacle,
    PurchasePosted,
    RiskAlerted,
)
from tests.specification import (
    BASE,
    LINE,
    activated,
    advance,
    advanced,
    authorize,
    authorized,
    bought,
    buy,
    capture,
    captured,
    change_limit,
    closure_requested,
    death_recorded,
    event,
    force_close,
    force_closed,
    frozen,
    given,
    opened,
    pay,
    release,
    released,
    request_closure,
    terms,
    unfrozen,
)

# 80,000 of 300,000 is reserved from 10 to 17 January.
SMALL = (opened(), activated(limit=300_000))
HELD = (*SMALL, authorized("hotel", 80_000, on="2026-01-10"))


def test_a_hold_reserves_limit_and_is_no_debt():
    given(*SMALL).when(authorize("hotel", 80_000, on="2026-01-10")).then(
        event(HoldPlaced, amount_fen=80_000, merchant_id="shop-1", expires_on="2026-01-17", status="activated")
    ).owes().stands(held=80_000, available=220_000)


def test_a_capture_turns_what_was_held_into_debt_and_no_amount_counts_twice():
    given(*HELD).when(capture("hotel", 80_000, on="2026-01-12")).then(
        event(PurchasePosted, purchase_id="p1", hold_id="hotel", hold_taken_fen=80_000, merchant_id="shop-1")
    ).owes(principal_unbilled=80_000).stands(held=0, available=220_000)


def test_several_captures_take_a_hold_piece_by_piece_and_the_last_one_frees_the_rest():
    life = given(*HELD).when(capture("hotel", 30_000, on="2026-01-11", ref="first"))
    life.then(event(PurchasePosted, hold_taken_fen=30_000)).stands(held=50_000, available=220_000)
    life.when(capture("hotel", 20_000, on="2026-01-12", ref="second", final=True)).then(
        event(PurchasePosted, hold_taken_fen=20_000), event(HoldReleased, amount_fen=30_000, reason="final_capture")
    ).owes(principal_unbilled=50_000).stands(held=0, available=250_000)


def test_a_final_capture_of_all_of_it_has_nothing_to_give_back():
    given(*HELD).when(capture("hotel", 80_000, final=True)).then(event(PurchasePosted))


def test_a_capture_may_not_go_beyond_its_hold():
    given(*HELD, captured("hotel", 30_000, ref="first")).when(capture("hotel", 50_001)).refused(
        "capture_exceeds_hold", field="amount_fen", asked=50_001, left=50_000, highest=50_000
    )


def test_where_the_terms_allow_a_tip_a_capture_may_exceed_its_hold_by_it():
    tipping = (
        opened(agreed=terms(capture_over=Decimal("0.2"))),
        activated(),
        authorized("meal", 10_004, on="2026-01-10"),
    )
    given(*tipping).when(capture("meal", 12_004)).then(event(PurchasePosted, hold_taken_fen=10_004)).stands(held=0)
    given(*tipping).when(capture("meal", 12_005)).refused(
        "capture_exceeds_hold", field="amount_fen", asked=12_005, left=10_004, highest=12_004
    )


def test_a_hold_can_still_be_captured_on_its_last_day_and_expires_as_that_day_ends():
    given(*HELD).when(capture("hotel", 80_000, on="2026-01-17")).then(event(PurchasePosted))
    given(*HELD).when(advance(to="2026-01-17")).nothing_happened()
    given(*HELD).when(advance(to="2026-01-18")).then(
        event(HoldReleased, amount_fen=80_000, reason="expired", business_date="2026-01-17", cause="advance")
    ).stands(held=0, available=300_000)


def test_an_account_says_when_its_holds_end():
    assert str(given(*HELD).account.next_event_on()) == "2026-01-18"
    given(*HELD, authorized("taxi", 500, on="2026-01-12")).when(advance(to="2026-01-20")).then(
        event(HoldReleased, hold_id="hotel", business_date="2026-01-17"),
        event(HoldReleased, hold_id="taxi", business_date="2026-01-19"),
    )


@pytest.mark.parametrize(
    ("history", "ended"),
    [
        ((advanced(to="2026-01-18"),), "expired"),
        ((released("hotel"),), "cancelled"),
        ((captured("hotel", 80_000, ref="first"),), "captured"),
        ((captured("hotel", 1, ref="first", final=True),), "final_capture"),
    ],
)
def test_what_has_ended_is_captured_only_where_the_network_obliges_us_and_somebody_is_told(history, ended):
    given(*HELD, *history).when(capture("hotel", 1_000, on="2026-01-19")).refused(
        "hold_ended", field="hold_id", ended=ended, expires_on="2026-01-17"
    )
    given(*HELD, *history).when(capture("hotel", 1_000, on="2026-01-19", forced=True)).then(
        event(PurchasePosted, forced=True, hold_id="hotel", hold_taken_fen=0),
        event(RiskAlerted, rule="forced_capture", evidence_ref="p1"),
    ).stands(held=0)


def test_a_forced_capture_takes_what_is_left_of_its_hold_and_the_rest_is_on_top():
    given(*HELD).when(capture("hotel", 350_000, forced=True)).then(
        event(PurchasePosted, amount_fen=350_000, hold_taken_fen=80_000), event(RiskAlerted)
    ).stands(held=0, available=-50_000)


def test_a_forced_capture_that_needed_no_force_alerts_nobody():
    given(*HELD).when(capture("hotel", 80_000, forced=True)).then(event(PurchasePosted, forced=True))


@pytest.mark.parametrize("reason", ["abnormal_transaction", "credit_deterioration", "multi_lender", "customer_request"])
def test_most_freezes_leave_holds_that_were_placed_before_to_be_captured(reason):
    given(*HELD, frozen(reason)).when(capture("hotel", 80_000)).then(event(PurchasePosted, access="frozen"))


@pytest.mark.parametrize("reason", ["fraud_confirmed", "legal_order"])
def test_fraud_and_a_legal_order_stop_captures_too(reason):
    stopped = given(*HELD, frozen("customer_request"), frozen(reason))
    stopped.when(capture("hotel", 80_000)).refused("account_frozen", access="frozen", reasons=[reason])
    stopped.when(capture("hotel", 80_000, forced=True)).then(event(PurchasePosted), event(RiskAlerted))


def test_what_was_held_before_the_customer_died_is_captured_and_what_was_held_after_is_not():
    life = given(*HELD, authorized("taxi", 500, on="2026-01-12"), death_recorded("2026-01-11", on="2026-01-13"))
    life.when(capture("taxi", 500)).refused("account_frozen", access="frozen", reasons=["deceased"])
    life.when(capture("hotel", 80_000)).then(event(PurchasePosted))


def test_an_overdue_account_captures_what_it_had_reserved():
    late = (*BASE, authorized("hotel", 80_000, on="2026-02-10"), advanced(to="2026-02-11"))
    given(*late).when(capture("hotel", 80_000)).then(event(PurchasePosted, standing="overdue"))


def test_a_hold_needs_as_much_as_a_purchase_and_is_refused_in_the_same_order():
    given(*HELD).when(authorize("another", 220_001)).refused(
        "over_limit", field="amount_fen", asked=220_001, available=220_000
    )
    given(*HELD).when(buy("p1", 220_001)).refused("over_limit", field="amount_fen", asked=220_001, available=220_000)
    given(*HELD).when(authorize("another", 220_001, risk_rule="velocity_count")).refused(
        "declined_by_risk", rule="velocity_count"
    )
    late = (*BASE, advanced(to="2026-02-11"))
    for asked in (authorize("another", 10**9, risk_rule="cash_out"), buy("p1", 10**9, risk_rule="cash_out")):
        given(*late).when(asked).refused("overdue", dpd=1, arrears=12_346)
        given(*late, frozen("multi_lender")).when(asked).refused(
            "account_frozen", access="frozen", reasons=["multi_lender"]
        )


def test_a_purchase_that_risk_declines_is_posted_where_the_network_obliges_us():
    given(*LINE).when(buy("p1", 5, risk_rule="cash_out")).refused("declined_by_risk", rule="cash_out")
    given(*LINE).when(buy("p1", 5, risk_rule="cash_out", forced=True)).then(event(PurchasePosted), event(RiskAlerted))


def test_a_merchant_gives_a_hold_back_once():
    life = given(*HELD).when(release("hotel", reason="cancelled"))
    life.then(event(HoldReleased, amount_fen=80_000, reason="cancelled")).stands(held=0, available=300_000)
    life.when(release("hotel")).nothing_happened()


def test_a_hold_that_was_never_placed():
    given(*HELD).when(capture("motel", 1)).refused("hold_unknown", field="hold_id", asked="motel")
    given(*HELD).when(capture("motel", 1, forced=True)).refused("hold_unknown", field="hold_id", asked="motel")
    given(*HELD).when(release("motel")).refused("hold_unknown", field="hold_id", asked="motel")


def test_saying_a_hold_or_a_capture_again_changes_nothing_and_other_content_is_refused():
    life = given(*HELD, captured("hotel", 30_000, ref="first"), released("hotel"))
    life.when(authorize("hotel", 80_000)).nothing_happened()
    life.when(authorize("hotel", 80_001)).refused(
        "hold_id_reused", field="hold_id", reference="hotel", differs="amount_fen", first=80_000, asked=80_001
    )
    life.when(capture("hotel", 30_000, ref="first")).nothing_happened()
    life.when(capture("hotel", 30_001, ref="first")).refused(
        "purchase_id_reused",
        field="purchase_id", reference="first", differs="amount_fen", first=30_000, asked=30_001,
    )  # fmt: skip


def test_a_hold_of_years_ago_is_remembered():
    life = given(*HELD, captured("hotel", 80_000), pay(80_000), bought("late", 1, on="2026-12-01"))
    assert "hotel" not in life.account.holds
    life.when(authorize("hotel", 80_000)).nothing_happened()
    life.when(capture("hotel", 5, ref="p9")).refused(
        "hold_ended", field="hold_id", ended="captured", expires_on="2026-01-17"
    )


def test_a_hold_stands_in_the_way_of_leaving_until_it_ends():
    life = given(*HELD).when(request_closure())
    life.then(event(ClosureRequested, obstacles=(Obstacle(kind="hold", amount_fen=80_000),)))
    life.when(advance(to="2026-01-18")).then(
        event(HoldReleased, business_date="2026-01-17"),
        event(AccountClosed, kind="voluntary", business_date="2026-01-17"),
    )
    given(*HELD, closure_requested()).when(release("hotel")).then(event(HoldReleased), event(AccountClosed))
    given(*HELD, closure_requested()).when(capture("hotel", 80_000)).then(event(PurchasePosted, access="closing"))


def test_closed_by_force_nothing_is_reserved_any_more():
    given(*HELD).when(force_close()).then(
        event(HoldReleased, amount_fen=80_000, reason="account_closed"), event(AccountClosed, kind="forced")
    ).stands(held=0)
    given(*HELD, force_closed()).when(capture("hotel", 1)).refused("account_closed", access="closed", reasons=[])


def test_a_limit_may_fall_below_what_is_held():
    given(*HELD).when(change_limit(to=50_000)).stands(available=-30_000)


def test_a_hold_placed_before_a_freeze_is_held_until_it_ends():
    given(*HELD, frozen("fraud_confirmed"), unfrozen("fraud_confirmed")).when(capture("hotel", 80_000)).then(
        event(PurchasePosted)
    )
