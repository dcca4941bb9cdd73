"""Quoting: what a loan would cost, reckoned from its conditions alone, every convention of lenders by its name.

No account, no product: an account's own schedules follow the rulebook (`domain/schedules.py`). Everything is reckoned in
whole numbers and ratios of them and rounded once, so a figure that lies half-way between two units is known to.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from math import lcm
from re import fullmatch
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from domain.calendar import add_months, days_between
from domain.money import AskedFen, Rounding, rounded
from domain.refusals import Refused
from domain.yields import Flow, Number, Question, effective, nominal, percent

Unit = Literal["months", "weeks", "days"]
DayCount = Literal["30/360", "monthly", "actual/360", "actual/364", "actual/365", "actual/actual"]

INSTALMENTS_MAX = 3_660  # ten years of days
_CALENDAR_ENDS = date(9998, 12, 31)
# A year has so many of each unit; Regulation Z, Appendix J, (b)(5) has the same.
_PER_YEAR: dict[Unit, int] = {"months": 12, "weeks": 52, "days": 365}
_DAYS_OF_30: dict[Unit, int] = {"months": 30, "weeks": 7, "days": 1}
_BASES: dict[DayCount, int] = {"actual/360": 360, "actual/364": 364, "actual/365": 365}


class Loan(Question):
    """A loan and the conventions of its lender. Amounts in minor units; the rate is a year's, in percent.

    Due dates are `repay_every` units apart, months on the day of the disbursement, clipped to the month's end.
    """

    principal: AskedFen
    annual_rate_percent: Annotated[Number, Field(ge=0, le=100_000)]
    disbursed_on: date
    instalments: Annotated[int, Field(ge=1, le=INSTALMENTS_MAX)]
    repay_every: Annotated[int, Field(ge=1, le=366)] = 1
    repay_unit: Unit = "months"
    # Interest of what is left, or in every period of the whole principal. The latter adds up to that of the whole term,
    # rounded once: the last instalment takes what rounding left of it.
    interest: Literal["declining", "flat"] = "declining"
    # Equal instalments, equal shares of the principal, or the principal with the last instalment.
    amortization: Literal["level", "equal_principal", "interest_only"] = "level"
    # How long a period is, in years. `30/360`: months have 30 days of 360, weeks 7. `monthly`: a month is a twelfth, a week a
    # 52nd and a day a 365th, whatever its days. `actual/...`: days from due date to due date over 360, 364 or 365, or each
    # over the days of the calendar year it lies in; the day that ends a period counts with the next one.
    day_count: DayCount = "30/360"
    # A level instalment repays exactly where every period has the first one's rate, or where each has its own.
    level_rule: Literal["one_rate", "per_period"] = "one_rate"
    # The level instalment is a multiple of it; 0 or nothing: any whole number.
    instalment_multiple: Annotated[int, Field(ge=0)] | None = None
    # In the first so many periods no principal falls due; it is spread over the others.
    grace_principal: Annotated[int, Field(ge=0)] = 0
    # The interest of the first so many periods falls due with that of the next one, and bears none.
    grace_interest: Annotated[int, Field(ge=0)] = 0
    rounding: Rounding = "half_up"

    @model_validator(mode="after")
    def _within_bounds(self) -> Self:
        wrong = [
            f"{name}: {grace} is not below the number of instalments, {self.instalments}"
            for name, grace in (("grace_principal", self.grace_principal), ("grace_interest", self.grace_interest))
            if grace >= self.instalments
        ]
        days = {"months": 31, "weeks": 7, "days": 1}[self.repay_unit] * self.repay_every * self.instalments
        if days > days_between(self.disbursed_on, _CALENDAR_ENDS):
            wrong.append(f"instalments: the last one would fall due after {_CALENDAR_ENDS}")
        if wrong:
            raise ValueError("; ".join(wrong))
        return self


class Instalment(BaseModel):
    """What falls due on a day, and the principal that is left after it."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    nr: int
    due_date: date
    principal: int
    interest: int
    balance_after: int


