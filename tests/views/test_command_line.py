"""`credit account` and `credit views`: what people read, what programs read, and how each "no" is said."""

import json
from datetime import date
from uuid import uuid4

import pytest

from domain.calendar import add_months
from domain.commands import Actor, CorrectReport, DisputeReport
from domain.events import CodeChange
from domain.terms import CASH_LOAN
from infra.cli import screen
from infra.views.store import ViewStore
from infra.views.tables import AUDIT, BALANCE, CREDIT_REPORT, VIEWS
from tests.projections.stories import Story

CUSTOMER = Actor(role="customer", id="c-1")


def test_the_history_reads_like_a_story_with_the_balances_beside(credit, story):
    code, out, _ = credit("account", "history", story.account_id)
    assert code == 0
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines[0] == "date event what it changed owed credit status by"
    assert (
        "2026-02-01 account.billed Statement 1: balance 1,234.57, minimum 123.46, due 2026-02-10."
        " 1,234.57 billed calendar" in lines
    )
    assert len(lines) == len(story.recorded) + 1


def test_the_balance_on_a_day(credit, story):
    code, out, _ = credit("account", "balance", story.account_id, "--as-of", "2026-02-11")
    assert code == 0
    assert ["principal", "billed", "1,234.57"] in [line.split() for line in out.splitlines()]
    assert "overdue: access open, standing overdue" in out


def test_the_report_month_by_month(credit, story):
    code, out, _ = credit("account", "report", story.account_id, "--as-of", "2026-03-01")
    assert code == 0
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "2026-02 M M 1 normal normal 0 0.00 1,114.57 50,000.00 2026-02-12 130.00" in lines
    assert f"2026-02 11 0{'B' * 23} 1,114.57 0.00 2026-02-12" in lines


def test_the_report_of_a_loan_that_was_restructured(credit, views_url):
    """It is stored after each event and read again, so what it follows from has to outlive that."""
    story = Story(terms=CASH_LOAN).draws("2026-01-15", 1_000_000, 12).restructures("2026-03-01", 2)
    story.pays_demand("2026-03-30")
    with ViewStore(views_url, CREDIT_REPORT) as store:
        for at, recorded in enumerate(story.recorded):
            store.commit("t", 0, at, at + 1, [recorded])
    with ViewStore(views_url, AUDIT) as store:
        store.commit("t", 0, 0, len(story.recorded), story.recorded)
    code, out, _ = credit("account", "report", story.account_id, "--as-of", "2026-04-10")
    assert code == 0
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "D1 1 normal, special mention; drawn 2026-01-15; restructured 2026-03-01 (paid as agreed)" in lines
    assert any(line.startswith("2026-03 * 1 1 normal special mention 14 0 0.00 ") for line in lines)
    assert any(line.startswith(f"2026-04 11 000{'B' * 21} AC ") for line in lines)
    assert max(map(len, out.splitlines())) <= 120
    for month, said in (("2026-02", "PBOC 1, Metro 2 11"), ("2026-04", "PBOC N, Metro 2 11")):
        code, out, _ = credit("explain", story.account_id, "report", month, "--as-of", "2026-04-30")
        assert (code, out.splitlines()[-1]) == (0, f"The report says the same: {said}.")


def two_loans(views_url: str) -> Story:
    """The first is paid, the second was due on 20 February and is not."""
    story = Story(terms=CASH_LOAN).draws("2026-01-15", 1_000_000, 12).draws("2026-01-20", 100_000, 1, "loan-2")
    story.pays_demand("2026-02-15").advances("2026-02-25")
    for layout in (CREDIT_REPORT, AUDIT, BALANCE):
        with ViewStore(views_url, layout) as store:
            store.commit("t", 0, 0, len(story.recorded), story.recorded)
    return story


def test_the_report_of_several_loans_is_told_loan_by_loan(credit, views_url):
    story = two_loans(views_url)
    code, out, _ = credit("account", "report", story.account_id, "--as-of", "2026-02-28")
    assert code == 0
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert f"loan loan-1 of account {story.account_id} as of 2026-02-28" in lines
    assert f"loan loan-2 of account {story.account_id} as of 2026-02-28" in lines
    assert [line for line in lines if line.startswith("D1 ")] == [
        "D1 1 normal, normal; drawn 2026-01-15",
        "D1 2 overdue, special mention; drawn 2026-01-20",
    ]
    assert max(map(len, out.splitlines())) <= 120
    told = json.loads(credit("account", "report", story.account_id, "--as-of", "2026-02-28", "--json")[1])
    assert [(each["plan_id"], each["code"], each["balance_fen"]) for each in told["loans"]] == [
        ("loan-1", "N", 922_025),
        ("loan-2", "1", 101_200),
    ]
    assert told["balance_fen"] == 922_025 + 101_200
    _, out, _ = credit("account", "show", story.account_id, "--as-of", "2026-02-28")
    shown = [" ".join(line.split()) for line in out.splitlines() if line.startswith("Credit report")]
    assert [line.split(" now ")[1] for line in shown] == [
        "N, worst N loan loan-1", "1, worst 1 loan loan-2",
    ]  # fmt: skip


