"""One plan of the people's own ledger: what was converted, its instalments and their fees, and what is left of it.

It shares no arithmetic with the domain, so that the two may be compared.
"""

from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Plan:
    """Instalments that are still to come, the next one first, each with its fee; and what was converted of what."""

    made_on: date
    principals: tuple[int, ...]
    fees: tuple[int, ...]
    converted: dict[str, int]  # by purchase

    @property
    def left(self) -> int:
        """What is to come of the principal."""
        return sum(self.principals)

    def without_next(self) -> "Plan":
        """The plan after its next instalment."""
        return replace(self, principals=self.principals[1:], fees=self.fees[1:])

    def reachable(self, purchase_id: str) -> int:
        """As much as a refund of the purchase can take out of it."""
        return min(self.converted.get(purchase_id, 0), self.left)

    def less(self, purchase_id: str, amount: int) -> "Plan":
        """The plan without so much of a purchase: the last instalment first, and one that is empty costs nothing."""
        converted = {**self.converted, purchase_id: self.converted[purchase_id] - amount}
        principals = list(self.principals)
        for number in range(len(principals) - 1, -1, -1):
            part = min(amount, principals[number])
            principals[number] -= part
            amount -= part
        fees = tuple(fee if principal else 0 for principal, fee in zip(principals, self.fees, strict=True))
        return replace(self, principals=tuple(principals), fees=fees, converted=converted)

    def fee_by(self, day: date, cycle: tuple[date, date]) -> int:
        """What of the next fee the days of a cycle come to that have passed by `day`; the first begins with the plan."""
        first, last = max(self.made_on, cycle[0]), cycle[1]
        share = Fraction(self.fees[0] * (day - first).days, (last - first).days)
        return int(share + Fraction(1, 2))


def planned(day: date, amount: int, months: int, fee_rate: Decimal, converted: dict[str, int]) -> Plan:
    """A plan as it is made: equal parts of the amount and of its fee, and the last part takes what does not go up."""
    fee = int((fee_rate * amount).to_integral_value(ROUND_HALF_UP))
    principals = (amount // months,) * (months - 1)
    fees = (fee // months,) * (months - 1)
    return Plan(day, (*principals, amount - sum(principals)), (*fees, fee - sum(fees)), converted)
