"""Leaving: at the customer's wish, as soon as nothing stands in the way, or by force, debt or not."""

from collections.abc import Iterator

from domain import charges
from domain.account import Account
from domain.commands import ForceClose
from domain.delinquency import catch_up
from domain.events import AccountClosed, AccountEvent, ClosureRequested, ClosureWithdrawn
from domain.holds import release_all
from domain.lifecycle import move_access
from domain.refusals import Refused

Facts = Iterator[AccountEvent]
# Closures that were not the customer's: an appeal may undo them.
BY_THE_LENDER = ("forced", "inactive")


def request_closure(account: Account) -> Facts:
    """Close at the customer's wish, or wait until nothing stands in the way; a legal order forbids both."""
    if "legal_order" in account.frozen_since and account.access == "frozen":
        raise Refused("legal_order", access=account.access)
    in_the_way = account.obstacles()
    access = move_access("request_closure_blocked" if in_the_way else "request_closure", account.access)
    if access == "closing":
        yield ClosureRequested(obstacles=in_the_way, access=access)
        yield from close_when_clear(account)
    elif access == "closed":
        yield AccountClosed(kind="voluntary", owed_fen=0, access=access)


def withdraw_closure(account: Account) -> Facts:
    """Stay after all, with the limit from before the request."""
    access = move_access("withdraw_closure_frozen" if account.frozen_since else "withdraw_closure", account.access)
    if access is not None:
        yield ClosureWithdrawn(limit_fen=account.limit_before_closing, access=access)


def force_close(command: ForceClose, account: Account) -> Facts:
    """Close at once, debt or not; the debt stays owed, billed and reported."""
    access = move_access("force_close", account.access)
    if access is None:
        if account.close_kind not in BY_THE_LENDER:
            raise Refused("no_such_move", access=account.access, close_kind=account.close_kind)
        return
    yield from release_all(account)
    yield AccountClosed(kind="forced", owed_fen=account.ledger.owed, reason=command.reason, access=access)


def close_when_clear(account: Account) -> Facts:
    """A closing account: its last interest is posted and capped as soon as no principal is left; then it closes."""
    if account.access != "closing":
        return
    if not account.ledger.principal and account.standing != "charged_off":
        yield from charges.run_up(account.ledger)
        yield from catch_up(account)
    if not account.obstacles():
        access = move_access("obstacles_gone", account.access)
        if access is not None:
            yield AccountClosed(kind="voluntary", owed_fen=0, access=access)


def less_owed(account: Account) -> Facts:
    """Money comes first, then the moves that follow from owing less: cured, paid, closed."""
    yield from catch_up(account)
    yield from close_when_clear(account)
