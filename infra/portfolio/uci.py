"""30,000 real card accounts and their six statements each, lived through by ordinary commands.

Of the months of the file only the order is known, not the days: whatever was open is posted on 31 March, payments
arrive on the 5th, purchases and refunds happen on the 15th, and the statement is of the 28th. History is recorded,
not asked for, so its purchases are forced captures; its charges cannot be told from purchases, so the terms have none.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from domain.commands import (
    SYSTEM,
    AccountCommand,
    Activate,
    Actor,
    AdvanceTo,
    Open,
    Purchase,
    ReceivePayment,
    RefundPurchase,
)
from domain.identity import account_id_for
from domain.terms import Terms, catalogue
from domain.underwriting import Policy
from infra.portfolio.ledger import LOCAL
from infra.portfolio.script import Said, Step
from infra.portfolio.uci_file import MONTHS, WHOLE, Row, read

CUSTOMER = "uci-"  # and the file's id with five digits
MINOR = 100  # minor units to the dollar; the file has whole dollars only
BILL_DAYS = tuple(date(2005, month, 28) for month in range(4, 4 + MONTHS))
ZONE = "Asia/Taipei"
TERMS = Terms(
    version="uci-2005.1",
    currency="TWD",
    limit_min=MINOR,
    limit_max=10**12,
    bill_day=28,
    due_days=9,
    daily_rate=Decimal(0),
    minimum_ratio=Decimal("0.02"),
    minimum_floor=0,
    late_fee_rate=Decimal(0),
    late_fee_floor=0,
)
# The file's limits are facts, whatever bound there was.
POLICY = Policy(version="uci-2005.1", currency=TERMS.currency, zone=ZONE, exposure_max=TERMS.limit_max)
# Account after account, so that few need to be alive at a time.
ACCOUNTS_A_STEP = 1_000
_BANK = Actor(role="bank", id="uci-350")


def _noon(month: int, day: int) -> datetime:
    return datetime(2005, month, day, 12, tzinfo=LOCAL).astimezone(UTC)


_BEGINNING = _noon(3, 31)
_PAID_AT = tuple(_noon(day.month, 5) for day in BILL_DAYS)
_BOUGHT_AT = tuple(_noon(day.month, 15) for day in BILL_DAYS)
_END = _noon(BILL_DAYS[-1].month, BILL_DAYS[-1].day)


def customer_id_for(number: int) -> str:
    """The customer id of the file's account `number`."""
    return f"{CUSTOMER}{number:05d}"


def file_id(customer_id: str) -> str:
    """The file's own id of a customer; a customer of another portfolio keeps the id it has."""
    number = customer_id.removeprefix(CUSTOMER)
    return str(int(number)) if number != customer_id and number.isdecimal() else customer_id


class UciImport:
    """The script that `file` is. Raises Fault, before anything is sent, when the file is not as it must be.

    `accounts` says how many the file must have; a file that was cut between two rows is refused by it. None takes
    whatever there is as a part of the data set, under a name of its own.
    """

    catalogue = catalogue(TERMS)
    policy = POLICY

    def __init__(self, file: Path, accounts: int | None = None) -> None:
        self._rows = read(file, accounts)
        self.accounts = len(self._rows)
        self.name = "uci" if self.accounts == WHOLE else f"uci-{self.accounts}"
        self.complete = self.accounts == WHOLE
        # Nobody closes an account in this file; a small part of it need not hold the others.
        every = {"activated", "billed", "paid", "overdue", "frozen"}
        self.transitions = frozenset(every if self.complete else {"activated"})
        self.happenings: frozenset[str] = frozenset()  # terms without charges, and the file knows no late facts
        self.refused = 0  # commands; history is never refused, so anything else is a defect

    def steps(self) -> Iterator[Step]:
        """A thousand accounts a step, each from its opening to September's statement."""
        for start in range(0, self.accounts, ACCOUNTS_A_STEP):
            rows = self._rows[start : start + ACCOUNTS_A_STEP]
            commands = [command for row in rows for command in _History(row).commands()]
            yield Step(f"accounts {rows[0].number:,} to {rows[-1].number:,}", commands)

    def learn(self, commands: Sequence[Said], refused: Sequence[bool]) -> None:
        """Count what was refused: the file is the ledger, so nothing needs to be remembered."""
        self.refused += sum(was for _, was in zip(commands, refused, strict=True))

    def expected_statements(self) -> Mapping[tuple[UUID, date], int]:
        """The month balances of the file, in minor units."""
        return {
            (account_id, day): balance * MINOR
            for row in self._rows
            for account_id in (_account_id(row.number),)
            for day, balance in zip(BILL_DAYS, row.balances, strict=True)
        }

    def storyteller(self) -> UUID:
        """The account with the most kinds of months: over the limit, late, in credit, refunded; the first of several."""
        return _account_id(max(self._rows, key=_eventful).number)

    def beside_it(self, account_id: UUID) -> Sequence[UUID]:  # noqa: ARG002 - whoever is asked for
        """None: in the file everybody has one account."""
        return ()

    def beside(self, overdue: Mapping[date, int]) -> Iterator[str]:
        """The share of accounts overdue on each bill day beside the share of the file's codes of a month late or more.

        The codes describe and do not prove: the bank's rule is not published, and its codes contradict themselves.
        """
        if self.refused:
            yield f"{self.refused:,} commands were refused; history never is, so look into it"
        yield "month     overdue here   late by the file's codes"
        for month, day in enumerate(BILL_DAYS):
            late = sum(row.late[month] >= 1 for row in self._rows) / self.accounts
            yield f"{day:%Y-%m}   {overdue.get(day, 0) / self.accounts:11.1%}   {late:24.1%}"


