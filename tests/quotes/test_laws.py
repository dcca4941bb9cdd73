"""What holds of every quote, whatever is asked."""

from datetime import date, timedelta
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from typing import get_args

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.money import Rounding, rounded
from domain.quoting import DayCount, Loan, LoanCase, Unit, quote, schedule
from domain.refusals import Refused
from domain.yields import Flow, effective, growth

ROUNDINGS = get_args(Rounding)
RATES = st.decimals(0, 300, places=4)


@st.composite
def loans(draw, **fixed):
    count = draw(st.integers(1, 40))
    asked = {
        "principal": draw(st.integers(1, 10**9)),
        "annual_rate_percent": draw(RATES),
        "disbursed_on": draw(st.dates(date(2000, 1, 1), date(2090, 1, 1))),
        "instalments": count,
        "repay_every": draw(st.integers(1, 4)),
        "repay_unit": draw(st.sampled_from(get_args(Unit))),
        "interest": draw(st.sampled_from(("declining", "flat"))),
        "amortization": draw(st.sampled_from(("level", "equal_principal", "interest_only"))),
        "day_count": draw(st.sampled_from(get_args(DayCount))),
        "level_rule": draw(st.sampled_from(("one_rate", "per_period"))),
        "instalment_multiple": draw(st.sampled_from((None, 1, 10, 100))),
        "grace_principal": draw(st.integers(0, count - 1)),
        "grace_interest": draw(st.integers(0, count - 1)),
        "rounding": draw(st.sampled_from(ROUNDINGS)),
    }
    return Loan(**asked | fixed)


def quoted(loan):
    try:
        return quote(loan)
    except Refused:
        assume(False)


@given(loans())
def test_a_schedule_repays_exactly_what_was_lent(loan):
    rows = quoted(loan).schedule
    assert [row.nr for row in rows] == list(range(1, loan.instalments + 1))
    assert sum(row.principal for row in rows) == loan.principal
    assert rows[-1].balance_after == 0
    left = loan.principal
    for row in rows:
        left -= row.principal
        assert row.balance_after == left >= 0
        assert row.interest >= 0
    assert all(row.principal == 0 for row in rows[: loan.grace_principal])
    assert all(row.interest == 0 for row in rows[: loan.grace_interest])
    days = [loan.disbursed_on, *(row.due_date for row in rows)]
    assert days == sorted(set(days))


@given(loans())
def test_the_rates_of_a_quote_discount_its_payments_to_what_was_lent(loan):
    told = quoted(loan)
    paid = [row.principal + row.interest for row in told.schedule]
    with localcontext(Context(prec=60)):
        a_year = 1 + Decimal(told.effective_percent) / 100
        days = [Decimal((row.due_date - loan.disbursed_on).days) / 365 for row in told.schedule]
        worth = sum(amount / a_year**years for amount, years in zip(paid, days, strict=True))
        assert abs(worth - loan.principal) < Decimal("1e-9")
        periods = {"months": Decimal(12), "weeks": Decimal(52), "days": Decimal(365)}[
            loan.repay_unit
        ] / loan.repay_every
        a_period = 1 + Decimal(told.irr_x12_percent) / 100 / periods
        worth = sum(amount / a_period**number for number, amount in enumerate(paid, start=1))
        assert abs(worth - loan.principal) < Decimal("1e-9")
    assert told.total_interest == sum(paid) - loan.principal
    assert (told.total_interest > 0) == (Decimal(told.effective_percent) > 0) == (Decimal(told.irr_x12_percent) > 0)


@given(loans(principal=10**9, instalment_multiple=None), st.decimals("0.01", 50, places=2))
def test_a_higher_rate_never_costs_less(loan, more):
    dearer = loan.model_copy(update={"annual_rate_percent": loan.annual_rate_percent + more})
    # A unit for each rounding: an interest rounded up leaves less to bear it.
    assert quoted(dearer).total_interest >= quoted(loan).total_interest - 2 * loan.instalments


