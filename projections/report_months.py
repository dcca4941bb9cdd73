"""How months of a report end, whether of an account or of one loan of it, and how they are told anew."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from domain.calendar import ONE_DAY, month_end
from domain.events import (
    AccountBilled,
    InstalmentPosted,
    MonthEnd,
    PaidOff,
    PlanCreated,
    ReportCorrected,
    Restated,
    UnpaidMinimum,
)
from projections import folding, metro2, payments
from projections.bureau import code_of
from projections.report_row import Corrected, ReportMonth, ReportRow, What


class ToldAnew(NamedTuple):
    """What a correction says of the months before it: of the account, or of one loan."""

    months: Sequence[MonthEnd]
    missed_on: date | None
    paid_off: Sequence[PaidOff]


def agree(row: ReportRow, event: PlanCreated, demanded: Sequence[UnpaidMinimum]) -> None:
    """What cannot be paid as billed is restructured: what was `demanded` and not due yet is not due any more."""
    day = event.business_date
    withdrawn = {each.due_date for each in demanded if test_date(row, each.due_date) > day}
    row.due_dates = tuple(due for due in row.due_dates if due not in withdrawn)
    row.turn(day, "agreed", len(event.schedule), event.plan_id)


def bill(row: ReportRow, event: AccountBilled) -> None:
    """A statement demands something by its due date."""
    row.add_due_date(event.due_date)
    row.billed_on = event.business_date
    if row.turned(event.business_date, event.business_date, "agreement_ends"):
        # Its last minimum: unless it is missed, which breaks the agreement, that is kept by then.
        row.turn(test_date(row, event.due_date), "agreement_over")


def fall_due(row: ReportRow, event: InstalmentPosted) -> None:
    """An instalment is due, of a loan whether or not credit leaves anything of it for a statement."""
    if event.due_date is not None:
        row.add_due_date(event.due_date)
    if event.plan_id == row.agreed_plan() and event.number == row.agreed_months():
        row.turn(event.business_date, "agreement_ends")
        if not event.owed_after.payable:
            # Credit paid it, so no statement is to be tested.
            row.turn(event.business_date + ONE_DAY, "agreement_over")


def decide(row: ReportRow, event: ReportCorrected) -> None:
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
            reckoned = row.history[at] if at < len(row.history) else month_at(row, day).code
            kept = tuple(each for each in row.corrections if each.month != month)
            row.corrections = (*kept, Corrected(month, reckoned, change.new))  # type: ignore[arg-type] # a code


def reach(row: ReportRow, day: date) -> None:
    """A later day begins: the months before it are closed."""
    close_months_before(row, day)
    row.morning_dpd = folding.days_past_due(missed_by(row, row.unpaid_minima, day), day) if row.unpaid_minima else 0


def close_months_before(row: ReportRow, day: date) -> None:
    """Close every month that ended before `day`'s month begins."""
    first = day.replace(day=1)
    while row.open_month is not None and row.open_month < first:
        end = month_end(row.open_month)
        if _is_unbilled(row, end):
            row.turn(row.open_month, "unbilled")
        month = month_at(row, end)
        row.months.append(month)
        _note(row, month)
        row.open_month = following = end + ONE_DAY
        if row.due_dates:
            row.due_dates = tuple(due for due in row.due_dates if test_date(row, due) >= following)
        row.forget()


def _note(row: ReportRow, month: ReportMonth) -> None:
    """What the months after it, and it itself if it is told anew, are told by."""
    at = row.at(month.month)
    if month.first_delinquency is not None and not _was_late(row, month.month):
        row.turn(month.month, "delinquent", said=month.first_delinquency.isoformat())
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


def test_date(row: ReportRow, due: date) -> date:
    """The day on which a minimum due on `due` is found missed if it is still unpaid."""
    return due + timedelta(days=row.grace_days + 1)


