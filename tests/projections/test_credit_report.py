"""The credit report: what the bureau is told of each month, as it ended. Codes as in the rulebook's table 8.1."""

from dataclasses import replace
from datetime import date, timedelta
from random import Random
from re import findall

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.calendar import add_months, month_end
from domain.commands import (
    Actor,
    Decline,
    ForceClose,
    Freeze,
    Purchase,
    RecordDeath,
    RequestClosure,
    ReversePayment,
    UndoWriteOff,
    WriteOff,
)
from domain.events import AccountBilled, BalancesCorrected, MoneyEvent
from domain.terms import Terms
from infra.simulation.figures import report
from projections import balance, credit_report
from projections.bureau import CreditReport, MonthLine, whole_yuan
from projections.folding import BeforeOpening, fold
from tests.projections.late_facts import BEGIN, facts_of, learns, lived, returned, returns_of
from tests.projections.stories import Story, day, wandering
from tests.simulated import bought, paid
from tests.simulated import lived as simulated


def told(story: Story, asked: str | date) -> CreditReport:
    rows = {}
    fold(rows, [each for each in story.recorded if each.event.business_date <= day(asked)], credit_report)
    return credit_report.as_of(rows[story.account_id], day(asked))


def codes(story: Story, asked: str | date) -> dict[str, str]:
    return {month.month: month.code for month in told(story, asked).months}


def base() -> Story:
    return Story().buys("2026-01-10", 123_457)


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


@pytest.mark.parametrize("reason", ["customer_request", "legal_order", "fraud_confirmed"])
def test_the_bureau_is_not_told_of_a_freeze_nor_why_there_is_one(reason):
    free = told(base().advances("2026-03-15"), "2026-03-15")
    frozen = told(base().say("2026-01-20", Freeze, reason=reason).advances("2026-03-15"), "2026-03-15")
    assert frozen.model_dump(exclude={"version"}) == free.model_dump(exclude={"version"})
    assert reason not in frozen.model_dump_json()


def test_the_bureau_is_not_told_of_a_death():
    story = base().advances("2026-03-15").say("2026-03-15", RecordDeath, date_of_death=date(2026, 3, 1))
    assert not {"deceased", "death"} & set(findall("[a-z]+", told(story, "2026-03-31").model_dump_json()))


def test_the_last_24_months_are_shown():
    story = Story(opened="2024-01-05")
    for year in (2024, 2025, 2026):
        story.buys(f"{year}-03-01", 1_000).pays(f"{year}-03-01", 1_000)
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
        if then.settled_on is not None and then.settled_on < month.month:
            # It has its row, should the account come to owe again, but until then nobody is told of it.
            assert (month.code, month.balance_fen, then.months[-1].code) == ("*", 0, "C")
            continue
        assert (month.code, month.balance_fen) == (then.code, then.balance_fen)
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


# What is learnt late


def months_of(story: Story, asked: str | date) -> dict[str, tuple]:
    return {
        line.month: (line.code, line.days_past_due, line.past_due_fen, line.missed_minima, line.balance_fen)
        for line in told(story, asked).months
    }


def captured(story: Story, on: str, fen: int) -> Story:
    """A purchase is forced upon the account, closed or not."""
    said = {"purchase_id": f"forced-{story.commands}", "amount_fen": fen, "merchant_id": "m-1", "forced": True}
    return story.say(on, Purchase, **said)


def corrected_months(story: Story) -> list[str]:
    """The months that the last correction reaches back to."""
    corrections = [each.event for each in story.recorded if isinstance(each.event, BalancesCorrected)]
    return [f"{end.month_end:%Y-%m}" for end in corrections[-1].months]


