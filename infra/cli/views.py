"""`credit views`: how the read models stand."""

import json
from typing import Annotated

import typer
from rich.table import Table

from domain.money import yuan
from infra.cli.screen import screen
from infra.installation import locate
from infra.views import query

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The read models.")
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead.")]


@app.callback()
def _views() -> None:
    """The read models."""


@app.command()
def status(as_json: Json = False) -> None:
    """Say which generation of each view is read, how much it has folded, and the sums of the portfolio."""
    url = locate(kafka=False).reader_url
    states, totals = query.status(url), query.totals(url)
    if as_json:
        print(json.dumps({"views": [state._asdict() for state in states], "portfolio": totals._asdict()}, indent=2))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("view")
    for name in ("generation", "events applied", "accounts", "partitions"):
        table.add_column(name, justify="right")
    for state in states:
        table.add_row(state.view, *(f"{figure:,}" for figure in state[1:]))
    console = screen()
    console.print(table)
    console.print(
        f"{totals.accounts:,} accounts, {totals.overdue:,} overdue; limits {yuan(totals.limit_fen)}, "
        f"owed {yuan(totals.owed_fen)}, of that billed {yuan(totals.billed_fen)} and due {yuan(totals.minimum_due_fen)}; "
        f"credit {yuan(totals.credit_fen)}",
        soft_wrap=True,
    )
