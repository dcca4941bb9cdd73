"""People who draw cash loans: most repay as planned, or sooner; some late, some under an agreement, some never.

A loan is billed on days of its own, so these people look ahead: what falls due in this half month is known, or foreseen.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from infra.portfolio.agreements import lives_under_an_agreement
from infra.portfolio.life import Life

Halves = Iterator[None]

_MONTHS = (3, 6, 6, 12, 12, 24)
# What is not worth a payment of its own.
_LEAST = 10_000


def repays_in_time(me: Life) -> Halves:
    """Draws once, and every instalment is collected on its due date; with the last one paid, perhaps another loan."""
    _borrow(me, me.rng.randint(0, 3), months=me.rng.choice(_MONTHS))
    while True:
        yield
        _have_collected(me)
        if not me.book.balance and me.chance(0.3):
            _borrow(me, 8, months=me.rng.choice(_MONTHS))


def repays_two_loans(me: Life) -> Halves:
    """Draws a second loan some days before or after the day of the first: one is billed before the other is due."""
    first = _borrow(me, 3, share=50, months=12)
    later = me.age + me.rng.randint(2, 6)
    while True:
        yield
        _have_collected(me)
        day = me.book.plans[first].made_on.day
        if me.age >= later and len(me.book.plans) == 1 and me.half.first.day <= day <= me.half.last.day:
            _borrow(me, max(0, day - me.half.first.day + me.rng.choice((-2, -1, 1, 2))), share=80)


def repays_late(me: Life) -> Halves:
    """Forgets every other instalment, asks for more while overdue, and pays days or weeks later, at once or in parts."""
    _borrow(me, 2)
    yield
    forgets = me.chance(0.5)
    while True:
        for due in me.dues():
            forgets = not forgets
            if not forgets:
                me.pay(me.by(due), me.foreseen(due).billed_left)
            elif due < me.half.last and me.chance(0.5):
                me.draw(due + timedelta(days=1), _LEAST, 3)  # refused, as it is overdue by then
        if not me.dues() and (left := me.book.billed_left):
            if me.chance(0.4):
                part = left * me.rng.randint(20, 70) // 100
                me.pay(me.on(0, 3), part)
                me.pay(me.on(5, 9), left - part)
            elif me.chance(0.8):  # else next time
                me.pay(me.on(0, 9), left)
        yield


def prepays(me: Life) -> Halves:
    """Pays what is due, and every now and then some of what is not; the bank returns one of those payments."""
    _borrow(me, 2, months=me.rng.choice((12, 12, 24)))
    returned = False
    while True:
        yield
        day = _have_collected(me) + timedelta(days=2)
        if day > me.half.last or me.chance(0.5):
            continue
        for plan_id, plan in me.foreseen(day).money.plans.items():
            if plan.left > 4 * _LEAST:
                part = round(plan.left * me.rng.randint(10, 40) // 100, -4) or _LEAST
                payment = me.prepay(day, plan_id, part)
                if not returned and day + timedelta(days=3) <= me.half.last:
                    me.be_returned(day + timedelta(days=3), payment)
                    returned = True


def settles_early(me: Life) -> Halves:
    """Thinks better of the first loan within days, which costs those days alone; the second one goes months early."""
    first = _borrow(me, 1)
    me.settle(me.on(3, 7), first)
    yield
    second = _borrow(me, 3)
    until = me.age + me.rng.randint(3, 8)
    while True:
        yield
        day = _have_collected(me) + timedelta(days=2)
        if me.age >= until and day <= me.half.last and second in me.foreseen(day).money.plans:
            settlement = me.settle(day, second)
            yield
            if me.chance(0.3):
                me.be_returned(me.half.day(1), settlement)
                until = me.age + 4
        elif not me.book.owes and me.book.line.access == "open" and me.chance(0.3):
            me.leave(me.half.day(12))


def stops_repaying(me: Life) -> Halves:
    """Pays an instalment or none, and then never again: after 120 days it is a loss, of which some pay a little."""
    _borrow(me, 2, months=me.rng.choice((6, 12, 24)))
    pays = me.rng.choice((0, 0, 1))
    while not me.book.lost:
        yield
        if pays and me.dues():
            _have_collected(me)
            pays -= 1
    if me.chance(0.5):
        me.pay(me.on(1, 10), me.book.balance * me.rng.randint(10, 60) // 100)
    while True:
        yield


def agrees_on_a_loan(me: Life) -> Halves:
    """Falls weeks behind and agrees on other instalments, at a low rate or none: kept to the end, or soon broken."""
    _borrow(me, 2, months=me.rng.choice((6, 12)))
    pays = me.rng.randint(0, 1)
    late = me.rng.randint(10, 50)
    while me.book.money.days_late < late:
        yield
        if pays and me.dues():
            _have_collected(me)
            pays -= 1
    kept = me.chance(0.5)
    yield from lives_under_an_agreement(me, me.rng.choice((2, 3) if kept else (3, 6)), kept=kept)


def loan_debits_bounce(me: Life) -> Halves:
    """Every instalment is collected; the bank returns some of that, days or weeks later, and then it is paid after all."""
    _borrow(me, 3)
    returned = None
    while True:
        yield
        if returned:
            me.be_returned(me.on(0, 2), returned)
            me.pay(me.on(4, 8), returned.amount_fen)
            returned = None
            continue
        dues = me.dues()
        for due in dues:
            debit = me.pay(due, me.foreseen(due).billed_left, "auto_debit")
            if debit and me.chance(0.5):
                if due + timedelta(days=3) <= me.half.last:
                    me.be_returned(due + timedelta(days=3), debit)
                else:
                    returned = debit
        if not dues and me.book.billed_left:
            me.pay(me.on(1, 9), me.book.billed_left)


def _borrow(me: Life, day: int, *, share: int = 100, months: int = 0) -> str:
    """Draw at most so many of a hundred parts of what may be drawn, on the nth day; now and then it is an odd sum."""
    most = me.room * share // 100
    amount = me.rng.randint(most * 3 // 10, most)
    amount = amount if me.chance(0.3) else round(amount, -4)
    return me.draw(me.half.day(day), max(_LEAST, amount), months or me.rng.choice(_MONTHS))


def _have_collected(me: Life) -> date:
    """All that falls due in this half is collected on its day, or paid before; the last day of that, or the half's first."""
    last = me.half.first
    for last in me.dues():
        collected = me.chance(0.7)
        me.pay(
            last if collected else me.by(last), me.foreseen(last).billed_left, "auto_debit" if collected else "transfer"
        )
    return last
