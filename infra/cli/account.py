"""`credit account`: one account as the read models know it, on any day."""

import json
from collections.abc import Awaitable, Callable
from datetime import date
from functools import partial
from typing import Annotated, TypeVar
from uuid import UUID

import typer
from pydantic import BaseModel
from rich.table import Table

from domain.account import Account, fold
from domain.calendar import add_months
from domain.money import BUCKETS, yuan
from domain.outlook import falling_due
from infra import report_grid
from infra.cli.arguments import AsOf, Id, Json, On
from infra.cli.screen import screen
from infra.faults import Fault
from infra.installation import locate
from infra.views import answers, query
from projections.balance import Balance
from projections.folding import BeforeOpening

T = TypeVar("T")
_YEARS_AHEAD = 10
_GRID = 120  # columns that the report's months need
app = typer.Typer(no_args_is_help=True, add_completion=False, help="One account, on any day.")


@app.command()
def show(account_id: Id, as_of: AsOf = None, as_json: Json = False) -> None:
    """The account at a glance: its state, its debt and its credit report."""
    seen = ask_views(partial(answers.balance_of, account_id=account_id, as_of=as_of))
    report = ask_views(partial(answers.report_of, account_id=account_id, as_of=as_of))
    if as_json:
        both = {"balance": seen.model_dump(mode="json"), "credit_report": report.model_dump(mode="json")}
        print(json.dumps(both, indent=2))
        return
    console = screen()
    console.print(_headline(seen))
    console.print(_figures(seen))
    for each in report.loans or [report]:
        loan = f"  loan {each.plan_id}" if each.plan_id else ""
        told = f"Credit report  {each.history_24}  now {each.code}, worst {each.worst_code}{loan}"
        console.print(told, markup=False)


@app.command()
def balance(account_id: Id, as_of: AsOf = None, as_json: Json = False) -> None:
    """What it owes, bucket by bucket, and may spend."""
    seen = ask_views(partial(answers.balance_of, account_id=account_id, as_of=as_of))
    if as_json:
        print(_json(seen))
        return
    console = screen()
    console.print(_headline(seen))
    console.print(_figures(seen))
    buckets = _table("bucket", right=[seen.currency])
    for name in BUCKETS:
        buckets.add_row(name.replace("_", " "), yuan(getattr(seen.buckets, name)))
    console.print(buckets)


@app.command()
def report(account_id: Id, as_of: AsOf = None, as_json: Json = False) -> None:
    """What the credit bureau is told of it, month by month; of a loan account, of each loan by itself."""
    told = ask_views(partial(answers.report_of, account_id=account_id, as_of=as_of))
    if as_json:
        print(_json(told))
        return
    console = screen(_GRID)
    for part in report_grid.told(told):
        console.print(part)


@app.command()
def history(
    account_id: Id,
    as_of: AsOf = None,
    after: Annotated[int, typer.Option(min=0, help="Only events with versions above this one.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many events.")] = 1_000,
    as_json: Json = False,
) -> None:
    """Every event in words, oldest first, with what was owed after it."""
    ask = partial(answers.history_of, account_id=account_id, after=after, limit=limit, as_of=as_of)
    page = ask_views(ask)
    if as_json:
        print(_json(page))
        return
    lines = _table("date", "event", "what it changed", right=["owed", "credit"])
    lines.add_column("status")
    lines.add_column("by")
    for entry in page.events:
        credit = yuan(entry.credit_fen) if entry.credit_fen else ""
        who = "calendar" if entry.cause == "advance" else entry.actor
        amounts = (yuan(entry.owed_fen), credit)
        lines.add_row(str(entry.business_date), entry.type, entry.says, *amounts, entry.status, who)
    console = screen()
    console.print(lines)
    if page.next_after is not None:
        console.print(f"There is more: --after {page.next_after}", markup=False)