def test_a_payment_learnt_late_restates_the_month_it_was_made_in():
    """The rulebook's example of a late fact: 12,346 arrived on 9 February and was learnt of on 5 March."""
    story = learns(base().advances("2026-03-01"), "2026-03-05", 12_346, "2026-02-09")
    assert months_of(story, "2026-03-04")["2026-02"] == ("1", 18, 12_346, 1, 124_457)
    assert months_of(story, "2026-03-05") == {
        "2026-01": ("*", 0, 0, 0, 123_457),
        "2026-02": ("N", 0, 0, 0, 111_111),
        "2026-03": ("*", 0, 0, 0, 112_167),
    }
    assert told(story, "2026-03-05").worst_code == "N"
    assert told(story, "2026-03-05").history_24.endswith("*N*")


def test_a_payment_that_was_returned_restates_the_month_it_had_settled():
    """The rulebook's case 16, learnt a month later."""
    story = returned(base().advances("2026-02-01").pays("2026-02-10", 123_457), "2026-03-14")
    assert months_of(story, "2026-03-13")["2026-02"] == ("N", 0, 0, 0, 0)
    assert months_of(story, "2026-03-14") == {
        "2026-01": ("*", 0, 0, 0, 123_457),
        "2026-02": ("1", 18, 12_346, 1, 124_457),
        "2026-03": ("2", 32, 12_346, 1, 125_630),
    }


def test_what_is_learnt_of_charged_off_debt_restates_the_months_before_it_and_it_stays_a_loss():
    """The rulebook's case 42: 60,000 arrived on 20 July, before the charge-off, and was learnt of on 20 August."""
    story = learns(base().advances("2026-08-20"), "2026-08-20", 60_000, "2026-07-20")
    before, after = codes(story, "2026-08-19"), codes(story, "2026-08-20")
    assert [before[month] for month in ("2026-06", "2026-07", "2026-08")] == ["5", "6", "B"]
    assert [after[month] for month in ("2026-06", "2026-07", "2026-08")] == ["5", "2", "B"]
    assert months_of(story, "2026-08-20")["2026-07"] == ("2", 51, 11_552, 2, 78_161)
    assert months_of(story, "2026-08-20")["2026-08"] == ("B", 191, 79_716, 1, 79_716)


def test_a_month_that_ended_as_a_loss_stays_one_when_less_is_owed():
    story = learns(base().advances("2026-09-20"), "2026-09-20", 60_000, "2026-08-20")
    assert months_of(story, "2026-09-19")["2026-08"] == ("B", 202, 140_429, 1, 140_429)
    assert months_of(story, "2026-09-20")["2026-08"] == ("B", 202, 80_429, 1, 80_429)


def test_what_was_paid_after_the_test_and_learnt_late_makes_the_month_m():
    story = learns(base().advances("2026-03-01"), "2026-03-05", 12_346, "2026-02-20")
    assert codes(story, "2026-03-05")["2026-02"] == "M"


def test_the_worst_code_is_reckoned_anew_from_the_first_month_restated():
    story = base().advances("2026-04-20")
    assert [line.worst_code for line in told(story, "2026-04-20").months] == ["*", "1", "2", "3"]
    learns(story, "2026-04-20", 12_346, "2026-02-09")
    report = told(story, "2026-04-20")
    assert [(line.code, line.worst_code) for line in report.months] == [("*", "*"), ("N", "N"), ("1", "1"), ("2", "2")]
    assert report.worst_code == "2"


def test_what_was_worse_before_the_first_month_restated_stays_the_worst():
    story = learns(base().pays("2026-04-02", 100_000).advances("2026-06-05"), "2026-06-05", 12_346, "2026-05-09")
    before = told(story, "2026-06-04").months
    after = told(story, "2026-06-05").months
    assert "".join(line.code for line in before) == "*12N11"
    assert "".join(line.code for line in after) == "*12NN*"
    assert "".join(line.worst_code for line in after) == "*12222"


