"""Disputes: what a customer denies having to pay is set aside until it is decided, and counts again or never did."""

from collections.abc import Iterator

from domain.account import Account
from domain.checks import check_value_date
from domain.closure import close_when_clear, less_owed
from domain.commands import OpenDispute, ResolveDispute
from domain.corrections import correct, renew
from domain.delinquency import catch_up
from domain.events import AccountEvent, DisputeOpened, DisputeResolved
from domain.refusals import Refused

Facts = Iterator[AccountEvent]


def open_dispute(command: OpenDispute, account: Account) -> Facts:
    """Set aside what is unpaid of the purchase, up to the amount; what is paid already waits for the decision."""
    posted = account.purchase(command.purchase_id)
    if posted is None:
        raise Refused("purchase_unknown", field="purchase_id", asked=command.purchase_id)
    check_value_date(account, posted.on, account.business_date, field="purchase_id")
    open_ones = sum(each.open for each in account.disputes.values() if each.purchase_id == command.purchase_id)
    disputable = posted.left - open_ones
    if command.amount_fen > disputable:
        raise Refused("dispute_exceeds_purchase", field="amount_fen", asked=command.amount_fen, disputable=disputable)
    yield DisputeOpened(
        dispute_id=command.dispute_id,
        purchase_id=command.purchase_id,
        amount_fen=command.amount_fen,
        set_aside=account.ledger.disputable(command.purchase_id, command.amount_fen),
        reason=command.reason,
    )
    yield from catch_up(account)


def resolve_dispute(command: ResolveDispute, account: Account) -> Facts:
    """Rejected, it is owed again from today; upheld, everything since the purchase is derived without it."""
    dispute = account.dispute(command.dispute_id)
    if dispute is None:
        raise Refused("dispute_unknown", field="dispute_id", asked=command.dispute_id)
    if dispute.outcome == command.outcome:
        return
    if dispute.outcome is not None:
        raise Refused("dispute_resolved", field="dispute_id", outcome=dispute.outcome)
    if command.outcome == "upheld":
        yield from renew(account)
    ledger = account.ledger
    set_aside = ledger.disputes[command.dispute_id].amount
    credit_applied = min(set_aside, ledger.credit) if command.outcome == "rejected" else 0
    yield DisputeResolved(
        dispute_id=command.dispute_id,
        purchase_id=dispute.purchase_id,
        outcome=command.outcome,
        amount_fen=dispute.open,
        set_aside_fen=set_aside,
        credit_applied_fen=credit_applied,
    )
    if command.outcome == "upheld":
        yield from correct(account, account.purchases[dispute.purchase_id].on, dispute.open - set_aside)
        yield from less_owed(account)
    elif credit_applied:
        yield from less_owed(account)
    else:
        # Owing it again settles nothing, but what waited only for the decision may close.
        yield from close_when_clear(account)
