"""Schedules that others have published, and those of the rulebook, quoted to the minor unit.

Sources. Fineract: the end-to-end features of apache/fineract (fineract-e2e-tests-runner/src/test/resources/features) and
its ProgressiveEMICalculatorTest. It rounds halves to even; amounts are euro cents. Where it says "daily" and days of a
year and a month, that is the day count; "same as repayment period" is `monthly`.
"""

import pytest

EUR = {"rounding": "half_even"}
# Fineract's first loan product: 5,000.00 at 12 % in 18 months from 1 November 2022, instalments in whole euros.
RS = {
    "principal": 500_000,
    "annual_rate_percent": "12",
    "disbursed_on": "2022-11-01",
    "instalments": 18,
    "instalment_multiple": 100,
    "day_count": "monthly",
    **EUR,
}
# Its second one: each period with its own factor.
LP2 = {"principal": 10_000, "disbursed_on": "2024-01-01", "instalments": 6, "level_rule": "per_period", **EUR}


def parts(quoted):
    """Principal and interest of each instalment."""
    return [(row["principal"], row["interest"]) for row in quoted["schedule"]]


def payments(quoted):
    return [row["principal"] + row["interest"] for row in quoted["schedule"]]


# The rulebook, 4.5 and section 12


def test_the_annuity_of_the_rulebook(schedule):
    quoted = schedule(principal=1_000_000, annual_rate_percent="14.4", instalments=12)
    assert payments(quoted) == [89_975] * 11 + [89_980]
    assert (parts(quoted)[0], parts(quoted)[-1], quoted["total_interest"]) == (
        (77_975, 12_000),
        (88_913, 1_067),
        79_705,
    )
    assert quoted["schedule"][0] == {
        "nr": 1,
        "due_date": "2026-02-15",
        "principal": 77_975,
        "interest": 12_000,
        "balance_after": 922_025,
    }


def test_case_20(schedule):
    quoted = schedule(principal=10_000, annual_rate_percent=7, instalments=6)
    principal, interest = zip(*parts(quoted), strict=True)
    assert principal == (1_643, 1_652, 1_662, 1_672, 1_681, 1_690)
    assert interest == (58, 49, 39, 29, 20, 10)
    assert payments(quoted) == [1_701] * 5 + [1_700]


def test_case_21(schedule):
    assert payments(schedule(principal=10_000_000, annual_rate_percent="4.5", instalments=60)) == [186_430] * 59 + [
        186_443
    ]


@pytest.mark.parametrize(("year", "first"), [(2026, 344_533), (2028, 333_333 + 11_600)])
def test_case_23(schedule, year, first):
    quoted = schedule(
        principal=1_000_000,
        annual_rate_percent="14.4",  # 0.04 % a day
        disbursed_on=f"{year}-01-31",
        instalments=3,
        amortization="equal_principal",
        day_count="actual/360",
    )
    assert payments(quoted) == [first, 341_600, 337_334]
    assert [row["due_date"][5:] for row in quoted["schedule"]] == [f"02-{28 + (year == 2028)}", "03-31", "04-30"]


# Fineract, LoanRepayment.feature: RS01 to RS07 and "outstanding amounts are rounded correctly"


def test_flat_interest_in_level_instalments_of_whole_euros(schedule):
    """RS01."""
    quoted = schedule(**RS, interest="flat")
    assert parts(quoted) == [(27_800, 5_000)] * 17 + [(27_400, 5_000)]
    assert quoted["schedule"][16]["balance_after"] == 27_400


def test_a_level_instalment_of_whole_euros(schedule):
    """RS02."""
    quoted = schedule(**RS)
    assert payments(quoted) == [30_500] * 17 + [30_322]
    assert [interest for _, interest in parts(quoted)] == [
        *(5_000, 4_745, 4_487, 4_227, 3_965, 3_699, 3_431, 3_161, 2_887, 2_611, 2_332, 2_050, 1_766, 1_479, 1_188),
        *(895, 599, 300),
    ]
    assert quoted["total_interest"] == 48_822


