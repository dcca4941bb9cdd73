"""What a person's accounts owe, at which rate, and what they demand: the debts that repayment advice is given on."""

from datetime import date
from decimal import Decimal

import pytest

from domain.advice import Debt, advise
from domain.debts import debts_of
from domain.outlook import payoff
from tests.domain.lives import agreeing, borrowers, planners, wanderers
from tests.specification import (
    BASE,
    DRAWN,
    LINE,
    LOAN,
    advanced,
    bought,
    converted,
    disputed,
    drawn,
    given,
    paid,
    restructured,
)

RATE_OF_A_LINE = Decimal("0.1825")


def told(history, on):
    return debts_of("a", given(*history).account, date.fromisoformat(on))


def test_a_line_owes_what_pays_it_off_at_its_daily_rate_and_demands_its_minimum():
    """Four days of interest on 123,457 have run up since the statement of 1 March: 247."""
    (debt,) = told((*BASE, advanced(to="2026-03-05")), "2026-03-05")
    assert debt == Debt("a", 123_457 + 1_173 + 1_000 + 247, RATE_OF_A_LINE, 25_631)


def test_before_a_statement_it_demands_what_the_next_one_will():
    assert told(BASE, "2026-01-20") == (Debt("a", 123_457, RATE_OF_A_LINE, 12_346),)


def test_a_minimum_that_was_paid_comes_again_with_the_next_statement():
    (debt,) = told((*BASE, paid(12_346, on="2026-02-05")), "2026-02-05")
    # On 1 March 111,111 will have borne interest for 19 days: 1,056, and a tenth of it is 11,112.
    assert (debt.balance, debt.minimum) == (111_111, 12_168)


def test_a_plan_of_a_line_is_a_debt_of_its_own_at_what_is_left_of_its_price():
    """80,000 in twelve months for 8.8 % costs 15.86 % a year, the rulebook's example; the line's own rate is 18.25 %."""
    history = (*LINE, bought("p1", 500_000, on="2026-01-10"), converted(80_000, 12, on="2026-02-03"))
    line, plan = told(history, "2026-02-03")
    assert line == Debt("a", 420_000, RATE_OF_A_LINE, 42_000)
    assert (plan.name, plan.balance, plan.annual_rate.quantize(Decimal("1e-4")), plan.minimum) == (
        "a/plan-1", 80_000, Decimal("0.1586"), 0,
    )  # fmt: skip
    # The next statement demands its first instalment. What of that is principal is the plan's until it is paid.
    billed = given(*history, paid(42_000, on="2026-02-05"), advanced(to="2026-03-02")).account
    line, plan = debts_of("a", billed, date(2026, 3, 2))
    assert (plan.balance, plan.minimum) == (80_000, 6_666)
    assert line.minimum + plan.minimum == billed.ledger.minimum_due
    # Once all that is payable is paid, the statement after it demands the second one, with its fee.
    over = (*history, paid(420_000, on="2026-02-05", ref="one"), paid(7_252, on="2026-03-05", ref="two"))
    (plan,) = told(over, "2026-03-05")
    assert (plan.name, plan.balance, plan.minimum) == ("a/plan-1", 73_334, 7_252)
    # Each month costs the same fee, on less and less: what is left is dearer than the whole was.
    assert f"{plan.annual_rate:.4f}" == "0.1719"


def test_credit_pays_for_instalments_to_come():
    history = (*LINE, bought("p1", 80_000, on="2026-01-10"), converted(80_000, 12, on="2026-02-03"))
    (plan,) = told((*history, paid(10_000, on="2026-02-05")), "2026-02-05")
    assert (plan.balance, plan.minimum) == (70_000, 0)


def test_a_loan_is_one_debt_at_its_yearly_rate_and_demands_what_falls_due_within_a_month():
    (debt,) = told(DRAWN, "2026-01-20")
    # Five days of thirty on 1,000,000: 2,000.
    assert debt == Debt("a", 1_000_000 + 2_000, Decimal("0.1440"), 89_975)
    (later,) = told((*DRAWN, advanced(to="2026-02-13")), "2026-02-13")
    assert (later.balance, later.minimum) == (89_975 + 922_025, 89_975)
    # What was missed is demanded together with what is due next.
    (missed,) = told((*DRAWN, advanced(to="2026-03-01")), "2026-03-01")
    assert missed.minimum == 89_975 + 89_975 + 655


