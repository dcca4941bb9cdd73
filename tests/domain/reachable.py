"""Every account that can be led to in a few steps: small amounts, and terms under which a lot happens soon.

Breadth first over one alphabet of commands; two paths to one and the same state count once.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from domain import charges
from domain.account import Account, fold
from domain.commands import (
    Activate,
    AdvanceTo,
    Authorize,
    Capture,
    Command,
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
    Reinstate,
    RequestClosure,
    ResolveDispute,
    Restructure,
    SettleEarly,
    UndoWriteOff,
    Unfreeze,
    WithdrawClosure,
    WriteOff,
)
from domain.decisions import decide
from domain.events import AccountEvent, AccountOpened
from domain.plans import principal_left
from domain.refusals import Refused
from domain.terms import Terms, catalogue
from tests.specification import ACCOUNT_ID, CUSTOMER, OFFICER, SECOND_OFFICER, loan_terms, terms

# A minimum is all of a statement, missed after two days; two weeks late it is frozen, four weeks late it is lost.
AGREED = terms(
    due_days=2, minimum_floor=0, overdue_long_dpd=14, charge_off_dpd=28, regime_dpd=20,
    hold_days=3, inactive_freeze_months=2, inactive_close_months=3,
)  # fmt: skip
# A loan alike: overdue the day after its instalment, frozen two weeks late, lost in four.
AGREED_LOAN = loan_terms(
    overdue_long_dpd=14, charge_off_dpd=28, regime_dpd=20, inactive_freeze_months=2, inactive_close_months=3,
    cooling_off_days=0,
)  # fmt: skip
_PUBLISHED = catalogue(AGREED, AGREED_LOAN)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Node:
    """An account, the events that led to it, and the words that were said on the way."""

    account: Account
    events: tuple[AccountEvent, ...]
    said: tuple[str, ...]

    @property
    def words(self) -> tuple[str, str]:
        return (self.account.access, self.account.standing)


Step = Callable[[Account], tuple[type[Command], dict[str, Any]] | None]


def _lose(account: Account) -> tuple[type[Command], dict[str, Any]]:
    return WriteOff, {"reason": "fraud", "second_actor": SECOND_OFFICER}


def _settle(account: Account) -> tuple[type[Command], dict[str, Any]] | None:
    for plan_id, plan in account.ledger.plans.items():
        payoff = charges.payoff(account.ledger, plan).total
        return SettleEarly, {"plan_id": plan_id, "channel": "transfer", "amount_fen": payoff}
    return None


def _prepay(account: Account) -> tuple[type[Command], dict[str, Any]] | None:
    for plan_id, plan in account.ledger.plans.items():
        principal = max(1, principal_left(plan) // 2)
        asked = charges.payoff(account.ledger, plan, principal).total
        said = {"plan_id": plan_id, "channel": "transfer", "principal_fen": principal, "amount_fen": asked}
        return PrepayPlan, said
    return None


def _first(found: Iterator[str]) -> str:
    return next(found, "none")


# What may be said, each with small amounts; None where it makes no sense to say it.
ALPHABET: dict[str, Step] = {
    "activate": lambda _: (Activate, {"limit_fen": 50_000}),
    "decline": lambda _: (Decline, {"kind": "declined", "reason": "score"}),
    "buy": lambda _: (Purchase, {"amount_fen": 1_000, "merchant_id": "shop"}),
    "force": lambda _: (Purchase, {"amount_fen": 700, "merchant_id": "shop", "forced": True}),
    "hold": lambda _: (Authorize, {"amount_fen": 500, "merchant_id": "shop"}),
    "capture": lambda a: (Capture, {"hold_id": _first(iter(a.holds)), "amount_fen": 500}),
    "pay a part": lambda _: (ReceivePayment, {"channel": "transfer", "amount_fen": 300}),
    "pay all": lambda a: (
        (ReceivePayment, {"channel": "transfer", "amount_fen": a.ledger.owed}) if a.ledger.owed else None
    ),
    "pay out": lambda a: (
        (RefundCredit, {"amount_fen": a.ledger.credit, "payout_token": "t"}) if a.ledger.credit else None
    ),
    "convert": lambda a: (
        (ConvertToPlan, {"amount_fen": a.ledger.convertible, "months": 3}) if a.ledger.convertible else None
    ),
    "settle": _settle,
    "agree": lambda _: (Restructure, {"months": 2, "reason": "lost_job"}),
    "draw": lambda _: (Draw, {"amount_fen": 9_000, "months": 3, "payout_token": "t"}),
    "prepay": _prepay,
    "dispute": lambda a: (
        OpenDispute,
        {"purchase_id": _first(iter(a.purchases)), "amount_fen": 400, "reason": "not_received"},
    ),
    "uphold": lambda a: (ResolveDispute, {"dispute_id": _first(iter(a.disputes)), "outcome": "upheld"}),
    "reject": lambda a: (ResolveDispute, {"dispute_id": _first(iter(a.disputes)), "outcome": "rejected"}),
    "wait": lambda a: (AdvanceTo, {"date": on}) if (on := a.next_event_on()) else None,
    "freeze": lambda _: (Freeze, {"reason": "fraud_confirmed"}),
    "order": lambda _: (Freeze, {"reason": "legal_order"}),
    "lift": lambda _: (Unfreeze, {"reason": "fraud_confirmed"}),
    "lift the order": lambda _: (Unfreeze, {"reason": "legal_order", "reference": "case"}),
    "use again": lambda _: (Unfreeze, {"reason": "inactive", "actor": CUSTOMER}),
    "die": lambda a: (RecordDeath, {"date_of_death": a.business_date}),
    "live": lambda _: (Unfreeze, {"reason": "deceased"}),
    "leave": lambda _: (RequestClosure, {}),
    "stay": lambda _: (WithdrawClosure, {}),
    "close by force": lambda _: (ForceClose, {"reason": "abuse", "second_actor": SECOND_OFFICER}),
    "appeal": lambda _: (LodgeAppeal, {"against": "closure", "actor": CUSTOMER}),
    "answer": lambda a: (
        DecideAppeal,
        {"appeal_id": _first(iter(a.appeals)), "outcome": "upheld", "reason": "review"},
    ),
    "reinstate": lambda a: (Reinstate, {"appeal_id": _first(iter(a.appeals)), "limit_fen": 50_000}),
    "write off": _lose,
    "undo": lambda _: (UndoWriteOff, {"reason": "error", "second_actor": SECOND_OFFICER}),
}
# Which field names what is said, where it must have a name of its own.
_NAMED = {
    Purchase: "purchase_id",
    Capture: "purchase_id",
    Authorize: "hold_id",
    ReceivePayment: "payment_ref",
    ConvertToPlan: "plan_id",
    Restructure: "plan_id",
    PrepayPlan: "payment_ref",
    SettleEarly: "payment_ref",
    RefundCredit: "refund_id",
    OpenDispute: "dispute_id",
    LodgeAppeal: "appeal_id",
}


@dataclass
class Explored:
    """What an exploration found: every state once, how often something was refused, and the words that were reached."""

    depth: int
    nodes: list[Node] = field(default_factory=list)
    decided: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    layers: list[int] = field(default_factory=list)

    def words(self) -> dict[tuple[str, str], Node]:
        """Of every pair of access and standing that was reached, the first account."""
        found: dict[tuple[str, str], Node] = {}
        for node in self.nodes:
            found.setdefault(node.words, node)
        return found

    def __str__(self) -> str:
        reasons = {node.account.reasons for node in self.nodes}
        return (
            f"{len(self.nodes):,} states in {self.depth} steps ({', '.join(map(str, self.layers))}), "
            f"{self.decided:,} decisions, {sum(self.refused.values()):,} refused for {len(self.refused)} reasons; "
            f"{len(self.words())} pairs of access and standing, {len(reasons)} sets of freeze reasons"
        )


def application(begins: date = date(2026, 1, 25), agreed: Terms = AGREED) -> Node:
    """An application, for a line a week before its first bill day."""
    command = Open(
        command_id="c0", account_id=ACCOUNT_ID, actor=OFFICER, at=_noon(begins),
        customer_id="customer-1", terms_version=agreed.version,
    )  # fmt: skip
    decision = decide(command, None, _PUBLISHED)
    assert decision.account is not None
    return Node(decision.account, decision.events, ())


def say(node: Node, word: str) -> Node | Refused | None:
    """What a word leads to: another account, a refusal, or None where it makes no sense or changes nothing."""
    asked = ALPHABET[word](node.account)
    if asked is None:
        return None
    kind, fields = asked
    number = f"{len(node.said) + 1}"
    named = {_NAMED[kind]: number} if kind in _NAMED else {}
    if kind is Draw:
        named = {"draw_id": number, "plan_id": number}
    on = fields["date"] if kind is AdvanceTo else node.account.business_date
    command: Any = kind(
        **{"command_id": f"c{number}", "account_id": ACCOUNT_ID, "actor": OFFICER, "at": _noon(on)} | named | fields
    )
    try:
        decision = decide(command, node.account, _PUBLISHED)
    except Refused as refused:
        return refused
    if not decision.events or decision.account is None:
        return None
    return Node(decision.account, (*node.events, *decision.events), (*node.said, word))


def explore(depth: int, *, root: Node | None = None) -> Explored:
    """Everything that is reached from an application by at most `depth` words, in every order."""
    frontier = [root or application()]
    explored = Explored(depth, list(frontier), layers=[1])
    seen = {_state(frontier[0].account)}
    for _ in range(depth):
        reached = []
        for node in frontier:
            for word in ALPHABET:
                became = say(node, word)
                explored.decided += 1
                if isinstance(became, Refused):
                    explored.refused[became.reason] = explored.refused.get(became.reason, 0) + 1
                elif became is not None and (state := _state(became.account)) not in seen:
                    seen.add(state)
                    reached.append(became)
        frontier = reached
        explored.nodes += reached
        explored.layers.append(len(reached))
    return explored


def replayed(node: Node) -> Account:
    """The same account from its events alone."""
    assert isinstance(node.events[0], AccountOpened)
    return fold(None, node.events)


def _state(account: Account) -> tuple[Any, ...]:
    """All that the future of an account depends on, but for the names of things."""
    ledger = account.ledger
    return (
        account.access, account.standing, account.reasons, account.limit, account.limit_before_closing,
        account.close_kind, account.closed_on, account.last_act_on, account.business_date, account.death,
        tuple(account.original_charge_off.items()), account.spared_due,
        tuple(ledger.buckets.values()), ledger.layers, ledger.layers_charged_off, ledger.untested,
        ledger.charged_off_due, ledger.bearing, ledger.fen_days, ledger.principal_fen_days, ledger.interest_posted,
        ledger.charges_posted, ledger.waived, ledger.regime, ledger.died_on, ledger.drawn_on,
        ledger.plan_interest_posted, ledger.settlement_fees_posted,
        ledger.agreement.original_due_date if ledger.agreement else None,
        tuple(tuple(each) for each in ledger.slices.values()),
        tuple((each.made_on, each.instalments) for each in ledger.plans.values()),
        tuple((each.left, each.expires_on) for each in account.holds.values()),
        tuple((each.amount, each.open, each.outcome) for each in account.disputes.values()),
        tuple((each.on, each.outcome) for each in account.appeals.values()),
        tuple((each.amount, each.gone) for each in account.purchases.values()),
        tuple((fact.on, fact.kind, fact.amount, fact.turn) for fact in account.facts),
    )  # fmt: skip


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