def test_only_months_of_the_report_that_have_ended_are_restated():
    story = learns(base().advances("2026-03-01"), "2026-03-05", 12_346, "2026-02-09")
    rows, strange = {}, []
    for recorded in story.recorded:
        event = recorded.event
        if isinstance(event, BalancesCorrected):
            (february,) = event.months
            early, late = (february.model_copy(update={"month_end": day(on)}) for on in ("2025-12-31", "2026-03-31"))
            event = event.model_copy(update={"months": (early, february, late)})
        strange.append(replace(recorded, event=event))
    fold(rows, strange, credit_report)
    assert credit_report.as_of(rows[story.account_id], day("2026-03-05")) == told(story, "2026-03-05")


def test_a_closed_account_may_turn_out_to_have_been_settled_in_an_earlier_month():
    story = base().say("2026-01-20", ForceClose, reason="abuse").advances("2026-04-03")
    assert list(codes(story, "2026-04-03").values()) == ["*", "1", "2", "2"]
    learns(story, "2026-04-03", 123_457, "2026-02-05")
    report = told(story, "2026-04-03")
    assert [(line.month, line.code) for line in report.months] == [("2026-01", "*"), ("2026-02", "C")]
    assert (report.account_status, report.settled_on, report.code) == ("settled", date(2026, 2, 5), "C")
    assert (report.worst_code, report.balance_fen) == ("*", 0)
    assert told(story, "2026-09-30").months == report.months


def test_a_late_fact_that_only_led_to_settlement_does_so_on_the_day_on_which_all_was_paid():
    story = base().say("2026-01-20", ForceClose, reason="abuse").pays("2026-03-20", 115_000).advances("2026-05-04")
    learns(story, "2026-05-04", 12_346, "2026-02-05")
    report = told(story, "2026-05-04")
    assert [line.code for line in report.months] == ["*", "N", "C"]
    assert report.settled_on == date(2026, 3, 20)


def test_a_settled_account_whose_payment_was_returned_is_reported_without_a_gap():
    story = base().say("2026-01-20", ForceClose, reason="abuse").pays("2026-02-05", 123_457)
    assert list(codes(story, "2026-04-02").values()) == ["*", "C"]
    report = told(returned(story, "2026-04-03"), "2026-04-03")
    assert [(line.month, line.code) for line in report.months] == [
        ("2026-01", "*"), ("2026-02", "1"), ("2026-03", "2"), ("2026-04", "2"),
    ]  # fmt: skip
    assert (report.account_status, report.settled_on) == ("overdue", None)


def test_a_settled_account_that_owed_again_in_hindsight_was_settled_again():
    story = base().pays("2026-01-12", 123_457).say("2026-02-03", RequestClosure)
    learns(story, "2026-03-05", 1_000, "2026-03-05", "bounced")
    captured(story, "2026-03-10", 1_000).pays("2026-03-20", 1_000)
    assert codes(story, "2026-04-09") == {"2026-01": "*", "2026-02": "C"}
    story.say("2026-04-10", ReversePayment, payment_ref="bounced", reason="returned")
    assert corrected_months(story) == ["2026-03"]
    assert codes(story, "2026-04-10") == {"2026-01": "*", "2026-02": "C", "2026-03": "C"}
    in_time = base().pays("2026-01-12", 123_457).say("2026-02-03", RequestClosure)
    captured(in_time, "2026-03-10", 1_000).pays("2026-03-20", 1_000)
    assert codes(in_time, "2026-04-10") == codes(story, "2026-04-10")


def test_what_was_owed_and_paid_within_a_day_is_settled_again_in_hindsight_too():
    story = base().pays("2026-01-12", 123_457).say("2026-02-03", RequestClosure)
    captured(story, "2026-03-10", 1_000).pays("2026-03-10", 1_000)
    assert codes(story, "2026-04-02") == {"2026-01": "*", "2026-02": "C", "2026-03": "C"}
    learns(story, "2026-04-03", 5, "2026-02-20")
    assert corrected_months(story) == ["2026-02", "2026-03"]
    assert codes(story, "2026-04-03") == {"2026-01": "*", "2026-02": "C", "2026-03": "C"}


