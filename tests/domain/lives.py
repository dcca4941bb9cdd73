"""Lives of accounts, told in commands: what was asked on which day, and what became of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache, partial
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from domain.account import Account
from domain.commands import (
    Activate,
    AdvanceTo,
    ChangeLimit,
    Command,
    ForceClose,
    Freeze,
    Open,
    Purchase,
    ReceivePayment,
    RefundCredit,
    RefundPurchase,
    RequestClosure,
    Unfreeze,
    WithdrawClosure,
)
from domain.decisions import Decision, decide
from domain.events import AccountEvent, PurchasePosted
from domain.refusals import Refused
from domain.snapshot import dump
from domain.terms import PAY_LATER, PAY_LATER_FREE, Terms, catalogue
from tests.specification import ACCOUNT_ID, OFFICER, ZONE, terms

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
# Nobody here is charged off for the days past due: the reckoning by hand does not know losses yet, and they have
# tests of their own (test_writing_off.py).
AGREED = tuple(each.model_copy(update={"charge_off_dpd": 10_000}) for each in _TERMS)
REASONS = ("customer_request", "fraud_confirmed", "multi_lender", "legal_order")


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
        return kind(**said, **fields)

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
        else:
            self.told.append(Told(command, before, kept, decision.account, decision.events, None))

    def buys(self, fen: int, *, forced: bool = False) -> None:
        said: dict[str, Any] = {"purchase_id": f"p{len(self.told)}", "merchant_id": "shop-1", "amount_fen": fen}
        self.ask(Purchase, **said, forced=forced)

    def pays(self, fen: int) -> None:
        if fen:
            self.ask(ReceivePayment, payment_ref=f"r{len(self.told)}", channel="transfer", amount_fen=fen)

    def takes_back(self, which: int, percent: int) -> None:
        if self.purchases:
            bought = self.purchases[which % len(self.purchases)]
            said: dict[str, Any] = {"purchase_id": bought.purchase_id, "refund_id": f"f{len(self.told)}"}
            self.ask(RefundPurchase, **said, amount_fen=max(1, bought.amount_fen * percent // 100))

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


def _wander(life: Life, chance: Random) -> None:
    kind = chance.choices(
        ("buys", "forced", "pays", "advances", "takes_back", "is_paid_out", "freezes", "thaws", "moves"),
        (24, 6, 24, 20, 10, 4, 4, 5, 3),
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
        case "freezes":
            life.ask(Freeze, reason=chance.choice(REASONS))
        case "thaws":
            life.ask(Unfreeze, reason=chance.choice((*life.account.reasons, *REASONS)))
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
                ForceClose: {"reason": "abuse"},
                ChangeLimit: {"limit_fen": 300_000, "reason": "review"},
            }
            life.ask(move, **more.get(move, {}))


def retold(count: int = 48) -> Iterator[Callable[[], Life]]:
    """The wandering lives, each to be told anew: under a defect of the program they go another way."""
    return (partial(wandering, seed) for seed in range(count))


@cache
def wanderers() -> tuple[Life, ...]:
    """The wandering lives of the program as it is."""
    return tuple(tell() for tell in retold())
