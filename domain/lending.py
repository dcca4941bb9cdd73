"""Cash loans: money is drawn out of the limit, and principal is paid before it is due."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from domain import charges
from domain.account import Account
from domain.borrowing import against_borrowing
from domain.checks import check_activated, check_bound, check_offered
from domain.closure import less_owed
from domain.commands import Draw, PrepayPlan, SettleEarly
from domain.events import (
    AccountEvent,
    CashDrawn,
    PaymentReceived,
    PlanCreated,
    PlanLeft,
    PlanPrepaid,
    PlanSettledEarly,
)
from domain.plans import drawn, principal_left
from domain.refusals import Refused
from domain.underwriting import Applicant, check_draw

Facts = Iterator[AccountEvent]


def draw(command: Draw, account: Account, today: date, applicant: Applicant | None) -> Facts:
    """Lend out of the limit, to be repaid in months, or the first refusal that stands against it.

    Where the customer is known, what they were granted on is looked at again.
    """
    check_offered(command, account, "cash_loan")
    against = against_borrowing(command, account)
    if against is not None:
        raise against
    if applicant is not None:
        check_draw(applicant)
    terms, amount = account.ledger.terms, command.amount_fen
    # Every instalment has something to pay.
    if amount < command.months:
        raise Refused("amount_invalid", field="amount_fen", asked=amount, lowest=command.months)
    check_bound(amount, account.ledger.owed)
    if account.plan(command.plan_id) is not None:
        raise Refused("plan_id_reused", field="plan_id", reference=command.plan_id)
    plan = drawn(command.plan_id, today, amount, command.months, terms.annual_rate, terms.schedule)
    yield CashDrawn(
        draw_id=command.draw_id, plan_id=command.plan_id, amount_fen=amount, payout_token=command.payout_token
    )
    yield PlanCreated(
        plan_id=command.plan_id,
        kind="draw",
        statement_no=0,
        amount_fen=amount,
        fee_rate=Decimal(0),
        fee_total_fen=0,
        annual_rate=terms.annual_rate,
        scheme=terms.schedule,
        schedule=plan.instalments,
        parts=(),
        minimum_lowered_fen=0,
    )


def settle_early(command: SettleEarly, account: Account, today: date) -> Facts:
    """Pay a plan off: what is left of it and what has run up, of a loan with everything payable; no later charge comes."""
    plan = _plan(command, account)
    ledger = account.ledger
    asked = charges.payoff(ledger, plan)
    yield from _paid_early(command, account, plan, asked, today)
    yield PlanSettledEarly(
        plan_id=command.plan_id, principal_fen=asked.principal, fee_fen=asked.fee, interest_fen=asked.interest
    )
    yield from less_owed(account)


def prepay_plan(command: PrepayPlan, account: Account, today: date) -> Facts:
    """Pay a part of a loan before it is due, with what has run up on that part; the rest keeps its dates and its scheme."""
    check_offered(command, account, "cash_loan")
    plan = _plan(command, account)
    if plan.kind == "restructuring":
        raise Refused("restructured", plan_id=plan.plan_id)
    ledger, left = account.ledger, principal_left(plan)
    if command.principal_fen >= left:
        raise Refused("prepayment_settles", field="principal_fen", asked=command.principal_fen, highest=left - 1)
    asked = charges.payoff(ledger, plan, command.principal_fen)
    yield from _paid_early(command, account, plan, asked, today, prepaid=asked.principal)
    yield PlanPrepaid(
        plan_id=command.plan_id,
        principal_fen=asked.principal,
        interest_fen=asked.interest,
        fee_fen=asked.fee,
        left=ledger.plans[command.plan_id],
    )
    yield from less_owed(account)


def _plan(command: SettleEarly | PrepayPlan, account: Account) -> PlanLeft:
    """The plan that is to be paid early; nothing of a loan is, while something is overdue."""
    check_activated(account)
    ledger = account.ledger
    if account.plan(command.plan_id) is None:
        raise Refused("plan_unknown", field="plan_id", asked=command.plan_id)
    plan = ledger.plans.get(command.plan_id)
    if plan is None:
        raise Refused("plan_over", field="plan_id", asked=command.plan_id)
    if plan.kind != "conversion" and account.standing == "overdue":
        raise Refused("overdue", dpd=ledger.dpd, arrears=ledger.arrears)
    return plan


def _paid_early(
    command: SettleEarly | PrepayPlan,
    account: Account,
    plan: PlanLeft,
    asked: charges.Payoff,
    today: date,
    prepaid: int | None = None,
) -> Facts:
    """The charges of paying early and the payment, which must be exactly what is asked; `prepaid` where it leaves a rest."""
    ledger = account.ledger
    if command.amount_fen != asked.total:
        raise Refused(
            "payoff_mismatch",
            field="amount_fen", asked=command.amount_fen, payoff=asked.total,
            principal=asked.principal, interest=asked.interest, fee=asked.fee,
        )  # fmt: skip
    yield from charges.paid_early(ledger, plan, asked.principal)
    yield PaymentReceived(
        payment_ref=command.payment_ref,
        channel=command.channel,
        amount_fen=command.amount_fen,
        value_date=today,
        applied={bucket: fen for bucket, fen in asked.applied.items() if fen},
        credited_fen=0,
        regime=ledger.regime,
        plan_id=command.plan_id,
        prepaid_fen=prepaid,
    )
