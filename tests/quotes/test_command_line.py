"""`credit quote` on the command line: an answer as JSON or for people, or what is wrong with the question."""

import json
import subprocess
import sys

import pytest
import typer

from infra.cli import quote

LOAN = {"principal": 1_000_000, "annual_rate_percent": 14.4, "disbursed_on": "2026-01-15", "instalments": 12}


def asked(tmp_path, said):
    file = tmp_path / "question.json"
    file.write_text(said if isinstance(said, str) else json.dumps(said), encoding="utf-8")
    return file


def turned_away(command, file, capsys):
    with pytest.raises(typer.Exit) as left:
        command(file, as_json=True)
    assert left.value.exit_code == 2
    told = capsys.readouterr()
    assert told.out == ""
    return [line.removeprefix(f"credit: {file}: ") for line in told.err.splitlines()]


def test_the_command_answers_without_servers(tmp_path):
    words = [sys.executable, "-m", "infra.cli", "quote", "schedule", "--in", str(asked(tmp_path, LOAN)), "--json"]
    said = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert (said.returncode, said.stderr) == (0, "")
    told = json.loads(said.stdout)
    assert list(told) == ["schedule", "total_interest", "irr_x12_percent", "effective_percent"]
    assert told["irr_x12_percent"].startswith("14.399907862995")


def test_a_schedule_for_people(tmp_path, capsys):
    quote.schedule(asked(tmp_path, LOAN), as_json=False)
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines[:2] == ["nr due principal interest payment left", "1 2026-02-15 779.75 120.00 899.75 9,220.25"]
    assert lines[-1] == "Interest 797.05, internal rate 14.3999 % a year, effective rate 15.4581 %"


def test_a_rate_for_people(tmp_path, capsys):
    rate = {"method": "irr", "advance": 1_000, "payments": [{"amount": 1_010}]}
    quote.apr(asked(tmp_path, rate), as_json=False)
    assert capsys.readouterr().out == "12.0000 %\n"


def test_a_rate_is_read_digit_by_digit(tmp_path, capsys):
    """A third of it as a binary fraction would be another amount at the last digit."""
    question = {"principal": 3 * 10**14, "disbursed_on": "2026-01-15", "instalments": 1, "day_count": "monthly"}
    text = json.dumps({**question, "annual_rate_percent": 0}).replace('percent": 0', 'percent": 4.00000000000000000002')
    quote.schedule(asked(tmp_path, text), as_json=True)
    first = capsys.readouterr().out
    quote.schedule(asked(tmp_path, {**question, "annual_rate_percent": "4.00000000000000000002"}), as_json=True)
    assert capsys.readouterr().out == first


def test_every_wrong_field_of_a_loan_is_named_with_what_stands_there(tmp_path, capsys):
    wrong = {
        "principal": 0,
        "annual_rate_percent": "12 %",
        "disbursed_on": "2026-02-30",
        "instalments": 12.0,
        "repay_unit": "years",
        "day_count": "30/365",
        "rounding": "down",
        "grace_principal": -1,
        "term": 12,
    }
    said = turned_away(quote.schedule, asked(tmp_path, wrong), capsys)
    assert {line.split(":")[0] for line in said} == set(wrong)
    assert said[:2] == [
        "principal: input should be greater than 0 (given: 0)",
        'annual_rate_percent: it is not a number like 0.12 (given: "12 %")',
    ]


def test_what_is_missing_is_named(tmp_path, capsys):
    assert turned_away(quote.schedule, asked(tmp_path, {}), capsys) == [
        f"{field}: field required" for field in ("principal", "annual_rate_percent", "disbursed_on", "instalments")
    ]


def test_every_wrong_field_of_a_rate_is_named(tmp_path, capsys):
    wrong = {
        "method": "us_actuarial",
        "advance": -1,
        "unit_periods_per_year": "12/0",
        "payments": [{"amount": -1, "count": 0, "full_periods": -1, "fraction": "31/30"}, {"amount": 1}],
    }
    said = turned_away(quote.apr, asked(tmp_path, wrong), capsys)
    assert [line.split(":")[0] for line in said] == [
        *("advance", "unit_periods_per_year"),
        *(f"payments.0.{field}" for field in ("amount", "count", "full_periods", "fraction")),
        "payments.1.full_periods",
    ]


ADVANCE = {"method": "effective", "advance": 100, "on": "2026-01-15"}


@pytest.mark.parametrize(
    ("command", "said", "why"),
    [
        (quote.apr, {"method": "xirr"}, "method: it should be 'effective', 'us_actuarial' or 'irr'"),
        (quote.apr, {"advance": 100}, "method: it should be 'effective', 'us_actuarial' or 'irr'"),
        (
            quote.apr,
            {**ADVANCE, "payments": []},
            "payments: there are 0 payments; there may be 1 to 10,000 (given: [])",
        ),
        (
            quote.apr,
            {"method": "irr", "advance": 1, "payments": [{"amount": 1, "count": 9_000}, {"amount": 1, "count": 9_000}]},
            "payments: there are 18,000 payments; there may be 1 to 10,000",
        ),
        (
            quote.apr,
            {**ADVANCE, "payments": [{"on": "2026-01-14", "amount": 100}]},
            "payments.0.on: 2026-01-14 is before the advance on 2026-01-15",
        ),
        (
            quote.apr,
            {**ADVANCE, "payments": [{"on": "2026-01-15", "amount": 100}]},
            "rate_undefined (advance=100, paid=100): Quote payments",
        ),
        (
            quote.schedule,
            {**LOAN, "grace_principal": 12, "grace_interest": 13},
            "grace_principal: 12 is not below the number of instalments, 12; grace_interest: 13 is not below",
        ),
        (
            quote.schedule,
            {**LOAN, "instalment_multiple": 1_000_000},
            "debt_would_grow (instalment=0, principal=1000000, last_principal=1140211): Quote a smaller",
        ),
        (quote.schedule, '{"principal": 1,}', "line 1, column 17: this is not JSON"),
        (quote.schedule, '{"principal": 1, "principal": 2}', '"principal" is said twice in one place'),
        (quote.schedule, "[1]", "the question: an object is needed here, not [1]"),
        (quote.schedule, '{"annual_rate_percent": NaN}', "NaN is not a number that a file may hold"),
        (quote.schedule, '{"principal": 1e400}', 'principal: input should be a valid integer (given: "1e400")'),
    ],
)
def test_what_cannot_be_quoted_is_turned_away(command, said, why, tmp_path, capsys):
    told = turned_away(command, asked(tmp_path, said), capsys)
    assert told[0].startswith(why)


def test_a_file_that_is_not_there_is_named(tmp_path, capsys):
    assert turned_away(quote.schedule, tmp_path / "none.json", capsys) == [
        "it cannot be read (No such file or directory)"
    ]
