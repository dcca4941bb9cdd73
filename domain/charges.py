"""The charges of the line, reckoned on a ledger alone: interest, late fee, all-in cap, and what a statement demands.

Both who decides what happens today and who derives what should have happened ask the same rules here.
"""

from collections.abc import Iterator
from datetime import date

from domain.allocation import allocate
from domain.events import DebtWaived, InterestPosted, LateFeePosted
from domain.ledger import Ledger
from domain.money import Amounts, ceiling, half_up
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
    if ledger.died_on is not None and ledger.business_date > ledger.died_on:
        return
    terms = ledger.terms
    base = min(missed.amount, missed.principal, ledger.buckets["principal_billed"])
    fee = min(base, max(terms.late_fee_floor, half_up(terms.late_fee_rate, base)))
    if fee:
        yield LateFeePosted(statement_no=missed.statement_no, base_fen=base, amount_fen=fee)


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
    """What a statement issued now demands: the minima still open, all new charges, and a share of the rest."""
    balance = ledger.billed + ledger.unbilled
    brought_forward = ledger.minimum_due
    new_charges = ledger.buckets["interest_unbilled"] + ledger.buckets["fees_unbilled"]
    rest = max(0, balance - brought_forward - new_charges)
    demanded = brought_forward + new_charges + ceiling(ledger.terms.minimum_ratio, rest)
    return min(balance, max(ledger.terms.minimum_floor, demanded))
