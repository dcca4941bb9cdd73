"""The balance view: what an account owes, may spend and must pay, as its last event left it."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, assert_never
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from domain.events import (
    Access,
    AccountActivated,
    AccountBilled,
    AccountChargedOff,
    AccountClosed,
    AccountCured,
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
    CloseKind,
    ClosureRequested,
    ClosureWithdrawn,
    CreditRefunded,
    DeathRecorded,
    DebtWaived,
    DisputeOpened,
    DisputeResolved,
    FreezeReason,
    HoldPlaced,
    HoldReleased,
    InactivityNoticed,
    InstalmentPosted,
    InterestPosted,
    LateFeePosted,
    LimitChanged,
    MoneyEvent,
    Owed,
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
    RiskAlerted,
    RulesChanged,
    Standing,
    Status,
    TermsChanged,
    UnpaidMinimum,
    WriteOffUndone,
)
from domain.recorded import Recorded
from projections import folding, payments
from projections.payments import Paid

_NOTHING = Owed()


@dataclass(slots=True)
class BalanceRow:
    """One account. Amounts in minor units of `currency`; dates in the account's `zone`; None where nothing is yet."""

    account_id: UUID
    version: int
    customer_id: str
    product: str
    currency: str
    zone: str
    terms_version: str
    grace_days: int
    tolerance_fen: int
    opened_on: date
    business_date: date
    activated_on: date | None = None
    closed_on: date | None = None
    close_kind: CloseKind | None = None
    limit_fen: int = 0
    held_fen: int = 0
    owed: Owed = _NOTHING
    minimum_due_fen: int = 0
    unpaid_minima: tuple[UnpaidMinimum, ...] = ()
    statement_no: int | None = None
    statement_on: date | None = None
    statement_balance_fen: int | None = None
    statement_minimum_fen: int | None = None
    statement_due_date: date | None = None
    payments: tuple[Paid, ...] = ()
    access: Access = "pending"
    standing: Standing = "clear"
    status: Status = "pending"
    freeze_reasons: tuple[FreezeReason, ...] = ()
    next_event_on: date | None = None


class Statement(BaseModel):
    """The latest statement as it was printed; what is left of its demand is in `unpaid_minima`."""

    model_config = ConfigDict(frozen=True)

    statement_no: int
    issued_on: date
    due_date: date
    balance_fen: int
    minimum_fen: int


class Balance(BaseModel):
    """What an account owes at the end of a day. Amounts in minor units of `currency`, dates in the account's zone."""

    model_config = ConfigDict(frozen=True)

    account_id: UUID
    as_of: date
    version: Annotated[int, Field(description="The last event in this answer.")]
    business_date: Annotated[date, Field(description="The date of that event.")]
    customer_id: str
    product: str
    terms_version: str
    currency: str
    zone: str
    access: Access
    standing: Annotated[Standing, Field(description="How the debt stood after that event.")]
    status: Status
    freeze_reasons: tuple[FreezeReason, ...]
    limit_fen: int
    held_fen: Annotated[int, Field(description="Limit that is reserved for purchases not posted yet.")]
    available_fen: Annotated[int, Field(description="Limit - owed - held + credit; negative when over the limit.")]
    spendable_fen: Annotated[int, Field(description="What a purchase may take now; 0 unless open and not overdue.")]
    owed_fen: int
    credit_fen: Annotated[int, Field(description="What is owed to the customer.")]
    billed_fen: int
    buckets: Owed
    minimum_due_fen: Annotated[int, Field(description="All unpaid minima, due or not yet.")]
    arrears_fen: Annotated[int, Field(description="The missed minima only.")]
    days_past_due: int
    unpaid_minima: tuple[UnpaidMinimum, ...]
    statement: Statement | None
    last_payment_on: Annotated[date | None, Field(description="Value date of the last payment that was not returned.")]
    last_payment_fen: Annotated[int | None, Field(description="All that was paid with that value date.")]
    opened_on: date
    activated_on: date | None
    closed_on: date | None
    close_kind: CloseKind | None
    next_event_on: Annotated[date | None, Field(description="When the calendar has something to do next.")]


def key(recorded: Recorded) -> UUID:
    """One row for each account."""
    return recorded.account_id


