"""Falling behind and catching up: the due test, the late fee, the long-overdue freeze, the cure, the settlement."""

from collections.abc import Iterator
from datetime import date
from typing import Literal

from domain import charges
from domain.account import Account
from domain.events import (
    AccountChargedOff,
    AccountClosed,
    AccountCured,
    AccountEvent,
    AccountFrozen,
    AccountOverdue,
    AccountPaid,
    AccountRecovered,
    AccountStandingChanged,
    AccountUnfrozen,
    FreezeReason,
    PlanBroken,
    Standing,
)
from domain.holds import release_all
from domain.lifecycle import move_access, move_standing
from domain.money import BILLED_BUCKETS, PLANNED_BUCKETS, UNBILLED_BUCKETS, Amounts
from domain.plans import due_next, left_of

OVERDUE_LONG: FreezeReason = "overdue_long"
CHARGED_OFF: FreezeReason = "charged_off"
RESTRUCTURED: FreezeReason = "restructured"


def due_test(account: Account, day: date) -> Iterator[AccountEvent]:
    """The minimum whose test falls on `day`, if it was missed: its late fee, then `account.overdue`."""
    ledger = account.ledger
    missed = charges.missed_today(ledger, day)
    if missed is not None:
        yield from charges.late_fee(ledger, missed)
        yield AccountOverdue(
            statement_no=missed.statement_no,
            due_date=missed.due_date,
            missed_fen=missed.amount,
            dpd=ledger.dpd,
            standing=move_standing("miss", account.standing) or account.standing,
        )


def long_overdue_freeze(account: Account) -> Iterator[AccountEvent]:
    """The system's freeze once the days past due reach the terms' bound."""
    if account.ledger.dpd < account.ledger.terms.overdue_long_dpd or OVERDUE_LONG in account.frozen_since:
        return
    access = move_access("freeze_by_system", account.access)
    if access is not None:
        yield AccountFrozen(reason=OVERDUE_LONG, reasons_now=(*account.reasons, OVERDUE_LONG), access=access)


def charge_off(account: Account) -> Iterator[AccountEvent]:
    """The loss that the days past due make, on the day they reach the terms' bound."""
    ledger = account.ledger
    spared = ledger.oldest_due == account.spared_due
    if ledger.dpd >= ledger.terms.charge_off_dpd and account.standing == "overdue" and not spared:
        standing = move_standing("write_off_by_dpd", account.standing)
        if standing is not None:
            yield from charges.run_up(ledger)
            yield from booked(account, "days_past_due", standing)


def break_plan(account: Account, day: date) -> Iterator[AccountEvent]:
    """A restructured plan of which an instalment was missed: all of it is due, as long as if there had been no plan."""
    ledger = account.ledger
    missed = charges.missed_today(ledger, day) if ledger.agreement is not None else None
    if missed is None or ledger.agreement is None:
        return
    plan = ledger.plans.get(ledger.agreement.plan_id)
    left: Amounts = left_of(plan) if plan is not None else {}
    yield PlanBroken(
        plan_id=ledger.agreement.plan_id,
        statement_no=missed.statement_no,
        original_due_date=ledger.agreement.original_due_date,
        principal_fen=left.get("principal_planned", 0),
        interest_fen=left.get("interest_planned", 0),
        fees_fen=left.get("fees_planned", 0),
    )
    oldest = next(ledger.missed())
    yield AccountOverdue(
        statement_no=oldest.statement_no,
        due_date=oldest.due_date,
        missed_fen=oldest.amount,
        dpd=ledger.dpd,
        standing=move_standing("miss", account.standing) or account.standing,
    )


def freeze_restructured(account: Account) -> Iterator[AccountEvent]:
    """The freeze that comes with an agreement; one that was broken before may have left it."""
    if RESTRUCTURED in account.frozen_since:
        return
    access = move_access("freeze_by_system", account.access)
    if access is not None:
        yield AccountFrozen(reason=RESTRUCTURED, reasons_now=(*account.reasons, RESTRUCTURED), access=access)


