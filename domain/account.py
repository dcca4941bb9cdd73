"""The account: the state that its events lead to, and the fold that leads there.

The fold never refuses: history already happened. It works on one state that never leaves it; whoever holds an
account that `fold` or a decision returned treats it as frozen.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from operator import attrgetter
from typing import Any, Literal, assert_never

from domain.calendar import ONE_DAY, BillDays, add_months
from domain.derivation import Derivation
from domain.events import (
    Access,
    AccountActivated,
    AccountBilled,
    AccountChargedOff,
    AccountClosed,
    AccountCured,
    AccountEvent,
    AccountFrozen,
    AccountMigrated,
    AccountOpened,
    AccountOverdue,
    AccountPaid,
    AccountRecovered,
    AccountReinstated,
    AccountStandingChanged,
    AccountUnfrozen,
    AppealDecided,
    AppealLodged,
    AutopayMode,
    AutopaySet,
    BalancesCorrected,
    BillDayChanged,
    CashDrawn,
    Channel,
    CloseKind,
    ClosureRequested,
    ClosureWithdrawn,
    CreditRefunded,
    DeathRecorded,
    DebtWaived,
    DisputeOpened,
    DisputeResolved,
    FreezeReason,
    HoldPlaced,
    HoldReleased,
    InactivityNoticed,
    InstalmentPosted,
    InterestPosted,
    LateFeePosted,
    LimitChanged,
    Obstacle,
    ObstacleKind,
    PaymentReceived,
    PaymentReversed,
    PlanBroken,
    PlanCreated,
    PlanFeePosted,
    PlanLeft,
    PlanPrepaid,
    PlanSettledEarly,
    PurchasePosted,
    PurchaseRefunded,
    ReportCorrected,
    ReportDisputed,
    RiskAlerted,
    RulesChanged,
    Standing,
    TermsChanged,
    WriteOffUndone,
)
from domain.facts import Fact, FactKind, Issued, amendments, kept
from domain.freezes import FREEZES
from domain.ledger import ComingTerms, Ledger, purchase_of
from domain.money import BILLED_BUCKETS, WAIVABLE, Amounts
from domain.plans import principal_left
from domain.references import (
    EMPTY,
    Appeal,
    Death,
    Dispute,
    Drawn,
    Held,
    Older,
    PaidOut,
    Planned,
    Posted,
    Received,
    Refunded,
    ReportDispute,
    filed,
    found,
)

# Facts may count up to 180 days before they are learnt. What lies before the horizon is closed into the base every two
# months or so: rarely enough to cost nothing, often enough that a long life costs no more than a short one.
HORIZON = timedelta(days=181)
_CLOSED_EVERY = timedelta(days=60)
_OF_PAYMENTS: tuple[FactKind, ...] = ("payment", "settlement", "prepayment")


@dataclass(slots=True)
class Account:
    """A credit account after `version` events; money in minor units, dates in the account's zone."""

    customer_id: str
    zone: str
    opened_on: date
    ledger: Ledger
    # The ledger as `base.business_date` began, and all facts and statements since: what a late fact is derived from.
    base: Ledger
    facts: tuple[Fact, ...] = ()
    issued: tuple[Issued, ...] = ()
    activated_on: date | None = None
    # The first month of the credit report, by its first day; those that were taken over included.
    reported_from: date | None = None
    version: int = 0
    # The last bill day on which a statement was issued.
    billed_on: date | None = None
    # The edition of the rules by which its balances were derived.
    rules: int = 1
    access: Access = "pending"
    standing: Standing = "clear"
    limit: int = 0
    limit_before_closing: int = 0
    close_kind: CloseKind | None = None
    # What the bank is asked for on a due date, and from which account, as a token.
    autopay: AutopayMode = "full"
    autopay_source: str | None = None
    # Why it is frozen, and since when.
    frozen_since: dict[FreezeReason, date] = field(default_factory=dict)
    closed_on: date | None = None
    # What it was taken over with, as a fingerprint; empty where it began here.
    taken_over: str = ""
    # The last act by the customer, and of which freeze or closure for want of one they were told.
    last_act_on: date | None = None
    noticed: dict[str, date] = field(default_factory=dict)
    death: Death | None = None
    # By bucket, as it was booked; it never changes, whatever is recovered or corrected later.
    original_charge_off: Amounts = field(default_factory=dict)
    # What payments have brought in of a loss that is not undone; those that were returned did not.
    recovered: int = 0
    # The due date of debt that was charged off in error although it is that late: the calendar books it no second time.
    spared_due: date | None = None
    # What was said before, by reference: of the last months each, and what is older filed away.
    purchases: dict[str, Posted] = field(default_factory=dict)
    refunds: dict[str, Refunded] = field(default_factory=dict)
    payments: dict[str, Received] = field(default_factory=dict)
    plans: dict[str, Planned] = field(default_factory=dict)
    draws: dict[str, Drawn] = field(default_factory=dict)
    payouts: dict[str, PaidOut] = field(default_factory=dict)
    disputes: dict[str, Dispute] = field(default_factory=dict)
    holds: dict[str, Held] = field(default_factory=dict)
    appeals: dict[str, Appeal] = field(default_factory=dict)
    report_disputes: dict[str, ReportDispute] = field(default_factory=dict)
    older: Older = EMPTY
    # What open holds reserve of the limit, summed.
    held: int = 0

    def fork(self) -> "Account":
        """A copy that may be changed without this one noticing."""
        twin = Account(*_fields_of(self))
        twin.ledger = self.ledger.fork()
        twin.purchases = self.purchases.copy()
        twin.refunds = self.refunds.copy()
        twin.payments = self.payments.copy()
        twin.plans = self.plans.copy()
        twin.draws = self.draws.copy()
        twin.payouts = self.payouts.copy()
        twin.disputes = self.disputes.copy()
        twin.holds = self.holds.copy()
        return twin

    @property
    def business_date(self) -> date:
        """The date of the last event; commands of an earlier date are refused."""
        return self.ledger.business_date

    @property
    def available(self) -> int:
        """Limit less what is owed and held, plus credit; negative when over the limit."""
        return self.limit - self.ledger.owed - self.held + self.ledger.credit

    @property
    def reasons(self) -> tuple[FreezeReason, ...]:
        """Why it is frozen, the oldest reason first."""
        return tuple(self.frozen_since)

    def obstacles(self) -> tuple[Obstacle, ...]:
        """Everything that stands in the way of leaving, each with its amount; empty when the account may close."""
        ledger = self.ledger
        # Charges above the cap are given back at the latest on the next bill day, so they are the customer's already.
        amounts: dict[ObstacleKind, int] = {
            "owed": ledger.owed,
            "accrued": max(0, ledger.accrued),
            "credit": ledger.credit + ledger.over_cap,
            "hold": self.held,
            "dispute": sum(each.open for each in self.disputes.values()),
        }
        found = [Obstacle(kind=kind, amount_fen=fen) for kind, fen in amounts.items() if fen]
        if "legal_order" in self.frozen_since:
            found.append(Obstacle(kind="legal_order", amount_fen=0))
        return tuple(found)

    def purchase(self, purchase_id: str) -> Posted | None:
        """The purchase of this id, however long ago."""
        return self.purchases.get(purchase_id) or found(self.older, Posted, purchase_id)

    def hold(self, hold_id: str) -> Held | None:
        """The hold of this id, ended or not."""
        return self.holds.get(hold_id) or found(self.older, Held, hold_id)

    def refund(self, refund_id: str) -> Refunded | None:
        """The refund of a purchase of this id."""
        return self.refunds.get(refund_id) or found(self.older, Refunded, refund_id)

    def payment(self, channel: Channel, payment_ref: str) -> Received | None:
        """The payment of this reference in its channel."""
        name = f"{channel}/{payment_ref}"
        return self.payments.get(name) or found(self.older, Received, name)

    def plan(self, plan_id: str) -> Planned | None:
        """The plan of this id, over or not."""
        return self.plans.get(plan_id) or found(self.older, Planned, plan_id)

    def drawing(self, draw_id: str) -> Drawn | None:
        """The draw of this id."""
        return self.draws.get(draw_id) or found(self.older, Drawn, draw_id)

    def payout(self, refund_id: str) -> PaidOut | None:
        """The payout of credit of this id."""
        return self.payouts.get(refund_id) or found(self.older, PaidOut, refund_id)

    def dispute(self, dispute_id: str) -> Dispute | None:
        """The dispute of this id."""
        return self.disputes.get(dispute_id) or found(self.older, Dispute, dispute_id)

    def next_event_on(self) -> date | None:
        """The first date on which an advance would record something if nothing else came; None when none would."""
        first = self.ledger.next_event_on()
        oldest = next(self.ledger.missed(), None)
        if oldest is not None:
            terms = self.ledger.terms
            bounds = [] if oldest.due_date == self.spared_due else [terms.charge_off_dpd]
            if self.access not in ("pending", "closed") and "overdue_long" not in self.frozen_since:
                bounds.append(terms.overdue_long_dpd)
            # A bound that was passed before, as a correction may find, is acted on at the next dawn.
            dawn = self.business_date + ONE_DAY
            dates = [max(dawn, oldest.due_date + timedelta(days=bound)) for bound in bounds]
            first = min(dates if first is None else [first, *dates], default=None)
        ending = self.next_end_on()
        if ending is None:
            return first
        return ending + ONE_DAY if first is None else min(first, ending + ONE_DAY)

    def next_end_on(self) -> date | None:
        """The first day that does not end without an event: a hold expires, or the account was unused for too long."""
        ending = self.unused_until("freeze")
        if ending is None and (closure_on := self.unused_until("closure")) is not None and not self.obstacles():
            ending = closure_on
        if self.held:
            expires_on = min(each.expires_on for each in self.holds.values() if each.left)
            ending = expires_on if ending is None else min(ending, expires_on)
        return None if ending is None else max(self.business_date, ending)

    def unused_until(self, step: Literal["freeze", "closure"]) -> date | None:
        """With which day's end it is frozen, or closed, if the customer does nothing; None where that cannot come.

        It is closed only after it was frozen, and not while it owes or is owed.
        """
        if self.access not in ("open", "frozen", "closing") or self.ledger.charged_off_due is not None:
            return None
        terms = self.ledger.terms
        last = self.last_act_on or self.opened_on
        if step == "freeze":
            return None if "inactive" in self.frozen_since else add_months(last, terms.inactive_freeze_months)
        return None if self.access == "closing" else add_months(last, terms.inactive_close_months)


