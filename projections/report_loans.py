"""The report of each loan of an account: what of an event concerns one loan, as one that is drawn, repaid and over.

The bureau knows no account with several loans. Whatever is asked of an account's months is asked of a loan's: each event
says what each loan owes after it and what is demanded of that, and each correction how its months ended.
"""

from collections.abc import Iterable
from datetime import date

from domain.calendar import add_months
from domain.events import (
    AccountBilled,
    AccountChargedOff,
    AccountClosed,
    AccountEvent,
    AccountMigrated,
    AccountOverdue,
    AccountReinstated,
    CashDrawn,
    DebtWaived,
    InstalmentPosted,
    LoanAfter,
    MoneyEvent,
    PlanBroken,
    PlanCreated,
    PlanSettledEarly,
    ReportCorrected,
    ReportDisputed,
    Restated,
    UnpaidMinimum,
    WriteOffUndone,
)
from domain.recorded import Recorded
from projections import metro2, payments, report_lines, report_months
from projections.report_months import ToldAnew
from projections.report_row import Denied, ReportMonth, ReportRow

# What is said of a loan also after it was repaid.
_LATER = (Restated, PlanSettledEarly, AccountClosed, AccountReinstated, ReportDisputed, ReportCorrected)


def follow(account: ReportRow, recorded: Recorded) -> None:
    """Bring the loans of `account`, which is still as it was before `recorded`, up to it."""
    event = recorded.event
    if isinstance(event, CashDrawn):
        account.loans[event.plan_id] = _drawn(account, event)
    elif isinstance(event, AccountMigrated):
        account.loans |= {part.plan_id: _taken_over(account, event, part) for part in event.loans_after}
    if not account.loans:
        return
    parts = {each.plan_id: each for each in event.loans_after} if isinstance(event, MoneyEvent) else {}
    for row in account.loans.values():
        part = parts.get(row.plan_id)
        if row.settled_on is None or (part is not None and part.owed_fen) or isinstance(event, _LATER):
            _step(row, recorded, part, account)


def _row(account: ReportRow, plan_id: str, drawn_on: date, day: date, amount_fen: int) -> ReportRow:
    """A loan that there is a report of since `day`. What is tolerated is told of the account's minima, not of a part."""
    row = ReportRow(
        account_id=account.account_id,
        version=account.version,
        product=account.product,
        currency=account.currency,
        zone=account.zone,
        grace_days=account.grace_days,
        tolerance_fen=0,
        opened_on=drawn_on,
        business_date=day,
        activated_on=day,
        open_month=day.replace(day=1),
        plan_id=plan_id,
    )
    row.turn(day, "limit", amount_fen)
    row.turn(day, "drawn")
    return row


def _drawn(account: ReportRow, event: CashDrawn) -> ReportRow:
    return _row(account, event.plan_id, event.business_date, event.business_date, event.amount_fen)


def _taken_over(account: ReportRow, event: AccountMigrated, part: LoanAfter) -> ReportRow:
    """It goes on here: of the months since it was drawn only the account's codes are known, and of its limit what is left."""
    day, first = event.business_date, event.business_date.replace(day=1)
    made_on = next((plan.made_on for plan in event.plans_left if plan.plan_id == part.plan_id), None)
    row = _row(account, part.plan_id, made_on or day, day, part.principal_fen)
    row.due_dates = tuple(each.due_date for each in part.unpaid_minima if each.due_date >= first)
    for back, code in enumerate(event.history):
        month = add_months(first, back - len(event.history))
        if made_on is None or month >= made_on.replace(day=1):
            status = report_lines.status_told(code)  # type: ignore[arg-type] # the event has codes only
            row.months.append(
                ReportMonth(row.account_id, month, code, status=status, plan_id=row.plan_id)  # type: ignore[arg-type]
            )
            row.history += code
            row.grades += metro2.grade_of(status, None, row.portfolio)
    return row


def _step(row: ReportRow, recorded: Recorded, part: LoanAfter | None, account: ReportRow) -> None:
    """Bring one loan, of which `part` is left, one event further; the account is as it was before."""
    event = recorded.event
    day = event.business_date
    if day > row.business_date:
        report_months.reach(row, day)
    _turn(row, event, part, account)
    if isinstance(event, MoneyEvent):
        owed = part.owed_fen if part is not None else 0
        if row.owed_fen and not owed:
            row.paid_off_on, row.paid_off_dpd = day, row.morning_dpd
        row.owed_fen, row.principal_fen, row.unpaid_minima = owed, 0, ()
        if part is not None:
            row.principal_fen = part.principal_fen
            row.unpaid_minima = _beyond(account.tolerance_fen, event.unpaid_minima_after, part.unpaid_minima)
            # One that was learnt to be none is not the last one any more.
            counted = tuple(paid for paid in row.payments if part.paid_on is not None and paid.on <= part.paid_on)
            row.payments = payments.known(counted, [(part.paid_on, part.paid_fen)])
    row.standing, row.version, row.business_date = event.standing, recorded.version, day
    report_months.settle(row, day, row.owed_fen, [row.paid_off_on])
    if isinstance(event, Restated) and event.from_date < day:
        _restate(row, event, part, account.tolerance_fen)


