"""Lives in which payments are learnt late or returned, to hold against the same lives known in time."""

from collections.abc import Iterable
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from domain.commands import ForceClose, Purchase, ReceivePayment, ReversePayment
from tests.projections.stories import Story, day

BEGIN = date(2026, 1, 6)


class Fact(NamedTuple):
    """Something that counts on a day and is learnt on that day or later; a payment may be returned later still."""

    on: date
    learnt: date
    what: str
    name: str
    fen: int = 0


def learns(story: Story, on: str | date, fen: int, value_date: str | date, ref: str | None = None) -> Story:
    """A payment is learnt of `on` a day after the one on which it counts."""
    ref = ref or f"late-{story.commands}"
    fields = {"payment_ref": ref, "channel": "transfer", "amount_fen": fen, "value_date": day(value_date)}
    return story.say(on, ReceivePayment, **fields)


def returned(story: Story, on: str | date) -> Story:
    """The last payment comes back."""
    paid = [each.event for each in story.recorded if each.type == "payment.received"]
    return story.say(on, ReversePayment, payment_ref=paid[-1].payment_ref, reason="returned")


def facts_of(chance: Random, days: int = 200) -> list[Fact]:
    """Purchases, payments of which some are learnt late, now and then a forced closure; all within `days`."""

    def some_day() -> date:
        return BEGIN + timedelta(days=chance.randrange(days))

    closed = [some_day()] if chance.random() < 0.4 else []
    facts = [Fact(on, on, "closure", "abuse") for on in closed]
    for number in range(chance.randint(1, 5)):
        on = min([some_day(), *closed])
        facts.append(Fact(on, on, "purchase", f"p{number}", chance.choice((1_620, 30_000, 123_457))))
    for number in range(chance.randint(1, 6)):
        on = some_day()
        late = chance.choice((0, 0, 1, 5, 20, 40, 90))
        fen = chance.choice((1_000, 12_346, 30_000, 123_457, 200_000))
        facts.append(Fact(on, on + timedelta(days=late), "payment", f"r{number}", fen))
    return facts


def returns_of(chance: Random, facts: Iterable[Fact]) -> list[Fact]:
    """Some of the payments among `facts` come back, some time after they were learnt."""
    return [
        Fact(fact.on, fact.learnt + timedelta(days=chance.choice((1, 10, 45))), "return", fact.name)
        for fact in facts
        if fact.what == "payment" and chance.random() < 0.3
    ]


def lived(facts: Iterable[Fact], until: date, customer: str = "c-1") -> Story:
    """The life that these facts make when each is told on the day it is learnt."""
    story = Story(customer)
    order = {"purchase": 0, "payment": 1, "return": 2, "closure": 3}
    for fact in sorted(facts, key=lambda each: (each.learnt, order[each.what], each.on, each.name)):
        match fact.what:
            case "purchase":
                said = {"purchase_id": fact.name, "amount_fen": fact.fen, "merchant_id": "m-1", "forced": True}
                story.say(fact.learnt, Purchase, **said)
            case "payment":
                learns(story, fact.learnt, fact.fen, fact.on, fact.name)
            case "return":
                story.say(fact.learnt, ReversePayment, payment_ref=fact.name, reason="returned")
            case _:
                story.say(fact.learnt, ForceClose, reason=fact.name)
    return story.advances(until)
