"""The report of debt that was restructured: what it says while the agreement is kept, when it is broken, and after."""

from datetime import date
from decimal import Decimal

import pytest

from domain.commands import CorrectBalances, ForceClose, Purchase, WriteOff
from domain.terms import CASH_LOAN
from projections.bureau import MonthLine
from tests.projections.late_facts import learns, returned
from tests.projections.stories import Story
from tests.projections.test_credit_report import base, codes, told
from tests.simulated import bought, lived
from tests.specification import loan_terms


def agreed(months: int = 12) -> Story:
    """On 5 March all of it becomes a plan, 125,877 in all; its first instalment is billed on 1 April, due on the 10th."""
    return base().restructures("2026-03-05", months)


def lines(story: Story, asked: str) -> dict[str, MonthLine]:
    return {line.month: line for line in told(story, asked).months}


def kept(months: int = 6) -> Story:
    """Each instalment is paid on the 5th of its month."""
    story = agreed(months)
    return story.pays_demand(*(f"2026-{month:02}-05" for month in range(4, 4 + months)))


def test_the_month_of_the_agreement_has_nothing_due_and_says_what_was_agreed():
    """The statement of 1 March was due on the 10th: nothing is demanded of it any more."""
    march = lines(agreed(), "2026-03-31")["2026-03"]
    assert (march.code, march.days_past_due, march.tier) == ("*", 0, "special_mention")
    assert (march.special_transactions, march.balance_fen) == (("14",), 125_877)
    assert (march.metro2.account_status, march.metro2.special_comment) == ("11", "AC")
    assert codes(agreed(), "2026-03-31") == {"2026-01": "*", "2026-02": "1", "2026-03": "*"}


def test_a_minimum_that_was_met_before_the_agreement_stays_so():
    story = base().advances("2026-02-01").pays("2026-02-05", 12_346).restructures("2026-02-08", 6)
    assert codes(story, "2026-02-28")["2026-02"] == "N"


def test_a_minimum_that_was_missed_in_the_month_of_the_agreement_is_not_forgotten():
    """On 11 March the second was missed."""
    assert codes(base().restructures("2026-03-20", 12), "2026-03-31")["2026-03"] == "M"


def test_while_it_is_kept_each_month_is_normal_and_says_that_it_is_paid_as_agreed():
    shown = lines(kept(), "2026-12-31")
    assert [shown[f"2026-{month:02}"].code for month in range(3, 13)] == ["*", *"NNNNNN", *"***"]
    comments = [shown[f"2026-{month:02}"].metro2.special_comment for month in range(2, 13)]
    # The last instalment is paid on 5 September.
    assert comments == [None, *["AC"] * 6, *[None] * 4]
    assert [shown[month].special_transactions for month in ("2026-03", "2026-04", "2026-09")] == [("14",), (), ()]


@pytest.mark.parametrize(
    ("on", "tier"), [("2026-03-04", "special_mention"), ("2026-03-05", "special_mention"), ("2027-03-04", "special_mention"),
                     ("2027-03-05", "normal")],
)  # fmt: skip
def test_for_twelve_months_it_is_special_mention_at_least_also_where_it_was_paid_off(on, tier):
    assert told(kept(), on).tier == tier


def test_the_head_of_the_report_says_that_an_agreement_stands():
    report = told(agreed(), "2026-03-31")
    assert (report.restructured_on, report.under_agreement) == (date(2026, 3, 5), True)
    report = told(kept(), "2026-09-05")
    assert (report.restructured_on, report.under_agreement) == (date(2026, 3, 5), False)
    report = told(base(), "2026-03-31")
    assert (report.restructured_on, report.under_agreement) == (None, False)


# Broken


def test_broken_the_days_past_due_go_on_as_if_never_suspended_and_no_month_gone_by_is_told_otherwise():
    """Nothing is paid by 10 April: on the 11th all of it is due since 10 February. That is 79 days at the month's end."""
    story = agreed().advances("2026-04-30")
    shown = told(story, "2026-04-30").months
    assert [line.code for line in shown] == ["*", "1", "*", "3"]
    assert [line.metro2.account_status for line in shown] == ["11", "11", "11", "78"]
    assert [line.metro2.special_comment for line in shown] == [None, None, "AC", None]
    april = shown[-1]
    assert (april.days_past_due, april.past_due_fen, april.missed_minima) == (79, 125_877, 1)
    assert (april.metro2.first_delinquency, april.metro2.past_due_fen) == (date(2026, 3, 12), 125_877)
    assert april.tier == "special_mention"
    assert told(agreed(), "2026-03-31").months == shown[:3]


