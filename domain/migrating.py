"""Taking over: a living account goes on here as it stood elsewhere, once what is said of it adds up."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import TypeVar

from domain.account import Account
from domain.allocation import regime_for
from domain.calendar import ONE_DAY
from domain.commands import Migrate
from domain.events import AccountEvent, AccountMigrated, PlanLeft, Standing
from domain.granting import check_limit
from domain.ledger import Ledger
from domain.lifecycle import move_access
from domain.money import BIGINT_MAX, CHARGE_BUCKETS
from domain.plans import due_on, principal_left
from domain.refusals import Refused
from domain.schedules import period_interest

Facts = Iterator[AccountEvent]
T = TypeVar("T", int, date)


def migrate(command: Migrate, account: Account) -> Facts:
    """Take the account over instead of activating it; saying the same of it again changes nothing.

    Debt that is disputed, restructured or charged off stays where it is: none of it can be taken over.
    """
    access = move_access("migrate", account.access)
    ledger = account.ledger.fork()
    said = AccountMigrated(
        limit_fen=command.limit_fen,
        statement_no=command.statement_no,
        balances=command.balances,
        history=command.history,
        purchases_left=command.purchases,
        minima_left=command.minima,
        plans_left=command.plans,
        untested_due=command.untested_due,
        untested_later=command.untested_later,
        drawn_on=command.drawn_on,
        charged_off_due=None,
        regime="charges_first",
        counters=command.counters,
        access=access or account.access,
    )
    if access is None:
        if account.taken_over != said.fingerprint:
            raise Refused("no_such_move", access=account.access, limit=account.limit, asked=command.limit_fen)
        return
    check_limit(command.limit_fen, ledger.terms)
    ledger.take_over(said)
    _check(command, ledger)
    regime = regime_for(ledger.dpd, ledger.terms.regime_dpd)
    yield said.model_copy(update={"standing": _standing(ledger), "regime": regime})


def _standing(ledger: Ledger) -> Standing:
    if next(ledger.missed(), None) is not None:
        return "overdue"
    if ledger.billed:
        return "billed"
    return "paid" if ledger.statement_no else "clear"


def _check(command: Migrate, ledger: Ledger) -> None:
    """Every figure follows from the others, or is refused with what it would have to be."""
    owed, counters = command.balances, command.counters
    for bucket in ("principal_disputed", "interest_planned", "fees_planned"):
        _same(f"balances.{bucket}", getattr(owed, bucket), 0)
    if owed.credit:
        _same("balances.credit", owed.credit, 0 if ledger.billed or ledger.unbilled else owed.credit)
    slices = ledger.slices
    for name in [each.purchase_id for each in command.purchases]:
        _same("purchases", sum(each.purchase_id == name for each in command.purchases), 1)
    billed = sum(each.unpaid for each in slices.values() if each.due_date is not None)
    _same("balances.principal_billed", owed.principal_billed, billed)
    unbilled = sum(each.unpaid for each in slices.values() if each.due_date is None)
    _same("balances.principal_unbilled", owed.principal_unbilled, unbilled)
    planned = sum(principal_left(plan) for plan in command.plans)
    _same("balances.principal_planned", owed.principal_planned, planned)
    _check_plans(command, ledger)
    _check_drawn_on(command, ledger)
    _check_minima(command, ledger)
    bearing = sum(each.unpaid for each in slices.values() if each.due_date not in {None, *ledger.untested})
    _same("counters.bearing_fen", counters.bearing_fen, bearing)
    # No more was posted than has run up, and no more is unpaid or given up than was posted.
    run_up = counters.interest_posted_fen + ledger.accrued
    _within("counters.interest_posted_fen", counters.interest_posted_fen, 0, run_up)
    unpaid = sum(getattr(owed, bucket) for bucket in CHARGE_BUCKETS)
    posted = max(counters.interest_posted_fen, unpaid)
    _within("counters.charges_posted_fen", counters.charges_posted_fen, posted, BIGINT_MAX)
    others = counters.charges_posted_fen - counters.interest_posted_fen
    _within("counters.plan_interest_posted_fen", counters.plan_interest_posted_fen, 0, others)
    fees = others - counters.plan_interest_posted_fen
    _within("counters.plan_fees_posted_fen", counters.plan_fees_posted_fen, 0, fees)
    settled = counters.settlement_fees_posted_fen
    _within("counters.settlement_fees_posted_fen", settled, 0, counters.plan_fees_posted_fen)
    _within("counters.waived_fen", counters.waived_fen, 0, counters.charges_posted_fen)


def _check_plans(command: Migrate, ledger: Ledger) -> None:
    """Each goes on with an instalment to pay, and is of a kind that the product has."""
    today, lends = ledger.business_date, ledger.terms.product == "cash_loan"
    for plan in command.plans:
        _same("plans.kind", plan.kind, "draw" if lends else "conversion")
        _same("plans", sum(each.plan_id == plan.plan_id for each in command.plans), 1)
        _within("plans.made_on", plan.made_on, date.min, today)
        _within("plans.instalments.principal_fen", principal_left(plan), 1, BIGINT_MAX)
        first = plan.instalments[0].number
        numbers = [each.number for each in plan.instalments]
        _same("plans.instalments.number", numbers, list(range(first, first + len(numbers))))
        for carried in ("carried_interest_fen", "carried_fees_fen"):
            _same(f"plans.instalments.{carried}", sum(getattr(each, carried) for each in plan.instalments), 0)
        if lends:
            _check_loan(plan, ledger)
        else:
            _check_conversion(plan)


def _check_conversion(plan: PlanLeft) -> None:
    """Those instalments that refunds emptied are the last ones, and have no fee."""
    principal = [each.principal_fen for each in plan.instalments]
    _same("plans.instalments.principal_fen", principal, sorted(principal, key=lambda fen: not fen))
    converted = sum(part.amount_fen for part in plan.parts)
    _within("plans.parts.amount_fen", converted, principal_left(plan), BIGINT_MAX)
    for each in plan.instalments:
        _same("plans.instalments.fee_fen", each.fee_fen, each.fee_fen if each.principal_fen else 0)
        _same("plans.instalments.interest_fen", each.interest_fen, 0)
        _same("plans.instalments.due_date", each.due_date, None)


def _check_loan(plan: PlanLeft, ledger: Ledger) -> None:
    """A loan costs what its terms say: each interest follows from the principal that is left, each due date from the draw."""
    terms = ledger.terms
    _same("plans.annual_rate", plan.annual_rate, terms.annual_rate)
    _same("plans.scheme", plan.scheme, terms.schedule)
    begins, left = due_on(plan, plan.instalments[0].number - 1), principal_left(plan)
    for each in plan.instalments:
        due_date = due_on(plan, each.number)
        _same("plans.instalments.due_date", each.due_date, due_date)
        _same("plans.instalments.fee_fen", each.fee_fen, 0)
        interest = period_interest(terms.schedule, left, terms.annual_rate, begins, due_date)
        _same("plans.instalments.interest_fen", each.interest_fen, interest)
        begins, left = due_date, left - each.principal_fen
    # What was to be billed by today was billed elsewhere.
    next_due, lead = due_on(plan, plan.instalments[0].number), timedelta(days=terms.bill_lead_days)
    _within("plans.instalments.due_date", next_due, ledger.business_date + lead + ONE_DAY, date.max)


def _check_drawn_on(command: Migrate, ledger: Ledger) -> None:
    """Known wherever a loan is owed; not before those that are left were drawn."""
    drawn_on = command.drawn_on
    if ledger.terms.product == "pay_later":
        _same("drawn_on", drawn_on, None)
    elif drawn_on is not None or ledger.owed:
        earliest = max((plan.made_on for plan in command.plans), default=date.min)
        _within("drawn_on", drawn_on or date.min, max(earliest, date.min + ONE_DAY), ledger.business_date)


def _check_minima(command: Migrate, ledger: Ledger) -> None:
    today, waiting = ledger.business_date, ledger.untested
    _within("minima.amount_fen", sum(each.amount_fen for each in command.minima), 0, ledger.billed)
    numbers = [each.statement_no for each in command.minima]
    _same("minima.statement_no", numbers, sorted(set(numbers) & set(range(1, command.statement_no + 1))))
    dates = [each.due_date for each in command.minima]
    _same("minima.due_date", dates, sorted(set(dates)))
    # A statement waits for its due test until its day, and its purchases and minimum name it; of a line there is one at most.
    named = [*dates, *(each.due_date for each in command.purchases if each.due_date is not None)]
    expected = tuple(sorted({*waiting, *(due for due in named if ledger.test_date(due) > today)}))
    if ledger.terms.product == "pay_later":
        _same("untested_later", command.untested_later, ())
        for due in expected:
            _same("untested_due", command.untested_due, due)
    elif expected:
        _same("untested_due", command.untested_due, expected[0])
        _same("untested_later", command.untested_later, expected[1:])
    for due in waiting:
        _within("untested_due", due, today - timedelta(days=ledger.terms.grace_days), ledger.due_date_of(today))
    for each in command.purchases:
        _within("purchases.counted_to", each.counted_to, date.min, today)


def _same(field: str, stated: object, expected: object) -> None:
    if stated != expected:
        raise Refused("takeover_inconsistent", field=field, stated=stated, expected=expected)


def _within(field: str, stated: T, lowest: T, highest: T) -> None:
    if not lowest <= stated <= highest:
        raise Refused("takeover_inconsistent", field=field, stated=stated, lowest=lowest, highest=highest)
