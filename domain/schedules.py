"""Schedules: how an amount and its price are spread over instalments, and what that costs in a year.

Numbers only. A schedule maker says what falls due with each instalment; whose money it is, and when, is said elsewhere.
"""

from collections.abc import Iterable, Sequence
from decimal import Context, Decimal, localcontext
from functools import lru_cache
from typing import NamedTuple

from domain.money import half_up

# Large enough that rounding to whole units does not show in the yearly cost of a price list.
_SAMPLE = 10**12
# A monthly rate is known to so much, and a yearly one is said to four digits more than a percent has.
_PRECISION = Decimal("1e-12")
_SAID = Decimal("1e-8")


class Share(NamedTuple):
    """What falls due with one instalment, in minor units: of the principal, and of the fee."""

    principal: int
    fee: int


Schedule = tuple[Share, ...]


def fee_plan(amount: int, months: int, fee_rate: Decimal) -> Schedule:
    """`amount` in even instalments for a fee of `fee_rate` of it, spread alike; the last one takes the remainders."""
    fee = half_up(fee_rate, amount)
    return tuple(map(Share, _evenly(amount, months), _evenly(fee, months)))


def _evenly(amount: int, parts: int) -> list[int]:
    each = amount // parts
    return [each] * (parts - 1) + [amount - each * (parts - 1)]


def internal_rate(amount: int, payments: Sequence[int]) -> Decimal:
    """The monthly rate at which `payments`, a month apart and the first a month from now, are worth `amount` today.

    0 where they are no more than `amount` together. Exact to twelve decimals.
    """
    with localcontext(Context(prec=34)):
        low, high = Decimal(0), Decimal(max(0, sum(payments) - amount)) / amount
        while high - low > _PRECISION:
            rate = (low + high) / 2
            if _worth_today(payments, rate) > amount:
                low = rate
            else:
                high = rate
        return (low + high) / 2


def _worth_today(payments: Iterable[int], rate: Decimal) -> Decimal:
    worth = Decimal(0)
    for payment in reversed(tuple(payments)):
        worth = (worth + payment) / (1 + rate)
    return worth


@lru_cache(maxsize=1024)  # every account that is read brings its terms along, and they are few
def fee_plan_cost(months: int, fee_rate: Decimal) -> Decimal:
    """What a fee plan costs a year, as the law has it: its internal rate of a month x 12. 0.1586 is 15.86 %."""
    payments = [sum(share) for share in fee_plan(_SAMPLE, months, fee_rate)]
    return (internal_rate(_SAMPLE, payments) * 12).quantize(_SAID)
