"""Lives of accounts to fold: the domain decides, this records what it decided as the store would."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from random import Random
from typing import Any
from uuid import UUID

from domain import charges
from domain.account import Account
from domain.calendar import zone_named
from domain.chain import GENESIS, instant_text, link
from domain.codec import encode
from domain.commands import (
    Activate,
    Actor,
    AdvanceTo,
    Command,
    Draw,
    ForceClose,
    Freeze,
    Open,
    PrepayPlan,
    Purchase,
    ReceivePayment,
    RefundPurchase,
    RequestClosure,
    Restructure,
    SettleEarly,
    Unfreeze,
    WithdrawClosure,
)
from domain.decisions import decide
from domain.events import AccountEvent
from domain.identity import account_id_for
from domain.ledger import Ledger
from domain.recorded import Recorded
from domain.refusals import Refused
from domain.terms import PAY_LATER, Terms, catalogue

OFFICER = Actor(role="officer", id="o-1")
SECOND_OFFICER = Actor(role="officer", id="o-2")
# Who sets and lifts a freeze reason, where it is not an officer.
_BY = {"customer_request": Actor(role="customer", id="c-1"), "multi_lender": Actor(role="risk", id="r-1")}
ZONE = "Asia/Shanghai"


def day(text: str | date) -> date:
    return text if isinstance(text, date) else date.fromisoformat(text)


def noon(on: str | date) -> datetime:
    """Noon of that day where the account lives, as an instant in UTC."""
    on = day(on)
    return datetime(on.year, on.month, on.day, 12, tzinfo=zone_named(ZONE)).astimezone(UTC)


def record(
    account_id: UUID, events: Iterable[AccountEvent], after: Recorded | None = None, command_id: str = "c-1"
) -> list[Recorded]:
    """`events` as the store would hold them, following `after`."""
    recorded = []
    version, previous = (0, GENESIS) if after is None else (after.version, after.chain_hash)
    for index, event in enumerate(events):
        version += 1
        data, at = encode(event), noon(event.business_date)
        previous = link(
            previous, account_id, version, event.TYPE, event.VERSION, instant_text(at), command_id, str(OFFICER), data
        )
        recorded.append(
            Recorded(
                aggregate_id=account_id,
                version=version,
                position=version,
                recorded_at=at,
                command_id=command_id,
                command_index=index,
                command_hash=b"\x01" * 32,
                correlation_id=command_id,
                causation_id=command_id,
                traceparent="00-" + "a" * 32 + "-" + "b" * 16 + "-01",
                actor=str(OFFICER),
                type=event.TYPE,
                type_version=event.VERSION,
                data=data,
                chain_hash=previous,
                event=event,
            )
        )
    return recorded


class Story:
    """One account's life, told by commands with the day each was said on."""

    def __init__(
        self,
        customer: str = "c-1",
        opened: str | date = "2026-01-05",
        limit_fen: int = 5_000_000,
        terms: Terms = PAY_LATER,
    ):
        self.catalogue = catalogue(terms)
        self.account_id = account_id_for(customer, "a-1")
        self.account: Account | None = None
        self.recorded: list[Recorded] = []
        self.commands = 0
        self.say(opened, Open, customer_id=customer, terms_version=terms.version)
        if limit_fen:
            self.say(opened, Activate, limit_fen=limit_fen)

    def say(self, on: str | date, command: type[Command], **fields) -> "Story":
        self.commands += 1
        who: dict[str, Any] = {"actor": _BY.get(fields.get("reason", ""), OFFICER)}
        if command.FOUR_EYES:
            who["second_actor"] = SECOND_OFFICER
        asked: Any = command(command_id=f"k-{self.commands}", account_id=self.account_id, at=noon(on), **who | fields)
        decision = decide(asked, self.account, self.catalogue)
        self.account = decision.account
        after = self.recorded[-1] if self.recorded else None
        self.recorded += record(self.account_id, decision.events, after, asked.command_id)
        return self

    def buys(self, on: str | date, fen: int) -> "Story":
        return self.say(on, Purchase, purchase_id=f"p-{self.commands}", amount_fen=fen, merchant_id="m-1")

    def pays(self, on: str | date, fen: int) -> "Story":
        return self.say(on, ReceivePayment, payment_ref=f"r-{self.commands}", channel="transfer", amount_fen=fen)

    def advances(self, on: str | date) -> "Story":
        return self.say(on, AdvanceTo, date=day(on))

    def draws(self, on: str | date, fen: int, months: int, plan: str = "loan-1") -> "Story":
        said = {"draw_id": f"draw-of-{plan}", "plan_id": plan, "amount_fen": fen, "months": months}
        return self.say(on, Draw, **said, payout_token="bank-card-1")

    def restructures(self, on: str | date, months: int, plan: str = "agreement-1") -> "Story":
        return self.say(on, Restructure, plan_id=plan, months=months, reason="lost_job")

    def pays_demand(self, *days: str | date) -> "Story":
        """On each of the days whatever statements demand by then."""
        for on in days:
            demanded = self.advances(on).on(on).minimum_due
            if demanded:
                self.pays(on, demanded)
        return self

    def settles(self, on: str | date, plan: str = "loan-1") -> "Story":
        """For what it takes on that day."""
        ledger = self.advances(on).on(on)
        fen = charges.payoff(ledger, ledger.plans[plan]).total
        return self.say(
            on, SettleEarly, plan_id=plan, payment_ref=f"s-{self.commands}", channel="transfer", amount_fen=fen
        )

    def prepays(self, on: str | date, principal: int, plan: str = "loan-1") -> "Story":
        """A part of its principal, for what that takes on that day."""
        ledger = self.advances(on).on(on)
        fen = charges.payoff(ledger, ledger.plans[plan], principal).total
        said = {"plan_id": plan, "payment_ref": f"e-{self.commands}", "channel": "transfer", "principal_fen": principal}
        return self.say(on, PrepayPlan, **said, amount_fen=fen)

    def on(self, on: str | date) -> Ledger:
        """What is owed as that day goes on; the calendar has done its work by then."""
        assert self.account is not None
        ledger = self.account.ledger.fork()
        ledger.pass_time(day(on))
        return ledger


