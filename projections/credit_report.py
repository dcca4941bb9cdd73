"""The credit report view: per account and month what the credit bureau is told, as the month ended.

A month is closed when the first event of a later month arrives, or when somebody asks: the state at the close of its
last day is the state after its last event, with the days past due reckoned at that day. What is learnt later restates
it: a correction says how each month that it reaches back to is now known to have ended.
"""

from collections.abc import Sequence
from copy import copy
from datetime import date, timedelta
from typing import assert_never
from uuid import UUID

from domain.calendar import ONE_DAY, add_months, month_end
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
    UnpaidMinimum,
    WriteOffUndone,
)
from domain.recorded import Recorded
from projections import folding, metro2, payments, report_lines
from projections.bureau import CreditReport, MonthLine, code_of
from projections.report_row import Corrected, Denied, ReportMonth, ReportRow, Turn, What


def key(recorded: Recorded) -> UUID:
    """One row for each account, and one for each of its months."""
    return recorded.account_id


def step(row: ReportRow | None, recorded: Recorded) -> ReportRow:  # noqa: C901, PLR0912, PLR0915 - a case an event
    """The row after `recorded`; the months that ended before it are closed first, with what was known then."""
    event = recorded.event
    day = event.business_date
    row = row or _opened(recorded)
    if day > row.business_date:
        _reach(row, day)
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
                _turn(row, day, "drawn")
        case PlanCreated():
            if event.kind == "restructuring":
                _agree(row, event)
        case InstalmentPosted():
            _fall_due(row, event)
        case PlanBroken():
            _turn(row, day, "agreement_over")
        case PlanPrepaid():
            pass  # the loan goes on
        case PlanSettledEarly():
            _turn(row, day, "early_settlement")
            if event.plan_id == row.agreed_plan():
                _turn(row, day, "agreement_over")
        case DebtWaived():
            if event.reason != "cap":
                _turn(row, day, "relief")
            if event.principal_fen:
                _turn(row, day, "principal_waived")
            if event.reason == "agreement":
                _turn(row, day, "agreed_on_less")
        case AccountChargedOff():
            due = next((each.due_date for each in event.unpaid_minima_after), day)
            _turn(row, day, "lost", sum(event.amounts.values()), due.isoformat())
            if row.under_agreement(day):
                _turn(row, day, "agreement_over")
        case WriteOffUndone():
            _turn(row, day, "found")
        case PaymentReceived():
            row.payments = payments.received(row.payments, event)
        case PaymentReversed():
            row.payments = payments.returned(row.payments, event)
        case AccountBilled():
            row.add_due_date(event.due_date)
            row.billed_on = day
            if row.turned(day, day, "agreement_ends"):
                # Its last minimum: unless it is missed, which breaks the agreement, that is kept by then.
                _turn(row, _test_date(row, event.due_date), "agreement_over")
        case AccountOverdue():
            row.missed_on = day
        case AccountPaid() | AccountCured() | AccountRecovered():
            pass  # the month's end looks at what is missed and owed then
        case LimitChanged() | ClosureWithdrawn():
            _turn(row, day, "limit", event.limit_fen)
        case TermsChanged() | AutopaySet():
            pass  # the due dates of statements say it
        case BillDayChanged():
            _turn(row, event.from_date, "bill_day")
        case ClosureRequested():
            _turn(row, day, "limit", 0)
        case AccountOpened():
            pass  # the row was made from it
        case AccountActivated():
            row.activated_on, row.open_month = day, day.replace(day=1)
            _turn(row, day, "limit", event.limit_fen)
        case AccountMigrated():
            _take_over(row, event)
        case AccountClosed():
            _turn(row, day, "limit", 0)
            _turn(row, day, "closed", said=event.kind)
        case AccountReinstated():
            _turn(row, day, "limit", event.limit_fen)
            _turn(row, day, "reinstated")
        case ReportDisputed():
            row.disputes = (*row.disputes, Denied(event.report_dispute_id, event.months, day))
        case ReportCorrected():
            _decide(row, event)
        case _:
            assert_never(event)
    if isinstance(event, MoneyEvent):
        if row.owed_fen and not event.owed_after.total:
            row.paid_off_on, row.paid_off_dpd = day, row.morning_dpd
        row.owed_fen = event.owed_after.total
        row.unpaid_minima = event.unpaid_minima_after
    row.standing = event.standing
    row.version, row.business_date = recorded.version, day
    _settle(row, day, row.owed_fen, [row.paid_off_on])
    if isinstance(event, Restated) and event.from_date < day:
        _restate(row, event)
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


