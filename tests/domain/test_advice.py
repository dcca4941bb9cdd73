"""Repayment advice: minima, then the dearest debt first; it costs no more interest than any other order."""

from decimal import Decimal
from itertools import permutations
from random import Random

import pytest

from domain.advice import Debt, advise, all_alike, dearest_first, in_order, repaid

# The rulebook's example (section 9).
THREE = (
    Debt("A", 500_000, Decimal("0.1825"), 50_000),
    Debt("B", 200_000, Decimal("0.144"), 20_000),
    Debt("C", 80_000, Decimal("0.1586"), 10_000),
)


def test_the_example_of_the_rulebook():
    assert advise(THREE, 300_000).payments == {"A": 270_000, "B": 20_000, "C": 10_000}


def test_what_the_dearest_debt_does_not_take_goes_to_the_next():
    assert dearest_first(THREE, 600_000) == {"A": 500_000, "B": 20_000, "C": 80_000}
    assert dearest_first(THREE, 10**6) == {"A": 500_000, "B": 200_000, "C": 80_000}


def test_of_equally_dear_debts_the_smaller_one_is_paid_first():
    large, small = Debt("large", 90_000, Decimal("0.2"), 100), Debt("small", 30_000, Decimal("0.2"), 100)
    assert dearest_first((large, small), 10_000) == {"large": 100, "small": 9_900}


def test_money_that_does_not_reach_pays_the_dearest_minima_and_says_what_is_missing():
    advice = advise(THREE, 65_000)
    assert (advice.payments, advice.shortfall) == ({"A": 50_000, "B": 5_000, "C": 10_000}, 15_000)


def test_paying_all_alike_shares_what_is_left_after_the_minima():
    paid = all_alike(THREE, 300_000)
    assert sum(paid.values()) == 300_000
    # 220,000 in three shares; C takes 70,000 of its 73,333, and the others share what it leaves.
    assert paid == {"A": 125_001, "B": 94_999, "C": 80_000}


def test_what_it_saves_to_the_fen():
    """By hand, 100,000 each at 12 % and 24 %, 60,000 a month."""
    debts = (Debt("cheap", 100_000, Decimal("0.12"), 0), Debt("dear", 100_000, Decimal("0.24"), 0))
    # Month 1: dear 40,000 -> 40,800; cheap 100,000 -> 101,000. Month 2: dear 0, cheap 81,800 -> 82,618.
    # Month 3: cheap 22,618 -> 22,844. Month 4: paid.
    assert repaid(debts, 60_000, dearest_first) == (800 + 1_000 + 818 + 226, 4)
    # Alike: 30,000 each: dear 71,400, cheap 70,700; then dear 41,400 -> 42,228, cheap 40,700 -> 41,107; then dear 12,228
    # -> 12,473, cheap 11,107 -> 11,218; then paid.
    alike = 1_400 + 700 + 828 + 407 + 245 + 111
    assert repaid(debts, 60_000, all_alike) == (alike, 4)
    assert advise(debts, 60_000).interest_saved == alike - 2_844


def test_what_never_ends_says_so():
    assert repaid((Debt("A", 10**6, Decimal("0.24"), 0),), 15_000, dearest_first).months is None


def test_a_name_stands_for_one_debt():
    with pytest.raises(ValueError, match="a name of its own"):
        advise((THREE[0], THREE[0]), 1)


def test_the_advice_costs_less_interest_than_each_of_the_five_other_orders_in_a_thousand_cases():
    chance = Random("three debts")
    for _ in range(1_000):
        rates = chance.sample(range(60, 241, 12), 3)
        debts = tuple(
            Debt(name, chance.randrange(200_000, 2_000_000), Decimal(rate) / 1_000, chance.randrange(500, 2_500))
            for name, rate in zip("ABC", rates, strict=True)
        )
        spare = sum(debt.balance for debt in debts) // chance.randrange(10, 30)
        best, *others = sorted(permutations(debts), key=lambda order: [-debt.annual_rate for debt in order])
        advised = repaid(debts, spare, dearest_first)
        assert advised == repaid(debts, spare, in_order(best))
        for order in others:
            assert advised.interest < repaid(debts, spare, in_order(order)).interest
