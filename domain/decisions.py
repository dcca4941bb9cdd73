"""What a command leads to. One function per command, in the room of its subject; this is their table of contents.

A decision is a generator: it yields one fact at a time, and the account it reads has already moved by the facts it
yielded before. So "the payment came in; is anything still overdue?" is written as it is said. A command that was
done before decides nothing. A command of a later business date first lets the calendar do its work; a refused
command leaves nothing behind, not even that.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import assert_never

from domain.account import Account, evolve, opened
from domain.adjusting import correct_balances, waive_debt
from domain.agreeing import change_bill_day, change_terms, set_autopay
from domain.appealing import decide_appeal, lodge_appeal, reinstate
from domain.borrowing import authorize, capture, purchase, refund_purchase, release_hold
from domain.calendar import business_date
from domain.checks import check_who, said_before
from domain.closure import close_when_clear, force_close, request_closure, withdraw_closure
from domain.commands import (
    AccountCommand,
    Activate,
    AdvanceTo,
    Authorize,
    Capture,
    ChangeBillDay,
    ChangeLimit,
    ChangeTerms,
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
from domain.converting import convert_to_plan
from domain.delinquency import break_plan, catch_up, charge_off, due_test, long_overdue_freeze
from domain.disputing import open_dispute, resolve_dispute
from domain.events import AccountEvent, Cause, LoanAfter, MoneyEvent, Owed, PaymentReceived, Restated
from domain.freezing import freeze, record_death, unfreeze
from domain.granting import activate, change_limit, decline, open_account
from domain.holds import expire
from domain.inactivity import end_unused, notice
from domain.lending import draw, prepay_plan, settle_early
from domain.lifecycle import headline
from domain.migrating import migrate
from domain.refusals import Refused
from domain.repaying import receive_payment, refund_credit, reverse_payment
from domain.reporting import correct_report, dispute_report
from domain.restructuring import restructure
from domain.statement import bill_day_steps
from domain.terms import STANDARD, Catalogue
from domain.underwriting import Applicant
from domain.writing_off import undo_write_off, write_off

Facts = Iterator[AccountEvent]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a command leads to: the events to record (none when it was done before) and the account after them."""

    events: tuple[AccountEvent, ...]
    account: Account | None


def decide(
    command: AccountCommand,
    account: Account | None,
    catalogue: Catalogue = STANDARD,
    applicant: Applicant | None = None,
) -> Decision:
    """What `command` leads to for `account` (None: it was never opened). Raises Refused; changes nothing itself.

    `applicant` is the account's customer, for commands that ask them (`ASKS_THE_CUSTOMER`); None: nobody is asked.
    """
    if isinstance(command, Open):
        event = open_account(command, account, catalogue)
        new = opened(event)
        _complete(event, new)
        return Decision((event,), new)
    if account is None:
        raise Refused("account_unknown", field="account_id", asked=str(command.account_id))
    check_who(command)
    if said_before(command, account):
        return Decision((), account)
    today = business_date(command.at, account.zone)
    if today < account.business_date:
        raise Refused("time_backwards", field="at", asked=today, earliest=account.business_date)
    draft = _Draft(account.fork())
    if isinstance(command, AdvanceTo):
        if command.date > today:
            raise Refused("date_in_future", field="date", asked=command.date, latest=today)
        if command.date < account.business_date:
            raise Refused("time_backwards", field="date", asked=command.date, earliest=account.business_date)
        draft.advance(command.date)
    else:
        draft.advance(today)
        # Where the command turns out to be done already, today leaves no event, so replay would not know that it came.
        reached, advanced = draft.account.fork() if draft.events else account, len(draft.events)
        draft.account.ledger.pass_time(today)
        draft.record(_facts(command, draft.account, today, catalogue, applicant), today, "command")
        if len(draft.events) == advanced:
            return Decision(tuple(draft.events), reached)
    if not draft.events:
        return Decision((), account)
    return Decision(tuple(draft.events), draft.account)


class _Draft:
    """An account while something is being decided: facts are folded as they come and learn where they led."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.events: list[AccountEvent] = []

    def advance(self, to: date) -> None:
        """The calendar's work up to and including `to`; only days on which something happens are visited."""
        account = self.account
        day = account.next_event_on()
        while day is not None and day <= to:
            # What ends with a day is of that day, and comes before the next one dawns.
            ending = account.next_end_on()
            if ending is not None and ending < day:
                day, steps = ending, _day_end
            else:
                steps = _calendar
            account.ledger.pass_time(day)
            before = len(self.events)
            self.record(steps(account, day), day, "advance")
            if len(self.events) == before:
                message = f"{day} was to be an eventful day, but nothing happened on it"
                raise AssertionError(message)
            day = self.events[-1].next_event_on

    def record(self, facts: Facts, day: date, cause: Cause) -> None:
        """Fold each fact and complete it with what it led to."""
        account = self.account
        for fact in facts:
            _stamp(fact, account, day, cause)
            evolve(account, fact)
            _complete(fact, account)
            self.events.append(fact)


