"""The report in both dialects: the rulebook's table of 8.2, its cases, and every code, field and comment by its rule."""

from datetime import date, timedelta

import pytest

from domain.commands import (
    Actor,
    ChangeBillDay,
    ChangeLimit,
    ConvertToPlan,
    DecideAppeal,
    ForceClose,
    LodgeAppeal,
    Migrate,
    OpenDispute,
    Reinstate,
    RequestClosure,
    ReversePayment,
    SettleEarly,
    UndoWriteOff,
    WaiveDebt,
    WriteOff,
)
from domain.events import AccountMigrated, MinimumLeft, Owed, UnpaidMinimum
from domain.terms import Terms
from projections import credit_report, metro2
from projections.bureau import CreditReport, MonthLine, account_status, code_of, tier_of, worst_of
from projections.folding import fold
from tests.domain.test_migrating import LATE
from tests.projections.late_facts import learns
from tests.projections.stories import Story, record
from tests.projections.test_credit_report import base, captured, codes, told
from tests.specification import NOTHING_COUNTED

CUSTOMER = Actor(role="customer", id="c-1")


def lines(story: Story, asked: str | date) -> dict[str, MonthLine]:
    return {line.month: line for line in told(story, asked).months}


def last(story: Story, asked: str | date) -> MonthLine:
    return told(story, asked).months[-1]


def closed_by_force(on: str = "2026-01-20") -> Story:
    return base().say(on, ForceClose, reason="abuse")


# The rulebook's table of 8.2: nothing ever paid, then 140,429 on 8 October 2026.

EXAMPLE_A = [
    # month, days past due, PBOC, status, history (first 10), first delinquency, past due in fen
    ("2026-01", 0, "*", "11", "BBBBBBBBBB", None, 0),
    ("2026-02", 18, "1", "11", "0BBBBBBBBB", None, 0),
    ("2026-03", 49, "2", "71", "00BBBBBBBB", "2026-03-12", 12_346),
    ("2026-04", 79, "3", "78", "100BBBBBBB", "2026-03-12", 25_631),
    ("2026-05", 110, "4", "80", "2100BBBBBB", "2026-03-12", 38_544),
    ("2026-06", 140, "5", "82", "32100BBBBB", "2026-03-12", 50_396),
    ("2026-07", 171, "6", "83", "432100BBBB", "2026-03-12", 61_410),
    ("2026-08", 202, "B", "97", "5432100BBB", "2026-03-12", 140_429),
    ("2026-09", 232, "B", "97", "L5432100BB", "2026-03-12", 140_429),
    ("2026-10", 0, "C", "64", "LL5432100B", "2026-03-12", 0),
]
# The same in what else the bureau hears in the first dialect, from the statements of the example.
EXAMPLE_A_PBOC = [
    # month, status, tier, overdue periods, overdue amount, balance in whole yuan
    ("2026-01", "1", "normal", 0, 0, 1_235),
    ("2026-02", "2", "special_mention", 1, 123, 1_245),
    ("2026-03", "2", "special_mention", 2, 256, 1_266),
    ("2026-04", "2", "special_mention", 3, 385, 1_295),
    ("2026-05", "2", "substandard", 4, 504, 1_324),
    ("2026-06", "2", "substandard", 5, 614, 1_353),
    ("2026-07", "2", "substandard", 6, 716, 1_382),
    ("2026-08", "4", "loss", 1, 1_404, 1_404),
    ("2026-09", "4", "loss", 1, 1_404, 1_404),
    ("2026-10", "3", "normal", 0, 0, 0),
]


def example_a() -> CreditReport:
    return told(base().advances("2026-08-20").pays("2026-10-08", 140_429), "2026-10-31")


def test_example_a_month_by_month():
    shown = [
        (
            line.month,
            line.days_past_due,
            line.code,
            line.metro2.account_status,
            line.metro2.payment_history[:10],
            line.metro2.first_delinquency and f"{line.metro2.first_delinquency}",
            line.metro2.past_due_fen,
        )
        for line in example_a().months
    ]
    assert shown == EXAMPLE_A


