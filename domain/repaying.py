"""Repaying: payments by the waterfall, credit paid out, and what follows from owing less."""

from collections.abc import Iterator
from datetime import date
from typing import get_args

from domain import charges
from domain.account import Account
from domain.allocation import allocate
from domain.checks import check_activated, check_bound, check_value_date
from domain.closure import close_when_clear, less_owed
from domain.commands import ReceivePayment, RefundCredit, ReversePayment
from domain.corrections import correct, renew
from domain.events import AccountEvent, Channel, CreditRefunded, PaymentReceived, PaymentReversed
from domain.money import Amounts
from domain.refusals import Refused

Facts = Iterator[AccountEvent]


def receive_payment(command: ReceivePayment, account: Account, today: date) -> Facts:
    """Money that arrived, in every access but pending; a reference seen before in its channel changes nothing."""
    ledger = account.ledger
    check_activated(account)
    value_date = check_value_date(account, command.value_date, today)
    check_bound(command.amount_fen, ledger.credit)
    if value_date < today:
        yield from renew(account)
    yield from charges.of_payment(ledger)
    applied, credited = allocate(command.amount_fen, ledger.buckets, ledger.regime)
    yield PaymentReceived(
        payment_ref=command.payment_ref,
        channel=command.channel,
        amount_fen=command.amount_fen,
        value_date=value_date,
        applied=applied,
        credited_fen=credited,
        regime=ledger.regime,
    )
    if value_date < today:
        yield from correct(account, value_date)
    yield from less_owed(account)


def reverse_payment(command: ReversePayment, account: Account, today: date) -> Facts:
    """A payment that was returned never counted: it is owed again, and everything since is derived anew."""
    channels = [command.channel] if command.channel else get_args(Channel)
    found = {channel: payment for channel in channels if (payment := account.payment(channel, command.payment_ref))}
    if not found:
        raise Refused("payment_unknown", field="payment_ref", asked=command.payment_ref)
    if len(found) > 1:
        raise Refused("payment_ref_ambiguous", field="channel", asked=command.payment_ref, channels=list(found))
    ((channel, payment),) = found.items()
    if payment.reversed:
        return
    check_value_date(account, payment.on, today)
    yield from renew(account)
    credit_taken = min(payment.amount, account.ledger.credit)
    billed = min(payment.amount - credit_taken, payment.paid_billed)
    unbilled = payment.amount - credit_taken - billed
    restored: Amounts = {"principal_billed": billed, "principal_unbilled": unbilled}
    yield PaymentReversed(
        payment_ref=command.payment_ref,
        channel=channel,
        amount_fen=payment.amount,
        value_date=payment.on,
        reason=command.reason,
        credit_taken_fen=credit_taken,
        restored={bucket: amount for bucket, amount in restored.items() if amount},
        recovered_fen=min(payment.recovered, account.recovered, billed + unbilled),
    )
    yield from correct(account, payment.on)
    yield from less_owed(account)


def refund_credit(command: RefundCredit, account: Account) -> Facts:
    """Pay out credit, closed accounts included; not under a legal order."""
    check_activated(account)
    if "legal_order" in account.frozen_since:
        raise Refused("legal_order", access=account.access)
    if command.amount_fen > account.ledger.credit:
        raise Refused("credit_exceeded", field="amount_fen", asked=command.amount_fen, credit=account.ledger.credit)
    yield CreditRefunded(refund_id=command.refund_id, amount_fen=command.amount_fen, payout_token=command.payout_token)
    yield from close_when_clear(account)
