"""`credit quote`: what a loan would cost or debts call for, from a file; what an account's payoff or instalments would."""

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
from infra.cli.arguments import Id, Json, On
from infra.cli.screen import screen
from infra.cli.table import write_table
from infra.faults import Fault
from infra.quotes import BadQuestion, advice_question, loan, loan_cases, rate_question

Answer = TypeVar("Answer")
app = typer.Typer(no_args_is_help=True, add_completion=False, help="What a loan, a payoff or instalments would cost.")

In = Annotated[Path, typer.Option("--in", metavar="FILE.json", help="What is asked; the README names the fields.")]


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


@app.command()
def advice(file: In, as_json: Json = False) -> None:
    """Which of several debts to pay first, and how much interest that saves against paying all alike.

    Every minimum first, the rest to the dearest debt. A file that cannot be understood exits with 2 and says why.
    """
    advised = _ask(file, lambda: advice_question(file).answer())
    if as_json:
        said = {
            "payments": [{"name": name, "amount": amount} for name, amount in advised.payments.items()],
            "shortfall": advised.shortfall,
            "interest": advised.advised.interest,
            "months": advised.advised.months,
            "interest_alike": advised.alike.interest,
            "months_alike": advised.alike.months,
            "interest_saved": advised.interest_saved,
        }
        print(json.dumps(said, indent=2))
        return
    table = _table("pay", "amount")
    for name, amount in advised.payments.items():
        table.add_row(name, yuan(amount))
    console = screen()
    console.print(table)
    if advised.shortfall:
        console.print(f"{yuan(advised.shortfall)} of the minima cannot be paid.", markup=False)
    elif advised.advised.months is None:
        console.print("With so much a month it is never repaid.")
    else:
        console.print(
            f"Repaid after {advised.advised.months} months with interest of {yuan(advised.advised.interest)}; "
            f"paying all alike would cost {yuan(advised.interest_saved)} more.",
            markup=False,
        )


@app.command()
def payoff(account_id: Id, on: On = None, as_json: Json = False) -> None:
    """What it takes to pay an account off on a day, and each of its plans."""
    from domain import outlook  # here, with the views: a quote from a file needs neither
    from infra.cli.account import account_on

    account, day = account_on(account_id, on)
    asked, plans = outlook.payoff(account, day), outlook.plan_payoffs(account, day)
    if as_json:
        said = {"account_id": str(account_id), **asked._asdict(), "plans": [each._asdict() for each in plans]}
        print(json.dumps(said, indent=2, default=str))
        return
    console, table = screen(), _table("on", "owed", "accrued", "run up", "fees", "given up", "credit", "payoff")
    amounts = (asked.owed, asked.accrued, asked.interest, asked.fees, -asked.given_up, -asked.credit, asked.total)
    table.add_row(str(day), *map(yuan, amounts))
    console.print(table)
    if plans:
        each_plan = _table("plan", "kind", "payable first", "planned", "interest", "fee", "payoff")
        for each in plans:
            of_plan = (each.payable, each.planned, each.interest, each.fee, each.total)
            each_plan.add_row(each.plan_id, each.kind, *map(yuan, of_plan))
        console.print(each_plan)


@app.command()
def conversion(
    account_id: Id,
    on: On = None,
    amount: Annotated[int | None, typer.Option(min=1, metavar="FEN", help="How much; else all that may be.")] = None,
    as_json: Json = False,
) -> None:
    """What paying the latest statement in instalments would cost: the fee, and what that is a year."""
    from domain import outlook  # as above
    from infra.cli.account import account_on

    account, day = account_on(account_id, on)
    convertible, offers = outlook.conversion(account, day, amount)
    if amount is not None and amount > convertible:
        raise typer.BadParameter(f"{amount} is above the {convertible} that may be converted.", param_hint="--amount")
    if as_json:
        offered = [{**each._asdict(), "irr_x12_percent": str(each.irr_x12 * 100)} for each in offers]
        for each in offered:
            del each["irr_x12"]
        print(
            json.dumps(
                {"account_id": str(account_id), "on": str(day), "convertible": convertible, "offers": offered}, indent=2
            )
        )
        return
    console, table = screen(), _table("months", "fee", "instalment", "last", "a year")
    for offer in offers:
        table.add_row(
            str(offer.months), yuan(offer.fee), yuan(offer.first), yuan(offer.last), f"{offer.irr_x12 * 100:.2f} %"
        )
    console.print(table if offers else "Nothing may be converted on that day.")
    console.print(f"{yuan(convertible)} may be converted on {day}.", markup=False)


def _table(*names: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in names:
        table.add_column(
            name, justify="left" if name in {"due", "pay", "on", "plan", "kind"} else "right", no_wrap=True
        )
    return table


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
    table = _table("nr", "due", "principal", "interest", "payment", "left")
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