_fields_of = attrgetter(*Account.__slots__)


def opened(event: AccountOpened) -> Account:
    """The account that an application begins with: pending, no limit, nothing owed."""
    ledger = Ledger(terms=event.terms, bill_days=BillDays(event.bill_day), business_date=event.business_date)
    return Account(
        customer_id=event.customer_id,
        zone=event.zone,
        opened_on=event.business_date,
        ledger=ledger,
        base=ledger.fork(),
        version=1,
        rules=event.rules,
        autopay=event.terms.autopay,
    )


def evolve(account: Account, event: AccountEvent) -> None:  # noqa: C901, PLR0912, PLR0915 - one case an event
    """Bring `account` one event further. Never refuses, never asks a rule: the event carries what it led to."""
    ledger = account.ledger
    if event.business_date - account.base.business_date > HORIZON + _CLOSED_EVERY:
        _close_base(account, event.business_date - HORIZON)
    ledger.pass_time(event.business_date)
    account.version += 1
    account.access = event.access
    account.standing = event.standing
    match event:
        case CashDrawn():
            ledger.draw(event.plan_id, event.amount_fen)
            account.last_act_on = event.business_date
            drawn = Drawn(event.business_date, event.amount_fen, event.plan_id, event.payout_token)
            account.draws[event.draw_id] = drawn
        case PurchasePosted():
            posted = Posted(event.business_date, event.amount_fen, event.merchant_id, hold_id=event.hold_id or "")
            account.purchases[event.purchase_id] = posted
            if event.hold_id is not None:
                _take_from_hold(account, event.hold_id, event.hold_taken_fen, "captured")
            if not event.forced:
                account.last_act_on = event.business_date
            ledger.purchase(event.purchase_id, event.amount_fen, event.credit_applied_fen)
            _keep(account, event.business_date, "purchase", event.purchase_id, event.amount_fen)
        case PaymentReceived():
            name = f"{event.channel}/{event.payment_ref}"
            paid_billed = sum(event.applied.get(bucket, 0) for bucket in BILLED_BUCKETS)
            recovered = sum(event.applied.values()) if event.standing == "charged_off" else 0
            plan_id, prepaid = event.plan_id or "", event.prepaid_fen or 0
            received = Received(
                event.value_date, event.amount_fen, paid_billed, False, recovered, plan_id=plan_id, prepaid=prepaid
            )
            account.payments[name] = received
            account.recovered += recovered
            account.last_act_on = max(account.last_act_on or event.value_date, event.value_date)
            before = ledger.by_loan()
            fact: FactKind
            if prepaid:
                ledger.prepay(plan_id, event.applied, event.credited_fen)
                fact, of = "prepayment", f"{prepaid}/{plan_id}"
            elif plan_id:
                ledger.settle(plan_id, event.applied, event.credited_fen)
                fact, of = "settlement", plan_id
            else:
                ledger.pay(event.applied, event.credited_fen)
                fact, of = "payment", ""
            ledger.count_payment(before, event.value_date, event.amount_fen)
            _keep(account, event.value_date, fact, name, event.amount_fen, of)
        case HoldPlaced():
            fen = event.amount_fen
            account.holds[event.hold_id] = Held(event.business_date, fen, event.merchant_id, event.expires_on, fen)
            account.held += fen
            account.last_act_on = event.business_date
        case HoldReleased():
            _take_from_hold(account, event.hold_id, event.amount_fen, event.reason)
        case PlanCreated():
            made = (event.business_date, event.amount_fen, len(event.schedule), event.statement_no, event.kind)
            account.plans[event.plan_id] = Planned(*made)
            plan = PlanLeft(
                plan_id=event.plan_id,
                kind=event.kind,
                made_on=event.business_date,
                instalments=event.schedule,
                parts=event.parts,
                annual_rate=event.annual_rate,
                scheme=event.scheme,
            )
            planned_as: FactKind
            if event.kind == "draw":
                ledger.plan_draw(plan)
                planned_as = "draw"
            elif event.kind == "restructuring":
                ledger.restructure(plan, event.original_due_date or event.business_date)
                planned_as = "restructuring"
            else:
                ledger.convert(plan, event.minimum_lowered_fen)
                planned_as = "conversion"
            _keep(account, event.business_date, planned_as, event.plan_id, event.amount_fen, plan.model_dump_json())
        case PlanFeePosted() | InstalmentPosted():
            ledger.post(event)
        case PlanBroken():
            ledger.break_plan(event.statement_no)
        case PlanSettledEarly() | PlanPrepaid():
            pass  # its payment said so
        case AccountBilled():
            issued = Issued(event.business_date, event.due_date, event.minimum_fen, event.own_minimum_fen)
            account.issued, account.billed_on = (*account.issued, issued), event.business_date
            ledger.bill(event.due_date, event.own_minimum_fen)
        case AccountPaid() | AccountOverdue() | AccountCured() | AccountStandingChanged():
            pass
        case InterestPosted() | LateFeePosted() | DebtWaived():
            ledger.post(event)
            if isinstance(event, DebtWaived) and event.reason != "cap":
                for debt in WAIVABLE:
                    if amount := getattr(event, f"{debt}_fen"):
                        _keep(account, event.business_date, "waiver", debt, amount)
            elif event.cause == "command" and not ledger.principal:  # else it comes with a payment or a loss
                _keep(account, event.business_date, "posting", event.TYPE, 0)
        case PaymentReversed():
            name = f"{event.channel}/{event.payment_ref}"
            account.payments[name] = account.payments[name]._replace(reversed=True)
            account.recovered -= event.recovered_fen
            ledger.pay_out(name, event.credit_taken_fen)
            restored = event.restored
            ledger.restore(name, restored.get("principal_billed", 0), restored.get("principal_unbilled", 0))
            account.facts = tuple(
                fact for fact in account.facts if fact.reference != name or fact.kind not in _OF_PAYMENTS
            )
        case BalancesCorrected():
            ledger.adopt(event)
            if event.cause_version is None:
                for bucket, delta in amendments(event.deltas):
                    _keep(account, event.business_date, "correction", bucket, delta)
        case RulesChanged():
            account.rules = event.to_rules
            ledger.adopt(event)
        case PurchaseRefunded():
            account.refunds[event.refund_id] = Refunded(event.value_date, event.purchase_id, event.amount_fen)
            _take_back(account, event)
            ledger.refund(event.purchase_id, event.of_purchase_fen, event.applied, event.credited_fen)
            _keep(account, event.value_date, "refund", event.purchase_id, event.amount_fen)
        case DisputeOpened():
            account.disputes[event.dispute_id] = Dispute(
                event.business_date, event.purchase_id, event.amount_fen, event.reason, event.amount_fen
            )
            ledger.set_aside(event.dispute_id, event.purchase_id, event.set_aside)
            _keep(account, event.business_date, "dispute", event.dispute_id, event.amount_fen, event.purchase_id)
        case DisputeResolved():
            disputed = account.disputes[event.dispute_id]
            account.disputes[event.dispute_id] = disputed._replace(open=0, outcome=event.outcome)
            if event.outcome == "rejected":
                ledger.reject_dispute(event.dispute_id)
                _keep(account, event.business_date, "dispute_rejected", event.dispute_id, 0, event.purchase_id)
            else:
                ledger.drop_dispute(event.dispute_id)
                _lessen(account, event.purchase_id, event.amount_fen)
                account.facts = tuple(_without(account.facts, event))
        case CreditRefunded():
            account.payouts[event.refund_id] = PaidOut(event.business_date, event.amount_fen, event.payout_token)
            ledger.pay_out(event.refund_id, event.amount_fen)
            _keep(account, event.business_date, "payout", event.refund_id, event.amount_fen)
        case AccountChargedOff():
            account.original_charge_off = event.amounts
            kind: FactKind = "charge_off" if event.cause == "advance" else "write_off"
            _keep(account, event.business_date, kind, ledger.oldest_due.isoformat(), 0)
            ledger.charge_off(ledger.oldest_due)
        case WriteOffUndone():
            account.original_charge_off, account.recovered = {}, 0
            ledger.undo_charge_off()
            if ledger.dpd >= ledger.terms.charge_off_dpd:
                account.spared_due = ledger.oldest_due
            _keep(account, event.business_date, "undo_write_off", event.TYPE, 0)
        case AccountRecovered():
            pass
        case AccountFrozen() | AccountUnfrozen():
            since = account.frozen_since
            account.frozen_since = {each: since.get(each, event.business_date) for each in event.reasons_now}
            if isinstance(event, AccountUnfrozen):
                if FREEZES[event.reason].lifted_by == ("customer",):  # which shows that they are there
                    account.last_act_on = event.business_date
                if event.reason == "deceased":
                    _live_on(account)
        case DeathRecorded():
            dropped = tuple((each.purchase_id, each.amount_fen) for each in event.dropped)
            account.death = Death(event.date_of_death, dropped)
            ledger.died_on = event.date_of_death
            _drop(account, dropped)
            _keep(account, event.date_of_death, "death", event.TYPE, 0)
        case AppealLodged():
            account.appeals = account.appeals | {
                event.appeal_id: Appeal(event.business_date, event.against, event.decide_by, event.evidence_ref)
            }
        case AppealDecided():
            appeal = account.appeals[event.appeal_id]._replace(outcome=event.outcome, limit=event.limit_fen)
            account.appeals = account.appeals | {event.appeal_id: appeal}
            if event.limit_fen is not None and account.access == "closing":
                account.limit_before_closing = event.limit_fen
        case InactivityNoticed():
            account.noticed = account.noticed | {event.step: event.due_on}
        case RiskAlerted():
            pass
        case AccountActivated():
            account.limit, account.activated_on = event.limit_fen, event.business_date
            account.reported_from = event.business_date.replace(day=1)
            account.last_act_on = event.business_date
        case TermsChanged():
            ledger.coming_terms = ComingTerms(event.from_date, event.terms)
            terms = event.terms.model_dump_json()
            _keep(account, event.business_date, "terms", terms, 0, of=event.from_date.isoformat())
        case BillDayChanged():
            ledger.bill_days = ledger.bill_days.moved(event.bill_day, event.from_date, event.business_date)
            _keep(account, event.business_date, "bill_day", event.from_date.isoformat(), event.bill_day)
        case AutopaySet():
            account.autopay, account.autopay_source = event.mode, event.source_token
        case LimitChanged():
            account.limit = event.limit_fen
            if event.by_customer:
                account.last_act_on = event.business_date
        case ClosureRequested():
            account.limit_before_closing, account.limit = account.limit, 0
        case ClosureWithdrawn():
            account.limit = event.limit_fen
            account.last_act_on = event.business_date
        case AccountClosed():
            account.limit_before_closing, account.limit = account.limit or account.limit_before_closing, 0
            account.close_kind, account.closed_on = event.kind, event.business_date
        case AccountReinstated():
            account.limit, account.close_kind, account.closed_on = event.limit_fen, None, None
            account.last_act_on = event.business_date
        case ReportDisputed():
            account.report_disputes = account.report_disputes | {
                event.report_dispute_id: ReportDispute(
                    event.business_date, event.months, event.decide_by, plan_id=event.plan_id
                )
            }
        case ReportCorrected():
            known = account.report_disputes[event.report_dispute_id]
            decided = known._replace(outcome=event.outcome, changes=event.changes, reason=event.reason)
            account.report_disputes = account.report_disputes | {event.report_dispute_id: decided}
        case AccountMigrated():
            account.limit, account.activated_on = event.limit_fen, event.business_date
            account.last_act_on = event.business_date
            account.taken_over = event.fingerprint
            ledger.take_over(event)
            # Their ids are taken; how many months they had, and on which statement, is known elsewhere alone.
            account.plans = {
                each.plan_id: Planned(each.made_on, principal_left(each), 0, 0, each.kind) for each in event.plans_left
            }
            # So are those of purchases, in plans or not; they cannot be refunded or disputed here.
            names = [each.purchase_id for each in event.purchases_left]
            names += [part.purchase_id for each in event.plans_left for part in each.parts]
            taken = Posted(event.business_date, 0, "")
            account.purchases = dict.fromkeys((purchase_of(name) for name in names), taken)
            _keep(account, event.business_date, "takeover", event.model_dump_json(), 0)
            account.issued = tuple(_issued_elsewhere(event, due, ledger) for due in ledger.untested)
            account.reported_from = add_months(event.business_date.replace(day=1), -len(event.history))
        case AccountOpened():
            message = f"account.opened as event {account.version} of an account: its history is mixed up"
            raise ValueError(message)
        case _:
            assert_never(event)


