"""How much may be asked in how long: so many requests at once, and as many again as time passes.

Counted in this process alone: several processes allow several times as much. Kept for each one who asks is one instant,
and only of those who asked last (the generic cell rate algorithm, as in ITU-T I.371). The well-known library for this,
`limits`, was measured instead at first: 10 to 17 us a request and a thread every 10 ms that goes through all who ever
asked, up to 16 ms with 50,000 addresses, and no bound to how many it keeps.
"""

from collections.abc import Callable, Hashable
from math import ceil, floor
from time import monotonic
from typing import NamedTuple

from infra.live import Recent

_ROOM = 100_000  # of those who asked last
_SECONDS = {"second": 1, "minute": 60, "hour": 3_600}


class Rate(NamedTuple):
    """So many requests in so many seconds, by the name under which it is told."""

    name: str
    amount: int
    seconds: int


STANDARD = "service=60000/minute,person=600/minute,stranger=60/minute"


def rates_of(setting: str) -> dict[str, Rate]:
    """By their names, from the setting; none where it is `0`."""
    if setting == "0":
        return {}
    parts = (each.split("=") for each in f"{STANDARD},{setting}".strip(",").split(","))
    return {name: _rate(name, *text.split("/")) for name, text in parts}


def _rate(name: str, amount: str, unit: str) -> Rate:
    return Rate(name, int(amount), _SECONDS[unit])


class Left(NamedTuple):
    """What is left of a rate: `wait` seconds until the next request is taken, 0 where this one was."""

    rate: Rate
    remaining: int
    full_in: int
    wait: int

    @property
    def headers(self) -> dict[str, str]:
        """As `draft-ietf-httpapi-ratelimit-headers` has them (from -08 on)."""
        name, amount, seconds = self.rate
        return {
            "RateLimit-Policy": f'"{name}";q={amount};w={seconds}',
            "RateLimit": f'"{name}";r={self.remaining};t={self.full_in}',
        }


class RateLimited(Exception):  # noqa: N818 - it is an answer, not an error
    """More was asked than may be, by somebody known or from an address of somebody unknown."""

    def __init__(self, left: Left) -> None:
        super().__init__(f"At most {left.rate.amount} requests in {left.rate.seconds} s are taken")
        self.left = left


class Counter:
    """Counts the requests of this process."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._full_at: Recent[Hashable, float] = Recent(_ROOM)

    def take(self, who: Hashable, rate: Rate) -> Left:
        """Count one request. Raises RateLimited, and then it does not count."""
        now, each = self._clock(), rate.seconds / rate.amount
        full_at = max(now, self._full_at.get((rate.name, who)) or now)
        over = full_at + each - now - rate.seconds
        if over > 1e-9:  # what sums of fractions may be off by
            raise RateLimited(Left(rate, 0, ceil(full_at - now), max(1, ceil(over))))
        full_at += each
        self._full_at.keep({(rate.name, who): full_at})
        return Left(rate, floor(-over / each + 1e-6), ceil(full_at - now), 0)