def test_what_was_settled_before_the_months_told_anew_stays_so():
    story = base().pays("2026-01-12", 123_457).say("2026-02-03", RequestClosure)
    captured(story, "2026-04-10", 1_000)
    learns(story, "2026-05-04", 1_000, "2026-04-02")
    assert corrected_months(story) == ["2026-04"]
    assert codes(story, "2026-05-04") == {"2026-01": "*", "2026-02": "C"}


def test_what_was_settled_in_hindsight_and_comes_to_owe_again_is_reported_without_a_gap():
    story = base().say("2026-01-20", ForceClose, reason="abuse").advances("2026-04-03")
    learns(story, "2026-04-03", 123_457, "2026-02-05")
    captured(story, "2026-05-05", 5_000)
    assert "".join(codes(story, "2026-05-05").values()) == "*CNN*"


def test_a_month_in_which_it_was_settled_again_is_restated_as_one():
    story = base().say("2026-01-20", ForceClose, reason="abuse").pays("2026-02-05", 123_457)
    captured(story, "2026-03-10", 5_000).pays("2026-04-05", 5_000)
    learns(story, "2026-05-20", 100, "2026-02-08")
    assert corrected_months(story) == ["2026-02", "2026-03", "2026-04"]
    report = told(story, "2026-05-20")
    assert [(line.code, line.balance_fen) for line in report.months] == [
        ("*", 123_457), ("C", 0), ("*", 4_900), ("C", 0),
    ]  # fmt: skip
    assert report.settled_on == date(2026, 4, 5)


@pytest.mark.parametrize(("closed", "settled_on"), [("2026-01-20", date(2026, 2, 5)), ("2026-02-08", date(2026, 2, 8))])
def test_in_the_open_month_too_a_debt_was_settled_on_the_day_that_counts(closed, settled_on):
    story = base().say(closed, ForceClose, reason="abuse").advances("2026-02-14")
    report = told(learns(story, "2026-02-14", 123_457, "2026-02-05"), "2026-02-14")
    assert (report.code, report.settled_on) == ("C", settled_on)


def test_charged_off_debt_may_turn_out_to_have_been_recovered_in_an_earlier_month():
    story = learns(base().advances("2026-10-08"), "2026-10-08", 140_429, "2026-09-28")
    report = told(story, "2026-10-08")
    assert [(line.month, line.code) for line in report.months[-2:]] == [("2026-08", "B"), ("2026-09", "C")]
    assert (report.settled_on, report.closed_on) == (date(2026, 9, 28), date(2026, 10, 8))


def test_a_charge_off_in_error_does_not_end_the_report():
    seen = {"second_actor": Actor(role="officer", id="o-2")}
    story = base().say("2026-02-04", WriteOff, reason="fraud", **seen)
    story.say("2026-02-05", UndoWriteOff, reason="error", **seen).advances("2026-03-20")
    learns(story, "2026-03-20", 123_457, "2026-02-08")
    assert codes(story, "2026-03-20") == {"2026-01": "*", "2026-02": "N", "2026-03": "N"}


@pytest.mark.parametrize(
    ("known", "fen", "value_date", "code"),
    [
        ((), 12_346, "2026-02-09", "N"),
        ((), 12_346, "2026-02-12", "M"),
        ((), 5_000, "2026-02-09", "1"),
        (("2026-02-12", 20_000), 12_346, "2026-02-09", "N"),
        (("2026-02-12", 20_000), 5_000, "2026-02-09", "M"),
        (("2026-02-12", 20_000), 12_346, "2026-02-11", "M"),
    ],
)
def test_the_open_month_is_told_as_the_late_payment_leaves_it(known, fen, value_date, code):
    story = base().pays(*known) if known else base().advances("2026-02-13")
    story = learns(story, "2026-02-14", fen, value_date)
    assert codes(story, "2026-02-14")["2026-02"] == code
    assert codes(story, "2026-02-28")["2026-02"] == code


