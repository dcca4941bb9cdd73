"""`credit explain`: a figure of a real read model, told to people and to programs, and how each "no" is said."""

import json
from uuid import uuid4

import psycopg
import pytest


def test_a_figure_can_be_read_out(credit, story):
    code, out, err = credit("explain", story.account_id, "late-fee", "--as-of", "2026-02-11")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "late fee on 2026-02-11: 10.00 CNY"
    assert "   6.17, at least 10.00 and at most 123.46 = 10.00" in lines
    assert "   with late fee floor 10.00" in lines
    assert any(line.startswith("   event ") and "late_fee.posted" in line for line in lines)
    assert "The record says the same: 10.00." in lines


@pytest.mark.parametrize(
    ("figure", "of_balance"),
    [
        ("owed", "owed_fen"),
        ("available", "available_fen"),
        ("minimum_due", "minimum_due_fen"),
        ("dpd", "days_past_due"),
    ],
)
@pytest.mark.parametrize("day", ["2026-01-05", "2026-02-01", "2026-02-11", "2026-02-12", "2026-03-11"])
def test_a_program_reads_the_figure_of_the_balance_view(credit, story, figure, of_balance, day):
    code, out, _ = credit("explain", story.account_id, figure, "--as-of", day, "--json")
    assert code == 0
    told = json.loads(out)
    balance = json.loads(credit("account", "balance", story.account_id, "--as-of", day, "--json")[1])
    assert (told["figure"], told["as_of"], told["result"]) == (figure, day, balance[of_balance])
    assert told["steps"][-1]["result"] == told["result"] == told["recorded"]


def test_without_a_date_it_is_the_day_of_the_last_event(credit, story):
    told = json.loads(credit("explain", story.account_id, "owed", "--json")[1])
    assert (told["as_of"], told["result"]) == ("2026-02-12", 111_457)


def test_an_unknown_figure_is_answered_with_those_there_are(credit, story):
    code, out, err = credit("explain", story.account_id, "intrest")
    assert (code, out) == (2, "")
    said = " ".join(err.replace("│", " ").split())
    assert "'intrest' is no figure that can be explained; there are: minimum, minimum_due, arrears," in said


def test_a_month_of_the_report_can_be_read_out(credit, story):
    code, out, err = credit("explain", story.account_id, "report", "2026-02")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "report of 2026-02 on 2026-02-12: PBOC M, Metro 2 11"
    assert any(line.startswith("  M    repaid after the due date") and ": yes," in line for line in lines)
    assert any("account.overdue 1" in line for line in lines)
    assert lines[-1] == "The report says the same: PBOC M, Metro 2 11."


@pytest.mark.parametrize("month", ["2026-01", "2026-02", "2026-03"])
def test_a_program_reads_the_codes_of_the_report(credit, story, month):
    code, out, _ = credit("explain", story.account_id, "report", month, "--as-of", "2026-03-31", "--json")
    assert code == 0
    told = json.loads(out)
    report = json.loads(credit("account", "report", story.account_id, "--as-of", "2026-03-31", "--json")[1])
    line = next(line for line in report["months"] if line["month"] == month)
    assert (told["code"], told["status"]) == (line["code"], line["metro2"]["account_status"])
    assert told["recorded"] == {"code": told["code"], "status": told["status"]}


def test_a_month_that_the_view_tells_otherwise_is_found_out(credit, story, owner_url):
    with psycopg.connect(owner_url) as owner:
        owner.execute("UPDATE credit_report_months_g1 SET code = '1' WHERE month = '2026-01-01'")
    code, out, _ = credit("explain", story.account_id, "report", "2026-01")
    assert code == 1
    assert out.splitlines()[-1] == "THE REPORT SAYS OTHERWISE: PBOC 1, Metro 2 11."


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["report"], "report needs a month, like 2026-04"),
        (["owed", "2026-01"], "a month belongs to the figure report, and to no other"),
        (["report", "2026-13"], "'2026-13' is not a month like 2026-04"),
        (["report", "0001-01"], "'0001-01' is not a month like 2026-04"),
        (["report", "2026-03"], "2026-03 has not begun on 2026-02-12"),
    ],
)
def test_a_month_that_makes_no_sense_is_wrong_usage(credit, story, words, said):
    code, out, err = credit("explain", story.account_id, *words)
    assert (code, out) == (2, "")
    assert said in " ".join(err.replace("│", " ").split())


def test_an_account_that_is_not_known_is_one_sentence_and_status_1(credit, story):
    unknown = uuid4()
    code, out, err = credit("explain", unknown, "owed")
    assert (code, out) == (1, "")
    assert err == f"credit: No account {unknown} is known to the views: check the id.\n"


@pytest.mark.parametrize(
    ("day", "said"),
    [("2026-01-04", "was opened on"), ("2099-01-01", "can be reckoned up to"), ("soon", "is not a date")],
)
def test_a_bad_date_is_wrong_usage(credit, story, day, said):
    code, _, err = credit("explain", story.account_id, "owed", "--as-of", day)
    assert code == 2
    assert said in " ".join(err.replace("│", " ").split())
