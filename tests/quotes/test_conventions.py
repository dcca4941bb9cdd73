"""What each convention means where no published table says it: bounds, remainders, calendars, refusals."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from domain.money import rounded
from domain.quoting import Loan, LoanCase, schedule
from domain.refusals import Refused
from domain.yields import Flow, growth, percent


def loan(**fields):
    defaults = {
        "principal": 1_200_000,
        "annual_rate_percent": "12",
        "disbursed_on": date(2026, 1, 15),
        "instalments": 12,
    }
    return Loan(**defaults | fields)


def principal(**fields):
    return [row.principal for row in schedule(loan(**fields))]


def interest(**fields):
    return [row.interest for row in schedule(loan(**fields))]


def due(**fields):
    return [row.due_date.isoformat() for row in schedule(loan(**fields))]


# When


def test_months_keep_the_day_of_the_disbursement():
    assert due(disbursed_on=date(2027, 11, 30), instalments=4) == [
        "2027-12-30",
        "2028-01-30",
        "2028-02-29",
        "2028-03-30",
    ]
    assert due(disbursed_on=date(2026, 8, 31), instalments=3, repay_every=3) == [
        "2026-11-30",
        "2027-02-28",
        "2027-05-31",
    ]


def test_weeks_and_days_are_counted():
    assert due(repay_unit="weeks", repay_every=2, instalments=3) == ["2026-01-29", "2026-02-12", "2026-02-26"]
    assert due(repay_unit="days", repay_every=10, instalments=3) == ["2026-01-25", "2026-02-04", "2026-02-14"]


def test_a_loan_ends_within_the_calendar():
    with pytest.raises(ValueError, match="instalments: the last one would fall due after 9998-12-31"):
        loan(disbursed_on=date(9000, 1, 1), repay_every=12, instalments=1_000)


# How long

YEARS = [
    ("monthly", "months", 1, Fraction(1, 12)),
    ("monthly", "months", 3, Fraction(3, 12)),
    ("monthly", "weeks", 2, Fraction(2, 52)),
    ("monthly", "days", 10, Fraction(10, 365)),
    ("30/360", "months", 2, Fraction(60, 360)),
    ("30/360", "weeks", 1, Fraction(7, 360)),
    ("30/360", "days", 15, Fraction(15, 360)),
    ("actual/360", "months", 1, Fraction(31, 360)),
    ("actual/364", "months", 1, Fraction(31, 364)),
    ("actual/365", "months", 1, Fraction(31, 365)),
    ("actual/365", "weeks", 1, Fraction(7, 365)),
    # 17 days from 15 to 31 December 2027, and 14 of a leap year; or two whole years and 45 days of 2030
    ("actual/actual", "months", 1, Fraction(17, 365) + Fraction(14, 366)),
    ("actual/actual", "months", 26, 2 + Fraction(17 + 45, 365)),
]


@pytest.mark.parametrize(("day_count", "unit", "every", "years"), YEARS)
def test_how_long_a_period_is(day_count, unit, every, years):
    """A year's interest is the principal; the period begins on 15 December 2027."""
    one = loan(
        principal=10**15,
        annual_rate_percent="100",
        disbursed_on=date(2027, 12, 15),
        instalments=1,
        repay_unit=unit,
        repay_every=every,
        day_count=day_count,
    )
    assert schedule(one)[0].interest == rounded(years.numerator * 10**15, years.denominator, "half_up")


# How much


def test_one_instalment_repays_all():
    assert [(row.principal, row.interest, row.balance_after) for row in schedule(loan(instalments=1))] == [
        (1_200_000, 12_000, 0)
    ]


def test_interest_only_repays_the_principal_last():
    assert principal(amortization="interest_only", instalments=3) == [0, 0, 1_200_000]
    assert interest(amortization="interest_only", instalments=3) == [12_000] * 3


