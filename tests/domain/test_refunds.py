"""Refunds: what is taken back of a purchase, whatever had become of it."""

from datetime import date

import pytest

from domain.events import AccountCured, AccountPaid, PurchaseRefunded
from tests.specification import (
    BASE,
    LINE,
    advance,
    advanced,
    bought,
    event,
    force_closed,
    given,
    opened,
    paid,
    refund,
    refunded,
)


def test_a_purchase_that_is_not_billed_yet_simply_shrinks():
    given(*BASE).when(refund("base", 23_457)).then(
        event(
            PurchaseRefunded,
            purchase_id="base",
            amount_fen=23_457,
            applied={"principal_unbilled": 23_457},
            of_purchase_fen=23_457,
            credited_fen=0,
        )
    ).owes(principal_unbilled=100_000)


def test_of_a_billed_purchase_the_minimum_shrinks_as_much():
    given(*BASE, advanced(to="2026-02-01")).when(refund("base", 2_346)).then(
        event(PurchaseRefunded, applied={"principal_billed": 2_346}, minimum_due_after=10_000)
    ).owes(principal_billed=121_111)


def test_the_purchase_itself_shrinks_not_an_older_one():
    life = given(*LINE, bought("old", 100, on="2026-01-10"), bought("new", 100, on="2026-01-11"))
    life.when(refund("new", 60)).owes(principal_unbilled=140)
    assert {name: each.unpaid for name, each in life.account.ledger.slices.items()} == {"old": 100, "new": 40}


def test_what_was_paid_of_the_purchase_pays_other_debt_then_becomes_credit():
    history = (*LINE, bought("old", 100, on="2026-01-10"), bought("new", 50, on="2026-01-11"), paid(70))
    given(*history).owes(principal_unbilled=80).when(refund("old", 100)).then(
        event(PurchaseRefunded, of_purchase_fen=30, applied={"principal_unbilled": 80}, credited_fen=20)
    ).owes(credit=20)


def test_other_debt_is_paid_in_the_order_of_payments():
    history = (*LINE, bought("small", 5_000, on="2026-01-09"), bought("base", 123_457, on="2026-01-10"))
    given(*history, paid(5_000, on="2026-01-31"), advanced(to="2026-03-05")).owes(
        principal_billed=123_457, interest_billed=1_173, fees_billed=1_000
    ).when(refund("small", 5_000)).then(
        event(
            PurchaseRefunded,
            of_purchase_fen=0,
            applied={"fees_billed": 1_000, "interest_billed": 1_173, "principal_billed": 2_827},
        )
    ).owes(principal_billed=120_630)


def test_charges_made_before_stay():
    given(*BASE, advanced(to="2026-03-05")).when(refund("base", 123_457)).then(
        event(PurchaseRefunded), event(AccountCured)
    ).owes(interest_billed=1_173, fees_billed=1_000)


def test_a_refund_may_settle_the_statement():
    given(*BASE, advanced(to="2026-02-01")).when(refund("base", 123_457)).then(
        event(PurchaseRefunded), event(AccountPaid, standing="paid")
    ).owes()


def test_a_purchase_is_refunded_up_to_its_price_in_parts():
    given(*BASE, refunded("base", 100_000, ref="r1")).when(refund("base", 23_457, ref="r2")).then(
        event(PurchaseRefunded)
    ).owes()


def test_no_more_than_the_price_less_earlier_refunds_is_refunded():
    given(*BASE, refunded("base", 100_000, ref="r1")).when(refund("base", 23_458, ref="r2")).refused(
        "refund_exceeds_purchase", field="amount_fen", asked=23_458, refundable=23_457
    )


def test_only_a_purchase_of_this_account_is_refunded():
    given(*BASE).when(refund("other", 1)).refused("purchase_unknown", field="purchase_id", asked="other")


def test_a_refund_said_twice_is_one_refund():
    given(*BASE, refunded("base", 23_457)).when(refund("base", 23_457, on="2026-01-31")).nothing_happened()


@pytest.mark.parametrize(
    ("purchase", "fen", "differs", "first", "asked"),
    [("base", 23_456, "amount_fen", 23_457, 23_456), ("p2", 23_457, "purchase_id", "base", "p2")],
)
def test_a_refund_id_used_again_for_something_else_is_refused(purchase, fen, differs, first, asked):
    given(*BASE, bought("p2", 50_000), refunded("base", 23_457)).when(refund(purchase, fen)).refused(
        "refund_id_reused", field="refund_id", reference="refund-1", differs=differs, first=first, asked=asked
    )


def test_no_refund_counts_before_its_purchase():
    given(*BASE).when(refund("base", 1, on="2026-02-05", reason="our_error", value_date=date(2026, 1, 9))).refused(
        "value_date_not_allowed",
        field="value_date",
        asked=date(2026, 1, 9),
        earliest=date(2026, 1, 10),
        latest=date(2026, 2, 5),
    )


def test_a_refund_counts_on_the_day_it_is_recorded():
    asked = refund("base", 1, on="2026-01-20", value_date=advance(to="2026-01-19").fields["date"])
    given(*BASE).when(asked).refused(
        "value_date_not_allowed", field="value_date", asked="2026-01-19", earliest="2026-01-20", latest="2026-01-20"
    )


def test_a_purchase_of_a_closed_account_is_refunded_too():
    given(*BASE, force_closed()).when(refund("base", 123_457)).then(event(PurchaseRefunded, access="closed")).owes()


def test_an_application_has_nothing_to_refund():
    given(opened()).when(refund("base", 1)).refused("purchase_unknown", field="purchase_id", asked="base")
