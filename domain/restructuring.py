"""Restructuring: debt that cannot be paid as billed becomes one plan, by agreement; a missed instalment breaks it."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from domain import charges
from domain.account import Account
from domain.checks import check_activated
from domain.commands import Restructure
from domain.delinquency import OVERDUE_LONG, freeze_restructured, lifted
from domain.events import AccountEvent, AccountStandingChanged, PlanCreated, PlanPart
from domain.lifecycle import move_standing
from domain.plans import left_of, restructured
from domain.refusals import Refused

Facts = Iterator[AccountEvent]


def restructure(command: Restructure, account: Account, today: date) -> Facts:
    """All that is owed, but for what is disputed, is paid in months instead; borrowing stops until that is done."""
    check_activated(account)
    ledger = account.ledger
    if ledger.agreement is not None:
        raise Refused("restructured", plan_id=ledger.agreement.plan_id)
    standing = move_standing("restructure", account.standing)
    yield from charges.run_up(ledger)
    kinds = ledger.by_kind()
    # Every instalment has something to pay.
    if sum(kinds) < command.months:
        raise Refused("months_not_offered", field="months", asked=command.months, highest=sum(kinds))
    plan = restructured(
        command.plan_id, today, kinds, command.months, command.rate, dated=ledger.terms.product == "cash_loan"
    )
    yield PlanCreated(
        plan_id=command.plan_id,
        kind="restructuring",
        statement_no=0,
        amount_fen=sum(kinds),
        fee_rate=Decimal(0),
        fee_total_fen=0,
        annual_rate=command.rate,
        schedule=plan.instalments,
        parts=tuple(PlanPart(purchase_id=name, amount_fen=fen) for name, fen in ledger.purchases_owed().items()),
        minimum_lowered_fen=ledger.minimum_due,
        taken=ledger.restructurable(left_of(plan)),
        original_due_date=ledger.oldest_due,
    )
    yield AccountStandingChanged(move="restructure", standing=standing or account.standing)
    yield from freeze_restructured(account)
    if OVERDUE_LONG in account.frozen_since:
        # Nothing is past due any more, though it was not cured.
        yield lifted(account, OVERDUE_LONG, None)
