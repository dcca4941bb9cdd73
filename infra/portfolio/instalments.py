"""People who pay dear things in instalments: to the end, or less, or off at once; some give them back, or cannot pay."""

from collections.abc import Iterator

from infra.portfolio.life import Life

_OFFERED = (3, 3, 6, 12)
# What is not worth a plan.
_LEAST = 20_000


def pays_in_instalments(me: Life) -> Iterator[None]:
    """Buys dear things and converts them, in whole or in part; what is not converted is paid in full and in time."""
    while True:
        me.shop(0.5)
        if me.statement:
            _convert_and_pay(me)
        else:
            if me.room >= 60_000 and me.chance(0.6):
                me.buy(me.on(0, 10), me.rng.randint(40_000, min(me.room, 200_000)), "electronics")
            _see_to_plans(me)
        yield


def _convert_and_pay(me: Life) -> None:
    """Some of the statement is converted in the first days; the rest is paid by the due date."""
    rest = me.statement
    if len(me.book.money.plans) < 3 and me.chance(0.7):
        rest -= convert_some(me, me.rng.randint(0, 4))
    me.pay(me.on(6, me.due_days), rest)


def convert_some(me: Life, day: int, months: int | None = None) -> int:
    """Convert all or some of what may be, on the nth day of the half; says how much."""
    most = me.book.money.convertible
    if most < _LEAST:
        return 0
    amount = most if me.chance(0.4) else me.rng.randint(_LEAST // 2, most)
    me.convert(me.half.day(day), amount, months or me.rng.choice(_OFFERED))
    return amount


def _see_to_plans(me: Life) -> None:
    """Pay one off before its end, and sometimes the bank returns that; or give back what was converted."""
    plans = list(me.book.money.plans)
    if plans and me.chance(0.25):
        settled = me.settle(me.on(1, 7), me.rng.choice(plans))
        if me.chance(0.3):
            me.be_returned(me.on(9, 13), settled)
    elif plans and me.chance(0.2):
        given_back = me.rng.choice(list(me.book.money.plans[plans[-1]].converted))
        left = me.book.purchases[given_back].left
        if left:
            me.give_back(me.on(1, 12), given_back, left if me.chance(0.5) else max(1, left // 2))
