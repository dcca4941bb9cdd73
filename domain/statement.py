"""The bill day: the charges that come before a statement, and the statement itself."""

from collections.abc import Iterator
from datetime import date

from domain import charges
from domain.account import Account
from domain.calendar import ONE_DAY
from domain.events import AccountBilled, AccountEvent, StatementLines
from domain.lifecycle import move_standing


def bill_day_steps(account: Account, day: date) -> Iterator[AccountEvent]:
    """Post fees, interest and instalments, which uses the credit; apply the cap; issue the statement.

    A step with nothing to do is silent.
    """
    if account.standing == "charged_off":
        return
    yield from charges.bill_day(account.ledger)
    if account.ledger.billed or account.ledger.unbilled:
        yield _statement(account, day)


def _covers_from(account: Account, day: date) -> date:
    """The bill day before; a loan's account has no other than those on which it was billed."""
    if account.ledger.terms.product == "pay_later":
        return max(account.ledger.bill_days.last_before(day), account.opened_on)
    return account.billed_on or account.opened_on


def _statement(account: Account, day: date) -> AccountBilled:
    ledger = account.ledger
    minimum, instalments = charges.minimum(ledger), ledger.instalments_unbilled
    return AccountBilled(
        statement_no=ledger.statement_no + 1,
        covers_from=_covers_from(account, day),
        covers_to=day - ONE_DAY,
        due_date=ledger.due_date_of(day),
        balance_fen=ledger.billed + ledger.unbilled,
        minimum_fen=minimum,
        own_minimum_fen=minimum - ledger.minimum_due,
        lines=StatementLines(
            brought_forward_fen=ledger.billed,
            principal_fen=ledger.buckets["principal_unbilled"] - instalments,
            instalments_fen=instalments,
            interest_fen=ledger.buckets["interest_unbilled"],
            fees_fen=ledger.buckets["fees_unbilled"],
        ),
        standing=move_standing("issue", account.standing) or account.standing,
    )
