"""Repayment advice: which of a person's debts to pay first, and what that saves against paying all alike.

Every minimum first; what is left goes to the debt with the highest rate, ties to the smaller balance. Numbers only.
"""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, Field

from domain.money import AskedFen, Fen, half_up
from domain.yields import Number, Question

# Fifty years: what is not repaid by then with so much a month never is.
MONTHS_MAX = 600
DEBTS_MAX = 100


class Debt(NamedTuple):
    """One debt: what is owed, what it costs a year (0.1825 is 18.25 %), and what must be paid of it a month, minor units."""

    name: str
    balance: int
    annual_rate: Decimal
    minimum: int


class Repaid(NamedTuple):
    """What paying so much every month comes to: interest in all, and after how many months; None: never."""

    interest: int
    months: int | None


class Advice(NamedTuple):
    """What to pay of each debt now, by name; `shortfall` is what is missing of the minima.

    `interest_saved` is how much less interest than `alike` following it every month costs.
    """

    payments: dict[str, int]
    shortfall: int
    advised: Repaid
    alike: Repaid

    @property
    def interest_saved(self) -> int:
        """Against sharing what is left after the minima equally."""
        return self.alike.interest - self.advised.interest


Split = Callable[[Sequence[Debt], int], dict[str, int]]


def advise(debts: Sequence[Debt], spare: int) -> Advice:
    """How to pay `spare` a month. Raises ValueError where a name stands for two debts."""
    if len({debt.name for debt in debts}) < len(debts):
        raise ValueError("each debt needs a name of its own")
    minima = sum(min(debt.minimum, debt.balance) for debt in debts)
    return Advice(
        payments=dearest_first(debts, spare),
        shortfall=max(0, minima - spare),
        advised=repaid(debts, spare, dearest_first),
        alike=repaid(debts, spare, all_alike),
    )


def dearest_first(debts: Sequence[Debt], spare: int) -> dict[str, int]:
    """The advice for one month: minima, then the highest rate first; where it is short, minima in that order too."""
    return in_order(sorted(debts, key=lambda debt: (-debt.annual_rate, debt.balance)))(debts, spare)


def in_order(order: Iterable[Debt]) -> Split:
    """Minima first, then what is left to the debts in that order, whatever they cost."""
    names = [debt.name for debt in order]

    def split(debts: Sequence[Debt], spare: int) -> dict[str, int]:
        paid, left = _minima(debts, spare, names)
        by_name = {debt.name: debt for debt in debts}
        for name in names:
            if name in by_name:
                part = min(left, by_name[name].balance - paid[name])
                paid[name] += part
                left -= part
        return paid

    return split


def all_alike(debts: Sequence[Debt], spare: int) -> dict[str, int]:
    """Minima first, then the rest in equal shares; what a debt does not take goes to the others."""
    paid, left = _minima(debts, spare, [debt.name for debt in debts])
    open_debts = [debt for debt in debts if debt.balance > paid[debt.name]]
    while left and open_debts:
        share, odd = divmod(left, len(open_debts))
        for at, debt in enumerate(open_debts):
            part = min(share + (at < odd), debt.balance - paid[debt.name])
            paid[debt.name] += part
            left -= part
        open_debts = [debt for debt in open_debts if debt.balance > paid[debt.name]]
    return paid


def _minima(debts: Sequence[Debt], spare: int, order: Iterable[str]) -> tuple[dict[str, int], int]:
    by_name, paid = {debt.name: debt for debt in debts}, dict.fromkeys((debt.name for debt in debts), 0)
    for name in order:
        if name in by_name:
            paid[name] = min(spare, by_name[name].minimum, by_name[name].balance)
            spare -= paid[name]
    return paid, spare


def repaid(debts: Sequence[Debt], spare: int, split: Split) -> Repaid:
    """Paying `spare` every month: today and a month later each time; between, a twelfth of the year's interest is added."""
    interest = 0
    left = [debt for debt in debts if debt.balance]
    for month in range(MONTHS_MAX):
        if not left:
            return Repaid(interest, month)
        paid = split(left, spare)
        after = []
        for debt in left:
            balance = debt.balance - paid[debt.name]
            charged = half_up(Fraction(debt.annual_rate) / 12, balance)
            interest += charged
            if balance:
                after.append(debt._replace(balance=balance + charged))
        left = after
    return Repaid(interest, None)


# What is asked


class DebtAsked(Question):
    """One debt. Amounts in minor units; the rate is a year's, in percent; `minimum` is what must be paid of it a month."""

    name: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{1,200}$")]
    balance: AskedFen
    annual_rate_percent: Annotated[Number, Field(ge=0, le=1_000)]
    minimum: Fen = 0


def _each_once(debts: tuple[DebtAsked, ...]) -> tuple[DebtAsked, ...]:
    # Counted here, not by the field: it would count a wrong one as missing, too.
    if not 0 < len(debts) <= DEBTS_MAX:
        raise ValueError(f"there are {len(debts):,} debts; there may be 1 to {DEBTS_MAX}")
    if len({each.name for each in debts}) < len(debts):
        raise ValueError("each debt needs a name of its own")
    return debts


class AdviceQuestion(Question):
    """A person's debts, and what they can spare for them every month, in minor units."""

    spare: AskedFen
    debts: Annotated[tuple[DebtAsked, ...], AfterValidator(_each_once)]

    def answer(self) -> Advice:
        """How to pay it."""
        debts = [Debt(each.name, each.balance, each.annual_rate_percent / 100, each.minimum) for each in self.debts]
        return advise(debts, self.spare)
