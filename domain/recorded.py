"""A recorded event: the fact, and the envelope that says whose, when, by whom and in what order."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.customer_events import CustomerEvent
from domain.events import AccountEvent


@dataclass(frozen=True, slots=True)
class Enveloped:
    """What stands around an event in the store, on the topic and in the views.

    `aggregate_id` is the account's id or the customer's key. `version` counts 1, 2, 3 ... within it; `position` counts
    gapless within the store (0 until stored). `recorded_at` is when we learnt it. `data` are the bytes that were stored,
    published and hashed: never encode them again. `actor` is `role:id`, or `role:id+role:id` where a second pair of eyes
    was needed. `command_id` is that of the command; on a customer, for a command that was an account's,
    `<account id>/<command id>`.
    """

    aggregate_id: UUID
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


@dataclass(frozen=True, slots=True)
class Recorded(Enveloped):
    """One event of an account."""

    event: AccountEvent

    @property
    def account_id(self) -> UUID:
        """The account's id."""
        return self.aggregate_id

    @property
    def event_id(self) -> str:
        """Unique over all accounts and stable for ever: the account and its version."""
        return f"{self.aggregate_id}/{self.version}"


@dataclass(frozen=True, slots=True)
class CustomerRecorded(Enveloped):
    """One event of a customer."""

    event: CustomerEvent

    @property
    def customer_id(self) -> str:
        """The customer's id."""
        return self.event.customer_id

    @property
    def event_id(self) -> str:
        """Unique over all customers and stable for ever: the customer and their version."""
        return f"{self.customer_id}/{self.version}"


AnyRecorded = Recorded | CustomerRecorded
