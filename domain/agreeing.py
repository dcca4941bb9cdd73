"""What is agreed with the customer as the account goes on: on which day it is billed, and what the bank is asked for."""

from collections.abc import Iterator
from datetime import date, timedelta

from domain.account import Account
from domain.calendar import ONE_DAY
from domain.commands import ChangeBillDay, SetAutopay
from domain.events import AccountEvent, AutopaySet, BillDayChanged
from domain.refusals import Refused

Facts = Iterator[AccountEvent]
# Further ahead nobody agrees on anything.
_AHEAD = timedelta(days=366)


def change_bill_day(command: ChangeBillDay, account: Account, today: date) -> Facts:
    """Another bill day from a date on, such that a statement's due test comes before the next statement."""
    if account.access == "pending":
        raise Refused("not_activated", access=account.access)
    ledger, asked = account.ledger, command.from_date
    moved_on = ledger.bill_days.moved_on
    if command.bill_day == ledger.bill_days.day and (moved_on is None or moved_on <= today or moved_on == asked):
        return
    earliest, latest = today + ONE_DAY, today + _AHEAD
    if earliest <= asked <= latest:
        moved = ledger.bill_days.moved(command.bill_day, asked, today)
        first = moved.next_after(asked - ONE_DAY)
        last = moved.last_before(first)
        tested = ledger.test_date(last + timedelta(days=ledger.terms.due_days))
        if last > account.opened_on and first < tested:
            earliest = tested
    if not earliest <= asked <= latest:
        raise Refused("from_date_not_allowed", field="from_date", asked=asked, earliest=earliest, latest=latest)
    yield BillDayChanged(bill_day=command.bill_day, from_date=asked)


def set_autopay(command: SetAutopay, account: Account) -> Facts:
    """What the bank is asked for from now on."""
    if account.access == "pending":
        raise Refused("not_activated", access=account.access)
    if (account.autopay, account.autopay_source) != (command.mode, command.source_token):
        yield AutopaySet(mode=command.mode, source_token=command.source_token)
