"""Statements as a table, in the shape of the data set they may have come from: a row for each account and month.

A month is that of its bill day B and holds what happened from the bill day before it to the day before B; what
happens on B itself belongs to the next. Loans are billed on days of their own, each of them, and have no such months.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

from domain.events import (
    AccountActivated,
    AccountBilled,
    AccountClosed,
    AccountEvent,
    AccountOpened,
    AccountReinstated,
    ClosureRequested,
    ClosureWithdrawn,
    LimitChanged,
    MoneyEvent,
    PaymentReceived,
    PaymentReversed,
    PurchaseRefunded,
)
from domain.recorded import Recorded
from infra.portfolio.reckoning import bill_days
from infra.portfolio.uci import file_id

HEADER = ("id", "month", "balance", "paid", "refunded", "limit", "over_limit")


class StatementRow(NamedTuple):
    """One month of one account. Amounts in whole dollars (yuan), with two decimals only where cents are left.

    `balance` is the statement's as it was printed, or where none was issued what is owed and neither disputed nor planned,
    minus credit.
    `paid` is the money that was recorded in this month, from whatever day it counts; a payment that was returned, even
    after the last month shown, never counted and is in no month, though a statement printed meanwhile stands.
    `refunded` counts purchases taken back (an upheld dispute is none) and money received as an adjustment; `over_limit`
    is 1 where the balance exceeds the limit of that day, else 0.
    """

    id: str
    month: str
    balance: str
    paid: str
    refunded: str
    limit: str
    over_limit: int


class _Month:
    """What is known of an account while its events are read: the running figures, and those since the last bill day."""

    def __init__(self, opened: AccountOpened, returned: frozenset[tuple[str, str]]) -> None:
        self.id = file_id(opened.customer_id)
        self._returned = returned
        self.net = self.limit = self.paid = self.refunded = 0
        self.statement: int | None = None

    def add(self, event: AccountEvent) -> None:
        if isinstance(event, AccountBilled):
            self.statement = event.balance_fen
        elif isinstance(event, PaymentReceived):
            counted = 0 if (event.channel, event.payment_ref) in self._returned else event.amount_fen
            if event.channel == "adjustment":
                self.refunded += counted
            else:
                self.paid += counted
        elif isinstance(event, PurchaseRefunded):
            self.refunded += event.amount_fen
        elif isinstance(event, AccountActivated | AccountReinstated | LimitChanged | ClosureWithdrawn):
            self.limit = event.limit_fen
        elif isinstance(event, ClosureRequested | AccountClosed):
            self.limit = 0
        if isinstance(event, MoneyEvent):
            self.net = event.owed_after.payable - event.owed_after.credit

    def close(self, bill_day: date) -> StatementRow:
        """The row of the month that ends with `bill_day`; the next begins."""
        balance = self.net if self.statement is None else self.statement
        row = StatementRow(
            self.id, f"{bill_day:%Y-%m}",
            _whole(balance), _whole(self.paid), _whole(self.refunded), _whole(self.limit), int(balance > self.limit),
        )  # fmt: skip
        self.paid = self.refunded = 0
        self.statement = None
        return row


def statement_rows(history: Iterable[Recorded], through: date) -> Iterator[StatementRow]:
    """The rows of one account, from its first bill day to the last one on or before `through`.

    `history` is the account's, from its first event, in the order of versions; a quiet month has its row too. None for an
    account of loans.
    Raises ValueError when it begins with anything but `account.opened`.
    """
    events = [recorded.event for recorded in history]
    if not events:
        return
    first = events[0]
    if not isinstance(first, AccountOpened):
        message = f"a history begins with account.opened, not with {first.TYPE}"
        raise ValueError(message)  # noqa: TRY004 - the order of a history is wrong, not a caller's type
    if first.product == "cash_loan":
        return
    returned = (each for each in events if isinstance(each, PaymentReversed))
    month = _Month(first, frozenset((each.channel, each.payment_ref) for each in returned))
    days = bill_days(first.business_date, first.bill_day)
    bill_day = next(days)
    for event in events[1:]:
        while bill_day <= through and _is_past(bill_day, event):
            yield month.close(bill_day)
            bill_day = next(days)
        month.add(event)
    while bill_day <= through:
        yield month.close(bill_day)
        bill_day = next(days)


def _is_past(bill_day: date, event: AccountEvent) -> bool:
    """Whether `event` belongs to a later month; the calendar's own steps of the bill day make up its statement."""
    return event.business_date > bill_day or (event.business_date == bill_day and event.cause == "command")


def _whole(fen: int) -> str:
    whole, cents = divmod(abs(fen), 100)
    sign = "-" if fen < 0 else ""
    return f"{sign}{whole}.{cents:02d}" if cents else f"{sign}{whole}"
