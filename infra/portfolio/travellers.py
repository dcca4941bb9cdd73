"""People who book hotels and hire cars: limit is held first, and captured days later, in one of the ways there are."""

from collections.abc import Callable, Iterator

from infra.portfolio.life import Life

# A hold of the standard terms stands for seven days, so what is held on one of the first six days is over with the half.
LATEST = 5


def travels(me: Life) -> Iterator[None]:
    """Pays in full, buys little, and travels: what is held is captured, given back, or forgotten by the merchant."""
    while True:
        for hold_id, hold in me.book.line.open_holds.items():  # across the bill day
            me.be_charged(me.on(0, 2), hold_id, hold.left)
        me.pay(me.in_time(), me.statement)
        me.shop(0.6)
        for _ in range(me.rng.choice((0, 1, 1, 2))):
            amount = me.rng.randint(9_000, 120_000)
            if amount <= me.room:
                day = me.rng.randint(0, LATEST)
                hold_id = me.reserve(me.half.day(day), amount, me.rng.choice(("hotel", "car-hire", "petrol")))
                me.rng.choice(_WAYS)(me, day, hold_id, amount)
        if me.chance(0.6) and me.room >= 50_000:
            me.reserve(me.on(me.half.nth_last - 3, me.half.nth_last), me.rng.randint(9_000, 50_000), "railway")
        yield


def _whole(me: Life, day: int, hold_id: str, amount: int) -> None:
    me.be_charged(me.on(day + 1, day + 7), hold_id, amount)


def _in_part(me: Life, day: int, hold_id: str, amount: int) -> None:
    """The last invoice is lower than what was held; the rest is given back."""
    me.be_charged(me.on(day + 1, day + 7), hold_id, amount * me.rng.randint(30, 95) // 100, final=True)


def _several_times(me: Life, day: int, hold_id: str, amount: int) -> None:
    """Night by night; what was not captured by the last is given back, or goes with the day it ends on."""
    me.be_charged(me.half.day(day + 1), hold_id, amount // 3)
    me.be_charged(me.half.day(day + 2), hold_id, amount // 4)
    if me.chance(0.7):
        me.be_charged(me.on(day + 3, day + 7), hold_id, amount // 5, final=me.chance(0.6))


def _too_much(me: Life, day: int, hold_id: str, amount: int) -> None:
    """More than was held is refused; then it is what was held, or the network obliges us to post it."""
    more = amount + me.rng.randint(1, 5_000)
    me.be_charged(me.on(day + 1, day + 4), hold_id, more, hopeless=True)
    forced = me.chance(0.4)
    me.be_charged(me.on(day + 5, day + 7), hold_id, more if forced else amount, forced=forced)


def _cancelled(me: Life, day: int, hold_id: str, _: int) -> None:
    me.be_released(me.on(day + 1, day + 6), hold_id)


def _forgotten(me: Life, day: int, hold_id: str, amount: int) -> None:
    """Nobody captures it in time; a merchant who comes after that may have the network behind them, or not."""
    came = me.rng.choice(("never", "too late", "by force"))
    if came == "too late":
        me.be_charged(me.half.day(day + 8), hold_id, amount, hopeless=True)
    if came == "by force":
        me.be_charged(me.half.day(day + 8), hold_id, amount, forced=True)


_WAYS: tuple[Callable[[Life, int, str, int], None], ...] = (
    _whole, _whole, _in_part, _in_part, _several_times, _too_much, _cancelled, _forgotten,
)  # fmt: skip
