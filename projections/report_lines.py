"""How the report of one account is told: its months in both dialects, with what disputes and the passing of years change."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from domain.calendar import add_months, month_end
from domain.events import UnpaidMinimum
from projections import folding, metro2, payments
from projections.bureau import (
    ADVERSE,
    LATE,
    STATUS_CODES,
    AccountStatus,
    Code,
    CreditReport,
    MonthLine,
    Special,
    account_status,
    tier_of,
    whole_yuan,
    worst_of,
    yuan_or_none,
)
from projections.metro2 import Comment, Condition, Metro2Month, Status
from projections.report_row import KEPT, Denied, ReportMonth, ReportRow, What

SHOWN = 24
# How long what counts against a customer is told after the account was settled.
_ADVERSE_MONTHS = 60
_OF_DIGITS: tuple[Status, ...] = ("11", "71", "78", "80", "82", "83", "84")


def report(row: ReportRow, layers: Sequence[UnpaidMinimum], day: date) -> CreditReport:
    """What is told at the end of `day`; the last of `row.months` is that of `day`, and `layers` are missed by then."""
    told = _still_told(row, lines(row, day), day)
    shown = told[-SHOWN:]
    months = tuple(line for line in shown if line is not None)
    past_due, lost = sum(layer.amount_fen for layer in layers), row.lost_on(day) is not None and row.owed_fen > 0
    dpd, closed, paid = folding.days_past_due(layers, day), row.closed_on(day), payments.last_by(row.payments, day)
    status: AccountStatus = "bad_debt" if lost else "overdue" if layers else "normal"
    if row.settled_on is not None:
        status = "settled"
    return CreditReport(
        account_id=row.account_id,
        plan_id=row.plan_id or None,
        account_type="D1" if row.is_loan else "R1",
        portfolio_type=row.portfolio,
        as_of=day,
        version=row.version,
        business_date=row.business_date,
        product=row.product,
        currency=row.currency,
        zone=row.zone,
        account_status=status,
        account_status_code=STATUS_CODES[status],
        tier=tier_of(dpd, day, row.agreed_on(day), lost=lost),
        standing=row.standing,
        opened_on=row.opened_on,
        activated_on=row.activated_on,
        closed_on=closed[0] if closed else None,
        close_kind=closed[1] if closed else None,
        settled_on=row.settled_on,
        restructured_on=row.agreed_on(day),
        under_agreement=row.under_agreement(day) and row.owed_fen > 0,
        debt_outlives_closure=closed is not None and row.owed_fen > 0,
        limit_fen=row.limit_on(day),
        limit_yuan=whole_yuan(row.limit_on(day)),
        balance_fen=row.owed_fen,
        balance_yuan=whole_yuan(row.owed_fen),
        code=months[-1].code if months else "/",
        worst_code=months[-1].worst_code if months else "/",
        days_past_due=dpd,
        past_due_fen=past_due,
        past_due_yuan=whole_yuan(past_due),
        missed_minima=len(layers),
        oldest_missed_due=min((layer.due_date for layer in layers), default=None),
        last_payment_on=paid[0] if paid else None,
        last_payment_fen=paid[1] if paid else None,
        last_payment_yuan=whole_yuan(paid[1]) if paid else None,
        history_24="".join("#" if line is None else line.code for line in shown).rjust(SHOWN, "/"),
        months=months,
    )


def lines(row: ReportRow, day: date) -> list[MonthLine]:
    """Every month in `row.months`, oldest first, as it is told at the end of `day`.

    After the month in which it was settled there is nothing to tell.
    """
    told = _as_decided(row)
    if row.settled_on is not None:
        told = [month for month in told if month.month <= row.settled_on]
    grades = row.grades[: max(0, row.at(told[0].month))] if told else ""
    made: list[MonthLine] = []
    for number, (month, reckoned) in enumerate(zip(told, row.months, strict=False)):
        codes = [each.code for each in told[max(0, number - KEPT + 1) : number + 1]]
        made.append(_line(row, month, reckoned, worst_of(codes), grades, day))
        grades += metro2.grade_of(month.status, month.balance_fen, row.portfolio)
    return made


def _still_told(row: ReportRow, made: list[MonthLine], day: date) -> list[MonthLine | None]:
    """Five years after it was settled, nothing adverse is told any more.

    Such a month leaves a gap: nothing of what comes after it may tell of it either.
    """
    if row.settled_on is None or day <= add_months(row.settled_on, _ADVERSE_MONTHS):
        return list(made)
    told: list[MonthLine | None] = []
    grades, codes = "", [line.code for line in made if not _is_adverse(line)]
    for line in made:
        if _is_adverse(line):
            grades += "D"
            told.append(None)
            continue
        other = {"payment_history": metro2.history_before(grades), "first_delinquency": None}
        so_far = codes[: sum(each is not None for each in told) + 1]
        changes = {
            "worst_code": worst_of(so_far),
            "metro2": line.metro2.model_copy(update=other),
            "corrected_from": None,
        }
        told.append(line.model_copy(update=changes))
        grades += metro2.grade_of(line.metro2.account_status, line.balance_fen, row.portfolio)
    return told


def _is_adverse(line: MonthLine) -> bool:
    other = line.metro2
    return (
        line.code in ADVERSE
        or other.account_status not in {None, "11", "13"}
        or other.payment_rating not in {None, "0"}
    )


def _as_decided(row: ReportRow) -> list[ReportMonth]:
    """The months with what disputes changed: another code, and what follows from it in the other dialect.

    A change holds as long as the facts of its month lead to the code that it was decided on.
    """
    changes = {each.month: each for each in row.corrections}
    if not changes:
        return row.months
    told: list[ReportMonth] = []
    for month in row.months:
        change = changes.get(month.month)
        if change is not None and change.reckoned == month.code:
            month = _changed(month, change.told)  # noqa: PLW2901 - the month as it is told
        before = told[-1] if told else None
        graded = metro2.grade_of(before.status, before.balance_fen, row.portfolio) if before is not None else "D"
        was_late = graded in metro2.LATE_GRADES
        began = month.first_delinquency
        if before is not None and not was_late and month.oldest_missed_due is not None:
            lost = row.lost_on(month_end(month.month))
            # A delinquency that began in a month told otherwise begins in this one.
            began = max(
                began or date.min, metro2.delinquent_since(month.oldest_missed_due, lost and lost.on) or date.min
            )
        kept = before.first_delinquency if before is not None and was_late else None
        told.append(replace(month, first_delinquency=metro2.first_delinquency(month.status, kept, began)))
    return told


def _changed(month: ReportMonth, code: Code) -> ReportMonth:
    """The month told with another code. One that is not late any more has nothing past due."""
    status = status_told(code)
    if code in LATE:
        late = month.past_due_fen if status != "11" else 0
        return replace(month, code=code, status=status, thirty_days_late_fen=late, rating=None)
    if code == "B":
        return replace(month, code=code, status=status, thirty_days_late_fen=month.balance_fen, rating=None)
    if status == "13" and month.status == "64":
        status = "64"
    return replace(
        month,
        code=code,
        days_past_due=0,
        past_due_fen=0,
        missed_minima=0,
        oldest_missed_due=None,
        status=status,
        rating=month.rating if status == "13" else None,
        thirty_days_late_fen=0,
    )


def status_told(code: Code) -> Status | None:
    """The other dialect's account status of a month of which only its code is known."""
    if code in {"/", "#"}:
        return None
    if code in LATE:
        return _OF_DIGITS[LATE.index(code)]
    return "97" if code == "B" else "13" if code in {"C", "G"} else "11"


