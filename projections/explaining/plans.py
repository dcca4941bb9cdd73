"""What is paid in instalments: each plan with what is still to come of it, and the bill days that it comes due on."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Self

from domain.calendar import ONE_DAY
from domain.events import PlanCreated, PlanKind, PlanLeft, PlanPart
from domain.schedules import Scheme
from projections.explaining.schedules import Coming, agreed, as_said, bear, due_on, lent
from projections.explaining.steps import Told


class BillDays:
    """The day of the month on which a line is billed, by the date since which it is."""

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


class Plan:
    """One plan by the event that made it, and the one that said last what is left of it."""

    def __init__(self, told: Told, made_on: date, kind: PlanKind, coming: list[Coming], as_of: Told) -> None:
        self.told, self.made_on, self.kind, self.coming, self.as_of = told, made_on, kind, coming, as_of
        self.annual_rate = Decimal(0)
        # By which scheme a loan is repaid; None where it is no loan.
        self.scheme: Scheme | None = None
        self.parts: dict[str, int] = {}

    @classmethod
    def made(cls, told: Told, event: PlanCreated, *, dated: bool) -> Self:
        """A new plan. What a loan's or an agreement's instalments come to is reckoned; `dated` if due on days of its own."""
        made_on, numbers = event.business_date, [each.number for each in event.schedule]
        if event.scheme is not None:
            coming = lent(event.scheme, event.annual_rate, event.amount_fen, made_on, numbers)
        elif event.kind == "restructuring":
            taken = {
                kind: sum(fen for bucket, fen in event.taken.items() if bucket.startswith(kind)) for kind in _KINDS
            }
            dates = [due_on(made_on, number) if dated else None for number in numbers]
            coming = agreed((taken["principal"], taken["interest"], taken["fees"]), event.annual_rate, dates)
        else:
            coming = as_said(event.schedule)
        plan = cls(told, made_on, event.kind, coming, told)
        plan._priced(event.annual_rate, event.scheme, event.parts)
        return plan

    @classmethod
    def left_over(cls, told: Told, said: PlanLeft, as_of: Told) -> Self:
        """A plan as a correction or a takeover says it."""
        plan = cls(told, said.made_on, said.kind, as_said(said.instalments), as_of)
        plan._priced(said.annual_rate, said.scheme, said.parts)
        return plan

    def _priced(self, annual_rate: Decimal, scheme: Scheme | None, parts: Iterable[PlanPart]) -> None:
        self.annual_rate, self.scheme = annual_rate, scheme
        self.parts = {each.purchase_id: each.amount_fen for each in parts}

    @property
    def left(self) -> int:
        """The principal of all instalments that are still to come."""
        return sum(each.left for each in self.coming)

    @property
    def carried_interest(self) -> int:
        """Interest that was charged before and comes with the instalments."""
        return sum(each.carried_interest for each in self.coming)

    @property
    def carried_fees(self) -> int:
        """Fees that were charged before and come with the instalments."""
        return sum(each.carried_fees for each in self.coming)

    @property
    def owed(self) -> int:
        """All that is owed of it and not payable yet."""
        return sum(each.owed for each in self.coming)

    def begins(self) -> date:
        """Since when a dated plan's next interest runs: the due date before, or the day it was made."""
        return due_on(self.made_on, self.coming[0].number - 1)

    def pay_early(self, principal: int, told: Told) -> None:
        """So much of a loan is paid before it is due: on the dates that are left the rest falls due by its scheme."""
        numbers = [each.number for each in self.coming]
        left = self.left - principal
        if self.scheme is not None and left:
            self.coming, self.as_of = lent(self.scheme, self.annual_rate, left, self.made_on, numbers), told
        else:
            self.coming = []

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
            if self.kind == "restructuring":
                bear(self.coming, self.annual_rate)
        return amount


_KINDS = ("principal", "interest", "fees")
