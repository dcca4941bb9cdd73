"""Payments: what they pay first, what is left over, and what follows when less is owed."""

import pytest

from domain.events import (
    AccountCured,
    AccountPaid,
    AccountUnfrozen,
    CreditRefunded,
    LateFeePosted,
    PaymentReceived,
)
from tests.specification import (
    BASE,
    LINE,
    advance,
    advanced,
    bought,
    buy,
    closure_requested,
    event,
    force_closed,
    frozen,
    given,
    opened,
    paid,
    paid_out,
    pay,
    pay_out,
    refund,
    terms,
)

FORTY_NINE_DAYS_LATE = (*BASE, advanced(to="2026-03-31"))
NINETY_ONE_DAYS_LATE = (*BASE, advanced(to="2026-05-12"))


def test_within_what_is_billed_fees_are_paid_before_interest_before_principal():
    given(*FORTY_NINE_DAYS_LATE).owes(
        principal_billed=123_457, interest_billed=1_173, fees_billed=1_000, fees_unbilled=1_000
    ).when(pay(1_500)).then(event(PaymentReceived, applied={"fees_billed": 1_000, "interest_billed": 500})).owes(
        principal_billed=123_457, interest_billed=673, fees_unbilled=1_000
    )


def test_everything_billed_is_paid_before_anything_unbilled():
    given(*FORTY_NINE_DAYS_LATE).when(pay(126_000)).then(
        event(
            PaymentReceived,
            applied={
                "fees_billed": 1_000,
                "interest_billed": 1_173,
                "principal_billed": 123_457,
                "fees_unbilled": 370,
            },
        ),
        event(AccountCured),
        event(AccountUnfrozen),
        event(AccountPaid),
    ).owes(fees_unbilled=630)


def test_from_ninety_one_days_late_principal_is_paid_first_and_fees_last():
    given(*NINETY_ONE_DAYS_LATE).when(pay(123_457 + 4_938 + 2_999)).then(
        event(
            PaymentReceived,
            regime="principal_first",
            applied={"principal_billed": 123_457, "interest_billed": 4_938, "fees_billed": 2_999},
        ),
        event(AccountCured),
        event(AccountUnfrozen),
    ).owes(fees_billed=1, fees_unbilled=1_000)


def test_the_order_of_payment_is_that_of_the_morning_even_when_the_first_payment_catches_up():
    given(*NINETY_ONE_DAYS_LATE, paid(60_000, ref="first")).stands(dpd=0).when(pay(1_000, ref="second")).then(
        event(PaymentReceived, applied={"principal_billed": 1_000}, regime="principal_first")
    )


@pytest.mark.parametrize("asked", [(refund("base", 13_000), pay(50_000)), (pay(50_000), refund("base", 13_000))])
def test_the_order_of_payment_is_that_of_the_morning_even_when_a_refund_comes_first(asked):
    given(*NINETY_ONE_DAYS_LATE).when(*asked).owes(
        principal_billed=60_457, interest_billed=4_938, fees_billed=3_000, fees_unbilled=1_000
    )


def test_from_ninety_one_days_late_a_purchase_counts_before_the_payments_of_its_day():
    owed = 123_457 + 4_938 + 3_000 + 1_000
    given(*NINETY_ONE_DAYS_LATE, paid(owed)).owes().when(buy("p2", 5_000)).owes(
        principal_unbilled=4_000, fees_unbilled=1_000
    )


def test_the_day_after_the_order_of_payment_is_read_anew():
    given(*NINETY_ONE_DAYS_LATE, paid(60_000, ref="first")).when(pay(1_000, on="2026-05-13", ref="second")).then(
        event(PaymentReceived, applied={"fees_billed": 1_000}, regime="charges_first")
    )


def test_what_is_left_over_becomes_credit():
    given(*BASE).when(pay(200_000, on="2026-01-20")).then(
        event(PaymentReceived, applied={"principal_unbilled": 123_457}, credited_fen=76_543)
    ).owes(credit=76_543)


def test_the_oldest_purchase_is_paid_first():
    life = given(*LINE, bought("old", 100, on="2026-01-10"), bought("new", 100, on="2026-01-11"))
    life.when(pay(150)).owes(principal_unbilled=50)
    assert list(life.account.ledger.slices) == ["new"]


def test_a_payment_lowers_the_oldest_minimum_first():
    given(*FORTY_NINE_DAYS_LATE).when(pay(12_347)).then(
        event(PaymentReceived, minimum_due_after=13_284, arrears_after=13_284, dpd_after=21)
    )


def test_paying_what_was_missed_is_a_cure_and_the_statement_stays_unpaid():
    given(*BASE, advanced(to="2026-02-12")).when(pay(12_346)).then(
        event(PaymentReceived, arrears_after=0, dpd_after=0), event(AccountCured, standing="billed", status="billed")
    ).owes(principal_billed=111_111, fees_unbilled=1_000)


def test_paying_one_fen_less_than_what_was_missed_is_no_cure():
    given(*BASE, advanced(to="2026-02-12")).when(pay(12_345)).then(
        event(PaymentReceived, arrears_after=1, dpd_after=2)
    ).stands(standing="overdue")


