"""`credit quote`: what a loan would cost or debts call for, from a file; what an account's payoff or instalments would."""

import json
import sys
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from rich.table import Table

from domain.advice import Advice, advise
from domain.calendar import add_months
from domain.money import FEN_MAX, yuan
from domain.quoting import ScheduleQuote, quote
from domain.refusals import Refused
from domain.yields import percent
from infra.cli.arguments import Id, Json, On, customer_id
from infra.cli.screen import screen
from infra.cli.table import write_table
from infra.faults import Fault
from infra.quotes import BadQuestion, advice_question, loan, loan_cases, rate_question

Answer = TypeVar("Answer")
app = typer.Typer(no_args_is_help=True, add_completion=False, help="What a loan, a payoff or instalments would cost.")

_IN = typer.Option("--in", metavar="FILE.json", help="What is asked; the README names the fields.")
In = Annotated[Path, _IN]
# So far ahead an account can be foreseen.
_MONTHS_AHEAD = 120


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
def advice(
    file: Annotated[Path | None, _IN] = None,
    *,
    customer: Annotated[
        str | None,
        typer.Option(parser=customer_id, metavar="ID", help="Of this person's accounts instead of a file's."),
    ] = None,
    on: On = None,
    amount: Annotated[
        int | None,
        typer.Option(min=1, max=FEN_MAX, metavar="FEN", help="What they can spare a month; else the minima."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Which of several debts to pay first, and how much interest that saves against paying all alike.

    Every minimum first, the rest to the dearest debt. A file that cannot be understood exits with 2 and says why. Of a
    customer, what their accounts owe on the day is told, too; other lenders' debts are not known here.
    """
    if (file is None) is (customer is None):
        raise typer.BadParameter("name one of both: a file with --in, or a person with --customer.", param_hint="--in")
    if file is not None:
        if on is not None or amount is not None:
            raise typer.BadParameter("a file says itself what can be spared.", param_hint="--on / --amount")
        said: dict[str, Any] = {}
        question = file
        advised = _ask(question, lambda: advice_question(question).answer())
    else:
        said, advised = _advise(str(customer), on, amount)
    if as_json:
        payments = [{"name": name, "amount": fen} for name, fen in advised.payments.items()]
        said |= {
            "payments": payments,
            "shortfall": advised.shortfall,
            "interest": advised.advised.interest,
            "months": advised.advised.months,
            "interest_alike": advised.alike.interest,
            "months_alike": advised.alike.months,
            "interest_saved": advised.interest_saved,
        }
        print(json.dumps(said, indent=2))
        return
    console = screen()
    if said:
        owed = _table("debt", "owed", "a year", "minimum")
        for debt in said["debts"]:
            rate = f"{Decimal(debt['annual_rate_percent']):.2f} %"
            owed.add_row(debt["name"], yuan(debt["balance"]), rate, yuan(debt["minimum"]))
        console.print(owed)
        console.print(f"On {said['on']}, with {yuan(said['spare'])} a month:", markup=False)
    table = _table("pay", "amount")
    for name, fen in advised.payments.items():
        table.add_row(name, yuan(fen))
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


def _advise(customer: str, on: date | None, amount: int | None) -> tuple[dict[str, Any], Advice]:
    """What a person owes, as a file would say it, and the advice on it."""
    from infra import debts  # here, with the accounts: a quote from a file needs none
    from infra.installation import locate
    from infra.store.event_store import EventStore

    with EventStore(locate(kafka=False).relay_url, pool_size=1) as store:
        try:
            accounts = debts.accounts_of(customer, on, store)
        except Refused as refused:
            raise Fault(str(refused)) from None
    last = max((account.business_date for account in accounts.values()), default=None)
    if last is not None and on is not None and on > (latest := add_months(last, _MONTHS_AHEAD)):
        raise typer.BadParameter(f"{on} is after {latest}, the last day that can be foreseen.", param_hint="--on")
    day = on or last
    owed = debts.owed_on(day, accounts) if day is not None else []
    if not owed:
        raise Fault(
            f"Customer {customer} owes nothing{f' on {day}' if day else ''} that could be paid: no advice is needed."
        )
    spare = sum(debt.minimum for debt in owed) if amount is None else amount
    if not spare:
        raise typer.BadParameter(
            f"nothing is demanded on {day}: say what can be spared a month.", param_hint="--amount"
        )
    said = [
        {
            "name": debt.name,
            "balance": debt.balance,
            "annual_rate_percent": f"{(debt.annual_rate * 100).normalize():f}",
            "minimum": debt.minimum,
        }
        for debt in owed
    ]
    return {"customer_id": customer, "on": str(day), "spare": spare, "debts": said}, advise(owed, spare)


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
            name, justify="left" if name in {"due", "pay", "debt", "on", "plan", "kind"} else "right", no_wrap=True
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
