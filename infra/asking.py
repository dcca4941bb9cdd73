"""What is asked at the doors: whom it is about, under which names it is recorded, and what is answered."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from domain.commands import (
    AccountCommand,
    Activate,
    ChangeLimit,
    DecideAppeal,
    ForceClose,
    Migrate,
    Open,
    RecordDeath,
    Reinstate,
    RequestClosure,
    UndoWriteOff,
    WriteOff,
)
from domain.customer_commands import AnyCustomerCommand, CustomerCommand
from domain.customer_decisions import about
from domain.customer_events import ApplicationGranted
from domain.identity import account_bucket, customer_bucket, customer_key
from domain.recorded import AnyRecorded, CustomerRecorded, Recorded
from domain.refusals import Refused
from infra.live import Desk
from infra.store.envelopes import Trace

Names = Sequence[tuple[UUID, str]]
Found = Mapping[tuple[UUID, str], Sequence[AnyRecorded]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command led to: the events it recorded, in order, and the account's version after them.

    No events: it was done before in other words, and nothing was recorded. `repeated`: the same command had been
    recorded before, and these are the events of that first time.
    """

    account_id: UUID
    version: int
    events: tuple[Recorded, ...]
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class CustomerAnswer:
    """What a customer's command led to: their events, their version after them, and what an account recorded with them.

    No events, and `repeated`: as in `Answer`.
    """

    customer_id: str
    version: int
    events: tuple[CustomerRecorded, ...]
    account_events: tuple[Recorded, ...] = ()
    repeated: bool = False

    @property
    def granted(self) -> ApplicationGranted | None:
        """What was granted, if this was an application and it was."""
        return next((each.event for each in self.events if isinstance(each.event, ApplicationGranted)), None)


AnyAnswer = Answer | CustomerAnswer
AnyAsked = AccountCommand | AnyCustomerCommand


class Request(NamedTuple):
    """A command, where it came from, and the only version of its account or customer that it is meant for, if any is."""

    command: AnyAsked
    trace: Trace = Trace()
    if_version: int | None = None


# What may change an account for its customer at once; whatever else does, such as the calendar, is rare enough to ask.
_REACHES_THE_CUSTOMER: frozenset[type] = frozenset({
    Activate, Migrate, ChangeLimit, DecideAppeal, RequestClosure, ForceClose, Reinstate, RecordDeath, WriteOff,
    UndoWriteOff,
})  # fmt: skip


def customers_of(commands: Sequence[AnyAsked], desk: Desk) -> Iterator[str]:
    """The customers that a chunk will probably need, so that they are read at once."""
    opened: dict[UUID, str] = {}
    for command in commands:
        if isinstance(command, CustomerCommand):
            yield command.customer_id
        elif isinstance(command, Open):
            opened[command.account_id] = command.customer_id
        elif type(command) in _REACHES_THE_CUSTOMER:
            live = desk.account(command.account_id)
            customer_id = live.account.customer_id if live else opened.get(command.account_id)
            if customer_id is not None:
                yield customer_id


def account_of(command: AnyAsked) -> UUID | None:
    """The account that a command is about, if there is one."""
    return about(command) if isinstance(command, CustomerCommand) else command.account_id


def bucket_of(command: AnyAsked) -> int:
    """The bucket of whom it is about: a customer and all their accounts are in one."""
    if isinstance(command, CustomerCommand):
        return customer_bucket(command.customer_id)
    return account_bucket(command.account_id)


def whom(command: AnyAsked) -> str:
    """Who may have been written by others meanwhile, in words."""
    if isinstance(command, CustomerCommand):
        return f"Customer {command.customer_id}"
    return f"Account {command.account_id}, or its customer,"


def names_of(command: AnyAsked) -> Names:
    """Under which names a command is recorded: in whose history first of all, and then on the account it is about."""
    if not isinstance(command, CustomerCommand):
        return ((command.account_id, command.command_id),)
    account_id = about(command)
    own = (customer_key(command.customer_id), command.command_id)
    return (own,) if account_id is None else (own, (account_id, command.command_id))


def again(
    command: AnyAsked, digest: bytes, names: Names, found: Found, tried: Sequence[AnyRecorded] = ()
) -> AnyAnswer | None:
    """The answer that a recorded command had, None where it has none. Raises Refused when it asked something else."""
    if not any(name in found for name in names):
        return None
    first, *beside = [found.get(name, ()) for name in names]
    if not first or first[0].command_hash != digest:
        raise Refused("command_id_reused", field="command_id", asked=command.command_id)
    recorded = [*first, *(event for events in beside for event in events if event.command_hash == digest)]
    version = next(event.version for event in reversed(first) if event.aggregate_id == names[0][0])
    # The same hashes: what is found is what this very call recorded, only the reply was lost.
    repeated = not tried or first[0].chain_hash != tried[0].chain_hash
    return answer_of(command, recorded, version, repeated=repeated)


def answer_of(command: AnyAsked, recorded: Sequence[AnyRecorded], version: int, *, repeated: bool = False) -> AnyAnswer:
    """The answer to a command that recorded these events."""
    of_account = tuple(event for event in recorded if isinstance(event, Recorded))
    if isinstance(command, CustomerCommand):
        told = tuple(event for event in recorded if isinstance(event, CustomerRecorded))
        return CustomerAnswer(command.customer_id, version, told, of_account, repeated)
    return Answer(command.account_id, version, of_account, repeated)
