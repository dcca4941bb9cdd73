"""What a day run recorded, summed twice: from what it was answered, and by SQL from the bytes in the store."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any, NamedTuple

import psycopg

from domain.events import Event
from domain.money import yuan
from domain.recorded import Recorded

# These say where something stands, not what moved: their sum means nothing.
_STANDING = ("limit_fen", "total_posted_fen")


class Figure(NamedTuple):
    """One amount of one type of event, in one currency."""

    type: str
    currency: str
    amount: str

    def __str__(self) -> str:
        return f"{self.amount} of {self.type} in {self.currency}"


@dataclass(slots=True)
class Totals:
    """How many accounts and events, and the sum of every amount that the events say moved, in minor units."""

    accounts: int = 0
    events: Counter[str] = field(default_factory=Counter)
    money: Counter[Figure] = field(default_factory=Counter)

    def add(self, recorded: Sequence[Recorded]) -> None:
        """Count one account's events."""
        self.accounts += 1
        for each in recorded:
            event = each.event
            self.events[each.type] += 1
            for amount in _amounts(type(event)):
                value = getattr(event, amount)
                if value:
                    self.money[Figure(each.type, event.currency, amount)] += value

    def differences(self, control: "Totals") -> Iterator[str]:
        """Where `control` says something else, in words."""
        if self.accounts != control.accounts:
            yield f"{self.accounts:,} accounts were advanced, the store has {control.accounts:,}"
        for kind in sorted(self.events | control.events):
            if self.events[kind] != control.events[kind]:
                yield f"{self.events[kind]:,} times {kind} was answered, the store has it {control.events[kind]:,} times"
        for figure in sorted(self.money | control.money):
            ours, stored = self.money[figure], control.money[figure]
            if ours != stored:
                yield f"{figure} is {yuan(ours)} by the answers, {yuan(stored)} in the store"

    def as_json(self) -> dict[str, Any]:
        """Money as `{type: {currency: {amount: sum}}}`."""
        money: dict[str, dict[str, dict[str, int]]] = {}
        for (kind, currency, amount), value in sorted(self.money.items()):
            money.setdefault(kind, {}).setdefault(currency, {})[amount] = value
        return {"accounts": self.accounts, "events": dict(sorted(self.events.items())), "money": money}


@cache
def _amounts(cls: type[Event]) -> tuple[str, ...]:
    return tuple(name for name in cls.model_fields if name.endswith("_fen") and name not in _STANDING)


def day_prefix(day: date) -> str:
    """What the ids of all commands of a day's runs begin with."""
    return f"day-run:{day}:"


def totals_in_store(connection: psycopg.Connection[Any], day: date, run: str | None = None) -> Totals:
    """What the runs of a day recorded, or one of them, by the bytes in the store."""
    of_it = {"first": day_prefix(day), "end": f"day-run:{day};", "run": run, "standing": list(_STANDING)}
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")  # one moment for all three
        accounts = connection.execute(f"SELECT count(DISTINCT originator_id) {_OF_IT}", of_it).fetchone() or (0,)
        events = connection.execute(f"SELECT topic, count(*) {_OF_IT} GROUP BY topic", of_it).fetchall()
        money = connection.execute(_MONEY, of_it).fetchall()
    return Totals(accounts[0], Counter(dict(events)), Counter({Figure(*row[:3]): int(row[3]) for row in money}))


# `;` is the character after `:`. The first condition is that of the index.
_OF_IT = """
    FROM stored_events
    WHERE starts_with(command_id, 'day-run:') AND command_id >= %(first)s AND command_id < %(end)s
      AND (%(run)s::text IS NULL OR correlation_id = %(run)s)"""
_MONEY = f"""
    SELECT topic, said->>'currency', name, sum(value::text::numeric)
    FROM (SELECT topic, convert_from(state, 'UTF8')::json AS said {_OF_IT}) AS event,
         json_each(said) AS each (name, value)
    WHERE name LIKE '%%\\_fen' AND name <> ALL(%(standing)s::text[]) AND json_typeof(value) = 'number'
    GROUP BY 1, 2, 3 HAVING sum(value::text::numeric) <> 0"""  # noqa: S608 - both parts are constants
