"""Borrowing as networks do it: limit is held, captured, or bought on at once; and purchases are taken back."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from domain.account import Account
from domain.allocation import split_refund
from domain.checks import WHY_NOT_OPEN, check_bound, check_offered, check_value_date
from domain.closure import close_when_clear, less_owed
from domain.commands import Authorize, Capture, Draw, Purchase, RefundPurchase, ReleaseHold
from domain.corrections import correct, renew
from domain.delinquency import fall_back
from domain.events import (
    AccountEvent,
    HoldPlaced,
    HoldReleased,
    PurchasePosted,
    PurchaseRefunded,
    RiskAlerted,
)
from domain.freezes import FREEZES
from domain.references import Held
from domain.refusals import Refused

Facts = Iterator[AccountEvent]


def authorize(command: Authorize, account: Account, today: date) -> Facts:
    """Reserve limit for a purchase, or the first refusal that stands against it."""
    check_offered(command, account, "pay_later")
    against = against_borrowing(command, account)
    if against is not None:
        raise against
    yield HoldPlaced(
        hold_id=command.hold_id,
        amount_fen=command.amount_fen,
        merchant_id=command.merchant_id,
        expires_on=today + timedelta(days=account.ledger.terms.hold_days),
    )


def purchase(command: Purchase, account: Account) -> Facts:
    """A purchase, or the first refusal that stands against it; what is forced is posted all the same, with an alert."""
    check_offered(command, account, "pay_later")
    against = against_borrowing(command, account)
    if against is not None and (not command.forced or account.access == "pending"):
        raise against
    yield from _post(command, account, command.merchant_id, alert=against is not None)
    yield from close_when_clear(account)


def capture(command: Capture, account: Account) -> Facts:
    """Post what limit was reserved for, or a part of it; what is forced is posted all the same, with an alert."""
    held = account.hold(command.hold_id)
    if held is None:
        raise Refused("hold_unknown", field="hold_id", asked=command.hold_id)
    against = _against_capture(command, account, held)
    if against is not None and not command.forced:
        raise against
    taken = min(command.amount_fen, held.left)
    of_hold = {"hold_id": command.hold_id, "hold_taken_fen": taken}
    yield from _post(command, account, held.merchant_id, alert=against is not None, **of_hold)
    if command.final and held.left > taken:
        yield HoldReleased(hold_id=command.hold_id, amount_fen=held.left - taken, reason="final_capture")
    yield from close_when_clear(account)


def release_hold(command: ReleaseHold, account: Account) -> Facts:
    """Give back what is left of a hold; one that has ended already has nothing left to give."""
    held = account.hold(command.hold_id)
    if held is None:
        raise Refused("hold_unknown", field="hold_id", asked=command.hold_id)
    if held.left:
        yield HoldReleased(hold_id=command.hold_id, amount_fen=held.left, reason=command.reason)
        yield from close_when_clear(account)


def against_borrowing(command: Authorize | Purchase | Draw, account: Account) -> Refused | None:
    """The first refusal that stands against borrowing so much, in the rulebook's order."""
    ledger = account.ledger
    if account.access != "open":
        return Refused(WHY_NOT_OPEN[account.access], access=account.access, reasons=list(account.reasons))
    if account.standing in ("overdue", "charged_off"):
        return Refused("overdue", dpd=ledger.dpd, arrears=ledger.arrears)
    if command.risk_rule is not None:
        return Refused("declined_by_risk", rule=command.risk_rule)
    if command.amount_fen > account.available:
        return Refused("over_limit", field="amount_fen", asked=command.amount_fen, available=account.available)
    return None


def _against_capture(command: Capture, account: Account, held: Held) -> Refused | None:
    """The first refusal that stands against a capture: some freezes stop it, and it must keep to its hold."""
    if account.access == "closed":
        return Refused(WHY_NOT_OPEN[account.access], access=account.access, reasons=list(account.reasons))
    stopped = [reason for reason in account.reasons if not FREEZES[reason].captures]
    if account.death is not None and held.on > account.death.on:
        stopped.append("deceased")
    if stopped:
        return Refused("account_frozen", access=account.access, reasons=stopped)
    if held.ended is not None:
        return Refused("hold_ended", field="hold_id", ended=held.ended, expires_on=held.expires_on)
    highest = held.left + int(account.ledger.terms.capture_over * held.amount)
    if command.amount_fen > highest:
        return Refused(
            "capture_exceeds_hold", field="amount_fen", asked=command.amount_fen, left=held.left, highest=highest
        )
    return None


def _post(command: Purchase | Capture, account: Account, merchant_id: str, *, alert: bool, **of_hold: Any) -> Facts:
    """The purchase becomes debt; somebody is told where something stood against it."""
    ledger, amount = account.ledger, command.amount_fen
    check_bound(amount, ledger.owed)
    # Where principal is paid first, today's payments pay this purchase before they pay unbilled charges.
    after_payments = ledger.regime == "principal_first"
    if after_payments:
        yield from renew(account)
    yield PurchasePosted(
        purchase_id=command.purchase_id,
        amount_fen=amount,
        merchant_id=merchant_id,
        forced=command.forced,
        credit_applied_fen=min(amount, ledger.credit),
        **of_hold,
    )
    if after_payments:
        yield from correct(account, account.business_date)
    if alert:
        yield RiskAlerted(rule="forced_capture", evidence_ref=command.purchase_id)
    if ledger.charged_off_due is not None:
        # Forced on an account whose loss had been recovered: it is owed on the same terms as the loss was.
        yield from fall_back(account)


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
    # Refunds come before the payments of their day: what those paid of the purchase is taken back before its plan is.
    anew = value_date < today or "principal_planned" in ledger.unpaid_of(command.purchase_id)
    if anew:
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
    if anew:
        yield from correct(account, value_date)
    yield from less_owed(account)
