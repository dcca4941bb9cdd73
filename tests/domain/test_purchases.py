"""Purchases: what may be bought, with what is left of the limit, and what is posted all the same."""

import pytest

from domain.codec import decode, encode
from domain.events import (
    PurchasePosted,
    RiskAlerted,
)
from domain.money import FEN_MAX
from tests.specification import (
    BASE,
    LINE,
    activated,
    advance,
    advanced,
    bought,
    buy,
    closure_requested,
    declined,
    event,
    force_closed,
    frozen,
    given,
    opened,
    paid,
)

SMALL_LINE = (opened(), activated(limit=100_000))
OVERDUE = (*BASE, advanced(to="2026-02-11"))


def test_a_purchase_is_debt_from_its_posting_date_and_not_billed_yet():
    given(*LINE).when(buy("p1", 7_000, on="2026-01-10")).then(
        event(
            PurchasePosted,
            purchase_id="p1",
            amount_fen=7_000,
            merchant_id="shop-1",
            forced=False,
            credit_applied_fen=0,
            business_date="2026-01-10",
        )
    ).owes(principal_unbilled=7_000).stands(available=4_993_000, minimum_due=0, accrued=0)


def test_the_whole_limit_may_be_used():
    given(*SMALL_LINE).when(buy("p1", 100_000)).then(event(PurchasePosted)).stands(available=0)


def test_one_fen_more_than_is_available_is_refused():
    given(*SMALL_LINE, bought("p1", 60_000)).when(buy("p2", 40_001)).refused(
        "over_limit", field="amount_fen", asked=40_001, available=40_000
    )


def test_credit_makes_more_available_and_pays_at_once():
    given(*SMALL_LINE, paid(30_000)).stands(available=130_000).when(buy("p1", 130_000)).then(
        event(PurchasePosted, credit_applied_fen=30_000)
    ).owes(principal_unbilled=100_000)


def test_a_purchase_within_the_credit_owes_nothing():
    life = given(*LINE, paid(9_000)).when(buy("p1", 9_000)).owes()
    assert life.account.ledger.slices == {}


def test_repaying_makes_the_limit_available_again():
    given(*SMALL_LINE, bought("p1", 100_000), paid(40_000)).when(buy("p2", 40_000)).then(event(PurchasePosted))


def test_the_same_purchase_said_twice_is_one_purchase():
    given(*BASE).when(buy("base", 123_457, on="2026-01-11")).nothing_happened().owes(principal_unbilled=123_457)


def test_a_purchase_said_again_is_the_same_even_where_a_new_one_would_be_refused():
    given(*BASE, frozen("fraud_confirmed")).when(buy("base", 123_457)).nothing_happened()


def test_a_purchase_id_used_again_for_another_amount_is_refused():
    given(*BASE).when(buy("base", 123_456)).refused(
        "purchase_id_reused", field="purchase_id", reference="base", differs="amount_fen", first=123_457, asked=123_456
    )


@pytest.mark.parametrize(
    ("history", "reason", "access", "reasons"),
    [
        ((opened(),), "not_activated", "pending", []),
        ((opened(), declined()), "account_closed", "closed", []),
        ((*LINE, frozen("customer_request")), "account_frozen", "frozen", ["customer_request"]),
        ((*BASE, closure_requested()), "account_closing", "closing", []),
        ((*LINE, force_closed()), "account_closed", "closed", []),
    ],
)
def test_nothing_is_bought_unless_the_line_is_open(history, reason, access, reasons):
    given(*history).when(buy("p2", 1)).refused(reason, access=access, reasons=reasons)


def test_nothing_is_bought_while_a_minimum_is_missed():
    given(*OVERDUE).when(buy("p2", 1)).refused("overdue", dpd=1, arrears=12_346)


def test_being_closed_is_said_before_being_overdue_before_being_over_the_limit():
    too_much = buy("p2", 99_000_000)
    given(*OVERDUE, force_closed()).when(too_much).refused("account_closed", access="closed", reasons=[])
    given(*OVERDUE).when(too_much).refused("overdue", dpd=1, arrears=12_346)
    given(*BASE).when(too_much).refused("over_limit", field="amount_fen", asked=99_000_000, available=4_876_543)


@pytest.mark.parametrize(
    ("history", "access"),
    [
        ((), "open"),
        ((frozen("fraud_confirmed"),), "frozen"),
        ((closure_requested(),), "closing"),
        ((force_closed(),), "closed"),
    ],
)
def test_what_the_network_obliges_us_to_post_is_posted_in_every_access(history, access):
    given(*OVERDUE, *history).when(buy("p2", 9_000_000, forced=True)).then(
        event(PurchasePosted, forced=True, amount_fen=9_000_000, access=access),
        event(RiskAlerted, rule="forced_capture", evidence_ref="p2"),
    ).owes(principal_billed=123_457, fees_unbilled=1_000, principal_unbilled=9_000_000)


def test_nothing_can_be_forced_on_an_application():
    given(opened()).when(buy("p1", 1, forced=True)).refused("not_activated", access="pending", reasons=[])


def test_a_forced_purchase_must_leave_a_sum_that_can_be_written_down():
    given(*BASE).when(buy("p2", FEN_MAX, forced=True)).refused(
        "amount_invalid", field="amount_fen", asked=FEN_MAX, highest=FEN_MAX - 123_457
    )


def test_the_largest_amount_may_run_up_charges_for_years_and_stays_readable():
    life = given(*LINE).when(buy("p1", FEN_MAX, forced=True), advance(to="2031-01-01"))
    assert life.account.ledger.owed > FEN_MAX
    assert [decode(each.TYPE, each.VERSION, encode(each)) for each in life.events] == life.events
