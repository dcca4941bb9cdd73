"""Repaying: payments by the waterfall, credit paid out, and what follows from owing less."""

from collections.abc import Iterator
from datetime import date

from domain.account import Account
from domain.allocation import allocate
from domain.checks import check_bound, check_same, check_value_date
from domain.closure import close_when_clear
from domain.commands import ReceivePayment, RefundCredit
from domain.delinquency import catch_up
from domain.events import AccountEvent, CreditRefunded, PaymentReceived
from domain.refusals import Refused

Facts = Iterator[AccountEvent]


def receive_payment(command: ReceivePayment, account: Account, today: date) -> Facts:
    """Money that arrived, in every access but pending; a reference seen before in its channel changes nothing."""
    ledger = account.ledger
    known = account.payments.get(f"{command.channel}/{command.payment_ref}")
    if known is not None:
        check_same("payment_ref_reused", "payment_ref", command.payment_ref, known, command.amount_fen)
        return
    if account.access == "pending":
        raise Refused("not_activated", access=account.access)
    check_value_date(command.value_date, today)
    check_bound(command.amount_fen, ledger.credit)
    applied, credited = allocate(command.amount_fen, ledger.buckets, ledger.regime)
    yield PaymentReceived(
        payment_ref=command.payment_ref,
        channel=command.channel,
        amount_fen=command.amount_fen,
        value_date=today,
        applied=applied,
        credited_fen=credited,
        regime=ledger.regime,
    )
    yield from less_owed(account)


def refund_credit(command: RefundCredit, account: Account) -> Facts:
    """Pay out credit, closed accounts included; not under a legal order."""
    known = account.payouts.get(command.refund_id)
    if known is not None:
        check_same("refund_id_reused", "refund_id", command.refund_id, known, command.amount_fen)
        return
    if account.access == "pending":
        raise Refused("not_activated", access=account.access)
    if "legal_order" in account.reasons:
        raise Refused("legal_order", access=account.access)
    if command.amount_fen > account.ledger.credit:
        raise Refused("credit_exceeded", field="amount_fen", asked=command.amount_fen, credit=account.ledger.credit)
    yield CreditRefunded(refund_id=command.refund_id, amount_fen=command.amount_fen, payout_token=command.payout_token)
    yield from close_when_clear(account)


def less_owed(account: Account) -> Facts:
    """Money comes first, then the moves that follow from owing less: cured, paid, closed."""
    yield from catch_up(account)
    yield from close_when_clear(account)
