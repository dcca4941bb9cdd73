"""Schedules: how an amount and its price are spread over instalments, and what that costs in a year.

Numbers only. A schedule maker says what falls due with each instalment; whose money it is, and when, is said elsewhere.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Literal, NamedTuple

from domain.calendar import days_between
from domain.money import half_up
from domain.yields import Flow, growth

# Large enough that rounding to whole units does not show in the yearly cost of a price list.
_SAMPLE = 10**12
# A yearly rate is said to four digits more than a percent has.
_SAID = Decimal("1e-8")


# How a loan is repaid: equal payments, equal shares of the principal, or all principal with the last payment.
Scheme = Literal["annuity", "equal_principal", "interest_only"]


class Share(NamedTuple):
    """What falls due with one instalment, in minor units: of the principal, of the fee, and interest."""

    principal: int
    fee: int = 0
    interest: int = 0


Schedule = tuple[Share, ...]


def fee_plan(amount: int, months: int, fee_rate: Decimal) -> Schedule:
    """`amount` in even instalments for a fee of `fee_rate` of it, spread alike; the last one takes the remainders."""
    fee = half_up(fee_rate, amount)
    return tuple(map(Share, evenly(amount, months), evenly(fee, months)))


def loan(scheme: Scheme, amount: int, annual_rate: Decimal, begins: date, due_dates: Sequence[date]) -> Schedule:
    """`amount` lent from `begins` on and repaid on `due_dates`, with interest on what is left.

    An annuity's periods are twelfths of a year, whatever their days (30/360); else interest is counted by days, of which a
    year has 360. Interest is rounded for each instalment; the last one takes what is left of the principal.
    """
    if scheme == "annuity":
        return _annuity(amount, Fraction(annual_rate) / 12, len(due_dates))
    at_the_end = [0] * (len(due_dates) - 1) + [amount]
    principal = at_the_end if scheme == "interest_only" else evenly(amount, len(due_dates))
    shares, left, since = [], amount, begins
    for due_date, part in zip(due_dates, principal, strict=True):
        shares.append(Share(part, 0, period_interest(scheme, left, annual_rate, since, due_date)))
        left, since = left - part, due_date
    return tuple(shares)


def period_interest(scheme: Scheme, left: int, annual_rate: Decimal, begins: date, ends: date) -> int:
    """The interest of one period on what is left: a twelfth of the year's in an annuity, else by days of 360 a year."""
    year = Fraction(1, 12) if scheme == "annuity" else Fraction(days_between(begins, ends), 360)
    return half_up(Fraction(annual_rate) * year, left)


def _annuity(amount: int, rate: Fraction, periods: int) -> Schedule:
    if not rate:
        return tuple(Share(part) for part in evenly(amount, periods))
    payment = half_up(rate / (1 - (1 + rate) ** -periods), amount)
    shares, left = [], amount
    for number in range(periods, 0, -1):
        interest = half_up(rate, left)
        part = left if number == 1 else min(left, payment - interest)
        shares.append(Share(part, 0, interest))
        left -= part
    return tuple(shares)


def evenly(amount: int, parts: int) -> list[int]:
    """`amount` in so many equal parts; the last one takes the remainder."""
    each = amount // parts
    return [each] * (parts - 1) + [amount - each * (parts - 1)]


def internal_rate(amount: int, payments: Sequence[int]) -> Decimal:
    """The monthly rate at which `payments`, a month apart and the first a month from now, are worth `amount` today.

    0 where they are no more than `amount` together.
    """
    if sum(payments) <= amount:
        return Decimal(0)
    return growth(amount, [Flow(payment, month) for month, payment in enumerate(payments, start=1)]) - 1


@lru_cache(maxsize=1024)  # every account that is read brings its terms along, and they are few
def fee_plan_cost(months: int, fee_rate: Decimal) -> Decimal:
    """What a fee plan costs a year, as the law has it: its internal rate of a month x 12. 0.1586 is 15.86 %."""
    payments = [sum(share) for share in fee_plan(_SAMPLE, months, fee_rate)]
    return (internal_rate(_SAMPLE, payments) * 12).quantize(_SAID)
