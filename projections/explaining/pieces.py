"""The pieces of a book: purchases, holds, demands and the rest, each with the events that made it what it is."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from domain.money import Bucket
from domain.terms import Terms
from projections.explaining.steps import Told


class AtRate(NamedTuple):
    """Fen-days at a daily rate that was in force before, and the event they are known from."""

    daily_rate: Decimal
    fen_days: int
    told: Told


@dataclass(slots=True)
class Purchase:
    """What is unpaid of a purchase, and how its balance moved; `due` is its statement's, None until it is billed.

    An `instalment` of a plan that became payable is one, too: it is demanded in full, and bears from its due date alone.
    """

    told: Told
    unpaid: int = 0
    due: date | None = None
    bears: bool = False
    instalment: bool = False
    # Its own fen-days before its first move, where a correction says them.
    carried: int = 0
    # Its own fen-days at rates that were in force before.
    earlier: list[AtRate] = field(default_factory=list)
    moves: list[tuple[date, int, Told]] = field(default_factory=list)

    @property
    def bucket(self) -> Bucket:
        """Where its principal stands."""
        return "principal_unbilled" if self.due is None else "principal_billed"

    def move(self, on: date, delta: int, told: Told) -> None:
        """More or less of it is unpaid from `on`."""
        self.unpaid += delta
        self.moves.append((on, delta, told))

    def rest(self, since: date, until: date, told: Told) -> None:
        """No day from `since` to the one before `until` counts; what is unpaid counts again from `until`."""
        kept = [move for move in self.moves if move[0] < since]
        before = sum(delta for _, delta, _ in kept)
        self.moves = [*kept, (since, -before, told), (until, self.unpaid, told)]


@dataclass(slots=True)
class Hold:
    """Limit reserved for a purchase, and what was captured or given back of it."""

    told: Told
    amount: int
    expires_on: date
    taken: list[tuple[int, Told]] = field(default_factory=list)

    @property
    def left(self) -> int:
        """What is still reserved."""
        return self.amount - sum(amount for amount, _ in self.taken)


class Died(NamedTuple):
    """The day the customer died on, by the event that says so: no day from it on bears interest."""

    on: date
    told: Told


class ComingTerms(NamedTuple):
    """Terms that hold from a date on, by the event that says so."""

    from_date: date
    terms: Terms
    told: Told


class Lowered(NamedTuple):
    """By how much a demand fell; `met` where the rest was forgiven as too little to matter."""

    amount: int
    told: Told
    met: bool = False


@dataclass(slots=True)
class Demand:
    """One statement's own minimum: what it was when it was issued or corrected, and what lowered it since."""

    statement_no: int
    due: date
    demanded: int
    principal: int
    told: Told
    lowered: list[Lowered] = field(default_factory=list)

    @property
    def left(self) -> int:
        """What is still to pay of it."""
        return self.demanded - sum(each.amount for each in self.lowered)


class Lost(NamedTuple):
    """Debt that was charged off: since when it is due, by which event, and what was demanded before."""

    due: date
    told: Told
    before: tuple[Demand, ...] = ()