def _issued_elsewhere(event: AccountMigrated, due: date, ledger: Ledger) -> Issued:
    """The statement that waits for its due test where the account was taken over."""
    own = sum(each.amount_fen for each in event.minima_left if each.due_date == due)
    lead = ledger.due_date_of(due) - due
    return Issued(due - lead, due, own, own)


def _keep(account: Account, on: date, kind: FactKind, reference: str, amount: int, of: str = "") -> None:
    account.facts = kept(account.facts, Fact(on, kind, reference, amount, of=of), account.business_date)


def _take_from_hold(account: Account, hold_id: str, amount: int, ended: str) -> None:
    """Less of a hold is reserved; where nothing is left it has ended, as captured or released."""
    held = account.hold(hold_id)
    if held is not None and amount:
        left = held.left - amount
        account.holds[hold_id] = held._replace(left=left, ended=None if left else ended)
        account.held -= amount


def _drop(account: Account, dropped: tuple[tuple[str, int], ...]) -> None:
    """What was bought after the customer's death never counted. The facts stay, since it may turn out to be mistaken."""
    amounts = dict(dropped)
    for purchase_id, amount in dropped:
        _lessen(account, purchase_id, amount)
    account.facts = tuple(
        fact._replace(amount=fact.amount - amounts.get(fact.reference, 0)) if fact.kind == "purchase" else fact
        for fact in account.facts
    )


