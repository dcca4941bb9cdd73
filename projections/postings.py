"""The postings of an event: what it moves, as debits and credits of the chart of accounts that are equal.

Every event carries enough to be posted alone. The receivables follow from what it says that it moved, never from what
it says is owed after it: so they are a second reckoning of the balances.

Charged-off debt stays owed, so it stays in its receivable; a contra account writes it down to nothing. What is disputed
of it waits for its decision and is no loss meanwhile. From then on a payment of it is a recovery, and whatever else
changes what is owed of it (a correction, a refund, a dispute, a purchase posted by force) changes the loss.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple, assert_never

from domain.events import (
    AccountActivated,
    AccountBilled,
    AccountChargedOff,
    AccountClosed,
    AccountCured,
    AccountEvent,
    AccountFrozen,
    AccountMigrated,
    AccountOpened,
    AccountOverdue,
    AccountPaid,
    AccountRecovered,
    AccountReinstated,
    AccountStandingChanged,
    AccountUnfrozen,
    AppealDecided,
    AppealLodged,
    AutopaySet,
    BalancesCorrected,
    BillDayChanged,
    CashDrawn,
    Channel,
    ClosureRequested,
    ClosureWithdrawn,
    CreditRefunded,
    DeathRecorded,
    DebtWaived,
    DisputeOpened,
    DisputeResolved,
    HoldPlaced,
    HoldReleased,
    InactivityNoticed,
    InstalmentPosted,
    InterestPosted,
    LateFeePosted,
    LimitChanged,
    MoneyEvent,
    PaymentReceived,
    PaymentReversed,
    PlanBroken,
    PlanCreated,
    PlanFeePosted,
    PlanPrepaid,
    PlanSettledEarly,
    PurchasePosted,
    PurchaseRefunded,
    ReportCorrected,
    ReportDisputed,
    Restated,
    RiskAlerted,
    RulesChanged,
    TermsChanged,
    WriteOffUndone,
)
from domain.money import OWED_BUCKETS, Bucket
from projections.chart import LedgerAccount

_CASH: dict[Channel, LedgerAccount] = {
    "transfer": "cash_transfer",
    "auto_debit": "cash_auto_debit",
    "counter": "cash_counter",
    "adjustment": "cash_adjustment",
}
# The bucket that an amount is in once it is billed.
_BILLED: dict[LedgerAccount, LedgerAccount] = {
    "principal_unbilled": "principal_billed",
    "principal_planned": "principal_billed",
    "interest_unbilled": "interest_billed",
    "interest_planned": "interest_billed",
    "fees_unbilled": "fees_billed",
    "fees_planned": "fees_billed",
}
_BILLED_OF: dict[str, LedgerAccount] = {
    "principal": "principal_billed",
    "interest": "interest_billed",
    "fees": "fees_billed",
}
# What a charge-off writes down, and what moves with it afterwards.
_LOST: frozenset[LedgerAccount] = frozenset({*_BILLED, *_BILLED.values()})


class Posting(NamedTuple):
    """One line: so many minor units on the debit side of an account; a credit is negative. Never 0."""

    account: LedgerAccount
    fen: int


def postings(event: AccountEvent) -> tuple[Posting, ...]:
    """The lines of `event`, which sum to 0; none where it moves no money."""
    if not isinstance(event, MoneyEvent):
        return ()
    lines = [Posting(account, fen) for account, fen in _lines(event) if fen]
    if _is_of_a_loss(event):
        lines += _of_a_loss(event, sum(line.fen for line in lines if line.account in _LOST))
    return tuple(lines)


Lines = Iterator[tuple[LedgerAccount, int]]


def _lines(event: AccountEvent) -> Lines:  # noqa: C901, PLR0912, PLR0915 - one case an event
    match event:
        case PurchasePosted():
            yield "merchant_payable", -event.amount_fen
            yield from _owed_or_paid_by_credit("principal_unbilled", event.amount_fen, event.credit_applied_fen)
        case PaymentReceived():
            yield _CASH[event.channel], event.amount_fen
            yield from _fall(event.applied)
            yield "customer_credit", -event.credited_fen
        case InterestPosted():
            yield "interest_income", -event.amount_fen
            yield from _owed_or_paid_by_credit("interest_unbilled", event.amount_fen, event.credit_applied_fen)
        case AccountBilled():
            yield from _bill("principal_unbilled", event.lines.principal_fen + event.lines.instalments_fen)
            yield from _bill("interest_unbilled", event.lines.interest_fen)
            yield from _bill("fees_unbilled", event.lines.fees_fen)
        case LateFeePosted():
            yield "fees_unbilled", event.amount_fen
            yield "late_fee_income", -event.amount_fen
        case DebtWaived():
            yield "charges_waived", event.fees_fen + event.interest_fen + event.refunded_fen
            yield "principal_waived", event.principal_fen
            yield from _fall(event.applied)
            # What is given back is credit first, which then pays what it can.
            yield "customer_credit", sum(event.credit_applied.values()) - event.refunded_fen
            yield from _fall(event.credit_applied)
        case PaymentReversed():
            yield _CASH[event.channel], -event.amount_fen
            yield "customer_credit", event.credit_taken_fen
            yield from _rise(event.restored)
        case BalancesCorrected() if event.cause_version is None:
            yield from _restated(event)
            yield "officer_correction", -event.principal_delta_fen
        case BalancesCorrected():
            yield from _restated(event)
            yield "merchant_chargebacks", event.uncounted_fen
            yield "restatement", -event.principal_delta_fen - event.uncounted_fen
        case RulesChanged():
            yield from _restated(event)
            yield "restatement", -event.principal_delta_fen
        case PurchaseRefunded():
            yield "merchant_refunds", event.amount_fen
            yield from _fall(event.applied)
            yield "customer_credit", -event.credited_fen
        case CreditRefunded():
            yield "customer_credit", event.amount_fen
            yield "cash_payout", -event.amount_fen
        case DisputeOpened():
            yield from _fall(event.set_aside)
            yield "principal_disputed", sum(event.set_aside.values())
        case DisputeResolved() if event.outcome == "upheld":
            yield "principal_disputed", -event.set_aside_fen
            yield "merchant_chargebacks", event.set_aside_fen
        case DisputeResolved():
            yield "principal_disputed", -event.set_aside_fen
            # Of charged-off debt it is billed at once.
            again: LedgerAccount = "principal_billed" if event.standing == "charged_off" else "principal_unbilled"
            yield from _owed_or_paid_by_credit(again, event.set_aside_fen, event.credit_applied_fen)
        case CashDrawn():
            yield "principal_planned", event.amount_fen
            yield "cash_drawn", -event.amount_fen
        case PlanCreated() if event.kind == "draw":
            return  # its money left before
        case PlanCreated() if event.kind == "restructuring":
            yield from _fall(event.taken)
            yield "principal_planned", sum(each.principal_fen for each in event.schedule)
            yield "interest_planned", sum(each.carried_interest_fen for each in event.schedule)
            yield "fees_planned", sum(each.carried_fees_fen for each in event.schedule)
        case PlanBroken():
            yield from _bill("principal_planned", event.principal_fen)
            yield from _bill("interest_planned", event.interest_fen)
            yield from _bill("fees_planned", event.fees_fen)
        case PlanCreated():
            yield "principal_billed", -event.amount_fen
            yield "principal_planned", event.amount_fen
        case PlanFeePosted():
            yield "plan_fee_income", -event.amount_fen
            yield from _owed_or_paid_by_credit("fees_unbilled", event.amount_fen, event.credit_applied_fen)
        case InstalmentPosted():
            # Credit pays in this order.
            fees = min(event.credit_applied_fen, event.fees_fen)
            interest = min(event.credit_applied_fen - fees, event.interest_fen)
            yield "fees_planned", -event.fees_fen
            yield from _owed_or_paid_by_credit("fees_unbilled", event.fees_fen, fees)
            yield "interest_planned", -event.interest_fen
            yield from _owed_or_paid_by_credit("interest_unbilled", event.interest_fen, interest)
            yield "principal_planned", -event.principal_fen
            by_credit = event.credit_applied_fen - fees - interest
            yield from _owed_or_paid_by_credit("principal_unbilled", event.principal_fen, by_credit)
        case AccountChargedOff():
            for bucket, fen in event.fell_due.items():
                yield from _bill(_account(bucket), fen)
            # Credit and billed debt are never there together: what it pays of fell due, and like any loss in this order.
            left = event.credit_applied_fen
            yield "customer_credit", left
            for kind in ("principal", "interest", "fees"):
                fell_due = sum(fen for bucket, fen in event.fell_due.items() if bucket.startswith(kind))
                yield _BILLED_OF[kind], -min(left, fell_due)
                left -= min(left, fell_due)
            lost = sum(event.amounts.values())
            yield "write_off_loss", lost
            yield "charged_off", -lost
        case WriteOffUndone():
            written_down = event.owed_after.total - event.owed_after.principal_disputed
            yield "charged_off", written_down
            yield "recoveries", event.recovered_fen
            yield "write_off_loss", -written_down - event.recovered_fen
        case AccountMigrated():
            taken_over = event.balances
            yield from _rise({bucket: getattr(taken_over, bucket) for bucket in OWED_BUCKETS})
            yield "customer_credit", -taken_over.credit
            yield "takeover", taken_over.credit - taken_over.total
        case (
            AccountOpened() | AccountActivated() | LimitChanged() | TermsChanged() | BillDayChanged() | AutopaySet()
            | HoldPlaced() | HoldReleased() | PlanSettledEarly() | PlanPrepaid() | AccountStandingChanged() | AccountPaid()
            | AccountOverdue() | AccountCured() | AccountRecovered() | AccountFrozen() | AccountUnfrozen()
            | DeathRecorded() | AppealLodged() | AppealDecided() | ClosureRequested() | ClosureWithdrawn()
            | AccountClosed() | AccountReinstated() | ReportDisputed() | ReportCorrected() | InactivityNoticed()
            | RiskAlerted()
        ):  # fmt: skip
            return  # no money moved, or the events beside it say so
        case _:
            assert_never(event)


def _rise(amounts: Mapping[Bucket, int]) -> Lines:
    yield from ((_account(bucket), fen) for bucket, fen in amounts.items())


def _fall(amounts: Mapping[Bucket, int]) -> Lines:
    yield from ((_account(bucket), -fen) for bucket, fen in amounts.items())


def _owed_or_paid_by_credit(account: LedgerAccount, amount: int, by_credit: int) -> Lines:
    yield account, amount - by_credit
    yield "customer_credit", by_credit


def _bill(account: LedgerAccount, amount: int) -> Lines:
    yield account, -amount
    yield _BILLED[account], amount


def _restated(event: Restated) -> Lines:
    for bucket, delta in event.deltas.items():
        yield _account(bucket), -delta if bucket == "credit" else delta
    yield "interest_income", -event.interest_delta_fen
    yield "late_fee_income", event.plan_fee_delta_fen - event.late_fee_delta_fen
    yield "plan_fee_income", -event.plan_fee_delta_fen
    yield "charges_waived", event.waived_delta_fen


def _account(bucket: Bucket) -> LedgerAccount:
    return "customer_credit" if bucket == "credit" else bucket


def _is_of_a_loss(event: MoneyEvent) -> bool:
    """Whether it moves debt that was charged off before.

    The standing alone does not tell: a loss that was fully recovered and is owed again is called so only by an event
    of its own. What is demanded of a loss has the number 0, and a correction says so itself.
    """
    if isinstance(event, AccountChargedOff | WriteOffUndone):
        return False
    if isinstance(event, Restated):
        return event.charged_off_due is not None
    return event.standing == "charged_off" or any(each.statement_no == 0 for each in event.unpaid_minima_after)


def _of_a_loss(event: MoneyEvent, more: int) -> list[Posting]:
    """What is owed of a loss became so much `more` (or less, where negative): that is worth nothing, too."""
    recovered = 0
    if isinstance(event, PaymentReceived):
        recovered = -more
    elif isinstance(event, PaymentReversed):
        recovered = -event.recovered_fen
    lines: list[tuple[LedgerAccount, int]] = [
        ("charged_off", -more),
        ("recoveries", -recovered),
        ("write_off_loss", more + recovered),
    ]
    return [Posting(account, fen) for account, fen in lines if fen]
