"""A life in figures, as JSON: states on the dates shown, statements, events, refusals, and the credit report."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from domain.account import Account
from domain.events import AccountBilled, Instalment, PlanCreated
from domain.lifecycle import headline
from domain.money import BUCKETS
from domain.recorded import Recorded
from infra.simulation.life import Life, Refusal, as_of
from projections import credit_report
from projections.bureau import MonthLine, tier_of
from projections.explaining.figures import explain
from projections.explaining.steps import Explanation
from projections.report_row import ReportRow

# Sums and counts that the account or its ledger reckons, beside the buckets.
SUMS = ("owed", "billed", "accrued", "held", "available", "minimum_due", "arrears", "dpd")


def told(life: Life) -> dict[str, Any]:
    """All of it as one JSON document; dates and rates are text."""
    shown = dict(states(life))
    document = {
        "states": {day.isoformat(): shown[day] for day in life.scenario.show},
        "statements": statements(life.events),
        "events": [flat(recorded) for recorded in life.events],
        "refused": [refused(each) for each in life.refusals],
        "report": [line.model_dump(mode="json") for line in report(life.events, life.through)],
    }
    by_loan = report_by_loan(life.events, life.through)
    if by_loan:
        document["report_by_loan"] = {
            plan_id: [line.model_dump(mode="json") for line in lines] for plan_id, lines in by_loan.items()
        }
    if life.scenario.explain:
        document["explained"] = [each.model_dump() for each in explained(life)]
    plain: dict[str, Any] = json.loads(json.dumps(document, default=str))
    return plain


def explained(life: Life) -> list[Explanation]:
    """How each figure that the scenario asks for came about."""
    events = [recorded.event for recorded in life.events]
    return [explain(events, each.figure, each.on) for each in life.scenario.explain]


def states(life: Life) -> list[tuple[date, dict[str, Any]]]:
    """The account at the end of each date shown."""
    made = [recorded.event for recorded in life.events if isinstance(recorded.event, PlanCreated)]
    agreed = [event.business_date for event in made if event.kind == "restructuring"]
    return [
        (day, state(account, day, max((on for on in agreed if on <= day), default=None)))
        for day, account in as_of(life.events, life.scenario.show)
    ]


def state(account: Account, day: date, agreed_on: date | None) -> dict[str, Any]:
    """The account as it stands at the end of `day`: whole minor units, and the words.

    What it owes was restructured last on `agreed_on`. Holds, plans and appeals are those that are open, with what is left
    of them; `deceased` is the date of death.
    """
    ledger = account.ledger
    return {
        **{bucket: ledger.buckets[bucket] for bucket in BUCKETS},
        **{name: getattr(account if hasattr(account, name) else ledger, name) for name in SUMS},
        "tier": tier_of(ledger.dpd, day, agreed_on, lost=account.standing == "charged_off"),
        "access": account.access,
        "reasons": list(account.reasons),
        "standing": account.standing,
        "status": headline(account.access, account.standing),
        "layers": [
            {"statement_no": each.statement_no, "due_date": each.due_date, "amount_fen": each.amount}
            for each in ledger.layers
        ],
        "holds": [
            {
                "hold_id": hold_id,
                "merchant_id": each.merchant_id,
                "expires_on": each.expires_on,
                "amount_fen": each.left,
            }
            for hold_id, each in account.holds.items()
            if each.left
        ],
        "plans": [
            {
                "plan_id": plan_id,
                "kind": plan.kind,
                "instalments": [each.model_dump() for each in plan.instalments if any(_amounts(each))],
            }
            for plan_id, plan in ledger.plans.items()
        ],
        "appeals": [
            {"appeal_id": appeal_id, "against": each.against, "decide_by": each.decide_by}
            for appeal_id, each in account.appeals.items()
            if each.outcome is None
        ],
        "deceased": account.death.on if account.death else None,
    }


def _amounts(each: Instalment) -> tuple[int, ...]:
    """What comes with an instalment; nothing of it where refunds took it away."""
    return each.principal_fen, each.interest_fen, each.carried_interest_fen, each.carried_fees_fen


def statements(events: Sequence[Recorded]) -> list[dict[str, Any]]:
    """Every statement as it was printed."""
    return [
        {
            "statement_no": billed.statement_no,
            "date": billed.business_date,
            "due_date": billed.due_date,
            "balance_fen": billed.balance_fen,
            "minimum_fen": billed.minimum_fen,
            "own_minimum_fen": billed.own_minimum_fen,
        }
        for billed in (recorded.event for recorded in events)
        if isinstance(billed, AccountBilled)
    ]


def flat(recorded: Recorded) -> dict[str, Any]:
    """An event as it is published, with its type and its business date in front."""
    said: dict[str, Any] = json.loads(recorded.data)
    return {"type": recorded.type, "business_date": said.pop("business_date"), **said}


def refused(refusal: Refusal) -> dict[str, Any]:
    """A refusal: which fact, why, and the numbers behind it."""
    fact, why = refusal.fact, refusal.refused
    numbers: Mapping[str, Any] = why.numbers
    return {
        "fact": fact.number,
        "at": fact.at,
        "do": fact.do,
        "reason": why.reason,
        "numbers": numbers,
        "remedy": why.remedy,
    }


def report(events: Sequence[Recorded], day: date) -> list[MonthLine]:
    """What the credit bureau is told at the end of `day`, one line for every month since activation.

    Of an account with loans it is told loan by loan; this is the account as a whole.
    """
    row = _reported(events)
    return credit_report.lines(row, day) if row is not None else []


def report_by_loan(events: Sequence[Recorded], day: date) -> dict[str, list[MonthLine]]:
    """The same of each loan, by its plan, from the month in which it was drawn to the one in which it was repaid."""
    row = _reported(events)
    return {plan_id: credit_report.lines(loan, day) for plan_id, loan in row.loans.items()} if row is not None else {}


def _reported(events: Sequence[Recorded]) -> ReportRow | None:
    row: ReportRow | None = None
    for recorded in events:
        row = credit_report.step(row, recorded)
    return row
