"""The report by loan: each drawing of an account is told as an account of its own, from its day to the day it is repaid.

The stories are those of several loans in `tests/domain/test_drawdowns.py`: 89,975 due on each 15th from February on, and
101,200 on 20 February.
"""

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest

from domain.account import fold
from domain.calendar import month_end
from domain.commands import CorrectReport, DisputeReport, ForceClose, Migrate, ReversePayment, WaiveDebt, WriteOff
from domain.events import CodeChange, MoneyEvent
from domain.refusals import Refused
from domain.terms import CASH_LOAN
from projections import credit_report
from projections.bureau import CreditReport, MonthLine
from projections.explaining.report import Codes, explain_month
from projections.report_row import ReportRow
from tests.domain.lives import Life, wandering_in_loans
from tests.domain.test_migrating import LENT
from tests.projections.late_facts import learns
from tests.projections.stories import Story
from tests.projections.test_credit_report import told
from tests.projections.test_report_debt_law import LIVES, in_both_ways
from tests.projections.test_report_disputes import CUSTOMER
from tests.projections.test_report_law import (
    a_delinquency_begins_by_the_end_of_its_first_month,
    a_history_is_what_the_months_before_were,
    one_row_a_month_from_activation_to_settlement,
    reported,
    some_days,
    the_dialects_say_the_same,
)


def two() -> Story:
    return Story(terms=CASH_LOAN).draws("2026-01-15", 1_000_000, 12).draws("2026-01-20", 100_000, 1, "loan-2")


def of(story: Story, plan: str, asked: str) -> CreditReport:
    return next(each for each in told(story, asked).loans if each.plan_id == plan)


def codes(story: Story, plan: str, asked: str) -> dict[str, str]:
    return {line.month: line.code for line in of(story, plan, asked).months}


def test_each_loan_is_told_with_what_was_drawn_and_since_when():
    assert [
        (each.plan_id, each.account_type, each.portfolio_type, each.opened_on, each.limit_fen, each.balance_fen)
        for each in told(two(), "2026-01-31").loans
    ] == [
        ("loan-1", "D1", "I", date(2026, 1, 15), 1_000_000, 1_000_000),
        ("loan-2", "D1", "I", date(2026, 1, 20), 100_000, 100_000),
    ]


def test_a_line_has_none():
    assert told(Story().buys("2026-01-10", 1_000), "2026-02-28").loans == ()
    assert told(Story(terms=CASH_LOAN), "2026-02-28").loans == ()


def test_one_is_late_and_the_other_is_not():
    story = two().pays_demand("2026-02-15").advances("2026-02-25")
    first, second = told(story, "2026-02-28").loans
    assert (first.code, first.days_past_due, first.past_due_fen, first.balance_fen) == ("N", 0, 0, 922_025)
    assert (second.code, second.days_past_due, second.past_due_fen, second.balance_fen) == ("1", 8, 101_200, 101_200)
    assert (first.account_status, second.account_status) == ("normal", "overdue")
    assert (first.tier, second.tier) == ("normal", "special_mention")
    assert (first.last_payment_on, second.last_payment_on) == (date(2026, 2, 15), None)


def test_a_loan_is_over_in_the_month_in_which_it_is_repaid_and_the_other_goes_on():
    story = two().pays_demand("2026-02-15", "2026-02-20", "2026-03-15")
    assert codes(story, "loan-1", "2026-03-31") == {"2026-01": "*", "2026-02": "N", "2026-03": "N"}
    assert codes(story, "loan-2", "2026-03-31") == {"2026-01": "*", "2026-02": "C"}
    second = of(story, "loan-2", "2026-03-31")
    assert (second.settled_on, second.account_status) == (date(2026, 2, 20), "settled")
    assert second.months[-1].metro2.account_status == "13"
    assert second.months[-1].metro2.closed_on == date(2026, 2, 20)


def test_a_loan_begins_in_the_month_in_which_it_is_drawn():
    story = Story(terms=CASH_LOAN).draws("2026-01-15", 1_000_000, 12).pays_demand("2026-02-15", "2026-03-15")
    story.draws("2026-03-20", 100_000, 2, "loan-2")
    assert codes(story, "loan-2", "2026-03-31") == {"2026-03": "*"}
    assert of(story, "loan-2", "2026-03-31").months[0].metro2.payment_history == "B" * 24


def test_drawn_again_after_it_was_repaid_is_another_account_of_the_report():
    story = Story(terms=CASH_LOAN).draws("2026-01-15", 100_000, 1).pays_demand("2026-02-15")
    story.draws("2026-04-10", 100_000, 1, "loan-2").advances("2026-05-15")
    assert codes(story, "loan-1", "2026-05-15") == {"2026-01": "*", "2026-02": "C"}
    assert codes(story, "loan-2", "2026-05-15") == {"2026-04": "*", "2026-05": "1"}


