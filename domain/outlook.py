"""What is to come of an account: what falls due when, what it takes to pay it off, and what instalments would cost.

Nothing is reckoned here: the account itself is asked what would happen, on a copy, by the decisions that will decide it.
"""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from domain import charges
from domain.account import Account
from domain.calendar import add_months
from domain.commands import SYSTEM, AdvanceTo, ReceivePayment
from domain.decisions import decide
from domain.events import (
    AccountEvent,
    DebtWaived,
    InstalmentPosted,
    InterestPosted,
    LateFeePosted,
    PaymentReceived,
    PlanFeePosted,
)
from domain.ledger import Ledger
from domain.money import Amounts, Bucket
from domain.plans import left_of
from domain.schedules import fee_plan, internal_rate

_NOBODY = UUID(int=0)
# Plans have 60 instalments at most; an account with many draws has as many payments a month.
_STEPS_MAX = 5_000


class FallsDue(NamedTuple):
    """What falls due on one day, in minor units; `instalments` are those in it, by plan and number.

    `balance_after` is what is owed once it is paid, disputed amounts included and credit not subtracted.
    """

    due_date: date
    principal: int
    interest: int
    fees: int
    instalments: tuple[tuple[str, int], ...]
    balance_after: int

    @property
    def amount(self) -> int:
        """All of it."""
        return self.principal + self.interest + self.fees


class Outlook(NamedTuple):
    """What falls due when, if nothing happens any more but that it is paid as it falls due; what is past due, today.

    All that falls due = `owed` + `to_come` (interest and fees that are not owed yet, less what the cap will give up)
    - `credit` that pays for some of it - what is `disputed`, which is not due.
    """

    on: date
    owed: int
    to_come: int
    credit: int
    disputed: int
    rows: tuple[FallsDue, ...]


def on_day(account: Account, day: date) -> Account:
    """The account as that day begins, the calendar's work of it done; nothing else happens until then."""
    reached = _ask(account, AdvanceTo, day, date=day)[1].fork()
    reached.ledger.pass_time(day)
    return reached


def next_month(account: Account, day: date) -> tuple[AccountEvent, ...]:
    """What the calendar will do in the month after `day`, which is not before its last event, if nothing else happens."""
    following = add_months(day, 1)
    return _ask(on_day(account, day), AdvanceTo, following, date=following)[0]


def falling_due(account: Account, day: date) -> Outlook:
    """The schedule of an account from `day` on, which is not before its last event.

    What is billed falls due in full on its due date; what is not billed comes with the statements to come.
    """
    today = on_day(account, day)
    owed, credit, disputed = today.ledger.owed, today.ledger.credit, today.ledger.disputed
    rows: list[FallsDue] = []
    instalments: list[tuple[str, int]] = []
    to_come = 0
    for number in range(_STEPS_MAX):
        due_date, amount = _due_next(today.ledger)
        if amount:
            said = {"payment_ref": f"due-{number}", "channel": "transfer", "amount_fen": amount}
            # What the calendar does until then comes with it.
            events, today = _ask(today, ReceivePayment, due_date, **said)
            rows.append(_row(events, due_date, tuple(instalments), today.ledger.owed))
            instalments = []
        else:
            following = today.ledger.next_event_on()
            if following is None:
                break
            events, today = _ask(today, AdvanceTo, following, date=following)
        instalments += [(each.plan_id, each.number) for each in events if isinstance(each, InstalmentPosted)]
        to_come += sum(map(_charged, events))
    # Credit that is left pays for nothing.
    return Outlook(day, owed, to_come, credit - today.ledger.credit, disputed, tuple(rows))


def _due_next(ledger: Ledger) -> tuple[date, int]:
    """What is due first of what is payable, and when: what was missed today, then each statement on its due date."""
    today = ledger.business_date
    if ledger.charged_off_due is not None:
        return today, ledger.owed - ledger.disputed
    if ledger.arrears:
        return today, ledger.arrears
    if not ledger.untested:
        return today, ledger.billed
    *earlier, last = ledger.untested
    for due_date in earlier:
        amount = sum(each.amount for each in ledger.layers if each.due_date == due_date)
        if amount:
            return max(today, due_date), amount
    return max(today, last), ledger.billed


def _charged(event: AccountEvent) -> int:
    match event:
        case InterestPosted() | PlanFeePosted() | LateFeePosted():
            return event.amount_fen
        case DebtWaived():
            return -event.fees_fen - event.interest_fen - event.refunded_fen
        case _:
            return 0


