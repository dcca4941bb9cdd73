"""Yields: the yearly rate that payments earn on what was advanced, by the three methods that are asked for.

All of them look for one number: what a unit of debt grows to in a period, so that the payments, discounted by it, are worth
the advance. They differ in what a period is and in how its rate becomes a year's.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_EVEN, Context, Decimal, localcontext
from fractions import Fraction
from itertools import groupby
from operator import attrgetter
from re import fullmatch
from typing import Annotated, Literal, NamedTuple, Self, TypeVar

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from domain.calendar import days_between
from domain.money import FEN_MAX, AskedFen
from domain.refusals import Refused

PAYMENTS_MAX = 10_000
DAYS_OF_A_YEAR = Decimal(365)

# One of several payments may be nothing.
Paid = Annotated[int, Field(ge=0, le=FEN_MAX)]
Count = Annotated[int, Field(ge=1, le=PAYMENTS_MAX)]
Periods = Annotated[int, Field(ge=0, le=PAYMENTS_MAX)]

# Far more digits than are said: a year's growth is the 365th power of a day's, and a rate is what exceeds 1.
_EXACT = Context(prec=80, Emax=MAX_EMAX, Emin=MIN_EMIN, rounding=ROUND_HALF_EVEN)
_NARROW = Decimal("1e-60")
_DIGITS = 20
_SAID = Context(prec=_DIGITS, Emax=MAX_EMAX, Emin=MIN_EMIN, rounding=ROUND_HALF_EVEN)


class Flow(NamedTuple):
    """An amount that is paid so many whole periods, and a `fraction` of one before them, after the advance.

    Growth compounds by whole periods; the fraction earns simple interest.
    """

    amount: int
    periods: int
    fraction: Fraction = Fraction(0)


def growth(advance: int, flows: Iterable[Flow]) -> Decimal:
    """What one unit of debt grows to in a period at which `flows` are worth `advance` today: 1.01 is 1 % a period.

    Below 1 where less is paid than was advanced. Raises Refused where no growth above 0 does it: what is paid on the day of
    the advance already repays it, or nothing else is paid.
    """
    dated = [flow for flow in flows if flow.amount]
    left = advance - sum(flow.amount for flow in dated if not flow.periods and not flow.fraction)
    to_come = [flow for flow in dated if flow.periods or flow.fraction]
    # Within the first period a debt shrinks no faster than to nothing at its end, so there is a most that it can be worth.
    endless = any(flow.periods for flow in to_come)
    if left <= 0 or not (endless or sum(flow.amount / (1 - flow.fraction) for flow in to_come) > left):
        raise Refused("rate_undefined", advance=advance, paid=sum(flow.amount for flow in dated))
    with localcontext(_EXACT):
        return _root(Decimal(left), _streams(to_come))


def percent(rate: Decimal) -> str:
    """A rate as its percentage, rounded once to twenty digits: what is paid, discounted by it, is worth the advance to far below a unit."""
    with localcontext(_EXACT):
        said = _SAID.plus(rate * 100)
        last = said.adjusted() + 1 - _DIGITS if said else 1 - _DIGITS
        return f"{said.quantize(Decimal(1).scaleb(last)):f}"


def effective(
    advance: int, on: date, paid: Iterable[tuple[date, int]], days_basis: Decimal = DAYS_OF_A_YEAR
) -> Decimal:
    """The effective rate of a year of `days_basis` days: debt grows by the actual days, interest on interest.

    The equation of Directive 2008/48/EC, Annex I, for one drawdown. Raises Refused as `growth` does.
    """
    a_day = growth(advance, [Flow(amount, days_between(on, day)) for day, amount in paid])
    with localcontext(_EXACT):
        return a_day**days_basis - 1


def nominal(advance: int, flows: Iterable[Flow], periods_a_year: Fraction) -> Decimal:
    """The rate of a period times the periods of a year: Regulation Z, Appendix J, and every internal rate x 12.

    Raises Refused as `growth` does.
    """
    a_period = growth(advance, flows)
    with localcontext(_EXACT):
        return (a_period - 1) * periods_a_year.numerator / periods_a_year.denominator


# What is asked


class Question(BaseModel):
    """What is asked for: every field that is wrong is named, and a name that is not known is wrong, too."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


