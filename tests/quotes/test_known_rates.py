"""Yearly rates that regulators and others have published, to their last digit."""

from decimal import ROUND_HALF_UP, Decimal

import pytest


def to(published, said):
    """`said`, rounded to as many decimals as `published` has."""
    return str(Decimal(said).quantize(Decimal(published), ROUND_HALF_UP))


def stream(amount, count, full_periods, fraction="0/1"):
    return {"amount": amount, "count": count, "full_periods": full_periods, "fraction": fraction}


# 12 CFR 1026, Appendix J, (c): the examples of one advance. Amounts in cents.
REGULATION_Z = {
    "(1)(i) monthly": (500_000, 12, [stream(23_000, 24, 1)], "9.69"),
    "(1)(ii) monthly, long first period": (600_000, 12, [stream(20_000, 36, 1, "19/30")], "11.82"),
    "(1)(iii) semimonthly, short first period": (500_000, 24, [stream(21_917, 24, 0, "6/15")], "10.34"),
    "(1)(iv) quarterly, long first period": (1_000_000, 4, [stream(38_500, 40, 1, "39/90")], "8.97"),
    "(1)(v) weekly, long first period": (50_000, 52, [stream(1_760, 30, 4, "4/7")], "14.96"),
    "(2)(i) odd first payment": (500_000, 12, [stream(25_000, 1, 1), stream(23_000, 23, 2)], "10.08"),
    "(2)(ii) every four weeks, odd first payment": (
        *(40_000, 13),
        [stream(3_950, 1, 1, "5/28"), stream(3_831, 11, 2, "5/28")],
        "28.50",
    ),
    "(3)(i) odd final payment": (500_000, 12, [stream(23_000, 23, 1), stream(28_000, 1, 24)], "10.50"),
    "(3)(ii) fortnightly, short first period": (
        *(20_000, 26),
        [stream(950, 19, 0, "8/14"), stream(3_000, 1, 19, "8/14")],
        "12.22",
    ),
    "(4)(i) odd first and final payments": (
        *(500_000, 12),
        [stream(25_000, 1, 1), stream(23_000, 22, 2), stream(28_000, 1, 24)],
        "10.90",
    ),
    "(4)(ii) every two months": (
        *(800_000, 6),
        [stream(44_936, 1, 0, "52/60"), stream(46_500, 18, 1, "52/60"), stream(20_000, 1, 19, "52/60")],
        "7.30",
    ),
    "(5)(i) one payment after 255 days": (100_000, "365/255", [stream(108_000, 1, 1)], "11.45"),
    "(5)(ii) one payment after six months": (100_000, 2, [stream(104_400, 1, 1)], "8.80"),
    "(5)(iv) one payment after two years": (100_000, 1, [stream(124_000, 1, 2)], "11.36"),
}
# The APR of a payment calculator, as its manual prints it: shermanloan/scejson-doc, doc/introduction.md, module-apr.md,
# module-equalpmt.md, module-singlepmt.md, module-balloon.md, module-interestonly.md.
SCE = {
    "36 monthly payments": (1_000_000, 12, [stream(32_265, 36, 1)], "9.995"),
    "36 monthly payments, two cents more": (1_000_000, 12, [stream(32_267, 36, 1)], "10.000"),
    "equal payments, long first period": (1_000_000, 12, [stream(85_692, 12, 1, "10/30")], "4.929"),
    "one payment after 164 days": (500_000, "365/164", [stream(514_918, 1, 1)], "6.640"),
    "balloon": (1_000_000, 12, [stream(29_784, 11, 1, "10/30"), stream(712_115, 1, 12, "10/30")], "4.495"),
    "interest only": (
        *(1_000_000, 12),
        [stream(5_013, 1, 1, "10/30"), stream(3_759, 10, 2, "10/30"), stream(1_006_259, 1, 12, "10/30")],
        "4.748",
    ),
}


@pytest.mark.parametrize(
    ("advance", "a_year", "payments", "published"), [*REGULATION_Z.values(), *SCE.values()], ids=[*REGULATION_Z, *SCE]
)
def test_the_actuarial_method_of_regulation_z(apr, advance, a_year, payments, published):
    said = apr(method="us_actuarial", advance=advance, unit_periods_per_year=a_year, payments=payments)
    assert to(published, said) == published


