"""What a portfolio is to whoever runs it: steps of commands, and a ledger of its own to compare with at the end."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID

from domain.commands import AccountCommand
from domain.customer_commands import AnyCustomerCommand
from domain.terms import Catalogue
from domain.underwriting import Policy

Said = AccountCommand | AnyCustomerCommand


@dataclass(frozen=True, slots=True)
class Step:
    """Commands to send together, of accounts and of their customers; those of one are in the order of their instants."""

    title: str
    commands: Sequence[Said]


class Script(Protocol):
    """A portfolio's life as commands, and what its statements must have shown.

    A script is a function of its input and of what was accepted: after a crash it is begun again from its first
    step and sends the same commands with the same ids. Recorded ones are then answered as repeats; one that
    recorded nothing the first time may now be refused for its date, which changes nothing.
    """

    name: str  # for databases and topics: lower case letters, digits and hyphens
    catalogue: Catalogue  # the terms its accounts are opened under
    policy: Policy  # how much one person may have
    accounts: int
    transitions: frozenset[str]  # the public transitions that must have occurred at its end, such as "billed"

    happenings: frozenset[str]  # what else must have, by the stored types, such as "interest.posted"

    def steps(self) -> Iterator[Step]:
        """The steps from the beginning; `learn` is called with each before the next is asked for."""
        ...

    def learn(self, commands: Sequence[Said], refused: Sequence[bool]) -> None:
        """What became of a step: for each command whether it was refused."""
        ...

    def expected_statements(self) -> Mapping[tuple[UUID, date], int]:
        """By account and bill day the balance at the start of that day, in minor units.

        Above zero it is the balance of the statement of that day; else what is owed and neither disputed nor planned,
        minus credit, and no statement was issued. None was issued either on a bill day that is not in here: of a loss there are none.
        """
        ...

    def beside(self, overdue: Mapping[date, int]) -> Iterator[str]:
        """Lines that put what was found beside what the input says, where that shows something without proving it.

        `overdue` is how many accounts were overdue as each bill day began.
        """
        ...

    def storyteller(self) -> UUID:
        """An account whose life makes a good story."""
        ...

    def beside_it(self, account_id: UUID) -> Sequence[UUID]:
        """The other accounts of its customer, which belong to the story."""
        ...