def _ratio(said: object) -> Fraction:
    text = str(said)
    if isinstance(said, bool) or not fullmatch(r"[0-9]{1,12}(\.[0-9]{1,12}|/0*[1-9][0-9]{0,11})?", text):
        raise ValueError("it is neither a number nor a ratio of whole numbers like 15/30")
    return Fraction(text)


def _number(said: object) -> Decimal:
    text = str(said)
    if isinstance(said, bool) or not fullmatch(r"-?[0-9]{1,20}(\.[0-9]{1,30})?([Ee][+-]?[0-9]{1,2})?", text):
        raise ValueError("it is not a number like 0.12")
    return Decimal(text)


# A number, also as text, and a ratio of whole numbers, which only text can say: neither loses a digit.
Number = Annotated[Decimal, BeforeValidator(_number)]
Ratio = Annotated[Fraction, BeforeValidator(_ratio)]
PerYear = Annotated[Ratio, Field(gt=0, le=366)]


class UnitPeriodPayments(Question):
    """`count` payments of an amount, a unit-period apart, the first `full_periods` and a `fraction` of one after the advance."""

    amount: Paid
    count: Count = 1
    full_periods: Periods
    fraction: Annotated[Ratio, Field(ge=0, lt=1)] = Fraction(0)


class PeriodicPayments(Question):
    """`count` payments of an amount, a period apart, the first `full_periods` after the advance.

    Where that is not said, the first is due a period after the payments that are named before, or after the advance.
    """

    amount: Paid
    count: Count = 1
    full_periods: Periods | None = None


class DatedPayment(Question):
    """An amount that is paid on a day."""

    amount: Paid
    on: date


Payments = TypeVar("Payments", bound=tuple[UnitPeriodPayments | PeriodicPayments | DatedPayment, ...])


def _some(payments: Payments) -> Payments:
    count = sum(1 if isinstance(each, DatedPayment) else each.count for each in payments)
    if not 0 < count <= PAYMENTS_MAX:
        raise ValueError(f"there are {count:,} payments; there may be 1 to {PAYMENTS_MAX:,}")
    return payments


class EffectiveRate(Question):
    """The effective rate of payments on their days, in a year of `days_basis` days."""

    method: Literal["effective"]
    advance: AskedFen
    on: date
    payments: Annotated[tuple[DatedPayment, ...], AfterValidator(_some)]
    days_basis: Annotated[Number, Field(ge=1, le=1_000)] = DAYS_OF_A_YEAR

    @model_validator(mode="after")
    def _nothing_before(self) -> Self:
        for number, payment in enumerate(self.payments):
            if payment.on < self.on:
                raise ValueError(f"payments.{number}.on: {payment.on} is before the advance on {self.on}")
        return self

    def rate(self) -> Decimal:
        """The rate as a fraction. Raises Refused as `growth` does."""
        return effective(self.advance, self.on, [(each.on, each.amount) for each in self.payments], self.days_basis)


class ActuarialRate(Question):
    """The annual percentage rate by the actuarial method of Regulation Z (12 CFR 1026), Appendix J, for one advance.

    Where there is one payment, a unit-period may be its term, and the unit-periods of a year no whole number: `365/255`.
    """

    method: Literal["us_actuarial"]
    advance: AskedFen
    unit_periods_per_year: PerYear
    payments: Annotated[tuple[UnitPeriodPayments, ...], AfterValidator(_some)]

    def rate(self) -> Decimal:
        """The rate as a fraction. Raises Refused as `growth` does."""
        flows = [
            Flow(each.amount, each.full_periods + number, each.fraction)
            for each in self.payments
            for number in range(each.count)
        ]
        return nominal(self.advance, flows, self.unit_periods_per_year)