class ScheduleQuote(BaseModel):
    """A schedule and what it costs a year, as percentages.

    The internal rate of a period times the periods of a year (a month's x 12), and the effective rate of a year of 365 days
    by the actual ones.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    schedule: tuple[Instalment, ...]
    total_interest: int
    irr_x12_percent: str
    effective_percent: str


def quote(loan: Loan) -> ScheduleQuote:
    """The schedule of a loan, and what it costs a year.

    Raises Refused where level instalments would not repay anything, so that the last one had to repay more than was lent.
    """
    rows = schedule(loan)
    payments = [row.principal + row.interest for row in rows]
    a_year = Fraction(_PER_YEAR[loan.repay_unit], loan.repay_every)
    flows = [Flow(payment, period) for period, payment in enumerate(payments, start=1)]
    paid = [(row.due_date, payment) for row, payment in zip(rows, payments, strict=True)]
    return ScheduleQuote(
        schedule=rows,
        total_interest=sum(row.interest for row in rows),
        irr_x12_percent=percent(nominal(loan.principal, flows, a_year)),
        effective_percent=percent(effective(loan.principal, loan.disbursed_on, paid)),
    )


def schedule(loan: Loan) -> tuple[Instalment, ...]:
    """What falls due when; the last instalment takes all that is left. Raises Refused as `quote` does."""
    days = _due_dates(loan)
    rates = [_rate(loan, start, end) for start, end in pairwise((loan.disbursed_on, *days))]
    flat = _flat_interest(loan, rates) if loan.interest == "flat" else None
    amount = _amount(loan, rates)
    rows, left, waiting = [], loan.principal, 0
    for nr, (day, rate) in enumerate(zip(days, rates, strict=True), start=1):
        interest = flat[nr - 1] if flat else rounded(rate.numerator * left, rate.denominator, loan.rounding)
        if nr == loan.instalments and left > loan.principal:
            raise Refused("debt_would_grow", instalment=amount, principal=loan.principal, last_principal=left)
        principal = left if nr == loan.instalments else min(left, _principal(loan, nr, amount, interest))
        left -= principal
        waiting += interest
        due, waiting = (0, waiting) if nr <= loan.grace_interest else (waiting, 0)
        rows.append(Instalment(nr=nr, due_date=day, principal=principal, interest=due, balance_after=left))
    return tuple(rows)


def _due_dates(loan: Loan) -> list[date]:
    after = range(loan.repay_every, loan.repay_every * loan.instalments + 1, loan.repay_every)
    match loan.repay_unit:
        case "months":
            return [add_months(loan.disbursed_on, months) for months in after]
        case "weeks":
            return [loan.disbursed_on + timedelta(weeks=weeks) for weeks in after]
        case "days":
            return [loan.disbursed_on + timedelta(days=days) for days in after]


# How long a period is


def _rate(loan: Loan, start: date, end: date) -> Fraction:
    """The rate of a period, as a fraction."""
    return Fraction(loan.annual_rate_percent) / 100 * _years(loan, start, end)


def _years(loan: Loan, start: date, end: date) -> Fraction:
    match loan.day_count:
        case "monthly":
            return Fraction(loan.repay_every, _PER_YEAR[loan.repay_unit])
        case "30/360":
            return Fraction(_DAYS_OF_30[loan.repay_unit] * loan.repay_every, 360)
        case "actual/360" | "actual/364" | "actual/365" as basis:
            return Fraction(days_between(start, end), _BASES[basis])
        case "actual/actual":
            return sum((_of_its_year(start, end, year) for year in range(start.year, end.year + 1)), Fraction(0))


def _of_its_year(start: date, end: date, year: int) -> Fraction:
    """The days of a period that lie in `year`, over all of that year; `end` itself is in the period after."""
    begins, ends = date(year, 1, 1), date(year + 1, 1, 1)
    return Fraction(days_between(max(start, begins), min(end, ends)), days_between(begins, ends))


# What falls due


def _flat_interest(loan: Loan, rates: Sequence[Fraction]) -> list[int]:
    """The interest of the whole principal for each period. Together it is that of the whole term, rounded once."""

    def interest(rate: Fraction) -> int:
        return rounded(rate.numerator * loan.principal, rate.denominator, loan.rounding)

    left, each = interest(sum(rates, Fraction(0))), []
    for rate in rates[:-1]:
        each.append(min(left, interest(rate)))
        left -= each[-1]
    return [*each, left]


def _amount(loan: Loan, rates: Sequence[Fraction]) -> int:
    """The level instalment, or the share of the principal, of every instalment after the grace but the last."""
    paying = loan.instalments - loan.grace_principal
    if loan.amortization == "interest_only":
        return 0
    if loan.amortization == "equal_principal":
        return rounded(loan.principal, paying, loan.rounding)
    own = [rates[0]] * paying if loan.level_rule == "one_rate" else rates[loan.grace_principal :]
    if loan.interest == "flat":
        level = loan.principal * sum(own, Fraction(1)) / paying
        return _multiple(level.numerator, level.denominator, loan)
    return _multiple(*_level(loan.principal, own), loan)


def _multiple(numerator: int, denominator: int, loan: Loan) -> int:
    multiple = loan.instalment_multiple or 1
    return multiple * rounded(numerator, denominator * multiple, loan.rounding)


def _level(principal: int, rates: Sequence[Fraction]) -> tuple[int, int]:
    """The payment that repays `principal` in as many periods as there are rates, as numerator and denominator.

    Principal x the growth of all periods / the sum, over all payments, of the growth of the periods after each. Over one
    common denominator, so that no ratio has to be reduced on the way.
    """
    one = lcm(*(rate.denominator for rate in rates))
    grown, payments, unit = 1, 0, 1
    for rate in rates:
        a_unit = one + rate.numerator * (one // rate.denominator)
        grown *= a_unit
        payments = payments * a_unit + unit
        unit *= one
    return principal * grown, one * payments


def _principal(loan: Loan, nr: int, amount: int, interest: int) -> int:
    """The principal that an instalment repays, before the last one takes what is left.

    Where a long period's interest is more than the level, the rest of it is added to what is left: that is what makes the
    level exact.
    """
    if nr <= loan.grace_principal:
        return 0
    return amount - interest if loan.amortization == "level" else amount


# Many loans at once


def _whole(said: object) -> object:
    """A whole number as a table writes it. What is not one is left for the field to refuse."""
    return int(said) if isinstance(said, str) and fullmatch(r"-?[0-9]{1,20}", said) else said


class LoanCase(Question):
    """One of many loans of which only the instalment is asked: equal monthly ones, at a twelfth of the year's rate."""

    case_id: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{1,200}$")]
    principal: Annotated[AskedFen, BeforeValidator(_whole)]
    annual_rate: Annotated[Number, Field(ge=0, le=1_000)]
    months: Annotated[int, Field(ge=1, le=1_200), BeforeValidator(_whole)]
    method: Literal["annuity"]
    rounding: Rounding

    def instalment(self) -> int:
        """The payment that repays the principal, in minor units, exact before it is rounded."""
        rate = Fraction(self.annual_rate) / 12
        if not rate:
            return rounded(self.principal, self.months, self.rounding)
        one, more = rate.denominator, rate.numerator
        grown, stayed = (one + more) ** self.months, one**self.months
        return rounded(self.principal * more * grown, one * (grown - stayed), self.rounding)