def test_a_loan_settled_early_is_told_so_of_itself_alone():
    first, second = told(two().settles("2026-01-25"), "2026-01-31").loans
    assert (first.code, first.months[0].special_transactions) == ("C", ("5",))
    assert (second.code, second.months[0].special_transactions) == ("*", ())


def test_principal_given_up_is_told_of_the_loan_whose_it_was():
    story = two().advances("2026-02-14").say("2026-02-14", WaiveDebt, principal_fen=50_000, reason="agreement")
    first, second = told(story, "2026-02-28").loans
    assert first.months[-1].special_transactions == ("11",)
    assert second.months[-1].special_transactions == ()


def test_a_payment_learnt_late_is_told_of_the_loan_that_it_paid():
    story = two().advances("2026-03-05")
    assert codes(story, "loan-1", "2026-03-05")["2026-02"] == codes(story, "loan-2", "2026-03-05")["2026-02"] == "1"
    learns(story, "2026-03-05", 89_975, "2026-02-15")
    assert codes(story, "loan-1", "2026-03-05")["2026-02"] == "N"
    assert codes(story, "loan-2", "2026-03-05")["2026-02"] == "1"
    assert of(story, "loan-1", "2026-03-05").months[1].last_payment_fen == 89_975
    assert of(story, "loan-2", "2026-03-05").last_payment_fen is None


def test_a_payment_that_is_returned_takes_the_end_of_its_loan_back():
    story = two().pays_demand("2026-02-15", "2026-02-20")
    refs = [each.event.payment_ref for each in story.recorded if each.type == "payment.received"]
    story.say("2026-03-02", ReversePayment, payment_ref=refs[-1], reason="returned")
    assert codes(story, "loan-1", "2026-03-10") == {"2026-01": "*", "2026-02": "N", "2026-03": "*"}
    assert codes(story, "loan-2", "2026-03-10") == {"2026-01": "*", "2026-02": "1", "2026-03": "1"}


def test_a_closure_leaves_each_loan_as_it_was():
    story = two().say("2026-01-25", ForceClose, reason="abuse").pays_demand("2026-02-15", "2026-02-20")
    assert [line.metro2.special_comment for line in of(story, "loan-2", "2026-02-28").months] == ["M", "M"]
    assert codes(story, "loan-2", "2026-02-28") == {"2026-01": "*", "2026-02": "C"}


def test_a_loss_is_of_every_loan_that_is_owed_with_what_was_booked_of_each():
    story = two().pays_demand("2026-02-15", "2026-02-20").draws("2026-02-25", 50_000, 2, "loan-3")
    story.say("2026-03-01", WriteOff, reason="fraud")
    first, second, third = told(story, "2026-03-31").loans
    assert (first.code, second.code, third.code) == ("B", "C", "B")
    lost = [each.months[-1].metro2.original_charge_off_fen for each in (first, third)]
    booked = next(each.event for each in story.recorded if each.type == "account.charged_off")
    assert sum(lost) == sum(booked.amounts.values())
    assert third.months[-1].metro2.first_delinquency == date(2026, 3, 1)


def test_an_agreement_is_told_of_each_loan_that_it_took_over_and_each_goes_on():
    story = two().advances("2026-02-25").restructures("2026-02-25", 12).pays_demand("2026-03-25", "2026-04-25")
    for plan in ("loan-1", "loan-2"):
        shown = of(story, plan, "2026-04-30").months
        assert [line.code for line in shown] == ["*", "M", "N", "N"]
        assert [line.metro2.special_comment for line in shown] == [None, "AC", "AC", "AC"]
        assert [line.special_transactions for line in shown] == [(), ("14",), (), ()]
        assert {line.tier for line in shown[1:]} == {"special_mention"}
    story.advances("2026-05-31")
    late = {each.plan_id: (each.days_past_due, each.code) for each in told(story, "2026-05-31").loans}
    # Broken on 26 May, and late since what was first missed before.
    assert late == {"loan-1": (105, "4"), "loan-2": (105, "4")}


