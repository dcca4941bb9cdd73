"""`credit demo` and `credit import uci`: a portfolio, simulated or from a file, all the way through."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from infra.demo.progress import Progress
from infra.demo.run import Outcome, run
from infra.portfolio.script import Script
from infra.portfolio.simulator import Portfolio
from infra.portfolio.uci import UciImport
from infra.portfolio.uci_file import WHOLE

Json = Annotated[bool, typer.Option("--json", help="Print the figures as one JSON document.")]
imports = typer.Typer(no_args_is_help=True, add_completion=False, help="Load a portfolio from a file.")


def demo(
    accounts: Annotated[int, typer.Option(min=10, max=200_000, help="How many accounts to simulate.")] = 2_000,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another portfolio.")] = 7,
    uci: Annotated[Path | None, typer.Option(help="Load this file of real accounts instead.")] = None,
    as_json: Json = False,
) -> None:
    """Let a portfolio live on real servers, then check what everybody says of it; exits with 1 on any inequality.

    The same portfolio again finds everything recorded and comes to the same figures; `credit reset` forgets it.
    """
    _report(_through(Portfolio(accounts, seed) if uci is None else UciImport(uci, WHOLE)), as_json=as_json)


@imports.command("uci")
def import_uci(
    file: Annotated[Path, typer.Argument(help="The data set's CSV file.")],
    part: Annotated[bool, typer.Option("--part", help="The file holds only a part of the 30,000 accounts.")] = False,
    as_json: Json = False,
) -> None:
    """Load the 30,000 card accounts of the UCI data set and compare every month's balance with the file."""
    _report(_through(UciImport(file, None if part else WHOLE)), as_json=as_json)


@imports.callback()
def _imports() -> None:
    """Load a portfolio from a file."""


def _through(script: Script) -> Outcome:
    return run(script, Progress())


def _report(outcome: Outcome, *, as_json: bool) -> None:
    figures: dict[str, Any] = outcome.figures
    if as_json:
        print(json.dumps(figures | {"differences": outcome.differences}, indent=2))
    else:
        for name, figure in figures.items():
            print(f"{name}: {figure}")
    for difference in outcome.differences:
        print(f"credit: {difference}", file=sys.stderr)
    if outcome.differences:
        raise typer.Exit(1)
