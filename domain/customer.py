"""The customer: the state that their events lead to, and the fold that leads there. A frozen value, and small.

A customer exists from the first thing that is told of them; until then they are a `Customer` of version 0.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple, assert_never
from uuid import UUID

from domain.customer_events import (
    AccountChanged,
    AgeEstablished,
    ApplicationGranted,
    ApplicationRefused,
    ConsentGiven,
    ConsentKind,
    ConsentWithdrawn,
    ContactPreferenceSet,
    CustomerEvent,
    Ground,
    IdentityVerified,
    LenderReported,
    NoticeAcknowledged,
    NoticeChannel,
    Subject,
)


class Line(NamedTuple):
    """What one account of the customer's means to who lends to them; `limit` is what is reserved for it."""

    product: str
    currency: str
    limit: int
    closed: bool = False
    charged_off: bool = False
    deceased: bool = False


class Consent(NamedTuple):
    """Whether the customer agrees, and since when."""

    given: bool
    on: date


class Reported(NamedTuple):
    """Another lender's limit, in minor units, and when it was reported."""

    limit: int
    on: date


class Application(NamedTuple):
    """What became of an application; `limit` is what was granted (0 where it was refused, and why)."""

    on: date
    account_id: UUID
    limit: int
    grounds: tuple[Ground, ...]
    # What was asked, to tell the same application from another one under the same reference.
    asked: tuple[str, int, int | None]


class LimitMove(NamedTuple):
    """A limit of the customer's was raised or cut."""

    on: date
    account_id: UUID
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer after `version` events; amounts in minor units."""

    customer_id: str
    version: int = 0
    # Every account that ever had a limit.
    lines: Mapping[UUID, Line] = field(default_factory=dict)
    consents: Mapping[ConsentKind, Consent] = field(default_factory=dict)
    identity_verified_on: date | None = None
    # None while nobody knows.
    adult: bool | None = None
    lenders: Mapping[str, Reported] = field(default_factory=dict)
    applications: Mapping[str, Application] = field(default_factory=dict)
    limit_moves: tuple[LimitMove, ...] = ()
    # As it was when they last applied, in hundredths of a percent of income; None: there was no income.
    debt_service_bp: int | None = None
    notices: Mapping[str, date] = field(default_factory=dict)
    preferences: Mapping[Subject, NoticeChannel | None] = field(default_factory=dict)

    @property
    def reserved(self) -> int:
        """What is reserved for all accounts together."""
        return sum(line.limit for line in self.lines.values())

    @property
    def deceased(self) -> bool:
        """Whether the customer died, by any of their accounts."""
        return any(line.deceased for line in self.lines.values())

    @property
    def charged_off(self) -> bool:
        """Whether debt of theirs was booked as a loss and is still owed."""
        return any(line.charged_off for line in self.lines.values())

    @property
    def lenders_now(self) -> int:
        """How many other lenders have given them a limit."""
        return sum(reported.limit > 0 for reported in self.lenders.values())

    def agrees(self, kind: ConsentKind) -> bool:
        """Whether the customer has given this consent and not withdrawn it."""
        consent = self.consents.get(kind)
        return consent is not None and consent.given


def evolve(customer: Customer, event: CustomerEvent) -> Customer:  # noqa: PLR0911 - one case an event, a table
    """The customer one event further. Never refuses: history already happened."""
    on = event.business_date
    customer = replace(customer, version=customer.version + 1)
    match event:
        case ConsentGiven() | ConsentWithdrawn():
            consent = Consent(isinstance(event, ConsentGiven), on)
            return replace(customer, consents={**customer.consents, event.kind: consent})
        case IdentityVerified():
            return replace(customer, identity_verified_on=on)
        case AgeEstablished():
            return replace(customer, adult=event.adult)
        case LenderReported():
            reported = Reported(event.limit_fen, event.reported_on)
            return replace(customer, lenders={**customer.lenders, event.lender: reported})
        case ApplicationGranted():
            line = customer.lines.get(event.account_id) or Line(event.product, event.currency, 0)
            return replace(
                _decided(customer, event),
                lines={**customer.lines, event.account_id: line._replace(limit=event.limit_fen)},
                limit_moves=_moved(customer, event),
            )
        case ApplicationRefused():
            return _decided(customer, event)
        case AccountChanged():
            line = Line(
                event.product, event.currency, event.limit_fen, event.closed, event.charged_off, event.deceased
            )  # fmt: skip
            lines = {**customer.lines, event.account_id: line}
            return replace(customer, lines=lines, limit_moves=_moved(customer, event))
        case NoticeAcknowledged():
            return replace(customer, notices={**customer.notices, event.notice_id: on})
        case ContactPreferenceSet():
            return replace(customer, preferences={**customer.preferences, event.subject: event.channel})
        case _:
            assert_never(event)


def fold(customer: Customer, events: Iterable[CustomerEvent]) -> Customer:
    """The customer after `events`."""
    for event in events:
        customer = evolve(customer, event)
    return customer


def _decided(customer: Customer, event: ApplicationGranted | ApplicationRefused) -> Customer:
    limit, grounds = (event.limit_fen, ()) if isinstance(event, ApplicationGranted) else (0, event.grounds)
    asked = (event.terms_version, event.score_limit_fen, event.debt_service_bp)
    application = Application(event.business_date, event.account_id, limit, grounds, asked)
    applications = {**customer.applications, event.application_ref: application}
    return replace(customer, applications=applications, debt_service_bp=event.debt_service_bp)


def _moved(customer: Customer, event: ApplicationGranted | AccountChanged) -> tuple[LimitMove, ...]:
    before, after = event.limit_before_fen, event.limit_fen
    if before == after or not (before and after):  # a beginning is no raise, and an end is no cut
        return customer.limit_moves
    return (*customer.limit_moves, LimitMove(event.business_date, event.account_id, before, after))