def _turn(row: ReportRow, on: date, what: What, fen: int = 0, said: str = "") -> None:
    row.turns = (*row.turns, Turn(on, what, fen, said))


def _agree(row: ReportRow, event: PlanCreated) -> None:
    """What cannot be paid as billed is restructured: what was demanded and not due yet is not due any more."""
    day = event.business_date
    withdrawn = {each.due_date for each in row.unpaid_minima if _test_date(row, each.due_date) > day}
    row.due_dates = tuple(due for due in row.due_dates if due not in withdrawn)
    _turn(row, day, "agreed", len(event.schedule), event.plan_id)


def _fall_due(row: ReportRow, event: InstalmentPosted) -> None:
    """An instalment is due, of a loan whether or not credit leaves anything of it for a statement."""
    if event.due_date is not None:
        row.add_due_date(event.due_date)
    if event.plan_id == row.agreed_plan() and event.number == row.agreed_months():
        _turn(row, event.business_date, "agreement_ends")
        if not event.owed_after.payable:
            # Credit paid it, so no statement is to be tested.
            _turn(row, event.business_date + ONE_DAY, "agreement_over")


def _take_over(row: ReportRow, event: AccountMigrated) -> None:
    """The account was taken over: of the months before nothing is known but their codes."""
    day, first = event.business_date, event.business_date.replace(day=1)
    row.activated_on, row.open_month = day, first
    _turn(row, day, "limit", event.limit_fen)
    if row.is_loan and event.owed_after.total:
        _turn(row, day, "drawn")
    row.due_dates = tuple(each.due_date for each in event.minima_left if each.due_date >= first)
    for back, code in enumerate(event.history):
        month = add_months(first, back - len(event.history))
        status = report_lines.status_told(code)  # type: ignore[arg-type] # the event has codes only
        row.months.append(ReportMonth(row.account_id, month, code, status=status))  # type: ignore[arg-type]
        row.history += code
        row.grades += metro2.grade_of(status, None, row.portfolio)


def _decide(row: ReportRow, event: ReportCorrected) -> None:
    """A dispute of the report was decided; upheld, each month is told otherwise as long as its facts are these."""
    day = event.business_date
    row.disputes = tuple(
        each._replace(outcome=event.outcome, decided_on=day) if each.dispute_id == event.report_dispute_id else each
        for each in row.disputes
    )
    for change in event.changes:
        month = date.fromisoformat(f"{change.month}-01")
        at = row.at(month)
        # Of a month that is not kept any more nothing is told.
        if at >= 0:
            reckoned = row.history[at] if at < len(row.history) else _month(row, day).code
            kept = tuple(each for each in row.corrections if each.month != month)
            row.corrections = (*kept, Corrected(month, reckoned, change.new))  # type: ignore[arg-type] # a code


# How months end


def _reach(row: ReportRow, day: date) -> None:
    """A later day begins: the months before it are closed."""
    _close_months_before(row, day)
    row.morning_dpd = folding.days_past_due(_missed(row, row.unpaid_minima, day), day) if row.unpaid_minima else 0


def _close_months_before(row: ReportRow, day: date) -> None:
    """Close every month that ended before `day`'s month begins."""
    first = day.replace(day=1)
    while row.open_month is not None and row.open_month < first:
        end = month_end(row.open_month)
        if _is_unbilled(row, end):
            _turn(row, row.open_month, "unbilled")
        month = _month(row, end)
        row.months.append(month)
        _note(row, month)
        row.open_month = following = end + ONE_DAY
        if row.due_dates:
            row.due_dates = tuple(due for due in row.due_dates if _test_date(row, due) >= following)
        row.forget()