def test_a_level_instalment_from_the_first_period_with_interest_by_days(schedule):
    """RS03: 30/365 of the year's rate for the level, the days of each month for its interest."""
    quoted = schedule(**RS | {"day_count": "actual/365"})
    assert payments(quoted) == [30_500] * 17 + [30_233]
    assert [interest for _, interest in parts(quoted)] == [
        *(4_932, 4_835, 4_574, 3_892, 4_038, 3_647, 3_495, 3_116, 2_941, 2_660, 2_299, 2_089, 1_741, 1_506, 1_210),
        *(853, 610, 295),
    ]


def test_equal_shares_of_the_principal_are_no_multiples(schedule):
    """RS04."""
    quoted = schedule(**RS, amortization="equal_principal")
    principal, interest = zip(*parts(quoted), strict=True)
    assert principal == (27_778,) * 17 + (27_774,)
    assert interest[:11] == (5_000, 4_722, 4_444, 4_167, 3_889, 3_611, 3_333, 3_056, 2_778, 2_500, 2_222)
    assert quoted["total_interest"] == 47_500


@pytest.mark.parametrize(
    ("grace", "level", "last", "total"), [(3, 36_100, 35_487, 55_887), (6, 44_400, 44_709, 63_109)]
)
def test_grace_on_principal(schedule, grace, level, last, total):
    """RS05; RS06 with twice the grace."""
    quoted = schedule(**RS, grace_principal=grace)
    assert parts(quoted)[:grace] == [(0, 5_000)] * grace
    assert payments(quoted)[grace:] == [level] * (17 - grace) + [last]
    assert quoted["total_interest"] == total


def test_grace_on_interest_falls_due_with_the_period_after(schedule):
    """RS07, whose table shows what RS06 names: three periods' interest deferred to the fourth."""
    quoted = schedule(**RS, grace_principal=6, grace_interest=3)
    assert parts(quoted)[:7] == [(0, 0)] * 3 + [(0, 20_000), (0, 5_000), (0, 5_000), (39_400, 5_000)]
    assert payments(quoted)[6:] == [44_400] * 11 + [44_709]
    assert quoted["total_interest"] == 63_109


MULTIPLE = {
    "principal": 125_000,
    "annual_rate_percent": 15,
    "disbursed_on": "2023-09-01",
    "instalments": 4,
    "instalment_multiple": 100,
    "day_count": "monthly",
    **EUR,
}


def test_flat_interest_adds_up_to_that_of_the_term(schedule):
    """15.625 a month is 15.62, and the last month takes what is missing of 62.50."""
    quoted = schedule(**MULTIPLE, interest="flat")
    assert parts(quoted) == [(31_238, 1_562)] * 3 + [(31_286, 1_564)]


def test_half_a_cent_goes_to_the_even_one(schedule):
    quoted = schedule(**MULTIPLE)
    assert parts(quoted) == [(30_638, 1_562), (31_020, 1_180), (31_408, 792), (31_934, 399)]


# Fineract, EMICalculation-Part1.feature (C3154 to C3160, C3167), LoanMonthEndDueDateStrategy.feature (UC3, UC5),
# LoanBulletBalloon.feature (BL01)


@pytest.mark.parametrize(
    ("loan", "interest", "level", "last"),
    [
        ({"annual_rate_percent": 12}, [100, 84, 67, 51, 34, 17], 1_725, 1_728),
        ({"annual_rate_percent": "9.4822"}, [79, 66, 53, 40, 27, 13], 1_713, 1_713),
        ({"annual_rate_percent": 12, "repay_every": 2, "instalments": 3}, [200, 135, 68], 3_468, 3_467),
        (
            {"annual_rate_percent": "9.4822", "repay_every": 2, "repay_unit": "weeks"},
            [37, 31, 25, 19, 12, 6],
            1_688,
            1_690,
        ),
        ({"annual_rate_percent": 12, "day_count": "actual/365"}, [102, 80, 69, 50, 35, 17], 1_725, 1_728),
        ({"annual_rate_percent": "9.4822", "day_count": "actual/365"}, [81, 63, 54, 39, 27, 13], 1_713, 1_712),
        ({"annual_rate_percent": "15.678", "day_count": "actual/365"}, [133, 105, 90, 66, 46, 22], 1_743, 1_747),
    ],
    ids=["C3154", "C3155", "C3157", "C3158", "C3159", "C3160", "C3167"],
)
def test_a_level_instalment_by_the_factor_of_each_period(schedule, loan, interest, level, last):
    quoted = schedule(**LP2 | loan)
    assert [row["interest"] for row in quoted["schedule"]] == interest
    assert payments(quoted) == [level] * (len(interest) - 1) + [last]


