"""The events into the book: what each one did to the amounts, with the event kept beside."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import assert_never

from domain.events import (
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
    AutopaySet,
    BalancesCorrected,
    BillDayChanged,
    CashDrawn,
    ClosureRequested,
    ClosureWithdrawn,
    CreditRefunded,
    DeathRecorded,
    DebtWaived,
    DisputeOpened,
    DisputeResolved,
    HoldPlaced,
    HoldReleased,
    InactivityNoticed,
    InstalmentPosted,
    InterestPosted,
    LateFeePosted,
    LimitChanged,
    PaymentReceived,
    PaymentReversed,
    PlanBroken,
    PlanCreated,
    PlanFeePosted,
    PlanPrepaid,
    PlanSettledEarly,
    PurchasePosted,
    PurchaseRefunded,
    ReportCorrected,
    ReportDisputed,
    RiskAlerted,
    RulesChanged,
    TermsChanged,
    WriteOffUndone,
)
from domain.money import BILLED_BUCKETS
from projections.explaining.book import Book
from projections.explaining.carried import adopt, at_rates, take_over
from projections.explaining.pieces import ComingTerms, Died
from projections.explaining.plans import Plan
from projections.explaining.schedules import Coming
from projections.explaining.steps import Told

History = Sequence[Told]


def history(events: Iterable[AccountEvent], day: date) -> History:
    """An account's events from its first one, with their versions, up to the end of `day`."""
    return [Told(version, event) for version, event in enumerate(events, start=1) if event.business_date <= day]


def book_on(told: History, day: date) -> Book:
    """The book after all of `told`, at the end of `day`. Raises ValueError where it does not begin with an opening."""
    first = told[0] if told else None
    if first is None or not isinstance(first.event, AccountOpened):
        raise ValueError("a history begins with account.opened")
    book = Book.begun(first, first.event)
    for each in told[1:]:
        _read(book, each)
    book.pass_time(day)
    return book


def book_before(told: History, which: Told) -> Book:
    """The book as it stood just before the event `which`."""
    return book_on([each for each in told if each.version < which.version], which.event.business_date)


