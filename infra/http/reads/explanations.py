"""How a figure came about: the rules, their parameters, the events and the arithmetic, reckoned from the events alone."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from fastapi import Depends, Path, Query
from fastapi.exceptions import RequestValidationError

from infra.http.reads.questions import AccountId, AsOf, Connection, may, router
from infra.http.reads.reading import Desk
from infra.http.reads.waiting import waits_for
from infra.views import answers
from projections.explaining.figures import FIGURES, explain
from projections.explaining.report import Codes, MonthExplained, NotBegun, explain_month
from projections.explaining.steps import Explanation

routes = router("/accounts/{account_id}", "accounts")
_FIRST_YEAR = 1990

Figure = StrEnum("Figure", {name: name for name in FIGURES})  # type: ignore[misc]  # its members are the figures


@routes.get(
    "/explanations/{figure}",
    operation_id="explain_figure",
    summary="How a figure of an account came about",
    dependencies=[may("accounts:read"), Depends(waits_for("audit"))],
)
async def explain_figure(
    account_id: AccountId,
    figure: Annotated[Figure, Path(description="Which figure.", examples=["minimum"])],
    asked: Annotated[AsOf, Query()],
    connection: Connection,
    desk: Desk,
) -> Explanation:
    """Step by step, each with its rule, its parameters, the events that it rests on, and the arithmetic."""
    day, recorded = await answers.events_of(connection, account_id, asked.as_of)
    return await desk.threads(explain, [each.event for each in recorded], figure.value, day)


@routes.get(
    "/credit-report/{month}/explanation",
    operation_id="explain_report_month",
    summary="How the codes of a month of the credit report came about",
    dependencies=[may("reports:read"), Depends(waits_for("credit_report"))],
)
async def explain_report_month(
    account_id: AccountId,
    month: Annotated[str, Path(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$", description="The month.", examples=["2026-02"])],
    asked: Annotated[AsOf, Query()],
    connection: Connection,
    desk: Desk,
) -> MonthExplained:
    """The facts of the month, and of each table of codes the rows up to the first that holds."""
    first = date.fromisoformat(f"{month}-01") if month >= str(_FIRST_YEAR) else None
    if first is None:
        raise RequestValidationError([{"loc": ("path", "month"), "msg": f"it is before {_FIRST_YEAR}"}])
    day, recorded = await answers.events_of(connection, account_id, asked.as_of)
    lines = await answers.months_of(connection, account_id, day)
    line = next((line for line in lines if line.month == month), None)
    codes = Codes(line.code, line.metro2.account_status) if line else None
    try:
        return await desk.threads(explain_month, [each.event for each in recorded], first, day, codes)
    except NotBegun as not_begun:
        raise RequestValidationError([{"loc": ("path", "month"), "msg": str(not_begun)}]) from None
