"""Disputes of the report as it is told: noted the same day, and told otherwise, or not, once they are decided."""

from datetime import date

import pytest

from domain.commands import Actor, CorrectReport, DisputeReport, RequestClosure, ReversePayment
from domain.events import CodeChange
from projections import credit_report
from projections.bureau import MonthLine
from projections.folding import fold
from tests.projections.late_facts import learns
from tests.projections.stories import Story
from tests.projections.test_credit_report import base, codes, told

CUSTOMER = Actor(role="customer", id="c-1")


def denied(story: Story, on: str, *months: str, ref: str = "rd-1") -> Story:
    return story.say(on, DisputeReport, report_dispute_id=ref, months=months, actor=CUSTOMER)


def decided(story: Story, on: str, ref: str = "rd-1", **changes: str) -> Story:
    """Upheld with each change as `of_2026_02="1>N"`; rejected without any."""
    said = [(month.removeprefix("of_").replace("_", "-"), *code.split(">")) for month, code in changes.items()]
    told_anew = tuple(CodeChange(month=month, old=old, new=new) for month, old, new in said)
    outcome = "upheld" if said else "rejected"
    return story.say(on, CorrectReport, report_dispute_id=ref, outcome=outcome, changes=told_anew, reason="bank_error")


def conditions(story: Story, asked: str) -> dict[str, str | None]:
    return {line.month: line.metro2.compliance_condition for line in told(story, asked).months}


def line(story: Story, asked: str, month: str) -> MonthLine:
    return next(line for line in told(story, asked).months if line.month == month)


def late() -> Story:
    """Its months to 15 May 2026 are `*1234`, the last one open."""
    return base().advances("2026-05-15")


def test_it_is_noted_the_same_day_on_the_months_and_on_this_one():
    story = denied(late(), "2026-05-15", "2026-03")
    assert conditions(story, "2026-05-15") == {
        "2026-01": None, "2026-02": None, "2026-03": "XB", "2026-04": None, "2026-05": "XB",
    }  # fmt: skip
    assert codes(story, "2026-05-15") == codes(late(), "2026-05-15")


def test_upheld_the_months_are_told_otherwise_and_the_code_is_taken_back_once():
    story = decided(denied(late(), "2026-05-15", "2026-03"), "2026-05-20", of_2026_03="2>N")
    assert conditions(story, "2026-07-01") == {
        "2026-01": None, "2026-02": None, "2026-03": "XR", "2026-04": None, "2026-05": "XR", "2026-06": None,
        "2026-07": None,
    }  # fmt: skip
    assert "".join(codes(story, "2026-05-20").values()) == "*1N34"
    march = line(story, "2026-05-20", "2026-03")
    assert (march.corrected_from, march.account_status, march.tier) == ("2", "normal", "normal")
    assert (march.days_past_due, march.past_due_fen, march.missed_minima, march.balance_fen) == (0, 0, 0, 126_630)
    assert (march.metro2.account_status, march.metro2.past_due_fen) == ("11", 0)
    assert told(story, "2026-05-20").history_24.endswith("*1N34")


def test_what_follows_in_the_other_dialect_is_reckoned_from_what_is_told():
    before = line(late(), "2026-05-15", "2026-05").metro2
    assert (before.payment_history[:4], before.first_delinquency) == ("2100", date(2026, 3, 12))
    story = decided(denied(late(), "2026-05-15", "2026-03", "2026-04"), "2026-05-20", of_2026_03="2>N")
    april, may = (line(story, "2026-05-20", month).metro2 for month in ("2026-04", "2026-05"))
    assert (april.payment_history[:3], may.payment_history[:4]) == ("000", "2000")
    # The delinquency is now told from April on, by what was missed then.
    assert (april.first_delinquency, may.first_delinquency) == (date(2026, 3, 12), date(2026, 3, 12))
    story = decided(denied(story, "2026-05-21", "2026-04", ref="rd-2"), "2026-05-22", "rd-2", of_2026_04="3>1")
    assert line(story, "2026-05-22", "2026-04").metro2.account_status == "11"
    assert line(story, "2026-05-22", "2026-05").metro2.payment_history[:4] == "0000"


def test_the_worst_code_is_that_of_what_is_told():
    changes = {"of_2026_04": "3>N", "of_2026_05": "4>M"}
    story = decided(denied(late(), "2026-05-15", "2026-04", "2026-05"), "2026-05-20", **changes)
    assert told(story, "2026-05-20").worst_code == "2"


def test_rejected_the_customer_disagrees_from_then_on():
    story = decided(denied(late(), "2026-05-15", "2026-03"), "2026-05-20")
    assert conditions(story, "2026-07-01") == {
        "2026-01": None, "2026-02": None, "2026-03": "XC", "2026-04": None, "2026-05": "XC", "2026-06": "XC",
        "2026-07": "XC",
    }  # fmt: skip
    assert codes(story, "2026-05-20") == codes(late(), "2026-05-20")