def test_flat_interest_is_of_the_whole_principal():
    assert interest(interest="flat") == [12_000] * 12
    assert principal(interest="flat") == [100_000] * 12
    assert interest(interest="flat", amortization="interest_only") == [12_000] * 12
    # The same 88 days, but each month with its own
    assert interest(interest="flat", day_count="actual/365", instalments=3) == [12_230, 11_047, 12_230]


def test_flat_interest_never_passes_that_of_the_term():
    """A tenth of a unit a month, each rounded up, is not twelve units but the term's two."""
    assert interest(principal=10, interest="flat", amortization="interest_only", rounding="up") == [1, 1] + [0] * 10


def test_a_flat_instalment_is_rounded_whole():
    """10,000.00 at 5 % flat over three years: 11,500.00 / 36 is 319.44, though its two parts round to 319.45."""
    rows = schedule(loan(principal=1_000_000, annual_rate_percent="5", interest="flat", instalments=36))
    assert [row.principal + row.interest for row in rows[:35]] == [31_944] * 35
    assert sum(row.interest for row in rows) == 150_000


def test_each_period_by_its_own_factor_levels_what_remains_after_grace():
    rows = schedule(loan(day_count="actual/365", level_rule="per_period", grace_principal=2))
    paid = [row.principal + row.interest for row in rows]
    assert [row.principal for row in rows[:2]] == [0, 0]
    assert len(set(paid[2:-1])) == 1
    assert abs(paid[-1] - paid[-2]) <= 10  # ten roundings, no more
    flat = schedule(loan(interest="flat", day_count="actual/365", level_rule="per_period", grace_principal=2))
    assert abs((flat[-1].principal + flat[-1].interest) - (flat[-2].principal + flat[-2].interest)) <= 12


def test_one_rate_levels_by_the_first_period():
    """28 days in February make the level too low for the other months: the last instalment takes what is missing."""
    day = date(2026, 1, 31)
    rows = schedule(loan(disbursed_on=day, day_count="actual/365"))
    rate = Fraction(12, 100) * 28 / 365
    exact = rate / (1 - (1 + rate) ** -12) * 1_200_000
    assert rows[0].principal + rows[0].interest == round(exact)
    assert rows[-1].principal > rows[-2].principal * Fraction(101, 100)


@pytest.mark.parametrize(
    ("rounding", "shares"), [("half_up", [3, 3, 3, 1]), ("half_even", [2, 2, 2, 4]), ("up", [3, 3, 3, 1])]
)
def test_equal_shares_are_rounded_and_the_last_takes_what_is_left(rounding, shares):
    assert principal(principal=10, instalments=4, amortization="equal_principal", rounding=rounding) == shares


def test_more_instalments_than_units():
    assert principal(principal=5, annual_rate_percent="0", amortization="equal_principal", instalments=9) == [
        *([1] * 5),
        *([0] * 4),
    ]
    assert principal(principal=3, annual_rate_percent="0", instalments=9) == [0] * 8 + [3]


def test_a_multiple_that_is_too_large_repays_early_and_then_nothing():
    rows = schedule(loan(principal=100_000, annual_rate_percent="0", instalments=12, instalment_multiple=15_000))
    assert [row.principal for row in rows] == [15_000] * 6 + [10_000] + [0] * 5


@pytest.mark.parametrize("multiple", [None, 0, 1])
def test_no_multiple_is_any_whole_number(multiple):
    assert principal(instalment_multiple=multiple) == principal()


def test_interest_that_is_deferred_bears_none():
    plain, deferred = interest(), interest(grace_interest=4)
    assert deferred[:5] == [0, 0, 0, 0, sum(plain[:5])]
    assert deferred[5:] == plain[5:]
    assert principal(grace_interest=4) == principal()


