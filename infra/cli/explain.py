"""`credit explain`: how one figure of an account came about, or the codes of a month, from its audited events."""

from collections.abc import Iterable
from datetime import date
from functools import partial
from re import fullmatch
from typing import Annotated
from uuid import UUID

import typer
from rich.text import Text

from infra.cli.account import ask_views
from infra.cli.arguments import AsOf, Id, Json
from infra.cli.screen import screen
from infra.explanations import month_told, told
from infra.views import answers
from projections.explaining.figures import FIGURES, UnknownFigure, explain
from projections.explaining.report import Codes, NotBegun, explain_month

# What is no figure but a word for each month.
_REPORT = "report"


def _figure(text: str) -> str:
    name = text.replace("-", "_")
    if name not in FIGURES and name != _REPORT:
        raise typer.BadParameter(f"{UnknownFigure(text)}, report MONTH.")
    return name


def _month(text: str) -> date:
    if not fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", text) or text < "1990":
        raise typer.BadParameter(f"{text!r} is not a month like 2026-04.")
    return date.fromisoformat(f"{text}-01")


def explain_figure(
    account_id: Id,
    figure: Annotated[
        str, typer.Argument(parser=_figure, metavar="FIGURE", help=f"One of: {', '.join(FIGURES)}; or report.")
    ],
    month: Annotated[
        date | None, typer.Argument(parser=_month, metavar="[MONTH]", help="The month of the report, like 2026-04.")
    ] = None,
    loan: Annotated[
        str | None, typer.Option("--loan", metavar="PLAN", help="The month of this loan, and not of the account.")
    ] = None,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """How a figure came about: the rules, their parameters, the events and the arithmetic, step by step.

    Of a month of the credit report: the facts, and the first rule that holds of them. Reckoned again from the events
    alone; exits with 1 where the record says otherwise.
    """
    if month is None and figure == _REPORT:
        raise typer.BadParameter("report needs a month, like 2026-04.", param_hint="MONTH")
    if month is not None and figure != _REPORT:
        raise typer.BadParameter("a month belongs to the figure report, and to no other.", param_hint="MONTH")
    if loan is not None and month is None:
        raise typer.BadParameter("a loan belongs to the figure report, and to no other.", param_hint="--loan")
    day, recorded = ask_views(partial(answers.events_of, account_id=account_id, as_of=as_of))
    events = [each.event for each in recorded]
    if month is not None:
        try:
            explained = explain_month(events, month, day, _told_of(account_id, month, day, loan), loan)
        except NotBegun as not_begun:
            raise typer.BadParameter(f"{not_begun}.", param_hint="MONTH") from None
        _print(explained.model_dump_json(indent=2), month_told(explained), as_json=as_json)
        agrees = explained.agrees
    else:
        explanation = explain(events, figure, day)
        _print(explanation.model_dump_json(indent=2), told(explanation), as_json=as_json)
        agrees = explanation.agrees
    if not agrees:
        raise typer.Exit(1)


def _told_of(account_id: UUID, month: date, day: date, loan: str | None) -> Codes | None:
    """What the report's view tells of the month."""
    lines = ask_views(partial(answers.months_of, account_id=account_id, as_of=day, plan_id=loan))
    line = next((line for line in lines if line.month == f"{month:%Y-%m}"), None)
    return Codes(line.code, line.metro2.account_status) if line else None


def _print(document: str, lines: Iterable[Text], *, as_json: bool) -> None:
    if as_json:
        print(document)
        return
    console = screen()
    for line in lines:
        console.print(line)