def _live_on(account: Account) -> None:
    """The customer's death turns out to be mistaken: what was bought counts, and charges never stopped."""
    if account.death is not None:
        _drop(account, tuple((purchase_id, -amount) for purchase_id, amount in account.death.dropped))
        account.facts = tuple(fact for fact in account.facts if fact.kind != "death")
    account.death = account.ledger.died_on = None


def _take_back(account: Account, event: PurchaseRefunded) -> None:
    """A purchase is refunded, which closes its open disputes by as much, the oldest first.

    One that was open when the refund counts, and is rejected by now, took its part of it then.
    """
    amount, on = event.amount_fen, event.value_date
    _lessen(account, event.purchase_id, amount)
    rejected = {fact.reference for fact in account.facts if fact.kind == "dispute_rejected" and on <= fact.on}
    for dispute_id, each in account.disputes.items():
        if each.purchase_id != event.purchase_id:
            continue
        if dispute_id in rejected and each.on <= on < event.business_date:
            amount -= min(amount, each.amount)
        elif each.open:
            part = min(amount, each.open)
            amount -= part
            outcome: Literal["refunded"] | None = "refunded" if part == each.open else None
            account.disputes[dispute_id] = each._replace(open=each.open - part, outcome=outcome)
            if event.value_date < event.business_date:
                account.facts = tuple(
                    # Had the refund been known, less could have been disputed after it.
                    fact._replace(amount=fact.amount - part)
                    if (fact.kind, fact.reference) == ("dispute", dispute_id) and event.value_date <= fact.on
                    else fact
                    for fact in account.facts
                )