def _read(book: Book, told: Told) -> None:  # noqa: C901, PLR0912, PLR0915 - one case an event
    event = told.event
    book.pass_time(event.business_date)
    match event:
        case HoldPlaced():
            book.hold(event.hold_id, event.amount_fen, event.expires_on, told)
        case HoldReleased():
            book.take_from_hold(event.hold_id, event.amount_fen, told)
        case PurchasePosted():
            if event.hold_id is not None:
                book.take_from_hold(event.hold_id, event.hold_taken_fen, told)
            book.put("credit", -event.credit_applied_fen, told)
            book.buy(event.purchase_id, event.amount_fen - event.credit_applied_fen, told)
        case PurchaseRefunded():
            planned = event.applied.get("principal_planned", 0)
            of_slices = event.of_purchase_fen - event.applied.get("principal_disputed", 0) - planned
            book.lower(event.applied, told, (event.purchase_id, of_slices))
            book.take_from_plans(event.purchase_id, planned, told)
            book.put("credit", event.credited_fen, told)
        case PaymentReceived():
            _pay_early(book, event, told)
            book.lower(event.applied, told)
            book.put("credit", event.credited_fen, told)
        case PaymentReversed():
            name = f"{event.channel}/{event.payment_ref}"
            book.put("credit", -event.credit_taken_fen, told)
            book.buy(f"{name}/billed", event.restored.get("principal_billed", 0), told, billed=True)
            book.buy(name, event.restored.get("principal_unbilled", 0), told)
        case CreditRefunded():
            from_credit = min(event.amount_fen, book.amounts["credit"])
            book.put("credit", -from_credit, told)
            book.buy(event.refund_id, event.amount_fen - from_credit, told)
        case DisputeOpened():
            set_aside = sum(event.set_aside.values())
            book.lower(event.set_aside, told, (event.purchase_id, set_aside))
            book.put("principal_disputed", set_aside, told)
        case DisputeResolved():
            book.put("principal_disputed", -event.set_aside_fen, told)
            if event.outcome == "rejected":
                book.put("credit", -event.credit_applied_fen, told)
                anew, again = f"{event.purchase_id}#{event.dispute_id}", event.set_aside_fen - event.credit_applied_fen
                book.buy(anew, again, told, billed=book.lost is not None)
        case InterestPosted():
            book.put("credit", -event.credit_applied_fen, told)
            book.put("interest_unbilled", event.amount_fen - event.credit_applied_fen, told)
            if event.kind != "plan":  # which leaves the running total as it was
                book.interest_posted += event.amount_fen
                book.bearing.close(event.business_date, told)
                book.earlier = at_rates(event.earlier_days, told)
                book.postings = [told]
            _charge(book, event.amount_fen, told)
        case LateFeePosted():
            book.put("fees_unbilled", event.amount_fen, told)
            _charge(book, event.amount_fen, told)
        case DebtWaived():
            _waive(book, event, told)
        case AccountBilled():
            book.bill(event.due_date, event.own_minimum_fen, told, event.statement_no)
        case AccountChargedOff():
            book.charge_off(told)
            if event.credit_applied_fen:
                paid = {bucket: book.amounts[bucket] - event.amounts.get(bucket, 0) for bucket in BILLED_BUCKETS}
                book.lower({bucket: fen for bucket, fen in paid.items() if fen}, told)
                book.put("credit", -event.credit_applied_fen, told)
        case WriteOffUndone():
            book.undo_charge_off(told)
        case BalancesCorrected() | RulesChanged():
            adopt(book, event, told)
        case DeathRecorded():
            book.die(Died(event.date_of_death, told))
        case AccountUnfrozen():
            if event.reason == "deceased":
                book.die(None)
        case AccountActivated() | LimitChanged() | ClosureWithdrawn() | AccountReinstated():
            book.limit, book.limit_told = event.limit_fen, told
        case ClosureRequested() | AccountClosed():
            book.limit, book.limit_told = 0, told
        case TermsChanged():
            book.coming = ComingTerms(event.from_date, event.terms, told)
        case AccountOpened():
            raise ValueError(f"account.opened is event {told.version} of an account: its history is mixed up")
        case AccountPaid() | AccountOverdue() | AccountCured() | AccountStandingChanged():
            pass  # words only
        case PlanCreated():
            plan = Plan.made(told, event, dated=book.lends)
            if event.kind == "draw":
                book.plans[event.plan_id] = plan
            elif event.kind == "restructuring":
                book.restructure(event.plan_id, plan, event.taken)
            else:
                book.convert(event.plan_id, plan, event.statement_no, event.minimum_lowered_fen)
        case PlanFeePosted():
            book.put("credit", -event.credit_applied_fen, told)
            book.put("fees_unbilled", event.amount_fen - event.credit_applied_fen, told)
            if event.kind == "settlement":
                book.new_charges.append(told)
            else:
                _charge(book, event.amount_fen, told)
        case InstalmentPosted():
            plan = book.plans[event.plan_id]
            plan.coming = [each for each in plan.coming if each.number > event.number]
            book.end_plans()
            payable = Coming(
                event.number, event.principal_fen, carried_interest=event.interest_fen, carried_fees=event.fees_fen
            )
            book.fall_due(f"plan/{event.plan_id}/{event.number}", payable, told, credit=event.credit_applied_fen)
            if event.interest_fen or event.fees_fen:
                book.new_charges.append(told)
        case PlanBroken():
            book.break_plan(event.plan_id, event.statement_no, event.original_due_date, told)
        case BillDayChanged():
            book.bill_days.move(event.from_date, event.bill_day)
        case AccountMigrated():
            take_over(book, event, told)
        case AppealLodged() | AppealDecided() | ReportDisputed() | ReportCorrected():
            pass  # what follows from them has events of its own
        case InactivityNoticed() | RiskAlerted():
            pass  # somebody was told
        case CashDrawn():
            book.draw(event.amount_fen, told)
        case PlanSettledEarly() | PlanPrepaid():
            pass  # its payment said so
        case AccountRecovered() | AccountFrozen() | AutopaySet():
            pass  # as above
        case _:
            assert_never(event)


def _pay_early(book: Book, event: PaymentReceived, told: Told) -> None:
    """A payment may settle a plan, or pay a part of its principal before it is due."""
    if event.plan_id is None:
        return
    if event.prepaid_fen is None:
        book.plans.pop(event.plan_id, None)
    else:
        book.plans[event.plan_id].pay_early(event.prepaid_fen, told)
        book.end_plans()


def _charge(book: Book, amount: int, told: Told) -> None:
    book.charged += amount
    book.charges.append(told)
    book.new_charges.append(told)


def _waive(book: Book, event: DebtWaived, told: Told) -> None:
    book.lower(event.applied, told)
    book.waived += event.fees_fen + event.interest_fen + event.refunded_fen
    book.waivers.append(told)
    book.new_charges.append(told)
    book.lower(event.credit_applied, told)
    book.put("credit", event.refunded_fen - sum(event.credit_applied.values()), told)