def test_paying_all_that_is_billed_settles_the_statement():
    given(*BASE, advanced(to="2026-02-01")).when(pay(123_457)).then(
        event(PaymentReceived), event(AccountPaid, statement_no=1, standing="paid", status="paid")
    ).owes()


def test_a_late_account_that_pays_everything_is_first_cured_then_paid():
    given(*BASE, advanced(to="2026-02-12")).when(pay(123_457)).then(
        event(PaymentReceived), event(AccountCured, standing="billed"), event(AccountPaid, standing="paid")
    ).owes(fees_unbilled=1_000)


def test_paying_before_the_bill_day_is_not_a_settled_statement():
    given(*BASE).when(pay(123_457, on="2026-01-31")).then(event(PaymentReceived)).stands(standing="clear")


def test_the_same_reference_of_the_same_channel_is_the_same_payment():
    given(*BASE, paid(5_000)).when(pay(5_000, on="2026-01-12")).nothing_happened().owes(principal_unbilled=118_457)


def test_the_same_amount_under_another_reference_is_another_payment():
    given(*BASE, paid(5_000)).when(pay(5_000, ref="payment-2")).then(event(PaymentReceived)).owes(
        principal_unbilled=113_457
    )


def test_the_same_reference_of_another_channel_is_another_payment():
    given(*BASE, paid(5_000)).when(pay(5_000, channel="counter")).then(event(PaymentReceived)).owes(
        principal_unbilled=113_457
    )


def test_a_reference_used_again_for_another_amount_is_refused():
    given(*BASE, paid(5_000)).when(pay(5_001)).refused(
        "payment_ref_reused", field="payment_ref", reference="payment-1", differs="amount_fen", first=5_000, asked=5_001
    )


def test_a_payment_may_say_the_day_it_is_recorded():
    asked = pay(5_000, on="2026-01-10")
    asked.fields["value_date"] = advance(to="2026-01-10").fields["date"]
    given(*BASE).when(asked).then(event(PaymentReceived, value_date="2026-01-10"))


def test_before_activation_there_is_nothing_to_pay():
    given(opened()).when(pay(5_000)).refused("not_activated", access="pending")


@pytest.mark.parametrize(
    "history", [frozen("fraud_confirmed"), frozen("legal_order"), closure_requested(), force_closed()]
)
def test_a_payment_is_accepted_whatever_became_of_the_line(history):
    given(*BASE, history).when(pay(23_457)).then(event(PaymentReceived)).owes(principal_unbilled=100_000)


def test_what_is_left_within_tolerance_of_a_missed_minimum_is_no_arrears():
    lenient = terms(tolerance=1_000)
    given(opened(agreed=lenient), *BASE[1:], advanced(to="2026-02-11")).stands(dpd=1).when(pay(11_346)).then(
        event(PaymentReceived, minimum_due_after=1_000, arrears_after=0, dpd_after=0), event(AccountCured)
    )


def test_a_minimum_paid_up_to_the_tolerance_is_met_though_the_money_stays_owed():
    lenient = terms(tolerance=1_000)
    given(opened(agreed=lenient), *BASE[1:], paid(11_346, on="2026-02-10")).when(
        advance(to="2026-02-28")
    ).nothing_happened().owes(principal_billed=112_111).stands("2026-02-11", minimum_due=0, standing="billed")


def test_a_minimum_left_one_fen_above_the_tolerance_is_missed():
    lenient = terms(tolerance=1_000)
    life = given(opened(agreed=lenient), *BASE[1:], paid(11_345, on="2026-02-10")).when(advance(to="2026-02-11"))
    assert [each.TYPE for each in life.events] == [LateFeePosted.TYPE, "account.overdue"]


# Credit is the customer's money

WITH_CREDIT = (*LINE, paid(9_000, on="2026-01-20"))


def test_credit_is_paid_out_on_request():
    given(*WITH_CREDIT).when(pay_out(4_000)).then(
        event(CreditRefunded, amount_fen=4_000, payout_token="bank-card-1")
    ).owes(credit=5_000)


def test_no_more_than_the_credit_is_paid_out():
    given(*WITH_CREDIT).when(pay_out(9_001)).refused("credit_exceeded", field="amount_fen", asked=9_001, credit=9_000)


def test_a_payout_said_twice_is_one_payout():
    given(*WITH_CREDIT, paid_out(4_000)).when(pay_out(4_000)).nothing_happened().owes(credit=5_000)


def test_a_payout_reference_used_again_for_another_amount_is_refused():
    given(*WITH_CREDIT, paid_out(4_000)).when(pay_out(4_001)).refused(
        "refund_id_reused", field="refund_id", reference="payout-1", differs="amount_fen", first=4_000, asked=4_001
    )


def test_credit_of_a_closed_account_is_paid_out_too():
    given(*WITH_CREDIT, force_closed()).when(pay_out(9_000)).then(event(CreditRefunded)).owes()


@pytest.mark.parametrize("last", [(), (force_closed(),)])
def test_under_a_legal_order_no_credit_leaves(last):
    access = "closed" if last else "frozen"
    given(*WITH_CREDIT, frozen("legal_order"), *last).when(pay_out(1)).refused("legal_order", access=access)
