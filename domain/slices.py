"""The pieces of a ledger: what is unpaid of each purchase, what each statement still demands, what disputes set aside."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from domain.calendar import days_between
from domain.events import RatedDays
from domain.money import Bucket


class Slice(NamedTuple):
    """What is unpaid of one purchase; `due_date` is its statement's, None until it is billed.

    `fen_days` are its own closing balances from its posting up to, but not including, `counted_to`; those of days with
    another rate are `earlier_days`. An `instalment` is what became payable of a plan: it is demanded in full, and bears
    interest from its due date alone.
    """

    unpaid: int
    due_date: date | None
    fen_days: int
    counted_to: date
    earlier_days: tuple[RatedDays, ...] = ()
    instalment: bool = False

    @property
    def bucket(self) -> Bucket:
        """Where its principal stands."""
        return "principal_unbilled" if self.due_date is None else "principal_billed"

    def fen_days_by(self, day: date) -> int:
        """Its closing balances from its posting to the day before `day`, summed."""
        return self.fen_days + self.unpaid * max(0, days_between(self.counted_to, day))


class SetAside(NamedTuple):
    """What a dispute keeps out of what is billed and demanded: the unpaid part of a purchase, or of some of it."""

    purchase_id: str
    amount: int


class Layer(NamedTuple):
    """What is left of one statement's own minimum; `principal` is how much of it was principal when issued."""

    statement_no: int
    due_date: date
    amount: int
    principal: int


def oldest_due_first(slices: dict[str, Slice]) -> dict[str, Slice]:
    """The order in which they are paid, where something is due that was not billed by a statement; it is stable."""
    return dict(sorted(slices.items(), key=lambda named: named[1].due_date or date.max))


def at_rate(rate: Decimal, fen_days: int, known: tuple[RatedDays, ...]) -> tuple[RatedDays, ...]:
    """`known`, and fen-days at one more rate."""
    return together(known, (RatedDays(daily_rate=rate, fen_days=fen_days),)) if fen_days else known


def together(known: tuple[RatedDays, ...], more: tuple[RatedDays, ...]) -> tuple[RatedDays, ...]:
    """Fen-days added up by rate."""
    by_rate: dict[Decimal, int] = {}
    for each in (*known, *more):
        by_rate[each.daily_rate] = by_rate.get(each.daily_rate, 0) + each.fen_days
    return tuple(RatedDays(daily_rate=rate, fen_days=fen_days) for rate, fen_days in by_rate.items())