def test_example_a_as_the_other_bureau_hears_it():
    shown = [
        (
            line.month,
            line.account_status_code,
            line.tier,
            line.missed_minima,
            line.past_due_yuan,
            line.balance_yuan,
        )
        for line in example_a().months
    ]
    assert shown == EXAMPLE_A_PBOC


def test_example_a_ends_with_what_was_lost_and_recovered():
    report = example_a()
    october = report.months[-1].metro2
    assert (report.account_type, report.portfolio_type) == ("R1", "R")
    assert (october.original_charge_off_fen, october.original_charge_off_yuan) == (140_429, 1_404)
    assert (october.closed_on, october.last_payment_on) == (date(2026, 10, 8), date(2026, 10, 8))
    assert (october.payment_rating, october.special_comment, october.compliance_condition) == (None, None, None)
    assert [line.metro2.original_charge_off_fen for line in report.months[-4:]] == [None, 140_429, 140_429, 140_429]


def test_it_is_the_same_told_month_by_month():
    """Whoever asks at each month's end hears what the report of the last one says of it."""
    story = base().advances("2026-08-20").pays("2026-10-08", 140_429)
    for line in example_a().months:
        end = date.fromisoformat(f"{line.month}-01") + timedelta(days=40)
        assert last(story, end.replace(day=1) - timedelta(days=1)) == line


# Cases by number


def test_case_30_paid_late_in_its_month_and_then_a_minimum_of_charges_alone_is_missed():
    story = base().pays("2026-02-25", 123_457).advances("2026-03-31")
    february = lines(story, "2026-03-31")["2026-02"]
    march = lines(story, "2026-03-31")["2026-03"]
    assert (february.code, february.metro2.account_status) == ("M", "11")
    assert march.metro2.payment_history.startswith("00B")
    assert (march.code, march.days_past_due, march.past_due_fen, march.balance_fen) == ("1", 21, 1_926, 1_926)


def test_case_31_paying_the_oldest_rolls_back_and_a_new_delinquency_has_its_own_date():
    story = base().pays("2026-04-20", 27_719)
    shown = lines(story.advances("2026-05-31"), "2026-05-31")
    assert told(base().advances("2026-04-20"), "2026-04-20").days_past_due == 69
    assert told(story, "2026-04-20").days_past_due == 10
    april, may = shown["2026-04"], shown["2026-05"]
    assert (april.code, april.metro2.account_status, april.metro2.first_delinquency) == ("1", "11", None)
    assert (may.code, may.days_past_due, may.metro2.account_status) == ("2", 51, "71")
    assert may.metro2.first_delinquency == date(2026, 5, 10)
    assert may.metro2.payment_history == "0100" + "B" * 20


CASE_32 = [
    (29, "1", "11"), (30, "1", "71"), (31, "2", "71"), (90, "3", "80"), (91, "4", "80"), (180, "6", "84"), (181, "7", "84"),
]  # fmt: skip


@pytest.mark.parametrize(("dpd", "code", "status"), CASE_32)
def test_case_32_the_dialects_part_at_the_first_day_and_the_thirtieth(dpd, code, status):
    patient = Terms(version="patient", charge_off_dpd=400)
    line = last(
        Story(terms=patient).buys("2026-01-10", 123_457).advances("2026-02-01"), date(2026, 2, 10) + timedelta(dpd)
    )
    assert (line.days_past_due, line.code, line.metro2.account_status) == (dpd, code, status)


def test_case_29_is_told_as_it_was_booked():
    august, september = (lines(base().advances("2026-09-15"), "2026-09-15")[month] for month in ("2026-08", "2026-09"))
    assert [line.metro2.original_charge_off_fen for line in (august, september)] == [140_429, 140_429]
    assert [line.balance_fen for line in (august, september)] == [140_429, 140_429]


def test_case_14_restates_both_dialects():
    story = base().advances("2026-03-31")
    assert [line.metro2.account_status for line in told(story, "2026-03-31").months] == ["11", "11", "71"]
    learns(story, "2026-03-31", 12_346, "2026-02-09")
    report = told(story, "2026-03-31")
    assert [(line.code, line.metro2.account_status) for line in report.months] == [
        ("*", "11"),
        ("N", "11"),
        ("1", "11"),
    ]
    assert report.months[-1].metro2.first_delinquency is None
    assert report.months[1].last_payment_on == date(2026, 2, 9)


