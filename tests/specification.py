"""The words the specification is told in: given a history, when something is asked, then this is what became of it.

    given(*LINE, bought("p1", 123_457, on="2026-01-10")).when(advance(to="2026-02-01")).then(
        event(AccountBilled, balance_fen=123_457, minimum_fen=12_346, due_date="2026-02-10")
    ).owes(principal_billed=123_457)

`then` compares every event that the `when` led to, in order, by the fields each expectation states. `owes` compares
all eleven buckets; a bucket that is not named is 0. Everything asked is checked for leaving its input untouched.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple, Self
from zoneinfo import ZoneInfo

from domain.account import Account, fold
from domain.commands import (
    Activate,
    Actor,
    AdvanceTo,
    Authorize,
    Capture,
    ChangeBillDay,
    ChangeLimit,
    ChangeTerms,
    Command,
    ConvertToPlan,
    CorrectBalances,
    CorrectReport,
    DecideAppeal,
    Decline,
    DisputeReport,
    Draw,
    ForceClose,
    Freeze,
    LodgeAppeal,
    Migrate,
    NoticeInactivity,
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
    SetAutopay,
    SettleEarly,
    UndoWriteOff,
    Unfreeze,
    WaiveDebt,
    WithdrawClosure,
    WriteOff,
)
from domain.decisions import decide
from domain.events import CodeChange, Counters, Event
from domain.identity import account_id_for
from domain.money import BUCKETS
from domain.refusals import Refused
from domain.snapshot import dump
from domain.terms import CASH_LOAN, PAY_LATER, STANDARD, Catalogue, Terms, catalogue

OFFICER = Actor(role="officer", id="o-1")
SECOND_OFFICER = Actor(role="officer", id="officer-2")
CUSTOMER = Actor(role="customer", id="customer-1")
RISK = Actor(role="risk", id="desk-9")
# Who usually sets and lifts a freeze reason; whoever is not named here is an officer.
_FREEZES = {"customer_request": CUSTOMER, "inactive": CUSTOMER, "credit_deterioration": RISK, "multi_lender": RISK}
ACCOUNT_ID = account_id_for("customer-1", "application-1")
ZONE = "Asia/Shanghai"
FIRST_DAY = "2026-01-05"


NOTHING_COUNTED = Counters(
    bearing_fen=0, fen_days=0, principal_fen_days=0, interest_posted_fen=0, charges_posted_fen=0, waived_fen=0
)


class Asked(NamedTuple):
    """Something asked of the account on a day or at an instant; without one, on the day of what came before."""

    kind: type[Command]
    on: str | None
    fields: dict[str, Any]
    published: Catalogue = STANDARD


def terms(version: str = "agreed-1", **changes: Any) -> Terms:
    """The standard pay-later terms with other figures."""
    return Terms(**{**PAY_LATER.model_dump(), "version": version, **changes})


def loan_terms(version: str = "agreed-loan-1", **changes: Any) -> Terms:
    """The standard cash-loan terms with other figures."""
    return Terms(**{**CASH_LOAN.model_dump(), "version": version, **changes})


def instant(on: str) -> datetime:
    """Noon of that day where the account lives; an instant says itself."""
    moment = datetime.fromisoformat(on)
    return moment if moment.tzinfo else datetime.combine(moment.date(), time(12), ZoneInfo(ZONE)).astimezone(UTC)


def open_line(on: str = FIRST_DAY, agreed: Terms = PAY_LATER, **fields: Any) -> Asked:
    return Asked(Open, on, {"customer_id": "customer-1", "terms_version": agreed.version, **fields}, catalogue(agreed))


def activate(limit: int = 5_000_000, on: str | None = None) -> Asked:
    return Asked(Activate, on, {"limit_fen": limit})


def decline(kind: str = "declined", reason: str = "score", on: str | None = None) -> Asked:
    return Asked(Decline, on, {"kind": kind, "reason": reason})


def change_limit(to: int, on: str | None = None) -> Asked:
    return Asked(ChangeLimit, on, {"limit_fen": to, "reason": "review"})


def change_terms(to: Terms, from_date: str, on: str | None = None) -> Asked:
    said = {"terms_version": to.version, "from_date": date.fromisoformat(from_date), "notice_id": "notice-1"}
    return Asked(ChangeTerms, on, said, catalogue(to))


def change_bill_day(to: int, from_date: str, on: str | None = None) -> Asked:
    return Asked(ChangeBillDay, on, {"bill_day": to, "from_date": date.fromisoformat(from_date)})


def set_autopay(mode: str, on: str | None = None, token: str | None = "bank-card-1") -> Asked:
    return Asked(SetAutopay, on, {"mode": mode, "source_token": token})


def buy(purchase_id: str, fen: int, on: str | None = None, **fields: Any) -> Asked:
    said = {"purchase_id": purchase_id, "amount_fen": fen, "merchant_id": "shop-1", **fields}
    return Asked(Purchase, on, said)


def refund(purchase_id: str, fen: int, on: str | None = None, ref: str = "refund-1", **fields: Any) -> Asked:
    return Asked(RefundPurchase, on, {"purchase_id": purchase_id, "refund_id": ref, "amount_fen": fen, **fields})


def pay(fen: int, on: str | None = None, ref: str = "payment-1", **fields: Any) -> Asked:
    return Asked(ReceivePayment, on, {"payment_ref": ref, "channel": "transfer", "amount_fen": fen, **fields})


def reverse(ref: str = "payment-1", on: str | None = None, reason: str = "returned", **fields: Any) -> Asked:
    return Asked(ReversePayment, on, {"payment_ref": ref, "reason": reason, **fields})


def convert(fen: int, months: int, on: str | None = None, ref: str = "plan-1", **fields: Any) -> Asked:
    return Asked(ConvertToPlan, on, {"plan_id": ref, "amount_fen": fen, "months": months, "actor": CUSTOMER, **fields})


def draw(fen: int, months: int, on: str | None = None, ref: str = "loan-1", **fields: Any) -> Asked:
    said = {"draw_id": f"draw-of-{ref}", "plan_id": ref, "amount_fen": fen, "months": months, "actor": CUSTOMER}
    return Asked(Draw, on, {**said, "payout_token": "bank-card-1", **fields})


def prepay(principal: int, fen: int, on: str | None = None, plan: str = "loan-1", ref: str = "prepayment-1") -> Asked:
    said = {"plan_id": plan, "payment_ref": ref, "channel": "transfer", "principal_fen": principal, "amount_fen": fen}
    return Asked(PrepayPlan, on, {**said, "actor": CUSTOMER})


def restructure(months: int, on: str | None = None, plan: str = "agreement-1", **fields: Any) -> Asked:
    return Asked(Restructure, on, {"plan_id": plan, "months": months, "reason": "lost_job", **fields})


def settle(fen: int, on: str | None = None, plan: str = "plan-1", ref: str = "settlement-1") -> Asked:
    said = {"plan_id": plan, "payment_ref": ref, "channel": "transfer", "amount_fen": fen, "actor": CUSTOMER}
    return Asked(SettleEarly, on, said)


def write_off(reason: str = "fraud", on: str | None = None, **fields: Any) -> Asked:
    return Asked(WriteOff, on, {"reason": reason, "second_actor": SECOND_OFFICER, **fields})


def undo_write_off(reason: str = "booked_in_error", on: str | None = None, **fields: Any) -> Asked:
    return Asked(UndoWriteOff, on, {"reason": reason, "second_actor": SECOND_OFFICER, **fields})


def pay_out(fen: int, on: str | None = None, ref: str = "payout-1") -> Asked:
    return Asked(RefundCredit, on, {"refund_id": ref, "amount_fen": fen, "payout_token": "bank-card-1"})


def waive(reason: str = "goodwill", on: str | None = None, **amounts: int) -> Asked:
    return Asked(WaiveDebt, on, {"reason": reason, **{f"{kind}_fen": fen for kind, fen in amounts.items()}})


def correct(on: str | None = None, reason: str = "audit-7", **deltas: int) -> Asked:
    return Asked(CorrectBalances, on, {"deltas": deltas, "reason": reason, "second_actor": SECOND_OFFICER})


def dispute(purchase_id: str, fen: int, on: str | None = None, ref: str = "dispute-1") -> Asked:
    said = {"dispute_id": ref, "purchase_id": purchase_id, "amount_fen": fen, "reason": "not_received"}
    return Asked(OpenDispute, on, said)


def resolve(outcome: str, on: str | None = None, ref: str = "dispute-1") -> Asked:
    return Asked(ResolveDispute, on, {"dispute_id": ref, "outcome": outcome})


def freeze(reason: str, on: str | None = None, **fields: Any) -> Asked:
    return Asked(Freeze, on, {"reason": reason, "actor": _FREEZES.get(reason, OFFICER), **fields})


def unfreeze(reason: str, on: str | None = None, **fields: Any) -> Asked:
    said = {"reason": reason, "actor": _FREEZES.get(reason, OFFICER), "reference": "case-1"}
    return Asked(Unfreeze, on, {**said, **fields})


def migrate(limit: int = 500_000, on: str | None = None, **said: Any) -> Asked:
    return Asked(Migrate, on, {"limit_fen": limit, "counters": NOTHING_COUNTED, **said})


def record_death(date_of_death: str, on: str | None = None) -> Asked:
    return Asked(RecordDeath, on, {"date_of_death": date.fromisoformat(date_of_death)})


def appeal(against: str, on: str | None = None, ref: str = "appeal-1", **fields: Any) -> Asked:
    return Asked(LodgeAppeal, on, {"appeal_id": ref, "against": against, "actor": CUSTOMER, **fields})


def decide_appeal(outcome: str, on: str | None = None, ref: str = "appeal-1", **fields: Any) -> Asked:
    return Asked(DecideAppeal, on, {"appeal_id": ref, "outcome": outcome, "reason": "review", **fields})


def reinstate(limit: int, on: str | None = None, ref: str = "appeal-1") -> Asked:
    return Asked(Reinstate, on, {"limit_fen": limit, "appeal_id": ref})


def notice_inactivity(step: str, on: str | None = None) -> Asked:
    return Asked(NoticeInactivity, on, {"step": step, "channel": "sms", "template": "unused-1"})


def authorize(hold_id: str, fen: int, on: str | None = None, **fields: Any) -> Asked:
    return Asked(Authorize, on, {"hold_id": hold_id, "amount_fen": fen, "merchant_id": "shop-1", **fields})


def capture(hold_id: str, fen: int, on: str | None = None, ref: str = "p1", **fields: Any) -> Asked:
    return Asked(Capture, on, {"hold_id": hold_id, "purchase_id": ref, "amount_fen": fen, **fields})


def release(hold_id: str, on: str | None = None, reason: str = "cancelled") -> Asked:
    return Asked(ReleaseHold, on, {"hold_id": hold_id, "reason": reason})


def dispute_report(*months: str, on: str | None = None, ref: str = "report-1") -> Asked:
    return Asked(DisputeReport, on, {"report_dispute_id": ref, "months": months, "actor": CUSTOMER})


def correct_report(
    on: str | None = None, ref: str = "report-1", outcome: str | None = None, **changes: str
) -> Asked:  # fmt: skip
    """Each change as `of_2026_02="1>N"`; without one the dispute is rejected."""
    told = [(month.removeprefix("of_").replace("_", "-"), *codes.split(">")) for month, codes in changes.items()]
    said = tuple(CodeChange(month=month, old=old, new=new) for month, old, new in told)
    outcome = outcome or ("upheld" if said else "rejected")
    fields = {"outcome": outcome, "changes": said, "reason": "bank_error", "second_actor": SECOND_OFFICER}
    return Asked(CorrectReport, on, {"report_dispute_id": ref, **fields})


def request_closure(on: str | None = None) -> Asked:
    return Asked(RequestClosure, on, {})


def withdraw_closure(on: str | None = None) -> Asked:
    return Asked(WithdrawClosure, on, {})


def force_close(reason: str = "abuse", on: str | None = None, **fields: Any) -> Asked:
    return Asked(ForceClose, on, {"reason": reason, "second_actor": SECOND_OFFICER, **fields})


def advance(to: str, on: str | None = None) -> Asked:
    """Let the calendar do its work up to a date; asked on that date unless it says another."""
    return Asked(AdvanceTo, on or to, {"date": datetime.fromisoformat(to).date()})


# A history is told in the past tense.
opened, activated, declined, limit_changed = open_line, activate, decline, change_limit
bought, refunded, paid, paid_out = buy, refund, pay, pay_out
terms_changed, bill_day_changed, autopay_set = change_terms, change_bill_day, set_autopay
disputed, resolved, waived, corrected = dispute, resolve, waive, correct
frozen, unfrozen, force_closed, death_recorded = freeze, unfreeze, force_close, record_death
appealed, appeal_decided, reinstated = appeal, decide_appeal, reinstate
authorized, captured, released = authorize, capture, release
converted, settled = convert, settle
drawn, prepaid, restructured = draw, prepay, restructure
report_disputed, report_corrected = dispute_report, correct_report
closure_requested, closure_withdrawn, advanced = request_closure, withdraw_closure, advance

LINE = (opened(), activated())
LOAN = (opened(agreed=CASH_LOAN), activated())
# The loan of the rulebook's worked examples: 89,975 a month from 15 February on.
DRAWN = (*LOAN, drawn(1_000_000, 12, on="2026-01-15"))
# The purchase that the rulebook's known answers begin with.
BASE = (*LINE, bought("base", 123_457, on="2026-01-10"))


def event(kind: type[Event], /, **stated: Any) -> Event:
    """An expected event, known by the fields it states; a date may be stated as text."""
    unknown = stated.keys() - kind.model_fields.keys()
    assert not unknown, f"{kind.TYPE} has no field {unknown}"
    return kind.model_construct(set(stated), **stated)


class Scenario:
    """One account's life, and what was last asked of it."""

    def __init__(self) -> None:
        self.account: Account | None = None
        self.events: list[Event] = []
        self.refusal: Refused | None = None
        self.asked: list[tuple[Command, Catalogue]] = []
        self._day = FIRST_DAY
        self._timeline: list[str] = []

    def given(self, *history: Asked | Event) -> Self:
        for each in history:
            if isinstance(each, Event):
                self.account = fold(self.account, [each])  # type: ignore[list-item] # any event that a test made
                self._day = str(each.business_date)
                self._timeline.append(_line(each))
            else:
                self._ask(each)
                self._check(self.refusal is None, "the history itself was refused")
        return self

    def when(self, *asked: Asked) -> Self:
        self.events, self.refusal = [], None
        self._timeline.append("-- when")
        for each in asked:
            if self.refusal is None:
                self._ask(each)
        return self

    def then(self, *expected: Event) -> Self:
        self._check(self.refusal is None, "it was refused")
        self._check(
            [each.TYPE for each in self.events] == [each.TYPE for each in expected],
            "expected " + ", ".join(each.TYPE for each in expected),
        )
        for happened, stated in zip(self.events, expected, strict=True):
            fields = {name: getattr(stated, name) for name in stated.model_fields_set}
            self._compare(happened.TYPE, fields, {name: getattr(happened, name) for name in fields})
        return self

    def refused(self, reason: str, **numbers: Any) -> Self:
        if self.refusal is None:
            self._check(False, f"expected to be refused: {reason}")
            raise AssertionError
        self._compare("the refusal", {"reason": reason}, {"reason": self.refusal.reason})
        self._check(numbers.keys() == self.refusal.numbers.keys(), f"its numbers are {sorted(self.refusal.numbers)}")
        self._compare(f"the refusal {reason}", numbers, self.refusal.numbers)
        self._check(bool(self.refusal.remedy), "a refusal says what can be done about it")
        return self

    def nothing_happened(self) -> Self:
        return self.then()

    def owes(self, **buckets: int) -> Self:
        """Every bucket; one that is not named is 0."""
        unknown = buckets.keys() - set(BUCKETS)
        assert not unknown, f"there is no bucket {unknown}"
        ledger = self._known().ledger
        self._compare("owes", {name: buckets.get(name, 0) for name in BUCKETS}, ledger.buckets)
        return self

    def stands(self, on: str | None = None, **figures: Any) -> Self:
        """Any other figure of the account or of its ledger, as of its last event or on a later day."""
        account = self._known().fork()
        if on:
            account.ledger.pass_time(datetime.fromisoformat(on).date())
        holders = {name: account if hasattr(account, name) else account.ledger for name in figures}
        self._compare("stands", figures, {name: getattr(holder, name) for name, holder in holders.items()})
        return self

    def _known(self) -> Account:
        assert self.account is not None, "nothing was opened"
        return self.account

    def _ask(self, asked: Asked) -> None:
        self._day = asked.on or self._day
        command: Any = asked.kind(
            command_id=f"command-{len(self.asked) + 1}",
            account_id=ACCOUNT_ID,
            at=instant(self._day),
            **{"actor": OFFICER, **asked.fields},
        )
        self.asked.append((command, asked.published))
        self._timeline.append(f"{self._day}  {command.DO} {_shown(asked.fields)}")
        kept = dump(self.account) if self.account else b""
        before = self.account
        try:
            decision = decide(command, self.account, asked.published)
        except Refused as refusal:
            self.refusal = refusal
            self._timeline.append(f"    refused: {refusal}")
        else:
            self.account = decision.account
            self.events += decision.events
            self._timeline += [f"    {_line(each)}" for each in decision.events]
        self._check(before is None or dump(before) == kept, "deciding changed the account it was given")

    def _compare(self, what: str, stated: Mapping[str, Any], actual: Mapping[Any, Any]) -> None:
        wrong = [
            f"{what}: {name} is {actual[name]!r}, expected {value!r}"
            for name, value in stated.items()
            if not (actual[name] == value or (isinstance(value, str) and str(actual[name]) == value))
        ]
        self._check(not wrong, "\n".join(wrong))

    def _check(self, holds: bool, why: str) -> None:  # noqa: FBT001 - an assertion with a timeline
        assert holds, "\n".join([why, "", *self._timeline])


def given(*history: Asked | Event) -> Scenario:
    """An account with this history, in commands or in events; what was asked in it must not have been refused."""
    return Scenario().given(*history)


def _line(happened: Event) -> str:
    own = {name: value for name, value in happened if name not in Event.model_fields}
    after = own.pop("owed_after", None)
    if "unpaid_minima_after" in own:
        own["unpaid_minima_after"] = {each.statement_no: each.amount_fen for each in own["unpaid_minima_after"]}
    owed = {name: fen for name, fen in after if fen} if after else {}
    return f"{happened.business_date}  {happened.TYPE} {_shown(own)}  [{happened.access}, {happened.standing}] {owed}"


def _shown(fields: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in fields.items() if not isinstance(value, Terms))
