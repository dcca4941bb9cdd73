"""Not used for long: the customer is told, then the account is frozen, then closed, unless they use it."""

from collections.abc import Iterator
from datetime import date, timedelta

from domain.account import Account
from domain.checks import check_activated
from domain.commands import NoticeInactivity
from domain.events import AccountClosed, AccountEvent, AccountFrozen, InactivityNoticed
from domain.lifecycle import move_access
from domain.refusals import Refused


def end_unused(account: Account, day: date) -> Iterator[AccountEvent]:
    """What follows where `day` ends without an act of the customer in all the months that the terms allow."""
    freeze_on = account.unused_until("freeze")
    if freeze_on is not None and freeze_on <= day:
        access = move_access("freeze_by_system", account.access)
        if access is not None:
            yield AccountFrozen(reason="inactive", reasons_now=(*account.reasons, "inactive"), access=access)
    closure_on = account.unused_until("closure")
    if "inactive" in account.frozen_since and closure_on is not None and closure_on <= day and not account.obstacles():
        access = move_access("force_close", account.access)
        if access is not None:
            yield AccountClosed(kind="inactive", owed_fen=0, access=access)


def notice(command: NoticeInactivity, account: Account, today: date) -> Iterator[AccountEvent]:
    """That the customer was told: once for each date, in the days before it, and never a customer who died."""
    check_activated(account)
    if account.death is not None:
        raise Refused("customer_deceased", date_of_death=account.death.on)
    due_on = account.unused_until(command.step)
    if due_on is None or today > due_on:
        raise Refused("nothing_to_notice", field="step", asked=command.step, access=account.access, due_on=due_on)
    earliest = due_on - timedelta(days=account.ledger.terms.inactive_notice_days)
    if today < earliest:
        raise Refused("notice_too_early", field="step", asked=command.step, earliest=earliest, due_on=due_on)
    if account.noticed.get(command.step) != due_on:
        yield InactivityNoticed(step=command.step, due_on=due_on, channel=command.channel, template=command.template)
