"""The simulated people's own reckoning comes to the figures that the rulebook gives, without the domain."""

from datetime import date

import pytest

from domain.terms import PAY_LATER, Terms
from infra.portfolio.ledger import Book, Fact
from infra.portfolio.simulator import agreement_of

PRICE = 123_457


def day(text):
    month, number = text.split("-")
    return date(2026, int(month), int(number))


def book(**terms):
    known = Book(day("1-5"), 1, agreement_of(Terms(version="test", **terms) if terms else PAY_LATER))
    known.access, known.begins = "open", day("1-5")
    known.money = known.reckoned_from_the_start()
    return known


def bought(known, amount=PRICE, on="1-10", of="buy-1"):
    known.reach(day(on))
    known.add(Fact(day(on), "purchase", of, amount))
    return known


def paid(known, amount, on, *, counts=None, of="pay-1"):
    known.reach(day(on))
    known.add(Fact(day(counts or on), "payment", of, amount))
    return known


def said(known, on):
    known.reach(day(on))
    return known.said[day(on)][:2]


def test_nothing_was_paid():
    """Case 5, example A."""
    known = bought(book())
    assert said(known, "2-1") == (PRICE, 12_346)
    assert said(known, "3-1") == (125_630, 25_631)


def test_the_minimum_was_paid():
    """Case 6, example B."""
    assert said(paid(bought(book()), 12_346, "2-10"), "3-1") == (112_167, 12_168)


@pytest.mark.parametrize(
    ("price", "minimum", "fee"), [(8_050, 1_000, 1_000), (620, 620, 620), (5_000_000, 500_000, 25_000)]
)
def test_late_fees(price, minimum, fee):
    """Case 2."""
    known = bought(book(), price)
    assert said(known, "2-1") == (price, minimum)
    known.reach(day("2-11"))
    assert known.money.late_fees == fee


@pytest.mark.parametrize(
    ("on", "left"),
    [("5-11", (81_395, {"fees": 0, "interest": 0})), ("5-12", (73_457, {"fees": 3_000, "interest": 4_938}))],
)
def test_from_ninety_one_days_late_principal_comes_first(on, left):
    """Cases 8 and 9."""
    known = paid(bought(book()), 50_000, on)
    assert (known.money.principal, known.money.billed_charges) == left
    assert known.money.new_charges["fees"] == 1_000
    assert known.minimum_left == 396


@pytest.mark.parametrize(("on", "fees", "balance"), [("2-13", 0, 0), ("2-14", 1_000, 1_247)])
def test_three_days_of_grace(on, fees, balance):
    """Case 13."""
    known = paid(bought(book(grace_days=3)), PRICE, on)
    assert known.money.late_fees == fees
    assert said(known, "3-1")[0] == balance


def test_a_payment_that_is_learnt_late_counts_from_its_day_and_what_was_printed_stands():
    """Case 14."""
    known = bought(book())
    assert said(known, "3-1") == (125_630, 25_631)
    paid(known, 12_346, "3-5", counts="2-9")
    money = known.money
    assert (money.principal, money.minimum, money.days_late, money.accrued) == (111_111, 12_168, 0, 222)
    assert (money.interest, money.late_fees) == (1_056, 0)
    assert known.said[day("3-1")][:2] == (125_630, 25_631)


def test_two_are_learnt_late():
    """Case 15."""
    known = paid(bought(book()), 12_346, "3-5", counts="2-9")
    paid(known, 5_000, "3-5", counts="2-20", of="pay-2")
    money = known.money
    assert (money.interest, money.principal, money.minimum, money.accrued) == (1_033, 106_111, 11_645, 212)


def test_a_returned_payment_never_was():
    """Case 16."""
    known = paid(bought(book()), PRICE, "2-10")
    known.reach(day("2-14"))
    known.never_counted("pay-1")
    money = known.money
    assert (money.principal, money.late_fees, money.days_late, money.accrued) == (PRICE, 1_000, 4, 247)


@pytest.mark.parametrize(
    ("terms", "amount", "interest", "balance"),
    [
        ({}, 100_000, 2_136, (25_593, 4_482)),
        ({}, PRICE, 0, (0, 0)),
        ({"tolerance": 1_000}, 122_457, 10, (1_010, 1_000)),
    ],
)
def test_interest_from_posting(terms, amount, interest, balance):
    """Cases 17 and 43, example C."""
    known = paid(bought(book(interest_method="from_posting", **terms)), amount, "2-10")
    assert said(known, "3-1") == balance
    assert known.money.interest == interest


def test_what_exceeds_the_cap_is_given_up():
    """Case 19."""
    known = bought(book(), 30_000)
    assert said(known, "3-1") == (30_986, 6_686)
    assert known.money.waived == 299


def test_more_than_the_cap_allows_was_paid_and_becomes_credit():
    """Case 36."""
    known = paid(bought(book(), 30_000), 31_000, "2-11")
    known.reach(day("3-1"))
    assert (known.money.waived, known.credit, known.money.owed) == (384, 369, 0)
