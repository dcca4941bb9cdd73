"""A balance day by day, kept as its changes: what it came to each day, and the fen-days it adds up to."""

from datetime import date
from typing import NamedTuple

from domain.calendar import days_between
from projections.explaining.steps import Told


class Stretch(NamedTuple):
    """Days in a row with one closing balance: from `begins` up to, but not including, `ends`."""

    begins: date
    ends: date
    balance: int
    causes: tuple[Told, ...]

    @property
    def days(self) -> int:
        return days_between(self.begins, self.ends)

    @property
    def fen_days(self) -> int:
        return self.balance * self.days


class Carried(NamedTuple):
    """Fen-days that are taken over as one figure, from the event that says them."""

    fen_days: int
    told: Told


class Curve:
    """A balance by its changes; a change may also be learnt for a day gone by, and then counts from that day."""

    def __init__(self, until: date | None = None) -> None:
        # From this day on no day counts.
        self.until = until
        self.carried: list[Carried] = []
        self._changes: list[tuple[date, int, Told]] = []

    def change(self, on: date, delta: int, told: Told) -> None:
        """The balance is higher by `delta` from `on`."""
        if delta:
            self._changes.append((on, delta, told))

    def carry(self, fen_days: int, told: Told) -> None:
        """Take over fen-days whose days are not known."""
        if fen_days:
            self.carried.append(Carried(fen_days, told))

    def close(self, on: date, told: Told) -> None:
        """The days before `on` become one figure; a change of one of them that is learnt later is added to it."""
        self.restart(on, self.fen_days(on), self.balance, told)

    def restart(self, on: date, fen_days: int, balance: int, told: Told) -> None:
        """Begin anew with what `told` says of the days before `on`, and with `balance` from then."""
        self.carried, self._changes = [], []
        self.carry(fen_days, told)
        self.change(on, balance, told)

    @property
    def balance(self) -> int:
        """The balance after all changes."""
        return sum(delta for _, delta, _ in self._changes)

    def stretches(self, to: date) -> list[Stretch]:
        """The days before `to` that count and on which there was a balance."""
        to = to if self.until is None else min(to, self.until)
        by_day: dict[date, list[tuple[int, Told]]] = {}
        for on, delta, told in sorted(self._changes, key=lambda each: each[0]):
            if on < to:
                by_day.setdefault(on, []).append((delta, told))
        days = [*by_day, to]
        found: list[Stretch] = []
        balance = 0
        for (on, changes), ends in zip(by_day.items(), days[1:], strict=True):
            balance += sum(delta for delta, _ in changes)
            why = tuple(told for _, told in changes)
            if found and found[-1].balance == balance:
                found[-1] = found[-1]._replace(ends=ends, causes=(*found[-1].causes, *why))
            else:
                found.append(Stretch(on, ends, balance, why))
        return [each for each in found if each.balance]

    def fen_days(self, to: date) -> int:
        """The balances of all days before `to` that count, summed."""
        return sum(each.fen_days for each in self.carried) + sum(each.fen_days for each in self.stretches(to))
