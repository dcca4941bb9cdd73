"""The credit report view: per account and month what the credit bureau is told, as the month ended.

A month is closed when the first event of a later month arrives, or when somebody asks: the state at the close of its
last day is the state after its last event, with the days past due reckoned at that day.
"""

from copy import copy
from dataclasses import dataclass, field
from datetime import date
from typing import assert_never
from uuid import UUID

from domain.calendar import add_months, month_end
from domain.events import (
    Access,
    AccountActivated,
    AccountBilled,
    AccountChargedOff,
    AccountClosed,
    AccountCured,
    AccountFrozen,
    AccountOpened,
    AccountOverdue,
    AccountPaid,
    AccountRecovered,
    AccountStandingChanged,
    AccountUnfrozen,
    BalancesCorrected,
    CloseKind,
    ClosureRequested,
    ClosureWithdrawn,
    CreditRefunded,
    DebtWaived,
    Event,
    FreezeReason,
    InterestPosted,
    LateFeePosted,
    LimitChanged,
    MoneyEvent,
    PaymentReceived,
    PaymentReversed,
    PurchasePosted,
    PurchaseRefunded,
    Standing,
    Status,
    UnpaidMinimum,
    WriteOffUndone,
)
from domain.recorded import Recorded
from projections import folding
from projections.bureau import Code, CreditReport, MonthLine, whole_yuan

# From best to worst. `C` ends the report and says nothing about how it was repaid.
_SEVERITY = "C*NM1234567B"
_LATE: tuple[Code, ...] = ("1", "2", "3", "4", "5", "6", "7")


@dataclass(frozen=True, slots=True)
class ReportMonth:
    """One month as it ended, or, of the open month, as it stands. Amounts in minor units.

    `month` is its first day. `worst` is the worst code up to and including this month.
    """

    account_id: UUID
    month: date
    code: Code
    worst: Code
    days_past_due: int
    past_due_fen: int
    missed_minima: int
    balance_fen: int


@dataclass(slots=True)
class ReportRow:
    """What the report of one account follows from; `months` are those closed since the row was loaded."""

    account_id: UUID
    version: int
    product: str
    currency: str
    zone: str
    grace_days: int
    tolerance_fen: int
    opened_on: date
    business_date: date
    activated_on: date | None = None
    frozen_since: date | None = None
    freeze_reasons: tuple[FreezeReason, ...] = ()
    closed_on: date | None = None
    close_kind: CloseKind | None = None
    # Closed and nothing owed any more: the report ends with this month.
    settled_on: date | None = None
    access: Access = "pending"
    standing: Standing = "clear"
    status: Status = "pending"
    limit_fen: int = 0
    owed_fen: int = 0
    unpaid_minima: tuple[UnpaidMinimum, ...] = ()
    # Of statements, those in the open month or later; when a minimum was last missed.
    due_dates: tuple[date, ...] = ()
    missed_on: date | None = None
    last_payment_on: date | None = None
    last_payment_fen: int | None = None
    worst: Code = "*"
    # The first day of the first month that is not closed yet; None before activation.
    open_month: date | None = None
    months: list[ReportMonth] = field(default_factory=list)


def key(recorded: Recorded) -> UUID:
    """One row for each account, and one for each of its months."""
    return recorded.account_id


def step(row: ReportRow | None, recorded: Recorded) -> ReportRow:  # noqa: C901, PLR0912 - a line for each event
    """The row after `recorded`; the months that ended before it are closed first, with what was known then."""
    event = recorded.event
    day = event.business_date
    if row is None:
        row = _opened(recorded)
    elif row.open_month is not None and (day.month, day.year) != (row.open_month.month, row.open_month.year):
        _turn_to(row, event)
    match event:
        case PurchasePosted() | PurchaseRefunded() | CreditRefunded() | InterestPosted() | LateFeePosted():
            pass  # what moves money says what is owed after it: see below
        case DebtWaived():
            pass  # charges only; `G` begins with waived principal, which this program never waives
        case PaymentReversed() | BalancesCorrected() | AccountStandingChanged():
            pass  # the open month sees them; months that ended are not re-made yet
        case AccountChargedOff() | AccountRecovered() | WriteOffUndone():
            pass  # the standing says it; see `_code`
        case PaymentReceived():
            row.last_payment_on, row.last_payment_fen = event.value_date, event.amount_fen
        case AccountBilled():
            row.due_dates = (*row.due_dates, event.due_date)
        case AccountOverdue():
            row.missed_on = day
        case AccountPaid() | AccountCured():
            pass  # the month's end looks at what is missed then
        case AccountFrozen() | AccountUnfrozen():
            row.freeze_reasons = event.reasons_now
            row.frozen_since = (row.frozen_since or day) if event.reasons_now else None
        case LimitChanged() | ClosureWithdrawn():
            row.limit_fen = event.limit_fen
        case ClosureRequested():
            row.limit_fen = 0
        case AccountOpened():
            pass  # the row was made from it
        case AccountActivated():
            row.limit_fen, row.activated_on, row.open_month = event.limit_fen, day, day.replace(day=1)
        case AccountClosed():
            row.limit_fen, row.closed_on, row.close_kind = 0, day, event.kind
        case _:
            assert_never(event)
    if isinstance(event, MoneyEvent):
        row.owed_fen = event.owed_after.total
        row.unpaid_minima = event.unpaid_minima_after
    row.access, row.standing, row.status = event.access, event.standing, event.status
    row.version, row.business_date = recorded.version, day
    if row.closed_on is not None:
        # A forced capture may yet make it owe again.
        row.settled_on = (row.settled_on or day) if row.owed_fen == 0 else None
    return row


