"""What the credit bureau is told of an account, in its words: repayment codes and whole yuan (second generation)."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from domain.calendar import add_months
from domain.events import CloseKind, ReportCode, Standing
from projections.metro2 import Metro2Month, Portfolio

# `/` no account yet; `G` settled, but principal was waived; `C` settled; `B` bad debt; `1` to `7` overdue by up to 30,
# 60 ... 180, more days; `M` repaid late within the month; `N` normal; `#` unknown; `A` bill day moved; `*` nothing due.
Code = ReportCode
# A revolving credit account; a loan, which is not revolving.
AccountType = Literal["R1", "D1"]
AccountStatus = Literal["normal", "overdue", "settled", "bad_debt"]
StatusCode = Literal["1", "2", "3", "4"]
Tier = Literal["normal", "special_mention", "substandard", "doubtful", "loss"]
# 5 early settlement, 11 debt relief, 14 personalised instalments.
Special = Literal["5", "11", "14"]

STATUS_CODES: dict[AccountStatus, StatusCode] = {"normal": "1", "overdue": "2", "settled": "3", "bad_debt": "4"}
LATE: tuple[Code, ...] = ("1", "2", "3", "4", "5", "6", "7")
# What counts against a customer, and is not told for ever.
ADVERSE: frozenset[Code] = frozenset({*LATE, "M", "B", "G"})
# From best to worst. `C` ends the report and says nothing about how it was repaid.
_RANKS = {code: rank for rank, code in enumerate("/C#A*NM1234567GB")}
# The loan classification by the most days past due that it has; beyond the last it is a loss.
_TIERS: tuple[tuple[int, Tier], ...] = (
    (0, "normal"), (90, "special_mention"), (270, "substandard"), (360, "doubtful"),
)  # fmt: skip
# For so long restructured debt is at least special mention.
_EASED_MONTHS = 12


class MonthLine(BaseModel):
    """One month of the report; yuan amounts are whole, as the bureau wants them.

    Of a month that was taken over from elsewhere nothing but the code is known.
    """

    model_config = ConfigDict(frozen=True)

    month: Annotated[str, Field(pattern=r"^\d{4}-\d{2}$")]
    code: Code
    corrected_from: Annotated[Code | None, Field(description="What was told until a dispute was upheld.")]
    worst_code: Annotated[Code, Field(description="The worst code of the 60 months up to and including this one.")]
    account_status: AccountStatus
    account_status_code: StatusCode
    tier: Annotated[Tier | None, Field(description="The loan classification.")]
    days_past_due: int | None
    past_due_fen: Annotated[int | None, Field(description="What was demanded and missed.")]
    past_due_yuan: int | None
    missed_minima: Annotated[int | None, Field(description="How many periods are overdue.")]
    balance_fen: int | None
    balance_yuan: int | None
    limit_fen: int | None
    limit_yuan: int | None
    last_payment_on: date | None
    last_payment_fen: int | None
    last_payment_yuan: int | None
    special_transactions: Annotated[
        tuple[Special, ...],
        Field(description="5 early settlement, 11 debt relief, 14 personalised instalments."),
    ]
    metro2: Annotated[Metro2Month, Field(description="The same month in the other dialect.")]


class CreditReport(BaseModel):
    """What the credit bureau is told of one account: where it stands, and its months, the last one still open.

    Of a loan account it is told of each loan by itself.
    """

    model_config = ConfigDict(frozen=True)

    account_id: UUID
    plan_id: Annotated[str | None, Field(description="Of one loan: its plan; then the limit is what was drawn.")]
    as_of: date
    version: Annotated[int, Field(description="The last event in this answer.")]
    business_date: Annotated[date, Field(description="The date of that event.")]
    account_type: Annotated[AccountType, Field(description="R1 a revolving credit account, D1 a loan account.")]
    portfolio_type: Annotated[Portfolio, Field(description="The same in Metro 2: revolving, or in instalments.")]
    account_status: AccountStatus
    account_status_code: StatusCode
    tier: Tier
    product: str
    currency: str
    zone: str
    standing: Standing
    opened_on: date
    activated_on: date | None
    closed_on: date | None
    close_kind: CloseKind | None
    settled_on: Annotated[
        date | None, Field(description="When, closed, charged off or a loan, it owed nothing any more.")
    ]
    restructured_on: Annotated[date | None, Field(description="When an agreement was made last on what it owes.")]
    under_agreement: Annotated[bool, Field(description="Whether it is paid as agreed: not broken, not paid off yet.")]
    debt_outlives_closure: bool
    limit_fen: int
    limit_yuan: int
    balance_fen: Annotated[int, Field(description="All that is owed; a credit balance is reported as 0.")]
    balance_yuan: int
    code: Code
    worst_code: Code
    days_past_due: int
    past_due_fen: int
    past_due_yuan: int
    missed_minima: int
    oldest_missed_due: date | None
    last_payment_on: Annotated[date | None, Field(description="Of the last payment that was not returned.")]
    last_payment_fen: int | None
    last_payment_yuan: int | None
    history_24: Annotated[str, Field(description="The last 24 codes, oldest first; `/` before the account began.")]
    months: Annotated[tuple[MonthLine, ...], Field(description="The last 24 months, oldest first.")]
    loans: Annotated[
        "tuple[CreditReport, ...]",
        Field(
            description="Of a loan account: each loan, as the bureau is told of it. The account itself is their sum."
        ),
    ] = ()


def whole_yuan(fen: int) -> int:
    """An amount as the bureau wants it: whole yuan, halves up, and never 0 for something that is owed."""
    return 0 if fen == 0 else max(1, (fen + 50) // 100)


def yuan_or_none(fen: int | None) -> int | None:
    """The same where an amount may be unknown."""
    return None if fen is None else whole_yuan(fen)


def worst_of(codes: Iterable[Code]) -> Code:
    """The code that says the worst; there is one at least."""
    return max(codes, key=_RANKS.__getitem__)


def code_of(dpd: int, *, settled: bool, forgiven: bool, lost: bool, missed: bool, due: bool, unbilled: bool) -> Code:
    """The repayment code of a month by how it ended: the first row of the rulebook's table 8.1 that holds.

    In the month the account was `settled`, principal having been `forgiven` before; it is `lost` when charged off and
    owing; a minimum was `missed` in the month, or `due`; its bill day moved, and so it was `unbilled`. "Nothing due" is
    asked last: it also holds where the other two that say nothing of repayment do.
    """
    if settled:
        return "G" if forgiven else "C"
    if lost:
        return "B"
    if dpd > 0:
        return LATE[min(7, -(-dpd // 30)) - 1]
    if missed:
        return "M"
    if due:
        return "N"
    return "A" if unbilled else "*"


def tier_of(dpd: int, day: date, agreed_on: date | None, *, lost: bool) -> Tier:
    """The loan classification by days past due; charged-off debt is a loss as long as it is owed.

    Restructured debt is at least special mention for twelve months from the day it was `agreed_on`, whatever becomes of
    the agreement.
    """
    if lost:
        return "loss"
    if not dpd and agreed_on is not None and day < add_months(agreed_on, _EASED_MONTHS):
        return "special_mention"
    return next((tier for most, tier in _TIERS if dpd <= most), "loss")


def account_status(code: Code) -> AccountStatus:
    """The account's status at the end of a month of this code."""
    if code in LATE:
        return "overdue"
    return "bad_debt" if code == "B" else "settled" if code in {"C", "G"} else "normal"
