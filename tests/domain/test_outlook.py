"""What is to come: schedules that add up, payoff quotes that are what paying off takes, offers of instalments."""

from datetime import date
from decimal import Decimal

import pytest

from domain.outlook import conversion, falling_due, on_day, payoff, plan_payoffs
from tests.domain.lives import agreeing, borrowers, late_wanderers, planners, wanderers
from tests.specification import (
    BASE,
    DRAWN,
    LINE,
    advance,
    advanced,
    bought,
    converted,
    disputed,
    drawn,
    frozen,
    given,
    paid,
    pay,
    restructured,
    settle,
    write_off,
)


def rows(outlook):
    return [(str(each.due_date), each.principal, each.interest, each.fees, each.balance_after) for each in outlook.rows]


def adds_up(outlook):
    falls_due = sum(each.amount for each in outlook.rows)
    assert falls_due == outlook.owed + outlook.to_come - outlook.credit - outlook.disputed
    assert outlook.rows[-1].balance_after == outlook.disputed if outlook.rows else True


def test_a_loan_falls_due_as_it_was_agreed():
    life = given(*DRAWN)
    outlook = falling_due(life.account, date(2026, 1, 20))
    (plan,) = life.account.ledger.plans.values()
    assert [each[:3] for each in rows(outlook)] == [
        (str(each.due_date), each.principal_fen, each.interest_fen) for each in plan.instalments
    ]
    assert (outlook.owed, outlook.to_come, outlook.rows[0].instalments) == (1_000_000, 79_705, (("loan-1", 1),))
    adds_up(outlook)


def test_what_is_missed_falls_due_today_and_the_rest_as_before():
    """A penalty of 18 days on 77,975 comes with the next statement."""
    outlook = falling_due(given(*DRAWN, advanced(to="2026-03-01")).account, date(2026, 3, 5))
    assert rows(outlook)[:2] == [
        ("2026-03-05", 77_975, 12_000, 0, 922_025 + 842),
        ("2026-03-15", 78_911, 11_064 + 842, 0, 843_114),
    ]
    adds_up(outlook)


def test_loans_with_due_dates_that_overlap_fall_due_each_on_its_own():
    two = (*DRAWN, drawn(300_000, 3, on="2026-01-17", ref="loan-2"), advanced(to="2026-02-14"))
    outlook = falling_due(given(*two).account, date(2026, 2, 14))
    assert [(str(each.due_date), each.amount) for each in outlook.rows][:4] == [
        ("2026-02-15", 89_975),
        ("2026-02-17", 102_410),
        ("2026-03-15", 89_975),
        ("2026-03-17", 102_410),
    ]
    adds_up(outlook)


def test_a_line_falls_due_with_its_statement_and_its_plans_with_those_to_come():
    planned = (*BASE, bought("p2", 76_543, on="2026-01-20"), converted(100_000, 3, on="2026-02-03"))
    outlook = falling_due(given(*planned).account, date(2026, 2, 5))
    assert rows(outlook) == [
        ("2026-02-10", 100_000, 0, 0, 100_000),
        ("2026-03-10", 33_333, 0, 833, 66_667),
        ("2026-04-10", 33_333, 0, 833, 33_334),
        ("2026-05-10", 33_334, 0, 834, 0),
    ]
    assert outlook.to_come == 2_500
    adds_up(outlook)


def test_credit_pays_and_what_is_disputed_is_not_due():
    life = given(*LINE, bought("p1", 10_000, on="2026-01-10"), disputed("p1", 4_000), paid(7_000, on="2026-01-11"))
    outlook = falling_due(life.account, date(2026, 1, 12))
    assert (outlook.owed, outlook.credit, outlook.disputed, outlook.rows) == (4_000, 0, 4_000, ())
    planned = (*LINE, bought("p2", 60_000, on="2026-01-10"), converted(60_000, 3, on="2026-02-03"))
    outlook = falling_due(given(*planned, paid(5_000, on="2026-02-04")).account, date(2026, 2, 5))
    assert (outlook.credit, outlook.rows[0].amount) == (5_000, 15_500)
    adds_up(outlook)


def test_a_loss_is_due_at_once():
    outlook = falling_due(given(*BASE, write_off(on="2026-01-20")).account, date(2026, 1, 25))
    assert rows(outlook) == [("2026-01-25", 123_457, 0, 0, 0)]