def _account_id(number: int) -> UUID:
    return account_id_for(customer_id_for(number), "uci")


def _eventful(row: Row) -> tuple[int, int]:
    kinds = (
        max(row.balances) > row.limit,
        max(row.late) >= 1,
        min(row.balances) < 0,
        min(row.net) < 0,
        max(row.net) > 0,
    )
    return sum(kinds), sum(paid > 0 for paid in row.payments)


class _History:
    """One row as commands, in the order of time; the ids follow from the row alone, so they are the same every time."""

    def __init__(self, row: Row) -> None:
        self._row = row
        self._customer_id = customer_id_for(row.number)
        self._account_id = _account_id(row.number)
        self._said: list[AccountCommand] = []
        self._bought: list[tuple[str, int]] = []  # purchases with what is left of them, in dollars, oldest first

    def commands(self) -> Sequence[AccountCommand]:
        row = self._row
        self._say(Open, "open", _BEGINNING, customer_id=self._customer_id, terms_version=TERMS.version, zone=ZONE)
        self._say(Activate, "activate", _BEGINNING, limit_fen=row.limit * MINOR)
        if row.opening > 0:
            self._buy("opening", _BEGINNING, row.opening)
        else:
            self._pay("opening", _BEGINNING, -row.opening, "adjustment")
        for month, (paid, net) in enumerate(zip(row.payments, (0, *row.net), strict=True)):
            name = f"{BILL_DAYS[month]:%Y-%m}"
            self._pay(f"pay-{name}", _PAID_AT[month], paid, "transfer")
            if net > 0:
                self._buy(f"buy-{name}", _BOUGHT_AT[month], net)
            elif net < 0:
                self._give_back(name, _BOUGHT_AT[month], -net)
        self._say(AdvanceTo, "end", _END, SYSTEM, date=BILL_DAYS[-1])
        return self._said

    def _buy(self, name: str, at: datetime, dollars: int) -> None:
        self._bought.append((name, dollars))
        self._say(Purchase, name, at, purchase_id=name, amount_fen=dollars * MINOR, merchant_id="uci-350", forced=True)

    def _pay(self, name: str, at: datetime, dollars: int, channel: str) -> None:
        if dollars:
            self._say(ReceivePayment, name, at, payment_ref=name, channel=channel, amount_fen=dollars * MINOR)

    def _give_back(self, month: str, at: datetime, dollars: int) -> None:
        """A net refund: to purchases, newest first; what exceeds them all is money received."""
        while dollars and self._bought:
            name, left = self._bought.pop()
            part = min(dollars, left)
            if part < left:
                self._bought.append((name, left - part))
            refund = f"back-{month}-{name}"
            self._say(RefundPurchase, refund, at, purchase_id=name, refund_id=refund, amount_fen=part * MINOR)
            dollars -= part
        self._pay(f"rest-{month}", at, dollars, "adjustment")

    def _say(self, do: type[AccountCommand], name: str, at: datetime, actor: Actor = _BANK, **said: Any) -> None:
        self._said.append(
            do(command_id=f"{self._customer_id}-{name}", account_id=self._account_id, actor=actor, at=at, **said)
        )
