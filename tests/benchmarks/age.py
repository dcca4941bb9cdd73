"""A life of 60 months beside one of 6 and one of 12: each command, and the snapshot, by how long the life is.

The base is the life of 6 months, so "x base" of 60 months is the ratio that should be 1. The horizon of a life of
6 months is not full yet, so it has less to derive when something is corrected, and has closed nothing behind it; from
12 months on all of that is as it stays. Every two months an event closes what lies behind the horizon: advances that
do have a suite of their own, or a ratio would say how many of them there happened to be.
The customer buys thirty times a month, so that what is kept of each purchase would show, and every command is decided
on the account as it stood on each of the last sixty days.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from functools import partial
from typing import Any, NamedTuple

from domain.account import Account
from domain.commands import AccountCommand, AdvanceTo, Command, Purchase, ReceivePayment
from domain.decisions import decide
from domain.events import BalancesCorrected
from domain.snapshot import dump, load
from tests.benchmarks.lives import mixed
from tests.benchmarks.measure import Contender, Sample, Scale, Suite, over_and_over
from tests.domain.lives import Life

_AGES = (6, 12, 60)  # months
_PURCHASES = 30  # a month
_LATELY = 60  # days


class Lately(NamedTuple):
    """A life, and the account that it was on each of its last days, wherever it was not overdue."""

    life: Life
    days: list[tuple[date, Account]]


Asked = Sequence[tuple[AccountCommand, Account]]


@contextmanager
def age(scale: Scale) -> Iterator[Sequence[Suite]]:
    """One suite a command, and one for what is kept of an account."""
    lives = {months: _lately(mixed(months, purchases=_PURCHASES)) for months in _AGES}
    amount = scale.bulk_commands

    def suite(name: str, ask: Callable[[Lately], Asked], amount: int) -> Suite:
        asked = {months: ask(lately) for months, lately in lives.items()}
        return Suite(
            name, "commands", _by_age({key: partial(_decide, each, amount) for key, each in asked.items() if each})
        )

    snapshots = {months: [dump(account) for _, account in lately.days] for months, lately in lives.items()}
    yield [
        suite("by age: a purchase", _purchase, amount),
        suite("by age: a payment of today", partial(_payment, days_late=0), amount),
        suite("by age: a payment of 100 days ago, and its correction", partial(_payment, days_late=100), amount // 10),
        suite("by age: AdvanceTo by a month", partial(_a_month, closes=False), amount // 5),
        suite("by age: AdvanceTo by a month, closing the base", partial(_a_month, closes=True), amount // 10),
        Suite(
            "by age: a snapshot loaded",
            "accounts",
            _by_age({months: partial(_load, each, amount // 10) for months, each in snapshots.items()}),
            {f"snapshot after {months} months": len(each[-1]) for months, each in snapshots.items()},
        ),
    ]


def _by_age(runs: Mapping[int, Callable[[], Sample]]) -> list[Contender]:
    return [
        Contender(f"a life of {months} months", "base" if months == min(runs) else "ours", run)
        for months, run in runs.items()
    ]


def _lately(life: Life) -> Lately:
    by_day = {told.after.business_date: told.after for told in life.told if told.after is not None}
    days: list[tuple[date, Account]] = []
    for back in range(_LATELY):
        day = life.account.business_date - timedelta(days=back)
        account = by_day[max(each for each in by_day if each <= day)]
        if account.standing != "overdue":
            days.append((day, account))
    return Lately(life, days)


def _decide(asked: Asked, amount: int) -> Sample:
    def once() -> None:
        for command, account in asked:
            decide(command, account)

    return over_and_over(max(amount // len(asked), 1), len(asked), once)


def _load(snapshots: Sequence[bytes], amount: int) -> Sample:
    def once() -> None:
        for each in snapshots:
            assert load(each) is not None

    return over_and_over(max(amount // len(snapshots), 1), len(snapshots), once)


def _purchase(lately: Lately) -> Asked:
    said = {"purchase_id": "new", "merchant_id": "shop-1", "amount_fen": 99}
    return [(_command(lately.life, account.business_date, Purchase, **said), account) for _, account in lately.days]


def _payment(lately: Lately, days_late: int) -> Asked:
    asked: list[tuple[AccountCommand, Account]] = []
    for _, account in lately.days:
        today = account.business_date
        said = {"payment_ref": "new", "channel": "transfer", "value_date": today - timedelta(days=days_late)}
        command = _command(lately.life, today, ReceivePayment, amount_fen=99, **said)
        corrected = any(isinstance(event, BalancesCorrected) for event in decide(command, account).events)
        assert corrected == (days_late > 0), "or another thing is measured than the name says"
        asked.append((command, account))
    return asked


def _a_month(lately: Lately, *, closes: bool) -> Asked:
    asked: list[tuple[AccountCommand, Account]] = []
    for day, account in lately.days:
        to = day + timedelta(days=30)
        command = _command(lately.life, to, AdvanceTo, date=to)
        after = decide(command, account).account
        assert after is not None
        if closes == (after.base.business_date > account.base.business_date):
            asked.append((command, account))
    return asked


def _command(life: Life, day: date, kind: type[Command], **said: Any) -> AccountCommand:
    life.day = day
    command: AccountCommand = life.command(kind, **said)
    return command