@pytest.mark.parametrize(("loan", "said"), [("loan-1", "PBOC N, Metro 2 11"), ("loan-2", "PBOC 1, Metro 2 11")])
def test_a_month_of_one_loan_can_be_explained(credit, views_url, loan, said):
    story = two_loans(views_url)
    code, out, _ = credit("explain", story.account_id, "report", "2026-02", "--loan", loan, "--as-of", "2026-02-28")
    assert code == 0
    assert out.splitlines()[0] == f"loan {loan}, report of 2026-02 on 2026-02-28: {said}"
    assert out.splitlines()[-1] == f"The report says the same: {said}."


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["report", "2026-02", "--loan", "loan-9"], "has no loan loan-9: its loans are loan-1, loan-2"),
        (["owed", "--loan", "loan-1"], "a loan belongs to the figure report, and to no other"),
    ],
)
def test_a_loan_that_makes_no_sense_is_wrong_usage(credit, views_url, words, said):
    story = two_loans(views_url)
    code, out, err = credit("explain", story.account_id, *words)
    assert (code, out) == (2, "")
    assert said in " ".join(err.replace("│", " ").split())


def full_report() -> Story:
    """Two years late and in time, a month told otherwise, a loss and its recovery, with the largest amounts."""
    story = Story(opened="2024-06-05").buys("2024-07-10", 4_900_000)
    for month in range(16):
        on = add_months(date(2024, 8, 28), month)
        story.advances(on)
        story.pays(on, story.account.ledger.minimum_due)
    story.advances("2026-01-20")
    change = CodeChange(month="2025-12", old="N", new="M")
    story.say("2026-01-20", DisputeReport, report_dispute_id="d", months=("2025-12",), actor=CUSTOMER)
    story.say("2026-01-21", CorrectReport, report_dispute_id="d", outcome="upheld", changes=(change,), reason="error")
    return story.advances("2026-07-20").pays("2026-07-25", 9_999_999)


def test_the_grid_of_24_months_in_both_dialects_is_read_in_120_columns(credit, views_url, monkeypatch):
    story = full_report()
    for layout in VIEWS:
        with ViewStore(views_url, layout) as store:
            store.commit("t", 1, 0, len(story.recorded), story.recorded)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(screen, "_WIDE", 120)
    code, out, _ = credit("account", "report", story.account_id)
    assert code == 0
    lines = [line.rstrip() for line in out.splitlines()]
    assert max(map(len, lines)) <= 120
    assert "…" not in out
    months = [f"{add_months(date(2024, 8, 1), number):%Y-%m}" for number in range(24)]
    grids = [line.split()[0] for line in lines if line[:7] in months]
    assert grids == [*months, *months]
    assert any(line.startswith("2025-12 M (was 1)") for line in lines)


def test_the_account_at_a_glance(credit, story):
    code, out, _ = credit("account", "show", story.account_id)
    assert code == 0
    assert f"{story.account_id} of customer c-1" in out
    assert "now M, worst M" in out


@pytest.mark.parametrize(
    ("command", "figure"),
    [
        ("balance", lambda told: told["owed_fen"] == 111_457),
        ("report", lambda told: [month["code"] for month in told["months"]] == ["*", "M"]),
        ("history", lambda told: told["events"][-1]["owed_fen"] == 111_457),
        ("show", lambda told: told["balance"]["version"] == told["credit_report"]["version"]),
    ],
)
def test_a_program_reads_json(credit, story, command, figure):
    code, out, _ = credit("account", command, story.account_id, "--json")
    assert code == 0
    assert figure(json.loads(out))


commands = pytest.mark.parametrize("command", ["show", "history", "balance", "report"])


@commands
def test_an_account_that_is_not_known_is_one_sentence_and_status_1(credit, story, command):
    unknown = uuid4()
    code, out, err = credit("account", command, unknown)
    assert (code, out) == (1, "")
    assert err == f"credit: No account {unknown} is known to the views: check the id.\n"


@commands
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["17"], "'17' is not an account id"),
        (["{id}", "--as-of", "yesterday"], "'yesterday' is not a date"),
        (["{id}", "--as-of", "2026-01-04"], "was opened on"),
    ],
    ids=["id", "date", "before the opening"],
)
def test_a_bad_id_or_date_is_wrong_usage(credit, story, command, words, said):
    code, _, err = credit("account", command, *(word.format(id=story.account_id) for word in words))
    assert code == 2
    assert said in " ".join(err.replace("│", " ").split())


