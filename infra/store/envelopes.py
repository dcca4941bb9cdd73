"""What is written around a decision's events: whose, when, by whom, for which command, and the hash of it all."""

from collections.abc import Sequence
from datetime import UTC
from hashlib import sha256
from typing import NamedTuple

from domain.chain import instant_text, link
from domain.codec import encode
from domain.commands import AccountCommand
from domain.events import AccountEvent
from domain.recorded import Recorded


class Trace(NamedTuple):
    """Where a command came from: kept with its events. Without a correlation id the command's own is taken."""

    correlation_id: str = ""
    causation_id: str = ""
    traceparent: str = ""


def content_hash(command: AccountCommand) -> bytes:
    """SHA-256 of what a command asks: its kind and its JSON without defaults.

    `at` is left out: who asks again because no answer came asks the same thing later.
    """
    content = command.__pydantic_serializer__.to_json(command, exclude={"at"}, exclude_defaults=True)
    return sha256(command.DO.encode() + b"\n" + content).digest()


def envelop(
    command: AccountCommand,
    digest: bytes,
    version: int,
    chain_hash: bytes,
    events: Sequence[AccountEvent],
    trace: Trace,
) -> list[Recorded]:
    """The events of a decision as they follow `version` and its `chain_hash`: bytes and hashes are made here, once."""
    if not events:
        return []
    at = command.at.astimezone(UTC)
    instant = instant_text(at)
    actor = str(command.actor) if command.second_actor is None else f"{command.actor}+{command.second_actor}"
    correlation_id = trace.correlation_id or command.command_id
    recorded = []
    for index, event in enumerate(events):
        version += 1
        data = encode(event)
        chain_hash = link(
            chain_hash, command.account_id, version, event.TYPE, event.VERSION, instant, command.command_id, actor, data
        )
        recorded.append(
            Recorded(
                command.account_id, version, 0, at, command.command_id, index, digest, correlation_id,
                trace.causation_id, trace.traceparent, actor, event.TYPE, event.VERSION, data, chain_hash, event,
            )
        )  # fmt: skip
    return recorded