def test_broken_it_is_classified_by_its_days_past_due_where_that_is_worse():
    story = agreed().advances("2026-05-31")
    assert [line.tier for line in told(story, "2026-05-31").months[2:]] == [
        "special_mention", "special_mention", "substandard",
    ]  # fmt: skip


def test_a_payment_learnt_late_mends_what_seemed_broken():
    story = agreed().advances("2026-05-12")
    assert lines(story, "2026-05-12")["2026-04"].code == "3"
    learns(story, "2026-05-12", 30_000, "2026-04-09")
    shown = lines(story, "2026-05-12")
    assert [shown[f"2026-{month:02}"].code for month in range(3, 6)] == ["*", "N", "N"]
    assert [shown[f"2026-{month:02}"].metro2.special_comment for month in range(3, 6)] == ["AC"] * 3
    assert told(story, "2026-05-12").under_agreement


def test_a_payment_that_is_returned_breaks_it_in_the_month_in_which_it_was_broken_after_all():
    story = returned(agreed().pays_demand("2026-04-05").advances("2026-05-01"), "2026-05-02")
    shown = lines(story, "2026-05-02")
    assert [shown[f"2026-{month:02}"].code for month in range(3, 6)] == ["*", "3", "3"]
    assert [shown[f"2026-{month:02}"].metro2.special_comment for month in range(3, 6)] == ["AC", None, None]
    assert not told(story, "2026-05-02").under_agreement


# Over


def test_what_is_bought_after_a_kept_agreement_is_late_since_its_own_due_date():
    story = kept().buys("2026-09-10", 50_000).advances("2026-10-31")
    october = lines(story, "2026-10-31")["2026-10"]
    assert (october.code, october.days_past_due, october.metro2.special_comment) == ("1", 21, None)


def test_an_agreement_that_credit_pays_off_is_over():
    story = agreed(2).pays("2026-03-20", 200_000).advances("2026-05-01")
    shown = lines(story, "2026-05-31")
    assert [shown[f"2026-{month:02}"].metro2.special_comment for month in (3, 4, 5)] == ["AC", "AC", None]
    assert not told(story, "2026-05-01").under_agreement


def test_an_agreement_is_over_when_its_last_minimum_was_met_whatever_else_is_owed():
    """A capture that could not be refused is billed with the last instalment; of it only a tenth is demanded."""
    story = agreed(2).pays_demand("2026-04-05")
    story.say("2026-04-20", Purchase, purchase_id="p9", amount_fen=50_000, merchant_id="m-1", forced=True)
    story.pays_demand("2026-05-05")
    assert told(story, "2026-05-10").under_agreement
    report = told(story, "2026-05-31")
    assert (report.balance_fen, report.under_agreement) == (45_000, False)
    assert [line.metro2.special_comment for line in report.months[2:]] == ["AC", "AC", None]
    assert story.on("2026-05-10").agreement is not None
    assert story.on("2026-05-11").agreement is None


def test_an_agreement_that_is_settled_early_is_over():
    story = agreed().settles("2026-04-02", "agreement-1")
    april = lines(story, "2026-04-30")["2026-04"]
    assert (april.special_transactions, april.metro2.special_comment, april.balance_fen) == (("5",), None, 0)


def test_a_loss_takes_the_agreement_with_it():
    story = agreed().say("2026-03-10", WriteOff, reason="fraud")
    march = lines(story, "2026-03-31")["2026-03"]
    assert (march.code, march.tier, march.metro2.special_comment) == ("B", "loss", None)


def test_that_it_is_paid_as_agreed_says_more_than_that_the_account_was_closed():
    story = base().say("2026-01-20", ForceClose, reason="abuse").restructures("2026-03-05", 2)
    story.pays_demand("2026-04-05", "2026-05-05")
    assert [line.metro2.special_comment for line in told(story, "2026-05-31").months] == ["M", "M", "AC", "AC", "M"]
    assert told(story, "2026-05-31").code == "C"


