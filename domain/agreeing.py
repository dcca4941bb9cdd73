"""What is agreed with the customer as the account goes on: terms, the bill day, and what the bank is asked for."""

from collections.abc import Iterator
from datetime import date, timedelta

from domain.account import Account
from domain.calendar import ONE_DAY
from domain.checks import check_activated, check_offered, published
from domain.commands import ChangeBillDay, ChangeTerms, SetAutopay
from domain.events import AccountEvent, AutopaySet, BillDayChanged, TermsChanged
from domain.refusals import Refused
from domain.terms import Catalogue

Facts = Iterator[AccountEvent]
# Further ahead nobody agrees on anything.
_AHEAD = timedelta(days=366)
_BETWEEN_RATES = timedelta(days=62)
# What may not change while debt is judged by it.
_AS_AGREED = (
    "product",
    "currency",
    "interest_method",
    "annual_rate",
    "penalty_multiplier",
    "schedule",
    "bill_lead_days",
    "grace_days",
    "tolerance",
    "cap_annual",
    "regime_dpd",
    "charge_off_dpd",
    "overdue_long_dpd",
)


def change_terms(command: ChangeTerms, account: Account, today: date, catalogue: Catalogue) -> Facts:
    """Other terms from a date on. What decides whether something was missed, and since when it costs, stays as it is."""
    terms = published(catalogue, command.terms_version)
    check_activated(account)
    ledger = account.ledger
    if terms == ledger.terms if ledger.coming_terms is None else ledger.coming_terms == (command.from_date, terms):
        return
    for name in _AS_AGREED:
        agreed, asked = getattr(ledger.terms, name), getattr(terms, name)
        if agreed != asked:
            raise Refused("terms_incompatible", field="terms_version", parameter=name, agreed=agreed, asked=asked)
    if ledger.coming_terms is not None:
        _check_pending(command.from_date, ledger.coming_terms.from_date)
    earliest = today + ONE_DAY
    if ledger.rate_before is not None:
        # One change of the rate at most between a posting and its due test.
        earliest = max(earliest, ledger.rate_before.until + _BETWEEN_RATES)
    _check_from_date(command.from_date, earliest, today + _AHEAD)
    yield TermsChanged(version=terms.version, from_date=command.from_date, terms=terms, notice_id=command.notice_id)


def change_bill_day(command: ChangeBillDay, account: Account, today: date) -> Facts:
    """Another bill day from a date on, such that a statement's due test comes before the next statement."""
    check_offered(command, account, "pay_later")
    check_activated(account)
    ledger, asked = account.ledger, command.from_date
    moved_on = ledger.bill_days.moved_on
    if command.bill_day == ledger.bill_days.day and (moved_on is None or moved_on <= today or moved_on == asked):
        return
    if moved_on is not None and moved_on > today:
        _check_pending(asked, moved_on)
    earliest, latest = today + ONE_DAY, today + _AHEAD
    if earliest <= asked <= latest:
        moved = ledger.bill_days.moved(command.bill_day, asked, today)
        first = moved.next_after(asked - ONE_DAY)
        last = moved.last_before(first)
        tested = ledger.test_date(last + timedelta(days=ledger.terms.due_days))
        if last > account.opened_on and first < tested:
            earliest = tested
    _check_from_date(asked, earliest, latest)
    yield BillDayChanged(bill_day=command.bill_day, from_date=asked)


def _check_pending(asked: date, announced: date) -> None:
    """What was announced for a date comes, unless something else is announced for that very date."""
    if asked != announced:
        raise Refused("change_pending", field="from_date", asked=asked, announced=announced)


def _check_from_date(asked: date, earliest: date, latest: date) -> None:
    if not earliest <= asked <= latest:
        raise Refused("from_date_not_allowed", field="from_date", asked=asked, earliest=earliest, latest=latest)


def set_autopay(command: SetAutopay, account: Account) -> Facts:
    """What the bank is asked for from now on."""
    check_activated(account)
    if (account.autopay, account.autopay_source) != (command.mode, command.source_token):
        yield AutopaySet(mode=command.mode, source_token=command.source_token)
