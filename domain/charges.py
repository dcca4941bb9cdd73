"""The charges of the line, reckoned on a ledger alone: interest, fees, instalments, the cap, and what is demanded.

Both who decides what happens today and who derives what should have happened ask the same rules here.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from domain.allocation import WATERFALL, allocate
from domain.events import DebtWaived, InstalmentPosted, InterestPosted, LateFeePosted, PlanFeePosted, PlanLeft
from domain.ledger import Charge, Ledger
from domain.money import Amounts, ceiling, half_up
from domain.plans import due_next, fee_run_up, interest_run_up, left_of, principal_left
from domain.slices import Layer


def missed_today(ledger: Ledger, day: date) -> Layer | None:
    """The minimum whose due test falls on `day`, if it was missed; there is at most one due on any day."""
    for layer in reversed(ledger.layers):
        test = ledger.test_date(layer.due_date)
        if test <= day:
            return layer if test == day and layer.amount > ledger.terms.tolerance else None
    return None


def late_fee(ledger: Ledger, missed: Layer) -> Iterator[LateFeePosted]:
    """The one fee for a missed minimum: a share of its principal part, at least the floor, at most that part.

    None is charged after the customer's death.
    """
    if _after_death(ledger):
        return
    terms = ledger.terms
    base = min(missed.amount, missed.principal, ledger.buckets["principal_billed"])
    fee = min(base, max(terms.late_fee_floor, half_up(terms.late_fee_rate, base)))
    if fee:
        yield LateFeePosted(statement_no=missed.statement_no, base_fen=base, amount_fen=fee)


def _after_death(ledger: Ledger) -> bool:
    return ledger.died_on is not None and ledger.business_date > ledger.died_on


def bill_day(ledger: Ledger) -> Iterator[Charge]:
    """What a bill day makes payable: fees of plans, interest, instalments; what then exceeds the cap is given up.

    In this order credit pays what it would if it came last: fees, interest, principal. A loan's instalment has a bill day
    of its own.
    """
    due_date = ledger.due_date_of(ledger.business_date)
    due = [
        (plan, instalment)
        for plan in ledger.plans.values()
        if (instalment := due_next(plan)).due_date is None or instalment.due_date == due_date
    ]
    for plan, instalment in due:
        yield from plan_fee(ledger, plan, instalment.fee_fen, credit=ledger.credit)
    # Fees that an agreement carries are fees, though they come with its instalment.
    for_fees = sum(instalment.carried_fees_fen for _, instalment in due)
    yield from interest(ledger, for_fees)
    for plan, instalment in due:
        yield from plan_interest(ledger, plan, instalment.interest_fen, for_fees=for_fees)
    for plan, instalment in due:
        yield InstalmentPosted(
            plan_id=plan.plan_id,
            number=instalment.number,
            principal_fen=instalment.principal_fen,
            credit_applied_fen=min(
                ledger.credit,
                instalment.principal_fen + instalment.carried_interest_fen + instalment.carried_fees_fen,
            ),
            interest_fen=instalment.carried_interest_fen,
            fees_fen=instalment.carried_fees_fen,
            due_date=instalment.due_date,
        )
    yield from over_cap(ledger)


def plan_fee(
    ledger: Ledger, plan: PlanLeft, amount: int, credit: int, *, settlement: bool = False
) -> Iterator[PlanFeePosted]:
    """The fee of a plan's next instalment, or so much of it, or of a settlement; none after the customer's death."""
    if amount and not _after_death(ledger):
        yield PlanFeePosted(
            kind="settlement" if settlement else "instalment",
            plan_id=plan.plan_id,
            number=due_next(plan).number,
            amount_fen=amount,
            credit_applied_fen=min(credit, amount),
        )


def plan_interest(
    ledger: Ledger, plan: PlanLeft, amount: int, principal: int | None = None, for_fees: int = 0
) -> Iterator[InterestPosted]:
    """The interest of a loan's next instalment, or so much of it: no more than had run up when the customer died.

    It is of so much `principal`, or of all of it; `for_fees` of the credit is not there to pay for it.
    """
    if ledger.died_on is not None and _after_death(ledger):
        principal = principal_left(plan) if principal is None else principal
        by_then = _run_up_of(ledger, plan, principal, ledger.died_on) if due_next(plan).due_date else 0
        amount = min(amount, by_then)
    if amount:
        yield InterestPosted(
            kind="plan",
            amount_fen=amount,
            fen_days=0,
            total_posted_fen=ledger.interest_posted,
            credit_applied_fen=min(max(0, ledger.credit - for_fees), amount),
            plan_id=plan.plan_id,
            number=due_next(plan).number,
        )


class Payoff(NamedTuple):
    """What it takes to pay principal of a plan early, by bucket, in the order in which the money pays it.

    Of a loan or an agreement everything payable comes first, as ever; of a conversion its own fee is all there is beside
    the principal.
    `interest` and `fee` are what is charged for it.
    """

    applied: Amounts
    principal: int
    interest: int
    fee: int

    @property
    def total(self) -> int:
        """All of it."""
        return sum(self.applied.values())


def payoff(ledger: Ledger, plan: PlanLeft, principal: int | None = None) -> Payoff:
    """What it takes today to pay so much of a plan's principal early; all of it, where nothing else is said."""
    principal = principal_left(plan) if principal is None else principal
    then, run_up_by_now, fee = ledger.fork(), 0, 0
    for event in paid_early(then, plan, principal):
        then.post(event)
        if isinstance(event, PlanFeePosted):
            fee = event.amount_fen
        elif isinstance(event, InterestPosted) and event.kind == "plan":
            run_up_by_now = event.amount_fen
    if plan.kind == "conversion":
        return Payoff({"principal_planned": principal, "fees_unbilled": fee}, principal, 0, fee)
    payable: Amounts = {bucket: then.buckets[bucket] for bucket in WATERFALL[ledger.regime]}
    return Payoff(payable | left_of(plan) | {"principal_planned": principal}, principal, run_up_by_now, fee)


