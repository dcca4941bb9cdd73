"""`credit account` and `credit views`: what people read, what programs read, and how each "no" is said."""

import json
from uuid import uuid4

import pytest


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
    assert "2026-02 M M 0 0.00 1,114.57" in lines


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