def test_loans_that_are_taken_over_go_on_by_their_plans_with_the_codes_since_they_were_drawn():
    """Both were drawn in January; the month before is of another loan. What is paid is interest of both, and the first's principal."""
    life = Life(CASH_LOAN, date(2026, 2, 14), 0)
    life.ask(Migrate, limit_fen=5_000_000, **LENT | {"history": "N*"})
    life.day = date(2026, 2, 28)
    life.pays(12_000 + 3_600 + 77_975, days_ago=13)
    _, _, by_loan = rows_of(life, life.day)
    assert {plan: [(line.month, line.code) for line in lines] for plan, lines in by_loan.items()} == {
        "loan-1": [("2026-01", "*"), ("2026-02", "N")],
        "loan-2": [("2026-01", "*"), ("2026-02", "1")],
    }
    assert [lines[-1].limit_fen for lines in by_loan.values()] == [1_000_000, 300_000]
    for plan, lines in by_loan.items():
        for line in lines:
            view, first = Codes(line.code, line.metro2.account_status), date.fromisoformat(f"{line.month}-01")
            assert explain_month(life.events, first, life.day, view, plan).agrees


# Disputes


def test_a_dispute_may_name_the_loan():
    story = two().pays_demand("2026-02-20").advances("2026-03-01")
    story.say(
        "2026-03-01", DisputeReport, report_dispute_id="rd-1", months=("2026-02",), plan_id="loan-1", actor=CUSTOMER
    )
    conditions = {
        each.plan_id: [line.metro2.compliance_condition for line in each.months]
        for each in told(story, "2026-03-01").loans
    }
    assert conditions == {"loan-1": [None, "XB", "XB"], "loan-2": [None, None]}
    story.say(
        "2026-03-02",
        CorrectReport,
        report_dispute_id="rd-1",
        outcome="upheld",
        changes=(CodeChange(month="2026-02", old="M", new="N"),),
        reason="bank_error",
    )
    assert codes(story, "loan-1", "2026-03-02")["2026-02"] == "N"
    assert codes(story, "loan-2", "2026-03-02")["2026-02"] == "C"


def test_a_dispute_that_names_none_is_of_all_that_have_the_month():
    story = two().pays_demand("2026-02-15", "2026-02-20").draws("2026-03-03", 50_000, 2, "loan-3")
    story.say("2026-03-10", DisputeReport, report_dispute_id="rd-1", months=("2026-02",), actor=CUSTOMER)
    assert [each.months[-1].metro2.compliance_condition for each in told(story, "2026-03-10").loans] == [
        "XB", "XB", None,
    ]  # fmt: skip


def test_a_dispute_of_a_loan_that_was_never_drawn_is_refused():
    with pytest.raises(Refused) as refused:
        two().say(
            "2026-03-01", DisputeReport, report_dispute_id="rd-1", months=("2026-02",), plan_id="loan-9", actor=CUSTOMER
        )
    assert (refused.value.reason, refused.value.numbers["asked"]) == ("plan_unknown", "loan-9")


# Laws

LATER = tuple(range(0, 90, 2))


def rows_of(life: Life, day: date) -> tuple[ReportRow, list[MonthLine], dict[str, list[MonthLine]]]:
    row, lines = reported(life.events, day)
    return row, lines, {plan: credit_report.lines(loan, day) for plan, loan in row.loans.items()}


def test_the_loans_are_together_the_account_in_every_month():
    """What they owe, and what of that is past due; together they are as late as the account is."""
    several = 0
    for seed in LATER:
        life = wandering_in_loans(seed)
        for day in some_days(life):
            _, lines, by_loan = rows_of(life, day)
            owed: Counter[str] = Counter()
            late: Counter[str] = Counter()
            count: Counter[str] = Counter()
            for line in [line for of_loan in by_loan.values() for line in of_loan]:
                owed[line.month] += line.balance_fen
                late[line.month] += line.past_due_fen
                count[line.month] += line.balance_fen > 0
            for line in lines:
                assert (owed[line.month], late[line.month]) == (line.balance_fen, line.past_due_fen), (seed, line.month)
            several += sum(many > 1 for many in count.values())
    assert several > 100


def test_the_report_of_each_loan_holds_as_that_of_an_account_does():
    for seed in LATER:
        life = wandering_in_loans(seed)
        for day in some_days(life):
            row, _, by_loan = rows_of(life, day)
            for plan, lines in by_loan.items():
                one_row_a_month_from_activation_to_settlement(row.loans[plan], lines, day)
                a_history_is_what_the_months_before_were(row.loans[plan], lines)
                a_delinquency_begins_by_the_end_of_its_first_month(lines, day)
                the_dialects_say_the_same(lines)


def _whole(line: MonthLine, *, payments: bool) -> dict[str, Any]:
    """What is told of an account that has one loan is told of the loan; but the limit is what was drawn."""
    left_out = {"limit_fen", "limit_yuan"}
    said = line.model_dump(exclude=left_out)
    if not payments:
        said = {name: value for name, value in said.items() if not name.startswith("last_payment")}
        said["metro2"] = {name: value for name, value in said["metro2"].items() if name != "last_payment_on"}
    return said


