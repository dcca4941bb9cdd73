"""The report of a loan account: what falls due, what is late, and when its debt is repaid. Codes as in table 8.1."""

from datetime import date

from domain.commands import (
    ForceClose,
    RequestClosure,
    ReversePayment,
    WaiveDebt,
)
from domain.terms import CASH_LOAN, Terms
from projections.bureau import MonthLine
from tests.projections.late_facts import learns
from tests.projections.stories import Story
from tests.projections.test_credit_report import codes, told


def loan_account(limit_fen: int = 5_000_000, terms: Terms = CASH_LOAN) -> Story:
    return Story(limit_fen=limit_fen, terms=terms)


def drawn() -> Story:
    """The loan of the rulebook's worked examples: 89,975 a month, due on the 15th from February on."""
    return loan_account().draws("2026-01-15", 1_000_000, 12)


def lines(story: Story, asked: str) -> dict[str, MonthLine]:
    return {line.month: line for line in told(story, asked).months}


def test_a_loan_account_is_told_as_one_that_does_not_revolve():
    report = told(drawn(), "2026-01-31")
    assert (report.account_type, report.portfolio_type) == ("D1", "I")
    assert (report.limit_fen, report.balance_fen, report.account_status) == (5_000_000, 1_000_000, "normal")
    assert told(Story(), "2026-01-31").account_type == "R1"


# Months


def test_an_instalment_that_fell_due_and_was_met_is_normal():
    story = drawn().pays_demand("2026-02-14", "2026-03-15")
    assert codes(story, "2026-03-31") == {"2026-01": "*", "2026-02": "N", "2026-03": "N"}


def test_it_is_due_on_its_due_date_and_not_when_it_is_billed():
    story = loan_account().draws("2026-02-01", 100_000, 3)
    story.advances("2026-02-26")
    assert story.account.ledger.minimum_due > 0
    assert codes(story, "2026-02-28") == {"2026-01": "*", "2026-02": "*"}
    assert codes(story, "2026-03-01")["2026-03"] == "N"


def test_an_instalment_that_was_paid_before_it_was_billed_fell_due_all_the_same():
    """Credit paid all of it, so there was no statement."""
    story = drawn().pays("2026-02-01", 89_975).advances("2026-02-28")
    assert not any(each.type == "account.billed" for each in story.recorded)
    assert codes(story, "2026-02-14")["2026-02"] == "*"
    assert codes(story, "2026-02-28")["2026-02"] == "N"


def test_so_it_did_where_something_else_is_learnt_late():
    story = drawn().pays("2026-02-01", 89_975).advances("2026-03-01")
    learns(story, "2026-03-01", 1_000, "2026-02-20")
    assert [each.type for each in story.recorded[-2:]] == ["payment.received", "balances.corrected"]
    assert codes(story, "2026-03-01")["2026-02"] == "N"


def test_so_it_did_where_a_payment_is_learnt_half_a_year_late():
    """What is derived anew begins with March; the instalment of 2 March was billed, and paid by credit, before that."""
    story = Story(terms=CASH_LOAN, opened="2026-01-02").draws("2026-01-02", 600_000, 12).pays("2026-01-10", 650_000)
    assert codes(story.advances("2026-09-02"), "2026-09-01")["2026-03"] == "N"
    learns(story, "2026-09-02", 1, "2026-03-06")
    assert story.account.base.business_date == date(2026, 3, 1)
    restated = story.recorded[-1].event.months
    assert (str(restated[0].month_end), restated[0].due_this_month) == ("2026-03-31", True)
    assert codes(story, "2026-09-02") == {"2026-01": "*"} | {f"2026-{month:02}": "N" for month in range(2, 10)}


def test_missed_and_paid_within_the_month_is_m():
    story = drawn().advances("2026-02-16")
    story.pays_demand("2026-02-27")
    assert codes(story, "2026-02-28")["2026-02"] == "M"


# Nothing is ever paid: due on 15 February and on each 15th after it, a loss on the 120th day.
# Penalty of 0.06 % a day on 77,975 until the next bill day, 12 March (25 days): 1,170; interest of the second: 11,064.
NEVER_PAID = [
    # month, days past due, PBOC, tier, status, history (first 6), first delinquency, due for 30 days
    ("2026-01", 0, "*", "normal", "11", "BBBBBB", None, 0),
    ("2026-02", 13, "1", "special_mention", "11", "0BBBBB", None, 0),
    ("2026-03", 44, "2", "special_mention", "71", "00BBBB", "2026-03-17", 89_975),
    ("2026-04", 74, "3", "special_mention", "78", "100BBB", "2026-03-17", 89_975 + 89_975 + 1_170),
    ("2026-05", 105, "4", "substandard", "80", "2100BB", "2026-03-17", None),
    ("2026-06", 135, "B", "loss", "97", "32100B", "2026-03-17", None),
]


