"""Borrowing and taking back: purchases and their refunds."""

from collections.abc import Iterator
from datetime import date

from domain.account import Account
from domain.allocation import allocate
from domain.checks import WHY_NOT_OPEN, check_bound, check_same, check_value_date
from domain.closure import close_when_clear
from domain.commands import Purchase, RefundPurchase
from domain.events import AccountEvent, PurchasePosted, PurchaseRefunded
from domain.refusals import Refused
from domain.repaying import less_owed

Facts = Iterator[AccountEvent]


def purchase(command: Purchase, account: Account) -> Facts:
    """A purchase, or the first refusal that stands against it; a forced one is only asked whether it can be."""
    ledger = account.ledger
    known = account.purchases.get(command.purchase_id)
    if known is not None:
        check_same("purchase_id_reused", "purchase_id", command.purchase_id, known.amount, command.amount_fen)
        return
    if account.access == "pending" or (account.access != "open" and not command.forced):
        raise Refused(WHY_NOT_OPEN[account.access], access=account.access, reasons=list(account.reasons))
    if not command.forced:
        if account.standing == "overdue":
            raise Refused("overdue", dpd=ledger.dpd, arrears=ledger.arrears)
        if command.amount_fen > account.available:
            raise Refused("over_limit", field="amount_fen", asked=command.amount_fen, available=account.available)
    check_bound(command.amount_fen, ledger.owed)
    yield PurchasePosted(
        purchase_id=command.purchase_id,
        amount_fen=command.amount_fen,
        merchant_id=command.merchant_id,
        forced=command.forced,
        credit_applied_fen=min(command.amount_fen, ledger.credit),
    )
    yield from close_when_clear(account)


def refund_purchase(command: RefundPurchase, account: Account, today: date) -> Facts:
    """Take back what is left of the purchase first, then pay like money, then credit; charges stay."""
    ledger = account.ledger
    known = account.refunds.get(command.refund_id)
    if known is not None:
        check_same("refund_id_reused", "refund_id", command.refund_id, known, (command.purchase_id, command.amount_fen))
        return
    posted = account.purchases.get(command.purchase_id)
    if posted is None:
        raise Refused("purchase_unknown", field="purchase_id", asked=command.purchase_id)
    refundable = posted.amount - posted.refunded
    if command.amount_fen > refundable:
        raise Refused("refund_exceeds_purchase", field="amount_fen", asked=command.amount_fen, refundable=refundable)
    check_value_date(command.value_date, today)
    own = ledger.slices.get(command.purchase_id)
    of_purchase = min(command.amount_fen, own.unpaid) if own else 0
    left = dict(ledger.buckets)
    if own and of_purchase:
        left[own.bucket] -= of_purchase
    applied, credited = allocate(command.amount_fen - of_purchase, left, ledger.regime)
    if own and of_purchase:
        applied[own.bucket] = applied.get(own.bucket, 0) + of_purchase
    yield PurchaseRefunded(
        purchase_id=command.purchase_id,
        refund_id=command.refund_id,
        amount_fen=command.amount_fen,
        value_date=today,
        applied=applied,
        credited_fen=credited,
        of_purchase_fen=of_purchase,
    )
    yield from less_owed(account)