def test_loans_of_one_account_are_one_debt():
    two = (*DRAWN, drawn(500_000, 12, on="2026-01-20", ref="loan-2"))
    (debt,) = told(two, "2026-01-20")
    assert (debt.balance, debt.minimum) == (1_502_000, 89_975)
    assert told(two, "2026-01-25")[0].minimum == 89_975 + 44_988


def test_an_agreement_costs_what_was_agreed():
    (agreed,) = told((*BASE, advanced(to="2026-03-05"), restructured(12, rate=Decimal("0.06"))), "2026-03-05")
    assert agreed == Debt("a/agreement-1", 125_877, Decimal("0.06"), 10_288 + 617 + 118 + 83)
    loan = (*DRAWN, advanced(to="2026-03-01"), restructured(10))
    assert told(loan, "2026-03-05")[0][1:3] == (1_018_556, Decimal(0))


def test_a_loss_bears_nothing_and_is_demanded_in_full():
    assert told((*BASE, advanced(to="2026-08-09")), "2026-09-15") == (Debt("a", 140_429, Decimal(0), 140_429),)


def test_what_is_disputed_is_no_debt_to_be_paid():
    """The layer is gone with it; the next statement demands 950 of interest and a tenth of the rest."""
    (debt,) = told((*BASE, disputed("base", 23_457, on="2026-02-05")), "2026-02-05")
    assert (debt.balance, debt.minimum) == (100_000, 10_950)


def test_credit_pays_first():
    assert (
        told((*LINE, paid(5_000, on="2026-01-08"), bought("p1", 12_000, on="2026-01-10")), "2026-01-10")[0].balance
        == 7_000
    )
    assert told((*LINE, paid(5_000, on="2026-01-08")), "2026-01-08") == ()


@pytest.mark.parametrize(
    ("history", "on"),
    [(LINE, "2026-01-10"), (LOAN, "2026-01-10"), ((*BASE, paid(123_457, on="2026-02-05")), "2026-06-01")],
)
def test_where_nothing_is_owed_there_is_no_debt(history, on):
    assert told(history, on) == ()


def test_the_advice_of_the_rulebook_on_three_debts_of_accounts():
    """A line of 500,000 at 18.25 %, a loan of 200,000 at 14.4 % and a plan of 80,000 at 15.86 %."""
    line = told((*LINE, bought("p1", 580_000, on="2026-01-10"), converted(80_000, 12, on="2026-02-03")), "2026-02-03")
    debts = (*line, *debts_of("b", given(*LOAN, drawn(200_000, 12, on="2026-02-03")).account, date(2026, 2, 3)))
    assert [(debt.name, debt.balance, f"{debt.annual_rate:.4f}", debt.minimum) for debt in debts] == [
        ("a", 500_000, "0.1825", 50_000),
        ("a/plan-1", 80_000, "0.1586", 0),
        ("b", 200_000, "0.1440", 0),
    ]
    # Neither the plan nor the loan has an instalment before 3 March, so the dearest takes all.
    assert advise(debts, 300_000).payments == {"a": 300_000, "a/plan-1": 0, "b": 0}


@pytest.mark.parametrize("lives", [wanderers, planners, borrowers, agreeing])
def test_on_any_day_of_any_life_the_debts_are_what_paying_off_takes_but_for_its_price(lives):
    seen = 0
    for life in lives()[:12]:
        account = life.account
        on = account.business_date
        debts = debts_of("a", account, on)
        asked = payoff(account, on)
        run_up = asked.interest if account.ledger.terms.product == "pay_later" else 0
        assert sum(debt.balance for debt in debts) == max(
            0, asked.total - asked.fees - account.ledger.disputed - run_up
        )
        assert all(debt.balance > 0 and debt.minimum >= 0 and debt.annual_rate >= 0 for debt in debts)
        assert len({debt.name for debt in debts}) == len(debts)
        seen += len(debts)
    assert seen
