"""The facts that money follows from, by the day they count: what is kept to derive a ledger anew when one comes late."""

from datetime import date
from typing import Literal, NamedTuple

FactKind = Literal["purchase", "refund", "payment", "payout", "posting"]
# Within a day facts count in this order, and within a kind as they were recorded.
_ORDER: dict[FactKind, int] = {"purchase": 0, "refund": 1, "payment": 2, "payout": 3, "posting": 4}


class Fact(NamedTuple):
    """Something that moved money on business date `on`.

    A `posting` says that charges were posted and capped outside a bill day, as happens when an account is to close;
    what they come to is derived. `reference` is the purchase's id for purchases and their refunds, else whatever names the fact.
    """

    on: date
    kind: FactKind
    reference: str
    amount: int


class Issued(NamedTuple):
    """A statement as it was printed: final, whatever is learnt later."""

    on: date
    due_date: date
    minimum: int
    own_minimum: int


def in_order(facts: tuple[Fact, ...]) -> list[Fact]:
    """The facts in the order in which they count."""
    return sorted(facts, key=lambda fact: (fact.on, _ORDER[fact.kind]))
