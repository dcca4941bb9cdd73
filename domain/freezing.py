"""Freezing and lifting: a person sets a reason that is theirs to set, records a death, or lifts a reason again."""

from collections.abc import Iterator
from datetime import date

from domain.account import Account
from domain.checks import check_activated, check_value_date
from domain.closure import close_when_clear, less_owed
from domain.commands import Actor, Freeze, RecordDeath, Role, Unfreeze
from domain.corrections import correct, renew
from domain.delinquency import lifted
from domain.events import AccountEvent, AccountFrozen, DeathRecorded, FreezeReason, PlanPart
from domain.freezes import FREEZES
from domain.lifecycle import move_access
from domain.refusals import Refused

Facts = Iterator[AccountEvent]
# Reasons that are not set for themselves, by the command that brings them.
_SET_BY: dict[FreezeReason, str] = {"deceased": "record_death", "restructured": "restructure"}


def freeze(command: Freeze, account: Account) -> Facts:
    """Stop borrowing for a reason that a person gives."""
    allowed = FREEZES[command.reason].set_by
    if not allowed:
        set_by = _SET_BY.get(command.reason, "the calendar alone")
        raise Refused("field_invalid", field="reason", asked=command.reason, set_by=set_by)
    _check_role(command.actor, allowed, command.reason)
    access = move_access("freeze_again" if command.reason in account.frozen_since else "freeze", account.access)
    if access is not None:
        yield AccountFrozen(
            reason=command.reason,
            reasons_now=(*account.reasons, command.reason),
            reference=command.reference,
            access=access,
        )


def unfreeze(command: Unfreeze, account: Account, today: date) -> Facts:
    """Lift a reason; one that comes of the debt goes with it alone."""
    reason = command.reason
    if reason not in account.frozen_since:
        move_access("lift_absent", account.access)
    if reason == "charged_off":
        raise Refused("charged_off", field="reason", owed=account.ledger.owed)
    if reason == "restructured":
        raise Refused("restructured", field="reason", owed=account.ledger.owed)
    if reason == "overdue_long":
        raise Refused("overdue", field="reason", dpd=account.ledger.dpd, arrears=account.ledger.arrears)
    _check_role(command.actor, FREEZES[reason].lifted_by, reason)
    if reason == "legal_order" and command.reference is None:
        raise Refused("field_invalid", field="reference", why="a legal order is lifted with its reference")
    death = account.death
    mistaken = reason == "deceased" and death is not None and death.on < today
    if mistaken:
        yield from renew(account)
    yield lifted(account, reason, command.reference)
    if mistaken and death is not None:
        yield from correct(account, death.on, -sum(amount for _, amount in death.dropped))
        yield from less_owed(account)
    yield from close_when_clear(account)


def record_death(command: RecordDeath, account: Account, today: date) -> Facts:
    """The customer died: charges stop from that day on, what was bought after it never counted, the line is frozen."""
    check_activated(account)
    if account.death is not None:
        if account.death.on == command.date_of_death:
            return
        raise Refused("death_recorded", field="date_of_death", asked=command.date_of_death, known=account.death.on)
    died_on = check_value_date(account, command.date_of_death, today, field="date_of_death")
    if died_on < today:
        yield from renew(account)
    dropped = tuple(_bought_after(account, died_on))
    yield DeathRecorded(date_of_death=died_on, dropped=dropped)
    if died_on < today:
        yield from correct(account, died_on, sum(each.amount_fen for each in dropped))
    access = move_access("freeze", account.access)
    if access is not None:
        yield AccountFrozen(reason="deceased", reasons_now=(*account.reasons, "deceased"), access=access)
    if died_on < today:
        yield from less_owed(account)


def _bought_after(account: Account, died_on: date) -> Iterator[PlanPart]:
    """What is left of every purchase that was authorised after that day; what is disputed is decided by itself."""
    for purchase_id, posted in account.purchases.items():
        held = account.hold(posted.hold_id) if posted.hold_id else None
        authorised_on = held.on if held is not None else posted.on
        disputed = sum(each.open for each in account.disputes.values() if each.purchase_id == purchase_id)
        if authorised_on > died_on and posted.left > disputed:
            yield PlanPart(purchase_id=purchase_id, amount_fen=posted.left - disputed)


def _check_role(actor: Actor, allowed: tuple[Role, ...], reason: FreezeReason) -> None:
    if actor.role not in allowed:
        raise Refused("role_not_allowed", field="actor", role=actor.role, allowed=list(allowed), freeze=reason)
