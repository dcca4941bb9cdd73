"""One loan's part of an account's history: the same events, but for those that are of other loans, with its own figures."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from domain.events import (
    AccountActivated,
    AccountBilled,
    AccountChargedOff,
    AccountEvent,
    AccountMigrated,
    AccountOverdue,
    CashDrawn,
    DebtWaived,
    InstalmentPosted,
    LoanAfter,
    MoneyEvent,
    Owed,
    PlanCreated,
    ReportCorrected,
    ReportDisputed,
    Restated,
    UnpaidMinimum,
)
from projections.explaining.reading import History, book_on
from projections.explaining.steps import Step, Told, step

DELINQUENCY = "6 Delinquency"
_NOTHING = Owed()


def of_loan(told: History, plan_id: str) -> History:
    """What of an account's events says how the months of one loan ended.

    What it owes stands in one bucket: an amount, not of what kind. Months, days paid off and minima are its own.
    """
    found: list[Told] = []
    before: LoanAfter | None = None
    mine, denied = {plan_id}, set[str]()
    for each in told:
        event = each.event
        part = _part(event, plan_id) if isinstance(event, MoneyEvent) else before
        if isinstance(event, PlanCreated) and event.kind == "restructuring" and before is not None and before.owed_fen:
            mine.add(event.plan_id)
        if isinstance(event, ReportDisputed) and event.plan_id in {None, plan_id}:
            denied.add(event.report_dispute_id)
        if _concerns(event, plan_id, before, part, denied):
            changes = _changes(event, plan_id, mine, before, part)
            found.append(Told(each.version, event.model_copy(update=changes) if changes else event))
        before = part
    return found


def _part(event: MoneyEvent, plan_id: str) -> LoanAfter | None:
    return next((part for part in event.loans_after if part.plan_id == plan_id), None)


def _concerns(  # noqa: PLR0911 - a case an event
    event: AccountEvent, plan_id: str, before: LoanAfter | None, part: LoanAfter | None, denied: set[str]
) -> bool:
    match event:
        case AccountActivated():
            return False  # a loan begins when it is drawn
        case CashDrawn():
            return event.plan_id == plan_id
        case AccountMigrated():
            return part is not None
        case AccountChargedOff():
            return part is not None and part.owed_fen > 0
        case AccountOverdue():
            return before is not None and any(each.statement_no == event.statement_no for each in before.unpaid_minima)
        case ReportCorrected():
            return event.report_dispute_id in denied
        case _:
            return True


def _changes(  # noqa: PLR0911 - a case an event
    event: AccountEvent, plan_id: str, mine: set[str], before: LoanAfter | None, part: LoanAfter | None
) -> dict[str, Any]:
    if not isinstance(event, MoneyEvent):
        return {}
    changes: dict[str, Any] = {"owed_after": _NOTHING, "unpaid_minima_after": ()}
    if part is not None:
        changes = {
            "owed_after": Owed(principal_unbilled=part.owed_fen),
            "unpaid_minima_after": part.unpaid_minima,
        }
    match event:
        case AccountBilled():
            own = part is not None and any(each.statement_no == event.statement_no for each in part.unpaid_minima)
            nothing_new = not event.own_minimum_fen and part is not None and part.owed_fen
            return changes if own or nothing_new else changes | {"due_date": date.max}
        case InstalmentPosted():
            return changes if event.plan_id in mine else changes | {"due_date": None}
        case DebtWaived() if _principal(part) == _principal(before):
            return changes | {"principal_fen": 0}
        case AccountMigrated():
            return changes | {"history": _history(event, plan_id), "minima_left": part.unpaid_minima if part else ()}
        case Restated():
            return changes | _restated(event, plan_id)
        case _:
            return changes


def _principal(part: LoanAfter | None) -> int:
    return part.principal_fen if part is not None else 0


def _history(event: AccountMigrated, plan_id: str) -> str:
    """Of the months before it was drawn there are no codes."""
    made_on = next((plan.made_on for plan in event.plans_left if plan.plan_id == plan_id), None)
    if made_on is None or not event.history:
        return event.history
    day = event.business_date
    months = (day.year - made_on.year) * 12 + day.month - made_on.month
    return event.history[-months:] if months else ""


def _restated(event: Restated, plan_id: str) -> dict[str, Any]:
    told = next((each for each in event.loans if each.plan_id == plan_id), None)
    if told is None:
        return {"months": (), "paid_off": (), "missed_on": None, "from_date": event.business_date}
    return {"months": told.months, "paid_off": told.paid_off, "missed_on": told.missed_on}


def days_late(account: History, loan: History, plan_id: str, day: date) -> Step:
    """How many days late the loan is: since what is due of the oldest minimum that was missed and is its own, too."""
    missed = {each.statement_no for each in book_on(account, day).missed()}
    found = next((each for each in reversed(loan) if isinstance(each.event, MoneyEvent)), None)
    minima: Sequence[UnpaidMinimum] = found.event.unpaid_minima_after if found else ()  # type: ignore[union-attr] # as asked
    own = [each for each in minima if each.statement_no in missed]
    rule = f"Days past due of a loan count from the oldest missed minimum that demands money of it, of plan {plan_id}."
    if not own:
        return step(rule, DELINQUENCY, "0", 0, unit="days", events=[found])
    late = (day - own[0].due_date).days
    return step(
        rule,
        DELINQUENCY,
        f"from {own[0].due_date} to {day}",
        max(0, late),
        unit="days",
        events=[found],
        past_due_fen=sum(each.amount_fen for each in own),
    )
