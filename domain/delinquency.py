"""Falling behind and catching up: the due test, the late fee, the long-overdue freeze, the cure, the settlement."""

from collections.abc import Iterator
from datetime import date

from domain.account import Account
from domain.events import (
    AccountCured,
    AccountEvent,
    AccountFrozen,
    AccountOverdue,
    AccountPaid,
    AccountUnfrozen,
    FreezeReason,
    LateFeePosted,
)
from domain.ledger import Layer, Ledger
from domain.lifecycle import move_access, move_standing
from domain.money import half_up

OVERDUE_LONG: FreezeReason = "overdue_long"
# Reasons that only the calendar sets.
SYSTEM_REASONS: frozenset[FreezeReason] = frozenset({OVERDUE_LONG, "inactive"})


def due_test(account: Account, day: date) -> Iterator[AccountEvent]:
    """The minimum whose test falls on `day`, if it was missed: its late fee, then `account.overdue`."""
    ledger = account.ledger
    for layer in ledger.missed():
        if ledger.test_date(layer.due_date) == day:
            base = min(layer.amount, layer.principal, ledger.buckets["principal_billed"])
            fee = late_fee(ledger, base)
            if fee:
                yield LateFeePosted(statement_no=layer.statement_no, base_fen=base, amount_fen=fee)
            yield _overdue(account, layer)
            return


def late_fee(ledger: Ledger, base: int) -> int:
    """The fee for a missed minimum whose principal part is `base`: a share of it, at least the floor, at most `base`."""
    terms = ledger.terms
    return min(base, max(terms.late_fee_floor, half_up(terms.late_fee_rate, base)))


def _overdue(account: Account, layer: Layer) -> AccountOverdue:
    return AccountOverdue(
        statement_no=layer.statement_no,
        due_date=layer.due_date,
        missed_fen=layer.amount,
        dpd=account.ledger.dpd,
        standing=move_standing("miss", account.standing) or account.standing,
    )


def long_overdue_freeze(account: Account) -> Iterator[AccountEvent]:
    """The system's freeze once the days past due reach the terms' bound."""
    if account.ledger.dpd < account.ledger.terms.overdue_long_dpd or OVERDUE_LONG in account.reasons:
        return
    access = move_access("freeze_by_system", account.access)
    if access is not None:
        yield AccountFrozen(reason=OVERDUE_LONG, reasons_now=(*account.reasons, OVERDUE_LONG), access=access)


def catch_up(account: Account) -> Iterator[AccountEvent]:
    """What follows when less is owed: the cure, the end of the long-overdue freeze, the settled statement."""
    ledger = account.ledger
    if account.standing == "overdue" and next(ledger.missed(), None) is None:
        standing = move_standing("cure", account.standing)
        if standing is not None:
            yield AccountCured(standing=standing)
        if OVERDUE_LONG in account.reasons:
            yield lifted(account, OVERDUE_LONG, None)
    if account.standing == "billed" and not ledger.billed and not ledger.buckets["principal_disputed"]:
        standing = move_standing("settle", account.standing)
        if standing is not None:
            yield AccountPaid(statement_no=ledger.statement_no, standing=standing)


def lifted(account: Account, reason: FreezeReason, reference: str | None) -> AccountUnfrozen:
    """One freeze reason less; the account is open again only when it was the last."""
    remaining = tuple(each for each in account.reasons if each != reason)
    access = move_access("lift" if remaining else "lift_last", account.access)
    return AccountUnfrozen(reason=reason, reasons_now=remaining, reference=reference, access=access or account.access)
