"""The credit report view: per account and month what the credit bureau is told, as the month ended.

A month is closed when the first event of a later month arrives, or when somebody asks: the state at the close of its
last day is the state after its last event, with the days past due reckoned at that day. What is learnt later restates
it: a correction says how each month that it reaches back to is now known to have ended.
"""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import assert_never, cast
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
    MonthEnd,
    PaymentReceived,
    PaymentReversed,
    PlanCreated,
    PlanFeePosted,
    PlanSettledEarly,
    PurchasePosted,
    PurchaseRefunded,
    ReportCorrected,
    ReportDisputed,
    Restated,
    RiskAlerted,
    RulesChanged,
    Standing,
    Status,
    TermsChanged,
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
    """One month as it ended, or, of the open month, as it stands. `month` is its first day; amounts in minor units."""

    account_id: UUID
    month: date
    code: Code
    days_past_due: int
    past_due_fen: int
    missed_minima: int
    balance_fen: int


@dataclass(slots=True)
class ReportRow:
    """What the report of one account follows from; `months` are those told since the row was loaded."""

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
    # When the debt was booked as a loss; it stays when all of it is recovered, and goes when it was an error.
    charged_off_on: date | None = None
    # Closed or charged off, and nothing owed any more: the report ends with this month.
    settled_on: date | None = None
    access: Access = "pending"
    standing: Standing = "clear"
    status: Status = "pending"
    limit_fen: int = 0
    owed_fen: int = 0
    unpaid_minima: tuple[UnpaidMinimum, ...] = ()
    # Of statements, those tested in the open month or later; when a minimum was last missed.
    due_dates: tuple[date, ...] = ()
    missed_on: date | None = None
    last_payment_on: date | None = None
    last_payment_fen: int | None = None
    # The code of every closed month, oldest first: what the worst one follows from, whichever months are loaded.
    history: str = ""
    # The first day of the first month that is not closed yet; None before activation.
    open_month: date | None = None
    months: list[ReportMonth] = field(default_factory=list)


def key(recorded: Recorded) -> UUID:
    """One row for each account, and one for each of its months."""
    return recorded.account_id


def step(row: ReportRow | None, recorded: Recorded) -> ReportRow:  # noqa: C901, PLR0912, PLR0915 - a case an event
    """The row after `recorded`; the months that ended before it are closed first, with what was known then."""
    event = recorded.event
    day = event.business_date
    row = row or _opened(recorded)
    _close_months_before(row, day)
    match event:
        case PurchasePosted() | PurchaseRefunded() | CreditRefunded() | InterestPosted() | LateFeePosted():
            pass  # what moves money says what is owed after it: see below
        case DisputeOpened() | DisputeResolved():
            pass  # as above: what is disputed is owed, but not demanded
        case DebtWaived():
            pass  # as above; `G`, where principal was waived, is not told yet
        case PaymentReversed() | BalancesCorrected() | RulesChanged() | AccountStandingChanged():
            pass  # the open month sees them; a correction restates the months before it: see below
        case HoldPlaced() | HoldReleased() | PlanCreated() | PlanFeePosted() | InstalmentPosted() | PlanSettledEarly():
            pass
        case DeathRecorded() | AppealLodged() | AppealDecided() | ReportDisputed() | ReportCorrected():
            pass
        case InactivityNoticed() | RiskAlerted() | AccountMigrated() | AccountReinstated():
            pass
        case AccountChargedOff():
            row.charged_off_on = day
        case WriteOffUndone():
            row.charged_off_on = None
        case PaymentReceived():
            row.last_payment_on, row.last_payment_fen = event.value_date, event.amount_fen
        case AccountBilled():
            row.due_dates = (*row.due_dates, event.due_date)
        case AccountOverdue():
            row.missed_on = day
        case AccountPaid() | AccountCured() | AccountRecovered():
            pass  # the month's end looks at what is missed and owed then
        case AccountFrozen() | AccountUnfrozen():
            row.freeze_reasons = event.reasons_now
            row.frozen_since = (row.frozen_since or day) if event.reasons_now else None
        case LimitChanged() | ClosureWithdrawn():
            row.limit_fen = event.limit_fen
        case TermsChanged() | BillDayChanged() | AutopaySet():
            pass  # the due dates of statements say it
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
    _settle(row)
    if isinstance(event, Restated) and event.from_date < day:
        row.missed_on = event.missed_on
        _restate(row, event.months, event.from_date)
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


def _close_months_before(row: ReportRow, day: date) -> None:
    """Close every month that ended before `day`'s month begins."""
    first = day.replace(day=1)
    while row.open_month is not None and row.open_month < first:
        month = _month(row, month_end(row.open_month))
        row.months.append(month)
        row.history += month.code
        row.open_month = add_months(row.open_month, 1)
        row.due_dates = tuple(due for due in row.due_dates if _test_date(row, due) >= row.open_month)


def _test_date(row: ReportRow, due: date) -> date:
    """The day on which a minimum due on `due` is found missed if it is still unpaid."""
    return due + timedelta(days=row.grace_days + 1)


def _settle(row: ReportRow) -> None:
    """Once closed or charged off, an account is settled on the day it owes nothing; it may yet come to owe again."""
    if _is_settled(row, row.business_date, row.owed_fen):
        row.settled_on = row.settled_on or row.business_date
    else:
        row.settled_on = None


def _is_settled(row: ReportRow, day: date, owed_fen: int) -> bool:
    """Whether an account that owes `owed_fen` at the end of `day` is settled then."""
    ended = _ended_on(row)
    return owed_fen == 0 and ended is not None and ended <= day


