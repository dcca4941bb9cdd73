"""Leaving: what stands in the way of a closure that the customer wants, and how it ends by itself."""

from collections.abc import Iterator

from domain import charges
from domain.account import Account
from domain.delinquency import catch_up
from domain.events import AccountClosed, AccountEvent, Obstacle
from domain.lifecycle import move_access


def obstacles(account: Account) -> tuple[Obstacle, ...]:
    """Everything that stands in the way, each with its amount; empty when the account may close."""
    ledger = account.ledger
    found = []
    if ledger.owed:
        found.append(Obstacle(kind="owed", amount_fen=ledger.owed))
    if ledger.accrued > 0:
        found.append(Obstacle(kind="accrued", amount_fen=ledger.accrued))
    # Charges above the cap are given back at the latest on the next bill day, so they are the customer's already.
    if ledger.credit or ledger.over_cap:
        found.append(Obstacle(kind="credit", amount_fen=ledger.credit + ledger.over_cap))
    disputed = sum(each.open for each in account.disputes.values())
    if disputed:
        found.append(Obstacle(kind="dispute", amount_fen=disputed))
    if "legal_order" in account.reasons:
        found.append(Obstacle(kind="legal_order", amount_fen=0))
    return tuple(found)


def close_when_clear(account: Account) -> Iterator[AccountEvent]:
    """A closing account: its last interest is posted and capped as soon as no principal is left; then it closes."""
    if account.access != "closing":
        return
    if not account.ledger.principal and account.standing != "charged_off":
        yield from charges.run_up(account.ledger)
        yield from catch_up(account)
    if not obstacles(account):
        access = move_access("obstacles_gone", account.access)
        if access is not None:
            yield AccountClosed(kind="voluntary", owed_fen=0, access=access)


def less_owed(account: Account) -> Iterator[AccountEvent]:
    """Money comes first, then the moves that follow from owing less: cured, paid, closed."""
    yield from catch_up(account)
    yield from close_when_clear(account)