def wandering(seed: int, steps: int = 40, customer: str | None = None, terms: Terms = PAY_LATER) -> Story:
    """A random but repeatable life: it buys, pays, is late, is frozen, closes. What is refused did not happen."""
    chance = Random(seed)
    story = Story(customer or f"wanderer-{seed}", terms=terms)
    on = date(2026, 1, 5)
    for _ in range(steps):
        on = date.fromordinal(on.toordinal() + chance.choice((0, 1, 2, 5, 9, 20, 45)))
        try:
            _wander(story, on, chance)
        except Refused:
            continue
    return story


def _wander(story: Story, on: date, chance: Random) -> None:
    match chance.choices(range(8), (30, 30, 20, 4, 4, 2, 1, 1))[0]:
        case 0:
            story.buys(on, chance.choice((1_620, 30_000, 123_457)))
        case 1:
            due = story.account.ledger.minimum_due if story.account else 0
            story.pays(on, chance.choice((due or 1, 10_000, 123_457, 250_000)))
        case 2:
            story.advances(on)
        case 3:
            bought = [each.event for each in story.recorded if each.type == "purchase.posted"]
            if bought:
                refund = {"purchase_id": bought[-1].purchase_id, "refund_id": f"f-{story.commands}"}
                story.say(on, RefundPurchase, amount_fen=1_000, **refund)
        case 4:
            story.say(on, Freeze, reason="customer_request")
        case 5:
            story.say(on, Unfreeze, reason="customer_request")
        case 6:
            story.say(on, RequestClosure if chance.random() < 0.7 else WithdrawClosure)
        case _:
            story.say(on, ForceClose, reason="abuse")