def test_case_16_a_payment_returned_makes_the_month_late_in_both():
    story = learns(base(), "2026-02-10", 123_457, "2026-02-10", "bounced").advances("2026-04-14")
    assert [line.code for line in told(story, "2026-04-14").months] == ["*", "N", "*", "*"]
    story.say("2026-04-14", ReversePayment, payment_ref="bounced", reason="returned")
    shown = lines(story, "2026-04-14")
    assert [line.code for line in shown.values()] == ["*", "1", "2", "3"]
    assert [line.metro2.account_status for line in shown.values()] == ["11", "11", "71", "78"]
    assert [line.last_payment_on for line in shown.values()] == [None] * 4
    assert shown["2026-04"].metro2.first_delinquency == date(2026, 3, 12)


# Each code of table 8.1 by its rule


@pytest.mark.parametrize(
    ("holds", "code"),
    [
        ({"settled", "forgiven", "lost", "missed", "due", "unbilled"}, "G"),
        ({"settled", "lost", "missed", "due", "unbilled"}, "C"),
        ({"forgiven", "lost", "missed", "due", "unbilled"}, "B"),
        ({"forgiven", "missed", "due", "unbilled"}, "M"),
        ({"forgiven", "due", "unbilled"}, "N"),
        ({"forgiven", "unbilled"}, "A"),
        ({"forgiven"}, "*"),
    ],
)
def test_the_first_row_that_holds_is_the_code(holds, code):
    asked = {name: name in holds for name in ("settled", "forgiven", "lost", "missed", "due", "unbilled")}
    assert code_of(0, **asked) == code
    if not holds & {"settled", "lost"}:
        assert code_of(61, **asked) == "3"
    else:
        assert code_of(61, **asked) == code


def test_before_activation_there_is_no_account_yet():
    story = Story(limit_fen=0)
    assert (told(story, "2026-02-20").code, told(story, "2026-02-20").history_24) == ("/", "/" * 24)


def test_settled_with_principal_waived_it_ended_otherwise():
    story = base().pays("2026-01-12", 100_000).say("2026-01-13", WaiveDebt, principal_fen=23_457, reason="goodwill")
    assert codes(story, "2026-01-31") == {"2026-01": "*"}
    report = told(story.say("2026-02-03", RequestClosure), "2026-02-28")
    assert [line.code for line in report.months] == ["*", "G"]
    assert (report.worst_code, report.account_status, report.account_status_code) == ("G", "settled", "3")
    assert report.months[-1].metro2.special_comment == "AU"
    assert [line.special_transactions for line in report.months] == [("11",), ()]


def test_settled_with_only_a_fee_waived_it_was_settled_normally():
    story = base().advances("2026-02-12").say("2026-02-12", WaiveDebt, fees_fen=1_000, reason="goodwill")
    story.pays("2026-02-13", 200_000)
    report = told(story.say("2026-02-13", ForceClose, reason="abuse"), "2026-02-28")
    assert [line.code for line in report.months] == ["*", "C"]
    assert report.months[-1].metro2.special_comment == "M"
    assert report.months[-1].special_transactions == ("11",)


def test_what_was_given_up_above_the_cap_is_no_relief():
    story = Story().buys("2026-01-10", 30_000).advances("2026-03-01")
    assert any(each.type == "debt.waived" for each in story.recorded)
    assert [line.special_transactions for line in told(story, "2026-03-31").months] == [(), (), ()]


def test_less_than_all_by_agreement_is_said_so_though_all_principal_was_paid():
    story = base().advances("2026-02-12").pays("2026-02-13", 123_457)
    story.say("2026-02-14", WaiveDebt, fees_fen=1_000, reason="agreement")
    line = last(story.say("2026-03-03", ForceClose, reason="abuse"), "2026-03-31")
    assert (line.code, line.metro2.account_status, line.metro2.special_comment) == ("1", "11", "M")
    line = last(story.pays("2026-04-02", 20_000), "2026-04-30")
    assert (line.code, line.metro2.account_status, line.metro2.special_comment) == ("C", "13", "AU")


