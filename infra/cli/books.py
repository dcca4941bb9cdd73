"""`credit books`: the trial balance at the end of a day, of the installation or of one account."""

import csv
import json
import sys
from collections.abc import Iterator
from datetime import date
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table

from domain.money import yuan
from infra.cli import arguments
from infra.cli.screen import screen
from infra.faults import Fault
from infra.installation import locate
from infra.store.event_store import EventStore
from infra.views import query
from infra.views.answers import UnknownAccount
from infra.views.books import Books, books_of
from projections.books import TrialBalance

_HEADER = ("as_of", "currency", "account", "kind", "meaning", "debit_fen", "credit_fen")


def books(
    day: Annotated[
        date | None,
        typer.Option("--date", parser=arguments.day, metavar="DATE", help="At the end of this day; else of the last."),
    ] = None,
    account: Annotated[
        UUID | None, typer.Option(parser=arguments.account_id, metavar="ID", help="Of this account alone.")
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the lines as CSV instead.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")] = False,
) -> None:
    """Every account of the chart with its balance; what was posted up to DATE is in it.

    Receivables and customer credit are held against what each event says is owed, and against the balance view. Exits
    with 1 where one of them says otherwise, or where debits are not credits.
    """
    if as_csv and as_json:
        raise typer.BadParameter("it is either --csv or --json")
    there = locate(kafka=False)
    with EventStore(there.relay_url, pool_size=1) as store:
        head = store.events_of_accounts()
    try:
        found = books_of(there.reader_url, day or query.last_business_date(there.reader_url), account)
    except UnknownAccount as unknown:
        raise Fault(f"No account {unknown.account_id} is known to the views: check the id.") from None
    behind = max(0, head - found.events_applied)
    if as_json:
        print(json.dumps(found.model_dump(mode="json") | {"events_behind": behind}, indent=2))
    elif as_csv:
        _write(found)
    else:
        _show(found)
    for line in _remarks(found, behind):
        print(line, file=sys.stderr if as_csv or as_json else sys.stdout)
    if not found.good:
        raise typer.Exit(1)


def _write(found: Books) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(_HEADER)
    for each in found.trial_balances:
        for line in each.lines:
            amounts = (line.debit_fen, line.credit_fen)
            writer.writerow((each.as_of, each.currency, line.account, line.kind, line.meaning, *amounts))


def _show(found: Books) -> None:
    for each in found.trial_balances:
        screen().print(_table(each))


def _table(trial: TrialBalance) -> Table:
    title = f"Trial balance at the end of {trial.as_of}, {trial.currency}"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold", show_footer=True)
    table.add_column("account", footer="total", no_wrap=True)
    table.add_column("kind", no_wrap=True)
    table.add_column("debit", footer=yuan(trial.debit_fen), justify="right", no_wrap=True)
    table.add_column("credit", footer=yuan(trial.credit_fen), justify="right", no_wrap=True)
    table.add_column("what it is", overflow="fold")
    for line in trial.lines:
        amounts = (yuan(fen) if fen else "" for fen in (line.debit_fen, line.credit_fen))
        table.add_row(line.account, line.kind, *amounts, line.meaning)
    return table


def _remarks(found: Books, behind: int) -> Iterator[str]:
    if not found.trial_balances:
        yield f"Nothing was posted by the end of {found.as_of}."
    for each in found.trial_balances:
        if not each.balances:
            yield f"Debits are not credits in {each.currency}: {yuan(each.debit_fen - each.credit_fen)} between them."
    for unequal in found.unequal:
        yield f"Difference: {unequal}."
    if behind:
        yield f"{behind:,} recorded events are not in the books yet: ask again in some seconds, with `credit serve` running."
    if not found.unequal:
        yield (
            f"Receivables and customer credit are what each event says is owed; they equal the balance view in "
            f"{found.compared:,} of {found.accounts:,} accounts"
            + ("." if found.compared == found.accounts else "; in the others something happened since.")
        )
