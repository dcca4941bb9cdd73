"""A person's debts as repayment advice takes them: what an account owes at which rate, and what it demands.

    a line      daily_rate x 365 of what is owed outside plans
    a plan      of the line: its internal rate of a month x 12, by the instalments that are left; of an agreement its rate
    a loan      the year's rate of what it was drawn or agreed at; what is overdue is demanded in full anyway

What is demanded is what has to be paid within a month. What is disputed is no debt that can be paid.
"""

from datetime import date
from decimal import Decimal

from domain.account import Account
from domain.advice import Debt
from domain.calendar import add_months
from domain.events import AccountBilled, PlanLeft
from domain.ledger import Ledger
from domain.outlook import falling_due, next_month, on_day, payoff
from domain.plans import due_next, left_of, principal_left, slice_of
from domain.schedules import internal_rate

_SAID = Decimal("1e-6")


def debts_of(name: str, account: Account, day: date) -> tuple[Debt, ...]:
    """What is owed on an account on `day`, which is not before its last event; nothing where that is nothing.

    The first is called `name`, those of a line's plans `name/plan`.
    """
    ledger = on_day(account, day).ledger
    asked = payoff(account, day)
    # All that pays it off, without the price of paying early, and without what is disputed.
    owed = max(0, asked.total - asked.fees - ledger.disputed)
    if not owed:
        return ()
    if ledger.charged_off_due is not None:
        return (Debt(name, owed, Decimal(0), ledger.minimum_due),)
    if ledger.terms.product == "cash_loan":
        return (_loan(name, account, day, owed),)
    # What of an agreement's interest has run up comes with its next instalment.
    return tuple(debt for debt in _line(name, account, day, owed - asked.interest) if debt.balance)


def _loan(name: str, account: Account, day: date, owed: int) -> Debt:
    ledger = on_day(account, day).ledger
    rate = max((plan.annual_rate for plan in ledger.plans.values()), default=ledger.terms.annual_rate)
    within = add_months(day, 1)
    due = sum(each.amount for each in falling_due(account, day).rows if each.due_date < within)
    return Debt(name, owed, rate, min(owed, due))


def _line(name: str, account: Account, day: date, owed: int) -> list[Debt]:
    """What is owed outside plans, and each plan with what of its instalments was billed and not paid."""
    ledger = on_day(account, day).ledger
    demanded = ledger.minimum_due
    # Where nothing is demanded yet, the next statement will.
    coming = not demanded
    if coming:
        billed = (event for event in next_month(account, day) if isinstance(event, AccountBilled))
        demanded = sum(event.own_minimum_fen for event in billed)
    plans = []
    for plan_id, plan in ledger.plans.items():
        debt = _plan(f"{name}/{plan_id}", plan, ledger, coming=coming)
        # Where there is credit, it will pay for instalments to come: so much less is owed, and demanded.
        debt = debt._replace(balance=min(owed, debt.balance), minimum=min(demanded, debt.minimum))
        owed, demanded = owed - debt.balance, demanded - debt.minimum
        plans.append(debt)
    return [Debt(name, owed, ledger.terms.daily_rate * 365, min(owed, demanded)), *plans]


def _plan(name: str, plan: PlanLeft, ledger: Ledger, *, coming: bool) -> Debt:
    own = slice_of(plan.plan_id, "")
    payable = sum(each.unpaid for key, each in ledger.slices.items() if key.startswith(own))
    following = due_next(plan)
    next_instalment = (
        following.principal_fen + following.fee_fen + following.interest_fen
        + following.carried_interest_fen + following.carried_fees_fen
    )  # fmt: skip
    rate = plan.annual_rate
    if plan.kind == "conversion":
        to_come = [each.principal_fen + each.fee_fen for each in plan.instalments]
        rate = (internal_rate(principal_left(plan), to_come) * 12).quantize(_SAID)
    return Debt(name, sum(left_of(plan).values()) + payable, rate, next_instalment if coming else payable)