def moved(from_day: int, to: int, on: str) -> Story:
    story = Story(terms=Terms(version="agreed", bill_day=from_day)).buys("2026-01-20", 50_000)
    return story.say("2026-02-25", ChangeBillDay, bill_day=to, from_date=date.fromisoformat(on))


def test_a_month_that_the_bill_day_moved_out_of_says_so():
    story = moved(15, 5, "2026-03-10").pays("2026-02-25", 200_000).buys("2026-02-26", 200_000).advances("2026-04-20")
    assert codes(story, "2026-04-20") == {"2026-01": "*", "2026-02": "M", "2026-03": "A", "2026-04": "1"}
    assert lines(story, "2026-04-20")["2026-03"].metro2.account_status == "11"


def test_a_month_that_the_bill_day_moved_within_has_its_statement():
    story = moved(15, 20, "2026-03-10").pays("2026-02-25", 200_000).buys("2026-02-26", 200_000).advances("2026-04-20")
    assert codes(story, "2026-04-20")["2026-03"] == "1"
    assert "A" not in codes(moved(15, 20, "2026-03-10").pays("2026-03-25", 200_000), "2026-06-30").values()


def test_a_late_month_is_late_whatever_the_bill_day_does():
    assert codes(moved(15, 5, "2026-03-10").advances("2026-04-20"), "2026-04-20")["2026-03"] == "2"


def test_a_month_that_the_bill_day_moved_out_of_is_told_anew_as_one():
    story = moved(15, 5, "2026-03-10").advances("2026-04-20")
    learns(story, "2026-04-20", 200_000, "2026-02-20")
    assert codes(story, "2026-04-20") == {"2026-01": "*", "2026-02": "N", "2026-03": "A", "2026-04": "N"}


# A living account that was taken over


def taken_over(history: str, owed: int = 0, missed: str | None = None) -> Story:
    """An account that was taken over on 10 March 2026 with so many months of report."""
    story = Story(limit_fen=0)
    minima = [] if missed is None else [{"statement_no": 7, "due_date": date.fromisoformat(missed), "amount_fen": owed}]
    event = AccountMigrated(
        business_date=date(2026, 3, 10),
        access="open",
        standing="overdue" if missed else "billed" if owed else "clear",
        limit_fen=2_000_000,
        statement_no=7,
        balances=Owed(principal_billed=owed),
        purchases_left=(),
        minima_left=tuple(MinimumLeft(**each, principal_fen=owed) for each in minima),
        plans_left=(),
        charged_off_due=None,
        regime="charges_first",
        untested_due=None,
        counters=NOTHING_COUNTED,
        history=history,
        owed_after=Owed(principal_billed=owed),
        unpaid_minima_after=tuple(UnpaidMinimum(**each) for each in minima),
    )
    story.recorded += record(story.account_id, [event], story.recorded[-1])
    return story


def test_months_before_a_take_over_are_told_as_they_were_elsewhere():
    report = told(taken_over("##N*2M"), "2026-04-05")
    assert "".join(line.code for line in report.months) == "##N*2M**"
    assert report.months[0].month == "2025-09"
    assert report.history_24 == "/" * 16 + "##N*2M**"
    first, second_last = report.months[0], report.months[4]
    assert (first.metro2.account_status, first.balance_fen, first.tier, first.limit_fen) == (None, None, None, None)
    assert (second_last.account_status, second_last.metro2.account_status) == ("overdue", "71")
    assert report.activated_on == date(2026, 3, 10)
    assert report.worst_code == "2"


def test_a_history_in_metro_2_says_where_nothing_is_known():
    history = told(taken_over("##N*2M"), "2026-04-05").months[-1].metro2.payment_history
    # March, with nothing owed, then what was taken over, newest first.
    assert history == "E" + "01" + "00" + "DD" + "B" * 17


def test_a_take_over_without_a_history_begins_the_report():
    report = told(taken_over(""), "2026-04-05")
    assert [line.month for line in report.months] == ["2026-03", "2026-04"]
    assert report.months[0].metro2.payment_history == "B" * 24


