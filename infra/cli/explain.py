"""`credit explain`: how one figure of an account came about, from its audited events."""

from functools import partial
from typing import Annotated

import typer

from infra.cli.account import AsOf, Id, Json, ask_views
from infra.cli.screen import screen
from infra.explanations import told
from infra.views import answers
from projections.explaining.figures import FIGURES, UnknownFigure, explain


def _figure(text: str) -> str:
    name = text.replace("-", "_")
    if name not in FIGURES:
        raise typer.BadParameter(f"{UnknownFigure(text)}.")
    return name


def explain_figure(
    account_id: Id,
    figure: Annotated[str, typer.Argument(parser=_figure, metavar="FIGURE", help=f"One of: {', '.join(FIGURES)}.")],
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """How a figure came about: the rules, their parameters, the events and the arithmetic, step by step.

    Reckoned again from the events alone; exits with 1 where the record says otherwise.
    """
    day, recorded = ask_views(partial(answers.events_of, account_id=account_id, as_of=as_of))
    explanation = explain((each.event for each in recorded), figure, day)
    if as_json:
        print(explanation.model_dump_json(indent=2))
    else:
        console = screen()
        for line in told(explanation):
            console.print(line)
    if not explanation.agrees:
        raise typer.Exit(1)
