"""What is written around a decision's events: whose, when, by whom, for which command, and the hash of it all."""

from collections.abc import Sequence
from datetime import UTC
from hashlib import sha256
from typing import NamedTuple, TypeVar
from uuid import UUID

from domain.chain import GENESIS, instant_text, link
from domain.codec import encode
from domain.commands import AnyCommand, Command
from domain.customer_commands import CustomerCommand
from domain.customer_events import CustomerEvent
from domain.events import AccountEvent, AnyEvent
from domain.identity import customer_key
from domain.recorded import CustomerRecorded, Recorded

R = TypeVar("R", Recorded, CustomerRecorded)


class Trace(NamedTuple):
    """Where a command came from: kept with its events. Without a correlation id the command's own is taken."""

    correlation_id: str = ""
    causation_id: str = ""
    traceparent: str = ""


class End(NamedTuple):
    """Where a history ends, and so what its next event follows: by default there is none yet."""

    version: int = 0
    chain_hash: bytes = GENESIS


def content_hash(command: AnyCommand) -> bytes:
    """SHA-256 of what a command asks: its kind and its JSON without defaults.

    `at` is left out: who asks again because no answer came asks the same thing later.
    """
    content = command.__pydantic_serializer__.to_json(command, exclude={"at"}, exclude_defaults=True)
    return sha256(command.DO.encode() + b"\n" + content).digest()


def envelop(
    command: Command | CustomerCommand,
    digest: bytes,
    account_id: UUID,
    end: End,
    events: Sequence[AccountEvent],
    trace: Trace,
) -> list[Recorded]:
    """An account's events of a decision as they follow its `end`: bytes and hashes are made here, once."""
    return _envelop(Recorded, command, digest, account_id, command.command_id, end, events, trace) if events else []


def envelop_for_customer(
    command: Command | CustomerCommand,
    digest: bytes,
    customer_id: str,
    end: End,
    events: Sequence[CustomerEvent],
    trace: Trace,
) -> list[CustomerRecorded]:
    """A customer's events of a decision as they follow their `end`.

    Accounts number their commands each for itself, so a command of one of several has its account's id before its own.
    """
    command_id = command.command_id
    if isinstance(command, Command):
        command_id = f"{command.account_id}/{command_id}"
    key = customer_key(customer_id)
    return _envelop(CustomerRecorded, command, digest, key, command_id, end, events, trace) if events else []


def _envelop(
    kind: type[R],
    command: Command | CustomerCommand,
    digest: bytes,
    aggregate_id: UUID,
    command_id: str,
    end: End,
    events: Sequence[AnyEvent],
    trace: Trace,
) -> list[R]:
    version, chain_hash = end
    at = command.at.astimezone(UTC)
    instant = instant_text(at)
    actor = str(command.actor) if command.second_actor is None else f"{command.actor}+{command.second_actor}"
    correlation_id = trace.correlation_id or command.command_id
    recorded = []
    for index, event in enumerate(events):
        version += 1
        data = encode(event)
        chain_hash = link(
            chain_hash, aggregate_id, version, event.TYPE, event.VERSION, instant, command_id, actor, data
        )  # fmt: skip
        recorded.append(
            kind(
                aggregate_id, version, 0, at, command_id, index, digest, correlation_id,
                trace.causation_id, trace.traceparent, actor, event.TYPE, event.VERSION, data, chain_hash, event,  # type: ignore[arg-type]
            )
        )  # fmt: skip
    return recorded
