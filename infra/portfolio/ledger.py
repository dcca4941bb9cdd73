"""A small ledger of what was done with one account: purchases less refunds less payments, and nothing else.

It shares no arithmetic with the domain, so that the two may be compared. It knows no charges: it fits terms without.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta, timezone
from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple

from domain.commands import (
    AccountCommand,
    Activate,
    ChangeLimit,
    Decline,
    ForceClose,
    Freeze,
    Purchase,
    ReceivePayment,
    RefundCredit,
    RefundPurchase,
    RequestClosure,
    Unfreeze,
    WithdrawClosure,
)

# China and Taiwan kept one clock without summer time in the years of our portfolios.
LOCAL = timezone(timedelta(hours=8))


class Demand(NamedTuple):
    """How the terms reckon a minimum: a share of the balance, rounded up, and at least a floor in minor units."""

    ratio: Decimal
    floor: int


@dataclass(slots=True)
class Bought:
    """A purchase that was accepted: when, how much, and how much of it came back, in minor units."""

    on: date
    amount: int
    refunded: int = 0

    @property
    def left(self) -> int:
        return self.amount - self.refunded


@dataclass(slots=True)
class Book:
    """What one account owes. Amounts in minor units; dates where the account lives."""

    opened_on: date
    bill_day: int
    demand: Demand
    balance: int = 0  # owed minus credit
    limit: int = 0
    access: str = "pending"
    frozen_for: set[str] = field(default_factory=set)
    statements: dict[date, int] = field(default_factory=dict)  # balance at the start of each bill day
    purchases: dict[str, Bought] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)  # references of refunds, payments and payouts
    told: set[str] = field(default_factory=set)  # kinds of what happened, refused purchases included
    billed_left: int = 0  # what of the latest statement is unpaid
    minimum_left: int = 0  # what of all minima so far is unpaid
    next_bill_day: date = date.max

    def __post_init__(self) -> None:
        self.next_bill_day = next(bill_days(self.opened_on, self.bill_day))

    @property
    def available(self) -> int:
        return self.limit - self.balance

    @property
    def credit(self) -> int:
        return max(0, -self.balance)

    @property
    def over(self) -> bool:
        """Closed, and nobody owes anybody anything."""
        return self.access == "closed" and not self.balance

    def reach(self, day: date) -> None:
        """Let time pass up to the start of `day`: bill days on the way keep their balance."""
        while self.next_bill_day <= day:
            self._bill(self.next_bill_day)
            self.next_bill_day = next(bill_days(self.next_bill_day, self.bill_day))

    def _bill(self, day: date) -> None:
        if self.access == "pending" or "declined" in self.told:
            return
        self.statements[day] = self.balance
        self.billed_left = max(0, self.balance)
        new = max(0, self.billed_left - self.minimum_left)
        share = int((self.demand.ratio * new).to_integral_value(ROUND_CEILING))
        self.minimum_left = min(self.billed_left, max(self.demand.floor, self.minimum_left + share))

    def learn(self, command: AccountCommand, *, refused: bool) -> None:  # noqa: C901 - one case a command, a table
        """What became of a command; a reference that was seen before counts once."""
        self.reach(command.at.astimezone(LOCAL).date())
        if refused:
            # Other commands may be refused only because they are said again later, which is no part of the story.
            if isinstance(command, Purchase):
                self.told.add("purchase refused")
            return
        self.told.add(command.DO)
        match command:
            case Purchase() | RefundPurchase() | ReceivePayment() | RefundCredit():
                self._move(command)
                if self.access == "closing" and not self.balance:
                    self.access = "closed"
            case Activate() | ChangeLimit():
                self.limit, self.access = command.limit_fen, "open" if self.access == "pending" else self.access
            case Freeze():
                self.frozen_for.add(command.reason)
            case Unfreeze():
                self.frozen_for.discard(command.reason)
            case RequestClosure():
                self.access = "closing" if self.balance else "closed"
            case WithdrawClosure():
                self.access = "open"
            case ForceClose():
                self.access = "closed"
            case Decline():
                self.access = "closed"
                self.told.add("declined")
            case _:
                pass

    def _move(self, command: Purchase | RefundPurchase | ReceivePayment | RefundCredit) -> None:
        match command:
            case Purchase():
                if command.purchase_id not in self.purchases:
                    on = command.at.astimezone(LOCAL).date()
                    self.purchases[command.purchase_id] = Bought(on, command.amount_fen)
                    self.balance += command.amount_fen
            case RefundCredit():
                if self._first_time(command.refund_id):
                    self.balance += command.amount_fen
            case ReceivePayment():
                if self._first_time(f"{command.channel}/{command.payment_ref}"):
                    self._fall(command.amount_fen, billed=True)
            case RefundPurchase():
                if self._first_time(command.refund_id):
                    bought = self.purchases[command.purchase_id]
                    bought.refunded += command.amount_fen
                    last = max(self.statements, default=date.min)
                    self._fall(command.amount_fen, billed=bought.on < last)

    def _first_time(self, reference: str) -> bool:
        if reference in self.done:
            return False
        self.done.add(reference)
        return True

    def _fall(self, amount: int, *, billed: bool) -> None:
        self.balance -= amount
        if billed:
            self.billed_left = max(0, self.billed_left - amount)
            self.minimum_left = max(0, self.minimum_left - amount)


def bill_days(after: date, bill_day: int) -> Iterator[date]:
    """The bill days strictly after a date, in order; `bill_day` is 1 to 28."""
    months = after.year * 12 + after.month - 1
    if after.day >= bill_day:
        months += 1
    while True:
        yield date(months // 12, months % 12 + 1, bill_day)
        months += 1
