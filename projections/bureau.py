"""What the credit bureau is told of an account, in its words: repayment codes and whole yuan (second generation)."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from domain.events import Access, CloseKind, FreezeReason, Standing, Status

# Nothing due; normal; repaid late within the month; overdue by up to 30, 60 ... 180, more days; settled and closed.
Code = Literal["*", "N", "M", "1", "2", "3", "4", "5", "6", "7", "B", "C"]


class MonthLine(BaseModel):
    """One month of the report; yuan amounts are whole, as the bureau wants them."""

    model_config = ConfigDict(frozen=True)

    month: Annotated[str, Field(pattern=r"^\d{4}-\d{2}$")]
    code: Code
    worst_code: Annotated[Code, Field(description="The worst code up to and including this month.")]
    days_past_due: int
    past_due_fen: int
    past_due_yuan: int
    missed_minima: int
    balance_fen: int
    balance_yuan: int


class CreditReport(BaseModel):
    """What the credit bureau is told of one account: where it stands, and its months, the last one still open."""

    model_config = ConfigDict(frozen=True)

    account_id: UUID
    as_of: date
    version: Annotated[int, Field(description="The last event in this answer.")]
    business_date: Annotated[date, Field(description="The date of that event.")]
    account_type: Annotated[Literal["R1"], Field(description="A revolving credit account.")] = "R1"
    account_status: Literal["normal", "overdue", "settled"]
    product: str
    currency: str
    zone: str
    access: Access
    standing: Standing
    status: Status
    opened_on: date
    activated_on: date | None
    frozen_since: date | None
    freeze_reasons: tuple[FreezeReason, ...]
    closed_on: date | None
    close_kind: CloseKind | None
    settled_on: Annotated[date | None, Field(description="When, closed or charged off, it owed nothing any more.")]
    debt_outlives_closure: bool
    limit_fen: int
    balance_fen: Annotated[int, Field(description="All that is owed; a credit balance is reported as 0.")]
    balance_yuan: int
    code: Code | Literal["/"]
    worst_code: Code | Literal["/"]
    days_past_due: int
    past_due_fen: int
    past_due_yuan: int
    missed_minima: int
    oldest_missed_due: date | None
    last_payment_on: date | None
    last_payment_fen: int | None
    history_24: Annotated[str, Field(description="The last 24 codes, oldest first; `/` before the account began.")]
    months: Annotated[tuple[MonthLine, ...], Field(description="The last 24 months, oldest first.")]


def whole_yuan(fen: int) -> int:
    """An amount as the bureau wants it: whole yuan, halves up, and never 0 for something that is owed."""
    return 0 if fen == 0 else max(1, (fen + 50) // 100)
