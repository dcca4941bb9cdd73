"""Why a month of the report has its codes: what is said, on which events it rests, and whether the view says the same."""

from datetime import date, timedelta
from random import Random

import pytest

from domain.commands import (
    ChangeBillDay,
    DecideAppeal,
    ForceClose,
    LodgeAppeal,
    Reinstate,
    RequestClosure,
    WaiveDebt,
)
from domain.terms import CASH_LOAN, PAY_LATER, Terms
from infra.explanations import month_told
from projections.explaining.report import Codes, MonthExplained, NotBegun, explain_month
from tests.domain.lives import wandering, wandering_late
from tests.explain.loan_lives import agreeing, lending
from tests.explain.test_lives import learning_late, with_decisions
from tests.projections.late_facts import BEGIN, facts_of, learns, lived, returns_of
from tests.projections.stories import Story
from tests.projections.test_credit_report import base
from tests.projections.test_report_debt_law import LOANS, borrowing, in_both_ways
from tests.projections.test_report_dialects import taken_over
from tests.projections.test_report_disputes import decided, denied
from tests.projections.test_report_law import reported
from tests.specification import CUSTOMER


def explained(story: Story, month: str, on: str, view: Codes | None = None) -> MonthExplained:
    events = [each.event for each in story.recorded]
    return explain_month(events, date.fromisoformat(f"{month}-01"), date.fromisoformat(on), view)


def asked(explanation: MonthExplained) -> list[tuple[str, bool]]:
    return [(each.code, each.holds) for each in explanation.rules]


def behind(explanation: MonthExplained) -> list[tuple[int, str]]:
    """The events of the row that holds."""
    return [(each.version, each.type) for each in explanation.rules[-1].events]


NEVER_PAID = base().advances("2026-08-20").pays("2026-10-08", 140_429)


@pytest.mark.parametrize(
    ("month", "code", "status"),
    [("2025-12", "/", None), ("2026-01", "*", "11"), ("2026-02", "1", "11"), ("2026-04", "3", "78"),
     ("2026-07", "6", "83"), ("2026-08", "B", "97"), ("2026-10", "C", "64")],
)  # fmt: skip
def test_the_months_of_example_a(month, code, status):
    explanation = explained(NEVER_PAID, month, "2026-10-31")
    assert (explanation.code, explanation.status) == (code, status)


def test_a_late_month_rests_on_the_minimum_that_was_missed():
    explanation = explained(NEVER_PAID, "2026-04", "2026-10-31")
    assert asked(explanation) == [("/", False), ("G", False), ("C", False), ("B", False), ("3", True)]
    assert explanation.rules[-1].because == "79 days past due"
    assert [(each.arithmetic, each.result, each.unit) for each in explanation.facts] == [
        ("123.46", 12_346, "fen"),
        ("from 2026-02-10 to 2026-04-30", 79, "days"),
        ("1,295.43", 129_543, "fen"),
    ]
    assert [event.type for event in explanation.facts[0].events] == ["account.billed"]
    assert [(each.code, each.because) for each in explanation.status_rules if each.holds] == [
        ("78", "79 days past due")
    ]


def test_a_loss_and_its_recovery_name_the_events_they_rest_on():
    assert [kind for _, kind in behind(explained(NEVER_PAID, "2026-08", "2026-10-31"))] == ["account.charged_off"]
    recovered = explained(NEVER_PAID, "2026-10", "2026-10-31")
    assert [kind for _, kind in behind(recovered)] == ["account.charged_off", "payment.received", "account.closed"]
    assert recovered.rules[1].because == "no principal was waived"


