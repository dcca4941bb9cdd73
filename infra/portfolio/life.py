"""One person with one account: what they can do with it, and when. Whoever they are is told in `people`.

What can be refused is said last on its day: were the day sent once more, after a crash, the refusal would stand.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import accumulate
from random import Random
from typing import Any, Literal, NamedTuple
from uuid import UUID

from domain.commands import (
    SYSTEM,
    AccountCommand,
    Activate,
    Actor,
    AdvanceTo,
    Authorize,
    Capture,
    ChangeLimit,
    ConvertToPlan,
    DecideAppeal,
    Decline,
    Draw,
    ForceClose,
    Freeze,
    LodgeAppeal,
    Open,
    OpenDispute,
    PrepayPlan,
    Purchase,
    ReceivePayment,
    RecordDeath,
    RefundCredit,
    RefundPurchase,
    Reinstate,
    ReleaseHold,
    RequestClosure,
    ResolveDispute,
    Restructure,
    ReversePayment,
    SettleEarly,
    Unfreeze,
    WaiveDebt,
    WithdrawClosure,
    WriteOff,
)
from domain.customer_commands import AnyCustomerCommand, CustomerCommand, EstablishAge, GiveConsent, VerifyIdentity
from domain.events import Appealable, AppealOutcome, Channel, FreezeReason
from infra.portfolio.ledger import LOCAL, Book
from infra.portfolio.script import Said

OFFICER = Actor(role="officer", id="desk-3")
SECOND_OFFICER = Actor(role="officer", id="desk-5")
RISK = Actor(role="risk", id="rules")
BANK = Actor(role="bank", id="clearing")


class Half(NamedTuple):
    """Half a month: the 1st to the 14th, or the 15th to the end. `number` counts from the portfolio's first."""

    number: int
    first: date
    last: date

    def day(self, nth: int) -> date:
        """The nth day, counted from 0, or the last."""
        return min(self.first + timedelta(days=nth), self.last)

    @property
    def nth_last(self) -> int:
        return (self.last - self.first).days


class Shop(NamedTuple):
    """A kind of merchant: how often people go there, and what they spend at once, in fen."""

    name: str
    weight: int
    least: int
    most: int


SHOPS = (
    Shop("grocer", 30, 2_500, 38_000),
    Shop("canteen", 18, 900, 6_000),
    Shop("restaurant", 12, 6_000, 60_000),
    Shop("pharmacy", 7, 1_500, 22_000),
    Shop("railway", 7, 4_500, 70_000),
    Shop("clothes", 8, 9_900, 90_000),
    Shop("books", 5, 2_000, 18_000),
    Shop("electronics", 5, 59_900, 650_000),
    Shop("rent", 4, 150_000, 420_000),
    Shop("furniture", 2, 80_000, 500_000),
)
_CUMULATIVE_WEIGHTS = tuple(accumulate(shop.weight for shop in SHOPS))
_NOT_BEGUN = Half(0, date.min, date.min)