def test_a_debt_that_would_grow_is_refused():
    with pytest.raises(Refused) as refused:
        schedule(loan(annual_rate_percent="36", instalments=3, instalment_multiple=1_000_000))
    assert (refused.value.reason, refused.value.numbers) == (
        "debt_would_grow",
        {"instalment": 0, "principal": 1_200_000, "last_principal": 1_273_080},
    )


# Fifteen percent for thirty years from the end of a January: what a month repays at first is less than a day's interest.
LONG = {"annual_rate_percent": "15", "instalments": 360, "disbursed_on": date(2026, 1, 31), "day_count": "actual/365"}


def test_a_level_of_february_never_repays_what_the_other_months_charge():
    with pytest.raises(Refused, match="debt_would_grow"):
        schedule(loan(**LONG))


def test_a_long_month_may_add_to_the_debt_where_each_period_has_its_own_factor():
    rows = schedule(loan(**LONG, level_rule="per_period"))
    paid = [row.principal + row.interest for row in rows]
    assert rows[1].principal < 0 < rows[0].principal
    assert rows[1].balance_after == rows[0].balance_after - rows[1].principal
    assert len(set(paid[:-1])) == 1
    assert abs(paid[-1] - paid[0]) < 2_000  # roundings of thirty years, with the interest they bear


@pytest.mark.parametrize("grace", ["grace_principal", "grace_interest"])
def test_grace_ends_before_the_last_instalment(grace):
    loan(**{grace: 11})
    with pytest.raises(ValueError, match=f"{grace}: 12 is not below the number of instalments, 12"):
        loan(**{grace: 12})


# Rates and roundings


@pytest.mark.parametrize(
    ("advance", "flows"),
    [
        (100, []),
        (100, [Flow(0, 1)]),
        (100, [Flow(100, 0), Flow(1, 1)]),
        (100, [Flow(60, 0)]),
        (100, [Flow(50, 0, Fraction(1, 2))]),  # worth less than 100 even where all of a debt vanishes in a period
    ],
)
def test_no_rate_fits(advance, flows):
    with pytest.raises(Refused) as refused:
        growth(advance, flows)
    assert refused.value.reason == "rate_undefined"
    assert refused.value.numbers == {"advance": advance, "paid": sum(flow.amount for flow in flows)}


def test_a_fraction_of_a_period_earns_simple_interest():
    assert percent(growth(100, [Flow(101, 0, Fraction(1, 2))]) - 1) == "2.0000000000000000000"
    # 1.01 for half a period at 2 %, and 1.02 for the whole one
    assert percent(growth(10_000, [Flow(10_302, 1, Fraction(1, 2))]) - 1) == "2.0000000000000000000"


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        ("0.12", "12.000000000000000000"),
        ("0.000001234567890123456789012345678", "0.00012345678901234567890"),
        ("1234567890123456789012345", "123456789012345678900000000"),
        ("-0.5", "-50.000000000000000000"),
        ("0", "0.0000000000000000000"),
        ("0.999999999999999999999", "100.00000000000000000"),
    ],
)
def test_a_percentage_has_twenty_digits(rate, said):
    assert percent(Decimal(rate)) == said


@pytest.mark.parametrize(
    ("over", "under", "half_up", "half_even", "up"),
    [(5, 2, 3, 2, 3), (7, 2, 4, 4, 4), (9, 4, 2, 2, 3), (11, 4, 3, 3, 3), (6, 3, 2, 2, 2), (1, 10**30, 0, 0, 1)],
)
def test_roundings(over, under, half_up, half_even, up):
    assert [rounded(over, under, how) for how in ("half_up", "half_even", "up")] == [half_up, half_even, up]


def test_an_instalment_half_way_between_two_units_is_known_to_be():
    """2 x 3² / (2 + 2) = 4.5: two months at 200 % a month."""
    case = {"case_id": "half", "principal": 2, "annual_rate": "24", "months": 2, "method": "annuity"}
    assert [LoanCase(**case, rounding=how).instalment() for how in ("half_up", "half_even", "up")] == [5, 4, 5]