@pytest.mark.parametrize(
    ("story", "month", "code", "because"),
    [
        (base().pays("2026-02-25", 123_457), "2026-02", "M", "a minimum was missed in the month and made good in it"),
        (base().advances("2026-02-01").pays("2026-02-10", 12_346), "2026-02", "N", "a due date fell in the month"),
        (base(), "2026-01", "*", "no due date fell in the month"),
        (base().pays("2026-01-12", 123_457).say("2026-02-03", RequestClosure), "2026-02", "C", "closed or charged off"),
        (
            base().say("2026-01-12", WaiveDebt, principal_fen=123_457, reason="goodwill").say("2026-02-03", RequestClosure),
            "2026-02", "G", "principal was waived on 2026-01-12",
        ),
        (
            Story(terms=Terms(version="agreed", bill_day=15)).buys("2026-01-20", 50_000)
            .say("2026-02-25", ChangeBillDay, bill_day=5, from_date=date(2026, 3, 10)).pays("2026-02-25", 50_000),
            "2026-03", "A", "the bill day moved and no statement came",
        ),
        (Story(limit_fen=0), "2026-02", "/", "it was never activated"),
        (taken_over("#2"), "2026-02", "2", "taken over on 2026-03-10"),
        (taken_over("#2"), "2026-01", "#", "taken over on 2026-03-10"),
        (taken_over("#2"), "2025-12", "/", "it has a report since 2026-03-10"),
    ],
)  # fmt: skip
def test_each_code_by_the_first_row_that_holds(story, month, code, because):
    explanation = explained(story, month, "2026-03-31")
    assert explanation.code == code
    assert because in explanation.rules[-1].because


def test_a_month_in_which_it_came_back_and_was_closed_again_is_settled_once_more():
    story = Story().say("2026-01-20", ForceClose, reason="abuse")
    story.say("2026-01-21", LodgeAppeal, appeal_id="a-1", against="closure", actor=CUSTOMER)
    story.say("2026-01-22", DecideAppeal, appeal_id="a-1", outcome="upheld", reason="mistaken")
    story.say("2026-03-07", Reinstate, limit_fen=300_000, appeal_id="a-1").say("2026-03-28", ForceClose, reason="abuse")
    told = [explained(story, month, "2026-03-31") for month in ("2026-01", "2026-02", "2026-03")]
    assert [each.code for each in told] == ["C", "*", "C"]
    _, lines = reported([each.event for each in story.recorded], date(2026, 3, 31))
    assert [line.code for line in lines] == ["C", "*", "C"]


def test_what_was_learnt_late_is_named_with_what_it_made_of_the_month():
    story = learns(base().advances("2026-03-01"), "2026-03-05", 12_346, "2026-02-09")
    assert explained(story, "2026-02", "2026-03-04").code == "1"
    explanation = explained(story, "2026-02", "2026-03-05")
    assert (explanation.code, explanation.facts[0].result, explanation.facts[1].result) == ("N", 0, 111_111)
    assert "learnt that counts from 2026-02-09" in explanation.facts[0].rule
    assert [event.type for event in explanation.facts[0].events] == ["payment.received", "balances.corrected"]


def test_a_dispute_that_was_upheld_is_named_with_its_event():
    story = decided(denied(base().advances("2026-05-15"), "2026-05-15", "2026-03"), "2026-05-20", of_2026_03="2>N")
    explanation = explained(story, "2026-03", "2026-05-20")
    assert (explanation.code, explanation.status, explanation.rules[-1].code) == ("N", "11", "2")
    assert explanation.dispute.because == "decided on 2026-05-20 of the code 2, to which its facts still lead"
    assert [event.type for event in explanation.dispute.events] == ["report.corrected"]
    learns(story, "2026-05-25", 12_346, "2026-02-09")
    explanation = explained(story, "2026-03", "2026-05-25")
    assert (explanation.code, explanation.dispute.holds) == ("1", False)
    assert explanation.dispute.because.endswith("its facts led then, and now lead to 1")


def test_a_month_that_has_not_begun_cannot_be_explained():
    with pytest.raises(NotBegun, match="2026-04 has not begun on 2026-03-31"):
        explained(base(), "2026-04", "2026-03-31")


def test_before_the_opening_there_is_nothing_to_explain():
    with pytest.raises(ValueError, match=r"begins with account\.opened"):
        explained(base(), "2026-01", "2026-01-04")


def test_it_can_be_read_out():
    said = [str(line) for line in month_told(explained(NEVER_PAID, "2026-04", "2026-10-31", Codes("3", "78")))]
    assert said[0] == "report of 2026-04 on 2026-10-31: PBOC 3, Metro 2 78"
    assert "  B    bad debt: no, no charged-off debt is owed" in said
    assert "  3    overdue by days past due / 30, rounded up: yes, 79 days past due" in said
    assert said[-1] == "The report says the same: PBOC 3, Metro 2 78."
    said = [str(line) for line in month_told(explained(NEVER_PAID, "2026-04", "2026-10-31", Codes("2", "71")))]
    assert said[-1] == "THE REPORT SAYS OTHERWISE: PBOC 2, Metro 2 71."
    said = [str(line) for line in month_told(explained(NEVER_PAID, "2026-11", "2026-11-30"))]
    assert said[-1] == "The report does not tell this month."