class InternalRate(Question):
    """The internal rate of a period, times the periods of a year: of a month, times 12."""

    method: Literal["irr"]
    advance: AskedFen
    unit_periods_per_year: Annotated[
        PerYear, Field(validation_alias=AliasChoices("unit_periods_per_year", "periods_per_year"))
    ] = Fraction(12)
    payments: Annotated[tuple[PeriodicPayments, ...], AfterValidator(_some)]

    def rate(self) -> Decimal:
        """The rate as a fraction. Raises Refused as `growth` does."""
        flows: list[Flow] = []
        following = 1
        for each in self.payments:
            first = following if each.full_periods is None else each.full_periods
            following = first + each.count
            flows.extend(Flow(each.amount, period) for period in range(first, following))
        return nominal(self.advance, flows, self.unit_periods_per_year)


RateQuestion = Annotated[EffectiveRate | ActuarialRate | InternalRate, Field(discriminator="method")]


# The equation

Stream = tuple[Fraction, tuple[tuple[int, int], ...]]
"""A fraction, and the flows that share it: periods since the flow before and amount, the last flow first."""


def _streams(flows: Iterable[Flow]) -> tuple[Stream, ...]:
    streams = []
    by_fraction = attrgetter("fraction")
    for fraction, shared in groupby(sorted(flows, key=attrgetter("fraction", "periods")), by_fraction):
        gaps, before = [], 0
        for flow in shared:
            gaps.append((flow.periods - before, flow.amount))
            before = flow.periods
        streams.append((fraction, tuple(reversed(gaps))))
    return tuple(streams)


def _worth(streams: Sequence[Stream], grown: Decimal) -> tuple[Decimal, Decimal]:
    """What the flows are worth today where a unit becomes `grown` in a period, and how fast that falls as it grows."""
    worth = falls = Decimal(0)
    for fraction, flows in streams:
        value = change = Decimal(0)
        for periods, amount in flows:
            value += amount
            over = grown**periods
            change = (change - periods * value / grown) / over
            value /= over
        simple = 1 + (grown - 1) * fraction.numerator / fraction.denominator
        worth += value / simple
        falls += (change - value * fraction.numerator / fraction.denominator / simple) / simple
    return worth, falls


def _root(advance: Decimal, streams: Sequence[Stream]) -> Decimal:
    """The growth at which the flows are worth `advance`, between two bounds that never leave it.

    Their worth falls, and ever more slowly, as growth grows: a tangent from below meets the advance short of the root, a
    chord beyond it. Halving first takes both to where that is quick.
    """
    low, high = _bounds(advance, streams)
    while high - low > _NARROW * high:
        middle = (low + high) / 2
        if _worth(streams, middle)[0] > advance:
            low = middle
        else:
            high = middle
        (above, slope), (below, _) = _worth(streams, low), _worth(streams, high)
        if above <= advance:  # it is the root, to the last digit
            return low
        if below >= advance:
            return high
        tangent = low - (above - advance) / slope
        chord = low + (above - advance) * (high - low) / (above - below)
        low, high = max(low, tangent), min(high, chord)
    return (low + high) / 2


def _bounds(advance: Decimal, streams: Sequence[Stream]) -> tuple[Decimal, Decimal]:
    """A growth at which the flows are worth no less than `advance`, and one at which they are worth no more."""
    low = high = Decimal(1)
    worth = _worth(streams, high)[0]
    if worth > advance:
        high = Decimal(2)
        while _worth(streams, high)[0] > advance:
            low, high = high, high * high
    elif worth < advance:
        low = Decimal("0.5")
        while _worth(streams, low)[0] < advance:
            low, high = low * low, low
    return low, high