def _ended_on(row: ReportRow) -> date | None:
    """Since when the report ends as soon as nothing is owed."""
    return min((on for on in (row.closed_on, row.charged_off_on) if on is not None), default=None)


def _restate(row: ReportRow, ends: Sequence[MonthEnd], from_date: date) -> None:
    """Tell closed months anew, as they are now known to have ended; a fact that counted on `from_date` has shown it.

    The account may turn out to have been settled in one of them, or not to have been.
    """
    begun, open_month = row.activated_on, row.open_month
    if begun is None or open_month is None:
        return
    past = [end for end in ends if begun <= end.month_end < open_month]
    first = past[0].month_end.replace(day=1) if past else open_month
    # Settled before them all, it is so until a month ends with something owed.
    settled = row.settled_on if row.settled_on is not None and row.settled_on < first else None
    told = {month.month: month for month in row.months}
    for end in past:
        before = settled
        if not _is_settled(row, end.month_end, end.owed_fen):
            settled = None
        elif settled is None:
            settled = _settled_by(row, end.month_end, from_date)
        month = _told(
            row,
            end.month_end,
            end.unpaid_minima,
            end.owed_fen,
            missed=end.missed_this_month,
            due=end.due_this_month,
            settled=settled is not None and before is None,
        )
        told[month.month] = month
        at = _number(row, month.month)
        row.history = row.history[:at] + month.code + row.history[at + 1 :]
    row.months = [told[month] for month in sorted(told)]
    if row.settled_on is not None:
        row.settled_on = settled or _settled_by(row, row.business_date, from_date)


def _settled_by(row: ReportRow, last: date, from_date: date) -> date:
    """The day in the month of `last`, and not after it, on which the account was settled, as far as that can be told.

    It is the day that was known before today, or else the day of the fact that was learnt late. Where that fact only
    led to it, in a later month, nothing more is known than that it was settled by `last`.
    """
    first = last.replace(day=1)
    if row.settled_on is not None and first <= row.settled_on <= last and row.settled_on < row.business_date:
        return row.settled_on
    return max(from_date, _ended_on(row) or from_date) if from_date >= first else last


def _month(row: ReportRow, day: date) -> ReportMonth:
    """The month of `day` as it stands at the end of `day`."""
    first = day.replace(day=1)
    return _told(
        row,
        day,
        row.unpaid_minima,
        row.owed_fen,
        missed=row.missed_on is not None and row.missed_on >= first,
        due=any(first <= due <= day for due in row.due_dates),
        settled=row.settled_on is not None and row.settled_on >= first,
    )


def _told(
    row: ReportRow,
    day: date,
    minima: Sequence[UnpaidMinimum],
    owed_fen: int,
    *,
    missed: bool,
    due: bool,
    settled: bool,
) -> ReportMonth:
    """What is told of the month of `day`, at whose end these `minima` are unpaid and `owed_fen` is owed.

    In that month a minimum was `missed`, one was `due`, or the account was `settled`.
    """
    layers = _missed(row, minima, day)
    dpd = folding.days_past_due(layers, day)
    return ReportMonth(
        account_id=row.account_id,
        month=day.replace(day=1),
        code=_code(layers, dpd, missed=missed, due=due, settled=settled),
        days_past_due=dpd,
        past_due_fen=sum(layer.amount_fen for layer in layers),
        missed_minima=len(layers),
        balance_fen=owed_fen,
    )


def _code(layers: Sequence[UnpaidMinimum], dpd: int, *, missed: bool, due: bool, settled: bool) -> Code:
    """The repayment code of a month: the first line of the rulebook's table 8.1 that holds."""
    if settled:
        return "C"
    if any(layer.statement_no == 0 for layer in layers):
        return "B"
    if dpd > 0:
        return _LATE[min(7, -(-dpd // 30)) - 1]
    if missed:
        return "M"
    if due:
        return "N"
    return "*"


def _missed(row: ReportRow, minima: Sequence[UnpaidMinimum], day: date) -> list[UnpaidMinimum]:
    return folding.missed(minima, day, row.grace_days, row.tolerance_fen)


def _number(row: ReportRow, month: date) -> int:
    """How many months of the report come before `month`."""
    begun = row.activated_on or month
    return (month.year - begun.year) * 12 + month.month - begun.month


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
    if row.open_month is not None:
        month = _month(row, day)
        row.months.append(month)
        row.history += month.code
    # After the month in which it was settled there is nothing to tell.
    months = [each for each in row.months if row.settled_on is None or each.month <= row.settled_on]
    lines = tuple(_line(row, month) for month in months[-24:])
    layers = _missed(row, row.unpaid_minima, day)
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
        code=lines[-1].code if lines else "/",
        worst_code=lines[-1].worst_code if lines else "/",
        days_past_due=folding.days_past_due(layers, day),
        past_due_fen=past_due,
        past_due_yuan=whole_yuan(past_due),
        missed_minima=len(layers),
        oldest_missed_due=min((layer.due_date for layer in layers), default=None),
        last_payment_on=row.last_payment_on,
        last_payment_fen=row.last_payment_fen,
        history_24="".join(line.code for line in lines).rjust(24, "/"),
        months=lines,
    )


def _line(row: ReportRow, month: ReportMonth) -> MonthLine:
    codes = row.history[: _number(row, month.month) + 1]
    return MonthLine(
        month=f"{month.month:%Y-%m}",
        code=month.code,
        worst_code=cast("Code", max(codes, key=_SEVERITY.index)),
        days_past_due=month.days_past_due,
        past_due_fen=month.past_due_fen,
        past_due_yuan=whole_yuan(month.past_due_fen),
        missed_minima=month.missed_minima,
        balance_fen=month.balance_fen,
        balance_yuan=whole_yuan(month.balance_fen),
    )