def _line(row: ReportRow, month: ReportMonth, reckoned: ReportMonth, worst: Code, grades: str, day: date) -> MonthLine:
    end = min(month_end(month.month), day)
    status, known = account_status(month.code), month.balance_fen is not None
    limit = row.limit_on(end) if known else None
    lost = month.code == "B" or month.status == "97"
    return MonthLine(
        month=f"{month.month:%Y-%m}",
        code=month.code,
        corrected_from=reckoned.code if reckoned.code != month.code else None,
        worst_code=worst,
        account_status=status,
        account_status_code=STATUS_CODES[status],
        tier=None if month.days_past_due is None else tier_of(month.days_past_due, end, row.agreed_on(end), lost=lost),
        days_past_due=month.days_past_due,
        past_due_fen=month.past_due_fen,
        past_due_yuan=yuan_or_none(month.past_due_fen),
        missed_minima=month.missed_minima,
        balance_fen=month.balance_fen,
        balance_yuan=yuan_or_none(month.balance_fen),
        limit_fen=limit,
        limit_yuan=yuan_or_none(limit),
        last_payment_on=month.last_payment_on,
        last_payment_fen=month.last_payment_fen,
        last_payment_yuan=yuan_or_none(month.last_payment_fen),
        special_transactions=_special(row, month.month, end),
        metro2=_in_metro2(row, month, grades, end, day),
    )


