"""A recorded event: the fact, and the envelope that says whose, when, by whom and in what order."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.events import AccountEvent


@dataclass(frozen=True, slots=True)
class Recorded:
    """One event as it stands in the store, on the topic and in the views.

    `version` counts 1, 2, 3 ... within the account; `position` counts gapless within the store (0 until stored).
    `recorded_at` is when we learnt it. `data` are the bytes that were stored, published and hashed: never encode
    them again. `actor` is `role:id`, or `role:id+role:id` where a second pair of eyes was needed.
    """

    account_id: UUID
    version: int
    position: int
    recorded_at: datetime
    command_id: str
    command_index: int
    command_hash: bytes
    correlation_id: str
    causation_id: str
    traceparent: str
    actor: str
    type: str
    type_version: int
    data: bytes
    chain_hash: bytes
    event: AccountEvent

    @property
    def event_id(self) -> str:
        """Unique over all accounts and stable for ever: the account and its version."""
        return f"{self.account_id}/{self.version}"