def test_a_loan_that_is_never_paid_month_by_month():
    story = drawn().advances("2026-06-30")
    shown = told(story, "2026-06-30").months
    for line, expected in zip(shown, NEVER_PAID, strict=True):
        month, dpd, code, tier, status, history, since, late = expected
        other = line.metro2
        assert (line.month, line.days_past_due, line.code, line.tier) == (month, dpd, code, tier)
        assert (other.account_status, other.payment_history[:6]) == (status, history)
        assert (str(other.first_delinquency) if other.first_delinquency else None) == since
        if late is not None:
            assert other.past_due_fen == late
    march = shown[2]
    assert (march.missed_minima, march.past_due_fen) == (2, 181_120)
    assert march.balance_fen == 1_000_000 + 12_000 + 11_064 + 1_170
    assert shown[-1].metro2.past_due_fen == shown[-1].balance_fen


def test_what_was_lost_and_is_repaid_ends_with_c():
    story = drawn().advances("2026-07-10")
    story.pays("2026-07-10", story.account.ledger.owed)
    report = told(story, "2026-09-30")
    assert (report.months[-1].month, report.code) == ("2026-07", "C")
    assert (report.months[-1].metro2.account_status, report.months[-1].metro2.closed_on) == ("64", date(2026, 7, 10))


def test_a_loan_without_a_balance_is_current_and_not_empty():
    """`E` is for accounts that revolve."""
    story = loan_account().draws("2026-03-10", 100_000, 2)
    assert lines(story, "2026-03-31")["2026-03"].metro2.payment_history.startswith("00B")
    assert told(Story(), "2026-03-31").months[-1].metro2.payment_history.startswith("EEB")


# Repaid


def test_the_month_in_which_the_last_instalment_is_paid_ends_the_report():
    story = loan_account().draws("2026-01-15", 100_000, 2).pays_demand("2026-02-15", "2026-03-14")
    report = told(story, "2026-06-30")
    assert [(line.month, line.code, line.metro2.account_status) for line in report.months] == [
        ("2026-01", "*", "11"),
        ("2026-02", "N", "11"),
        ("2026-03", "C", "13"),
    ]
    assert (report.settled_on, report.account_status, report.closed_on) == (date(2026, 3, 14), "settled", None)
    march = report.months[-1].metro2
    assert (march.closed_on, march.payment_rating, march.special_comment) == (date(2026, 3, 14), "0", None)


def test_repaid_late_it_ends_with_c_and_was_as_late_as_the_morning_said():
    """The second and last instalment was due on 15 March: 36 days."""
    story = loan_account().draws("2026-01-15", 100_000, 2).pays_demand("2026-02-15").advances("2026-04-20")
    left = story.on("2026-04-20")
    april = told(story.pays("2026-04-20", left.owed + left.accrued), "2026-08-31").months[-1]
    assert (april.month, april.code) == ("2026-04", "C")
    assert (april.metro2.account_status, april.metro2.payment_rating) == ("13", "1")


def test_a_loan_settled_early_is_told_so():
    story = drawn().settles("2026-01-20")
    report = told(story, "2026-03-31")
    assert [(line.month, line.code) for line in report.months] == [("2026-01", "C")]
    assert report.months[0].special_transactions == ("5",)
    assert report.months[0].last_payment_fen == 1_002_000
    assert report.settled_on == date(2026, 1, 20)


def test_a_part_paid_early_is_not_told():
    story = drawn().prepays("2026-01-20", 500_000)
    january = lines(story, "2026-01-31")["2026-01"]
    assert (january.code, january.special_transactions, january.balance_fen) == ("*", (), 500_000)


def test_several_loans_are_one_account_that_is_as_late_as_the_latest_and_ends_with_the_last():
    story = drawn().draws("2026-01-20", 100_000, 1, "loan-2").pays_demand("2026-02-15").advances("2026-02-25")
    february = lines(story, "2026-02-28")["2026-02"]
    # The second was due on 20 February: 100,000 and 1,200 of interest.
    assert (february.code, february.days_past_due, february.past_due_fen) == ("1", 8, 101_200)
    story.advances("2026-03-05")
    story.pays("2026-03-05", story.account.ledger.arrears)
    assert "C" not in told(story.pays_demand("2026-03-31"), "2026-03-31").history_24