def test_a_delinquency_that_was_taken_over_dates_from_what_was_missed():
    report = told(taken_over("N12", owed=50_000, missed="2025-12-20"), "2026-03-31")
    assert [line.code for line in report.months] == ["N", "1", "2", "4"]
    assert report.months[-1].metro2.first_delinquency == date(2026, 1, 19)


def test_example_a_taken_over_on_5_march_is_told_on_in_both_dialects():
    story = Story(limit_fen=0, opened="2026-03-05").say("2026-03-05", Migrate, limit_fen=500_000, history="#*1", **LATE)
    report = told(story.advances("2026-08-20"), "2026-08-31")
    assert "".join(line.code for line in report.months) == "#*123456B"
    shown = {line.month: line.metro2 for line in report.months}
    for month, _, _, status, _, since, past_due in EXAMPLE_A[2:8]:
        assert (shown[month].account_status, str(shown[month].first_delinquency), shown[month].past_due_fen) == (
            status, since, past_due,
        )  # fmt: skip
    assert shown["2026-08"].payment_history == "5432100D" + "B" * 16


# Metro 2, field by field


def test_a_zero_balance_is_so_in_the_history():
    story = base().pays("2026-01-12", 123_457)
    assert last(story, "2026-03-31").metro2.payment_history == "EE" + "B" * 22


def test_a_line_is_closed_and_paid_only_when_nothing_is_owed():
    story = closed_by_force().advances("2026-03-01")
    shown = lines(story, "2026-03-31")
    assert [line.metro2.account_status for line in shown.values()] == ["11", "11", "71"]
    assert [line.metro2.special_comment for line in shown.values()] == ["M"] * 3
    assert [line.metro2.closed_on for line in shown.values()] == [date(2026, 1, 20)] * 3
    line = last(story.pays("2026-04-08", 200_000), "2026-04-30")
    assert (line.code, line.metro2.account_status, line.metro2.past_due_fen) == ("C", "13", 0)


@pytest.mark.parametrize(
    ("paid_on", "rating"), [("2026-01-25", "0"), ("2026-03-11", "0"), ("2026-03-12", "1"), ("2026-04-12", "2")]
)
def test_the_rating_of_a_closed_account_is_what_it_was_just_before_it_was_paid(paid_on, rating):
    line = last(closed_by_force().pays(paid_on, 200_000), paid_on)
    assert (line.metro2.account_status, line.metro2.payment_rating) == ("13", rating)


def test_the_rating_is_that_of_the_morning_however_many_payments_came():
    story = closed_by_force().pays("2026-04-12", 30_000).pays("2026-04-12", 200_000)
    assert last(story, "2026-04-30").metro2.payment_rating == "2"


def test_a_payment_learnt_late_is_rated_by_the_day_it_counts():
    story = learns(closed_by_force().advances("2026-06-02"), "2026-06-02", 200_000, "2026-04-12")
    april = lines(story, "2026-06-02")["2026-04"]
    assert (april.code, april.metro2.account_status, april.metro2.payment_rating) == ("C", "13", "2")
    assert april.metro2.first_delinquency == date(2026, 3, 12)


def test_a_fact_that_counts_after_all_was_paid_changes_nothing_of_when_that_was():
    story = closed_by_force().pays("2026-03-15", 200_000)
    learns(story, "2026-04-03", 5, "2026-03-20")
    report = told(story, "2026-04-03")
    assert report.settled_on == date(2026, 3, 15)
    assert report.months[-1].metro2.payment_rating == "1"


def test_only_a_closed_account_has_a_rating():
    assert all(line.metro2.payment_rating is None for line in example_a().months)


def test_a_delinquency_keeps_its_date_while_it_is_thirty_days_late_and_the_next_has_its_own():
    """Two of three missed minima are left after 14,000, the older 37 days late; later all is paid, then missed again."""
    story = base().advances("2026-04-15").pays("2026-04-16", 14_000)
    assert told(story, "2026-04-16").days_past_due == 37
    april = last(story.advances("2026-04-30"), "2026-04-30")
    assert april.metro2.first_delinquency == date(2026, 3, 12)
    story.pays("2026-05-05", 300_000).buys("2026-06-20", 400_000).advances("2026-08-31")
    shown = lines(story, "2026-08-31")
    assert [line.metro2.first_delinquency for line in shown.values()][-4:] == [None, None, None, date(2026, 8, 9)]