@given(loans(instalment_multiple=None, amortization="equal_principal", principal=10**9))
def test_another_rounding_changes_a_share_by_a_unit_and_the_interest_by_as_little(loan):
    totals = [quoted(loan.model_copy(update={"rounding": rounding})) for rounding in ROUNDINGS]
    shares = [each.schedule[loan.grace_principal].principal for each in totals]
    # A share that is a unit more lowers every later balance by it, and every balance's interest is rounded once.
    rate = float(max(loan.annual_rate_percent, 1)) / 100
    spread = loan.instalments + loan.instalments**2 * rate * loan.repay_every
    if loan.instalments - loan.grace_principal > 1:
        assert max(shares) - min(shares) <= 1
    interest = [each.total_interest for each in totals]
    assert max(interest) - min(interest) <= spread + 1


@given(
    st.integers(1, 10**12),
    st.decimals(0, 5, places=10),
    st.integers(1, 240),
    st.sampled_from(ROUNDINGS),
)
def test_the_instalment_of_many_loans_is_the_level_of_a_schedule(principal, rate, months, rounding):
    case = LoanCase(
        case_id="c", principal=principal, annual_rate=rate, months=months, method="annuity", rounding=rounding
    )
    exact = Fraction(rate) / 12
    level = Fraction(principal, months) if not exact else principal * exact / (1 - (1 + exact) ** -months)
    assert case.instalment() == rounded(level.numerator, level.denominator, rounding)
    loan = Loan(
        principal=principal,
        annual_rate_percent=rate * 100,
        disbursed_on=date(2026, 1, 15),
        instalments=months + 1,  # so that the level is not the last instalment, which takes what is left
        rounding=rounding,
    )
    longer = case.model_copy(update={"months": months + 1}).instalment()
    try:
        first = schedule(loan)[0]
    except Refused:
        assume(False)
    assert first.principal + first.interest == longer or first.principal == principal


@st.composite
def payments(draw):
    flows = draw(
        st.lists(
            st.builds(
                Flow,
                st.integers(0, 10**7),
                st.integers(0, 400),
                st.sampled_from((Fraction(0), Fraction(1, 30), Fraction(1, 2), Fraction(29, 30))),
            ),
            min_size=1,
            max_size=30,
        )
    )
    return draw(st.integers(1, 10**9)), flows


@given(payments())
def test_payments_are_worth_the_advance_at_their_growth(asked):
    advance, flows = asked
    try:
        grown = growth(advance, flows)
    except Refused:
        assume(False)
    with localcontext(Context(prec=100)):
        worth = Decimal(0)
        for flow in flows:
            simple = 1 + (grown - 1) * flow.fraction.numerator / flow.fraction.denominator
            worth += flow.amount / simple / grown**flow.periods
        assert abs(worth - advance) < Decimal("1e-40") * advance
    assert grown > 0
    assert (grown > 1) == (sum(flow.amount for flow in flows) > advance)


@given(payments())
def test_the_order_of_payments_does_not_matter_and_one_more_unit_raises_the_rate(asked):
    advance, flows = asked
    try:
        grown = growth(advance, flows)
    except Refused:
        assume(False)
    assert growth(advance, flows[::-1]) == grown
    assert growth(advance, [*flows, Flow(1, 7)]) > grown


@given(st.integers(1, 10**9), st.integers(1, 10**9), st.integers(1, 20_000))
def test_the_effective_rate_of_one_payment_is_a_power(advance, amount, days):
    on = date(2026, 1, 1)
    rate = effective(advance, on, [(on + timedelta(days=days), amount)])
    with localcontext(Context(prec=60)):
        expected = (Decimal(amount) / advance) ** (Decimal(365) / days) - 1
        assert abs(rate - expected) <= Decimal("1e-45") * max(1, expected)


@pytest.mark.parametrize("months", [1, 12, 60, 360])
@pytest.mark.parametrize("rate", ["0", "4.5", "24", "199.9"])
def test_one_rate_and_each_own_are_the_same_where_all_periods_are(months, rate):
    asked = {
        "principal": 10_000_000,
        "annual_rate_percent": Decimal(rate),
        "disbursed_on": date(2026, 1, 31),
        "instalments": months,
    }
    assert schedule(Loan(**asked, level_rule="one_rate")) == schedule(Loan(**asked, level_rule="per_period"))
    assert schedule(Loan(**asked, day_count="30/360")) == schedule(Loan(**asked, day_count="monthly"))
