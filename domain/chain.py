"""The hash chain of an account: each event's hash covers the one before, so that no past event can change unseen.

A customer has one, too; the id is then the customer's key (`domain.identity`).

    hash = SHA-256( previous hash, account id, version, TYPE, VERSION, recorded_at, command id, actor, bytes )

The fields are framed so that no two different histories give the same input: the previous hash (32 bytes; zeros
before the first event), the id (16 bytes), version and VERSION (8 bytes, big endian), and every text and the bytes
with their length before them (8 bytes, big endian). `recorded_at` is written in UTC with six decimals and a `Z`.
"""

from datetime import UTC, datetime
from hashlib import sha256
from struct import Struct
from uuid import UUID

GENESIS = bytes(32)
_LENGTH = Struct(">Q")


def instant_text(instant: datetime) -> str:
    """An aware instant as it is hashed and published: `2026-02-10T15:59:59.000000Z`."""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def link(  # noqa: PLR0917 - the hashed fields, in their order
    previous: bytes,
    account_id: UUID,
    version: int,
    type_: str,
    type_version: int,
    recorded_at: str,
    command_id: str,
    actor: str,
    data: bytes,
) -> bytes:
    """The 32-byte hash of an event that follows the event with hash `previous`; `recorded_at` by `instant_text`."""
    pack = _LENGTH.pack
    kind, when, command, who = type_.encode(), recorded_at.encode(), command_id.encode(), actor.encode()
    return sha256(
        b"".join((
            previous, account_id.bytes, pack(version), pack(len(kind)), kind, pack(type_version),
            pack(len(when)), when, pack(len(command)), command, pack(len(who)), who, pack(len(data)), data,
        ))
    ).digest()  # fmt: skip
