"""May it borrow: granting and changing the limit, freezing and lifting, leaving and being closed."""

from collections.abc import Iterator

from domain.account import Account
from domain.calendar import business_date
from domain.checks import WHY_NOT_OPEN, published
from domain.closure import close_when_clear, obstacles
from domain.commands import Activate, ChangeLimit, Decline, ForceClose, Freeze, Open, Unfreeze
from domain.delinquency import CHARGED_OFF, OVERDUE_LONG, SYSTEM_REASONS, lifted
from domain.events import (
    AccountActivated,
    AccountClosed,
    AccountEvent,
    AccountFrozen,
    AccountOpened,
    ClosureRequested,
    ClosureWithdrawn,
    LimitChanged,
)
from domain.lifecycle import move_access
from domain.refusals import Refused
from domain.terms import Catalogue, Terms

Facts = Iterator[AccountEvent]


def open_account(command: Open, account: Account | None, catalogue: Catalogue) -> AccountOpened:
    """Accept an application under published terms; the account is pending and has no limit."""
    terms = published(catalogue, command.terms_version)
    if account is not None:
        raise Refused("already_opened", field="account_id", asked=str(command.account_id))
    return AccountOpened(
        product=command.product,
        customer_id=command.customer_id,
        zone=command.zone,
        bill_day=command.bill_day or terms.bill_day,
        terms=terms,
        funding_ref=command.funding_ref,
        business_date=business_date(command.at, command.zone),
        currency=terms.currency,
    )


def decline(command: Decline, account: Account) -> Facts:
    """End an application that never got a limit."""
    access = move_access("decline", account.access)
    if access is None:
        if account.close_kind != command.kind:
            raise Refused("no_such_move", access=account.access, close_kind=account.close_kind)
        return
    yield AccountClosed(kind=command.kind, owed_fen=0, reason=command.reason, access=access)


def activate(command: Activate, account: Account) -> Facts:
    """Grant the limit, within the bounds of the terms; granting the same limit again changes nothing."""
    _check_limit(command.limit_fen, account.ledger.terms)
    access = move_access("activate", account.access)
    if access is None:
        if account.limit != command.limit_fen:
            raise Refused("no_such_move", access=account.access, limit=account.limit, asked=command.limit_fen)
        return
    yield AccountActivated(limit_fen=command.limit_fen, access=access)


def change_limit(command: ChangeLimit, account: Account) -> Facts:
    """Set another limit; below what is owed it only stops further borrowing."""
    if account.access not in ("open", "frozen"):
        raise Refused(WHY_NOT_OPEN[account.access], access=account.access)
    _check_limit(command.limit_fen, account.ledger.terms)
    if account.limit != command.limit_fen:
        yield LimitChanged(limit_fen=command.limit_fen, reason=command.reason)


def _check_limit(asked: int, terms: Terms) -> None:
    if not terms.limit_min <= asked <= terms.limit_max:
        raise Refused(
            "limit_out_of_range", field="limit_fen", asked=asked, lowest=terms.limit_min, highest=terms.limit_max
        )


def request_closure(account: Account) -> Facts:
    """Close at the customer's wish, or wait until nothing stands in the way; a legal order forbids both."""
    if "legal_order" in account.reasons and account.access == "frozen":
        raise Refused("legal_order", access=account.access)
    in_the_way = obstacles(account)
    access = move_access("request_closure_blocked" if in_the_way else "request_closure", account.access)
    if access == "closing":
        yield ClosureRequested(obstacles=in_the_way, access=access)
        yield from close_when_clear(account)
    elif access == "closed":
        yield AccountClosed(kind="voluntary", owed_fen=0, access=access)


def withdraw_closure(account: Account) -> Facts:
    """Stay after all, with the limit from before the request."""
    access = move_access("withdraw_closure_frozen" if account.reasons else "withdraw_closure", account.access)
    if access is not None:
        yield ClosureWithdrawn(limit_fen=account.limit_before_closing, access=access)


def force_close(command: ForceClose, account: Account) -> Facts:
    """Close at once, debt or not; the debt stays owed, billed and reported."""
    access = move_access("force_close", account.access)
    if access is None:
        if account.close_kind != "forced":
            raise Refused("no_such_move", access=account.access, close_kind=account.close_kind)
        return
    yield AccountClosed(kind="forced", owed_fen=account.ledger.owed, reason=command.reason, access=access)


def freeze(command: Freeze, account: Account) -> Facts:
    """Stop borrowing for a reason that a person gives; the long-overdue freeze is the calendar's alone."""
    if command.reason in SYSTEM_REASONS:
        raise Refused("field_invalid", field="reason", asked=command.reason, set_by="the calendar alone")
    access = move_access("freeze_again" if command.reason in account.reasons else "freeze", account.access)
    if access is not None:
        yield AccountFrozen(
            reason=command.reason,
            reasons_now=(*account.reasons, command.reason),
            reference=command.reference,
            access=access,
        )


def unfreeze(command: Unfreeze, account: Account) -> Facts:
    """Lift a reason; one that the calendar set is lifted by paying the arrears."""
    if command.reason not in account.reasons:
        move_access("lift_absent", account.access)
    if command.reason == CHARGED_OFF:
        raise Refused("charged_off", field="reason", owed=account.ledger.owed)
    if command.reason == OVERDUE_LONG:
        raise Refused("overdue", field="reason", dpd=account.ledger.dpd, arrears=account.ledger.arrears)
    yield lifted(account, command.reason, command.reference)
    yield from close_when_clear(account)