def test_statements_are_exported_through_a_day_of_the_calendar(credit, story, tmp_path):
    out = tmp_path / "statements.csv"
    code, _, err = credit("statements", "export", "--out", out, "--through", "9999-12-31")
    assert (code, out.exists()) == (2, False)
    assert "--through" in err
    assert "9999-12-31 is not between 1990-01-02 and 2149-12-30" in " ".join(err.replace("│", " ").split())
    assert credit("statements", "export", "--out", out, "--through", "2026-02-10")[0] == 0
    assert len(out.read_text().splitlines()) == 2


def test_how_the_views_stand(credit, story):
    code, out, _ = credit("views", "status")
    assert code == 0
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert f"audit 1 {len(story.recorded)} 1 1" in lines
    assert lines[-1].startswith("1 accounts, 0 overdue; limits 50,000.00, owed 1,114.57")
    code, out, _ = credit("views", "status", "--json")
    told = json.loads(out)
    assert told["portfolio"]["owed_fen"] == 111_457
    assert [view["events_applied"] for view in told["views"]] == [len(story.recorded)] * 4


def test_what_is_piped_is_neither_cut_nor_folded(credit, story, monkeypatch):
    """As wide as the widest of it, though a terminal would be narrow."""
    monkeypatch.setenv("COLUMNS", "20")
    _, out, _ = credit("views", "status")
    assert " ".join(out.splitlines()[0].split()) == "view generation events applied accounts partitions"
    assert "…" not in out
    _, out, _ = credit("account", "history", story.account_id)
    assert len(out.splitlines()) == len(story.recorded) + 1
    _, out, _ = credit("account", "show", story.account_id)
    assert f"{story.account_id} of customer c-1" in out
    assert "…" not in out


# What is to come


def test_what_falls_due_when_adds_up_to_what_is_owed(credit, story):
    """What is past due falls due today; the late fee, and interest since the due date, come with the next statement."""
    code, out, _ = credit("account", "schedule", story.account_id, "--on", "2026-02-20")
    assert code == 0
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines[0] == "due principal interest fees in all owed after instalments"
    assert lines[1] == "2026-02-20 1,104.57 0.00 0.00 1,104.57 10.00"
    told = json.loads(credit("account", "schedule", story.account_id, "--on", "2026-02-20", "--json")[1])
    assert sum(each["principal"] + each["interest"] + each["fees"] for each in told["rows"]) == (
        told["owed"] + told["to_come"] - told["credit"] - told["disputed"]
    )


def test_the_payoff_of_an_account_on_a_day_to_come(credit, story):
    code, out, _ = credit("quote", "payoff", story.account_id, "--on", "2026-02-20", "--json")
    told = json.loads(out)
    assert (code, told["owed"], told["total"]) == (0, 111_457, 111_457 + told["accrued"])
    code, out, _ = credit("quote", "payoff", story.account_id, "--on", "2026-02-20")
    assert code == 0
    assert out.splitlines()[0].split()[-1] == "payoff"


def test_what_instalments_would_cost(credit, story):
    code, out, _ = credit("quote", "conversion", story.account_id, "--on", "2026-02-05", "--json")
    told = json.loads(out)
    assert (code, told["convertible"]) == (0, 123_457)
    assert [(each["months"], each["fee"]) for each in told["offers"]] == [(3, 3_086), (6, 5_556), (12, 10_864)]
    assert told["offers"][0]["irr_x12_percent"].startswith("14.9")
    code, out, _ = credit("quote", "conversion", story.account_id, "--on", "2026-02-05", "--amount", "100000")
    assert (code, out.splitlines()[1].split()[:2]) == (0, ["3", "25.00"])
    code, _, err = credit("quote", "conversion", story.account_id, "--on", "2026-02-05", "--amount", "200000")
    assert code == 2
    assert "123457 that may be converted" in " ".join(err.replace("│", " ").split())


@pytest.mark.parametrize("command", [("account", "schedule"), ("quote", "payoff"), ("quote", "conversion")])
@pytest.mark.parametrize(
    ("on", "said"), [("2026-01-04", "was opened on"), ("2099-01-01", "can be foreseen"), ("soon", "is not a date")]
)
def test_a_day_that_cannot_be_told_of_is_wrong_usage(credit, story, command, on, said):
    code, _, err = credit(*command, story.account_id, "--on", on)
    assert code == 2
    assert said in " ".join(err.replace("│", " ").split())
