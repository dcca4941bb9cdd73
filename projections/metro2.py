"""The report in the bureau's other dialect, Metro 2: what a month is, by number of field, and the history it leads to."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

# Revolving, or to be repaid in instalments.
Portfolio = Literal["R", "I"]
# 17A: by days past due from 0, 30, 60, 90, 120, 150 and 180; charged off and owing, or paid; closed, zero balance.
Status = Literal["11", "71", "78", "80", "82", "83", "84", "97", "64", "13"]
# 18: by days past due / 30; zero balance and current; charged off; no data; before the account existed.
Grade = Literal["0", "1", "2", "3", "4", "5", "6", "E", "L", "D", "B"]
# 17B: as it stood just before it was paid.
Rating = Literal["0", "1", "2", "3", "4", "5", "6", "L"]
# 19: closed by the lender; paying under an agreement; settled for less than the full balance.
Comment = Literal["M", "AC", "AU"]
# 20: closed at the customer's request; denied and being looked into; decided, the customer disagrees; no code any more.
Condition = Literal["XA", "XB", "XC", "XR"]

HISTORY = 24
_BY_THIRTIES: tuple[Status, ...] = ("11", "71", "78", "80", "82", "83", "84")
_DIGITS: tuple[Rating, ...] = ("0", "1", "2", "3", "4", "5", "6")
# What a history says of a month in which the account was thirty or more days late, or lost.
LATE_GRADES = frozenset("123456L")


class Metro2Month(BaseModel):
    """One month in Metro 2, by its fields; amounts in minor units and in whole yuan."""

    model_config = ConfigDict(frozen=True)

    account_status: Annotated[Status | None, Field(description="17A; none where the month was taken over unknown.")]
    payment_rating: Annotated[Rating | None, Field(description="17B; only with status 13.")]
    payment_history: Annotated[
        str, Field(pattern=f"^[0-6ELDB]{{{HISTORY}}}$", description="18; newest first, this month not included.")
    ]
    special_comment: Annotated[Comment | None, Field(description="19")]
    compliance_condition: Annotated[Condition | None, Field(description="20")]
    current_balance_fen: Annotated[int | None, Field(description="21")]
    current_balance_yuan: int | None
    past_due_fen: Annotated[int | None, Field(description="22; what is thirty or more days late.")]
    past_due_yuan: int | None
    original_charge_off_fen: Annotated[int | None, Field(description="23; as it was booked.")]
    original_charge_off_yuan: int | None
    first_delinquency: Annotated[date | None, Field(description="25")]
    closed_on: Annotated[date | None, Field(description="26")]
    last_payment_on: Annotated[date | None, Field(description="27")]


def status_of(dpd: int, owed_fen: int, *, lost: bool, ended: bool) -> Status:
    """Field 17A at the end of a day: `lost` when charged off, `ended` when the limit is gone, or a loan repaid."""
    if lost:
        return "97" if owed_fen else "64"
    if ended and not owed_fen:
        return "13"
    return _BY_THIRTIES[min(6, dpd // 30)]


def rating_of(dpd: int) -> Rating:
    """Field 17B of an account that was so many days past due before it was paid."""
    return _DIGITS[min(6, dpd // 30)]


def grade_of(status: Status | None, owed_fen: int | None, portfolio: Portfolio) -> Grade:
    """What later histories (field 18) say of a month that ended so; None where nothing is known of it.

    Only a revolving account has a balance of nothing; a loan without one is current, or over.
    """
    match status:
        case None:
            return "D"
        case "97" | "64":
            return "L"
        case "11":
            return "E" if owed_fen == 0 and portfolio == "R" else "0"
        case "13":
            return "E" if portfolio == "R" else "0"
        case _:
            return _DIGITS[_BY_THIRTIES.index(status)]


def past_due(status: Status, owed_fen: int, thirty_days_late_fen: int) -> int:
    """Field 22: of what is owed, the part that is thirty or more days late; all of it once charged off."""
    match status:
        case "11" | "13" | "64":
            return 0
        case "97":
            return owed_fen
        case _:
            return thirty_days_late_fen


def history_before(grades: Sequence[str]) -> str:
    """Field 18 of the month that follows `grades` (oldest first); `B` before the account existed."""
    return "".join(reversed(grades[-HISTORY:])).ljust(HISTORY, "B")


def delinquent_since(oldest_due: date | None, lost_on: date | None) -> date | None:
    """Field 25 of a delinquency that begins: thirty days after what was missed was due, or the loss if that is before.

    `oldest_due` is of the oldest minimum that is missed at the month's end.
    """
    days = [oldest_due + timedelta(days=30)] if oldest_due is not None else []
    return min([*days, *([lost_on] if lost_on is not None else [])], default=None)


def first_delinquency(status: Status | None, before: date | None, begins: date | None) -> date | None:
    """Field 25: kept from the month `before` until the status is 11 again; the next delinquency `begins` a new one."""
    return None if status in {None, "11"} else before or begins