def test_a_payment_returned_within_its_month_was_a_miss_that_may_yet_be_made_good():
    story = returned(base().pays("2026-02-10", 123_457), "2026-02-14")
    assert codes(story, "2026-02-14")["2026-02"] == "1"
    assert codes(story.pays("2026-02-20", 20_000), "2026-02-20")["2026-02"] == "M"


def test_a_payment_returned_after_another_had_made_it_good_was_a_miss_all_the_same():
    story = learns(base(), "2026-02-10", 12_346, "2026-02-10", "bounced").pays("2026-02-12", 20_000)
    assert codes(story, "2026-02-12")["2026-02"] == "N"
    story.say("2026-02-14", ReversePayment, payment_ref="bounced", reason="returned")
    assert codes(story, "2026-02-14")["2026-02"] == "M"


def test_a_minimum_paid_in_part_in_time_and_made_good_within_the_month_was_missed():
    story = learns(base().advances("2026-02-13"), "2026-02-14", 5_000, "2026-02-09")
    assert codes(story.pays("2026-02-20", 20_000), "2026-02-20")["2026-02"] == "M"


def test_a_minimum_without_a_late_fee_turns_out_to_have_been_met():
    """All of the statement of 1 March is interest and fees, so that missing it costs nothing (the rulebook's case 30)."""
    story = base().pays("2026-02-25", 123_457).buys("2026-03-05", 10_000).advances("2026-03-13")
    assert codes(story, "2026-03-13")["2026-03"] == "1"
    learns(story, "2026-03-14", 3_000, "2026-03-09")
    assert codes(story, "2026-03-14")["2026-03"] == "N"


def test_a_payment_returned_from_an_earlier_month_leaves_what_was_met_since_alone():
    story = learns(base(), "2026-02-10", 12_346, "2026-02-10", "bounced").pays("2026-03-09", 130_000)
    story.say("2026-03-14", ReversePayment, payment_ref="bounced", reason="returned")
    assert [codes(story, "2026-03-14")[month] for month in ("2026-02", "2026-03")] == ["1", "N"]


def test_a_correction_leaves_a_miss_of_the_open_month_alone_that_came_after_it():
    story = learns(base().advances("2026-03-14"), "2026-03-14", 20_000, "2026-03-12").pays("2026-03-20", 100_000)
    assert codes(story, "2026-03-31")["2026-03"] == "M"


def test_a_minimum_that_is_tested_in_the_month_after_its_due_date_is_tested_again():
    terms = Terms(version="grace", bill_day=20, due_days=8, grace_days=3)
    story = Story(terms=terms).buys("2026-01-21", 50_000).advances("2026-03-05")
    assert codes(story, "2026-03-05")["2026-03"] == "1"
    learns(story, "2026-03-06", 5_000, "2026-02-27")
    assert codes(story, "2026-03-06") == {"2026-01": "*", "2026-02": "N", "2026-03": "*"}


def test_a_month_is_restated_though_nothing_else_turns_out_otherwise():
    """A minimum of interest and fees alone, missed without a late fee; what is owed now is the same either way."""
    story = base().pays("2026-02-25", 123_457).advances("2026-04-05")
    assert codes(story, "2026-04-05")["2026-03"] == "1"
    learns(story, "2026-04-05", 1_926, "2026-03-09")
    assert codes(story, "2026-04-05") == {"2026-01": "*", "2026-02": "M", "2026-03": "N", "2026-04": "*"}


@pytest.mark.parametrize(("bill_day", "pays_on", "code"), [(1, 12, "M"), (28, 5, "N")])
def test_a_month_of_half_a_year_ago_is_restated_with_all_that_happened_in_it(bill_day, pays_on, code):
    """The furthest that a fact may reach back in a long life: the month's first days and its statement are before it."""
    story = Story(terms=Terms(version="agreed", bill_day=bill_day))
    for month in range(12):
        story.buys(add_months(date(2026, 1, 20), month), 10_000)
        story.pays(add_months(date(2026, 2, pays_on), month), 10_000)
    for on in ("2027-01-25", "2027-02-24"):
        before = codes(story.advances(on), on)
        learns(story, on, 1, day(on) - timedelta(days=180))
        assert codes(story, on) == before
        assert {before[f"2026-{month:02}"] for month in range(2, 13)} == {code}


