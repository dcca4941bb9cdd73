"""Terms: the frozen, versioned parameters of a product. An account keeps the ones it was opened with.

`account.opened` carries them in full, so that every reader of an account, in whatever process or year, reckons
with the same figures. Names are those of the credit agreement; sources stand in the rulebook's parameter table.
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.money import Fen, PositiveFen, Rate
from domain.schedules import Scheme, fee_plan_cost

Token = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:@-]{1,64}$")]
Product = Literal["pay_later", "cash_loan"]


class Terms(BaseModel):
    """One version of a product's parameters. Raises ValidationError where a bound or the annual cap is broken."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    version: Token
    product: Product = "pay_later"
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "CNY"
    limit_min: PositiveFen = 50_000
    limit_max: PositiveFen = 5_000_000
    bill_day: Annotated[int, Field(ge=1, le=28)] = 1
    # What the customer's bank is asked for on a due date, until the customer says otherwise.
    autopay: Literal["full", "minimum", "off"] = "full"
    # Days from the bill day to the due date: billed on the 1st, due on the 10th.
    due_days: Annotated[int, Field(ge=1, le=26)] = 9
    grace_days: Annotated[int, Field(ge=0, le=25)] = 0
    tolerance: Fen = 0
    daily_rate: Rate = Decimal("0.0005")
    interest_method: Literal["after_due", "from_posting"] = "after_due"
    minimum_ratio: Annotated[Decimal, Field(gt=0, le=1, max_digits=12, decimal_places=10)] = Decimal("0.10")
    minimum_floor: Fen = 1_000
    late_fee_rate: Rate = Decimal("0.05")
    late_fee_floor: Fen = 1_000
    cap_annual: Rate = Decimal("0.24")
    # How many days before it is learnt a fact may count; further back an officer corrects balances.
    backdate_days_max: Annotated[int, Field(ge=0, le=180)] = 180
    # From this many days past due a payment goes to principal first.
    regime_dpd: Annotated[int, Field(ge=1, le=10_000)] = 91
    # On this day past due the debt is booked as a loss; it stays owed.
    charge_off_dpd: Annotated[int, Field(ge=1, le=10_000)] = 180
    # From this many days past due the system freezes the account.
    overdue_long_dpd: Annotated[int, Field(ge=1, le=10_000)] = 30
    # How long a hold reserves limit, and by which share of it a capture may exceed it (a tip, say).
    hold_days: Annotated[int, Field(ge=0, le=60)] = 7
    capture_over: Rate = Decimal(0)
    # The fee of paying in so many months, as a share of what is converted.
    plan_fee: dict[Annotated[int, Field(ge=2, le=60)], Rate] = Field(
        default_factory=lambda: {3: Decimal("0.025"), 6: Decimal("0.045"), 12: Decimal("0.088")}
    )
    # Of a cash loan: the rate of a year, how it is repaid, how many days before its due date an instalment is billed, by
    # which factor the rate is raised on principal that is overdue, and what paying off before the end costs, as a share of
    # the principal that is not due yet, but for the first days.
    annual_rate: Rate = Decimal(0)
    schedule: Scheme = "annuity"
    bill_lead_days: Annotated[int, Field(ge=1, le=26)] = 3
    penalty_multiplier: Annotated[Decimal, Field(ge=1, le=10, max_digits=6, decimal_places=4)] = Decimal(1)
    early_settlement_fee: Rate = Decimal(0)
    cooling_off_days: Annotated[int, Field(ge=0, le=365)] = 0
    # Unused by the customer for so many months the account is frozen, then closed; how long before they are told.
    inactive_freeze_months: Annotated[int, Field(ge=1, le=120)] = 12
    inactive_close_months: Annotated[int, Field(ge=1, le=120)] = 18
    inactive_notice_days: Annotated[int, Field(ge=0, le=365)] = 30
    # For how many days after a freeze an appeal is heard, and after a closure.
    appeal_days: Annotated[int, Field(ge=0, le=3650)] = 60
    reinstate_days: Annotated[int, Field(ge=0, le=3650)] = 90

    @model_validator(mode="after")
    def _within_bounds(self) -> Self:
        if self.limit_min > self.limit_max:
            message = f"limit_min {self.limit_min} is above limit_max {self.limit_max}"
            raise ValueError(message)
        # At most one statement may wait for its due test when the next one is issued.
        if self.due_days + self.grace_days > 26:
            message = f"due_days {self.due_days} + grace_days {self.grace_days} is above 26"
            raise ValueError(message)
        if self.product == "cash_loan":
            self._check_loan()
        elif self.annual_rate:
            message = f"annual_rate {self.annual_rate} belongs to a cash loan; a revolving line bears daily_rate"
            raise ValueError(message)
        nominal = self.daily_rate * 365
        if nominal > self.cap_annual:
            message = f"daily_rate x 365 = {nominal} is above cap_annual {self.cap_annual}"
            raise ValueError(message)
        for months, fee_rate in self.plan_fee.items():
            cost = fee_plan_cost(months, fee_rate)
            if cost > self.cap_annual:
                message = f"plan_fee of {months} months costs {cost} a year, above cap_annual {self.cap_annual}"
                raise ValueError(message)
        return self

    def _check_loan(self) -> None:
        if self.daily_rate:
            message = f"daily_rate {self.daily_rate} belongs to a revolving line; a cash loan bears annual_rate"
            raise ValueError(message)
        if self.plan_fee:
            message = "plan_fee belongs to a revolving line; a cash loan has no statement to convert"
            raise ValueError(message)
        if self.interest_method != "after_due":
            message = "interest_method of a cash loan is after_due: overdue principal bears from its due date"
            raise ValueError(message)
        # An annuity's month is a twelfth of a year; where days are counted, and on what is overdue, a year has 365 of them.
        counted = Fraction(1) if self.schedule == "annuity" else Fraction(365, 360)
        if Fraction(self.annual_rate) * counted > self.cap_annual:
            message = f"annual_rate {self.annual_rate} costs more a year than cap_annual {self.cap_annual}"
            raise ValueError(message)
        if self.bearing_rate * 365 > self.cap_annual:
            message = (
                f"annual_rate x penalty_multiplier / 360 x 365 = {float(self.bearing_rate * 365):.6f} is above "
                f"cap_annual {self.cap_annual}"
            )
            raise ValueError(message)

    @property
    def bearing_rate(self) -> Decimal | Fraction:
        """What bearing principal costs a day: the line's daily rate; of a loan the raised rate of a year of 360 days."""
        if self.product == "pay_later":
            return self.daily_rate
        return Fraction(self.annual_rate) * Fraction(self.penalty_multiplier) / 360


