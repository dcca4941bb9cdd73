"""Statements: when one is issued, what it covers, what it demands, and the steps that come before it."""

from decimal import Decimal

import pytest

from domain.events import (
    AccountBilled,
    AccountOverdue,
    DebtWaived,
    InterestPosted,
    LateFeePosted,
    PurchasePosted,
    PurchaseRefunded,
    StatementLines,
)
from domain.terms import PAY_LATER_FREE
from tests.specification import (
    BASE,
    LINE,
    activated,
    advance,
    advanced,
    bought,
    buy,
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


def test_a_statement_is_issued_on_the_bill_day_and_due_nine_days_later():
    given(opened(bill_day=15), *BASE[1:]).when(advance(to="2026-01-15")).then(
        event(
            AccountBilled,
            statement_no=1,
            business_date="2026-01-15",
            covers_from="2026-01-05",
            covers_to="2026-01-14",
            due_date="2026-01-24",
            cause="advance",
            standing="billed",
            status="billed",
        )
    )


def test_a_later_statement_covers_the_days_since_the_bill_day_before():
    given(*BASE, advanced(to="2026-02-28")).when(advance(to="2026-03-01")).then(
        event(InterestPosted), event(AccountBilled, covers_from="2026-02-01", covers_to="2026-02-28")
    )


@pytest.mark.parametrize(("on", "billed", "unbilled"), [("2026-01-31", 7_000, 0), ("2026-02-01", 0, 7_000)])
def test_what_happens_on_the_bill_day_itself_is_in_the_next_statement(on, billed, unbilled):
    given(*LINE).when(buy("p1", 7_000, on=on), advance(to="2026-02-01")).owes(
        principal_billed=billed, principal_unbilled=unbilled
    )


def test_a_purchase_of_the_bill_day_waits_though_older_ones_are_billed():
    given(*BASE).when(buy("p2", 7_000, on="2026-02-01")).then(
        event(AccountBilled, balance_fen=123_457), event(PurchasePosted)
    ).owes(principal_billed=123_457, principal_unbilled=7_000)


def test_no_statement_is_issued_when_nothing_is_owed():
    given(*LINE).when(advance(to="2027-01-05")).nothing_happened()


def test_every_unpaid_amount_is_billed_again_month_after_month():
    life = given(*BASE, paid(12_346, on="2026-02-10")).when(advance(to="2026-03-01"))
    assert life.events[-1].lines == StatementLines(
        brought_forward_fen=111_111, principal_fen=0, interest_fen=1_056, fees_fen=0
    )


def test_a_statement_says_what_of_it_is_new():
    life = given(*BASE, bought("p2", 20_000, on="2026-02-10"), advanced(to="2026-02-28")).when(advance(to="2026-03-01"))
    assert life.events[-1].lines == StatementLines(
        brought_forward_fen=123_457, principal_fen=20_000, interest_fen=1_173, fees_fen=1_000
    )


@pytest.mark.parametrize(
    ("price", "minimum"),
    [(999, 999), (1_000, 1_000), (9_999, 1_000), (10_000, 1_000), (10_001, 1_001), (10_010, 1_001), (10_011, 1_002)],
)
def test_the_minimum_is_a_tenth_rounded_up_at_least_the_floor_at_most_the_balance(price, minimum):
    given(*LINE, bought("p1", price)).when(advance(to="2026-02-01")).then(
        event(AccountBilled, balance_fen=price, minimum_fen=minimum, minimum_due_after=minimum)
    )


def test_new_interest_and_fees_are_demanded_in_full():
    given(*BASE, paid(12_346, on="2026-02-11"), advanced(to="2026-02-28")).when(advance(to="2026-03-01")).then(
        event(InterestPosted, amount_fen=1_062),
        event(AccountBilled, minimum_fen=1_062 + 1_000 + 11_112, own_minimum_fen=1_062 + 1_000 + 11_112),
    )


def test_the_floor_can_raise_only_the_minimum_of_the_newest_statement():
    life = given(*LINE, bought("p1", 8_050), advanced(to="2026-02-28")).when(advance(to="2026-03-01"))
    assert [layer.amount for layer in life.account.ledger.layers] == [1_000, life.events[-1].own_minimum_fen]


def test_interest_is_a_running_total_so_the_months_add_up_to_one_rounding():
    life = given(*BASE, paid(12_346, on="2026-02-10")).when(advance(to="2026-06-30"))
    posted = [each for each in life.events if isinstance(each, InterestPosted)]
    assert len(posted) == 4
    for each in posted:
        exact = Decimal(each.fen_days) * Decimal("0.0005")
        assert each.total_posted_fen == int(exact + Decimal("0.5"))
    assert sum(each.amount_fen for each in posted) == posted[-1].total_posted_fen


def test_interest_bears_no_interest_and_neither_does_a_late_fee():
    life = given(*BASE).when(advance(to="2026-04-01"))
    days_from_the_due_date = 50
    assert [each.fen_days for each in life.events if isinstance(each, InterestPosted)][-1] == (
        days_from_the_due_date * 123_457
    )


def test_what_is_paid_today_bears_no_interest_for_today():
    given(*BASE, paid(12_346, on="2026-02-10"), paid(111_111, on="2026-02-20", ref="rest")).when(
        advance(to="2026-03-01")
    ).then(event(InterestPosted, fen_days=10 * 111_111), event(AccountBilled, balance_fen=556))


def test_a_purchase_of_the_running_month_bears_no_interest():
    given(*BASE, paid(123_457, on="2026-02-10"), bought("p2", 50_000, on="2026-02-11")).when(
        advance(to="2026-03-01")
    ).then(
        event(
            AccountBilled,
            balance_fen=50_000,
            lines=StatementLines(brought_forward_fen=0, principal_fen=50_000, interest_fen=0, fees_fen=0),
        )
    )


def test_terms_without_a_rate_post_no_interest_and_terms_without_a_fee_no_late_fee():
    given(opened(agreed=PAY_LATER_FREE), *BASE[1:]).when(advance(to="2026-03-01")).then(
        event(AccountBilled), event(AccountOverdue), event(AccountBilled, balance_fen=123_457, minimum_fen=23_458)
    ).owes(principal_billed=123_457)


def test_credit_pays_the_last_interest_as_it_posts():
    given(*BASE, paid(12_346, on="2026-02-10"), paid(200_000, on="2026-02-20", ref="rest")).owes(credit=88_889).when(
        advance(to="2026-03-01")
    ).then(event(InterestPosted, amount_fen=556, credit_applied_fen=556)).owes(credit=88_333)


def test_the_cap_counts_every_closing_balance_since_opening():
    interest, late_fee, fen_days = 285, 1_000, 30_000 * 50
    room = 24 * fen_days // 36_500
    given(*LINE, bought("p1", 30_000, on="2026-01-10"), advanced(to="2026-02-28")).when(advance(to="2026-03-01")).then(
        event(InterestPosted, amount_fen=interest),
        event(DebtWaived, fees_fen=interest + late_fee - room, interest_fen=0, refunded_fen=0),
        event(AccountBilled),
    )


def test_charges_within_the_cap_are_not_touched():
    life = given(*BASE).when(advance(to="2026-06-01"))
    assert any(isinstance(each, LateFeePosted) for each in life.events)
    assert not any(isinstance(each, DebtWaived) for each in life.events)


def test_credit_given_back_by_the_cap_pays_what_was_bought_since():
    given(
        *LINE, bought("p1", 30_000, on="2026-01-10"), paid(31_000, on="2026-02-11"), bought("p2", 300, on="2026-02-11")
    ).when(advance(to="2026-03-01")).then(
        event(InterestPosted),
        event(DebtWaived, refunded_fen=366, interest_fen=15, credit_applied={"principal_unbilled": 300}),
    ).owes(credit=66)


@pytest.mark.parametrize("history", [frozen("fraud_confirmed"), force_closed()])
def test_debt_is_billed_whatever_became_of_the_line(history):
    given(*BASE, history).when(advance(to="2026-02-01")).then(event(AccountBilled, balance_fen=123_457))


def test_a_refund_after_the_statement_does_not_edit_the_statement():
    given(*BASE, advanced(to="2026-02-01")).when(refund("base", 100_000), advance(to="2026-03-01")).then(
        event(PurchaseRefunded), event(InterestPosted), event(AccountBilled, statement_no=2)
    )


def test_a_long_due_time_moves_the_due_test():
    given(opened(agreed=terms(due_days=20)), *BASE[1:]).when(advance(to="2026-02-21")).then(
        event(AccountBilled, due_date="2026-02-21")
    ).when(advance(to="2026-02-22")).then(event(LateFeePosted), event(AccountOverdue, dpd=1))


def test_a_line_of_two_purchases_and_a_payment_between_bills_what_is_left():
    given(opened(), activated(), bought("p1", 5_000), bought("p2", 6_000)).when(
        pay(7_000), advance(to="2026-02-01")
    ).owes(principal_billed=4_000)