def booked(
    account: Account, reason: Literal["days_past_due", "fraud", "death", "insolvency"], standing: Standing
) -> Iterator[AccountEvent]:
    """All of it is a loss, still owed, and the account is frozen; what had run up was posted before."""
    before, lost = account.ledger, account.ledger.fork()
    lost.charge_off(lost.oldest_due)
    not_billed = (*UNBILLED_BUCKETS, *PLANNED_BUCKETS)
    yield AccountChargedOff(
        amounts={bucket: lost.buckets[bucket] for bucket in BILLED_BUCKETS if lost.buckets[bucket]},
        fell_due={bucket: before.buckets[bucket] for bucket in not_billed if before.buckets[bucket]},
        credit_applied_fen=before.credit - lost.credit,
        reason=reason,
        standing=standing,
    )
    access = move_access("freeze_by_system", account.access)
    if access is not None:
        yield AccountFrozen(reason=CHARGED_OFF, reasons_now=(*account.reasons, CHARGED_OFF), access=access)


def catch_up(account: Account) -> Iterator[AccountEvent]:
    """What follows when less is owed: the cure, the end of the long-overdue freeze, the settled statement."""
    ledger = account.ledger
    if account.standing == "charged_off" and not ledger.owed:
        yield from _recovered(account)
        return
    if account.standing == "overdue" and next(ledger.missed(), None) is None:
        standing = move_standing("cure", account.standing)
        if standing is not None:
            yield AccountCured(standing=standing)
        if OVERDUE_LONG in account.frozen_since:
            yield lifted(account, OVERDUE_LONG, None)
    agreed = ledger.plans.get(ledger.agreement.plan_id) if ledger.agreement is not None else None
    # An agreement waits for its first statement, though nothing is billed.
    waits = agreed is not None and due_next(agreed).number == 1
    if account.standing == "billed" and not ledger.billed and not ledger.disputed and not waits:
        standing = move_standing("settle", account.standing)
        if standing is not None:
            yield AccountPaid(statement_no=ledger.statement_no, standing=standing)
    if RESTRUCTURED in account.frozen_since and not ledger.billed and agreed is None:
        yield lifted(account, RESTRUCTURED, None)


def _recovered(account: Account) -> Iterator[AccountEvent]:
    standing = move_standing("recover", account.standing)
    if standing is not None:
        yield AccountRecovered(standing=standing)
    access = move_access("recover", account.access)
    if access is not None:
        yield from release_all(account)
        yield AccountClosed(kind="recovered", owed_fen=0, access=access)


def fall_back(account: Account) -> Iterator[AccountEvent]:
    """What follows when a correction finds more owed, or owed longer, than was thought: standing moves back."""
    ledger = account.ledger
    if ledger.charged_off_due is not None:
        if ledger.owed:
            standing = move_standing("reopen_charged_off", account.standing)
            if standing is not None:
                yield AccountStandingChanged(move="reopen", standing=standing)
        return
    if ledger.agreement is not None and ledger.agreement.plan_id in ledger.plans:
        yield from freeze_restructured(account)  # it turns out not to be paid
    trigger = "reopen_overdue" if next(ledger.missed(), None) is not None else "reopen"
    if trigger == "reopen_overdue" or ledger.billed:
        standing = move_standing(trigger, account.standing)
        if standing is not None:
            yield AccountStandingChanged(move="reopen", standing=standing)


def lifted(account: Account, reason: FreezeReason, reference: str | None) -> AccountUnfrozen:
    """One freeze reason less; the account is open again only when it was the last."""
    remaining = tuple(each for each in account.frozen_since if each != reason)
    access = move_access("lift" if remaining else "lift_last", account.access)
    return AccountUnfrozen(reason=reason, reasons_now=remaining, reference=reference, access=access or account.access)