def _row(
    events: tuple[AccountEvent, ...], due_date: date, instalments: tuple[tuple[str, int], ...], owed: int
) -> FallsDue:
    applied: Amounts = next(each.applied for each in events if isinstance(each, PaymentReceived))

    def of(kind: str) -> int:
        return sum(fen for bucket, fen in applied.items() if _kind_of(bucket) == kind)

    return FallsDue(due_date, of("principal"), of("interest"), of("fees"), instalments, owed)


def _kind_of(bucket: Bucket) -> str:
    return bucket.partition("_")[0]


def _ask(
    account: Account, kind: type[AdvanceTo | ReceivePayment], day: date, **said: object
) -> tuple[tuple[AccountEvent, ...], Account]:
    noon = datetime.combine(day, time(12), ZoneInfo(account.zone)).astimezone(UTC)
    command = kind.model_validate({"command_id": "outlook", "account_id": _NOBODY, "actor": SYSTEM, "at": noon, **said})
    decision = decide(command, account)
    return decision.events, decision.account or account


class PaidOff(NamedTuple):
    """What it takes to pay everything off on one day, in minor units, as it stands then.

    `total` = owed + accrued - given up under the cap - credit; of loans and agreements their plans' own payoffs, with the
    run-up interest and the fee that paying them early costs.
    """

    on: date
    total: int
    owed: int
    accrued: int
    interest: int
    fees: int
    given_up: int
    credit: int


class PlanPayoff(NamedTuple):
    """What it takes to pay one plan off, in minor units: what `settle_early` must bring on that day.

    `payable` is what of the account is to be paid first, `planned` what is left of the plan.
    """

    plan_id: str
    kind: str
    total: int
    payable: int
    planned: int
    interest: int
    fee: int


def payoff(account: Account, day: date) -> PaidOff:
    """All of the account, on `day`, which is not before its last event; disputed amounts are owed, too."""
    today = on_day(account, day)
    ledger = today.ledger
    then, interest, fees = ledger.fork(), 0, 0
    for plan in ledger.plans.values():
        part = charges.payoff(ledger, plan)
        interest, fees = interest + part.interest, fees + part.fee
    for event in charges.run_up(then):
        then.post(event)
    given_up = then.waived - ledger.waived
    accrued = max(0, ledger.accrued)
    total = ledger.owed + accrued + interest + fees - given_up - ledger.credit
    return PaidOff(day, max(0, total), ledger.owed, accrued, interest, fees, given_up, ledger.credit)


def plan_payoffs(account: Account, day: date) -> tuple[PlanPayoff, ...]:
    """Each plan that is still to come, with what settles it early on `day`."""
    ledger = on_day(account, day).ledger
    found = []
    for plan in ledger.plans.values():
        asked = charges.payoff(ledger, plan)
        planned = sum(left_of(plan).values())
        payable = asked.total - planned - asked.interest - asked.fee
        found.append(PlanPayoff(plan.plan_id, plan.kind, asked.total, payable, planned, asked.interest, asked.fee))
    return tuple(found)


class Offer(NamedTuple):
    """Instalments that are offered: so many, what they cost in all, and what that is a year (internal rate x 12)."""

    months: int
    fee: int
    first: int
    last: int
    irr_x12: Decimal


def conversion(account: Account, day: date, amount: int | None = None) -> tuple[int, tuple[Offer, ...]]:
    """How much of the latest statement may be paid in instalments on `day`, and what each plan of `amount` would cost.

    All that may be, where no amount is said; no offers where nothing may.
    """
    then = on_day(account, day)
    ledger = then.ledger
    in_time = ledger.untested_due is not None and day <= ledger.untested_due
    convertible = ledger.convertible if in_time and then.access == "open" and then.standing != "overdue" else 0
    wanted = convertible if amount is None else min(amount, convertible)
    offers = []
    for months, rate in sorted(ledger.terms.plan_fee.items()):
        if months <= wanted:
            shares = [share.principal + share.fee for share in fee_plan(wanted, months, rate)]
            cost = internal_rate(wanted, shares) * 12
            offers.append(Offer(months, sum(shares) - wanted, shares[0], shares[-1], cost.quantize(Decimal("1e-6"))))
    return convertible, tuple(offers)
