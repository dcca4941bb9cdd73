"""The credit report view: per account and month what the credit bureau is told, as the month ended.

Of a loan account the bureau is told by loan (`report_loans`); the account as a whole is beside them, for those who lend.

A month is closed when the first event of a later month arrives, or when somebody asks: the state at the close of its
last day is the state after its last event, with the days past due reckoned at that day. What is learnt later restates
it: a correction says how each month that it reaches back to is now known to have ended.
"""

from copy import copy
from datetime import date
from typing import assert_never
from uuid import UUID

from domain.calendar import add_months
from domain.events import (
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
from domain.recorded import Recorded
from projections import folding, metro2, payments, report_lines, report_loans, report_months
from projections.bureau import CreditReport, MonthLine
from projections.report_months import ToldAnew
from projections.report_row import Denied, ReportMonth, ReportRow


def key(recorded: Recorded) -> UUID:
    """One row for each account, and one for each of its months."""
    return recorded.account_id


def step(row: ReportRow | None, recorded: Recorded) -> ReportRow:  # noqa: C901, PLR0912, PLR0915 - a case an event
    """The row after `recorded`; the months that ended before it are closed first, with what was known then."""
    event = recorded.event
    day = event.business_date
    row = row or _opened(recorded)
    report_loans.follow(row, recorded)
    if day > row.business_date:
        report_months.reach(row, day)
    match event:
        case PurchasePosted() | PurchaseRefunded() | CreditRefunded() | InterestPosted() | LateFeePosted():
            pass  # what moves money says what is owed after it: see below
        case DisputeOpened() | DisputeResolved() | PlanFeePosted():
            pass  # as above: what is disputed is owed, but not demanded
        case BalancesCorrected() | RulesChanged() | AccountStandingChanged():
            pass  # the open month sees them; a correction restates the months before it: see below
        case HoldPlaced() | HoldReleased() | AppealLodged() | AppealDecided() | InactivityNoticed() | RiskAlerted():
            pass  # no debt
        case AccountFrozen() | AccountUnfrozen() | DeathRecorded():
            pass  # the bureau is not told of a freeze, nor why there is one
        case CashDrawn():
            if not row.has_drawn():
                row.turn(day, "drawn")
        case PlanCreated():
            if event.kind == "restructuring":
                report_months.agree(row, event, row.unpaid_minima)
        case InstalmentPosted():
            report_months.fall_due(row, event)
        case PlanBroken():
            row.turn(day, "agreement_over")
        case PlanPrepaid():
            pass  # the loan goes on
        case PlanSettledEarly():
            row.turn(day, "early_settlement")
            if event.plan_id == row.agreed_plan():
                row.turn(day, "agreement_over")
        case DebtWaived():
            if event.reason != "cap":
                row.turn(day, "relief")
            if event.principal_fen:
                row.turn(day, "principal_waived")
            if event.reason == "agreement":
                row.turn(day, "agreed_on_less")
        case AccountChargedOff():
            due = next((each.due_date for each in event.unpaid_minima_after), day)
            row.turn(day, "lost", sum(event.amounts.values()), due.isoformat())
            if row.under_agreement(day):
                row.turn(day, "agreement_over")
        case WriteOffUndone():
            row.turn(day, "found")
        case PaymentReceived():
            row.payments = payments.received(row.payments, event)
        case PaymentReversed():
            row.payments = payments.returned(row.payments, event)
        case AccountBilled():
            report_months.bill(row, event)
        case AccountOverdue():
            row.missed_on = day
        case AccountPaid() | AccountCured() | AccountRecovered():
            pass  # the month's end looks at what is missed and owed then
        case LimitChanged() | ClosureWithdrawn():
            row.turn(day, "limit", event.limit_fen)
        case TermsChanged() | AutopaySet():
            pass  # the due dates of statements say it
        case BillDayChanged():
            row.turn(event.from_date, "bill_day")
        case ClosureRequested():
            row.turn(day, "limit", 0)
        case AccountOpened():
            pass  # the row was made from it
        case AccountActivated():
            row.activated_on, row.open_month = day, day.replace(day=1)
            row.turn(day, "limit", event.limit_fen)
        case AccountMigrated():
            _take_over(row, event)
        case AccountClosed():
            row.turn(day, "limit", 0)
            row.turn(day, "closed", said=event.kind)
        case AccountReinstated():
            row.turn(day, "limit", event.limit_fen)
            row.turn(day, "reinstated")
        case ReportDisputed():
            row.disputes = (*row.disputes, Denied(event.report_dispute_id, event.months, day))
        case ReportCorrected():
            report_months.decide(row, event)
        case _:
            assert_never(event)
    if isinstance(event, MoneyEvent):
        if row.owed_fen and not event.owed_after.total:
            row.paid_off_on, row.paid_off_dpd = day, row.morning_dpd
        row.owed_fen = event.owed_after.total
        row.unpaid_minima = event.unpaid_minima_after
    row.standing = event.standing
    row.version, row.business_date = recorded.version, day
    report_months.settle(row, day, row.owed_fen, [row.paid_off_on])
    if isinstance(event, Restated) and event.from_date < day:
        report_months.restate(row, event, ToldAnew(event.months, event.missed_on, event.paid_off))
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


def _take_over(row: ReportRow, event: AccountMigrated) -> None:
    """The account was taken over: of the months before nothing is known but their codes."""
    day, first = event.business_date, event.business_date.replace(day=1)
    row.activated_on, row.open_month = day, first
    row.turn(day, "limit", event.limit_fen)
    if row.is_loan and event.owed_after.total:
        row.turn(day, "drawn")
    row.due_dates = tuple(each.due_date for each in event.minima_left if each.due_date >= first)
    for back, code in enumerate(event.history):
        month = add_months(first, back - len(event.history))
        status = report_lines.status_told(code)  # type: ignore[arg-type] # the event has codes only
        row.months.append(ReportMonth(row.account_id, month, code, status=status))  # type: ignore[arg-type]
        row.history += code
        row.grades += metro2.grade_of(status, None, row.portfolio)


def as_of(row: ReportRow, day: date) -> CreditReport:
    """What the bureau is told at the end of `day`, if nothing more happens until then.

    Of a loan account that is the report of each loan; they are in that of the account. `row.months` are all closed months of
    the account that are kept, and so are those of its loans; `day` is not before `row.business_date`: for an earlier day
    fold the events up to it. Raises BeforeOpening.
    """
    if day < row.opened_on:
        raise folding.BeforeOpening(row.account_id, day, row.opened_on)
    loans = [_as_of(loan, day, row) for loan in row.loans.values()]
    return _as_of(row, day, row).model_copy(update={"loans": tuple(loans)})


def _as_of(row: ReportRow, day: date, account: ReportRow) -> CreditReport:
    row = _with_its_open_month(row, day)
    row.version, row.business_date, row.standing = account.version, account.business_date, account.standing
    return report_lines.report(row, report_months.missed_by(row, row.unpaid_minima, day), day)


def lines(row: ReportRow, day: date) -> list[MonthLine]:
    """Every month in `row.months` and those up to `day`, as they are told, however long ago.

    Of an account as a whole, or of one of its loans: those are in `row.loans`, by their plans.
    """
    return report_lines.lines(_with_its_open_month(row, day), day)


def _with_its_open_month(row: ReportRow, day: date) -> ReportRow:
    """A copy in which the months before `day` are closed, and its own month is the last one."""
    row = copy(row)
    row.months = list(row.months)
    report_months.close_months_before(row, day)
    if row.open_month is not None:
        row.months.append(report_months.month_at(row, day))
    return row