def _note(row: ReportRow, month: ReportMonth) -> None:
    """What the months after it, and it itself if it is told anew, are told by."""
    at = row.at(month.month)
    if month.first_delinquency is not None and not _was_late(row, month.month):
        _turn(row, month.month, "delinquent", said=month.first_delinquency.isoformat())
    row.history = row.history[:at] + month.code + row.history[at + 1 :]
    row.grades = (
        row.grades[:at] + metro2.grade_of(month.status, month.balance_fen, row.portfolio) + row.grades[at + 1 :]
    )


def _was_late(row: ReportRow, month: date) -> bool:
    """Whether the month before `month` ended thirty or more days late, or as a loss, and since when is known."""
    at = row.at(month)
    return at > 0 and row.grades[at - 1] in metro2.LATE_GRADES and row.delinquent_since(month - ONE_DAY) is not None


def _is_unbilled(row: ReportRow, day: date) -> bool:
    """Whether the bill day moved in the month of `day` and no statement came in it until then."""
    first = day.replace(day=1)
    return row.turned(first, day, "bill_day") and (row.billed_on is None or row.billed_on < first)


def _test_date(row: ReportRow, due: date) -> date:
    """The day on which a minimum due on `due` is found missed if it is still unpaid."""
    return due + timedelta(days=row.grace_days + 1)


def _settle(row: ReportRow, day: date, owed_fen: int, paid_off: Sequence[date | None]) -> None:
    """Once closed, charged off or a loan, an account is settled on the day it owes nothing; it may yet owe again.

    That is since it was settled already, unless something was owed and `paid_off` since; else the later of two days in
    the month of `day`: since when it would end with its debt, and when the last of that was paid off.
    """
    if row.never_ended():
        return
    known, ended = row.settled_by(day), row.ended_on(day)
    if owed_fen or ended is None:
        if known is not None:
            _turn(row, day, "owing")
        return
    first = day.replace(day=1)
    paid = max((on for on in paid_off if on is not None and first <= on <= day), default=None)
    if known is None or (paid is not None and paid > known):
        _turn(row, max(paid or first, ended), "settled")


def _restate(row: ReportRow, event: Restated) -> None:
    """Tell closed months anew, as they are now known to have ended; a fact that counted on `from_date` has shown it.

    The account may turn out to have been settled in one of them, or not to have been.
    """
    begin = event.from_date.replace(day=1)
    _agree_anew(row, event)
    row.missed_on = event.missed_on
    row.morning_dpd = folding.days_past_due(_missed(row, row.unpaid_minima, row.business_date), row.business_date)
    if event.paid_off:
        row.paid_off_on, row.paid_off_dpd = event.paid_off[-1].on, event.paid_off[-1].dpd
    elif row.paid_off_on is not None and row.paid_off_on >= begin:
        row.paid_off_on = None
    begun, open_month = row.activated_on, row.open_month
    if begun is None or open_month is None:
        return
    past = [end for end in event.months if begun <= end.month_end < open_month]
    if past:
        begin = past[0].month_end.replace(day=1)
    kinds: tuple[What, ...] = ("delinquent", "settled", "owing")
    row.turns = tuple(turn for turn in row.turns if turn.what not in kinds or turn.on < begin)
    days = [each.on for each in event.paid_off]
    told = {month.month: month for month in row.months}
    for end in past:
        first = end.month_end.replace(day=1)
        _settle(row, end.month_end, end.owed_fen, days)
        settled = row.settled_by(end.month_end)
        dpds = [each.dpd for each in event.paid_off if first <= each.on <= end.month_end]
        month = _told(
            row,
            end.month_end,
            end.unpaid_minima,
            end.owed_fen,
            missed=end.missed_this_month,
            due=end.due_this_month,
            settled=settled is not None and settled >= first,
            dpd_before=dpds[-1] if dpds else 0,
        )
        told[month.month] = month
        _note(row, month)
    row.months = [told[month] for month in sorted(told)]
    _settle(row, row.business_date, row.owed_fen, days)