def issued(story: Story) -> list[AccountBilled]:
    return [each.event for each in story.recorded if isinstance(each.event, AccountBilled)]


def worst_dpd(story: Story) -> int:
    return max(each.event.dpd_after for each in story.recorded if isinstance(each.event, MoneyEvent))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.integers(0, 100_000))
def test_months_that_had_ended_are_told_as_if_a_late_payment_had_been_known_in_time(seed):
    chance = Random(seed)
    facts = [fact._replace(learnt=fact.on) for fact in facts_of(chance, days=100)]
    payment = next(fact for fact in facts if fact.what == "payment")
    learnt = payment.on + timedelta(days=chance.choice((20, 40, 90)))
    known = [fact for fact in facts if fact.on <= learnt]
    in_time = lived(known, learnt)
    late = lived([fact._replace(learnt=learnt) if fact is payment else fact for fact in known], learnt)
    # Statements stand as they were issued and none comes to demand more, and from 91 days past due on the order of
    # payment follows what was known.
    assume([each.business_date for each in issued(late)] == [each.business_date for each in issued(in_time)])
    assume(all(then.minimum_fen >= now.minimum_fen for then, now in zip(issued(late), issued(in_time), strict=True)))
    assume(max(worst_dpd(late), worst_dpd(in_time)) < 91)
    assume(any(each.type == "balances.corrected" for each in late.recorded))

    def ended(story: Story) -> list[MonthLine]:
        return [line for line in told(story, learnt).months if line.month < f"{learnt:%Y-%m}"]

    assert ended(late) == ended(in_time)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.integers(0, 100_000))
def test_a_replay_in_one_go_and_one_event_by_event_come_to_the_same(seed):
    """Between two events only the row is kept, and the months in a table of their own, by month."""
    chance = Random(seed)
    facts = facts_of(chance)
    story = lived([*facts, *returns_of(chance, facts)], BEGIN + timedelta(days=340))
    at_once, rows, table = {}, {}, {}
    fold(at_once, story.recorded, credit_report)
    for recorded in story.recorded:
        fold(rows, [recorded], credit_report)
        table |= {month.month: month for month in rows[story.account_id].months}
        rows[story.account_id].months.clear()
    rows[story.account_id].months = [table[month] for month in sorted(table)]
    assert rows == at_once
    assert "".join(month.code for month in table.values()) == rows[story.account_id].history


def test_a_simulated_life_is_reported_as_it_is_now_known():
    life = simulated(bought(), paid("2026-03-05", 12_346, value_date="2026-02-09"), show=["2026-03-04", "2026-03-31"])
    shown = {line["month"]: (line["code"], line["worst_code"], line["past_due_fen"]) for line in life["report"]}
    assert shown == {"2026-01": ("*", "*", 0), "2026-02": ("N", "N", 0), "2026-03": ("1", "1", 12_168)}


def test_a_simulated_life_of_many_years_has_all_its_months_and_what_was_worst_in_sixty_of_them():
    story = learns(base().pays("2026-04-02", 100_000).advances("2026-06-05"), "2026-06-05", 12_346, "2026-05-09")
    story.pays("2026-06-06", 50_000)
    lines = report(story.recorded, date(2032, 12, 31))
    assert ([line.month for line in lines[:5]], lines[-1].month) == (
        ["2026-01", "2026-02", "2026-03", "2026-04", "2026-05"],
        "2032-12",
    )
    assert "".join(line.code for line in lines) == "*12NNN" + "*" * (7 * 12 - 6)
    assert "".join(line.worst_code for line in lines) == "*1" + "2" * 60 + "NNN" + "*" * (7 * 12 - 65)
