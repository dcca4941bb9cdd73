"""People whose banks are slow: transfers that are learnt late, and debits that are returned days or weeks later.

What is learnt on a day may count from an earlier one, before a due test or even before a statement that was printed.
"""

from collections.abc import Iterator
from datetime import timedelta

from domain.commands import ReceivePayment
from infra.portfolio.life import Life


def pays_by_slow_transfer(me: Life) -> Iterator[None]:
    """Pays in time, most often; but the bank tells us days later, after the due test or after the next statement."""
    while True:
        if me.statement:
            arrived = me.half.day(me.rng.randint(1, me.due_days + 1))
            told = arrived + timedelta(days=me.rng.randint(1, 6))
            amount = me.rng.choice((me.statement, me.statement, me.book.minimum_left))
            if told <= me.half.last:  # else it was forgotten
                me.pay(told, amount, arrived=arrived)
        elif me.book.billed_left:
            if me.chance(0.5):
                arrived = me.half.first - timedelta(days=me.rng.randint(1, 6))
                me.pay(me.on(0, 5), me.book.billed_left, arrived=arrived)
            else:
                yield from _tells_after_the_statement(me)
                continue
        me.shop(1.1)
        yield


def _tells_after_the_statement(me: Life) -> Iterator[None]:
    """What is open is paid on the last days before a statement, which does not know of it yet."""
    arrived, amount = me.half.day(me.half.nth_last - me.rng.randint(0, 3)), me.book.billed_left
    me.shop(1.0)
    yield
    me.pay(me.on(0, 4), amount, arrived=arrived)
    me.pay(me.on(6, me.due_days), me.statement - amount)
    yield


def debits_bounce(me: Life) -> Iterator[None]:
    """Has every statement collected on its due date; now and then the bank returns that, soon or weeks later."""
    returned: tuple[int, ReceivePayment] | None = None  # after how many half months, and what
    while True:
        if returned and returned[0] == me.half.number:
            me.be_returned(me.on(0, 4), returned[1])
            me.pay(me.on(6, 12), returned[1].amount_fen)
            returned = None
        elif not me.statement and me.book.billed_left:  # returned in the half before
            me.pay(me.on(1, 9), me.book.billed_left)
        elif me.statement:
            debit = me.pay(me.due, me.statement, "auto_debit")
            if debit and not returned:
                halves = me.rng.choice((0, 0, 1, 2, None, None, None))
                if halves == 0:
                    me.be_returned(me.half.day(me.due_days + me.rng.randint(2, 4)), debit)
                elif halves:  # after two half months the next statement has come between
                    returned = me.half.number + halves, debit
        me.shop(1.1, share=0.7)
        yield
