"""Schedules: how an amount and its price are spread over instalments, and what that costs in a year.

Numbers only. A schedule maker says what falls due with each instalment; whose money it is, and when, is said elsewhere.
"""

from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from domain.money import half_up
from domain.yields import Flow, growth

# Large enough that rounding to whole units does not show in the yearly cost of a price list.
_SAMPLE = 10**12
# A yearly rate is said to four digits more than a percent has.
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
