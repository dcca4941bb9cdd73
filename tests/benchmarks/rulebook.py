"""Decisions, folds and AdvanceTo a second with the whole rulebook, in memory, and what the rulebook costs.

The floor counts the same commands or events in a dict by their kind, and knows nothing else. The peer is the bare
library's aggregate with its one rule; a calendar it does not have. The base is the skeleton: the same engine under
terms without charges, and a life that buys, is billed and pays in time, so that no fact comes late.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from domain.account import fold
from domain.commands import AdvanceTo
from domain.decisions import decide
from domain.terms import PAY_LATER_FREE
from tests.benchmarks.lives import given_up, mixed, plain
from tests.benchmarks.measure import Contender, Sample, Scale, Suite, over_and_over
from tests.benchmarks.peer import PeerAccount
from tests.benchmarks.workload import HISTORY
from tests.domain.lives import Life

_MONTHS = 24
_FLOOR = "each counted in a dict by its kind"
_PEER = "bare eventsourcing aggregate"


@contextmanager
def rulebook(scale: Scale) -> Iterator[Sequence[Suite]]:
    """Three lives of two years, over and over."""
    skeleton = "the skeleton: no charges, nothing late"
    lives = {
        skeleton: plain(_MONTHS, PAY_LATER_FREE),
        "the same life with charges": plain(_MONTHS),
        "a mixed life, with late facts and a charge-off": given_up(mixed(_MONTHS)),
    }
    whole = list(lives.values())[-1]

    def ours(run: Any, amount: int) -> list[Contender]:
        return [
            Contender(name, "base" if name is skeleton else "ours", partial(run, life, amount))
            for name, life in lives.items()
        ]

    asked = [told.command.DO for told in whole.told]
    happened = [event.TYPE for event in whole.events]
    advances = [kind for kind in asked if kind == AdvanceTo.DO]
    yield [
        Suite(
            "decisions in memory",
            "commands",
            [
                Contender(_FLOOR, "floor", partial(_count, asked, scale.bulk_commands)),
                Contender(f"{_PEER}, purchases", "peer", partial(_peer_decides, scale.bulk_commands)),
                *ours(_decide, scale.bulk_commands),
            ],
        ),
        Suite(
            "folds in memory",
            "events",
            [
                Contender(_FLOOR, "floor", partial(_count, happened, scale.events)),
                Contender(f"{_PEER}, purchases", "peer", partial(_peer_folds, scale.events)),
                *ours(_fold, scale.events),
            ],
        ),
        Suite(
            "AdvanceTo in memory",
            "commands",
            [
                Contender(_FLOOR, "floor", partial(_count, advances, scale.bulk_commands)),
                *ours(partial(_decide, kind=AdvanceTo), scale.bulk_commands),
            ],
        ),
    ]


def _decide(life: Life, amount: int, kind: type | None = None) -> Sample:
    """Every command of the life, or every one of a kind, on the account as it was before."""
    asked = [(each.command, each.before) for each in life.told if kind is None or isinstance(each.command, kind)]

    def once() -> None:
        for command, before in asked:
            decide(command, before)

    return over_and_over(max(amount // len(asked), 1), len(asked), once)


def _fold(life: Life, amount: int) -> Sample:
    events = life.events
    return over_and_over(max(amount // len(events), 1), len(events), lambda: fold(None, events))


def _count(kinds: Sequence[str], amount: int) -> Sample:
    def once() -> None:
        counted: dict[str, int] = {}
        for kind in kinds:
            counted[kind] = counted.get(kind, 0) + 1

    return over_and_over(max(amount // len(kinds), 1), len(kinds), once)


def _peer_decides(amount: int) -> Sample:
    """As often as for ours with a fresh start: its account, too, stays small."""

    def once() -> None:
        account = PeerAccount("c")
        account.activate(5_000_000)
        for number in range(HISTORY - 2):
            account.purchase(f"h-{number}", 99, "shop-1")

    return over_and_over(max(amount // HISTORY, 1), HISTORY, once)


def _peer_folds(amount: int) -> Sample:
    account = PeerAccount("c")
    account.activate(5_000_000)
    for number in range(HISTORY - 2):
        account.purchase(f"h-{number}", 99, "shop-1")
    happened = account.collect_events()

    def once() -> None:
        copy: PeerAccount | None = None
        for event in happened:
            copy = event.mutate(copy)

    return over_and_over(max(amount // len(happened), 1), len(happened), once)
