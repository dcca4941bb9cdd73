"""People with whom it comes to a decision: who deny a purchase, and who stop paying for good.

Debt is a loss once it is 180 days past due, so whoever is to see that stops in the first months of the portfolio.
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

from infra.portfolio.instalments import convert_some
from infra.portfolio.life import Life

Halves = Iterator[None]

# Who has not paid for what was billed until then is charged off before the portfolio's last day, most often.
STOPS_BY = date(2026, 3, 1)


def disputes_purchases(me: Life) -> Halves:
    """Denies purchases, whole or in part, paid or not; weeks later they are right, or not, or the merchant gave in."""
    waiting: tuple[int, str] | None = None  # from which half month on it may be decided, and what
    while True:
        if waiting is None:
            waiting = _denies(me, 0.5)
        elif _is_over(me, *waiting):
            waiting = None
        if me.chance(0.8):  # else it is forgotten, or withheld
            me.pay(me.in_time(), me.rng.choice((me.statement, me.statement, me.book.minimum_left)))
        me.shop(1.3)
        yield


def _denies(me: Life, likely: float) -> tuple[int, str] | None:
    """Open a dispute, perhaps: from when on it may be decided, and which it is."""
    disputable = [each for each in list(me.book.purchases)[-5:] if me.book.disputable(each)]
    if not disputable or not me.chance(likely):
        return None
    purchase_id = me.rng.choice(disputable)
    amount = _all_or_some(me, me.book.disputable(purchase_id))
    return me.half.number + me.rng.randint(1, 4), me.dispute(me.on(0, 12), purchase_id, amount)


def _is_over(me: Life, since: int, dispute_id: str) -> bool:
    """Have a dispute decided in its time; until then the merchant may take some of the purchase back."""
    disputed = me.book.disputes[dispute_id]
    if not disputed.open:
        return True
    if me.half.number >= since:
        me.be_answered(me.on(2, 12), dispute_id, me.rng.choice(("upheld", "rejected")))
        return True
    if me.chance(0.3):
        me.give_back(me.on(0, 13), disputed.of, _all_or_some(me, me.book.purchases[disputed.of].left))
    return False


def _all_or_some(me: Life, amount: int) -> int:
    return amount if me.chance(0.6) else max(1, amount * me.rng.randint(10, 90) // 100)


def stops_for_good(me: Life) -> Halves:
    """Pays a minimum or none, and then never again; what was denied before is decided after all else is a loss."""
    denied: tuple[int, str] | None = None
    while not me.book.lost:
        if me.half.first < STOPS_BY:
            if me.chance(0.4):
                me.pay(me.in_time(), me.book.minimum_left)
            elif me.chance(0.6):
                convert_some(me, me.due_days, 12)
            denied = denied or _denies(me, 0.3)
            if me.room >= 20_000:
                me.buy(me.on(0, 10), me.rng.randint(20_000, min(me.room, 90_000)), "electronics")
        yield
    if me.chance(0.4):
        me.pay(me.on(1, 12), me.book.balance * me.rng.randint(10, 60) // 100)
    if denied:
        _is_over(me, 0, denied[1])
    while True:
        yield


def pays_what_was_lost(me: Life) -> Halves:
    """Never pays a statement, and all of it once it is booked as a loss: at once, in parts, or as it was agreed."""
    me.buy(me.on(0, 10), me.rng.randint(30_000, min(me.room, 150_000)), "electronics")
    while not me.book.lost:
        yield
    yield from me.rng.choice(_WAYS_BACK)(me)
    while True:
        if me.book.lost:
            me.pay(me.on(1, 12), me.book.balance)
        yield


def _at_once(me: Life) -> Halves:
    me.pay(me.on(1, 12), me.book.balance)
    yield


def _in_parts(me: Life) -> Halves:
    me.pay(me.on(1, 12), me.book.balance * me.rng.randint(20, 80) // 100)
    yield


def _learnt_late(me: Life) -> Halves:
    """A part had arrived before it was a loss; the bank tells us only now."""
    lost_on = max(me.book.losses)
    me.pay(me.on(1, 12), me.book.balance // 2, arrived=lost_on - timedelta(days=me.rng.randint(1, 20)))
    yield


def _returned(me: Life) -> Halves:
    """Everything is collected, and the bank returns it."""
    collected = me.pay(me.on(1, 8), me.book.balance, "auto_debit")
    if collected:
        me.be_returned(me.on(10, 13), collected)
    yield


def _as_agreed(me: Life) -> Halves:
    """The principal is paid, and so the charges are given up."""
    charges = {f"{kind}_fen": amount for kind, amount in me.book.money.billed_charges.items() if amount}
    me.pay(me.on(1, 8), me.book.money.principal)
    if charges:
        me.be_forgiven(me.on(9, 13), "agreement", **charges)
    yield


_WAYS_BACK: tuple[Callable[[Life], Halves], ...] = (_at_once, _in_parts, _learnt_late, _returned, _as_agreed)