def step(row: BalanceRow | None, recorded: Recorded) -> BalanceRow:  # noqa: C901, PLR0912, PLR0915 - a line for each event
    """The row after `recorded`: its figures are the ones the event carries, never computed again."""
    event = recorded.event
    if row is None:
        row = _opened(recorded)
    match event:
        case HoldPlaced():
            row.held_fen += event.amount_fen
        case HoldReleased():
            row.held_fen -= event.amount_fen
        case PurchasePosted():
            row.held_fen -= event.hold_taken_fen
        case PurchaseRefunded() | CreditRefunded():
            pass  # what moves money says what is owed after it: see below
        case InterestPosted() | LateFeePosted() | DebtWaived():
            pass  # as above
        case BalancesCorrected() | RulesChanged() | AccountStandingChanged():
            pass  # as above
        case DisputeOpened() | DisputeResolved():
            pass  # as above
        case AccountChargedOff() | AccountRecovered() | WriteOffUndone():
            pass  # as above
        case (
            CashDrawn()
            | PlanCreated()
            | PlanFeePosted()
            | InstalmentPosted()
            | PlanSettledEarly()
            | PlanPrepaid()
            | PlanBroken()
        ):
            pass  # as above
        case DeathRecorded() | AppealLodged() | AppealDecided() | ReportDisputed() | ReportCorrected():
            pass  # what follows from them has events of its own
        case InactivityNoticed() | RiskAlerted():
            pass  # neither what is owed nor what may be spent
        case PaymentReceived():
            row.payments = payments.received(row.payments, event)
        case PaymentReversed():
            row.payments = payments.returned(row.payments, event)
        case AccountBilled():
            row.statement_no, row.statement_on = event.statement_no, event.business_date
            row.statement_balance_fen, row.statement_minimum_fen = event.balance_fen, event.minimum_fen
            row.statement_due_date = event.due_date
        case AccountPaid() | AccountOverdue() | AccountCured():
            pass  # its news is the standing, which every event carries
        case AccountFrozen() | AccountUnfrozen():
            row.freeze_reasons = event.reasons_now
        case LimitChanged() | ClosureWithdrawn():
            row.limit_fen = event.limit_fen
        case TermsChanged():
            row.terms_version = event.version
        case BillDayChanged() | AutopaySet():
            pass  # neither what is owed nor what may be spent
        case ClosureRequested():
            row.limit_fen = 0
        case AccountOpened():
            pass  # the row was made from it
        case AccountActivated() | AccountMigrated():
            row.limit_fen, row.activated_on = event.limit_fen, event.business_date
        case AccountReinstated():
            row.limit_fen, row.closed_on, row.close_kind = event.limit_fen, None, None
        case AccountClosed():
            row.limit_fen, row.closed_on, row.close_kind = 0, event.business_date, event.kind
        case _:
            assert_never(event)
    if isinstance(event, MoneyEvent):
        row.owed = event.owed_after
        row.minimum_due_fen = event.minimum_due_after
        row.unpaid_minima = event.unpaid_minima_after
    elif row.unpaid_minima and event.business_date > row.business_date:
        row.unpaid_minima = _demanded(row, event.business_date)
        row.minimum_due_fen = sum(layer.amount_fen for layer in row.unpaid_minima)
    row.version = recorded.version
    row.business_date = event.business_date
    row.access, row.standing, row.status = event.access, event.standing, event.status
    row.next_event_on = event.next_event_on
    return row


def as_of(row: BalanceRow, day: date) -> Balance:
    """What `row` means at the end of `day`, if nothing more happens until then.

    `day` is not before `row.business_date`: for an earlier day fold the events up to it. Raises BeforeOpening.
    """
    if day < row.opened_on:
        raise folding.BeforeOpening(row.account_id, day, row.opened_on)
    layers = folding.missed(row.unpaid_minima, day, row.grace_days, row.tolerance_fen)
    demanded = _demanded(row, day)
    owed = row.owed.total
    paid = payments.last_by(row.payments, day)
    available = row.limit_fen - owed - row.held_fen + row.owed.credit
    may_spend = row.access == "open" and not layers and row.standing not in {"overdue", "charged_off"}
    return Balance(
        account_id=row.account_id,
        as_of=day,
        version=row.version,
        business_date=row.business_date,
        customer_id=row.customer_id,
        product=row.product,
        terms_version=row.terms_version,
        currency=row.currency,
        zone=row.zone,
        access=row.access,
        standing=row.standing,
        status=row.status,
        freeze_reasons=row.freeze_reasons,
        limit_fen=row.limit_fen,
        held_fen=row.held_fen,
        available_fen=available,
        spendable_fen=max(0, available) if may_spend else 0,
        owed_fen=owed,
        credit_fen=row.owed.credit,
        billed_fen=row.owed.billed,
        buckets=row.owed,
        minimum_due_fen=sum(layer.amount_fen for layer in demanded),
        arrears_fen=sum(layer.amount_fen for layer in layers),
        days_past_due=folding.days_past_due(layers, day),
        unpaid_minima=demanded,
        statement=_statement(row),
        last_payment_on=paid[0] if paid else None,
        last_payment_fen=paid[1] if paid else None,
        opened_on=row.opened_on,
        activated_on=row.activated_on,
        closed_on=row.closed_on,
        close_kind=row.close_kind,
        next_event_on=row.next_event_on,
    )


def _opened(recorded: Recorded) -> BalanceRow:
    event = folding.opening(recorded)
    return BalanceRow(
        account_id=recorded.account_id,
        version=recorded.version,
        customer_id=event.customer_id,
        product=event.product,
        currency=event.currency,
        zone=event.zone,
        terms_version=event.terms.version,
        grace_days=event.terms.grace_days,
        tolerance_fen=event.terms.tolerance,
        opened_on=event.business_date,
        business_date=event.business_date,
    )


def _demanded(row: BalanceRow, day: date) -> tuple[UnpaidMinimum, ...]:
    return folding.demanded(row.unpaid_minima, row.business_date, day, row.grace_days, row.tolerance_fen)


def _statement(row: BalanceRow) -> Statement | None:
    if (
        row.statement_no is None
        or row.statement_on is None
        or row.statement_due_date is None
        or row.statement_balance_fen is None
        or row.statement_minimum_fen is None
    ):
        return None
    return Statement(
        statement_no=row.statement_no,
        issued_on=row.statement_on,
        due_date=row.statement_due_date,
        balance_fen=row.statement_balance_fen,
        minimum_fen=row.statement_minimum_fen,
    )