def test_drawn_again_after_it_was_repaid_the_report_goes_on_without_a_gap():
    story = drawn().settles("2026-01-20")
    assert told(story, "2026-04-09").code == "C"
    story.draws("2026-04-10", 100_000, 2, "loan-2").advances("2026-05-31")
    report = told(story, "2026-05-31")
    assert [(line.month, line.code) for line in report.months] == [
        ("2026-01", "C"), ("2026-02", "*"), ("2026-03", "*"), ("2026-04", "*"), ("2026-05", "1"),
    ]  # fmt: skip
    assert (report.settled_on, report.account_status) == (None, "overdue")
    assert report.months[-1].metro2.payment_history.startswith("0000B")
    assert report.months[0].metro2.closed_on == date(2026, 1, 20)
    assert report.months[-1].metro2.closed_on is None


def test_repaid_and_drawn_again_in_one_month_has_no_end_in_it():
    story = drawn().settles("2026-01-20").draws("2026-01-25", 100_000, 2, "loan-2")
    assert codes(story, "2026-02-24") == {"2026-01": "*", "2026-02": "*"}
    assert told(story, "2026-01-31").months[0].special_transactions == ("5",)


def test_a_payment_that_is_returned_takes_the_end_back():
    story = loan_account().draws("2026-01-15", 100_000, 1).pays_demand("2026-02-15")
    assert codes(story, "2026-03-31") == {"2026-01": "*", "2026-02": "C"}
    ref = story.recorded[-2].event.payment_ref
    story.say("2026-03-02", ReversePayment, payment_ref=ref, reason="returned")
    assert codes(story, "2026-03-31") == {"2026-01": "*", "2026-02": "1", "2026-03": "2"}


def test_learnt_late_that_it_was_repaid_in_time_the_report_ends_where_it_would_have():
    story = loan_account().draws("2026-01-15", 100_000, 1).advances("2026-03-05")
    assert codes(story, "2026-03-05") == {"2026-01": "*", "2026-02": "1", "2026-03": "1"}
    learns(story, "2026-03-05", 101_200, "2026-02-15")
    assert codes(story, "2026-03-05") == {"2026-01": "*", "2026-02": "C"}
    assert told(story, "2026-03-05").settled_on == date(2026, 2, 15)


def test_principal_that_was_given_up_is_told_of_the_loan_that_it_was_given_up_of():
    story = loan_account().draws("2026-01-15", 100_000, 1).advances("2026-02-12")
    story.say("2026-02-13", WaiveDebt, principal_fen=50_000, reason="agreement").pays("2026-02-14", 51_200)
    first = told(story, "2026-02-28").months[-1]
    assert (first.code, first.metro2.special_comment, first.special_transactions) == ("G", "AU", ("11",))
    story.draws("2026-03-01", 100_000, 1, "loan-2")
    story.pays_demand("2026-04-01")
    shown = told(story, "2026-04-30").months
    assert [line.code for line in shown] == ["*", "G", "*", "C"]
    assert shown[-1].metro2.special_comment is None


def test_an_account_that_was_repaid_and_closed_later_ended_when_it_was_repaid():
    story = drawn().settles("2026-01-20").say("2026-03-03", RequestClosure)
    report = told(story, "2026-06-30")
    assert [(line.month, line.code) for line in report.months] == [("2026-01", "C")]
    assert (report.settled_on, report.closed_on) == (date(2026, 1, 20), date(2026, 3, 3))


def test_an_account_that_never_lent_anything_ends_when_it_is_closed():
    story = loan_account().say("2026-02-03", RequestClosure)
    assert codes(story, "2026-06-30") == {"2026-01": "*", "2026-02": "C"}


def test_a_loan_that_outlives_its_account_is_told_until_it_is_repaid():
    story = loan_account().draws("2026-01-15", 100_000, 2).say("2026-01-20", ForceClose, reason="abuse")
    story.pays_demand("2026-02-15", "2026-03-15")
    report = told(story, "2026-06-30")
    assert [(line.month, line.code, line.metro2.special_comment) for line in report.months] == [
        ("2026-01", "*", "M"),
        ("2026-02", "N", "M"),
        ("2026-03", "C", "M"),
    ]
    assert report.months[-1].metro2.closed_on == date(2026, 1, 20)
