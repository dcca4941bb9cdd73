"""`credit quote advice`: what to pay of each debt, for people and for programs, or what is wrong with the question."""

import json

import pytest

from infra.cli import quote
from tests.quotes.test_command_line import asked, turned_away

# The rulebook's example (section 9).
DEBTS = [
    {"name": "A", "balance": 500_000, "annual_rate_percent": 18.25, "minimum": 50_000},
    {"name": "B", "balance": 200_000, "annual_rate_percent": "14.4", "minimum": 20_000},
    {"name": "C", "balance": 80_000, "annual_rate_percent": 15.86, "minimum": 10_000},
]


def test_the_example_of_the_rulebook_for_programs(tmp_path, capsys):
    quote.advice(asked(tmp_path, {"spare": 300_000, "debts": DEBTS}), as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["payments"] == [
        {"name": "A", "amount": 270_000},
        {"name": "B", "amount": 20_000},
        {"name": "C", "amount": 10_000},
    ]
    assert (told["shortfall"], told["interest_saved"]) == (0, told["interest_alike"] - told["interest"])


@pytest.mark.parametrize(
    ("spare", "said"),
    [
        (300_000, "Repaid after 3 months with interest of 88.52; paying all alike would cost 9.54 more."),
        (65_000, "150.00 of the minima cannot be paid."),
    ],
)
def test_it_is_said_to_people(tmp_path, capsys, spare, said):
    quote.advice(asked(tmp_path, {"spare": spare, "debts": DEBTS}), as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["pay", "amount"]
    assert lines[-1] == said


def test_every_wrong_field_is_named(tmp_path, capsys):
    wrong = {"spare": 0, "debts": [DEBTS[0] | {"balance": -1, "rate": 3}]}
    told = turned_away(quote.advice, asked(tmp_path, wrong), capsys)
    assert [line.partition(":")[0] for line in told] == ["spare", "debts.0.balance", "debts.0.rate"]
    (twice,) = turned_away(quote.advice, asked(tmp_path, {"spare": 1, "debts": [DEBTS[0], DEBTS[0]]}), capsys)
    assert "each debt needs a name of its own" in twice
    (none,) = turned_away(quote.advice, asked(tmp_path, {"spare": 1, "debts": []}), capsys)
    assert "there may be 1 to 100" in none
