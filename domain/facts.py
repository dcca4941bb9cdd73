"""The facts that money follows from, by the day they count: what is kept to derive a ledger anew when one comes late."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import date
from operator import attrgetter
from typing import Literal, NamedTuple

from domain.money import BUCKETS, Bucket, OrdinaryBucket

FactKind = Literal[
    "purchase",
    "draw",
    "refund",
    "payment",
    "conversion",
    "restructuring",
    "settlement",
    "prepayment",
    "payout",
    "posting",
    "dispute",
    "dispute_rejected",
    "waiver",
    "correction",
    "bill_day",
    "terms",
    "charge_off",
    "write_off",
    "undo_write_off",
    "death",
    "takeover",
]
# Within a turn of a day facts count in this order, and within a kind as they were recorded.
_ORDER: dict[FactKind, int] = {
    "charge_off": -1,  # one of the system's steps
    "purchase": 0,
    "draw": 0,
    "refund": 1,
    "payment": 2,
    # What is agreed for a later day moves no money today.
    "bill_day": 3,
    "terms": 3,
}


class Fact(NamedTuple):
    """Something that moved money on business date `on`.

    Purchases, refunds and payments of one day count in a fixed order, however they were recorded. Any other fact that
    moves money is decided on what is left when it is recorded, so it ends a `turn`: what is recorded after it counts
    after it. What is learnt later counts in the day's first turn, 0.

    A `posting` says that charges were posted and capped outside a bill day, as happens when an account is to close;
    what they come to is derived. A plan stands as it was made: where a late fact leaves less to convert, the rest of it
    pays like money; and it is over on the day it was settled. A charge-off, by days past due or by decision, stands on
    the day it was made on, and only its split is derived.

    `reference` is the purchase's id for purchases and their refunds, the dispute's for disputes, the plan's for
    conversions, for a charge-off the due date that its days past due count from, for a waiver the kind of debt, for an
    officer's correction the bucket, for a moved bill day the date it moves on (and `amount` is the day), for terms and
    a takeover what they say, as JSON, else whatever names the fact. `of` is the purchase that a dispute is about, the
    plan as it was made, as JSON, or the id of the plan that was settled; where a part of it was paid early, how much
    principal that was stands before the id.
    """

    on: date
    kind: FactKind
    reference: str
    amount: int
    turn: int = 0
    of: str = ""


class Issued(NamedTuple):
    """A statement as it was printed: final, whatever is learnt later."""

    on: date
    due_date: date
    minimum: int
    own_minimum: int


def in_order(facts: Iterable[Fact]) -> list[Fact]:
    """The facts in the order in which they count."""
    return sorted(facts, key=lambda fact: (fact.on, fact.turn, _ORDER.get(fact.kind, 3)))


def amendments(deltas: Mapping[OrdinaryBucket, int] | Mapping[Bucket, int]) -> list[tuple[Bucket, int]]:
    """An officer's deltas in the order in which they are applied: what falls, then what rises, credit last."""
    return sorted(deltas.items(), key=lambda each: (each[1] > 0, BUCKETS.index(each[0])))


def kept(facts: tuple[Fact, ...], fact: Fact, today: date) -> tuple[Fact, ...]:
    """`facts` with one more that was recorded `today`; they stay ordered by their days."""
    if fact.on < today:
        later = bisect_right(facts, fact.on, key=attrgetter("on"))
        return (*facts[:later], fact, *facts[later:])
    if facts and facts[-1].on == today:
        last = facts[-1]
        fact = fact._replace(turn=last.turn if last.kind in _ORDER else last.turn + 1)
    return (*facts, fact)
