"""What a benchmark is: contenders that take turns round by round, and the figures that come of it.

The machine is noisy and its noise drifts, so contenders are interleaved (A B C, A B C, A B C) and a ratio is taken
within each round before its median is: what slows a whole round down slows both of its sides.
"""

import gc
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from math import ceil
from statistics import median
from time import perf_counter
from typing import Literal

Role = Literal["floor", "peer", "base", "ours", "part"]


@dataclass(frozen=True)
class Sample:
    """One go: how many were done, in how many seconds; `waits` are the seconds of single ones, where that is asked."""

    amount: int
    seconds: float
    waits: tuple[float, ...] = ()

    @property
    def rate(self) -> float:
        return self.amount / self.seconds


@dataclass(frozen=True)
class Contender:
    """Something that is measured. A `part` is a piece of ours by itself, a `base` is ours where less is asked of it (a
    shorter life, fewer accounts, fewer rules); `run` prepares and tidies outside its clock.
    """

    name: str
    role: Role
    run: Callable[[], Sample]


@dataclass(frozen=True)
class Suite:
    """One subject. Its ratios are to its first floor, peer and base, as far as it has them; `sizes` are in bytes."""

    name: str
    unit: str
    contenders: Sequence[Contender]
    sizes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Scale:
    """How much work a round is."""

    accounts: int = 500
    clients: int = 16
    commands: int = 4_000
    peer_commands: int = 1_000
    bulk_commands: int = 10_000
    events: int = 30_000
    peer_events: int = 2_000
    singles: int = 100
    idle: int = 1_000_000


QUICK = Scale(
    accounts=50, commands=400, peer_commands=200, bulk_commands=1_000, events=4_000, peer_events=300, singles=20,
    idle=100_000,
)  # fmt: skip
# A subject opens what it needs, is measured, and tidies up.
Subject = Callable[[Scale], AbstractContextManager[Sequence[Suite]]]


@dataclass
class Measured:
    """A contender's rounds."""

    name: str
    role: Role
    samples: list[Sample] = field(default_factory=list)
    to_floor: float | None = None
    to_peer: float | None = None
    to_base: float | None = None

    @property
    def rates(self) -> list[float]:
        return [sample.rate for sample in self.samples]

    @property
    def waits(self) -> list[float]:
        return [wait for sample in self.samples for wait in sample.waits]


@dataclass
class Result:
    """A suite as it was measured."""

    name: str
    unit: str
    measured: list[Measured]
    sizes: Mapping[str, int] = field(default_factory=dict)


def timed(action: Callable[[], int]) -> Sample:
    """How long `action` takes for the number of things it says it has done."""
    begun = perf_counter()
    amount = action()
    return Sample(amount, perf_counter() - begun)


def over_and_over(times: int, amount: int, once: Callable[[], object]) -> Sample:
    """`once` does so many things; how long it takes to do it so many times."""

    def run() -> int:
        for _ in range(times):
            once()
        return times * amount

    return timed(run)


def measure(suite: Suite, rounds: int, told: Callable[[str], None] = lambda _: None) -> Result:
    """Let the contenders take turns for so many rounds."""
    measured = [Measured(contender.name, contender.role) for contender in suite.contenders]
    for number in range(1, rounds + 1):
        for contender, kept in zip(suite.contenders, measured, strict=True):
            sample = _undisturbed(contender)
            kept.samples.append(sample)
            told(f"{suite.name}, round {number}: {contender.name}: {sample.rate:,.0f} {suite.unit}/s")
    floor, peer, base = _first(measured, "floor"), _first(measured, "peer"), _first(measured, "base")
    for each in measured:
        each.to_floor = _ratio(each, floor)
        each.to_peer = _ratio(each, peer)
        each.to_base = _ratio(each, base)
    return Result(suite.name, suite.unit, measured, suite.sizes)


def _undisturbed(contender: Contender) -> Sample:
    """One go, in which nobody pays for what others have left behind, or for the lists of work that are kept here."""
    gc.collect()
    gc.freeze()
    try:
        return contender.run()
    finally:
        gc.unfreeze()


def percentile(values: Sequence[float], part: float) -> float:
    """The smallest value that at least `part` of all are not above (nearest rank)."""
    return sorted(values)[max(ceil(part * len(values)), 1) - 1]


def _first(measured: Sequence[Measured], role: Role) -> Measured | None:
    return next((each for each in measured if each.role == role), None)


def _ratio(one: Measured, other: Measured | None) -> float | None:
    if other is None or other is one:
        return None
    return median(mine / its for mine, its in zip(one.rates, other.rates, strict=True))