def test_an_agreement_falls_due_with_what_it_carries():
    agreed = (*BASE, advanced(to="2026-03-05"), restructured(12))
    outlook = falling_due(given(*agreed).account, date(2026, 3, 6))
    assert (rows(outlook)[0], len(outlook.rows), outlook.to_come) == (("2026-04-10", 10_288, 118, 83, 115_388), 12, 0)
    adds_up(outlook)


@pytest.mark.parametrize(
    "lives", [wanderers, late_wanderers, planners, borrowers, agreeing], ids=lambda lives: lives.__name__
)
def test_every_schedule_adds_up(lives):
    for life in lives()[:40]:
        if life.account is not None and life.account.access != "pending":
            adds_up(falling_due(life.account, life.account.business_date))


def test_asking_changes_nothing():
    life = given(*DRAWN)
    before = life.account.fork()
    falling_due(life.account, date(2026, 3, 1)), payoff(life.account, date(2026, 3, 1))
    assert life.account == before


# Payoff quotes


def test_case_36_the_payoff_of_the_day_is_after_the_cap():
    begun = (*LINE, bought("p1", 30_000, on="2026-01-10"), advanced(to="2026-02-11"))
    asked = payoff(given(*begun).account, date(2026, 2, 11))
    assert (asked.total, asked.owed, asked.accrued, asked.given_up) == (30_631, 31_000, 15, 384)
    given(*begun).when(pay(30_631), advance(to="2026-03-01")).owes()


def test_trailing_interest_is_in_the_payoff():
    """Twenty-two days from 10 February to 3 March: 123,457 x 22 x 0.0005 = 1,358, of which 1,173 are billed."""
    asked = payoff(given(*BASE, advanced(to="2026-03-01")).account, date(2026, 3, 4))
    assert (asked.owed, asked.accrued, asked.total) == (125_630, 185, 125_815)


@pytest.mark.parametrize(("on", "total"), [("2026-01-20", 1_002_000), ("2026-02-13", 1_021_220)])
def test_the_payoff_of_a_loan_is_that_of_its_plan(on, total):
    account, day = given(*DRAWN).account, date.fromisoformat(on)
    (plan,) = plan_payoffs(account, day)
    assert (plan.total, payoff(account, day).total) == (total, total)
    given(*DRAWN).when(settle(plan.total, on=on, plan="loan-1")).owes()


def test_the_payoff_of_a_conversion_is_its_own():
    planned = (*LINE, bought("p1", 100_000, on="2026-01-10"), converted(100_000, 12, on="2026-02-03"))
    (plan,) = plan_payoffs(given(*planned).account, date(2026, 2, 10))
    assert (plan.total, plan.planned, plan.fee, plan.payable) == (100_197, 100_000, 197, 0)


# Offers


def test_what_instalments_would_cost_is_said_beside_the_fee():
    """The yearly costs are those of the rulebook: 14.94 %, 15.27 %, 15.86 %."""
    convertible, offers = conversion(given(*BASE, advanced(to="2026-02-01")).account, date(2026, 2, 3))
    assert convertible == 123_457
    assert [(each.months, each.fee, each.irr_x12.quantize(Decimal("0.0001"))) for each in offers] == [
        (3, 3_086, Decimal("0.1494")),
        (6, 5_556, Decimal("0.1527")),
        (12, 10_864, Decimal("0.1586")),
    ]
    assert (offers[0].first, offers[0].last) == (42_180, 42_183)


def test_nothing_is_offered_after_the_due_date():
    life = given(*BASE, advanced(to="2026-02-01"))
    assert conversion(life.account, date(2026, 2, 10))[0] == 123_457
    assert conversion(life.account, date(2026, 2, 11)) == (0, ())


def test_nothing_is_offered_that_would_be_refused():
    """While borrowing is stopped nothing can be converted, nor while a minimum is missed, so nothing is offered either."""
    billed = advanced(to="2026-02-01")
    assert conversion(given(*BASE, billed, frozen("customer_request", on="2026-02-02")).account, date(2026, 2, 3)) == (
        0,
        (),
    )
    late = given(*BASE, advanced(to="2026-03-02"))
    assert (late.account.access, late.account.standing) == ("open", "overdue")
    assert conversion(late.account, date(2026, 3, 2)) == (0, ())


def test_a_day_that_is_reached_has_its_statement():
    assert on_day(given(*BASE).account, date(2026, 2, 1)).ledger.billed == 123_457