def test_a_loss_booked_early_is_delinquent_from_that_day():
    seen = {"second_actor": Actor(role="officer", id="o-2")}
    line = last(base().say("2026-02-20", WriteOff, reason="fraud", **seen), "2026-02-28")
    assert (line.code, line.metro2.account_status, line.tier) == ("B", "97", "loss")
    assert line.metro2.first_delinquency == date(2026, 2, 20)
    assert line.metro2.past_due_fen == line.metro2.current_balance_fen == line.metro2.original_charge_off_fen


def test_a_loss_booked_and_recovered_in_one_month_is_delinquent_from_what_was_missed():
    seen = {"second_actor": Actor(role="officer", id="o-2")}
    story = base().say("2026-03-20", WriteOff, reason="fraud", **seen).pays("2026-03-25", 200_000)
    line = last(story, "2026-03-31")
    assert (line.code, line.metro2.account_status, line.metro2.first_delinquency) == ("C", "64", date(2026, 3, 12))


def test_a_loss_that_is_all_disputed_is_a_loss():
    story = base().say("2026-01-12", OpenDispute, dispute_id="d", purchase_id="p-2", amount_fen=100_000, reason="fraud")
    seen = {"second_actor": Actor(role="officer", id="o-2")}
    story.say("2026-01-13", WriteOff, reason="fraud", **seen).pays("2026-01-14", 23_457)
    line = last(story, "2026-01-31")
    assert (line.code, line.metro2.account_status, line.metro2.past_due_fen) == ("B", "97", 100_000)


def test_a_loss_booked_in_error_leaves_the_months_that_were_told():
    seen = {"second_actor": Actor(role="officer", id="o-2")}
    story = base().say("2026-02-20", WriteOff, reason="fraud", **seen)
    story.say("2026-03-05", UndoWriteOff, reason="error", **seen).advances("2026-03-31")
    shown = lines(story, "2026-03-31")
    assert [line.code for line in shown.values()] == ["*", "B", "2"]
    assert [line.metro2.original_charge_off_fen for line in shown.values()] == [None, 125_074, None]
    assert [line.metro2.account_status for line in shown.values()] == ["11", "97", "71"]


def test_closed_at_the_customers_request_is_said_so():
    story = base().pays("2026-01-12", 123_457).say("2026-02-03", RequestClosure)
    shown = lines(story, "2026-02-28")
    assert [line.metro2.compliance_condition for line in shown.values()] == [None, "XA"]
    assert [line.metro2.special_comment for line in shown.values()] == [None, None]
    assert shown["2026-02"].metro2.closed_on == date(2026, 2, 3)


def test_a_closure_that_was_undone_is_over_but_was_told():
    story = base().pays("2026-01-12", 123_457).say("2026-01-20", ForceClose, reason="abuse")
    story.say("2026-02-10", LodgeAppeal, appeal_id="a-1", against="closure", actor=CUSTOMER)
    story.say("2026-02-11", DecideAppeal, appeal_id="a-1", outcome="upheld", reason="mistaken")
    story.say("2026-03-05", Reinstate, limit_fen=1_000_000, appeal_id="a-1")
    report = told(story, "2026-03-31")
    assert [line.code for line in report.months] == ["C", "*", "*"]
    assert [line.metro2.account_status for line in report.months] == ["13", "13", "11"]
    assert [line.metro2.closed_on for line in report.months] == [date(2026, 1, 20), date(2026, 1, 20), None]
    assert [line.limit_yuan for line in report.months] == [0, 0, 10_000]
    assert (report.closed_on, report.settled_on, report.account_status) == (None, None, "normal")


# What else is told


def test_the_limit_of_each_month_is_that_of_its_end():
    story = base().say("2026-02-15", ChangeLimit, limit_fen=600_000, reason="review").advances("2026-03-01")
    assert [line.limit_yuan for line in told(story, "2026-03-01").months] == [50_000, 6_000, 6_000]
    learns(story, "2026-03-02", 5_000, "2026-01-12")
    assert [line.limit_yuan for line in told(story, "2026-03-02").months] == [50_000, 6_000, 6_000]


