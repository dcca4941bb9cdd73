"""A small ledger of what was done with one account, and what it therefore owes.

It shares no arithmetic with the domain, so that the two may be compared. What happened is kept by the day it counts;
when something earlier is learnt, or a payment turns out never to have been, everything is reckoned again from the start.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta, timezone
from typing import Literal, NamedTuple

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
    ReversePayment,
    Unfreeze,
    WithdrawClosure,
)
from infra.portfolio.reckoning import Agreement, Printed, Reckoning

# China and Taiwan kept one clock without summer time in the years of our portfolios.
LOCAL = timezone(timedelta(hours=8))
Kind = Literal["purchase", "refund", "payment", "payout", "posting"]
# Within a day things count in this order, and within a kind as they were learnt.
_ORDER: dict[Kind, int] = {"purchase": 0, "refund": 1, "payment": 2, "payout": 3, "posting": 4}


class Fact(NamedTuple):
    """Something that moved money: the day it counts, and what it is of (a purchase, or a reference of its own)."""

    on: date
    kind: Kind
    of: str
    amount: int


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
    agreement: Agreement
    money: Reckoning = field(init=False)
    begins: date = date.max  # when it was activated; nothing counts before
    limit: int = 0
    access: str = "pending"
    frozen_for: set[str] = field(default_factory=set)
    said: dict[date, Printed] = field(default_factory=dict)  # on each bill day, by what was known then
    facts: list[Fact] = field(default_factory=list)
    purchases: dict[str, Bought] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)  # references of refunds, payments, payouts and returned payments
    told: set[str] = field(default_factory=set)  # kinds of what happened, refused purchases included

    def __post_init__(self) -> None:
        self.money = self.reckoned_from_the_start()

    def reckoned_from_the_start(self) -> Reckoning:
        """The money as the account was activated, with what bill days have said since."""
        return Reckoning(self.agreement, self.bill_day, self.begins, self.said)

    @property
    def balance(self) -> int:
        """Owed less credit."""
        return self.money.balance

    @property
    def available(self) -> int:
        return self.limit - self.balance

    @property
    def credit(self) -> int:
        return self.money.credit

    @property
    def billed_left(self) -> int:
        """What of all statements is unpaid."""
        return self.money.billed

    @property
    def minimum_left(self) -> int:
        """What of all minima is unpaid."""
        return self.money.minimum

    @property
    def over(self) -> bool:
        """Closed, and nobody owes anybody anything."""
        return self.access == "closed" and self.money.is_clear

    # Time

    def reach(self, day: date) -> None:
        """Let time pass up to the start of `day`: bill days on the way say what is owed, due tests what was missed."""
        self.money.reach(day)
        self._see_to_closing("")
        figures = {"interest": self.money.interest, "late fee": self.money.late_fees, "waiver": self.money.waived}
        self.told.update(name for name, amount in figures.items() if amount)

    def _see_to_closing(self, by: str) -> None:
        """Who wants to leave is charged their last interest as soon as no principal is left, and leaves owing nothing."""
        if self.access != "closing":
            return
        if by and not self.money.principal and (self.money.accrued > 0 or self.money.over_the_cap):
            self.facts.append(Fact(self.money.day, "posting", by, 0))
            self.money.post()
        if self.money.is_clear:
            self.access = "closed"

    # What happens

    def learn(self, command: AccountCommand, *, refused: bool) -> None:
        """What became of a command; a reference that was seen before counts once."""
        today = command.at.astimezone(LOCAL).date()
        self.reach(today)
        if refused:
            # Other commands may be refused only because they are said again later, which is no part of the story.
            if isinstance(command, Purchase):
                self.told.add("purchase refused")
            return
        self.told.add(command.DO)
        match command:
            case Purchase() | RefundPurchase() | ReceivePayment() | RefundCredit():
                self._move(command)
            case ReversePayment():
                if self._first_time(f"returned {command.channel}/{command.payment_ref}"):
                    self.never_counted(f"{command.channel}/{command.payment_ref}")
            case _:
                self._decide(command, today)
        self._see_to_closing(command.DO)

    def _decide(self, command: AccountCommand, today: date) -> None:
        match command:
            case Activate() | ChangeLimit():
                if self.access == "pending":
                    self.access, self.begins = "open", today
                    self.money = self.reckoned_from_the_start()
                self.limit = command.limit_fen
            case Freeze():
                self.frozen_for.add(command.reason)
            case Unfreeze():
                self.frozen_for.discard(command.reason)
            case RequestClosure():
                self.access = "closing"
            case WithdrawClosure():
                self.access = "open"
            case ForceClose() | Decline():
                self.access = "closed"
            case _:
                pass

    def _move(self, command: Purchase | RefundPurchase | ReceivePayment | RefundCredit) -> None:
        today = self.money.day
        match command:
            case Purchase():
                if self._first_time(command.purchase_id):
                    self.purchases[command.purchase_id] = Bought(today, command.amount_fen)
                    self.add(Fact(today, "purchase", command.purchase_id, command.amount_fen))
            case RefundCredit():
                if self._first_time(command.refund_id):
                    self.add(Fact(today, "payout", command.refund_id, command.amount_fen))
            case ReceivePayment():
                if self._first_time(payment := f"{command.channel}/{command.payment_ref}"):
                    self.add(Fact(command.value_date or today, "payment", payment, command.amount_fen))
            case RefundPurchase():
                if self._first_time(command.refund_id):
                    self.purchases[command.purchase_id].refunded += command.amount_fen
                    self.add(Fact(today, "refund", command.purchase_id, command.amount_fen))

    def _first_time(self, reference: str) -> bool:
        if reference in self.done:
            return False
        self.done.add(reference)
        return True

    def add(self, fact: Fact) -> None:
        """Something that counts today, or on an earlier day."""
        self.facts.append(fact)
        if fact.on == self.money.day:
            _apply(fact, self.money)
        else:
            self.told.add("learnt late")
            self._reckon_again()

    def never_counted(self, payment: str) -> None:
        """A payment was returned: it is as if it had never been made."""
        self.facts = [fact for fact in self.facts if (fact.kind, fact.of) != ("payment", payment)]
        self._reckon_again()

    def _reckon_again(self) -> None:
        """What would have been, had everything been known in time; what was printed stands."""
        today, self.money = self.money.day, self.reckoned_from_the_start()
        for fact in sorted(self.facts, key=lambda fact: (fact.on, _ORDER[fact.kind])):
            self.money.reach(fact.on)
            _apply(fact, self.money)
        self.money.reach(today)


def _apply(fact: Fact, money: Reckoning) -> None:
    match fact.kind:
        case "purchase":
            money.buy(fact.of, fact.amount)
        case "refund":
            money.give_back(fact.of, fact.amount)
        case "payment":
            money.pay(fact.amount)
        case "payout":
            money.pay_out(fact.of, fact.amount)
        case "posting":
            money.post()
