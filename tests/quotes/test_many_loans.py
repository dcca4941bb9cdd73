"""`credit quote loans`: a table of loans becomes a table of instalments, all of it or nothing."""

import csv
import random
from decimal import Decimal
from fractions import Fraction

import pytest
import typer

from infra.cli import quote
from infra.faults import Fault

# The first rows of LendingClub's public loan data (LoanStats3a, December 2011): amount, months, rate and instalment in
# dollars and percent. It rounds up: 2,400 at 15.96 % is 84.3295, 10,000 at 13.49 % is 339.3045.
LENDING_CLUB = """
5000 36 10.65 162.87
2500 60 15.27 59.83
2400 36 15.96 84.33
10000 36 13.49 339.31
3000 60 12.69 67.79
5000 36 7.90 156.46
7000 60 15.96 170.08
3000 36 18.64 109.43
5600 60 21.28 152.39
5375 60 12.69 121.45
"""


def test_the_instalments_of_a_lender_that_rounds_up(instalments):
    loans = [line.split() for line in LENDING_CLUB.strip().splitlines()]
    told = instalments(
        *(
            f"{number},{amount}00,{Decimal(rate) / 100},{months},annuity,up"
            for number, (amount, months, rate, _) in enumerate(loans)
        )
    )
    assert list(told.values()) == [int(instalment.replace(".", "")) for *_, instalment in loans]


@pytest.mark.parametrize(
    ("row", "instalment"),
    [
        # The rulebook's annuity, and its cases 20 and 21
        ("1000000,0.144,12", 89_975),
        ("10000,0.07,6", 1_701),
        ("10000000,0.045,60", 186_430),
        # 12 CFR 1026, Appendix H-24(B): 162,000 at 3.875 % over thirty years
        ("16200000,0.03875,360", 76_178),
        ("1000,0,3", 333),
        ("1000,0.12,1", 1_010),
        ("1000,1.2e-1,1", 1_010),
    ],
)
def test_known_instalments(instalments, row, instalment):
    assert instalments(f"c,{row},annuity,half_up") == {"c": instalment}


def test_ten_thousand_loans(instalments):
    chance = random.Random(7)
    loans = {
        f"c{number}": (chance.randint(1, 10**7), chance.randint(1, 3_000), chance.choice((6, 12, 36, 60, 360)))
        for number in range(10_000)
    }
    told = instalments(
        *(f"{case},{amount},0.{rate:04},{months},annuity,up" for case, (amount, rate, months) in loans.items())
    )
    assert list(told) == list(loans)
    for case, (amount, rate, months) in list(loans.items())[::500]:
        a_month = Fraction(rate, 120_000)
        exact = amount * a_month / (1 - (1 + a_month) ** -months)
        assert exact <= told[case] < exact + 1


def test_columns_may_stand_in_any_order_beside_others(tmp_path, capsys):
    cases, out = tmp_path / "cases.csv", tmp_path / "out.csv"
    cases.write_text(
        '\ufeffrounding,months,note,case_id,method,annual_rate,principal\r\nup,12,"a, b",1,annuity,0.12,1000\r\n\r\n',
        encoding="utf-8",
    )
    quote.loans(cases, out)
    assert capsys.readouterr().out == f"1 instalments written to {out}\n"
    with out.open(newline="", encoding="utf-8") as written:
        assert list(csv.reader(written)) == [["case_id", "instalment"], ["1", "89"]]


HEADER = "case_id,principal,annual_rate,months,method,rounding"


def turned_away(tmp_path, capsys, data):
    cases, out = tmp_path / "cases.csv", tmp_path / "out.csv"
    cases.write_bytes(data)
    out.write_text("as it was", encoding="utf-8")
    with pytest.raises(typer.Exit) as left:
        quote.loans(cases, out)
    assert left.value.exit_code == 2
    assert out.read_text(encoding="utf-8") == "as it was"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["cases.csv", "out.csv"]
    return [line.removeprefix(f"credit: {cases}: ") for line in capsys.readouterr().err.splitlines()]


def test_every_wrong_field_is_named_by_its_line_and_nothing_is_written(tmp_path, capsys):
    rows = [HEADER, "c1,1000,0.12,12,annuity,half_up", "c2,1_000,12%,12,annuity,half_up", ",0,-1,0,flat,down"]
    said = turned_away(tmp_path, capsys, "\n".join(rows).encode())
    assert said[:2] == [
        'line 3: principal: input should be a valid integer (given: "1_000")',
        'line 3: annual_rate: it is not a number like 0.12 (given: "12%")',
    ]
    assert [line.split(": ")[:2] for line in said[2:]] == [
        ["line 4", field] for field in ("case_id", "principal", "annual_rate", "months", "method", "rounding")
    ]


def test_of_many_wrong_fields_twenty_are_named(tmp_path, capsys):
    rows = [HEADER, *(f"c{number},none,0.12,12,annuity,half_up" for number in range(30))]
    said = turned_away(tmp_path, capsys, "\n".join(rows).encode())
    assert (len(said), said[-1]) == (21, "and 10 more")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", f"line 1: column case_id is needed once; the columns are {HEADER}"),
        (HEADER.replace("months", "term").encode(), f"line 1: column months is needed once; the columns are {HEADER}"),
        (f"{HEADER},months\n".encode(), f"line 1: column months is needed once; the columns are {HEADER}"),
        (f"{HEADER}\nc1,1000,0.12,12,annuity".encode(), "line 2: 5 cells under 6 columns"),
        (f'{HEADER}\n"c1,1000,0.12,12,annuity,up'.encode(), "line 2: this is not a table: unexpected end of data"),
        (
            f"{HEADER}\n".encode() + b"\xff,1000,0.12,12,annuity,up",
            "after line 0: this is not UTF-8: invalid start byte",
        ),
    ],
)
def test_what_is_no_such_table_is_turned_away(tmp_path, capsys, data, why):
    assert turned_away(tmp_path, capsys, data) == [why]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    cases = tmp_path / "cases.csv"
    cases.write_text(f"{HEADER}\nc,1000,0.12,12,annuity,up\n", encoding="utf-8")
    with pytest.raises(Fault, match="cannot be written"):
        quote.loans(cases, tmp_path / "none" / "out.csv")