def test_an_account_with_one_loan_is_told_as_that_loan_is(monkeypatch):
    """Money that finds nothing owed pays no loan, so last payments are compared where there never was any."""
    draws = Life.draws
    monkeypatch.setattr(
        Life,
        "draws",
        lambda self, fen, months: (
            None if any(e.TYPE == "cash.drawn" for e in self.events) else draws(self, fen, months)
        ),
    )
    compared = with_payments = 0
    for seed in range(120):
        life = wandering_in_loans(seed)
        payments = not any(each.owed_after.credit for each in life.events if isinstance(each, MoneyEvent))
        for day in some_days(life):
            _, lines, by_loan = rows_of(life, day)
            ((_, of_loan),) = by_loan.items()
            assert len(of_loan) == len(lines)
            for account, loan in zip(lines, of_loan, strict=True):
                assert _whole(account, payments=payments) == _whole(loan, payments=payments), (seed, day)
                compared += 1
                with_payments += payments and account.last_payment_fen is not None
    assert compared > 1_000
    assert with_payments > 80


def test_every_month_is_told_as_the_loan_stood_at_its_end():
    """Reckoned a second time: the account is folded to the end of each month, and asked what each loan has of it."""
    compared = 0
    for seed in range(60):
        events = [each.event for each in LIVES[0](seed).recorded]
        row, _ = reported(events, events[-1].business_date)
        for plan, loan in row.loans.items():
            for line in credit_report.lines(loan, events[-1].business_date):
                end = min(month_end(date.fromisoformat(f"{line.month}-01")), events[-1].business_date)
                account = fold(None, [each for each in events if each.business_date <= end]).fork()
                account.ledger.pass_time(end)
                part = account.ledger.by_loan().get(plan)
                numbers = {each.statement_no for each in account.ledger.missed()}
                lost = account.ledger.charged_off_due is not None
                missed = [each for each in (part.minima if part else ()) if lost or each.statement_no in numbers]
                assert line.balance_fen == (part.owed if part else 0)
                assert line.past_due_fen == sum(each.amount_fen for each in missed)
                assert line.days_past_due == max([0, *((end - each.due_date).days for each in missed)])
                compared += 1
    assert compared > 300


def test_a_life_learnt_late_is_told_loan_by_loan_as_the_same_life_known_in_time():
    compared = 0
    for seed in range(80):
        late, known = in_both_ways(seed)
        if late is None:
            continue
        last = late.recorded[-1].event.business_date
        loans = [reported([each.event for each in story.recorded], last)[0].loans for story in (late, known)]
        for plan in loans[0]:
            lines = [credit_report.lines(of_life[plan], last) for of_life in loans]
            assert lines[0] == lines[1], (seed, plan)
            compared += 1
    assert compared > 60


def test_every_month_of_a_loan_is_explained_as_it_is_told():
    months = 0
    for seed in LATER:
        life = wandering_in_loans(seed)
        for day in some_days(life):
            _, _, by_loan = rows_of(life, day)
            for plan, lines in by_loan.items():
                for line in lines:
                    view, first = Codes(line.code, line.metro2.account_status), date.fromisoformat(f"{line.month}-01")
                    explained = explain_month(life.events, first, day, view, plan)
                    assert explained.agrees, (seed, plan, line.month, explained.code, view)
                    months += 1
    assert months > 1_000


def test_a_month_of_a_loan_before_it_was_drawn_is_no_account_yet():
    events = [each.event for each in two().recorded]
    explained = explain_month(events, date(2025, 12, 1), date(2026, 1, 31), None, "loan-2")
    assert (explained.code, explained.plan_id) == ("/", "loan-2")


def test_a_damaged_figure_of_a_loan_is_found_out():
    """A view that told the account's days past due of each loan would be found out by the second reckoning."""
    story = two().pays_demand("2026-02-15").advances("2026-02-25")
    first = of(story, "loan-1", "2026-02-28").months[-1]
    explained = explain_month(
        [each.event for each in story.recorded], date(2026, 2, 1), date(2026, 2, 28), Codes("1", "11"), "loan-1"
    )
    assert (first.code, explained.code, explained.agrees) == ("N", "N", False)


def test_days_after_the_last_event_are_reckoned_for_each_loan():
    story = two().pays_demand("2026-02-15", "2026-02-20").advances("2026-03-12")
    later = date(2026, 3, 15) + timedelta(days=10)
    first, second = told(story, f"{later}").loans
    assert (first.days_past_due, first.code) == (10, "1")
    assert second.code == "C"