def _turn(row: ReportRow, event: AccountEvent, part: LoanAfter | None, account: ReportRow) -> None:  # noqa: C901, PLR0912 - a case an event
    """What of an event the loan's months are told by."""
    day, agreed = event.business_date, row.agreed_plan()
    owed, principal = (part.owed_fen, part.principal_fen) if part is not None else (0, 0)
    match event:
        case PlanCreated(kind="restructuring") if row.owed_fen:
            report_months.agree(row, event, account.unpaid_minima)
        case InstalmentPosted() if event.plan_id in {row.plan_id, agreed}:
            report_months.fall_due(row, event)
        case PlanBroken() if event.plan_id == agreed:
            row.turn(day, "agreement_over")
        case PlanSettledEarly() if event.plan_id in {row.plan_id, agreed}:
            row.turn(day, "early_settlement")
            if event.plan_id == agreed:
                row.turn(day, "agreement_over")
        case DebtWaived() if event.reason != "cap" and owed < row.owed_fen:
            row.turn(day, "relief")
            if principal < row.principal_fen:
                row.turn(day, "principal_waived")
            if event.reason == "agreement":
                row.turn(day, "agreed_on_less")
        case AccountChargedOff() if part is not None and owed:
            due = next((each.due_date for each in part.unpaid_minima), day)
            row.turn(day, "lost", owed, due.isoformat())
            if row.under_agreement(day):
                row.turn(day, "agreement_over")
        case WriteOffUndone() if row.lost_on(day) is not None:
            row.turn(day, "found")
        case AccountBilled() if part is not None and _is_of(event, part):
            report_months.bill(row, event)
        case AccountOverdue() if any(each.statement_no == event.statement_no for each in row.unpaid_minima):
            row.missed_on = day
        case AccountClosed():
            row.turn(day, "closed", said=event.kind)
        case AccountReinstated():
            row.turn(day, "reinstated")
        case ReportDisputed() if event.plan_id in {None, row.plan_id}:
            _deny(row, event)
        case ReportCorrected() if any(each.dispute_id == event.report_dispute_id for each in row.disputes):
            report_months.decide(row, event)
        case _:
            pass  # it moves money as it says, or concerns the account


def _is_of(event: AccountBilled, part: LoanAfter) -> bool:
    """Whether the statement demands something of the loan, or nothing new of any."""
    demands = any(each.statement_no == event.statement_no for each in part.unpaid_minima)
    return demands or (not event.own_minimum_fen and part.owed_fen > 0)


def _beyond(
    tolerance_fen: int, whole: Iterable[UnpaidMinimum], parts: tuple[UnpaidMinimum, ...]
) -> tuple[UnpaidMinimum, ...]:
    """A loan's `parts` of minima that are not tolerated as a `whole`."""
    beyond = {each.statement_no for each in whole if each.amount_fen > tolerance_fen or not each.statement_no}
    return tuple(each for each in parts if each.statement_no in beyond)


def _deny(row: ReportRow, event: ReportDisputed) -> None:
    """A dispute of the report concerns a loan where it names one of the months that are told of it."""
    first = add_months((row.open_month or event.business_date).replace(day=1), -len(row.history))
    last = row.settled_on or event.business_date
    if any(f"{first:%Y-%m}" <= month <= f"{last:%Y-%m}" for month in event.months):
        row.disputes = (*row.disputes, Denied(event.report_dispute_id, event.months, event.business_date))


def _restate(row: ReportRow, event: Restated, part: LoanAfter | None, tolerance_fen: int) -> None:
    told = next((each for each in event.loans if each.plan_id == row.plan_id), None)
    if told is None:  # it was repaid too long ago
        return
    whole = {end.month_end: end.unpaid_minima for end in event.months}
    months = [
        end.model_copy(
            update={"unpaid_minima": _beyond(tolerance_fen, whole.get(end.month_end, ()), end.unpaid_minima)}
        )
        for end in told.months
    ]
    before = tuple(paid for paid in row.payments if paid.on < event.from_date)
    last = [(part.paid_on, part.paid_fen)] if part is not None else []
    row.payments = payments.known(before, [*((end.paid_on, end.paid_fen) for end in told.months), *last])
    report_months.restate(row, event, ToldAnew(months, told.missed_on, told.paid_off))
