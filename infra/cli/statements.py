"""`credit statements`: month balances as a file."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from infra.cli.day import day_of
from infra.cli.table import write_table
from infra.faults import Fault
from infra.installation import locate
from infra.portfolio.export import HEADER, StatementRow, statement_rows
from infra.views import query

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Statements as a file.")


@app.callback()
def _group() -> None:
    """Statements as a file."""


@app.command()
def export(
    out: Annotated[Path, typer.Option(help="The CSV file to write; an existing one is replaced.")],
    through: Annotated[
        date | None,
        typer.Option(parser=day_of, metavar="DATE", help="The last bill day; by default the last one recorded."),
    ] = None,
) -> None:
    """Write one row per account and month: id, month, balance, paid, refunded, limit, over_limit.

    Loans have no months of this kind and are left out. Ids are those of the file that was imported (else the customer id), amounts whole dollars, months oldest first.
    """
    there = locate(kafka=False)
    last = through or query.last_business_date(there.reader_url)
    rows = sorted(_rows(there.reader_url, last), key=lambda row: (not row.id.isdecimal(), row.id.zfill(9), row.month))
    try:
        write_table(out.resolve(), HEADER, rows)
    except OSError as error:
        raise Fault(f"{out} cannot be written ({error.strerror}): choose another place with --out.") from error
    print(f"{len(rows):,} rows written to {out}")


def _rows(reader_url: str, through: date) -> Iterator[StatementRow]:
    for history in query.histories(reader_url):
        yield from statement_rows(history, through)