def paid_early(ledger: Ledger, plan: PlanLeft, principal: int) -> Iterator[Charge]:
    """What is charged where so much of a plan is paid before it is due: what has run up, and the price of that.

    The payment that comes with it pays for the fee, not credit.
    """
    today = ledger.business_date
    if plan.kind == "conversion":
        yield from plan_fee(ledger, plan, fee_run_up(plan, today, ledger.bill_days), credit=0)
        return
    yield from interest(ledger)
    yield from plan_interest(ledger, plan, _run_up_of(ledger, plan, principal, today), principal)
    terms = ledger.terms
    if plan.kind == "draw" and today > plan.made_on + timedelta(days=terms.cooling_off_days):
        fee = half_up(terms.early_settlement_fee, principal)
        yield from plan_fee(ledger, plan, fee, credit=0, settlement=True)
    yield from over_cap(ledger)


def minimum_lowered(ledger: Ledger, amount: int) -> int:
    """By how much the latest statement demands less once `amount` of its principal is paid in instalments.

    It demands the share of it no more, and together minima never demand more than is billed.
    """
    latest = ledger.layers[-1] if ledger.layers else None
    if latest is None or latest.statement_no != ledger.statement_no:
        return 0
    billed = ledger.billed - min(amount, ledger.convertible)
    return min(latest.amount, max(ceiling(ledger.terms.minimum_ratio, amount), ledger.minimum_due - billed))


def _run_up_of(ledger: Ledger, plan: PlanLeft, principal: int, day: date) -> int:
    return interest_run_up(plan, principal, day, ledger.bill_days)


def run_up(ledger: Ledger) -> Iterator[InterestPosted | DebtWaived]:
    """Everything that has run up by today: interest is posted, of loans too; what then exceeds the cap is given up."""
    yield from interest(ledger)
    for plan in ledger.plans.values():
        yield from plan_interest(ledger, plan, _run_up_of(ledger, plan, principal_left(plan), ledger.business_date))
    yield from over_cap(ledger)


def of_payment(ledger: Ledger) -> Iterator[InterestPosted]:
    """What is overdue of a loan bears until it is paid, so every payment finds the penalty of the days before it.

    Where no principal is left, the last of it waits for its bill day.
    """
    if ledger.terms.product == "cash_loan" and ledger.principal:
        yield from interest(ledger)


def interest(ledger: Ledger, for_fees: int = 0) -> Iterator[InterestPosted]:
    """What interest has run up since the last posting: new running total minus what was posted before.

    `for_fees` of the credit is not there to pay for it.
    """
    accrued = ledger.accrued
    if accrued > 0:
        yield InterestPosted(
            kind="revolving" if ledger.terms.product == "pay_later" else "penalty",
            amount_fen=accrued,
            fen_days=ledger.fen_days,
            earlier_days=ledger.earlier_days,
            total_posted_fen=ledger.interest_posted + accrued,
            credit_applied_fen=min(max(0, ledger.credit - for_fees), accrued),
        )


def over_cap(ledger: Ledger) -> Iterator[DebtWaived]:
    """Give up what exceeds the all-in cap: unbilled fees first, then unbilled interest; what was paid is credited."""
    over = ledger.over_cap
    if not over:
        return
    fees = min(over, ledger.buckets["fees_unbilled"])
    waived_interest = min(over - fees, ledger.buckets["interest_unbilled"])
    refunded = over - fees - waived_interest
    left = dict(ledger.buckets)
    applied: Amounts = {"fees_unbilled": fees, "interest_unbilled": waived_interest}
    for bucket, fen in applied.items():
        left[bucket] -= fen
    credit_applied, _ = allocate(ledger.credit + refunded, left, ledger.regime)
    yield DebtWaived(
        fees_fen=fees,
        interest_fen=waived_interest,
        principal_fen=0,
        applied={bucket: fen for bucket, fen in applied.items() if fen},
        refunded_fen=refunded,
        credit_applied=credit_applied,
        reason="cap",
    )


def minimum(ledger: Ledger) -> int:
    """What a statement issued now demands: the minima still open, new charges and instalments, a share of the rest."""
    balance = ledger.billed + ledger.unbilled
    brought_forward = ledger.minimum_due
    new_charges = ledger.buckets["interest_unbilled"] + ledger.buckets["fees_unbilled"] + ledger.instalments_unbilled
    rest = max(0, balance - brought_forward - new_charges)
    demanded = brought_forward + new_charges + ceiling(ledger.terms.minimum_ratio, rest)
    return min(balance, max(ledger.terms.minimum_floor, demanded))