def settle(row: ReportRow, day: date, owed_fen: int, paid_off: Sequence[date | None]) -> None:
    """Once closed, charged off or a loan, an account is settled on the day it owes nothing; it may yet owe again.

    That is since it was settled already, unless something was owed and `paid_off` since; else the later of two days in
    the month of `day`: since when it would end with its debt, and when the last of that was paid off.
    """
    if row.never_ended():
        return
    known, ended = row.settled_by(day), row.ended_on(day)
    if owed_fen or ended is None:
        if known is not None:
            row.turn(day, "owing")
        return
    first = day.replace(day=1)
    paid = max((on for on in paid_off if on is not None and first <= on <= day), default=None)
    if known is None or (paid is not None and paid > known):
        row.turn(max(paid or first, ended), "settled")


def restate(row: ReportRow, event: Restated, anew: ToldAnew) -> None:
    """Tell closed months anew, as they are now known to have ended; a fact that counted on `from_date` has shown it.

    It may turn out to have been settled in one of them, or not to have been.
    """
    begin = event.from_date.replace(day=1)
    _agree_anew(row, event, anew.months)
    row.missed_on = anew.missed_on
    row.morning_dpd = folding.days_past_due(missed_by(row, row.unpaid_minima, row.business_date), row.business_date)
    if anew.paid_off:
        row.paid_off_on, row.paid_off_dpd = anew.paid_off[-1].on, anew.paid_off[-1].dpd
    elif row.paid_off_on is not None and row.paid_off_on >= begin:
        row.paid_off_on = None
    begun, open_month = row.activated_on, row.open_month
    if begun is None or open_month is None:
        return
    past = [end for end in anew.months if begun <= end.month_end < open_month]
    if past:
        begin = past[0].month_end.replace(day=1)
    kinds: tuple[What, ...] = ("delinquent", "settled", "owing")
    row.turns = tuple(turn for turn in row.turns if turn.what not in kinds or turn.on < begin)
    days = [each.on for each in anew.paid_off]
    told = {month.month: month for month in row.months}
    for end in past:
        first = end.month_end.replace(day=1)
        settle(row, end.month_end, end.owed_fen, days)
        settled = row.settled_by(end.month_end)
        dpds = [each.dpd for each in anew.paid_off if first <= each.on <= end.month_end]
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
    settle(row, row.business_date, row.owed_fen, days)


def _agree_anew(row: ReportRow, event: Restated, months: Sequence[MonthEnd]) -> None:
    """An agreement that seemed broken turns out to be kept, or the other way round, by the ends of months."""
    begin, today = event.from_date.replace(day=1), event.business_date
    ends: tuple[What, ...] = ("agreement_ends", "agreement_over")
    row.turns = tuple(turn for turn in row.turns if turn.what not in ends or turn.on < begin)
    agreed = event.agreement if event.agreement and event.agreement.plan_id == row.agreed_plan() else None
    kept = {end.month_end: end.under_agreement for end in months} | {today: agreed is not None}
    for day, under_agreement in kept.items():
        if row.under_agreement(day) and not under_agreement:
            row.turn(day, "agreement_over")
            # A later agreement may have been made since.
            row.order_agreements()
    if agreed is not None and all(each.plan_id != agreed.plan_id for each in event.plans_left):
        last = agreed.last_due or date.max
        waits = [due for due in (event.untested_due, *event.untested_later) if due is not None and due <= last]
        row.turn(test_date(row, waits[-1]) if waits else today + ONE_DAY, "agreement_over")


def month_at(row: ReportRow, day: date) -> ReportMonth:
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
    layers = missed_by(row, minima, day) if minima else []
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
        plan_id=row.plan_id,
    )


def missed_by(row: ReportRow, minima: Sequence[UnpaidMinimum], day: date) -> list[UnpaidMinimum]:
    """The minima that were found missed by then, of those that are unpaid."""
    return folding.missed(minima, day, row.grace_days, row.tolerance_fen)
