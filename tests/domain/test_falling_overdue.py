"""Falling overdue: the due test, the late fee, the days past due, the system's freeze, and catching up."""

import pytest

from domain.events import (
    AccountBilled,
    AccountCured,
    AccountFrozen,
    AccountOverdue,
    AccountPaid,
    AccountUnfrozen,
    InterestPosted,
    LateFeePosted,
    PaymentReceived,
    PurchaseRefunded,
)
from tests.specification import (
    BASE,
    LINE,
    advance,
    advanced,
    bought,
    event,
    force_closed,
    frozen,
    given,
    opened,
    paid,
    pay,
    refund,
    terms,
)


def test_a_minimum_unpaid_after_its_due_date_is_missed_the_day_after():
    given(*BASE, advanced(to="2026-02-10")).stands("2026-02-10", standing="billed", dpd=0).when(
        advance(to="2026-02-11")
    ).then(
        event(LateFeePosted, statement_no=1, base_fen=12_346, amount_fen=1_000, cause="advance"),
        event(AccountOverdue, statement_no=1, due_date="2026-02-10", missed_fen=12_346, dpd=1, status="overdue"),
    )


def test_what_is_left_of_a_minimum_is_missed_not_what_was_paid():
    given(*BASE, paid(10_000, on="2026-02-05")).when(advance(to="2026-02-11")).then(
        event(LateFeePosted, base_fen=2_346, amount_fen=1_000), event(AccountOverdue, missed_fen=2_346)
    )


def test_a_late_fee_is_never_more_than_what_was_missed():
    given(*BASE, paid(12_345, on="2026-02-05")).when(advance(to="2026-02-11")).then(
        event(LateFeePosted, base_fen=1, amount_fen=1), event(AccountOverdue, missed_fen=1)
    ).owes(principal_billed=111_112, fees_unbilled=1)


@pytest.mark.parametrize(("price", "fee"), [(200_000, 1_000), (200_100, 1_001), (200_090, 1_000), (1_000_000, 5_000)])
def test_a_late_fee_above_its_floor_is_five_percent_rounded_half_up(price, fee):
    given(*LINE, bought("p1", price), advanced(to="2026-02-10")).when(advance(to="2026-02-11")).then(
        event(LateFeePosted, amount_fen=fee), event(AccountOverdue)
    )


def test_one_late_fee_for_one_statement_however_long_it_is_missed():
    life = given(*BASE).when(advance(to="2026-06-30"))
    fined = [each.statement_no for each in life.events if isinstance(each, LateFeePosted)]
    assert fined == [1, 2, 3, 4, 5]


def test_the_fee_is_taken_of_principal_never_of_interest_or_fees():
    given(*BASE, advanced(to="2026-03-10")).when(advance(to="2026-03-11")).then(
        event(LateFeePosted, statement_no=2, base_fen=13_285 - 1_173 - 1_000), event(AccountOverdue)
    )


def test_each_further_missed_minimum_is_said():
    given(*BASE, advanced(to="2026-03-10")).when(advance(to="2026-03-11")).then(
        event(LateFeePosted, statement_no=2), event(AccountOverdue, statement_no=2, due_date="2026-03-10")
    ).stands(standing="overdue", arrears=25_631, dpd=29)


def test_interest_counts_from_the_due_date_once_the_statement_was_missed():
    given(*BASE, advanced(to="2026-02-10")).stands("2026-02-10", accrued=0).stands("2026-02-11", accrued=62).stands(
        "2026-02-12", accrued=123
    )


def test_with_grace_days_interest_counts_from_the_due_date_all_the_same():
    life = given(opened(agreed=terms(grace_days=3)), *BASE[1:], advanced(to="2026-02-01"))
    life.stands("2026-02-13", accrued=0, dpd=0).stands("2026-02-14", accrued=247, dpd=4)


def test_days_past_due_grow_without_events():
    given(*BASE, advanced(to="2026-02-11")).when(advance(to="2026-02-27")).nothing_happened().stands(
        "2026-02-27", dpd=17
    )


def test_thirty_days_past_due_the_system_freezes_the_line():
    given(*BASE, advanced(to="2026-03-11")).when(advance(to="2026-03-12")).then(
        event(
            AccountFrozen,
            reason="overdue_long",
            reasons_now=("overdue_long",),
            access="frozen",
            status="frozen",
            standing="overdue",
            cause="advance",
        )
    )


def test_a_line_frozen_already_gets_one_more_reason():
    given(*BASE, frozen("customer_request"), advanced(to="2026-03-11")).when(advance(to="2026-03-12")).then(
        event(AccountFrozen, reason="overdue_long", reasons_now=("customer_request", "overdue_long"))
    )


def test_a_closed_account_is_not_frozen_for_being_late():
    given(*BASE, force_closed(), advanced(to="2026-03-11")).when(advance(to="2026-03-31")).nothing_happened()


def test_the_cure_lifts_the_systems_freeze():
    given(*BASE, advanced(to="2026-03-12")).when(pay(25_631)).then(
        event(PaymentReceived, arrears_after=0),
        event(AccountCured, standing="billed", access="frozen"),
        event(AccountUnfrozen, reason="overdue_long", reasons_now=(), access="open", status="billed"),
    )


def test_the_cure_lifts_no_other_reason():
    given(*BASE, frozen("customer_request"), advanced(to="2026-03-12")).when(pay(25_631)).then(
        event(PaymentReceived),
        event(AccountCured),
        event(AccountUnfrozen, reasons_now=("customer_request",), access="frozen", status="frozen"),
    )


def test_paying_only_the_oldest_minimum_leaves_the_freeze_of_the_long_overdue():
    given(*BASE, advanced(to="2026-03-12")).when(pay(12_346)).then(
        event(PaymentReceived, dpd_after=2, arrears_after=13_285)
    ).stands(access="frozen", reasons=("overdue_long",))


def test_a_line_that_fell_behind_again_is_frozen_again_thirty_days_later():
    given(*BASE, paid(25_631, on="2026-03-12"), advanced(to="2026-05-09")).when(advance(to="2026-05-10")).then(
        event(AccountFrozen, reason="overdue_long")
    ).stands(dpd=30)


def test_a_refund_may_cure():
    given(*BASE, advanced(to="2026-02-11")).when(refund("base", 12_346)).then(
        event(PurchaseRefunded), event(AccountCured)
    )


def test_whoever_pays_all_and_owes_a_late_fee_gets_one_more_statement():
    given(*BASE, paid(123_457, on="2026-02-11")).owes(fees_unbilled=1_000).when(advance(to="2026-03-01")).then(
        event(InterestPosted, amount_fen=62), event(AccountBilled, balance_fen=1_062, minimum_fen=1_062)
    ).when(pay(1_062, on="2026-03-10", ref="rest")).then(event(PaymentReceived), event(AccountPaid)).owes()


def test_within_tolerance_there_is_no_late_fee_but_interest():
    given(opened(agreed=terms(tolerance=1_000)), *BASE[1:], paid(122_457, on="2026-02-10")).when(
        advance(to="2026-03-01")
    ).then(event(InterestPosted, amount_fen=10), event(AccountBilled, balance_fen=1_010, minimum_fen=1_000))