def _stamp(fact: AccountEvent, account: Account, day: date, cause: Cause) -> None:
    # The fact is brand new and nobody else has seen it, so completing it in place is safe; a validated copy of
    # twenty fields per event would double the cost of every decision.
    said = fact.__dict__
    said["business_date"] = day
    said["currency"] = account.ledger.terms.currency
    said["cause"] = cause
    decided = fact.model_fields_set
    if "access" not in decided:
        said["access"] = account.access
    if "standing" not in decided:
        said["standing"] = account.standing


def _complete(fact: AccountEvent, account: Account) -> None:
    said, ledger = fact.__dict__, account.ledger
    said["status"] = headline(account.access, account.standing)
    said["next_event_on"] = account.next_event_on()
    if isinstance(fact, MoneyEvent):
        said["owed_after"] = Owed(**ledger.buckets)
        if ledger.layers or ledger.charged_off_due is not None:  # else the defaults say it: nothing is demanded
            said["unpaid_minima_after"] = ledger.demands()
            said["minimum_due_after"] = ledger.minimum_due
            said["arrears_after"] = ledger.arrears
            said["dpd_after"] = ledger.dpd
        if ledger.loans is not None:
            said["loans_after"] = _loans_after(fact, account)


def _loans_after(fact: MoneyEvent, account: Account) -> tuple[LoanAfter, ...]:
    """Every loan that owes something; one that does not, if it was paid by the fact or is told anew by it."""
    parts, loans = account.ledger.by_loan(), account.ledger.loans
    paid_on = fact.value_date if isinstance(fact, PaymentReceived) else fact.business_date
    return tuple(
        LoanAfter(
            plan_id=loan.plan_id,
            owed_fen=part.owed,
            principal_fen=part.principal,
            unpaid_minima=part.minima,
            paid_on=loan.paid_on,
            paid_fen=loan.paid_fen,
        )
        for loan in (loans.loans if loans is not None else ())
        if (part := parts[loan.plan_id]).owed or loan.paid_on == paid_on or isinstance(fact, Restated)
    )


def _day_end(account: Account, day: date) -> Facts:
    """What ends with `day`: holds that were not captured, and the patience with an account that is not used."""
    yield from expire(account, day)
    yield from close_when_clear(account)
    yield from end_unused(account, day)


def _calendar(account: Account, day: date) -> Facts:
    """The system's steps of one day, in the rulebook's order (the closing balances of the day before are counted)."""
    yield from due_test(account, day)
    if account.ledger.bills_on(day):
        yield from bill_day_steps(account, day)
        yield from catch_up(account)
    yield from charge_off(account)
    yield from break_plan(account, day)
    yield from long_overdue_freeze(account)
    yield from close_when_clear(account)


def _facts(  # noqa: C901, PLR0911, PLR0912 - one case a command, a table
    command: AccountCommand, account: Account, today: date, catalogue: Catalogue, applicant: Applicant | None
) -> Facts:
    """The table of contents: each command and the function that decides it."""
    match command:
        case Purchase():
            return purchase(command, account)
        case Authorize():
            return authorize(command, account, today)
        case Capture():
            return capture(command, account)
        case ReleaseHold():
            return release_hold(command, account)
        case ReceivePayment():
            return receive_payment(command, account, today)
        case ReversePayment():
            return reverse_payment(command, account, today)
        case RefundPurchase():
            return refund_purchase(command, account, today)
        case RefundCredit():
            return refund_credit(command, account)
        case ConvertToPlan():
            return convert_to_plan(command, account, today)
        case Draw():
            return draw(command, account, today, applicant)
        case Restructure():
            return restructure(command, account, today)
        case PrepayPlan():
            return prepay_plan(command, account, today)
        case SettleEarly():
            return settle_early(command, account, today)
        case ChangeTerms():
            return change_terms(command, account, today, catalogue)
        case ChangeBillDay():
            return change_bill_day(command, account, today)
        case SetAutopay():
            return set_autopay(command, account)
        case WaiveDebt():
            return waive_debt(command, account)
        case CorrectBalances():
            return correct_balances(command, account)
        case OpenDispute():
            return open_dispute(command, account)
        case ResolveDispute():
            return resolve_dispute(command, account)
        case Activate():
            return activate(command, account)
        case Migrate():
            return migrate(command, account)
        case ChangeLimit():
            return change_limit(command, account)
        case Freeze():
            return freeze(command, account)
        case Unfreeze():
            return unfreeze(command, account, today)
        case RecordDeath():
            return record_death(command, account, today)
        case LodgeAppeal():
            return lodge_appeal(command, account, today)
        case DecideAppeal():
            return decide_appeal(command, account, today)
        case Reinstate():
            return reinstate(command, account)
        case NoticeInactivity():
            return notice(command, account, today)
        case DisputeReport():
            return dispute_report(command, account, today)
        case CorrectReport():
            return correct_report(command, account, today)
        case RequestClosure():
            return request_closure(account)
        case WithdrawClosure():
            return withdraw_closure(account)
        case ForceClose():
            return force_close(command, account)
        case WriteOff():
            return write_off(command, account)
        case UndoWriteOff():
            return undo_write_off(command, account)
        case Decline():
            return decline(command, account)
        case Open() | AdvanceTo():
            raise AssertionError(command.DO)
        case _:
            assert_never(command)
