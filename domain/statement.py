"""The bill day: what a statement demands, and the steps that come before it (interest, the all-in cap, credit)."""

from collections.abc import Iterator
from datetime import date, timedelta

from domain.account import Account
from domain.allocation import allocate
from domain.calendar import ONE_DAY, add_months
from domain.events import AccountBilled, AccountEvent, DebtWaived, InterestPosted, StatementLines
from domain.ledger import Ledger
from domain.lifecycle import move_standing
from domain.money import ceiling


def bill_day_steps(account: Account, day: date) -> Iterator[AccountEvent]:
    """Post the interest, apply the cap, use the credit, issue the statement; a step with nothing to do is silent."""
    ledger = account.ledger
    yield from post_interest(ledger)
    yield from apply_cap(ledger)
    balance = ledger.billed + ledger.unbilled
    if balance:
        yield _statement(account, day, balance)


def post_interest(ledger: Ledger) -> Iterator[AccountEvent]:
    """What interest has run up since the last posting: new running total minus what was posted before."""
    accrued = ledger.accrued
    if accrued > 0:
        yield InterestPosted(
            kind="revolving",
            amount_fen=accrued,
            fen_days=ledger.fen_days,
            total_posted_fen=ledger.interest_posted + accrued,
            credit_applied_fen=min(ledger.credit, accrued),
        )


def apply_cap(ledger: Ledger) -> Iterator[AccountEvent]:
    """Give up what exceeds the all-in cap: unbilled fees first, then unbilled interest; what was paid is credited."""
    over = ledger.over_cap
    if not over:
        return
    fees = min(over, ledger.buckets["fees_unbilled"])
    interest = min(over - fees, ledger.buckets["interest_unbilled"])
    refunded = over - fees - interest
    left = dict(ledger.buckets)
    left["fees_unbilled"] -= fees
    left["interest_unbilled"] -= interest
    credit_applied, _ = allocate(ledger.credit + refunded, left, ledger.regime)
    yield DebtWaived(
        fees_fen=fees, interest_fen=interest, refunded_fen=refunded, credit_applied=credit_applied, reason="cap"
    )


def _statement(account: Account, day: date, balance: int) -> AccountBilled:
    ledger, terms = account.ledger, account.ledger.terms
    brought_forward = ledger.minimum_due
    interest, fees = ledger.buckets["interest_unbilled"], ledger.buckets["fees_unbilled"]
    new_charges = interest + fees
    rest = max(0, balance - brought_forward - new_charges)
    demanded = brought_forward + new_charges + ceiling(terms.minimum_ratio, rest)
    minimum = min(balance, max(terms.minimum_floor, demanded))
    return AccountBilled(
        statement_no=ledger.statement_no + 1,
        covers_from=max(add_months(day, -1), account.opened_on),
        covers_to=day - ONE_DAY,
        due_date=day + timedelta(days=terms.due_days),
        balance_fen=balance,
        minimum_fen=minimum,
        own_minimum_fen=minimum - brought_forward,
        lines=StatementLines(
            brought_forward_fen=ledger.billed,
            principal_fen=ledger.buckets["principal_unbilled"],
            interest_fen=interest,
            fees_fen=fees,
        ),
        standing=move_standing("issue", account.standing) or account.standing,
    )