def test_one_that_is_open_is_noted_beside_one_that_was_decided():
    story = decided(denied(late(), "2026-05-15", "2026-03"), "2026-05-20")
    denied(story, "2026-06-02", "2026-04", ref="rd-2")
    assert conditions(story, "2026-06-02")["2026-03"] == "XC"
    assert conditions(story, "2026-06-02")["2026-04"] == "XB"
    assert conditions(story, "2026-06-02")["2026-06"] == "XB"
    decided(story, "2026-06-03", "rd-2", of_2026_04="3>N")
    assert conditions(story, "2026-06-03")["2026-06"] == "XR"
    assert conditions(story, "2026-07-01")["2026-07"] is None


def test_it_goes_before_a_closure_at_the_customers_request():
    story = base().pays("2026-01-12", 123_457).say("2026-02-03", RequestClosure)
    story = denied(story, "2026-02-04", "2026-02")
    assert conditions(story, "2026-02-28")["2026-02"] == "XB"


def test_performance_goes_on_being_told_meanwhile():
    story = denied(late(), "2026-05-15", "2026-03")
    assert "".join(codes(story, "2026-07-31").values()) == "".join(codes(base(), "2026-01-31").values()) + "123456"


def test_as_of_an_earlier_day_nothing_is_known_of_it():
    story = decided(denied(late(), "2026-05-15", "2026-03"), "2026-05-20", of_2026_03="2>N")
    assert told(story, "2026-05-14") == told(late(), "2026-05-14")


@pytest.mark.parametrize(
    ("new", "status"),
    [("*", "11"), ("N", "11"), ("M", "11"), ("A", "11"), ("1", "11"), ("3", "78"), ("4", "80"), ("5", "82"), ("6", "83"),
     ("7", "84"), ("B", "97"), ("C", "13"), ("G", "13")],
)  # fmt: skip
def test_each_code_that_may_be_told_says_something_in_the_other_dialect(new, status):
    story = decided(denied(late(), "2026-05-15", "2026-03"), "2026-05-20", of_2026_03=f"2>{new}")
    march = line(story, "2026-05-20", "2026-03")
    assert (march.code, march.metro2.account_status) == (new, status)


def test_the_month_that_is_open_may_be_told_otherwise_and_stays_so_if_it_ends_like_that():
    story = decided(denied(late(), "2026-05-15", "2026-05"), "2026-05-16", of_2026_05="4>N")
    assert codes(story, "2026-05-16")["2026-05"] == codes(story, "2026-06-30")["2026-05"] == "N"


def test_a_month_that_ends_otherwise_than_it_was_decided_on_is_told_as_it_ended():
    """On 10 May, 89 days past due, the code is 3; by its end the month is one of a 4."""
    story = decided(denied(base().advances("2026-05-10"), "2026-05-10", "2026-05"), "2026-05-10", of_2026_05="3>N")
    assert codes(story, "2026-05-10")["2026-05"] == "N"
    assert codes(story, "2026-05-31")["2026-05"] == "4"


# What is learnt late


def corrected() -> Story:
    return decided(denied(late(), "2026-05-15", "2026-03"), "2026-05-20", of_2026_03="2>M")


def test_a_late_fact_that_leaves_the_month_what_it_was_leaves_the_correction():
    story = learns(corrected(), "2026-05-25", 100, "2026-03-20")
    march = line(story, "2026-05-25", "2026-03")
    assert (march.code, march.corrected_from, march.balance_fen) == ("M", "2", 126_530)


def test_a_late_fact_that_makes_another_month_of_it_is_what_is_told():
    """It was decided on other facts: now only the second minimum was missed by its end."""
    story = learns(corrected(), "2026-05-25", 12_346, "2026-02-09")
    march = line(story, "2026-05-25", "2026-03")
    assert (march.code, march.corrected_from, march.days_past_due) == ("1", None, 21)
    assert march.metro2.compliance_condition == "XR"


def test_when_its_facts_are_again_those_that_were_decided_on_so_is_its_code():
    story = learns(corrected(), "2026-05-25", 12_346, "2026-02-09", "bounced")
    assert codes(story, "2026-05-25")["2026-03"] == "1"
    story.say("2026-05-26", ReversePayment, payment_ref="bounced", reason="returned")
    assert codes(story, "2026-05-26")["2026-03"] == "M"


def test_a_month_that_was_changed_twice_is_told_as_last_decided():
    story = denied(corrected(), "2026-06-01", "2026-03", ref="rd-2")
    story = decided(story, "2026-06-02", "rd-2", of_2026_03="M>N")
    march = line(story, "2026-06-02", "2026-03")
    assert (march.code, march.corrected_from) == ("N", "2")


def test_a_correction_of_a_month_that_is_not_kept_any_more_changes_nothing():
    story = Story(opened="2020-01-05")
    for year in range(2020, 2027):
        story.buys(f"{year}-01-20", 1_000).pays(f"{year}-01-21", 1_000)
    story = decided(denied(story, "2026-02-02", "2020-02"), "2026-02-03", of_2020_02="*>N")
    rows = {}
    fold(rows, story.recorded, credit_report)
    assert rows[story.account_id].corrections == ()
