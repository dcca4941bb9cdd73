"""The ordinary people of the simulated portfolio, and how each kind of them lives with a credit account.

A person is a generator: what it does up to a `yield` is half a month of its life. On waking up it finds in its book
what became of that, and what the latest statement demands.
"""

from collections.abc import Callable, Iterator
from datetime import date

from infra.portfolio.ledger import Bought
from infra.portfolio.life import OFFICER, RISK, Life

Halves = Iterator[None]
Person = Callable[[Life], Halves]

# But for the hard cases nobody stops paying before April: their longest arrears at the end of September then stay
# below 180 days, from where debt is a loss.
NOBODY_STOPS_BEFORE = date(2026, 4, 1)


def pays_in_full(me: Life) -> Halves:
    """Buys what fits the limit, pays every statement in full by its due date, and now and then gets a higher limit."""
    while True:
        me.shop(1.5)
        me.pay(me.in_time(), me.statement)
        if me.age in {8, 14} and me.chance(0.4):
            me.be_raised(me.on(2, 12), me.book.line.limit * 3 // 2)
        yield


def revolves(me: Life) -> Halves:
    """Pays the minimum, or some of the statement, always in time."""
    while True:
        me.shop(1.2, share=0.8)
        if me.statement:
            some = me.statement * me.rng.randint(20, 70) // 100
            amount = me.rng.choice((me.book.minimum_left, me.book.minimum_left, some, round(some, -4), me.statement))
            me.pay(me.in_time(), max(amount, me.book.minimum_left), me.rng.choice(("transfer", "auto_debit")))
        yield


def pays_late(me: Life) -> Halves:
    """Forgets every other statement, tries to buy while overdue, and pays some days late; a few are let off the fees."""
    while True:
        if not me.statement and me.book.minimum_left:  # forgotten in the half before
            if me.book.fees and me.chance(0.15):
                me.be_forgiven(me.half.day(0), "goodwill", fees_fen=me.book.fees)
            me.pay(me.on(1, 9), me.book.billed_left)
        elif me.statement and me.chance(0.55):
            if me.chance(0.5):
                me.pay(me.on(min(me.missed_after + 1, 13), 13), me.statement, "counter")
            if me.chance(0.5):
                me.buy(me.half.day(me.missed_after), me.rng.randint(1_000, 9_000), "canteen")
        else:
            me.shop(1.5)
            me.pay(me.in_time(), me.statement)
        yield


def pays_twice(me: Life) -> Halves:
    """Pays in full, but something arrives twice: the bank's message, the very command, or the money itself."""
    statements = 0
    while True:
        me.take_credit()
        if me.statement:
            statements += 1
            payment = me.pay(me.on(1, me.due_days), me.statement)
            if payment and statements % 3 == 1:
                me.pay_again(payment)
            elif payment and statements % 3 == 2:
                me.send_again(payment)
            else:
                me.pay(me.on(1, me.due_days), me.statement)
        else:
            me.shop(2.5)
        yield


def returns_goods(me: Life) -> Halves:
    """Gives much of what it buys back: before it is billed, after that, and after it was paid for."""
    while True:
        if me.chance(0.3):
            me.take_credit()
        for purchase_id, bought in list(me.book.purchases.items())[-3:]:
            if bought.left and me.chance(0.35):
                me.give_back(me.on(0, 13), purchase_id, _some_of(me, bought))
        me.pay(me.in_time(), me.statement)
        me.shop(1.4)
        yield


def _some_of(me: Life, bought: Bought) -> int:
    return bought.left if me.chance(0.6) else max(1, bought.left * me.rng.randint(10, 90) // 100)


def pays_round_sums(me: Life) -> Halves:
    """Pays in time, and in whole hundreds of yuan below what the statement shows, but never less than the minimum."""
    while True:
        me.shop(1.0, share=0.6)
        me.pay(me.in_time(), max(me.statement - me.statement % me.rng.choice((1_000, 10_000)), me.book.minimum_left))
        yield


def reaches_the_limit(me: Life) -> Halves:
    """Spends all there is, asks for more and is refused; now and then a capture over the limit is forced."""
    while True:
        me.pay(me.in_time(), max(me.book.minimum_left, me.statement // 3) if me.statement else 0)
        if me.room > 5_000:
            me.buy(me.on(0, 8), me.room * me.rng.randint(60, 95) // 100, "electronics")
        over = max(0, me.room) + me.rng.randint(2_000, 30_000)
        me.buy(me.on(11, 13), over, "furniture", forced=me.chance(0.2))
        yield


def disappears(me: Life) -> Halves:
    """Stops paying after some months; a half of these come back much later and pay everything, at once or in parts."""
    stops = max(me.rng.randint(4, 6), halves_until(me, NOBODY_STOPS_BEFORE))
    yield from live_as(revolves, me, stops)
    me.shop(2.0)
    yield
    if not me.book.balance:
        me.buy(me.on(2, 10), min(me.room, 45_000), "electronics")
        yield
    away = me.rng.randint(4, 8)
    for half in range(away):
        if half == away // 2:
            me.buy(me.on(5, 12), me.rng.randint(1_000, 9_000), "grocer")
        yield
    if me.chance(0.5):
        if me.chance(0.5):
            me.pay(me.on(1, 8), me.book.balance * me.rng.randint(10, 60) // 100)
            yield
        me.pay(me.on(1, 8), me.book.balance)
        yield
        yield from pays_in_full(me)
    while True:
        yield


def misuses(me: Life) -> Halves:
    """Round amounts at one merchant, all in one evening: frozen the next morning, then reviewed.

    Some had a good reason; the others are closed by force with their debt. Some of those pay it down, some never pay,
    and where it was fraud it is booked as a loss at once.
    """
    before = max(me.rng.randint(4, 8), halves_until(me, NOBODY_STOPS_BEFORE))
    yield from live_as(pays_in_full, me, before)
    outcome = me.rng.choice(("cleared", "pays", "never pays", "fraud"))
    me.pay(me.in_time(), me.statement)
    for _ in range(me.rng.randint(4, 6)):
        if me.room >= 10_000:
            me.buy(me.half.day(1), min(me.room // 10_000, me.rng.randint(1, 12)) * 10_000, "electronics")
    me.be_frozen(me.half.day(2), "abnormal_transaction", RISK)
    me.buy(me.half.day(3), 20_000, "electronics")
    if outcome == "cleared":
        me.be_unfrozen(me.on(6, 12), "abnormal_transaction", OFFICER)
        yield
        yield from pays_in_full(me)
    me.be_closed(me.on(6, 12), "abuse_confirmed")
    yield
    if outcome == "fraud" and me.book.balance > 0:
        me.be_written_off(me.on(2, 12), "fraud")
    while True:
        if outcome == "pays" and me.statement:
            me.pay(me.in_time(), max(me.book.minimum_left, me.statement // 4))
        yield


def leaves(me: Life) -> Halves:
    """Leaves: with a last statement to pay, or with everything paid before; some think better of it."""
    yield from live_as(me.rng.choice((pays_in_full, revolves)), me, me.rng.randint(5, 10))
    way = me.rng.choice(("owing", "paid up", "stays"))
    if way == "paid up":
        me.take_credit()
        me.pay(me.half.day(2), me.book.balance)
        me.leave(me.half.day(4))
    else:
        me.pay(me.in_time(), me.statement)
        if me.room >= 5_000:
            me.buy(me.on(0, 9), me.rng.randint(1_000, 5_000), "books")
        me.leave(me.half.day(11))
        me.buy(me.half.day(12), 3_000, "grocer")
    yield
    if way == "stays":
        me.stay(me.half.day(1))
        me.pay(me.in_time(), me.statement)
        yield
        yield from pays_in_full(me)
    while True:  # a closing account is billed once more; paying that closes it
        me.take_credit()
        me.pay(me.in_time(), me.statement)
        yield


def loses_the_phone(me: Life) -> Halves:
    """Pays in full; once the phone is lost, and the account frozen until another is bought."""
    yield from live_as(pays_in_full, me, me.rng.randint(2, 8))
    me.pay(me.half.day(2), me.statement)
    me.be_frozen(me.half.day(5), "customer_request", me.person)
    me.buy(me.half.day(6), 4_000, "electronics")
    me.be_unfrozen(me.on(8, 12), "customer_request", me.person)
    yield
    yield from pays_in_full(me)


def hardly_buys(me: Life) -> Halves:
    """Keeps the account for a rainy day."""
    while True:
        me.shop(0.15)
        me.pay(me.in_time(), me.statement)
        yield


def is_turned_away(_: Life) -> Halves:
    """Applied, and never got a limit."""
    while True:
        yield


def live_as(other: Person, me: Life, halves: int) -> Halves:
    """Live like another kind of person for some half months."""
    life = other(me)
    for _ in range(halves):
        next(life)
        yield


def halves_until(me: Life, day: date) -> int:
    """Half months from this one to the one that begins on or after `day`; 0 when it has passed."""
    months = (day.year - me.half.first.year) * 12 + day.month - me.half.first.month
    return max(0, 2 * months - (me.half.first.day > 1))
