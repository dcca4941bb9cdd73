"""`credit day run`: the one day job, from the command line."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table

from domain.money import yuan
from infra.accounts import Accounts
from infra.cli import arguments
from infra.cli.screen import screen
from infra.day import FIRST_DAY, LAST_DAY, Report, run_day
from infra.day.schedule import Told
from infra.day.totals import Totals
from infra.installation import locate
from infra.store.event_store import EventStore
from infra.supervisor import collect_seldom

_NAMED = 20  # failed accounts that are named on the screen; --json names all

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The day job.")


@app.callback()
def _day() -> None:
    """The day job."""


def day_of(text: str) -> date:
    """The day that is written; one outside the calendar of the service is wrong usage."""
    day = arguments.day(text)
    if not FIRST_DAY <= day <= LAST_DAY:
        raise typer.BadParameter(f"{day} is not between {FIRST_DAY} and {LAST_DAY}")
    return day


@app.command()
def run(
    day: Annotated[date, typer.Option("--date", parser=day_of, metavar="DATE", help="The day; no clock is read.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")] = False,
) -> None:
    """Advance every account that is due on DATE, and report the day with control totals from the store.

    May be killed and run again; a second run of the same day adds nothing. Exits with 1 if an account had to be set
    aside or if the totals are not those of the store.
    """
    there = locate(kafka=False)
    collect_seldom()
    with EventStore(there.writer_url) as store, _progress() as told:
        report = run_day(day, Accounts(store), there.writer_url, told=told)
    if as_json:
        print(json.dumps(report.as_json(), indent=2))
    else:
        _print(report)
    if not report.good:
        raise typer.Exit(1)


@contextmanager
def _progress() -> Iterator[Told]:
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def told(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what)
            progress.update(tasks[what], completed=done, total=total)

        yield told


def _print(report: Report) -> None:
    print(
        f"Day run of {report.date}: {report.due:,} accounts due, {report.advanced:,} advanced, "
        f"{report.nothing_to_do:,} with nothing to do, {report.already_past:,} already past, "
        f"{report.done_by_another_run:,} done by another run, {len(report.failed):,} failed."
    )
    if report.recorded.events:
        screen().print(_table(report.recorded))
    if report.day.events != report.recorded.events:
        print(f"All runs of {report.date} so far: {report.day.accounts:,} accounts advanced.")
        screen().print(_table(report.day))
    for failure in report.failed[:_NAMED]:
        print(f"Failed: account {failure.account_id}: {failure.error}")
    if len(report.failed) > _NAMED:
        print(f"... and {len(report.failed) - _NAMED:,} more; --json names all.")
    if report.still_due > len(report.failed):
        print(f"{report.still_due - len(report.failed):,} accounts are due beside those that failed: run again.")
    for difference in report.differences:
        print(f"Difference: {difference}.")
    if not report.differences:
        events = report.control.events.total()
        print(f"Control totals read from the store are equal: {events:,} events, every amount.")


def _table(totals: Totals) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("event")
    table.add_column("events", justify="right")
    table.add_column("amounts")
    for kind, number in sorted(totals.events.items()):
        amounts = [
            f"{figure.amount.removesuffix('_fen').replace('_', ' ')} {yuan(value)} {figure.currency}"
            for figure, value in sorted(totals.money.items())
            if figure.type == kind
        ]
        table.add_row(kind, f"{number:,}", ", ".join(amounts))
    return table