@dataclass(slots=True)
class Life:
    """A person's account: its book, their own stream of chance, and the commands of the current half month."""

    account_id: UUID
    customer_id: str
    kind: str
    rng: Random
    book: Book
    limit: int
    terms_version: str
    opened_in: int  # the number of the half month
    # What this account's commands are named after: the person, and of a second account what it is.
    name: str = ""
    said: int = 0
    planned: list[Said] = field(default_factory=list)
    spent: int = 0  # by purchases that are planned and not yet learnt of
    half: Half = _NOT_BEGUN
    statement: int = 0  # of this half's bill day; 0 in the other half, and where nothing is owed

    # When

    @property
    def due(self) -> date:
        """The last day on which this half's statement is paid in time."""
        return self.half.day(self.due_days)

    @property
    def due_days(self) -> int:
        """From the bill day to the due date."""
        return self.book.agreement.due_days

    @property
    def missed_after(self) -> int:
        """Days from the bill day to the morning on which a minimum is found missed."""
        return self.due_days + self.book.agreement.test_after.days

    @property
    def age(self) -> int:
        """Whole half months since the one the account was opened in."""
        return self.half.number - self.opened_in

    def chance(self, likely: float) -> bool:
        return self.rng.random() < likely

    def on(self, first: int, last: int) -> date:
        """Some day of this half, the first and the last counted from 0."""
        return self.half.day(self.rng.randint(first, min(last, self.half.nth_last)))

    def in_time(self) -> date:
        """Some day on which a payment is in time; now and then it is the very last."""
        return self.due if self.chance(0.2) else self.on(1, self.due_days)

    def by(self, due: date) -> date:
        """Some day from the one on which a loan's instalment is billed to its due date."""
        return max(self.half.first, due - timedelta(days=self.rng.randint(0, self.due_days)))

    def dues(self) -> list[date]:
        """The days of this half on which instalments of loans are due, as far as they were drawn before it."""
        return [due for due in self._coming() if self.half.first <= due <= self.half.last]

    def _coming(self) -> list[date]:
        """The next due date of every loan, and those of what was billed."""
        money = self.book.money
        following = {plan.instalments[0].due for plan in money.plans.values()} | {each.due for each in money.demands}
        return sorted(due for due in following if due is not None)

    # What

    @property
    def room(self) -> int:
        """What may still be bought, after what is planned."""
        return self.book.available - self.spent

    def shop(self, times: float, *, share: float = 1.0) -> None:
        """Go shopping about `times` times in this half, for what there is room for; `share` scales the prices."""
        count = int(times) + self.chance(times % 1)
        for _ in range(count):
            shop = self.rng.choices(SHOPS, cum_weights=_CUMULATIVE_WEIGHTS)[0]
            price = int(shop.least * (shop.most / shop.least) ** self.rng.random() * share)
            if 0 < price <= self.room:
                self.buy(self.on(0, 16), price, shop.name)

    def buy(self, day: date, amount: int, shop: str = "grocer", *, forced: bool = False) -> str:
        """A purchase in the evening; the id it gets."""
        merchant = f"{shop}-{self.rng.randint(1, 40)}"
        purchase_id = f"buy-{self.said + 1}"
        actor = Actor(role="merchant", id=merchant)
        self._say(
            Purchase, self._at(day, 18, 24), actor,
            purchase_id=purchase_id, amount_fen=amount, merchant_id=merchant, forced=forced,
        )  # fmt: skip
        self.spent += amount
        return purchase_id

    def reserve(self, day: date, amount: int, shop: str) -> str:
        """A merchant has some of the limit held for what will be bought there, in the evening; the id of the hold."""
        merchant = f"{shop}-{self.rng.randint(1, 40)}"
        hold_id = f"hold-{self.said + 1}"
        self._say(
            Authorize, self._at(day, 18, 24), Actor(role="merchant", id=merchant),
            hold_id=hold_id, amount_fen=amount, merchant_id=merchant,
        )  # fmt: skip
        self.spent += amount
        return hold_id

    def be_charged(
        self, day: date, hold_id: str, amount: int, *, final: bool = False, forced: bool = False, hopeless: bool = False
    ) -> None:
        """The merchant captures so much of a hold, by day; in the evening where it is `hopeless`, as it will be refused."""
        self._say(
            Capture, self._at(day, 18, 24) if hopeless else self._at(day, 9, 17), Actor(role="merchant", id="checkout"),
            hold_id=hold_id, purchase_id=f"buy-{self.said + 1}", amount_fen=amount, final=final, forced=forced,
        )  # fmt: skip

    def be_released(self, day: date, hold_id: str) -> None:
        """The merchant will not capture what is left of a hold."""
        merchant = Actor(role="merchant", id="checkout")
        self._say(ReleaseHold, self._at(day, 9, 17), merchant, hold_id=hold_id, reason="cancelled")

    def give_back(self, day: date, purchase_id: str, amount: int) -> None:
        """A refund of a purchase of an earlier day, whole or in part."""
        merchant = Actor(role="merchant", id="returns")
        reference = f"back-{self.said + 1}"
        self._say(
            RefundPurchase, self._at(day, 9, 17), merchant,
            purchase_id=purchase_id, refund_id=reference, amount_fen=amount,
        )  # fmt: skip

    def pay(
        self, day: date, amount: int, channel: Channel = "transfer", *, arrived: date | None = None
    ) -> ReceivePayment | None:
        """A payment by day; nothing where nothing is to be paid. It may have arrived before we learn of it on `day`."""
        if amount <= 0:
            return None
        return self._pay(self._at(day, 9, 17), f"pay-{self.said + 1}", amount, channel, arrived)

    def pay_again(self, first: ReceivePayment) -> None:
        """The bank tells of the same payment once more, in a message of its own."""
        self._pay(first.at + timedelta(minutes=5), first.payment_ref, first.amount_fen, first.channel)

    def _pay(
        self, at: datetime, reference: str, amount: int, channel: Channel, arrived: date | None = None
    ) -> ReceivePayment:
        self.said += 1
        payment = ReceivePayment(
            command_id=self._command_id, account_id=self.account_id, actor=BANK, at=at,
            payment_ref=reference, channel=channel, amount_fen=amount, value_date=arrived,
        )  # fmt: skip
        self.planned.append(payment)
        return payment

    def convert(self, day: date, amount: int, months: int) -> None:
        """Pay so much of the latest statement in instalments instead, as is agreed in the evening."""
        plan = {"plan_id": f"plan-{self.said + 1}", "amount_fen": amount, "months": months}
        self._say(ConvertToPlan, self._at(day, 18, 24), self.person, **plan)

    def settle(self, day: date, plan_id: str, amount: int | None = None) -> SettleEarly:
        """Pay a plan off by what it takes on that day, if nothing else happens to it until then."""
        self.said += 1
        settlement = SettleEarly(
            command_id=self._command_id, account_id=self.account_id, actor=BANK, at=self._at(day, 9, 17),
            plan_id=plan_id, payment_ref=f"pay-{self.said}", channel="transfer",
            amount_fen=amount or self.foreseen(day).money.to_settle(plan_id, day),
        )  # fmt: skip
        self.planned.append(settlement)
        return settlement

    def draw(self, day: date, amount: int, months: int) -> str:
        """A loan is paid out in the evening, to be repaid in so many months; the id of its plan."""
        plan_id = f"loan-{self.said + 1}"
        said = {"draw_id": f"draw-{self.said + 1}", "plan_id": plan_id, "payout_token": "card-on-file"}
        self._say(Draw, self._at(day, 18, 24), self.person, amount_fen=amount, months=months, **said)
        self.spent += amount
        return plan_id

    def prepay(self, day: date, plan_id: str, principal: int) -> PrepayPlan:
        """Pay so much of a loan before it is due, by what it takes on that day, if nothing else happens to it until then."""
        self.said += 1
        payment = PrepayPlan(
            command_id=self._command_id, account_id=self.account_id, actor=BANK, at=self._at(day, 9, 17),
            plan_id=plan_id, payment_ref=f"pay-{self.said}", channel="transfer", principal_fen=principal,
            amount_fen=self.foreseen(day).money.to_prepay(plan_id, principal, day),
        )  # fmt: skip
        self.planned.append(payment)
        return payment

    def agree_anew(self, day: date, months: int, rate: Decimal = Decimal(0)) -> str:
        """An officer agrees that all that is owed is paid in so many months; the id of the plan."""
        plan_id = f"agreement-{self.said + 1}"
        said = {"plan_id": plan_id, "months": months, "rate": rate, "reason": "hardship"}
        self._say(Restructure, self._at(day, 9, 17), OFFICER, **said)
        return plan_id

    def foreseen(self, day: date) -> Book:
        """The book as that day begins, if what is planned until then is accepted and nothing else comes."""
        then = deepcopy(self.book)
        for command in sorted(self.planned, key=lambda each: each.at):
            if command.at.astimezone(LOCAL).date() < day and not isinstance(command, CustomerCommand):
                then.learn(command, refused=False)
        then.reach(day)
        return then

    def be_returned(self, day: date, payment: ReceivePayment | SettleEarly | PrepayPlan) -> None:
        """The bank returns a payment: the account it was drawn on did not hold enough."""
        self._say(
            ReversePayment, self._at(day, 9, 17), BANK,
            payment_ref=payment.payment_ref, channel=payment.channel, reason="insufficient_funds",
        )  # fmt: skip

    def send_again(self, command: AccountCommand) -> None:
        """The very same command arrives twice."""
        self.planned.append(command)

    def take_credit(self) -> None:
        """Have the credit balance paid out, early in the half, before any of it is spent."""
        if self.book.credit:
            at = self._at(self.half.first, 8, 9)
            reference = f"out-{self.said + 1}"
            payout = {"refund_id": reference, "amount_fen": self.book.credit, "payout_token": "card-on-file"}
            self._say(RefundCredit, at, self.person, **payout)

    def dispute(self, day: date, purchase_id: str, amount: int) -> str:
        """Deny having to pay a purchase of an earlier half, or a part of it; the id that the dispute gets."""
        dispute_id = f"dispute-{self.said + 1}"
        self._say(
            OpenDispute, self._at(day, 9, 17), self.person,
            dispute_id=dispute_id, purchase_id=purchase_id, amount_fen=amount, reason="not_received",
        )  # fmt: skip
        return dispute_id

    def be_answered(self, day: date, dispute_id: str, outcome: Literal["upheld", "rejected"]) -> None:
        """An officer decides a dispute."""
        self._say(ResolveDispute, self._at(day, 9, 17), OFFICER, dispute_id=dispute_id, outcome=outcome)

    def be_forgiven(self, day: date, reason: Literal["goodwill", "agreement"], **given_up: int) -> None:
        """Debt is given up: `fees_fen`, `interest_fen` or `principal_fen`, at most as much as is posted and unpaid."""
        self._say(WaiveDebt, self._at(day, 9, 17), OFFICER, reason=reason, **given_up)

    def be_written_off(self, day: date, reason: Literal["fraud", "death", "insolvency"]) -> None:
        """Two officers book what is owed as a loss."""
        self._say(WriteOff, self._at(day, 9, 17), OFFICER, second_actor=SECOND_OFFICER, reason=reason)

    # Beginning, stopping and leaving

    @property
    def person(self) -> Actor:
        return Actor(role="customer", id=self.customer_id)

    def identify(self, day: date) -> None:
        """Show who they are and how old, and agree to what a loan needs, before applying for one."""
        at, evidence = self._at(day, 7, 8), {"evidence_ref": f"file-{self.customer_id}"}
        self._say_of_me(VerifyIdentity, at, OFFICER, **evidence)
        self._say_of_me(EstablishAge, at, OFFICER, adult=True, **evidence)
        for kind in ("credit_check", "credit_reporting", "loan_agreement"):
            self._say_of_me(GiveConsent, at, self.person, kind=kind, **evidence)

    def apply(self, day: date) -> None:
        """Apply for the account; a loan is billed as it is drawn."""
        bill_day = self.book.bill_day if self.book.agreement.product == "pay_later" else None
        self._say(
            Open, self._at(day, 8, 12), self.person,
            customer_id=self.customer_id, terms_version=self.terms_version, bill_day=bill_day,
        )  # fmt: skip

    def be_granted(self, day: date) -> None:
        """The limit is granted."""
        self._say(Activate, self._at(day, 13, 17), OFFICER, limit_fen=self.limit)

    def be_turned_away(self, day: date, kind: Literal["declined", "withdrawn"]) -> None:
        self._say(Decline, self._at(day, 13, 17), OFFICER, kind=kind, reason="score")

    def be_raised(self, day: date, limit: int) -> None:
        """Get another limit."""
        self._say(ChangeLimit, self._at(day, 9, 17), OFFICER, limit_fen=limit, reason="good_payer")

    def be_frozen(self, day: date, reason: FreezeReason, actor: Actor) -> None:
        self._say(Freeze, self._at(day, 7, 8), actor, reason=reason, reference=f"case-{self.said + 1}")

    def be_unfrozen(self, day: date, reason: FreezeReason, actor: Actor) -> None:
        self._say(Unfreeze, self._at(day, 9, 17), actor, reason=reason, reference=f"case-{self.said + 1}")

    def be_closed(self, day: date, reason: str) -> None:
        self._say(ForceClose, self._at(day, 9, 17), OFFICER, second_actor=SECOND_OFFICER, reason=reason)

    def appeal(self, day: date, against: Appealable, evidence: str | None = None) -> str:
        """Ask for a freeze or a closure to be looked at again; the id of the appeal. After a no there is new evidence."""
        appeal_id = f"appeal-{self.said + 1}"
        said = {"appeal_id": appeal_id, "against": against, "evidence_ref": evidence}
        self._say(LodgeAppeal, self._at(day, 9, 17), self.person, **said)
        return appeal_id

    def be_heard(self, day: date, appeal_id: str, outcome: AppealOutcome, limit: int | None = None) -> None:
        """An officer answers an appeal in the morning; `limit` is the lower one that comes with a yes that has limits."""
        said = {"appeal_id": appeal_id, "outcome": outcome, "limit_fen": limit, "reason": "reviewed"}
        self._say(DecideAppeal, self._at(day, 7, 8), OFFICER, **said)

    def be_reinstated(self, day: date, appeal_id: str, limit: int) -> None:
        """A closure is undone, with another decision on the limit."""
        self._say(Reinstate, self._at(day, 8, 9), OFFICER, appeal_id=appeal_id, limit_fen=limit)

    def be_known_dead(self, day: date, died_on: date) -> None:
        """The bank is told of a death."""
        self._say(RecordDeath, self._at(day, 9, 17), OFFICER, date_of_death=died_on)

    def leave(self, day: date, actor: Actor | None = None) -> None:
        """Ask for the account to be closed; somebody else may do that for who is not there any more."""
        self._say(RequestClosure, self._at(day, 12, 17), actor or self.person)

    def stay(self, day: date) -> None:
        """Take the wish to leave back."""
        self._say(WithdrawClosure, self._at(day, 12, 17), self.person)

    # Time

    def begin(self, half: Half) -> None:
        """A new half month: what was demanded on its first day is known."""
        self.half, self.planned, self.spent = half, [], 0
        self.book.reach(half.first)
        said = self.book.said.get(half.first)
        self.statement = max(0, said.balance) if said else 0

    def end(self, *, final: bool) -> Sequence[Said]:
        """The half's commands in order, with the calendar's where a statement or a due test would wait otherwise."""
        if self.book.agreement.product == "cash_loan":
            self._follow_loans()
        elif self.statement:
            self.advance(self.half.first)
            paid = sum(
                each.amount_fen
                for each in self.planned
                if isinstance(each, ReceivePayment) and each.at.astimezone(LOCAL).date() <= self.due
            )
            if paid < self.book.minimum_left:
                self.advance(self.half.day(self.missed_after))
        if final:
            self._say(AdvanceTo, self._clock(self.half.last, 86_399), SYSTEM, date=self.half.last)
        self.planned.sort(key=lambda command: command.at)
        return self.planned

    def _follow_loans(self) -> None:
        """Instalments are billed on their days, and found missed where nothing was paid since."""
        paid = [each.at.astimezone(LOCAL).date() for each in self.planned if isinstance(each, ReceivePayment)]
        for due in self._coming():
            bill_day, test = due - timedelta(days=self.due_days), due + self.book.agreement.test_after
            if self.half.first <= bill_day <= self.half.last:
                self.advance(bill_day)
            if self.half.first <= test <= self.half.last and not any(bill_day <= day <= due for day in paid):
                self.advance(test)

    def advance(self, day: date) -> None:
        """The calendar's work of a day, a few minutes after it began."""
        self._say(AdvanceTo, self._clock(day, 300), SYSTEM, date=day)

    def _say(self, do: type[AccountCommand], at: datetime, actor: Actor, **said: Any) -> None:
        self.said += 1
        self.planned.append(do(command_id=self._command_id, account_id=self.account_id, actor=actor, at=at, **said))

    def _say_of_me(self, do: type[AnyCustomerCommand], at: datetime, actor: Actor, **said: Any) -> None:
        self.said += 1
        self.planned.append(do(command_id=self._command_id, customer_id=self.customer_id, actor=actor, at=at, **said))

    @property
    def _command_id(self) -> str:
        return f"{self.name or self.customer_id}-{self.said}"

    def _at(self, day: date, from_hour: int, to_hour: int) -> datetime:
        return self._clock(day, self.rng.randrange(from_hour * 3_600, to_hour * 3_600))

    @staticmethod
    def _clock(day: date, second: int) -> datetime:
        return (datetime.combine(day, time(), LOCAL) + timedelta(seconds=second)).astimezone(UTC)
