"""The domain alone, without a store: what becomes of commands when they are decided in memory, one after another."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from domain.account import Account
from domain.commands import AccountCommand
from domain.customer import Customer, evolve
from domain.customer_commands import CustomerCommand
from domain.customer_decisions import decide_for_customer, follow
from domain.decisions import decide
from domain.events import AccountBilled, AccountEvent, MoneyEvent
from domain.recorded import Recorded
from domain.refusals import Refused
from domain.terms import Catalogue
from domain.underwriting import STANDARD_POLICY, Applicant
from infra.portfolio.script import Said, Script


class Memory:
    """Accounts, their events and refusals; a recorded command said again is answered as a repeat."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.accounts: dict[UUID, Account] = {}
        self.events: dict[UUID, list[AccountEvent]] = {}
        self.policy = STANDARD_POLICY
        self.customers: dict[str, Customer] = {}
        self.recorded: dict[tuple[UUID, str], AccountCommand] = {}
        self.refusals: list[tuple[AccountCommand, Refused]] = []
        self.repeats = 0
        self.decided = 0

    def execute_many(self, commands: Sequence[Said]) -> list[bool]:
        """For each command whether it was refused."""
        return [
            self._told(command) if isinstance(command, CustomerCommand) else self._refused(command)
            for command in commands
        ]

    def _applicant(self, customer_id: str) -> Applicant:
        return Applicant(self.customers.setdefault(customer_id, Customer(customer_id)), self.policy)

    def _told(self, command: CustomerCommand) -> bool:
        """What is said of a customer is never refused, and saying it again changes nothing."""
        applicant = self._applicant(command.customer_id)
        self.customers[command.customer_id] = decide_for_customer(command, applicant).customer
        return False

    def _refused(self, command: AccountCommand) -> bool:
        key = command.account_id, command.command_id
        known = self.recorded.get(key)
        if known is not None:
            assert known == command
            self.repeats += 1
            return False
        self.decided += 1
        try:
            before = self.accounts.get(command.account_id)
            applicant = self._applicant(before.customer_id) if before else None
            decision = decide(command, before, self.catalogue, applicant if command.ASKS_THE_CUSTOMER else None)
            after = decision.account
            if applicant and decision.events:
                fact = follow(command.account_id, before, after, decision.events, applicant)
                if fact:
                    self.customers[after.customer_id] = evolve(applicant.customer, fact)
        except Refused as refused:
            self.refusals.append((command, refused))
            return True
        if decision.events:
            self.recorded[key] = command
            self.accounts[command.account_id] = decision.account
            self.events.setdefault(command.account_id, []).extend(decision.events)
        return False

    def live(self, script: Script, steps: int | None = None) -> None:
        """Live the script, or its first steps, telling it what became of each."""
        self.policy = script.policy
        for number, step in enumerate(script.steps()):
            if number == steps:
                return
            script.learn(step.commands, self.execute_many(step.commands))

    def differences(self, script: Script) -> Iterator[tuple[object, ...]]:
        """Every bill day whose balance is not the one that the script expects, and every statement it does not."""
        expected: dict[UUID, dict[date, int]] = {account_id: {} for account_id in self.events}
        for (account_id, day), balance in script.expected_statements().items():
            expected[account_id][day] = balance
        for account_id, events in self.events.items():
            statements = {each.business_date: each.balance_fen for each in events if isinstance(each, AccountBilled)}
            days = dict(sorted(expected[account_id].items()))
            yield from ((account_id, day, "not expected") for day in statements if day not in days)
            yield from self._of(account_id, days, statements)

    def _of(self, account_id, expected, statements) -> Iterator[tuple[object, ...]]:
        net, events = 0, iter([*self.events[account_id], None])
        event = next(events)
        for day, balance in expected.items():
            while event and (event.business_date < day or (event.business_date == day and event.cause == "advance")):
                if isinstance(event, MoneyEvent):
                    net = event.owed_after.payable - event.owed_after.credit
                event = next(events)
            found = statements.get(day, min(0, net) if net <= 0 else "no statement")
            if found != balance:
                yield account_id, day, balance, found


def recorded(account_id: UUID, events: Sequence[AccountEvent]) -> list[Recorded]:
    """The events as they are read back, as far as readers of accounts look at them: without bytes and hashes."""
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    return [
        Recorded(
            account_id, version, version, noon + timedelta(minutes=version), "c", 0, b"", "c", "", "", "officer:o",
            event.TYPE, event.VERSION, b"", b"", event,
        )
        for version, event in enumerate(events, start=1)
    ]  # fmt: skip