# Directive 87/102/EEC, Annex III, as of Directive 98/7/EC, part A; the last two: the tests of
# simontreanor/FSharp.Finance.Personal, tests/AprEuropeanUnionTests.fs.
EUROPE = {
    "first example": (100_000, "1994-01-01", [("1995-07-01", 120_000)], "12.96"),
    "second example": (95_000, "1994-01-01", [("1995-07-01", 120_000)], "16.9"),
    "third example": (100_000, "1994-01-01", [("1995-01-01", 60_000), ("1996-01-01", 60_000)], "13.06624"),
    "five days": (50_000, "2012-10-10", [("2012-10-15", 51_000)], "324.436"),
    "two months": (50_000, "2012-10-10", [("2012-11-10", 27_000), ("2012-12-10", 27_000)], "84.63"),
}


@pytest.mark.parametrize(("advance", "on", "payments", "published"), EUROPE.values(), ids=EUROPE)
def test_the_effective_rate_of_europe(apr, advance, on, payments, published):
    paid = [{"on": day, "amount": amount} for day, amount in payments]
    assert to(published, apr(method="effective", advance=advance, on=on, payments=paid)) == published


def test_a_year_may_have_a_quarter_of_a_day_more(apr):
    """One payment of 1,200 for 1,000 after 546 days: 1.2 to the power of 365.25 / 546."""
    asked = {
        "method": "effective",
        "advance": 1_000,
        "on": "1994-01-01",
        "payments": [{"on": "1995-07-01", "amount": 1_200}],
    }
    with_quarter = Decimal(apr(**asked, days_basis=365.25))
    exponent = Decimal("365.25") / 546
    assert abs(with_quarter - 100 * (Decimal("1.2") ** exponent - 1)) < Decimal("1e-17")
    assert apr(**asked, days_basis="365.25") == apr(**asked, days_basis=365.25) != apr(**asked)


@pytest.mark.parametrize(
    ("months", "fee_rate", "a_year"), [(3, "0.025", "14.94"), (6, "0.045", "15.27"), (12, "0.088", "15.86")]
)
def test_what_a_fee_plan_costs_by_its_internal_rate_x_12(apr, months, fee_rate, a_year):
    """The rulebook, 4.4."""
    payment = 10**9 // months + int(Decimal(fee_rate) * 10**9) // months
    said = apr(method="irr", advance=10**9, payments=[{"amount": payment, "count": months}])
    assert to(a_year, said) == a_year


def test_payments_follow_each_other_where_their_place_is_not_said(apr):
    said = [{"amount": 20, "count": 3}, {"amount": 30, "count": 2}, {"amount": 10, "full_periods": 9}]
    placed = [{"amount": 20, "count": 3, "full_periods": 1}, {"amount": 30, "count": 2, "full_periods": 4}, said[2]]
    assert apr(method="irr", advance=100, payments=said) == apr(method="irr", advance=100, payments=placed)
    actuarial = apr(method="us_actuarial", advance=100, payments=placed, unit_periods_per_year=52)
    for name in ("unit_periods_per_year", "periods_per_year"):
        assert apr(method="irr", advance=100, payments=said, **{name: 52}) == actuarial


@pytest.mark.parametrize(
    ("payments", "said"),
    [
        ([{"amount": 1_000}], "0"),
        ([{"amount": 500}], "-600"),  # a month's -50 % x 12
        ([{"amount": 1_010}], "12"),
        ([{"amount": 0, "count": 11}, {"amount": 4096_000}], "1200"),  # doubles every month
    ],
)
def test_a_rate_may_be_nothing_negative_or_very_high(apr, payments, said):
    assert Decimal(apr(method="irr", advance=1_000, payments=payments)) == Decimal(said)


def test_a_debt_that_mostly_vanishes_loses_almost_all_in_a_year(apr):
    said = apr(method="effective", advance=10**15, on="2026-01-01", payments=[{"on": "2026-01-02", "amount": 1}])
    assert Decimal(said) == -100


def test_what_is_paid_back_at_once_was_never_advanced(apr):
    at_once = {"on": "2026-01-01", "amount": 50}
    later = {"on": "2027-01-01", "amount": 1_045}
    assert Decimal(apr(method="effective", advance=1_000, on="2026-01-01", payments=[at_once, later])) == 10
