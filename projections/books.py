"""The books view: per account and business date what was posted to each account of the chart, and whether it adds up.

What the postings come to is held against what each event says is owed after it, so a difference of one fen is found
where it begins, and keeps its name: the account, the event's version, its date and the bucket.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from domain.events import MoneyEvent, Owed
from domain.money import BUCKETS, Bucket
from domain.recorded import Recorded
from projections import folding
from projections.chart import CHART, LEDGER_ACCOUNTS, Kind, LedgerAccount
from projections.postings import postings

Movements = dict[LedgerAccount, int]


class Difference(NamedTuple):
    """The first event of an account that does not add up; amounts in minor units.

    `posted_fen` is what the postings come to in the bucket, `said_fen` what the event says is owed. Where the event's
    own lines are not equal, the bucket is `debits less credits` and nothing is said.
    """

    version: int
    on: date
    bucket: Bucket | Literal["debits less credits"]
    posted_fen: int
    said_fen: int

    def __str__(self) -> str:
        return f"event {self.version} of {self.on}: {self.bucket} {self.posted_fen} posted, {self.said_fen} said"


@dataclass(slots=True)
class BooksRow:
    """One account: the buckets as postings lead to them, and what was posted on its latest business date.

    `days` are the business dates that were posted to since the row was loaded, each with all of its movements.
    """

    account_id: UUID
    version: int
    currency: str
    business_date: date
    posted: dict[Bucket, int] = field(default_factory=lambda: dict.fromkeys(BUCKETS, 0))
    today: Movements = field(default_factory=dict)
    difference: Difference | None = None
    days: dict[date, Movements] = field(default_factory=dict)


def key(recorded: Recorded) -> UUID:
    """One row for each account, and one for each of its business dates on which something was posted."""
    return recorded.account_id


def step(row: BooksRow | None, recorded: Recorded) -> BooksRow:
    """The row after `recorded`: its postings are added to their day, and held against what it says is owed."""
    event = recorded.event
    day = event.business_date
    if row is None:
        row = BooksRow(recorded.account_id, recorded.version, folding.opening(recorded).currency, day)
    elif day != row.business_date:
        row.business_date, row.today = day, {}
    row.version = recorded.version
    if not isinstance(event, MoneyEvent):
        return row
    today, posted, uneven = row.today, row.posted, 0
    for account, fen in postings(event):
        today[account] = today.get(account, 0) + fen
        uneven += fen
        if account == "customer_credit":
            posted["credit"] -= fen
        elif account in posted:
            posted[account] += fen
    row.days[day] = today
    if row.difference is None:
        row.difference = _difference(recorded.version, day, uneven, posted, event.owed_after)
    return row


def _difference(
    version: int, day: date, uneven: int, posted: Mapping[Bucket, int], said: Owed
) -> Difference | None:  # fmt: skip
    if uneven:
        return Difference(version, day, "debits less credits", uneven, 0)
    for bucket, fen in posted.items():
        if fen != getattr(said, bucket):
            return Difference(version, day, bucket, fen, getattr(said, bucket))
    return None


class TrialLine(BaseModel):
    """One account of the chart with its balance, on the side where it stands; amounts in minor units."""

    model_config = ConfigDict(frozen=True)

    account: LedgerAccount
    kind: Kind
    meaning: str
    debit_fen: int
    credit_fen: int


class TrialBalance(BaseModel):
    """Every account of the chart at the end of a day: what was posted on or before it, in one currency."""

    model_config = ConfigDict(frozen=True)

    as_of: date
    currency: str
    lines: tuple[TrialLine, ...]
    debit_fen: int
    credit_fen: int

    @property
    def balances(self) -> bool:
        """Whether debits and credits are equal, as they must be."""
        return self.debit_fen == self.credit_fen


def trial_balance(as_of: date, currency: str, posted: Mapping[LedgerAccount, int]) -> TrialBalance:
    """The trial balance of what was posted up to `as_of`, by account, debits positive."""
    lines = tuple(_line(account, posted.get(account, 0)) for account in LEDGER_ACCOUNTS)
    return TrialBalance(
        as_of=as_of,
        currency=currency,
        lines=lines,
        debit_fen=sum(line.debit_fen for line in lines),
        credit_fen=sum(line.credit_fen for line in lines),
    )


def trial_lines(posted: Mapping[LedgerAccount, int | None]) -> list[TrialLine]:
    """Those accounts of the chart that something was posted to, debits positive, each on the side where it stands."""
    return [_line(account, fen) for account in LEDGER_ACCOUNTS if (fen := posted.get(account))]


def _line(account: LedgerAccount, fen: int) -> TrialLine:
    meant = CHART[account]
    return TrialLine(
        account=account, kind=meant.kind, meaning=meant.meaning, debit_fen=max(0, fen), credit_fen=max(0, -fen)
    )
