"""The credit report: what the bureau is told of each month, as it ended. Codes as in the rulebook's table 8.1."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar import add_months, month_end
from domain.commands import Decline, ForceClose, Freeze, Purchase, RequestClosure, Unfreeze
from domain.terms import Terms
from projections import balance, credit_report
from projections.bureau import CreditReport, whole_yuan
from projections.folding import BeforeOpening, fold
from tests.projections.stories import Story, day, wandering


def told(story: Story, asked: str | date) -> CreditReport:
    rows = {}
    fold(rows, [each for each in story.recorded if each.event.business_date <= day(asked)], credit_report)
    return credit_report.as_of(rows[story.account_id], day(asked))


def codes(story: Story, asked: str | date) -> dict[str, str]:
    return {month.month: month.code for month in told(story, asked).months}


def base() -> Story:
    return Story().buys("2026-01-10", 123_457)


# Nothing ever paid: the rulebook's example A, month by month, as long as it is not charged off.
NEVER_PAID = [
    ("2026-01", 0, "*", 0),
    ("2026-02", 18, "1", 12_346),
    ("2026-03", 49, "2", 25_631),
    ("2026-04", 79, "3", 38_544),
]


@pytest.mark.parametrize(("month", "dpd", "code", "past_due"), NEVER_PAID)
def test_the_months_of_an_account_that_never_pays(month, dpd, code, past_due):
    report = told(base().advances("2026-05-05"), "2026-05-05")
    line = next(line for line in report.months if line.month == month)
    assert (line.days_past_due, line.code, line.past_due_fen) == (dpd, code, past_due)


@pytest.mark.parametrize(
    ("dpd", "code"),
    [(1, "1"), (29, "1"), (30, "1"), (31, "2"), (60, "2"), (61, "3"), (90, "3"), (91, "4"), (150, "5"), (180, "6"),
     (181, "7"), (400, "7")],
)  # fmt: skip
def test_the_code_of_a_late_month_is_its_days_past_due_by_thirties(dpd, code):
    asked = date.fromordinal(date(2026, 2, 10).toordinal() + dpd)
    report = told(base().advances("2026-02-01"), asked)
    assert (report.days_past_due, report.code) == (dpd, code)


def test_a_month_without_a_due_date_has_nothing_due():
    assert codes(base(), "2026-01-31") == {"2026-01": "*"}


def test_a_due_date_that_has_not_come_yet_is_not_due():
    story = base().advances("2026-02-01")
    assert codes(story, "2026-02-09")["2026-02"] == "*"
    assert codes(story, "2026-02-10")["2026-02"] == "N"


def test_paying_the_minimum_in_time_is_normal():
    assert codes(base().advances("2026-02-01").pays("2026-02-10", 12_346), "2026-02-28")["2026-02"] == "N"


def test_a_due_date_in_the_month_after_the_statement_counts_in_its_own_month():
    story = Story(terms=Terms(version="late-bill", bill_day=25)).buys("2026-01-10", 50_000).pays("2026-02-01", 50_000)
    assert codes(story, "2026-02-02") == {"2026-01": "*", "2026-02": "*"}
    assert codes(story, "2026-03-31") == {"2026-01": "*", "2026-02": "N", "2026-03": "*"}


def test_a_minimum_within_its_grace_at_the_months_end_is_not_missed():
    terms = Terms(version="grace", bill_day=20, due_days=8, grace_days=3)
    story = Story(terms=terms).buys("2026-01-21", 50_000).advances("2026-03-05")
    report = told(story, "2026-03-05")
    assert [(line.month, line.code) for line in report.months] == [("2026-01", "*"), ("2026-02", "N"), ("2026-03", "1")]
    assert report.days_past_due == 5


def test_missing_it_and_paying_within_the_month_is_m():
    story = base().pays("2026-02-25", 123_457)
    assert codes(story, "2026-02-28")["2026-02"] == "M"
    assert codes(story, "2026-03-02")["2026-02"] == "M"
    assert told(story, "2026-03-02").worst_code == "M"


def test_paying_the_oldest_minimum_rolls_back_to_the_next():
    story = base().pays("2026-04-20", 27_719).advances("2026-06-01")
    report = told(story, "2026-06-01")
    shown = {line.month: (line.code, line.days_past_due) for line in report.months}
    assert (shown["2026-04"], shown["2026-05"]) == (("1", 20), ("2", 51))
    assert report.worst_code == "2"


def test_silent_months_each_get_a_row():
    story = base().pays("2026-01-12", 123_457)
    assert codes(story, "2026-04-15") == {"2026-01": "*", "2026-02": "*", "2026-03": "*", "2026-04": "*"}
    story.buys("2026-05-01", 1_000)
    assert codes(story, "2026-05-01") == dict.fromkeys(("2026-01", "2026-02", "2026-03", "2026-04", "2026-05"), "*")


def test_the_account_closed_with_nothing_owed_ends_with_c():
    story = base().pays("2026-01-12", 123_457).say("2026-02-03", RequestClosure)
    report = told(story, "2026-06-30")
    assert [(line.month, line.code) for line in report.months] == [("2026-01", "*"), ("2026-02", "C")]
    assert (report.account_status, report.settled_on, report.code) == ("settled", date(2026, 2, 3), "C")
    assert not report.debt_outlives_closure


def test_debt_that_outlives_closure_is_reported_until_it_is_settled():
    story = base().say("2026-01-20", ForceClose, reason="abuse").advances("2026-03-01")
    report = told(story, "2026-03-01")
    assert (report.debt_outlives_closure, report.closed_on, report.code) == (True, date(2026, 1, 20), "1")
    story.pays("2026-04-08", 200_000)
    report = told(story, "2026-06-01")
    assert [line.code for line in report.months] == ["*", "1", "2", "C"]
    assert (report.worst_code, report.debt_outlives_closure, report.balance_fen) == ("2", False, 0)


def test_a_forced_capture_after_settlement_lets_the_report_go_on_without_a_gap():
    story = base().pays("2026-01-12", 123_457).say("2026-02-03", RequestClosure)
    story.say("2026-05-02", Purchase, purchase_id="late", amount_fen=5_000, merchant_id="m-1", forced=True)
    report = told(story, "2026-05-31")
    assert [(line.month, line.code, line.balance_fen) for line in report.months] == [
        ("2026-01", "*", 0),
        ("2026-02", "C", 0),
        ("2026-03", "*", 0),
        ("2026-04", "*", 0),
        ("2026-05", "*", 5_000),
    ]
    assert report.debt_outlives_closure


def test_an_account_that_was_never_activated_has_no_months():
    story = Story(limit_fen=0).say("2026-01-06", Decline, kind="declined", reason="score")
    report = told(story, "2026-04-01")
    assert (report.months, report.code, report.history_24) == ((), "/", "/" * 24)


def test_the_freeze_is_dated_from_the_first_reason_to_the_last():
    story = base().say("2026-01-11", Freeze, reason="customer_request")
    story.say("2026-01-15", Freeze, reason="legal_order").say("2026-01-16", Unfreeze, reason="customer_request")
    assert (told(story, "2026-01-16").frozen_since, told(story, "2026-01-16").freeze_reasons) == (
        date(2026, 1, 11),
        ("legal_order",),
    )
    story.say("2026-01-17", Unfreeze, reason="legal_order")
    assert told(story, "2026-01-17").frozen_since is None


def test_the_last_24_months_are_shown():
    story = Story(opened="2024-01-05").buys("2026-03-01", 1_000)
    report = told(story, "2026-03-01")
    assert (report.months[0].month, len(report.months), report.history_24) == ("2024-04", 24, "*" * 24)


def test_nothing_is_told_of_a_day_before_the_opening():
    rows = {}
    fold(rows, base().recorded, credit_report)
    with pytest.raises(BeforeOpening, match="was opened on 2026-01-05"):
        credit_report.as_of(next(iter(rows.values())), date(2026, 1, 1))


@pytest.mark.parametrize(("fen", "yuan"), [(0, 0), (1, 1), (49, 1), (149, 1), (150, 2), (12_346, 123)])
def test_the_bureau_hears_whole_yuan(fen, yuan):
    assert whole_yuan(fen) == yuan


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000))
def test_a_closed_month_is_what_was_told_on_its_last_day(seed):
    """The row written when a later month began says what anybody asking at the month's end would have heard."""
    story = wandering(seed, 30)
    last = story.recorded[-1].event.business_date
    rows = {}
    fold(rows, story.recorded, credit_report)
    first = story.recorded[1].event.business_date.replace(day=1)
    expected = [add_months(first, number) for number in range(len(rows[story.account_id].months))]
    assert [month.month for month in rows[story.account_id].months] == expected
    for month in rows[story.account_id].months:
        on = min(month_end(month.month), last)
        then = told(story, month_end(month.month))
        assert (month.code, month.worst, month.balance_fen) == (then.code, then.worst_code, then.balance_fen)
        assert (month.days_past_due, month.past_due_fen) == (then.days_past_due, then.past_due_fen)
        balances = {}
        fold(balances, [each for each in story.recorded if each.event.business_date <= on], balance)
        seen = balance.as_of(balances[story.account_id], month_end(month.month))
        assert (month.days_past_due, month.past_due_fen, month.balance_fen) == (
            seen.days_past_due,
            seen.arrears_fen,
            seen.owed_fen,
        )


def test_charged_off_debt_is_bad_debt_until_it_is_repaid_and_its_days_past_due_go_on():
    """The last lines of the rulebook's example A."""
    story = base().advances("2026-08-20")
    august = next(line for line in told(story, "2026-08-31").months if line.month == "2026-08")
    assert (august.code, august.days_past_due, august.past_due_fen) == ("B", 202, 140_429)
    story.pays("2026-10-08", 140_429)
    assert codes(story, "2026-10-08")["2026-10"] == "C"