def _opened(recorded: Recorded) -> ReportRow:
    event = folding.opening(recorded)
    return ReportRow(
        account_id=recorded.account_id,
        version=recorded.version,
        product=event.product,
        currency=event.currency,
        zone=event.zone,
        grace_days=event.terms.grace_days,
        tolerance_fen=event.terms.tolerance,
        opened_on=event.business_date,
        business_date=event.business_date,
    )


def _turn_to(row: ReportRow, event: Event) -> None:
    """Close the months before the event's; what a closed account comes to owe again lets its report go on."""
    _close_months_before(row, event.business_date)
    if row.settled_on is not None and isinstance(event, MoneyEvent) and event.owed_after.total > 0:
        row.settled_on = None
        # The months in between had nothing to report, but now they may not be missing.
        _close_months_before(row, event.business_date)


def _close_months_before(row: ReportRow, day: date) -> None:
    """Close every month that ended before `day`'s month begins, up to the one the account was settled in."""
    first = day.replace(day=1)
    while row.open_month is not None and row.open_month < first and not _is_over(row):
        month = _month(row, month_end(row.open_month))
        row.months.append(month)
        row.worst = month.worst
        row.open_month = add_months(row.open_month, 1)
        row.due_dates = tuple(due for due in row.due_dates if due >= row.open_month)


def _is_over(row: ReportRow) -> bool:
    """Whether the open month lies after the one in which the account was settled: no rows after `C`."""
    return row.settled_on is not None and row.open_month is not None and row.settled_on < row.open_month


def _month(row: ReportRow, day: date) -> ReportMonth:
    """The month of `day` as it stands at the end of `day`."""
    layers = folding.missed(row.unpaid_minima, day, row.grace_days, row.tolerance_fen)
    dpd = folding.days_past_due(layers, day)
    code = _code(row, day, dpd)
    return ReportMonth(
        account_id=row.account_id,
        month=day.replace(day=1),
        code=code,
        worst=max(row.worst, code, key=_SEVERITY.index),
        days_past_due=dpd,
        past_due_fen=sum(layer.amount_fen for layer in layers),
        missed_minima=len(layers),
        balance_fen=row.owed_fen,
    )


def _code(row: ReportRow, day: date, dpd: int) -> Code:
    """The repayment code at the end of `day`: the first line of the rulebook's table 8.1 that holds."""
    first = day.replace(day=1)
    if row.settled_on is not None and row.settled_on >= first:
        return "C"
    if row.standing == "charged_off" and row.owed_fen:
        return "B"
    if dpd > 0:
        return _LATE[min(7, -(-dpd // 30)) - 1]
    if row.missed_on is not None and row.missed_on >= first:
        return "M"
    if any(first <= due <= day for due in row.due_dates):
        return "N"
    return "*"


def as_of(row: ReportRow, day: date) -> CreditReport:
    """What the bureau is told at the end of `day`, if nothing more happens until then.

    `row.months` are all closed months of the account; `day` is not before `row.business_date`: for an earlier day
    fold the events up to it. Raises BeforeOpening.
    """
    if day < row.opened_on:
        raise folding.BeforeOpening(row.account_id, day, row.opened_on)
    row = copy(row)
    row.months = list(row.months)
    _close_months_before(row, day)
    months = [_line(month) for month in row.months]
    if row.open_month is not None and not _is_over(row):
        months.append(_line(_month(row, day)))
    layers = folding.missed(row.unpaid_minima, day, row.grace_days, row.tolerance_fen)
    past_due = sum(layer.amount_fen for layer in layers)
    return CreditReport(
        account_id=row.account_id,
        as_of=day,
        version=row.version,
        business_date=row.business_date,
        product=row.product,
        currency=row.currency,
        zone=row.zone,
        account_status="settled" if row.settled_on else "overdue" if layers else "normal",
        access=row.access,
        standing=row.standing,
        status=row.status,
        opened_on=row.opened_on,
        activated_on=row.activated_on,
        frozen_since=row.frozen_since,
        freeze_reasons=row.freeze_reasons,
        closed_on=row.closed_on,
        close_kind=row.close_kind,
        settled_on=row.settled_on,
        debt_outlives_closure=row.closed_on is not None and row.owed_fen > 0,
        limit_fen=row.limit_fen,
        balance_fen=row.owed_fen,
        balance_yuan=whole_yuan(row.owed_fen),
        code=months[-1].code if months else "/",
        worst_code=months[-1].worst_code if months else "/",
        days_past_due=folding.days_past_due(layers, day),
        past_due_fen=past_due,
        past_due_yuan=whole_yuan(past_due),
        missed_minima=len(layers),
        oldest_missed_due=min((layer.due_date for layer in layers), default=None),
        last_payment_on=row.last_payment_on,
        last_payment_fen=row.last_payment_fen,
        history_24="".join(month.code for month in months[-24:]).rjust(24, "/"),
        months=tuple(months[-24:]),
    )


def _line(month: ReportMonth) -> MonthLine:
    return MonthLine(
        month=f"{month.month:%Y-%m}",
        code=month.code,
        worst_code=month.worst,
        days_past_due=month.days_past_due,
        past_due_fen=month.past_due_fen,
        past_due_yuan=whole_yuan(month.past_due_fen),
        missed_minima=month.missed_minima,
        balance_fen=month.balance_fen,
        balance_yuan=whole_yuan(month.balance_fen),
    )
