"""What is paid in instalments: each plan with what is still to come of it, and the bill days that it comes due on."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from domain.calendar import ONE_DAY
from domain.events import Instalment, PlanPart
from projections.explaining.steps import Told


class BillDays:
    """The day of the month on which an account is billed, by the date since which it is."""

    def __init__(self, day: int) -> None:
        self._days = {date.min: day}

    def move(self, from_date: date, day: int) -> None:
        """Another day from a date on; it takes the place of what was announced for that date."""
        self._days[from_date] = day

    def next_after(self, day: date) -> date:
        """The first bill day after `day`."""
        day += ONE_DAY
        while not self._falls_on(day):
            day += ONE_DAY
        return day

    def last_by(self, day: date) -> date:
        """The last bill day up to `day`, `day` included."""
        while not self._falls_on(day):
            day -= ONE_DAY
        return day

    def _falls_on(self, day: date) -> bool:
        return day.day == self._days[max(since for since in self._days if since <= day)]


@dataclass(slots=True)
class Coming:
    """An instalment that is still to come, and what refunds took out of it."""

    number: int
    principal: int
    fee_planned: int
    taken: list[tuple[int, Told]] = field(default_factory=list)

    @property
    def left(self) -> int:
        """What of its principal is still to come."""
        return self.principal - sum(amount for amount, _ in self.taken)

    @property
    def fee(self) -> int:
        """The fee that comes with it: none where refunds took all of it."""
        return self.fee_planned if self.left else 0


class Plan:
    """One plan by the event that made it, and the one that said last what is left of it."""

    def __init__(
        self, told: Told, made_on: date, schedule: Iterable[Instalment], parts: Iterable[PlanPart], as_of: Told
    ) -> None:
        self.told, self.made_on, self.as_of = told, made_on, as_of
        self.coming = [Coming(each.number, each.principal_fen, each.fee_fen) for each in schedule]
        self.parts = {each.purchase_id: each.amount_fen for each in parts}

    @property
    def left(self) -> int:
        """The principal of all instalments that are still to come."""
        return sum(each.left for each in self.coming)

    def take_back(self, purchase: str, most: int, told: Told) -> int:
        """Up to `most` of what came from one purchase, from the last instalment backwards; says how much that was."""
        amount = left = min(most, self.parts.get(purchase, 0), self.left)
        for each in reversed(self.coming):
            part = min(left, each.left)
            if part:
                each.taken.append((part, told))
            left -= part
        if amount:
            self.parts[purchase] -= amount
        return amount
