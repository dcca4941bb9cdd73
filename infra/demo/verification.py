"""What the demo proves: the topic alone is read from its start and held against everybody else's story.

Against the store (each event once), the views (a replay of each account equals its balance row, the postings of all
events are the trial balance), the script's own ledger (each statement's balance) and the hash chain (a second
implementation recomputes it).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from domain.account import Account, evolve, opened
from domain.customer import Customer
from domain.customer import evolve as follow
from domain.customer_decisions import line_of
from domain.events import AccountBilled, AccountEvent, AccountOpened, MoneyEvent
from domain.lifecycle import headline
from domain.recorded import CustomerRecorded, Recorded
from infra.store.verifier import Verifier
from infra.views.books import Books
from projections.balance import BalanceRow
from projections.chart import LedgerAccount
from projections.postings import postings


@dataclass(slots=True)
class Tally:
    """How many of `total` things were equal, and the first that was not, in words."""

    equal: int = 0
    total: int = 0
    first_difference: str | None = None

    def count(self, difference: str | None) -> None:
        """Count one comparison: what was different, in words, or None."""
        self.total += 1
        if difference is None:
            self.equal += 1
        elif self.first_difference is None:
            self.first_difference = difference

    @property
    def complete(self) -> bool:
        return self.equal == self.total

    def __str__(self) -> str:
        return f"{self.equal}/{self.total}"


@dataclass(slots=True)
class _Life:
    """One account while the topic is read, and the bill days whose balance the script expects, earliest first."""

    account: Account
    expected: list[tuple[date, int]]
    net: int = 0


@dataclass(slots=True)
class Replay:
    """What a reader of the topic alone knows after its last record."""

    expected: Mapping[tuple[UUID, date], int]
    records: int = 0
    by_type: Counter[str] = field(default_factory=Counter)
    statements: Tally = field(default_factory=Tally)
    chain: Tally = field(default_factory=Tally)
    lives: dict[UUID, _Life] = field(default_factory=dict)
    gap: str | None = None
    customer_records: int = 0
    customers: dict[str, Customer] = field(default_factory=dict)
    # By currency and account of the chart, what all events were posted as.
    posted: dict[str, Counter[LedgerAccount]] = field(default_factory=dict)
    # How many accounts were overdue as each bill day began.
    overdue: Counter[date] = field(default_factory=Counter)

    def read(self, topic: Iterable[Recorded]) -> None:
        """Read the topic to its end: versions seen before are passed over, a hole is remembered."""
        wanted = self._wanted()
        verifier = Verifier()
        for recorded in topic:
            self.records += 1
            life = self.lives.get(recorded.account_id)
            seen = life.account.version if life else 0
            if recorded.version <= seen:
                continue
            if recorded.version != seen + 1:
                self.gap = self.gap or f"account {recorded.account_id}: version {recorded.version} follows {seen}"
                continue
            self.by_type[recorded.type] += 1
            verifier.add(recorded)
            self._post(recorded.event)
            if life is None:
                self._begin(recorded, wanted.pop(recorded.account_id, []))
            else:
                self._go_on(life, recorded)
        self._end(wanted)
        for account_id, broken in verifier.verdicts():
            self.chain.count(broken and f"account {account_id}: {broken}")

    def read_customers(self, topic: Iterable[CustomerRecorded]) -> None:
        """The same of the customers' topic."""
        verifier = Verifier()
        for recorded in topic:
            self.customer_records += 1
            known = self.customers.get(recorded.customer_id, Customer(recorded.customer_id))
            if recorded.version <= known.version:
                continue
            if recorded.version != known.version + 1:
                where = f"customer {recorded.customer_id}"
                self.gap = self.gap or f"{where}: version {recorded.version} follows {known.version}"
                continue
            verifier.add(recorded)
            self.customers[recorded.customer_id] = follow(known, recorded.event)
        for key, broken in verifier.verdicts():
            self.chain.count(broken and f"customer {key}: {broken}")

    def reserved(self) -> Tally:
        """What each customer knows of their accounts against the accounts themselves, as the topics tell both."""
        tally = Tally()
        lines = {account_id: line for each in self.customers.values() for account_id, line in each.lines.items()}
        for account_id, life in self.lives.items():
            line, known = line_of(life.account), lines.pop(account_id, None)
            tally.count(None if line == known else f"account {account_id}: {line}, its customer knows {known}")
        for account_id in lines:
            tally.count(f"account {account_id}: not on the topic, but its customer knows of it")
        return tally

    def _post(self, event: AccountEvent) -> None:
        posted = self.posted.setdefault(event.currency, Counter())
        for account, fen in postings(event):
            posted[account] += fen

    def _wanted(self) -> dict[UUID, list[tuple[date, int]]]:
        wanted: dict[UUID, list[tuple[date, int]]] = {}
        for (account_id, day), balance in sorted(self.expected.items(), key=lambda item: item[0][1], reverse=True):
            wanted.setdefault(account_id, []).append((day, balance))
        return wanted

    def _begin(self, recorded: Recorded, expected: list[tuple[date, int]]) -> None:
        if not isinstance(recorded.event, AccountOpened):
            self.gap = self.gap or f"account {recorded.account_id} begins with {recorded.type}"
            return
        self.lives[recorded.account_id] = _Life(opened(recorded.event), expected)

    def _go_on(self, life: _Life, recorded: Recorded) -> None:
        event = recorded.event
        waiting = life.expected
        # Where no statement is expected, what is payable less credit as the bill day began is what the script means; where
        # one is, it must come on that very day.
        while waiting and (waiting[-1][0] < event.business_date or _due_without_statement(waiting[-1], event)):
            self._no_statement(life, recorded.account_id)
        if isinstance(event, AccountBilled):
            self._statement(life, recorded.account_id, event)
        evolve(life.account, event)
        if isinstance(event, MoneyEvent):
            life.net = event.owed_after.payable - event.owed_after.credit

    def _statement(self, life: _Life, account_id: UUID, event: AccountBilled) -> None:
        day, expected = event.business_date, 0
        if life.expected and life.expected[-1][0] == day:
            _, expected = life.expected.pop()
        self._count_overdue(life, day)
        where = f"account {account_id}, bill day {day}"
        found = event.balance_fen
        self.statements.count(None if expected == found else f"{where}: {expected} expected, {found} billed")

    def _no_statement(self, life: _Life, account_id: UUID) -> None:
        day, expected = life.expected.pop()
        self._count_overdue(life, day)
        where = f"account {account_id}, bill day {day}"
        if expected > 0:
            self.statements.count(f"{where}: a statement of {expected} was expected, none was issued")
        else:
            equal = expected == life.net
            self.statements.count(None if equal else f"{where}: {expected} expected, {life.net} payable less credit")

    def _count_overdue(self, life: _Life, day: date) -> None:
        self.overdue[day] += life.account.standing == "overdue"

    def _end(self, never_opened: Mapping[UUID, list[tuple[date, int]]]) -> None:
        for account_id, life in self.lives.items():
            while life.expected:
                self._no_statement(life, account_id)
        for account_id, expected in never_opened.items():
            for day, balance in expected:
                difference = f"account {account_id}, bill day {day}: {balance} expected, but it was never opened"
                self.statements.count(difference if balance else None)

    def against(self, rows: Iterable[BalanceRow]) -> Tally:
        """Each replayed account against its row of the balance view; a row too many or too few is a difference."""
        tally = Tally()
        missing = set(self.lives)
        for row in rows:
            missing.discard(row.account_id)
            life = self.lives.get(row.account_id)
            different = ["not on the topic"] if life is None else list(_differences(life.account, row))
            tally.count(f"account {row.account_id}: {', '.join(different)}" if different else None)
        for account_id in missing:
            tally.count(f"account {account_id}: not in the view")
        return tally

    def against_the_books(self, books: Books) -> tuple[Tally, Tally]:
        """Each line of the trial balance against the postings replayed, debits against credits; and each account's
        receivables and credit in the books against the balance view.
        """
        lines = Tally()
        for trial in books.trial_balances:
            sides = f"{trial.currency}: debits {trial.debit_fen}, credits {trial.credit_fen}"
            lines.count(None if trial.balances else sides)
            replayed: Mapping[LedgerAccount, int] = self.posted.get(trial.currency, {})
            for line in trial.lines:
                fen, booked = replayed.get(line.account, 0), line.debit_fen - line.credit_fen
                difference = f"{trial.currency} {line.account}: {fen} replayed, {booked} in the books"
                lines.count(None if fen == booked else difference)
        unequal = [str(each) for each in books.unequal]
        if books.compared != books.accounts:
            unequal.append(f"{books.accounts - books.compared} accounts are not alike in both views")
        equal = books.compared - len({each.account_id for each in books.unequal})
        return lines, Tally(equal, books.accounts, next(iter(unequal), None))


def _due_without_statement(expected: tuple[date, int], event: AccountEvent) -> bool:
    day, balance = expected
    # What the calendar posts on the bill day, interest that credit pays for example, is in the balance already.
    return day == event.business_date and balance <= 0 and event.cause == "command"


def _differences(account: Account, row: BalanceRow) -> Iterator[str]:
    ledger = account.ledger
    for name, replayed, viewed in (
        ("version", account.version, row.version),
        ("limit", account.limit, row.limit_fen),
        ("held", account.held, row.held_fen),
        ("owed", ledger.buckets, row.owed.model_dump()),
        ("minimum due", ledger.minimum_due, row.minimum_due_fen),
        ("access", account.access, row.access),
        ("standing", account.standing, row.standing),
        ("status", headline(account.access, account.standing), row.status),
        ("freeze reasons", account.reasons, row.freeze_reasons),
        ("next event on", account.next_event_on(), row.next_event_on),
    ):
        if replayed != viewed:
            yield f"{name} {replayed} replayed, {viewed} in the view"
