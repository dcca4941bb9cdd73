"""`credit quote`: what a loan would cost, without an account or a server."""

import json
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import typer
from rich.table import Table

from domain.money import yuan
from domain.quoting import ScheduleQuote, quote
from domain.refusals import Refused
from domain.yields import percent
from infra.cli.screen import screen
from infra.cli.table import write_table
from infra.faults import Fault
from infra.quotes import BadQuestion, loan, loan_cases, rate_question

Answer = TypeVar("Answer")
app = typer.Typer(no_args_is_help=True, add_completion=False, help="What a loan would cost.")

In = Annotated[Path, typer.Option("--in", metavar="FILE.json", help="What is asked; the README names the fields.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead.")]


@app.callback()
def _group() -> None:
    """What a loan would cost."""


@app.command()
def schedule(file: In, as_json: Json = False) -> None:
    """What falls due when, and what that costs a year.

    A file that cannot be understood, or asks for a debt that would grow, exits with 2 and says why, field by field.
    """
    quoted = _ask(file, lambda: quote(loan(file)))
    if as_json:
        print(quoted.model_dump_json(indent=2))
    else:
        _tell(quoted)


@app.command()
def apr(file: In, as_json: Json = False) -> None:
    """The yearly rate of payments, by the effective, the U.S. actuarial or the internal-rate method.

    A file that cannot be understood, or payments that no rate fits, exits with 2 and says why, field by field.
    """
    rate = percent(_ask(file, lambda: rate_question(file).rate()))
    print(json.dumps({"apr_percent": rate}) if as_json else f"{_short(rate)} %")


@app.command()
def loans(
    cases: Annotated[Path, typer.Option("--in", metavar="CASES.csv", help="One loan a row.")],
    out: Annotated[Path, typer.Option(metavar="OUT.csv", help="The file to write; an existing one is replaced.")],
) -> None:
    """The instalment of each of many loans.

    Read: case_id,principal,annual_rate,months,method,rounding. Written: case_id,instalment. Where a row is wrong nothing is
    written; each wrong field is named by its line, and the status is 2.
    """
    rows = [(case.case_id, case.instalment()) for case in _ask(cases, lambda: loan_cases(cases))]
    try:
        write_table(out.resolve(), ("case_id", "instalment"), rows)
    except OSError as error:
        raise Fault(f"{out} cannot be written ({error.strerror}): choose another place with --out.") from error
    print(f"{len(rows):,} instalments written to {out}")


def _ask(file: Path, question: Callable[[], Answer]) -> Answer:
    try:
        return question()
    except BadQuestion as bad:
        _turn_away(file, *bad.reasons)
    except Refused as refused:
        _turn_away(file, str(refused))
    except OSError as error:
        _turn_away(file, f"it cannot be read ({error.strerror})")


def _turn_away(file: Path, *why: str) -> NoReturn:
    for each in why:
        print(f"credit: {file}: {each}", file=sys.stderr)
    raise typer.Exit(2)


def _tell(quoted: ScheduleQuote) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("nr", "due", "principal", "interest", "payment", "left"):
        table.add_column(name, justify="left" if name == "due" else "right", no_wrap=True)
    for row in quoted.schedule:
        amounts = (row.principal, row.interest, row.principal + row.interest, row.balance_after)
        table.add_row(str(row.nr), str(row.due_date), *map(yuan, amounts))
    console = screen()
    console.print(table)
    cost = (
        f"internal rate {_short(quoted.irr_x12_percent)} % a year, effective rate {_short(quoted.effective_percent)} %"
    )
    console.print(f"Interest {yuan(quoted.total_interest)}, {cost}", markup=False)


def _short(rate: str) -> str:
    return f"{Decimal(rate):.4f}"