def _special(row: ReportRow, first: date, end: date) -> tuple[Special, ...]:
    """What of it happened in the month."""
    kinds: dict[Special, What] = {"5": "early_settlement", "11": "relief", "14": "agreed"}
    return tuple(special for special, what in kinds.items() if row.turned(first, end, what))


def _in_metro2(row: ReportRow, month: ReportMonth, grades: str, end: date, day: date) -> Metro2Month:
    lost = row.lost_on(end)
    charged_off = lost.fen if lost is not None and month.status in {"97", "64"} else None
    return Metro2Month(
        account_status=month.status,
        payment_rating=month.rating,
        payment_history=metro2.history_before(grades),
        special_comment=_comment(row, month, end),
        compliance_condition=_condition(row, month.month, end, day),
        current_balance_fen=month.balance_fen,
        current_balance_yuan=yuan_or_none(month.balance_fen),
        past_due_fen=month.thirty_days_late_fen,
        past_due_yuan=yuan_or_none(month.thirty_days_late_fen),
        original_charge_off_fen=charged_off,
        original_charge_off_yuan=yuan_or_none(charged_off),
        first_delinquency=month.first_delinquency,
        closed_on=row.ended_by(end),
        last_payment_on=month.last_payment_on,
    )


def _comment(row: ReportRow, month: ReportMonth, end: date) -> Comment | None:
    """Field 19 has room for one: how the debt ended, or is being paid, says more than who ended the account."""
    if month.status in {"13", "64"} and row.less_was_paid(end):
        return "AU"
    if row.under_agreement(end) and month.balance_fen:
        return "AC"
    closed = row.closed_on(end)
    return "M" if closed is not None and closed[1] in {"forced", "inactive"} else None


def _condition(row: ReportRow, first: date, end: date, day: date) -> Condition | None:
    """Field 20: of a month that is denied, how that dispute stands now; of others, how all of them stood at its end."""
    own = [each for each in row.disputes if f"{first:%Y-%m}" in each.months and each.on <= day]
    if own:
        return _stands(own[-1])
    begun = [each for each in row.disputes if each.on <= end]
    if any(each.decided_on is None or each.decided_on > end for each in begun):
        return "XB"
    last = max(begun, key=lambda each: each.decided_on or end, default=None)
    # What was upheld takes the code back once; then there is none.
    if last is not None and (last.outcome == "rejected" or (last.decided_on or end) >= first):
        return _stands(last)
    closed = row.closed_on(end)
    return "XA" if closed is not None and closed[1] == "voluntary" else None


def _stands(dispute: Denied) -> Condition:
    match dispute.outcome:
        case None:
            return "XB"
        case "upheld":
            return "XR"
        case "rejected":
            return "XC"
