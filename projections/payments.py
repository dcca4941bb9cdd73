"""Which payment of an account is its last one: payments count from their value date, and one that was returned never did."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import date, timedelta
from operator import attrgetter
from typing import NamedTuple

from domain.events import PaymentReceived, PaymentReversed

# Payments that may still be returned, and those of months that may be told anew, are younger than this.
_KEPT = timedelta(days=400)


class Paid(NamedTuple):
    """A payment that was not returned, by channel and reference, from its value date."""

    on: date
    name: str
    fen: int


def received(payments: tuple[Paid, ...], event: PaymentReceived) -> tuple[Paid, ...]:
    """`payments`, which are in order of their value dates, with one more; old ones that can be no last one are let go."""
    at = bisect_right(payments, event.value_date, key=attrgetter("on"))
    kept = (*payments[:at], Paid(event.value_date, _name(event), event.amount_fen), *payments[at:])
    old = bisect_left(kept, event.business_date - _KEPT, key=attrgetter("on"))
    # The last day of the old ones is what is told until a younger one comes.
    return kept[bisect_left(kept, kept[old - 1].on, key=attrgetter("on")) if old else 0 :]


def returned(payments: tuple[Paid, ...], event: PaymentReversed) -> tuple[Paid, ...]:
    """`payments` without the one that came back."""
    name = _name(event)
    return tuple(paid for paid in payments if paid.name != name)


def known(payments: tuple[Paid, ...], told: Iterable[tuple[date | None, int]]) -> tuple[Paid, ...]:
    """`payments`, with what is `told` of some days instead of what was known of those: all that was paid on each."""
    by_day = {paid.on: paid for paid in payments} | {on: Paid(on, "", fen) for on, fen in told if on is not None}
    last = max(by_day, default=date.min)
    kept = sorted(by_day[on] for on in by_day if on >= last - _KEPT)
    return tuple(kept)


def last_by(payments: tuple[Paid, ...], day: date) -> tuple[date, int] | None:
    """The last value date up to `day` with a payment that was not returned, and what was paid on it, in minor units.

    Payments of one day are one payment, in whatever order they were learnt.
    """
    last = next((paid.on for paid in reversed(payments) if paid.on <= day), None)
    return None if last is None else (last, sum(paid.fen for paid in payments if paid.on == last))


def _name(event: PaymentReceived | PaymentReversed) -> str:
    return f"{event.channel}/{event.payment_ref}"
