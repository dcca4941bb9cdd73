"""People whom the bank has to hear, or to hear of: who appeal against a freeze or a closure, and who die."""

from datetime import date, timedelta

from infra.portfolio.instalments import pays_in_instalments
from infra.portfolio.life import OFFICER, RISK, Life
from infra.portfolio.people import NOBODY_STOPS_BEFORE, Halves, halves_until, pays_in_full, revolves


def appeals_a_freeze(me: Life) -> Halves:
    """Frozen by a risk rule after a spending spree, and appeals: heard in time or late, once or twice, with what comes of it."""
    usual = pays_in_full(me)
    for _ in range(me.rng.randint(3, 5)):
        next(usual)
        yield
    me.pay(me.in_time(), me.statement)
    _go_on_a_spree(me)
    appeal = me.appeal(me.on(4, 9), "abnormal_transaction")
    yield
    for _ in range(me.rng.choice((0, 0, 1))):
        me.pay(me.in_time(), me.statement)
        yield
    outcome = me.rng.choice(("upheld", "lower", "rejected", "at last"))
    if outcome == "lower":
        me.be_heard(me.half.day(1), appeal, "upheld_lower_limit", max(100_000, me.book.line.limit * 2 // 3))
    else:
        me.be_heard(me.half.day(1), appeal, "upheld" if outcome == "upheld" else "rejected")
    if outcome == "at last":
        again = me.appeal(me.on(2, 7), "abnormal_transaction", "receipts-1")
        me.pay(me.in_time(), me.statement)
        yield
        me.be_heard(me.half.day(1), again, "upheld")
    if outcome != "rejected":
        yield from usual
    while True:
        me.pay(me.in_time(), me.statement)
        yield


def _go_on_a_spree(me: Life) -> None:
    """Round amounts at one merchant, all in one evening; frozen the next morning."""
    for _ in range(me.rng.randint(4, 6)):
        if me.room >= 10_000:
            me.buy(me.half.day(1), min(me.room // 10_000, me.rng.randint(1, 12)) * 10_000, "electronics")
    me.be_frozen(me.half.day(2), "abnormal_transaction", RISK)
    me.buy(me.half.day(3), 20_000, "electronics")


def appeals_a_closure(me: Life) -> Halves:
    """Closed by force, debt and open hold or not, and appeals: most are reinstated, with a lower limit, the others pay."""
    usual = pays_in_full(me)
    for _ in range(me.rng.randint(3, 5)):
        next(usual)
        yield
    me.pay(me.in_time(), me.statement)
    hold = me.reserve(me.half.day(0), 20_000, "hotel") if me.room >= 30_000 else None
    _go_on_a_spree(me)
    me.be_closed(me.on(4, 6), "abuse_suspected")
    if hold and me.chance(0.5):  # the hold went with the account, and the merchant has the network behind them
        me.be_charged(me.on(8, 9), hold, 20_000, forced=True)
    appeal = me.appeal(me.on(10, 13), "closure")
    limit = max(100_000, me.book.line.limit * 3 // 4)
    yield
    me.pay(me.in_time(), me.statement)
    if me.chance(0.2):
        me.be_heard(me.half.day(3), appeal, "rejected")
    else:
        lower = me.chance(0.5)
        me.be_heard(me.half.day(3), appeal, *(("upheld_lower_limit", limit) if lower else ("upheld",)))
        me.be_reinstated(me.half.day(4), appeal, limit)
        me.be_unfrozen(me.on(4, 9), "abnormal_transaction", OFFICER)
        yield
        yield from usual
    while True:
        yield
        me.pay(me.in_time(), me.statement)


def dies(me: Life) -> Halves:
    """Dies, and nobody tells the bank: the card is used, what is billed is missed; weeks later what was charged is taken back."""
    usual = me.rng.choice((pays_in_full, revolves, pays_in_instalments))(me)
    for _ in range(max(me.rng.randint(3, 6), halves_until(me, NOBODY_STOPS_BEFORE))):
        next(usual)
        yield
    died_on = me.on(3, 12)
    _last_purchases(me, died_on)
    yield
    for _ in range(me.rng.randint(1, 4)):
        if me.chance(0.5):
            me.buy(me.on(0, 12), me.rng.randint(1_000, 9_000), "grocer")
        yield
    me.be_known_dead(me.on(0, 9), died_on)
    me.buy(me.half.day(11), 3_000, "grocer")
    yield
    estate = me.rng.choice(("pays", "pays", "pays in part", "has nothing"))
    me.take_credit()
    if estate == "has nothing" and me.book.balance > 0:
        me.be_written_off(me.on(2, 9), "death")
    elif estate == "pays":
        me.pay(me.half.day(3), me.book.balance)
        me.leave(me.half.day(5), OFFICER)
    elif estate == "pays in part":
        me.pay(me.on(2, 9), me.book.balance // 2)
    while True:
        yield
        me.take_credit()


def _last_purchases(me: Life, died_on: date) -> None:
    """Some of what was bought, by them and by others; limit that was held while they lived may be captured after it."""
    me.pay(me.half.day(1), me.statement)
    if me.room >= 60_000:
        me.buy(me.half.day(0), me.rng.randint(20_000, 50_000), "electronics")
        hold = me.reserve(died_on - timedelta(days=1), 9_000, "hotel")
        me.be_charged(died_on + timedelta(days=1), hold, 8_000, final=True)
    if me.room >= 5_000:
        me.buy(died_on + timedelta(days=1), 4_000, "grocer")