def test_a_later_agreement_is_told_for_itself():
    story = kept(2).buys("2026-05-10", 50_000).advances("2026-06-15").restructures("2026-06-15", 2, "agreement-2")
    story.pays_demand("2026-07-05", "2026-08-05")
    comments = [line.metro2.special_comment for line in told(story, "2026-08-31").months[2:]]
    assert comments == ["AC", "AC", None, "AC", "AC", None]
    assert told(story, "2026-08-31").restructured_on == date(2026, 6, 15)
    # The same, where something is learnt late: it is told anew from the ends of months.
    learns(story, "2026-09-03", 1, "2026-03-12")
    assert [line.metro2.special_comment for line in told(story, "2026-09-03").months[2:-1]] == comments


# Of a loan


def loan() -> Story:
    """On 1 March its second instalment is not billed yet, the first one is 14 days late."""
    story = Story(terms=CASH_LOAN).draws("2026-01-15", 1_000_000, 12).advances("2026-03-01")
    return story.restructures("2026-03-01", 10)


def test_a_loan_that_is_restructured_is_told_as_one_that_is_kept():
    story = loan().pays_demand("2026-03-30", "2026-05-01")
    shown = told(story, "2026-05-31").months
    assert [line.code for line in shown] == ["*", "1", "*", "N", "N"]
    assert [line.metro2.special_comment for line in shown] == [None, None, "AC", "AC", "AC"]
    assert [line.special_transactions for line in shown] == [(), (), ("14",), (), ()]
    assert {line.tier for line in shown[2:]} == {"special_mention"}


def test_a_loan_whose_agreement_is_kept_to_its_end_is_repaid_then():
    story = loan().pays_demand(*(f"2026-{month:02}-01" for month in range(4, 13)), "2027-01-01")
    report = told(story, "2027-03-31")
    assert (report.settled_on, report.history_24) == (date(2027, 1, 1), "/" * 11 + "*1*" + "N" * 9 + "C")


def test_a_loan_whose_agreement_is_broken_is_late_since_it_was_first():
    """Due on 15 February, missed on 2 April: 74 days at the end of that month, and a loss on the 120th."""
    story = loan().advances("2026-06-30")
    assert [line.code for line in told(story, "2026-06-30").months] == ["*", "1", "*", "3", "4", "B"]


def test_a_loan_whose_last_instalment_was_tested_is_kept_although_something_else_waits_for_its_test():
    """Its last instalment is due on 1 April and tested on the 17th; what an officer found is billed before, due on 1 May."""
    story = Story(terms=loan_terms(bill_lead_days=20, due_days=1, grace_days=15, annual_rate=Decimal(0)))
    story.draws("2026-01-15", 300_000, 3).advances("2026-02-01").restructures("2026-02-01", 2)
    story.pays("2026-03-13", 300_000)
    story.say("2026-03-14", CorrectBalances, deltas={"principal_unbilled": 50_000}, reason="audit-7")
    learns(story.advances("2026-04-12"), "2026-04-12", 1_000, "2026-04-10")
    story.advances("2026-05-12")
    for on, stands in (("2026-04-16", True), ("2026-04-17", False)):
        assert told(story, on).under_agreement is stands
    assert told(story, "2026-04-30").months[-1].metro2.special_comment is None
    assert (story.on("2026-05-12").agreement, story.on("2026-05-12").untested) == (
        None,
        (date(2026, 5, 1), date(2026, 6, 1)),
    )


# Elsewhere


def test_a_simulated_account_is_classified_as_the_report_does():
    facts = (
        bought(),
        {"at": "2026-03-05", "do": "restructure", "plan_id": "a1", "months": 12, "reason": "lost_job"},
    )
    days = ["2026-03-04", "2026-03-05", "2026-03-31", "2026-04-10", "2026-04-30", "2026-05-31", "2026-12-31"]
    life = lived(*facts, show=days)
    report = {line["month"]: line for line in life["report"]}
    assert [life["states"][day]["tier"] for day in days] == [
        "special_mention", "special_mention", "special_mention", "special_mention", "special_mention", "substandard", "loss",
    ]  # fmt: skip
    for month in ("2026-03", "2026-04", "2026-05", "2026-12"):
        end = max(day for day in days if day.startswith(month))
        assert report[month]["tier"] == life["states"][end]["tier"]