Catalogue = Mapping[str, Terms]


def catalogue(*published: Terms) -> Catalogue:
    """The published terms by version. Raises ValueError when one version is published twice."""
    by_version: dict[str, Terms] = {}
    for terms in published:
        if terms.version in by_version:
            message = f"terms version {terms.version} is published twice"
            raise ValueError(message)
        by_version[terms.version] = terms
    return MappingProxyType(by_version)


PAY_LATER = Terms(version="pay-later-2026.1")
PAY_LATER_FREE = Terms(
    version="pay-later-free-2026.1",
    daily_rate=Decimal(0),
    late_fee_rate=Decimal(0),
    late_fee_floor=0,
)
# As bank cards have it: interest from posting where a statement is not paid in full, three days and ten yuan forgiven.
PAY_LATER_CARD = Terms(
    version="pay-later-card-2026.1",
    interest_method="from_posting",
    grace_days=3,
    tolerance=1_000,
)
CASH_LOAN = Terms(
    version="cash-loan-2026.1",
    product="cash_loan",
    limit_max=20_000_000,
    daily_rate=Decimal(0),
    annual_rate=Decimal("0.1440"),
    penalty_multiplier=Decimal("1.5"),
    minimum_ratio=Decimal(1),
    minimum_floor=0,
    late_fee_rate=Decimal(0),
    late_fee_floor=0,
    charge_off_dpd=120,
    plan_fee={},
    early_settlement_fee=Decimal("0.01"),
    cooling_off_days=7,
)
# The same loan with the principal repaid evenly, or all of it at the end; interest is counted by the day.
CASH_LOAN_EVEN = CASH_LOAN.model_copy(update={"version": "cash-loan-even-2026.1", "schedule": "equal_principal"})
CASH_LOAN_BULLET = CASH_LOAN.model_copy(update={"version": "cash-loan-bullet-2026.1", "schedule": "interest_only"})
STANDARD: Catalogue = catalogue(PAY_LATER, PAY_LATER_CARD, PAY_LATER_FREE, CASH_LOAN, CASH_LOAN_EVEN, CASH_LOAN_BULLET)