# Loans and agreements


LOAN = Story(terms=CASH_LOAN).draws("2026-01-15", 100_000, 2).pays("2026-02-01", 60_000).pays_demand("2026-03-15")
AGREED = base().restructures("2026-03-05", 12).advances("2026-04-30")


@pytest.mark.parametrize(
    ("story", "month", "code", "status", "because", "behind"),
    [
        (LOAN, "2026-01", "*", "11", "no due date fell in the month", []),
        (LOAN, "2026-02", "N", "11", "a due date fell in the month", ["instalment.posted"]),
        (LOAN, "2026-03", "C", "13", "a loan, and all of it repaid in this month", ["cash.drawn", "payment.received"]),
        (AGREED, "2026-02", "1", "11", "18 days past due", []),
        (AGREED, "2026-03", "*", "11", "no due date fell in the month", []),
        (AGREED, "2026-04", "3", "78", "79 days past due", []),
    ],
)
def test_a_month_of_a_loan_or_of_an_agreement(story, month, code, status, because, behind):
    explanation = explained(story, month, "2026-04-30")
    assert (explanation.code, explanation.status) == (code, status)
    assert because in explanation.rules[-1].because
    assert [event.type for event in explanation.rules[-1].events] == behind


def test_a_broken_agreement_is_named_as_what_is_late():
    explanation = explained(AGREED, "2026-04", "2026-04-30")
    assert explanation.facts[-2].arithmetic == "from 2026-02-10 to 2026-04-30"
    assert "plan.broken" in [event.type for each in explanation.facts for event in each.events]


# A second opinion of every month of many lives


def every_month_is_explained(events, day: date) -> int:
    _, lines = reported(events, day)
    for line in lines:
        view = Codes(line.code, line.metro2.account_status)
        explanation = explain_month(events, date.fromisoformat(f"{line.month}-01"), day, view)
        assert explanation.agrees, (line.month, view, explanation.code, explanation.status)
    return len(lines)


@pytest.mark.parametrize("kind", [wandering, wandering_late, learning_late, with_decisions, lending, agreeing])
def test_the_report_says_what_is_reckoned_from_the_events(kind):
    for seed in range(12):
        events = kind(seed).events
        last = events[-1].business_date
        for day in (events[len(events) // 2].business_date, last, last + timedelta(days=50)):
            every_month_is_explained(events, day)


def test_so_it_does_of_lives_of_late_facts_and_returns():
    months = 0
    for seed in range(40):
        chance = Random(seed)
        facts = facts_of(chance)
        story = lived([*facts, *returns_of(chance, facts)], BEGIN + timedelta(days=340))
        months += every_month_is_explained([each.event for each in story.recorded], date(2027, 1, 20))
    assert months > 200


@pytest.mark.parametrize("terms", [*LOANS, PAY_LATER], ids=lambda each: each.version)
def test_so_it_does_of_loans_and_of_agreements(terms):
    for seed in range(15):
        events = [each.event for each in borrowing(seed, terms).recorded]
        for day in (events[len(events) // 2].business_date, events[-1].business_date + timedelta(days=50)):
            every_month_is_explained(events, day)


def test_so_it_does_of_loans_and_of_agreements_learnt_late():
    for seed in range(40):
        late, _ = in_both_ways(seed)
        if late is not None:
            every_month_is_explained([each.event for each in late.recorded], date(2026, 10, 20))


def test_a_view_that_says_otherwise_is_found_out():
    story = base().say("2026-01-20", ForceClose, reason="abuse").advances("2026-04-30")
    assert explained(story, "2026-04", "2026-04-30", Codes("3", "78")).agrees
    assert not explained(story, "2026-04", "2026-04-30", Codes("3", "71")).agrees
    assert not explained(story, "2026-04", "2026-04-30", Codes("2", "78")).agrees
