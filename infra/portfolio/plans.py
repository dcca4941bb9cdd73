"""One plan of the people's own ledger: what is to be paid in instalments, each with what it brings, and what is left.

It shares no arithmetic with the domain, so that the two may be compared.
"""

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate
from typing import Literal, NamedTuple


class Instalment(NamedTuple):
    """What falls due at once: principal, the fee or the interest of it, and of an agreement old interest and old fees.

    `due` is its own due date; without one it comes with the next statement.
    """

    principal: int
    fee: int = 0
    interest: int = 0
    old_interest: int = 0
    old_fees: int = 0
    due: date | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Instalments that are still to come, the next one first and how many came before; and what was planned of what.

    Of a loan or an agreement `rate` is a year's, on its principal; a loan has a `scheme` by which it is repaid.
    """

    made_on: date
    instalments: tuple[Instalment, ...]
    kind: Literal["conversion", "loan", "agreement"] = "conversion"
    converted: dict[str, int] = field(default_factory=dict)  # by purchase
    gone: int = 0
    rate: Fraction = Fraction(0)
    scheme: str = ""

    @property
    def principals(self) -> tuple[int, ...]:
        return tuple(each.principal for each in self.instalments)

    @property
    def fees(self) -> tuple[int, ...]:
        return tuple(each.fee for each in self.instalments)

    @property
    def left(self) -> int:
        """What is to come of the principal."""
        return sum(each.principal for each in self.instalments)

    @property
    def old_charges(self) -> dict[str, int]:
        """What is to come of old fees and of old interest."""
        return {
            "fees": sum(each.old_fees for each in self.instalments),
            "interest": sum(each.old_interest for each in self.instalments),
        }

    @property
    def is_over(self) -> bool:
        """Nothing of what was planned is to come."""
        return not (self.left or any(self.old_charges.values()))

    @property
    def begins(self) -> date:
        """When what the next instalment costs began to run up, where it has a due date of its own."""
        return months_after(self.made_on, self.gone)

    def without_next(self) -> "Plan":
        """The plan after its next instalment."""
        return replace(self, instalments=self.instalments[1:], gone=self.gone + 1)

    def reachable(self, purchase_id: str) -> int:
        """As much as a refund of the purchase can take out of it."""
        return min(self.converted.get(purchase_id, 0), self.left)

    def less(self, purchase_id: str, amount: int) -> "Plan":
        """The plan without so much of a purchase: the last instalment first, and one that is empty costs nothing.

        An agreement bears on what is left then.
        """
        converted = {**self.converted, purchase_id: self.converted[purchase_id] - amount}
        instalments = list(self.instalments)
        for number in range(len(instalments) - 1, -1, -1):
            each = instalments[number]
            part = min(amount, each.principal)
            amount -= part
            left = each.principal - part
            instalments[number] = each._replace(principal=left, fee=each.fee if left else 0)
        if self.kind == "agreement":
            instalments = _bearing(instalments, self.rate)
        return replace(self, instalments=tuple(instalments), converted=converted)

    def share_by(self, day: date, cycle: tuple[date, date], of: int) -> int:
        """What of a sum the days of a cycle come to that have passed by `day`; the first begins with the plan."""
        first, last = max(self.made_on, cycle[0]), cycle[1]
        return rounded(Fraction(of * max(0, (day - first).days), (last - first).days))


def planned(day: date, amount: int, months: int, fee_rate: Decimal, converted: dict[str, int]) -> Plan:
    """A conversion as it is made: equal parts of the amount and of its fee."""
    fees = _equal_parts(rounded(Fraction(fee_rate) * amount), months)
    return Plan(day, tuple(map(Instalment, _equal_parts(amount, months), fees)), converted=converted)


def agreed(
    day: date, owed: dict[str, int], months: int, rate: Decimal, converted: dict[str, int], *, dated: bool
) -> Plan:
    """An agreement on all that is `owed`: equal parts of each kind, and on the principal left a twelfth of the year's rate.

    Its instalments come monthly from `day` on where they are `dated`, else with the next statements.
    """
    parts = zip(
        *(_equal_parts(owed[kind], months) for kind in ("principal", "interest", "fees")),
        range(1, months + 1),
        strict=True,
    )
    instalments = [
        Instalment(principal, old_interest=interest, old_fees=fees, due=months_after(day, number) if dated else None)
        for principal, interest, fees, number in parts
    ]
    return Plan(day, tuple(_bearing(instalments, Fraction(rate))), "agreement", converted, rate=Fraction(rate))


def _bearing(instalments: list[Instalment], rate: Fraction) -> list[Instalment]:
    """The instalments of an agreement, each with a twelfth of the year's rate on the principal that is left before it."""
    left = list(accumulate(each.principal for each in reversed(instalments)))[::-1]
    return [each._replace(interest=rounded(rate * unpaid / 12)) for each, unpaid in zip(instalments, left, strict=True)]


def _equal_parts(amount: int, parts: int) -> list[int]:
    """The last part takes what does not go up."""
    return [amount // parts] * (parts - 1) + [amount - amount // parts * (parts - 1)]


def rounded(amount: Fraction) -> int:
    """To the nearest whole, halves up; no amount is below zero."""
    return int(amount + Fraction(1, 2))


def months_after(day: date, months: int) -> date:
    """The same day of a later month, or that month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    last = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month]
    return date(year, month + 1, min(day.day, last))
