"""Lives of so many months, told in commands: one that meets the whole rulebook, and one that only buys and pays.

Every half year is like the one before: its first payment leaves only what is not billed yet. So whatever costs more
in a longer life does so because the life is longer, not because more is owed.
"""

from datetime import date, timedelta

from domain.calendar import next_bill_day
from domain.commands import AdvanceTo, ReceivePayment, ReversePayment
from domain.terms import PAY_LATER, Terms
from tests.domain.lives import Life

HALF_YEAR = 6  # months after which the pattern begins anew
_BEGINS = date(2020, 1, 5)
_SPENT = 60_000  # a month
_PURCHASES = 5  # a month
_LIMIT = 500_000


def plain(months: int, agreed: Terms = PAY_LATER) -> Life:
    """Purchases, statements, and payments in time: all that is billed every second month, else the minimum."""
    life = Life(agreed, _BEGINS, _LIMIT)
    for month in range(months):
        due_month = _buy_and_bill(life)
        _on(life, due_month.replace(day=5))
        life.pays(life.account.ledger.billed if month % 2 else life.due())
    return _faultless(life)


def mixed(months: int, agreed: Terms = PAY_LATER, purchases: int = _PURCHASES) -> Life:
    """As it goes: late fees, interest, refunds, and payments that are late, learnt late, or returned."""
    life = Life(agreed, _BEGINS, _LIMIT)
    for month in range(months):
        due_month = _buy_and_bill(life, purchases)
        match month % HALF_YEAR:
            case 0:  # all of it
                _pay(life, due_month.replace(day=5), life.account.ledger.billed)
            case 1:  # the minimum, and a purchase goes back
                _pay(life, due_month.replace(day=5), life.due())
                life.takes_back(-1, 50)
            case 2:  # the minimum, but it is returned, and paid again
                _pay(life, due_month.replace(day=5), life.due())
                _on(life, due_month.replace(day=8))
                life.ask(ReversePayment, payment_ref=f"r{len(life.told) - 1}", reason="returned")
                _pay(life, due_month.replace(day=9), life.due())
            case 3:  # a minimum that is missed: late fee, overdue, cured
                _pay(life, due_month.replace(day=14), life.due())
            case 4:  # paid in time and learnt too late: what was charged meanwhile is corrected
                _pay(life, due_month.replace(day=14), life.due(), counts=due_month.replace(day=5))
            case _:  # half of all
                _pay(life, due_month.replace(day=5), life.owed() // 2)
    return _faultless(life)


def given_up(life: Life) -> Life:
    """The same life, after which nobody pays until the debt is booked as a loss; then some of it comes back."""
    while life.account.standing != "charged_off":
        day = life.account.next_event_on()
        assert day is not None
        _on(life, day)
    for _ in range(3):
        _pay(life, life.day + timedelta(days=20), life.owed() // 4)
    return _faultless(life)


def _buy_and_bill(life: Life, purchases: int = _PURCHASES) -> date:
    """Purchases from the middle of the month on, and the next statement; returns its day."""
    bill_day = next_bill_day(life.day, 1)
    for number in range(purchases):
        _on(life, (bill_day - timedelta(days=1)).replace(day=15 + 13 * number // purchases))
        life.buys(_SPENT // purchases)
    _on(life, bill_day)
    return bill_day


def _pay(life: Life, day: date, fen: int, counts: date | None = None) -> None:
    _on(life, day)
    said = {"payment_ref": f"r{len(life.told)}", "channel": "transfer", "value_date": counts or day}
    life.ask(ReceivePayment, amount_fen=fen, **said)


def _on(life: Life, day: date) -> None:
    """Go on to `day`; meanwhile the account is advanced on each day on which it is due, as the day runs do."""
    while (due := life.account.next_event_on()) is not None and due <= day:
        life.day = due
        life.ask(AdvanceTo, date=due)
    life.day = day


def _faultless(life: Life) -> Life:
    for told in life.told:
        if told.refusal is not None:
            raise told.refusal  # a benchmark of refusals would say nothing
    return life
