"""The account: the state that its events lead to, and the fold that leads there.

The fold never refuses: history already happened. It works on one state that never leaves it; whoever holds an
account that `fold` or a decision returned treats it as frozen.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from operator import attrgetter
from typing import NamedTuple, assert_never

from domain.events import (
    Access,
    AccountActivated,
    AccountBilled,
    AccountClosed,
    AccountCured,
    AccountEvent,
    AccountFrozen,
    AccountOpened,
    AccountOverdue,
    AccountPaid,
    AccountUnfrozen,
    CloseKind,
    ClosureRequested,
    ClosureWithdrawn,
    CreditRefunded,
    DebtWaived,
    FreezeReason,
    InterestPosted,
    LateFeePosted,
    LimitChanged,
    PaymentReceived,
    PurchasePosted,
    PurchaseRefunded,
    Standing,
)
from domain.ledger import Ledger


class Posted(NamedTuple):
    """A purchase as it was posted, and how much of it was refunded since."""

    amount: int
    refunded: int


@dataclass(slots=True)
class Account:
    """A credit account after `version` events; money in minor units, dates in the account's zone."""

    customer_id: str
    zone: str
    opened_on: date
    ledger: Ledger
    version: int = 0
    access: Access = "pending"
    standing: Standing = "clear"
    limit: int = 0
    limit_before_closing: int = 0
    close_kind: CloseKind | None = None
    reasons: tuple[FreezeReason, ...] = ()
    # What was said before, so that saying it again changes nothing: references with their amounts.
    purchases: dict[str, Posted] = field(default_factory=dict)
    refunds: dict[str, tuple[str, int]] = field(default_factory=dict)
    payments: dict[str, int] = field(default_factory=dict)
    payouts: dict[str, int] = field(default_factory=dict)

    def fork(self) -> "Account":
        """A copy that may be changed without this one noticing."""
        twin = Account(*_fields_of(self))
        twin.ledger = self.ledger.fork()
        twin.purchases = self.purchases.copy()
        twin.refunds = self.refunds.copy()
        twin.payments = self.payments.copy()
        twin.payouts = self.payouts.copy()
        return twin

    @property
    def business_date(self) -> date:
        """The date of the last event; commands of an earlier date are refused."""
        return self.ledger.business_date

    @property
    def available(self) -> int:
        """Limit less what is owed, plus credit; negative when over the limit."""
        return self.limit - self.ledger.owed + self.ledger.credit

    def next_event_on(self) -> date | None:
        """The first date on which an advance would record something if nothing else came; None when none would."""
        first = self.ledger.next_event_on()
        if self.access not in ("pending", "closed") and "overdue_long" not in self.reasons:
            oldest = next(self.ledger.missed(), None)
            if oldest is not None:
                freeze_on = oldest.due_date + timedelta(days=self.ledger.terms.overdue_long_dpd)
                first = freeze_on if first is None else min(first, freeze_on)
        return first


_fields_of = attrgetter(*Account.__slots__)


def opened(event: AccountOpened) -> Account:
    """The account that an application begins with: pending, no limit, nothing owed."""
    ledger = Ledger(terms=event.terms, bill_day=event.bill_day, business_date=event.business_date)
    return Account(
        customer_id=event.customer_id, zone=event.zone, opened_on=event.business_date, ledger=ledger, version=1
    )


def evolve(account: Account, event: AccountEvent) -> None:  # noqa: C901, PLR0912 - one case an event, a table
    """Bring `account` one event further. Never refuses, never asks a rule: the event carries what it led to."""
    ledger = account.ledger
    ledger.pass_time(event.business_date)
    account.version += 1
    account.access = event.access
    account.standing = event.standing
    match event:
        case PurchasePosted():
            account.purchases[event.purchase_id] = Posted(event.amount_fen, 0)
            ledger.purchase(event.purchase_id, event.amount_fen, event.credit_applied_fen)
        case PaymentReceived():
            account.payments[f"{event.channel}/{event.payment_ref}"] = event.amount_fen
            ledger.pay(event.applied, event.credited_fen)
        case AccountBilled():
            ledger.bill(event.due_date, event.own_minimum_fen)
        case AccountPaid() | AccountOverdue() | AccountCured():
            pass
        case InterestPosted():
            ledger.post_interest(event.amount_fen, event.credit_applied_fen)
        case LateFeePosted():
            ledger.post_late_fee(event.amount_fen)
        case DebtWaived():
            ledger.waive(event.fees_fen, event.interest_fen, event.refunded_fen, event.credit_applied)
        case PurchaseRefunded():
            account.refunds[event.refund_id] = (event.purchase_id, event.amount_fen)
            posted = account.purchases[event.purchase_id]
            account.purchases[event.purchase_id] = Posted(posted.amount, posted.refunded + event.amount_fen)
            ledger.refund(event.purchase_id, event.of_purchase_fen, event.applied, event.credited_fen)
        case CreditRefunded():
            account.payouts[event.refund_id] = event.amount_fen
            ledger.pay_out(event.amount_fen)
        case AccountFrozen() | AccountUnfrozen():
            account.reasons = event.reasons_now
        case AccountActivated() | LimitChanged():
            account.limit = event.limit_fen
        case ClosureRequested():
            account.limit_before_closing, account.limit = account.limit, 0
        case ClosureWithdrawn():
            account.limit = event.limit_fen
        case AccountClosed():
            account.limit = 0
            account.close_kind = event.kind
        case AccountOpened():
            message = f"account.opened as event {account.version} of an account: its history is mixed up"
            raise ValueError(message)
        case _:
            assert_never(event)


def fold(account: Account | None, events: Iterable[AccountEvent]) -> Account:
    """The account after `events`; `account` is where they begin (None: at the beginning) and stays as it was.

    Raises ValueError when a history does not begin with `account.opened`, or says it twice.
    """
    current = account.fork() if account is not None else None
    for event in events:
        if current is not None:
            evolve(current, event)
        elif isinstance(event, AccountOpened):
            current = opened(event)
        else:
            message = f"a history begins with account.opened, not with {event.TYPE}"
            raise ValueError(message)
    if current is None:
        message = "an account without events does not exist"
        raise ValueError(message)
    return current
