"""Borrowing and taking back: purchases and their refunds."""

from collections.abc import Iterator
from datetime import date

from domain.account import Account
from domain.allocation import split_refund
from domain.checks import WHY_NOT_OPEN, check_bound, check_value_date
from domain.closure import close_when_clear, less_owed
from domain.commands import Purchase, RefundPurchase
from domain.corrections import correct, renew
from domain.delinquency import fall_back
from domain.events import AccountEvent, PurchasePosted, PurchaseRefunded
from domain.refusals import Refused

Facts = Iterator[AccountEvent]


def purchase(command: Purchase, account: Account) -> Facts:
    """A purchase, or the first refusal that stands against it; a forced one is only asked whether it can be."""
    ledger = account.ledger
    if account.access == "pending" or (account.access != "open" and not command.forced):
        raise Refused(WHY_NOT_OPEN[account.access], access=account.access, reasons=list(account.reasons))
    if not command.forced:
        if account.standing in ("overdue", "charged_off"):
            raise Refused("overdue", dpd=ledger.dpd, arrears=ledger.arrears)
        if command.amount_fen > account.available:
            raise Refused("over_limit", field="amount_fen", asked=command.amount_fen, available=account.available)
    check_bound(command.amount_fen, ledger.owed)
    # Where principal is paid first, today's payments pay this purchase before they pay unbilled charges.
    after_payments = ledger.regime == "principal_first"
    if after_payments:
        yield from renew(account)
    yield PurchasePosted(
        purchase_id=command.purchase_id,
        amount_fen=command.amount_fen,
        merchant_id=command.merchant_id,
        forced=command.forced,
        credit_applied_fen=min(command.amount_fen, ledger.credit),
    )
    if after_payments:
        yield from correct(account, account.business_date)
    if ledger.charged_off_due is not None:
        # Forced on an account whose loss had been recovered: it is owed on the same terms as the loss was.
        yield from fall_back(account)
    yield from close_when_clear(account)


def refund_purchase(command: RefundPurchase, account: Account, today: date) -> Facts:
    """Take back what is left of the purchase first, then pay like money, then credit; charges stay."""
    ledger = account.ledger
    posted = account.purchase(command.purchase_id)
    if posted is None:
        raise Refused("purchase_unknown", field="purchase_id", asked=command.purchase_id)
    refundable = posted.left
    if command.amount_fen > refundable:
        raise Refused("refund_exceeds_purchase", field="amount_fen", asked=command.amount_fen, refundable=refundable)
    backdated = command.value_date if command.reason == "our_error" else None
    if command.value_date is not None and command.value_date != (backdated or today):
        raise Refused(
            "value_date_not_allowed", field="value_date", asked=command.value_date, earliest=today, latest=today
        )
    value_date = check_value_date(account, backdated, today, not_before=posted.on)
    if value_date < today:
        yield from renew(account)
    of_purchase, applied, credited = split_refund(
        command.amount_fen, ledger.unpaid_of(command.purchase_id), ledger.buckets, ledger.regime
    )
    yield PurchaseRefunded(
        purchase_id=command.purchase_id,
        refund_id=command.refund_id,
        amount_fen=command.amount_fen,
        value_date=value_date,
        applied=applied,
        credited_fen=credited,
        of_purchase_fen=of_purchase,
    )
    if value_date < today:
        yield from correct(account, value_date)
    yield from less_owed(account)
