"""A small ledger of what was done with one account, what it therefore owes, and what it may borrow.

It shares no arithmetic with the domain, so that the two may be compared. What happened is kept by the day it counts;
when something earlier is learnt, or a payment turns out never to have been, everything is reckoned again from the start.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta, timezone
from typing import Literal, NamedTuple

from domain.commands import (
    AccountCommand,
    Activate,
    Capture,
    ConvertToPlan,
    Draw,
    OpenDispute,
    PrepayPlan,
    Purchase,
    ReceivePayment,
    RecordDeath,
    RefundCredit,
    RefundPurchase,
    ResolveDispute,
    Restructure,
    ReversePayment,
    SettleEarly,
    Unfreeze,
    WaiveDebt,
    WriteOff,
)
from infra.portfolio.line import Line
from infra.portfolio.loan_reckoning import LoanReckoning
from infra.portfolio.loans import lent
from infra.portfolio.plans import Plan, agreed, planned
from infra.portfolio.reckoning import CHARGES_FIRST, Agreement, Printed, Reckoning

# China and Taiwan kept one clock without summer time in the years of our portfolios.
LOCAL = timezone(timedelta(hours=8))
Kind = Literal[
    "purchase", "draw", "refund", "payment", "conversion", "settlement", "prepayment", "restructuring", "payout",
    "posting", "dispute", "rejection", "waiver", "write_off",
]  # fmt: skip
# Within a turn of a day these count in this order, and within a kind as they were learnt. Everything else ends a turn.
_ORDER: dict[Kind, int] = {"purchase": 0, "draw": 0, "refund": 1, "payment": 2}
# Those that a returned payment was.
_PAYMENTS: tuple[Kind, ...] = ("payment", "settlement", "prepayment")


class Fact(NamedTuple):
    """Something that moved money: the day it counts, and what it is of.

    That is a purchase, or the kind of debt that is given up, or the due date that a write-off counts from, or a
    reference of its own; `about` is the dispute that a purchase has, or the plan that a payment settles, or of which it
    pays so much `principal` early. What comes after something that ends a turn is of the next `turn` of that day.
    """

    on: date
    kind: Kind
    of: str
    amount: int
    about: str = ""
    turn: int = 0
    principal: int = 0

    @property
    def place(self) -> tuple[date, int, int]:
        """Where it counts among all."""
        return self.on, self.turn, _ORDER.get(self.kind, len(_ORDER))


@dataclass(slots=True)
class Bought:
    """A purchase that was accepted: when, how much, and how much of it came back or never counted, in minor units.

    It was authorised on the day it was bought, or before that on the day on which limit was held for it.
    """

    on: date
    amount: int
    authorised: date
    refunded: int = 0

    @property
    def left(self) -> int:
        return self.amount - self.refunded


@dataclass(slots=True)
class Disputed:
    """A dispute: of which purchase, and how much of it neither a refund nor a decision has ended."""

    of: str
    open: int


@dataclass(slots=True)
class Book:
    """What one account owes. Amounts in minor units; dates where the account lives."""

    opened_on: date
    bill_day: int
    agreement: Agreement
    money: Reckoning = field(init=False)
    line: Line = field(init=False)
    begins: date = date.max  # when it was activated; nothing counts before
    died_on: date | None = None
    said: dict[date, Printed] = field(default_factory=dict)  # on each bill day, by what was known then
    losses: dict[date, date] = field(default_factory=dict)  # made by days past due: the due date those count from
    facts: list[Fact] = field(default_factory=list)
    purchases: dict[str, Bought] = field(default_factory=dict)
    disputes: dict[str, Disputed] = field(default_factory=dict)
    plans: dict[str, Plan] = field(default_factory=dict)  # as they were made
    dropped: dict[str, int] = field(default_factory=dict)  # how much of which purchases came after the death
    done: set[str] = field(default_factory=set)  # references of refunds, payments, payouts and returned payments
    told: set[str] = field(default_factory=set)  # kinds of what happened, refused purchases included

    def __post_init__(self) -> None:
        self.money = self.reckoned_from_the_start()
        self.line = Line(self.agreement.hold_days)

    def reckoned_from_the_start(self, again_until: date = date.min) -> Reckoning:
        """The money as the account was activated; what was printed, and booked as a loss, stands."""
        kind = Reckoning if self.agreement.product == "pay_later" else LoanReckoning
        return kind(
            self.agreement, self.bill_day, self.begins, self.said, self.losses, again_until, died_on=self.died_on
        )

    @property
    def balance(self) -> int:
        """Owed less credit."""
        return self.money.balance

    @property
    def owes(self) -> bool:
        """Whether anything is owed, or will be by what has happened so far."""
        return not self.is_clear

    @property
    def available(self) -> int:
        """What may still be bought or held; below zero over the limit. Who leaves or has left has none."""
        limit = self.line.limit if self.line.access == "open" else 0
        return limit - self.balance - self.line.held

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
    def fees(self) -> int:
        """Late fees that are unpaid, billed or not."""
        return self.money.billed_charges["fees"] + self.money.new_charges["fees"]

    @property
    def lost(self) -> bool:
        """Whether what is owed is booked as a loss."""
        return self.money.lost_since is not None

    @property
    def is_clear(self) -> bool:
        """Nobody owes anybody anything, and nothing is disputed."""
        return self.money.is_clear and not any(each.open for each in self.disputes.values())

    @property
    def over(self) -> bool:
        """Closed for good."""
        return self.line.over and self.is_clear

    def disputable(self, purchase_id: str) -> int:
        """What of a purchase may be disputed: neither given back, nor disputed already."""
        open_ones = sum(each.open for each in self.disputes.values() if each.of == purchase_id)
        return self.purchases[purchase_id].left - open_ones

    # Time

    def reach(self, day: date) -> None:
        """Let time pass up to the start of `day`: bill days on the way say what is owed, due tests what was missed."""
        self.money.reach(day)
        if self.line.reach(day):
            self.told.add("hold expired")
        self._see_to_closing("")
        figures = {"interest": self.money.interest, "late fee": self.money.late_fees, "waiver": self.money.waived}
        figures["loss"] = self.lost
        self.told.update(name for name, amount in figures.items() if amount)

    def _see_to_closing(self, by: str) -> None:
        """Who wants to leave is charged their last interest as soon as no principal is left, and leaves owing nothing.

        A loss that is repaid closes the account, whoever wants it.
        """
        if self.lost:
            if not self.money.owed and self.line.access != "closed":
                self.line.close()
        elif self.line.access == "closing":
            if by and not self.money.principal and (self.money.accrued > 0 or self.money.over_the_cap):
                self.add(Fact(self.money.day, "posting", by, 0))
            if self.is_clear and self.line.may_close:
                self.line.close()

    # What happens

    def learn(self, command: AccountCommand, *, refused: bool) -> None:
        """What became of a command; a reference that was seen before counts once."""
        today = command.at.astimezone(LOCAL).date()
        self.reach(today)
        if refused:
            # Other commands may be refused only because they are said again later, which is no part of the story.
            if isinstance(command, Purchase | Capture):
                self.told.add(f"{command.DO} refused")
            return
        self.told.add(command.DO)
        match command:
            case Activate() if self.begins == date.max:
                self.begins = today
                self.money = self.reckoned_from_the_start()
            case Purchase() | Capture() | RefundPurchase() | ReceivePayment() | RefundCredit():
                self._move(command)
            case ReversePayment() | WaiveDebt() | WriteOff() | OpenDispute() | ResolveDispute():
                self._adjust(command)
            case ConvertToPlan() | Draw() | Restructure():
                self._plan(command)
            case SettleEarly() | PrepayPlan():
                self._pay_early(command)
            case RecordDeath() if self.died_on is None:
                self.died(command.date_of_death)
            case Unfreeze(reason="deceased") if self.died_on is not None:
                self.lives_on()
            case _:
                pass
        self.line.decide(command, today)
        self._see_to_closing(command.DO)

    def _move(self, command: Purchase | Capture | RefundPurchase | ReceivePayment | RefundCredit) -> None:
        today = self.money.day
        match command:
            case Purchase() | Capture():
                if self._first_time(command.purchase_id):
                    self._buy(command, today)
            case RefundCredit():
                if self._first_time(command.refund_id):
                    self.add(Fact(today, "payout", command.refund_id, command.amount_fen))
            case ReceivePayment():
                if self._first_time(payment := f"{command.channel}/{command.payment_ref}"):
                    self.add(Fact(command.value_date or today, "payment", payment, command.amount_fen))
            case RefundPurchase():
                if self._first_time(command.refund_id):
                    self.purchases[command.purchase_id].refunded += command.amount_fen
                    self._end_disputes(command.purchase_id, command.amount_fen)
                    self.add(Fact(today, "refund", command.purchase_id, command.amount_fen))

    def _buy(self, command: Purchase | Capture, today: date) -> None:
        authorised, amount = today, command.amount_fen
        if isinstance(command, Capture):
            authorised = self.line.capture(command.hold_id, amount, final=command.final).on
        self.purchases[command.purchase_id] = Bought(today, amount, authorised)
        self.add(Fact(today, "purchase", command.purchase_id, amount))

    def _plan(self, command: ConvertToPlan | Draw | Restructure) -> None:
        today, plan_id, months = self.money.day, command.plan_id, command.months
        if plan_id in self.plans:
            return
        match command:
            case ConvertToPlan(amount_fen=amount):
                of = self.money.oldest(amount)
                self.plans[plan_id] = planned(today, amount, months, self.agreement.plan_fee[months], of)
                self.add(Fact(today, "conversion", plan_id, amount))
            case Draw(amount_fen=amount):
                lending = self.agreement.annual_rate, self.agreement.schedule
                self.plans[plan_id] = lent(today, amount, months, *lending)
                self.add(Fact(today, "draw", plan_id, amount))
            case Restructure():
                owed, of = self.money.to_agree_on()
                dated = self.agreement.product == "cash_loan"
                self.plans[plan_id] = agreed(today, owed, months, command.rate, of, dated=dated)
                self.add(Fact(today, "restructuring", plan_id, sum(owed.values())))

    def _pay_early(self, command: SettleEarly | PrepayPlan) -> None:
        today, payment = self.money.day, f"{command.channel}/{command.payment_ref}"
        if not self._first_time(payment):
            return
        if isinstance(command, SettleEarly):
            self.add(Fact(today, "settlement", payment, command.amount_fen, command.plan_id))
        else:
            fact = Fact(today, "prepayment", payment, command.amount_fen, command.plan_id)
            self.add(fact._replace(principal=command.principal_fen))

    def _end_disputes(self, purchase_id: str, amount: int) -> None:
        """What comes back of a purchase is disputed no longer."""
        for each in self.disputes.values():
            if each.of == purchase_id:
                part = min(amount, each.open)
                each.open -= part
                amount -= part

    def _adjust(self, command: ReversePayment | WaiveDebt | WriteOff | OpenDispute | ResolveDispute) -> None:
        today = self.money.day
        match command:
            case ReversePayment():
                if self._first_time(f"returned {command.channel}/{command.payment_ref}"):
                    self.never_counted(f"{command.channel}/{command.payment_ref}")
            case WaiveDebt():
                given_up = (command.fees_fen, command.interest_fen, command.principal_fen)
                for kind, amount in zip(CHARGES_FIRST, given_up, strict=True):
                    self.add(Fact(today, "waiver", kind, amount or 0))
            case WriteOff():
                if not self.lost:
                    self.add(Fact(today, "write_off", self.money.oldest_due.isoformat(), 0))
            case OpenDispute():
                if self._first_time(f"dispute {command.dispute_id}"):
                    self.disputes[command.dispute_id] = Disputed(command.purchase_id, command.amount_fen)
                    self.add(Fact(today, "dispute", command.purchase_id, command.amount_fen, command.dispute_id))
            case ResolveDispute():
                self._resolve(command)

    def _resolve(self, command: ResolveDispute) -> None:
        if not self._first_time(f"decision on {command.dispute_id}"):
            return
        self.told.add(command.outcome)
        disputed = self.disputes[command.dispute_id]
        if command.outcome == "rejected":
            self.add(Fact(self.money.day, "rejection", disputed.of, 0, command.dispute_id))
        else:
            self.never_bought(command.dispute_id)
        disputed.open = 0

    def _first_time(self, reference: str) -> bool:
        if reference in self.done:
            return False
        self.done.add(reference)
        return True

    def add(self, fact: Fact) -> None:
        """Something that counts today, or on an earlier day; what others of today count after is reckoned again."""
        today = self.money.day
        if fact.on < today:
            self.told.add("learnt late")
        known = [each for each in self.facts if each.on == today]
        if known and fact.on == today:
            fact = fact._replace(turn=known[-1].turn + (known[-1].kind not in _ORDER))
        self.facts.append(fact)
        if fact.on < today or any(fact.place < each.place for each in known):
            self._reckon_again()
        else:
            self._apply(fact)

    def never_counted(self, payment: str) -> None:
        """A payment was returned: it is as if it had never been made."""
        self.facts = [fact for fact in self.facts if fact.of != payment or fact.kind not in _PAYMENTS]
        self._reckon_again()

    def never_bought(self, dispute_id: str) -> None:
        """A dispute was upheld: what is left of it is as if it had never been bought, nor disputed."""
        disputed = self.disputes[dispute_id]
        self.facts = [fact for fact in self.facts if (fact.kind, fact.about) != ("dispute", dispute_id)]
        self._lessen(disputed.of, disputed.open)
        self._reckon_again()

    def died(self, on: date) -> None:
        """The customer had died: nothing is charged from that day on, nor counts what was authorised after it."""
        self.died_on = on
        for purchase_id, bought in self.purchases.items():
            if bought.authorised > on and (amount := self.disputable(purchase_id)):
                self.dropped[purchase_id] = amount
                self._lessen(purchase_id, amount)
        self._reckon_again()

    def lives_on(self) -> None:
        """The death turns out to have been somebody else's: everything is as if it had never been recorded."""
        self.died_on = None
        for purchase_id, amount in self.dropped.items():
            self._lessen(purchase_id, -amount)
        self.dropped = {}
        self._reckon_again()

    def _lessen(self, purchase_id: str, amount: int) -> None:
        """So much of a purchase never counted."""
        self.purchases[purchase_id].refunded += amount
        bought = next(at for at, fact in enumerate(self.facts) if (fact.kind, fact.of) == ("purchase", purchase_id))
        self.facts[bought] = self.facts[bought]._replace(amount=self.facts[bought].amount - amount)

    def _reckon_again(self) -> None:
        """What would have been, had everything been known in time; what was printed stands."""
        today = self.money.day
        self.money = self.reckoned_from_the_start(again_until=today)
        for fact in sorted(self.facts, key=lambda fact: fact.place):
            self.money.reach(fact.on)
            self._apply(fact)
        self.money.reach(today)

    def _apply(self, fact: Fact) -> None:  # noqa: C901, PLR0912 - one case a kind
        money = self.money
        match fact.kind:
            case "purchase":
                money.buy(fact.of, fact.amount)
            case "refund":
                money.give_back(fact.of, fact.amount)
            case "payment":
                money.receive(fact.amount)
            case "conversion":
                money.convert(fact.of, self.plans[fact.of])
            case "draw":
                money.draw(fact.of, self.plans[fact.of])
            case "settlement":
                money.settle(fact.about, fact.amount)
            case "prepayment":
                money.prepay(fact.about, fact.principal, fact.amount)
            case "restructuring":
                money.agree(fact.of, self.plans[fact.of])
            case "payout":
                money.pay_out(fact.of, fact.amount)
            case "posting":
                money.post_all()
            case "dispute":
                money.dispute(fact.about, fact.of, fact.amount)
            case "rejection":
                money.reject(fact.about)
            case "waiver":
                money.forgive(fact.of, fact.amount)
            case "write_off":
                money.charge_off(date.fromisoformat(fact.of))