def test_the_last_payment_is_the_last_that_counts_and_was_not_returned():
    story = learns(base(), "2026-01-15", 10_000, "2026-01-15", "first")
    learns(story, "2026-02-05", 20_000, "2026-02-05", "second")
    assert [line.last_payment_fen for line in told(story, "2026-02-28").months] == [10_000, 20_000]
    learns(story, "2026-02-06", 30_000, "2026-01-20", "late")
    assert [line.last_payment_fen for line in told(story, "2026-02-28").months] == [30_000, 20_000]
    story.say("2026-03-03", ReversePayment, payment_ref="second", reason="returned")
    report = told(story, "2026-03-03")
    assert [line.last_payment_fen for line in report.months] == [30_000, 30_000, 30_000]
    assert (report.last_payment_on, report.last_payment_fen, report.last_payment_yuan) == (
        date(2026, 1, 20),
        30_000,
        300,
    )
    story.say("2026-03-04", ReversePayment, payment_ref="late", reason="returned")
    story.say("2026-03-05", ReversePayment, payment_ref="first", reason="returned")
    assert {line.last_payment_on for line in told(story, "2026-03-05").months} == {None}


def test_payments_of_one_day_are_told_as_one():
    story = learns(base(), "2026-01-15", 10_000, "2026-01-15", "x")
    learns(story, "2026-01-15", 7_000, "2026-01-15", "y")
    assert told(story, "2026-01-31").last_payment_fen == 17_000


