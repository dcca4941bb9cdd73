"""Lives of accounts, told in commands: what was asked on which day, and what became of it."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache, partial
from random import Random
from typing import Any, get_args
from zoneinfo import ZoneInfo

from domain import charges
from domain.account import Account
from domain.commands import (
    Activate,
    AdvanceTo,
    Authorize,
    Capture,
    ChangeLimit,
    Command,
    ConvertToPlan,
    CorrectBalances,
    DecideAppeal,
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
    UndoWriteOff,
    Unfreeze,
    WaiveDebt,
    WithdrawClosure,
    WriteOff,
)
from domain.decisions import Decision, decide
from domain.events import AccountEvent, PaymentReceived, PlanLeft, PurchasePosted
from domain.ledger import Ledger
from domain.money import DebtKind, OrdinaryBucket
from domain.plans import principal_left
from domain.refusals import Refused
from domain.snapshot import dump
from domain.terms import CASH_LOAN, CASH_LOAN_BULLET, CASH_LOAN_EVEN, PAY_LATER, PAY_LATER_FREE, Terms, catalogue
from tests.specification import ACCOUNT_ID, CUSTOMER, OFFICER, RISK, SECOND_OFFICER, ZONE, loan_terms, terms

# Charges on and off, both ways of interest, grace and tolerance, an early turn of the order of payment, a cap that always bites.
_TERMS = (
    PAY_LATER,
    terms(grace_days=3, tolerance=1_000),
    PAY_LATER_FREE,
    terms(due_days=20, grace_days=6, regime_dpd=20, overdue_long_dpd=8),
    terms(cap_annual=Decimal("0.1825"), minimum_floor=0, late_fee_floor=50_000),
    terms(minimum_ratio=Decimal(1), tolerance=300, regime_dpd=40),
    terms(interest_method="from_posting"),
    terms(interest_method="from_posting", grace_days=3, tolerance=5_000, daily_rate=Decimal("0.0003")),
)
# Where everything is known in time nobody is charged off: the reckoning of each event by hand knows no losses.
AGREED = tuple(each.model_copy(update={"charge_off_dpd": 10_000}) for each in _TERMS)
# Where facts come late there are losses too, at half a year past due and sooner.
AGREED_LATE = tuple(each.model_copy(update={"charge_off_dpd": dpd}) for dpd in (180, 60) for each in _TERMS)
# Each way of repaying a loan; for nothing, and for as much as the cap allows and more; grace and tolerance; bills that
# come so early, with so much grace, that several instalments wait for their due tests.
_LOANS = (
    CASH_LOAN,
    CASH_LOAN_EVEN,
    CASH_LOAN_BULLET,
    loan_terms(annual_rate=Decimal(0), penalty_multiplier=Decimal(1), grace_days=3, tolerance=1_000),
    loan_terms(annual_rate=Decimal("0.2367"), penalty_multiplier=Decimal(1), regime_dpd=20, overdue_long_dpd=8),
    loan_terms(cap_annual=Decimal("0.1460"), penalty_multiplier=Decimal(1), early_settlement_fee=Decimal("0.05")),
    loan_terms(schedule="equal_principal", bill_lead_days=26, grace_days=17, regime_dpd=45),
    loan_terms(schedule="interest_only", annual_rate=Decimal(0), bill_lead_days=10, cooling_off_days=0, tolerance=300),
)
AGREED_LOANS = tuple(each.model_copy(update={"charge_off_dpd": dpd}) for dpd in (120, 60) for each in _LOANS)
CORRECTABLE: tuple[OrdinaryBucket, ...] = get_args(OrdinaryBucket)
REASONS = ("customer_request", "fraud_confirmed", "multi_lender", "legal_order")
# Who sets and lifts a reason; whoever is not named is an officer.
BY = {"customer_request": CUSTOMER, "inactive": CUSTOMER, "multi_lender": RISK}


# `make laws LIVES=5000` tries the laws on so many lives, others each time.
_LIVES = int(os.environ.get("LIVES") or 0)


def so_many(usual: int) -> int:
    """On how many lives a law is tried."""
    return max(usual, _LIVES)


@dataclass(frozen=True)
class Told:
    """One command and what became of it; `kept` are the bytes of the account before it was asked."""

    command: Any
    before: Account | None
    kept: bytes
    after: Account | None
    events: tuple[AccountEvent, ...]
    refusal: Refused | None


class Life:
    """One account's life, kept as it was told."""

    def __init__(self, agreed: Terms = PAY_LATER, begins: date = date(2026, 1, 5), limit: int = 500_000, **fields: Any):
        self.agreed = agreed
        self.published = catalogue(agreed)
        self.day = begins
        self.told: list[Told] = []
        self.ask(Open, customer_id="customer-1", terms_version=agreed.version, **fields)
        if limit:
            self.ask(Activate, limit_fen=limit)

    @property
    def account(self) -> Account:
        found = self.told[-1].after
        assert found is not None
        return found

    @property
    def events(self) -> list[AccountEvent]:
        return [each for told in self.told for each in told.events]

    @property
    def purchases(self) -> list[PurchasePosted]:
        return [each for each in self.events if isinstance(each, PurchasePosted)]

    def command(self, kind: type[Command], **fields: Any) -> Any:
        at = datetime(self.day.year, self.day.month, self.day.day, 12, tzinfo=ZoneInfo(ZONE))
        said: dict[str, Any] = {
            "command_id": f"command-{len(self.told)}",
            "account_id": ACCOUNT_ID,
            "actor": OFFICER,
            "at": at,
        }
        return kind(**said | fields)

    def decide(self, command: Any, account: Account | None = None) -> Decision:
        return decide(command, account or self.account, self.published)

    def ask(self, kind: type[Command], **fields: Any) -> None:
        command = self.command(kind, **fields)
        before = self.told[-1].after if self.told else None
        kept = dump(before) if before else b""
        try:
            decision = decide(command, before, self.published)
        except Refused as refusal:
            self.told.append(Told(command, before, kept, before, (), refusal))
        except Exception as broken:
            broken.add_note(f"{self}\n{self.day}  {command.DO} {_shown(fields)}  ->  broke")
            raise
        else:
            self.told.append(Told(command, before, kept, decision.account, decision.events, None))

    def __str__(self) -> str:
        """The life as a scenario: the day, the command with its fields, what became of it."""
        lines = [f"terms {_differing(self.agreed)}"]
        for told in self.told:
            said = {name: value for name, value in told.command if name not in Command.model_fields and value}
            on = told.command.at.date()
            became = f"refused: {told.refusal.reason}" if told.refusal else " ".join(each.TYPE for each in told.events)
            lines.append(f"{on}  {told.command.DO} {_shown(said)}  ->  {became or 'nothing'}")
        return "\n".join(lines)

    def buys(self, fen: int, *, forced: bool = False) -> None:
        said: dict[str, Any] = {"purchase_id": f"p{len(self.told)}", "merchant_id": "shop-1", "amount_fen": fen}
        self.ask(Purchase, **said, forced=forced)

    def holds(self, fen: int) -> None:
        self.ask(Authorize, hold_id=f"h{len(self.told)}", merchant_id="shop-1", amount_fen=fen)

    def captures(self, which: int, percent: int, *, final: bool, forced: bool) -> None:
        held = list(self.account.holds.items())
        if held:
            hold_id, each = held[which % len(held)]
            said: dict[str, Any] = {"hold_id": hold_id, "purchase_id": f"p{len(self.told)}", "forced": forced}
            self.ask(Capture, **said, amount_fen=max(1, each.amount * percent // 100), final=final)

    def gives_up_a_hold(self, which: int) -> None:
        held = list(self.account.holds)
        if held:
            self.ask(ReleaseHold, hold_id=held[which % len(held)], reason="cancelled")

    def appeals(self, against: str) -> None:
        said: dict[str, Any] = {"appeal_id": f"a{len(self.told)}", "evidence_ref": f"e{len(self.told)}"}
        self.ask(LodgeAppeal, **said, against=against, actor=CUSTOMER)

    def is_answered(self, outcome: str) -> None:
        for appeal_id, each in self.account.appeals.items():
            if each.outcome is None:
                limit = 60_000 if outcome == "upheld_lower_limit" else None
                self.ask(DecideAppeal, appeal_id=appeal_id, outcome=outcome, limit_fen=limit, reason="review")
            elif each.against == "closure":
                self.ask(Reinstate, appeal_id=appeal_id, limit_fen=300_000)

    def dies(self, days_ago: int) -> None:
        self.ask(RecordDeath, date_of_death=self.day - timedelta(days=days_ago))

    def pays(self, fen: int, *, days_ago: int = 0) -> None:
        if fen:
            said: dict[str, Any] = {"payment_ref": f"r{len(self.told)}", "channel": "transfer", "amount_fen": fen}
            self.ask(ReceivePayment, **said, **self._since(days_ago))

    def takes_back(self, which: int, percent: int, *, days_ago: int = 0) -> None:
        if self.purchases:
            bought = self.purchases[which % len(self.purchases)]
            said: dict[str, Any] = {"purchase_id": bought.purchase_id, "refund_id": f"f{len(self.told)}"}
            why: dict[str, Any] = {"reason": "our_error"} if days_ago else {}
            self.ask(
                RefundPurchase,
                **said,
                **why,
                **self._since(days_ago),
                amount_fen=max(1, bought.amount_fen * percent // 100),
            )

    def _since(self, days_ago: int) -> dict[str, Any]:
        return {"value_date": self.day - timedelta(days=days_ago)} if days_ago else {}

    def is_returned(self, which: int) -> None:
        paid = [each for each in self.events if isinstance(each, PaymentReceived)]
        if paid:
            self.ask(ReversePayment, payment_ref=paid[which % len(paid)].payment_ref, reason="returned")

    def disputes(self, which: int, percent: int) -> None:
        if self.purchases:
            bought = self.purchases[which % len(self.purchases)]
            said: dict[str, Any] = {"dispute_id": f"d{len(self.told)}", "purchase_id": bought.purchase_id}
            fen = max(1, bought.amount_fen * percent // 100)
            self.ask(OpenDispute, **said, amount_fen=fen, reason="not_received")

    def hears(self, which: int, outcome: str) -> None:
        disputes = list(self.account.disputes)
        if disputes:
            self.ask(ResolveDispute, dispute_id=disputes[which % len(disputes)], outcome=outcome)

    def converts(self, percent: int, months: int) -> None:
        """So much of what could be paid in instalments, whether it may be or not."""
        fen = max(1, self.account.ledger.convertible * percent // 100)
        self.ask(ConvertToPlan, plan_id=f"n{len(self.told)}", amount_fen=fen, months=months)

    def settles(self, which: int) -> None:
        """One of the plans, for what it takes today; the calendar has done its work by then."""
        found = self._plan(which)
        if found is not None:
            ledger, plan = found
            said: dict[str, Any] = {"payment_ref": f"s{len(self.told)}", "channel": "counter"}
            self.ask(SettleEarly, **said, plan_id=plan.plan_id, amount_fen=charges.payoff(ledger, plan).total)

    def _plan(self, which: int) -> tuple[Ledger, PlanLeft] | None:
        self.advances()
        ledger = self.account.fork().ledger
        ledger.pass_time(self.day)
        plans = list(ledger.plans.values())
        return (ledger, plans[which % len(plans)]) if plans else None

    def draws(self, fen: int, months: int) -> None:
        name = len(self.told)
        said: dict[str, Any] = {"draw_id": f"w{name}", "plan_id": f"n{name}", "payout_token": "bank-card-1"}
        self.ask(Draw, **said, amount_fen=fen, months=months, actor=CUSTOMER)

    def prepays(self, which: int, percent: int) -> None:
        """So much of one of the loans, for what that takes today."""
        found = self._plan(which)
        if found is not None:
            ledger, plan = found
            principal = max(1, principal_left(plan) * percent // 100)
            said: dict[str, Any] = {
                "payment_ref": f"e{len(self.told)}",
                "channel": "counter",
                "principal_fen": principal,
            }
            self.ask(PrepayPlan, **said, plan_id=plan.plan_id, amount_fen=charges.payoff(ledger, plan, principal).total)

    def restructures(self, months: int, rate: Decimal = Decimal(0)) -> None:
        self.ask(Restructure, plan_id=f"n{len(self.told)}", months=months, rate=rate, reason="lost_job")

    def is_forgiven(self, kind: DebtKind, percent: int) -> None:
        fen = sum(self.account.ledger.waivable(kind).values()) * percent // 100
        if fen:
            self.ask(WaiveDebt, **{f"{kind}_fen": fen}, reason="goodwill")

    def is_corrected(self, **deltas: int) -> None:
        self.ask(CorrectBalances, deltas=deltas, reason="audit", second_actor=SECOND_OFFICER)

    def is_written_off(self) -> None:
        self.ask(WriteOff, reason="insolvency", second_actor=SECOND_OFFICER)

    def is_no_loss_after_all(self) -> None:
        self.ask(UndoWriteOff, reason="booked_in_error", second_actor=SECOND_OFFICER)

    def is_paid_out(self, percent: int) -> None:
        fen = max(1, self.account.ledger.credit * percent // 100)
        self.ask(RefundCredit, refund_id=f"o{len(self.told)}", amount_fen=fen, payout_token="bank-card-1")

    def advances(self) -> None:
        self.ask(AdvanceTo, date=self.day)

    def due(self) -> int:
        return self.account.ledger.minimum_due

    def owed(self) -> int:
        return self.account.ledger.owed


def wandering(seed: int, steps: int = 45) -> Life:
    """A random but repeatable life; what is refused is part of it."""
    chance = Random(seed)
    begins = chance.choice((date(2026, 1, 5), date(2027, 12, 29), date(2028, 1, 31), date(2026, 2, 27)))
    life = Life(AGREED[seed % len(AGREED)], begins, 500_000, bill_day=chance.choice((None, 1, 15, 28)))
    for _ in range(steps):
        life.day += timedelta(days=chance.choice((0, 0, 1, 2, 5, 9, 12, 31)))
        _wander(life, chance)
    return life


def wandering_late(seed: int, steps: int = 45) -> Life:
    """As above, but facts come late or never were, debt is disputed, given up, corrected and lost."""
    chance = Random(f"late {seed}")
    begins = chance.choice((date(2026, 1, 5), date(2027, 12, 29), date(2028, 1, 31), date(2026, 2, 27)))
    life = Life(AGREED_LATE[seed % len(AGREED_LATE)], begins, 500_000, bill_day=chance.choice((None, 1, 15, 28)))
    for _ in range(steps):
        life.day = _soon(life, chance, life.account.next_event_on())
        _learn(life, chance)
    return life


def wandering_in_plans(seed: int, steps: int = 45) -> Life:
    """As above, but nobody freezes or closes the account, and much of what is billed is paid in instalments."""
    chance = Random(f"plans {seed}")
    begins = chance.choice((date(2026, 1, 5), date(2027, 12, 29), date(2028, 1, 31), date(2026, 2, 27)))
    life = Life(AGREED_LATE[seed % len(AGREED_LATE)], begins, 5_000_000, bill_day=chance.choice((None, 1, 15, 28)))
    for _ in range(steps):
        later = life.day + timedelta(days=chance.choice((0, 0, 0, 0, 1, 2, 5, 9, 12)))
        # Not the day on which it would be frozen because nobody has used it for a year.
        soon = life.account.ledger.next_event_on()
        life.day = max(life.day, soon) if soon is not None and chance.random() < 0.3 else later
        _plan(life, chance)
    return life


def _plan(life: Life, chance: Random) -> None:
    which, percent = chance.choice((-1, -1, -2, chance.randrange(99))), chance.choice((1, 10, 50, 100))
    asked: tuple[tuple[int, Callable[[], None]], ...] = (
        (14, lambda: life.buys(chance.choice((20, 30_000, 123_457, 200_000)))),
        (24, lambda: _convert(life, chance)),
        (5, lambda: life.settles(which)),
        (25, lambda: life.pays(chance.choice((life.due(), life.due(), life.account.ledger.billed, life.owed())))),
        (8, lambda: life.takes_back(which, percent, days_ago=chance.choice((0, 0, 2, 30)))),
        (4, lambda: life.is_returned(which)),
        (2, life.is_no_loss_after_all if life.account.standing == "charged_off" else life.advances),
        (1, life.is_written_off if chance.random() < 0.3 else life.advances),
        (4, lambda: life.pays(chance.choice((life.owed() // 2, 150_000)), days_ago=chance.choice((1, 3, 10, 45, 170)))),
        (3, lambda: life.disputes(which, percent)),
        (3, lambda: life.hears(which, chance.choice(("upheld", "rejected")))),
        (1, lambda: life.is_forgiven(chance.choice(("fees", "interest", "principal")), percent)),
        (1, lambda: _correct(life, chance)),
        (1, lambda: life.dies(chance.choice((0, 0, 3, 40))) if chance.random() < 0.3 else life.advances()),
    )
    chance.choices([ask for _, ask in asked], [weight for weight, _ in asked])[0]()


def _convert(life: Life, chance: Random) -> None:
    """With something billed and nothing missed, as a rule."""
    if chance.random() < 0.8:
        if not life.account.ledger.convertible:
            life.buys(chance.choice((620, 99_999, 150_000)))
            life.day = life.account.ledger.bill_days.next_after(life.day)
        life.advances()
        if life.account.standing == "overdue":
            life.pays(life.due())
    life.converts(chance.choice((100, 100, 50, 10, 101)), chance.choice((3, 3, 6, 12, 5)))


def wandering_in_loans(seed: int, steps: int = 45) -> Life:
    """Cash is drawn on any day of the month and repaid in time, late, in part, early, by agreement, or not at all."""
    chance = Random(f"loans {seed}")
    begins = chance.choice(
        (date(2026, 1, 29), date(2026, 1, 31), date(2028, 1, 31), date(2028, 2, 29), date(2026, 3, 30))
    )
    life = Life(AGREED_LOANS[seed % len(AGREED_LOANS)], begins, 20_000_000)
    life.draws(chance.choice((12, 123_457, 1_000_000)), chance.choice((1, 3, 12)))
    for _ in range(steps):
        life.day = _soon(life, chance, life.account.ledger.next_event_on())
        _borrow(life, chance)
    return life


def wandering_in_agreements(seed: int, steps: int = 45) -> Life:
    """A line whose debt is paid by agreement when it cannot be paid as billed; facts come late as ever."""
    chance = Random(f"agreements {seed}")
    begins = chance.choice((date(2026, 1, 5), date(2027, 12, 29), date(2028, 1, 31), date(2026, 2, 27)))
    life = Life(AGREED_LATE[seed % len(AGREED_LATE)], begins, 5_000_000, bill_day=chance.choice((None, 1, 15, 28)))
    life.buys(chance.choice((620, 123_457)))
    for _ in range(steps):
        life.day = _soon(life, chance, life.account.ledger.next_event_on())
        asked: tuple[tuple[int, Callable[[], None]], ...] = (
            (8, lambda: _agree(life, chance)),
            (2, lambda: life.settles(chance.randrange(9))),
            (14, lambda: life.pays(life.due())),
            (4, lambda: life.pays(chance.choice((1, life.due() // 2, life.owed() + 777)))),
            (14, lambda: _plan(life, chance)),
            (1, lambda: _learn(life, chance)),
        )
        chance.choices([ask for _, ask in asked], [weight for weight, _ in asked])[0]()
        if life.account.access == "closed" and not life.owed():
            break
    return life


def _agree(life: Life, chance: Random) -> None:
    """With something billed, as a rule."""
    if not life.account.ledger.billed and chance.random() < 0.8:
        if life.agreed.product == "pay_later":
            life.buys(chance.choice((7, 99_999)), forced=True)
        life.day = max(life.day, life.account.ledger.next_event_on() or life.day)
        life.advances()
    life.restructures(chance.choice((1, 2, 3, 12, 60)), chance.choice((Decimal(0), Decimal(0), Decimal("0.06"))))


def _borrow(life: Life, chance: Random) -> None:
    which, percent = chance.choice((-1, -1, -2, chance.randrange(99))), chance.choice((1, 10, 50, 100))
    days_ago = chance.choice((1, 3, 10, 31, 45, 80, 170, 180))
    lost = life.account.standing == "charged_off"
    asked: tuple[tuple[int, Callable[[], None]], ...] = (
        (9, lambda: life.draws(chance.choice((3, 99, 30_000, 123_457, 1_000_000)), chance.choice((1, 3, 6, 12, 24)))),
        (22, lambda: life.pays(life.due())),
        (8, lambda: life.pays(chance.choice((1, life.due() // 2, life.due() + 777, life.owed() // 2, life.owed())))),
        (9, lambda: life.pays(chance.choice((life.due(), life.due() // 2, 12_346, 200_000)), days_ago=days_ago)),
        (5, lambda: life.is_returned(which)),
        (6, lambda: life.prepays(which, percent)),
        (5, lambda: life.settles(which)),
        (4, lambda: _agree(life, chance)),
        (18, life.advances),
        (12 if lost else 0, life.is_no_loss_after_all),
        (1, life.is_written_off),
        (2, lambda: life.is_paid_out(percent)),
        (1, lambda: life.is_forgiven(chance.choice(("fees", "interest", "principal")), percent)),
        (1, lambda: _correct(life, chance)),
        (1, lambda: life.dies(chance.choice((0, 3, 20, 40))) if chance.random() < 0.3 else life.advances()),
        (1, lambda: _wander(life, chance)),
    )
    chance.choices([ask for _, ask in asked], [weight for weight, _ in asked])[0]()


def _soon(life: Life, chance: Random, eventful: date | None) -> date:
    """The same day, one of the next, or one on which something is due, tested or billed."""
    ahead = [
        day
        for day in (eventful, *(each.due_date for each in life.account.ledger.layers))
        if day is not None and day >= life.day
    ]
    if ahead and chance.random() < 0.3:
        return chance.choice(ahead)
    return life.day + timedelta(days=chance.choice((0, 0, 0, 1, 2, 5, 9, 12, 31)))


def _learn(life: Life, chance: Random) -> None:  # noqa: C901, PLR0912 - one case a command
    kind = chance.choices(
        (
            "other",
            "buys",
            "pays",
            "pays_late",
            "takes_back",
            "returned",
            "disputes",
            "hears",
            "forgiven",
            "corrected",
            "dies",
        ),
        (18, 16, 8, 12, 8, 9, 10, 8, 3, 4, 1),
    )[0]
    which, percent = chance.choice((-1, -1, -2, chance.randrange(99))), chance.choice((1, 10, 50, 100))
    days_ago = chance.choice((1, 3, 10, 20, 45, 80, 170))
    match kind:
        case "buys":
            life.buys(chance.choice((1, 1_620, 30_000, 123_457, 200_000)), forced=True)
        case "pays":
            life.pays(chance.choice((life.due(), life.owed() // 2, 10_000)))
        case "pays_late":
            amounts = (life.due(), life.owed() // 2, life.owed(), life.owed() + 777, 12_346, 200_000)
            life.pays(chance.choice(amounts), days_ago=days_ago)
        case "takes_back":
            life.takes_back(which, percent, days_ago=days_ago)
        case "returned":
            life.is_returned(which)
        case "disputes":
            life.disputes(which, percent)
        case "hears":
            life.hears(which, chance.choice(("upheld", "rejected")))
        case "forgiven":
            life.is_forgiven(chance.choice(("fees", "interest", "principal")), percent)
        case "corrected":
            _correct(life, chance)
        case "dies":
            life.dies(chance.choice((0, 0, 1, 3, 10, 20, 45, 80)))
        case _ if life.account.standing == "charged_off" and chance.random() < 0.4:
            life.is_no_loss_after_all()
        case _ if chance.random() < 0.06:
            life.is_written_off()
        case _:
            _wander(life, chance)


def _correct(life: Life, chance: Random) -> None:
    owed = {
        bucket: life.account.ledger.buckets[bucket] for bucket in CORRECTABLE if life.account.ledger.buckets[bucket]
    }
    bucket = chance.choice([*owed, *CORRECTABLE])
    less = min(5_000, owed.get(bucket, 0)) or 7
    life.is_corrected(**{bucket: chance.choice((1, 5_000, -1, -less))})


def _wander(life: Life, chance: Random) -> None:  # noqa: C901, PLR0912 - one case a command
    kind = chance.choices(
        (
            "buys",
            "forced",
            "pays",
            "advances",
            "takes_back",
            "is_paid_out",
            "freezes",
            "thaws",
            "moves",
            "holds",
            "captures",
            "releases",
            "appeals",
            "is_answered",
        ),
        (20, 6, 24, 20, 10, 4, 4, 5, 4, 7, 7, 1, 3, 3),
    )[0]
    match kind:
        case "buys" | "forced":
            life.buys(chance.choice((1, 620, 1_620, 30_000, 123_457, 200_000)), forced=kind == "forced")
        case "pays":
            amounts = (life.due(), life.due() // 2, life.owed(), life.owed() - 1, life.owed() + 777, 10_000)
            life.pays(max(0, chance.choice(amounts)))
        case "advances":
            life.advances()
        case "takes_back":
            life.takes_back(chance.randrange(99), chance.choice((1, 10, 50, 100)))
        case "is_paid_out":
            life.is_paid_out(chance.choice((1, 100)))
        case "holds":
            life.holds(chance.choice((620, 30_000, 123_457)))
        case "captures":
            percent = chance.choice((30, 50, 100, 100, 120))
            life.captures(chance.randrange(99), percent, final=chance.random() < 0.3, forced=chance.random() < 0.3)
        case "releases":
            life.gives_up_a_hold(chance.randrange(99))
        case "appeals":
            life.appeals(chance.choice(("fraud_confirmed", "multi_lender", "closure")))
        case "is_answered":
            life.is_answered(chance.choice(("upheld", "upheld_lower_limit", "rejected")))
        case "freezes":
            reason = chance.choice(REASONS)
            life.ask(Freeze, reason=reason, actor=BY.get(reason, OFFICER))
        case "thaws":
            reason = chance.choice((*life.account.reasons, *REASONS))
            life.ask(Unfreeze, reason=reason, actor=BY.get(reason, OFFICER), reference="case-1")
        case _:
            moves: tuple[type[Command], ...] = (
                RequestClosure,
                WithdrawClosure,
                WithdrawClosure,
                ForceClose,
                ChangeLimit,
            )
            move = chance.choice(moves)
            more: dict[type[Command], dict[str, Any]] = {
                ForceClose: {"reason": "abuse", "second_actor": SECOND_OFFICER},
                ChangeLimit: {"limit_fen": 300_000, "reason": "review"},
            }
            life.ask(move, **more.get(move, {}))


def retold(count: int = 48) -> Iterator[Callable[[], Life]]:
    """The wandering lives, each to be told anew: under a defect of the program they go another way."""
    return (partial(wandering, seed) for seed in range(count))


def retold_late(count: int = 48) -> Iterator[Callable[[], Life]]:
    """The lives with facts that come late, each to be told anew."""
    return (partial(wandering_late, seed) for seed in range(count))


@cache
def wanderers() -> tuple[Life, ...]:
    """The wandering lives of the program as it is, all facts known in time."""
    return tuple(tell() for tell in retold())


@cache
def late_wanderers() -> tuple[Life, ...]:
    """The lives of the program as it is in which facts come late."""
    return tuple(tell() for tell in retold_late())


@cache
def borrowers() -> tuple[Life, ...]:
    """The lives of the program as it is in which cash is lent."""
    return tuple(wandering_in_loans(seed) for seed in range(so_many(64)))


@cache
def agreeing() -> tuple[Life, ...]:
    """The lives of the program as it is in which debt of a line is restructured."""
    return tuple(wandering_in_agreements(seed) for seed in range(so_many(32)))


@cache
def planners() -> tuple[Life, ...]:
    """The lives of the program as it is in which debt is paid in instalments."""
    return tuple(wandering_in_plans(seed) for seed in range(so_many(48)))


def _differing(agreed: Terms) -> str:
    """The terms by what they do not have in common with the standard ones."""
    return _shown({name: value for name, value in agreed if value != getattr(PAY_LATER, name)})


def _shown(fields: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in fields.items())
