"""`credit day run`: what people read, what programs read, and how each "no" is said."""

import json
import sys

import pytest

from infra.cli import main


@pytest.fixture
def credit(portfolio, bootstrap_servers, tmp_path, monkeypatch, capsys):
    """Runs `credit ...` and returns its exit code, what it printed and what it complained."""
    monkeypatch.setenv("CREDIT_DATABASE_URL", portfolio.owner_url)
    monkeypatch.setenv("CREDIT_KAFKA_BOOTSTRAP_SERVERS", bootstrap_servers)
    monkeypatch.setenv("CREDIT_DATA_DIR", str(tmp_path))

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["credit", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return ended.value.code or 0, printed.out, printed.err

    return run


def test_the_report_of_the_day_in_words(credit, portfolio):
    portfolio.buyers(3)
    code, out, _ = credit("day", "run", "--date", "2026-02-01")
    assert code == 0
    lines = out.splitlines()
    assert lines[0].startswith("Day run of 2026-02-01: 3 accounts due, 3 advanced, 0 with nothing to do")
    assert "3 balance 3,703.71 CNY, minimum" in " ".join(out.split())
    assert lines[-1] == "Control totals read from the store are equal: 3 events, every amount."


def test_the_report_of_the_day_for_programs(credit, portfolio):
    portfolio.buyers(3)
    code, out, err = credit("day", "run", "--date", "2026-02-01", "--json")
    said = json.loads(out)
    assert (code, err) == (0, "")
    assert (said["date"], said["due"], said["advanced"], said["failed"]) == ("2026-02-01", 3, 3, [])
    assert said["events"] == said["control"]["events"] == {"account.billed": 3}
    assert said["money"]["account.billed"]["CNY"]["balance_fen"] == 370_371
    code, out, _ = credit("day", "run", "--date", "2026-02-01", "--json")
    again = json.loads(out)
    assert (code, again["due"], again["events"], again["day"]) == (0, 0, {}, said["day"])


def test_who_failed_is_named_and_the_exit_says_so(credit, portfolio):
    ids = portfolio.buyers(25)
    for each in ids[:22]:
        portfolio.damage(each, "UPDATE stored_events SET topic = 'account.enchanted'")
    code, out, _ = credit("day", "run", "--date", "2026-02-01", "--json")
    assert code == 1
    assert {each["account_id"] for each in json.loads(out)["failed"]} == {str(each) for each in ids[:22]}
    code, out, _ = credit("day", "run", "--date", "2026-02-01")
    assert code == 1
    assert out.count("Failed: account") == 20
    assert "... and 2 more; --json names all." in out


@pytest.mark.parametrize("date", ["yesterday", "2026-02-30", "2026-13-01", "", "1989-12-31", "9999-12-31"])
def test_a_date_that_is_none_is_wrong_usage(credit, portfolio, date):
    portfolio.buyers(1)
    head = portfolio.store.head()
    code, out, err = credit("day", "run", "--date", date)
    assert (code, out, portfolio.store.head()) == (2, "", head)
    assert "--date" in err


def test_a_day_run_without_a_date_is_wrong_usage(credit):
    code, _, err = credit("day", "run")
    assert code == 2
    assert "--date" in err