def _agree_anew(row: ReportRow, event: Restated) -> None:
    """An agreement that seemed broken turns out to be kept, or the other way round, by the ends of months."""
    begin, today = event.from_date.replace(day=1), event.business_date
    ends: tuple[What, ...] = ("agreement_ends", "agreement_over")
    row.turns = tuple(turn for turn in row.turns if turn.what not in ends or turn.on < begin)
    kept = {end.month_end: end.under_agreement for end in event.months} | {today: event.agreement is not None}
    for day, under_agreement in kept.items():
        if row.under_agreement(day) and not under_agreement:
            _turn(row, day, "agreement_over")
            # A later agreement may have been made since.
            row.order_agreements()
    agreed = event.agreement
    if agreed is not None and all(each.plan_id != agreed.plan_id for each in event.plans_left):
        last = agreed.last_due or date.max
        waits = [due for due in (event.untested_due, *event.untested_later) if due is not None and due <= last]
        _turn(row, _test_date(row, waits[-1]) if waits else today + ONE_DAY, "agreement_over")


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
        settled=(row.settled_on or date.min) >= first,
        dpd_before=row.paid_off_dpd if row.paid_off_on is not None and row.paid_off_on >= first else 0,
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
    dpd_before: int,
) -> ReportMonth:
    """What is told of the month of `day`, at whose end these `minima` are unpaid and `owed_fen` is owed.

    In that month a minimum was `missed`, one was `due`, or the account was `settled`; `dpd_before` are the days past due
    of the morning on which all was paid.
    """
    first = day.replace(day=1)
    layers = _missed(row, minima, day) if minima else []
    dpd, oldest, late = 0, None, 0
    if layers:
        dpd = folding.days_past_due(layers, day)
        oldest = min(layer.due_date for layer in layers)
        late = sum(layer.amount_fen for layer in layers if (day - layer.due_date).days >= 30)
    lost = row.lost_on(day)
    ended = row.closed_on(day) is not None or row.settled_by(day) is not None
    status = metro2.status_of(dpd, owed_fen, lost=lost is not None, ended=ended)
    begins = metro2.delinquent_since(oldest, None)
    if lost is not None:
        begins = metro2.delinquent_since(oldest or date.fromisoformat(lost.said), lost.on)
    before = row.delinquent_since(first - ONE_DAY) if _was_late(row, first) else None
    paid = payments.last_by(row.payments, day)
    return ReportMonth(
        account_id=row.account_id,
        month=first,
        code=code_of(
            dpd,
            settled=settled,
            forgiven=row.principal_was_waived(day),
            lost=lost is not None and owed_fen > 0,
            missed=missed,
            due=due,
            unbilled=_is_unbilled(row, day) if first == row.open_month else row.turned(first, first, "unbilled"),
        ),
        days_past_due=dpd,
        past_due_fen=sum(layer.amount_fen for layer in layers),
        missed_minima=len(layers),
        balance_fen=owed_fen,
        oldest_missed_due=oldest,
        last_payment_on=paid[0] if paid else None,
        last_payment_fen=paid[1] if paid else None,
        status=status,
        rating=metro2.rating_of(dpd_before) if status == "13" else None,
        thirty_days_late_fen=metro2.past_due(status, owed_fen, late),
        first_delinquency=metro2.first_delinquency(status, before, begins),
    )


def _missed(row: ReportRow, minima: Sequence[UnpaidMinimum], day: date) -> list[UnpaidMinimum]:
    return folding.missed(minima, day, row.grace_days, row.tolerance_fen)


def as_of(row: ReportRow, day: date) -> CreditReport:
    """What the bureau is told at the end of `day`, if nothing more happens until then.

    `row.months` are all closed months of the account that are kept; `day` is not before `row.business_date`: for an
    earlier day fold the events up to it. Raises BeforeOpening.
    """
    if day < row.opened_on:
        raise folding.BeforeOpening(row.account_id, day, row.opened_on)
    row = _with_its_open_month(row, day)
    return report_lines.report(row, _missed(row, row.unpaid_minima, day), day)


def lines(row: ReportRow, day: date) -> list[MonthLine]:
    """Every month in `row.months` and those up to `day`, as they are told, however long ago."""
    return report_lines.lines(_with_its_open_month(row, day), day)


def _with_its_open_month(row: ReportRow, day: date) -> ReportRow:
    """A copy in which the months before `day` are closed, and its own month is the last one."""
    row = copy(row)
    row.months = list(row.months)
    _close_months_before(row, day)
    if row.open_month is not None:
        row.months.append(_month(row, day))
    return row