@app.command()
def schedule(account_id: Id, on: On = None, as_json: Json = False) -> None:
    """What falls due when, if nothing more happens but that it is paid as it falls due; it adds up to what is owed."""
    account, day = account_on(account_id, on)
    told = falling_due(account, day)
    if as_json:
        rows = [
            {**each._asdict(), "instalments": [{"plan_id": plan, "number": nr} for plan, nr in each.instalments]}
            for each in told.rows
        ]
        print(json.dumps({"account_id": str(account_id), **told._asdict(), "rows": rows}, indent=2, default=str))
        return
    lines = _table("due", right=["principal", "interest", "fees", "in all", "owed after"])
    lines.add_column("instalments")
    for each in told.rows:
        amounts = (each.principal, each.interest, each.fees, each.amount, each.balance_after)
        lines.add_row(
            str(each.due_date), *map(yuan, amounts), ", ".join(f"{plan} {nr}" for plan, nr in each.instalments)
        )
    console = screen()
    console.print(lines)
    less = "".join(
        f" - {yuan(fen)} {what}" for what, fen in (("credit", told.credit), ("disputed", told.disputed)) if fen
    )
    total = sum(each.amount for each in told.rows)
    console.print(
        f"On {day}: {yuan(told.owed)} owed + {yuan(told.to_come)} interest and fees to come{less} = {yuan(total)}",
        markup=False,
    )


def account_on(account_id: UUID, on: date | None) -> tuple[Account, date]:
    """The account by its audited events up to a day, and that day; by all of them on the last one's, where none is said."""
    _, recorded = ask_views(partial(answers.events_of, account_id=account_id, as_of=None))
    events = [each.event for each in recorded if on is None or each.event.business_date <= on]
    if not events:
        raise typer.BadParameter(f"the account was opened on {recorded[0].event.business_date}.", param_hint="--on")
    account = fold(None, events)
    latest = add_months(account.business_date, 12 * _YEARS_AHEAD)
    if on is not None and on > latest:
        raise typer.BadParameter(f"{on} is after {latest}, the last day that can be foreseen.", param_hint="--on")
    return account, on or account.business_date


def ask_views(question: Callable[[answers.Connection], Awaitable[T]]) -> T:
    """The answer of the read models; each "no" becomes a fault or wrong usage, said in one sentence."""
    url = locate(kafka=False).reader_url
    try:
        return query.ask(url, question)
    except answers.UnknownAccount as unknown:
        raise Fault(f"No account {unknown.account_id} is known to the views: check the id.") from None
    except (BeforeOpening, answers.TooFarAhead) as unusable:
        raise typer.BadParameter(f"{unusable}.", param_hint="--as-of") from None
    except answers.UnknownLoan as unknown:
        raise typer.BadParameter(f"{unknown}.", param_hint="--loan") from None
    except answers.ViewBehind as behind:
        raise Fault(f"{behind}: ask again in some seconds, with `credit serve` running.") from None


def _table(*left: str, right: list[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in left:
        table.add_column(name, overflow="fold")
    for name in right:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _headline(seen: Balance) -> Table:
    lines = _table("", "", right=[])
    lines.show_header = False
    frozen = f" ({', '.join(seen.freeze_reasons)})" if seen.freeze_reasons else ""
    closed = f", closed {seen.closed_on} ({seen.close_kind})" if seen.closed_on else ""
    lines.add_row("account", f"{seen.account_id} of customer {seen.customer_id}")
    lines.add_row("as of", f"{seen.as_of}, after event {seen.version} of {seen.business_date}")
    lines.add_row("status", f"{seen.status}: access {seen.access}{frozen}, standing {seen.standing}")
    lines.add_row("terms", f"{seen.terms_version}, opened {seen.opened_on}{closed}")
    if seen.statement is not None:
        printed = seen.statement
        lines.add_row(
            "statement",
            f"{printed.statement_no} of {printed.issued_on}: {yuan(printed.balance_fen)}, "
            f"minimum {yuan(printed.minimum_fen)} due {printed.due_date}",
        )
    if seen.next_event_on is not None:
        lines.add_row("next", f"{seen.next_event_on}")
    return lines


def _figures(seen: Balance) -> Table:
    table = _table(
        right=["limit", "owed", "credit", "available", "spendable", "minimum due", "arrears", "days past due"]
    )  # fmt: skip
    amounts = (seen.limit_fen, seen.owed_fen, seen.credit_fen, seen.available_fen, seen.spendable_fen)
    due = (yuan(seen.minimum_due_fen), yuan(seen.arrears_fen), str(seen.days_past_due))
    table.add_row(*map(yuan, amounts), *due)
    return table


def _json(answer: BaseModel) -> str:
    return answer.model_dump_json(indent=2)