def test_an_old_payment_stays_the_last_as_long_as_no_other_comes():
    story = learns(base(), "2026-01-15", 123_457, "2026-01-15", "old")
    for month in range(30):
        day = date(2027 + month // 12, month % 12 + 1, 10)
        learns(story, day, 5, day, f"later-{month}")
        story.say(day, ReversePayment, payment_ref=f"later-{month}", reason="returned")
    assert told(story, "2029-06-30").last_payment_on == date(2026, 1, 15)


def test_early_settlement_of_a_plan_is_told_in_its_month():
    """The rulebook's case 41: 100,000 into 12 on 3 February, settled on the 10th for 100,197."""
    story = base().say("2026-02-03", ConvertToPlan, plan_id="plan-1", amount_fen=100_000, months=12)
    settled = {"plan_id": "plan-1", "payment_ref": "payoff", "channel": "transfer", "amount_fen": 100_197}
    story.say("2026-02-10", SettleEarly, **settled).pays("2026-02-10", 23_457)
    report = told(story, "2026-03-31")
    assert [line.special_transactions for line in report.months] == [(), ("5",), ()]
    assert [(line.code, line.balance_fen) for line in report.months] == [("*", 123_457), ("N", 0), ("*", 0)]
    assert report.last_payment_fen == 123_654


def test_what_is_planned_is_owed_but_not_late():
    story = base().say("2026-02-03", ConvertToPlan, plan_id="plan-1", amount_fen=123_457, months=3)
    line = last(story, "2026-02-28")
    assert (line.code, line.balance_fen, line.past_due_fen, line.metro2.account_status) == ("N", 123_457, 0, "11")
    assert "".join(codes(story.advances("2026-06-30"), "2026-06-30").values()) == "*N1234"


def test_the_worst_code_knows_every_code():
    assert worst_of(["C", "*", "N", "M", "7", "G"]) == "G"
    assert worst_of(["G", "B", "1"]) == "B"
    assert worst_of(["#", "A", "/"]) == "A"


@pytest.mark.parametrize(
    ("dpd", "tier"),
    [
        (0, "normal"), (1, "special_mention"), (90, "special_mention"), (91, "substandard"), (270, "substandard"),
        (271, "doubtful"), (360, "doubtful"), (361, "loss"),
    ],
)  # fmt: skip
def test_the_tier_is_the_days_past_due_in_five_classes(dpd, tier):
    assert tier_of(dpd, date(2026, 3, 5), None, lost=False) == tier
    assert tier_of(dpd, date(2026, 3, 5), None, lost=True) == "loss"


@pytest.mark.parametrize(("code", "status"), [("7", "overdue"), ("B", "bad_debt"), ("G", "settled"), ("A", "normal")])
def test_the_account_status_of_a_code(code, status):
    assert account_status(code) == status


@pytest.mark.parametrize(
    ("dpd", "status", "grade"),
    [
        (0, "11", "0"), (29, "11", "0"), (30, "71", "1"), (59, "71", "1"), (60, "78", "2"), (89, "78", "2"), (90, "80", "3"),
        (119, "80", "3"), (120, "82", "4"), (149, "82", "4"), (150, "83", "5"), (179, "83", "5"), (180, "84", "6"),
        (900, "84", "6"),
    ],
)  # fmt: skip
def test_status_and_history_by_days_past_due(dpd, status, grade):
    assert metro2.status_of(dpd, 1, lost=False, ended=True) == status
    assert metro2.grade_of(status, 1, "R") == grade
    assert metro2.grade_of(status, 1, "I") == grade


@pytest.mark.parametrize(
    ("owed", "lost", "closed", "status", "grade"),
    [(1, True, True, "97", "L"), (0, True, True, "64", "L"), (0, False, True, "13", "E"), (0, False, False, "11", "E")],
)
def test_status_and_history_of_what_is_lost_or_closed(owed, lost, closed, status, grade):
    assert metro2.status_of(0, owed, lost=lost, ended=closed) == status
    assert metro2.grade_of(status, owed, "R") == grade
    assert metro2.grade_of(status, owed, "I") == grade.replace("E", "0")


# Retention


def settled_on_8_october() -> Story:
    return base().advances("2026-08-20").pays("2026-10-08", 140_429)


def test_what_is_adverse_is_told_until_five_years_after_it_was_settled_and_not_a_day_longer():
    story = settled_on_8_october()
    before, after = told(story, "2031-10-08"), told(story, "2031-10-09")
    assert "".join(line.code for line in before.months) == "*123456BBC"
    assert before.months == example_a().months
    assert [line.month for line in after.months] == ["2026-01"]
    assert after.history_24 == "/" * 14 + "*" + "#" * 9
    assert (after.code, after.worst_code, after.account_status) == ("*", "*", "settled")


def test_what_is_not_adverse_stays_and_tells_nothing_of_what_has_gone():
    story = base().pays("2026-04-02", 200_000).say("2026-06-03", ForceClose, reason="abuse")
    assert "".join(codes(story, "2026-06-30").values()) == "*12N*C"
    report = told(story, "2031-06-04")
    assert [(line.month, line.code, line.worst_code) for line in report.months] == [
        ("2026-01", "*", "*"), ("2026-04", "N", "N"), ("2026-05", "*", "N"), ("2026-06", "C", "N"),
    ]  # fmt: skip
    assert report.months[-1].metro2.payment_history == "EEDD0" + "B" * 19
    assert report.history_24 == "/" * 18 + "*##N*C"


def test_a_living_account_is_told_for_24_months_and_kept_for_60():
    story = base().pays("2026-04-02", 200_000)
    for month in range(90):
        day = date(2026 + (month + 4) // 12, (month + 4) % 12 + 1, 15)
        story.advances(day) if month % 12 else story.buys(day, 1_000).pays(day, 1_000)
    rows = {}
    fold(rows, story.recorded, credit_report)
    row = rows[story.account_id]
    report = told(story, "2033-10-31")
    assert (len(report.months), len(report.history_24), len(row.history), len(row.grades)) == (24, 24, 60, 60)
    assert report.worst_code == "*"
    assert [turn.what for turn in row.turns] == ["limit", "delinquent"]


def test_a_forced_capture_after_all_was_settled_goes_on_from_there():
    story = captured(base().pays("2026-01-12", 123_457).say("2026-02-03", RequestClosure), "2026-04-02", 5_000)
    shown = lines(story, "2026-04-30")
    assert [line.code for line in shown.values()] == ["*", "C", "*", "*"]
    assert [line.metro2.account_status for line in shown.values()] == ["11", "13", "13", "11"]
    assert shown["2026-04"].metro2.payment_history == "EEE" + "B" * 21
