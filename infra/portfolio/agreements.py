"""People who cannot pay what is billed, and agree with the bank on smaller instalments: kept to the end, or broken."""

from collections.abc import Iterator
from decimal import Decimal

from infra.portfolio.life import Life
from infra.portfolio.people import NOBODY_STOPS_BEFORE, halves_until, live_as, pays_in_full, revolves

Halves = Iterator[None]

_RATES = (Decimal(0), Decimal("0.06"))


def keeps_an_agreement(me: Life) -> Halves:
    """Stops paying, agrees weeks later, and pays every instalment; after the last one buys again as if nothing had been."""
    yield from _falls_behind(me)
    yield from lives_under_an_agreement(me, me.rng.choice((2, 3)), kept=True)


def breaks_an_agreement(me: Life) -> Halves:
    """Stops paying, agrees weeks later, and misses an instalment: all of it is due again, as long as it had been before."""
    yield from _falls_behind(me)
    yield from lives_under_an_agreement(me, me.rng.choice((6, 12)), kept=False)


def _falls_behind(me: Life) -> Halves:
    """Lives on credit until what it bought is not paid for any more; the bank waits some weeks."""
    yield from live_as(revolves, me, max(me.rng.randint(2, 5), halves_until(me, NOBODY_STOPS_BEFORE)))
    if me.room >= 50_000:
        me.buy(me.on(0, 10), me.rng.randint(40_000, min(me.room, 200_000)), "electronics")
    yield
    while me.book.money.days_late < me.rng.randint(1, 30):
        yield


def lives_under_an_agreement(me: Life, months: int, *, kept: bool) -> Halves:
    """Agrees in this half on so many months; who breaks it pays one instalment at most."""
    me.agree_anew(me.on(1, 9), months, me.rng.choice(_RATES))
    pays = months if kept else me.rng.randint(0, 1)
    while True:
        yield
        if not me.book.owes and kept and me.book.agreement.product == "pay_later":
            yield from pays_in_full(me)
        for due in [me.due] if me.statement else me.dues():
            if pays:
                pays -= 1
                me.pay(due, me.foreseen(due).billed_left, "auto_debit")
