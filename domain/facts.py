"""The facts that money follows from, by the day they count: what is kept to derive a ledger anew when one comes late."""

from datetime import date
from typing import Literal, NamedTuple

FactKind = Literal["purchase", "refund", "payment", "payout", "posting", "charge_off", "write_off", "undo_write_off"]
# Within a day facts count in this order, and within a kind as they were recorded.
_ORDER: dict[FactKind, int] = {
    "charge_off": -1,  # one of the system's steps
    "purchase": 0,
    "refund": 1,
    "payment": 2,
    "payout": 3,
    "posting": 4,
    "write_off": 5,
    "undo_write_off": 6,
}


class Fact(NamedTuple):
    """Something that moved money on business date `on`.

    A `posting` says that charges were posted and capped outside a bill day, as happens when an account is to close;
    what they come to is derived. A charge-off, by days past due or by decision, stands on the day it was made on, and
    only its split is derived. `reference` is the purchase's id for purchases and their refunds, for a charge-off the due
    date that its days past due count from, else whatever names the fact.
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