def _lessen(account: Account, purchase_id: str, amount: int) -> None:
    """Less of a purchase counts, however long ago it was posted."""
    posted = account.purchase(purchase_id)
    if posted is None:
        message = f"purchase {purchase_id} was never posted to this account: its history is mixed up"
        raise ValueError(message)
    account.purchases[purchase_id] = posted._replace(gone=posted.gone + amount)


def _without(facts: tuple[Fact, ...], upheld: DisputeResolved) -> Iterator[Fact]:
    """The facts as if the disputed part of the purchase had never posted."""
    for fact in facts:
        if (fact.kind, fact.reference) == ("purchase", upheld.purchase_id):
            # It stays where nothing is left, too: what was dropped for a death that turns out mistaken returns to it.
            yield fact._replace(amount=fact.amount - upheld.amount_fen)
        elif (fact.kind, fact.reference) != ("dispute", upheld.dispute_id):
            yield fact


def _close_base(account: Account, day: date) -> None:
    """Move the base forward to the beginning of the month of `day`; no late fact may reach what is before it.

    A month is told whole, so the base begins with one. It stays behind a purchase that is disputed, since that may turn
    out never to have counted, and behind the customer's death, which may turn out to be mistaken.
    """
    undecided = [account.purchases[each.purchase_id].on for each in account.disputes.values() if each.open]
    if account.death is not None:
        undecided.append(account.death.on)
    day = min([day, *undecided]).replace(day=1)
    if day <= account.base.business_date:
        return
    account.base = Derivation(account.base, account.facts, account.issued).before(day)
    account.facts = tuple(fact for fact in account.facts if fact.on >= day)
    account.issued = tuple(statement for statement in account.issued if statement.due_date >= day)
    said: tuple[dict[str, Any], ...] = (
        account.purchases,
        account.refunds,
        account.payments,
        account.plans,
        account.draws,
        account.payouts,
        account.disputes,
        account.holds,
    )
    for known in said:
        account.older = filed(account.older, known, day)


def fold(account: Account | None, events: Iterable[AccountEvent]) -> Account:
    """The account after `events`; `account` is where they begin (None: at the beginning) and stays as it was.

    Raises ValueError when a history does not begin with `account.opened`, or says it twice.
    """
    current = account.fork() if account is not None else None
    for event in events:
        if current is not None:
            evolve(current, event)
        elif isinstance(event, AccountOpened):
            current = opened(event)
        else:
            message = f"a history begins with account.opened, not with {event.TYPE}"
            raise ValueError(message)
    if current is None:
        message = "an account without events does not exist"
        raise ValueError(message)
    return current
