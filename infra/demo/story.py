"""One borrower's life, as events with the balances beside: what all the figures are made of."""

import sys
from collections.abc import Sequence
from uuid import UUID

from rich.console import Console
from rich.table import Table

from domain.money import yuan
from projections.audit import TimelineEntry

_COLOURS = {"billed": "yellow", "paid": "green", "overdue": "red", "frozen": "magenta", "closed": "bold"}


def tell(account_id: UUID, timeline: Sequence[TimelineEntry]) -> None:
    """Print the life of an account to standard error, so that standard output holds only the figures."""
    table = Table(title=f"The life of account {account_id}", title_justify="left", box=None, padding=(0, 1))
    for heading in ("date", "event", "what happened", "status"):
        table.add_column(heading, overflow="fold")
    for heading in ("owed", "credit", "minimum due"):
        table.add_column(heading, justify="right")
    for entry in timeline:
        colour = _COLOURS.get(entry.type.removeprefix("account."), "")
        table.add_row(
            entry.business_date.isoformat(),
            f"[{colour}]{entry.type}[/]" if colour else entry.type,
            entry.says,
            entry.status,
            yuan(entry.owed_fen),
            yuan(entry.credit_fen),
            yuan(entry.minimum_due_fen),
        )
    console = Console(file=sys.stderr, highlight=False)
    if not console.is_terminal:
        console.width = 170
    console.print()
    console.print(table)
    console.print()