def test_months_of_thirty_days_whatever_the_month_is_clipped_to(schedule):
    """UC3: 28 February, 31 March, 30 April."""
    quoted = schedule(
        **LP2 | {"principal": 1_000_000, "disbursed_on": "2025-01-31", "instalments": 3}, annual_rate_percent=12
    )
    assert parts(quoted) == [(330_022, 10_000), (333_322, 6_700), (336_656, 3_367)]
    assert [row["due_date"] for row in quoted["schedule"]] == ["2025-02-28", "2025-03-31", "2025-04-30"]


def test_actual_days_of_an_actual_year(schedule):
    """UC5."""
    loan = LP2 | {"principal": 1_000_000, "disbursed_on": "2025-01-31", "instalments": 3, "day_count": "actual/actual"}
    assert parts(schedule(**loan, annual_rate_percent=12)) == [(330_577, 9_205), (332_959, 6_823), (336_464, 3_319)]


def test_grace_up_to_the_last_instalment_is_a_bullet(schedule):
    """BL01."""
    quoted = schedule(**LP2 | {"instalments": 8, "grace_principal": 7}, annual_rate_percent=30)
    assert parts(quoted) == [(0, 250)] * 7 + [(10_000, 250)]
    assert quoted["total_interest"] == 2_000


# Fineract, ProgressiveEMICalculatorTest: testEMICalculation_disbursedAmt100_..., disbursedAmt1000_NoInterest


@pytest.mark.parametrize(
    ("loan", "interest", "level", "last"),
    [
        ({"day_count": "actual/364", "repay_unit": "weeks"}, [18, 15, 12, 9, 6, 3], 1_677, 1_678),
        ({"day_count": "actual/360", "repay_unit": "days", "repay_every": 15}, [40, 33, 26, 20, 13, 7], 1_690, 1_689),
        ({"day_count": "actual/actual", "disbursed_on": "2023-12-12"}, [80, 67, 50, 41, 26, 14], 1_713, 1_713),
    ],
    ids=["364 days a year, weekly", "360 days a year, 15 days", "over a leap new year"],
)
def test_days_over_the_days_of_a_year(schedule, loan, interest, level, last):
    quoted = schedule(**LP2 | loan, annual_rate_percent="9.4822")
    assert [row["interest"] for row in quoted["schedule"]] == interest
    assert payments(quoted) == [level] * (len(interest) - 1) + [last]


def test_nothing_is_charged_at_no_rate(schedule):
    quoted = schedule(**LP2 | {"principal": 100_000, "instalments": 4}, annual_rate_percent=0)
    assert parts(quoted) == [(25_000, 0)] * 4
    assert quoted["irr_x12_percent"] == quoted["effective_percent"] == "0.0000000000000000000"


def test_the_sample_loan_estimate_of_the_us_regulator(schedule):
    """12 CFR 1026, Appendix H-24(B): 162,000 at 3.875 % over 30 years: 761.78 a month, and 15,773 paid off in five."""
    quoted = schedule(principal=16_200_000, annual_rate_percent="3.875", instalments=360, day_count="monthly")
    assert payments(quoted)[:-1] == [76_178] * 359
    assert round(sum(row["principal"] for row in quoted["schedule"][:60]) / 100) == 15_773
