"""What an instalment comes to by the agreement alone: the formulas of loans and agreements, written a second time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction

from domain.calendar import add_months, days_between
from domain.events import Instalment
from domain.money import half_up
from domain.schedules import Scheme
from projections.explaining.steps import Told


@dataclass(slots=True)
class Coming:
    """An instalment that is still to come, what comes with it, and what refunds took out of it.

    `carried_interest` and `carried_fees` were charged before and are owed already; `interest` is not owed before it is
    posted. `due` is None where it is due with the statement of its turn.
    """

    number: int
    principal: int
    fee_planned: int = 0
    interest: int = 0
    due: date | None = None
    carried_interest: int = 0
    carried_fees: int = 0
    taken: list[tuple[int, Told]] = field(default_factory=list)

    @property
    def left(self) -> int:
        """What of its principal is still to come."""
        return self.principal - sum(amount for amount, _ in self.taken)

    @property
    def fee(self) -> int:
        """The fee that comes with it: none where refunds took all of it."""
        return self.fee_planned if self.left else 0

    @property
    def owed(self) -> int:
        """What of it is owed already, though not payable."""
        return self.left + self.carried_interest + self.carried_fees


def as_said(schedule: Iterable[Instalment]) -> list[Coming]:
    """Instalments as an event says them."""
    return [
        Coming(
            each.number,
            each.principal_fen,
            each.fee_fen,
            each.interest_fen,
            each.due_date,
            each.carried_interest_fen,
            each.carried_fees_fen,
        )
        for each in schedule
    ]


def lent(scheme: Scheme, annual_rate: Decimal, amount: int, made_on: date, numbers: Sequence[int]) -> list[Coming]:
    """A loan's instalments of these numbers in a row, over which `amount` is repaid."""
    coming, left = [], amount
    pay = equal_payment(amount, annual_rate, len(numbers)) if scheme == "annuity" and annual_rate else 0
    for number in numbers:
        due = due_on(made_on, number)
        interest = interest_of(scheme, annual_rate, left, due_on(made_on, number - 1), due)
        if number == numbers[-1]:
            principal = left
        elif pay:
            principal = min(left, pay - interest)
        else:
            principal = 0 if scheme == "interest_only" else amount // len(numbers)
        coming.append(Coming(number, principal, interest=interest, due=due))
        left -= principal
    return coming


def due_on(made_on: date, number: int) -> date:
    """When a loan's instalment is due; the day it was drawn for number 0."""
    return add_months(made_on, number)


def equal_payment(amount: int, annual_rate: Decimal, months: int) -> int:
    """What is paid each month, interest included, so that nothing is left in the end."""
    growth = (1 + Fraction(annual_rate) / 12) ** months
    return half_up(Fraction(annual_rate) / 12 * growth / (growth - 1), amount)


def interest_of(scheme: Scheme | None, annual_rate: Decimal, left: int, begins: date, due: date) -> int:
    """The interest of one instalment on what is left before it: a twelfth of a year's, or by days of a year of 360."""
    days = days_between(begins, due)
    return half_up(Fraction(annual_rate) * (Fraction(1, 12) if by_months(scheme) else Fraction(days, 360)), left)


def by_months(scheme: Scheme | None) -> bool:
    """Whether a month is a twelfth of a year, whatever its days: of annuities and agreements."""
    return scheme is None or scheme == "annuity"


def agreed(kinds: tuple[int, int, int], annual_rate: Decimal, dates: Sequence[date | None]) -> list[Coming]:
    """An agreement's instalments: principal, interest and fees (`kinds`) each in even parts, the last takes the rest."""
    months = len(dates)
    coming = []
    for number, due in enumerate(dates, start=1):
        parts = [amount - amount // months * (months - 1) if number == months else amount // months for amount in kinds]
        coming.append(Coming(number, parts[0], due=due, carried_interest=parts[1], carried_fees=parts[2]))
    bear(coming, annual_rate)
    return coming


def bear(coming: Sequence[Coming], annual_rate: Decimal) -> None:
    """Each instalment of an agreement comes with a twelfth of a year's interest on the principal left before it."""
    left = sum(each.left for each in coming)
    for each in coming:
        each.interest = half_up(Fraction(annual_rate) / 12, left)
        left -= each.left
