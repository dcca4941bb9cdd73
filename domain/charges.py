"""The charges of the line, reckoned on a ledger alone: interest, fees, instalments, the cap, and what is demanded.

Both who decides what happens today and who derives what should have happened ask the same rules here.
"""

from collections.abc import Iterator
from datetime import date

from domain.allocation import allocate
from domain.events import DebtWaived, InstalmentPosted, InterestPosted, LateFeePosted, PlanFeePosted, PlanLeft
from domain.ledger import Charge, Ledger
from domain.money import Amounts, ceiling, half_up
from domain.plans import due_next, fee_run_up, principal_left
from domain.slices import Layer


def missed_today(ledger: Ledger, day: date) -> Layer | None:
    """The minimum whose due test falls on `day`, if it was missed; the terms see to it that there is at most one."""
    newest = ledger.layers[-1] if ledger.layers else None
    if newest is None or ledger.test_date(newest.due_date) != day or newest.amount <= ledger.terms.tolerance:
        return None
    return newest


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

    In this order credit pays what it would if it came last: fees, interest, principal.
    """
    due = [(plan, due_next(plan)) for plan in ledger.plans.values()]
    for plan, instalment in due:
        yield from plan_fee(ledger, plan, instalment.fee_fen, credit=ledger.credit)
    yield from interest(ledger)
    for plan, instalment in due:
        yield InstalmentPosted(
            plan_id=plan.plan_id,
            number=instalment.number,
            principal_fen=instalment.principal_fen,
            credit_applied_fen=min(ledger.credit, instalment.principal_fen),
        )
    yield from over_cap(ledger)


def plan_fee(ledger: Ledger, plan: PlanLeft, amount: int, credit: int) -> Iterator[PlanFeePosted]:
    """The fee of a plan's next instalment, or so much of it; none is charged after the customer's death."""
    if amount and not _after_death(ledger):
        yield PlanFeePosted(
            plan_id=plan.plan_id,
            number=due_next(plan).number,
            amount_fen=amount,
            credit_applied_fen=min(credit, amount),
        )


def payoff(ledger: Ledger, plan: PlanLeft) -> tuple[int, int]:
    """What it takes to settle a plan today: its principal, and the fee that has run up for the instalment to come."""
    fee = 0 if _after_death(ledger) else fee_run_up(plan, ledger.business_date, ledger.bill_days)
    return principal_left(plan), fee


def minimum_lowered(ledger: Ledger, amount: int) -> int:
    """By how much the latest statement demands less once `amount` of its principal is paid in instalments.

    It demands the share of it no more, and together minima never demand more than is billed.
    """
    latest = ledger.layers[-1] if ledger.layers else None
    if latest is None or latest.statement_no != ledger.statement_no:
        return 0
    billed = ledger.billed - min(amount, ledger.convertible)
    return min(latest.amount, max(ceiling(ledger.terms.minimum_ratio, amount), ledger.minimum_due - billed))


def run_up(ledger: Ledger) -> Iterator[InterestPosted | DebtWaived]:
    """Everything that has run up by today: interest is posted, and what then exceeds the cap is given up."""
    yield from interest(ledger)
    yield from over_cap(ledger)


def interest(ledger: Ledger) -> Iterator[InterestPosted]:
    """What interest has run up since the last posting: new running total minus what was posted before."""
    accrued = ledger.accrued
    if accrued > 0:
        yield InterestPosted(
            kind="revolving",
            amount_fen=accrued,
            fen_days=ledger.fen_days,
            earlier_days=ledger.earlier_days,
            total_posted_fen=ledger.interest_posted + accrued,
            credit_applied_fen=min(ledger.credit, accrued),
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
