"""What can have happened to a customer: who they are to the lender, what was granted, and what stands against them.

TYPE, VERSION and field names are the stored format and the public contract: add a version, never rename. Events carry
ids, tokens, closed codes and amounts of credit only: no names, no birthdays, no incomes. A customer has versions, and a
hash chain, of their own.
"""

from datetime import date
from typing import Annotated, Literal, get_args
from uuid import UUID

from pydantic import BaseModel, Field

from domain.events import AnyEvent
from domain.money import Fen, PositiveFen
from domain.terms import Token

# What TYPEs of customers begin with, also those of programs to come.
CUSTOMERS = "customer."
ConsentKind = Literal["credit_check", "credit_reporting", "loan_agreement"]
# What the customer may be told; the first two cannot be refused, only their channel chosen.
Subject = Literal["due", "overdue", "marketing", "education"]
NoticeChannel = Literal["app", "sms", "mail", "phone", "counter"]
# Why an application is refused, in the order in which the reasons are given.
GroundKind = Literal[
    "not_adult",
    "deceased",
    "charged_off",
    "too_many_lenders",
    "debt_service_too_high",
    "score_limit_too_low",
    "exposure_too_high",
    "not_above_present",
]
GROUNDS: tuple[GroundKind, ...] = get_args(GroundKind)


class Ground(BaseModel):
    """One reason against credit, with what was found and the bound that it breaks (None where it is no number).

    Lenders are counted; a debt service is in hundredths of a percent of income; everything else is minor units.
    """

    model_config = AnyEvent.model_config

    kind: GroundKind
    found: Fen | None = None
    bound: Fen | None = None


class _OfCustomer(AnyEvent):
    customer_id: Token


class ConsentGiven(_OfCustomer):
    """The customer agrees to something. Nothing was asked of a bureau yet, and nothing granted."""

    TYPE = "customer.consent_given"
    kind: ConsentKind
    evidence_ref: Token


class ConsentWithdrawn(_OfCustomer):
    """The customer does not agree any more. What was done until now stands, debt included."""

    TYPE = "customer.consent_withdrawn"
    kind: ConsentKind


class IdentityVerified(_OfCustomer):
    """It was checked who the customer is. The evidence lies elsewhere; this names it."""

    TYPE = "customer.identity_verified"
    evidence_ref: Token


class AgeEstablished(_OfCustomer):
    """Whether the customer is of age. It is not said how old they are."""

    TYPE = "customer.age_established"
    adult: bool
    evidence_ref: Token


class LenderReported(_OfCustomer):
    """Another lender's limit as it was reported, instead of what was known of that lender; 0: there is none any more.

    It says nothing of what is owed there.
    """

    TYPE = "customer.lender_reported"
    lender: Token
    limit_fen: Fen
    reported_on: date


class _Decided(_OfCustomer):
    """What every decision on an application says: what was asked, and the figures it rests on, in minor units."""

    application_ref: Token
    account_id: UUID
    product: Token
    terms_version: Token
    policy_version: Token
    # The limit of the account before; 0 where the application is for a new one.
    limit_before_fen: Fen
    product_max_fen: Fen
    score_limit_fen: Fen
    # All that the customer has or owes elsewhere and here, this account left out, and how far it may go.
    exposure_fen: Fen
    exposure_max_fen: Fen
    lenders: Annotated[int, Field(ge=0)]
    # Monthly debt service in hundredths of a percent of income, rounded up; None where there is no income.
    debt_service_bp: Annotated[int, Field(ge=0)] | None


class ApplicationGranted(_Decided):
    """The customer gets this limit on this account, and so much is reserved. Nothing is owed.

    The account's own events stand beside it, in the same commit.
    """

    TYPE = "customer.application_granted"
    limit_fen: PositiveFen


class ApplicationRefused(_Decided):
    """The customer gets nothing, or no more, for every reason that is given. No account was opened or changed by it."""

    TYPE = "customer.application_refused"
    grounds: Annotated[tuple[Ground, ...], Field(min_length=1)]


class AccountChanged(_OfCustomer):
    """An account of the customer's means something else to who lends to them; recorded together with the account.

    `limit_fen` is what is reserved for it from now: its limit, also while it is closing; 0 once it is closed, where
    what it owes counts instead. `deceased`: that account's customer is recorded as dead. `led_by` is the account's event.
    """

    TYPE = "customer.account_changed"
    account_id: UUID
    product: Token
    limit_before_fen: Fen
    limit_fen: Fen
    closed: bool
    charged_off: bool
    deceased: bool
    led_by: Token


class NoticeAcknowledged(_OfCustomer):
    """The customer has seen a notice. They need not agree with it."""

    TYPE = "customer.notice_acknowledged"
    notice_id: Token


class ContactPreferenceSet(_OfCustomer):
    """By which channel the customer wants to hear of a subject; None: not at all, where that may be refused."""

    TYPE = "customer.contact_preference_set"
    subject: Subject
    channel: NoticeChannel | None


CustomerEvent = (
    ConsentGiven
    | ConsentWithdrawn
    | IdentityVerified
    | AgeEstablished
    | LenderReported
    | ApplicationGranted
    | ApplicationRefused
    | AccountChanged
    | NoticeAcknowledged
    | ContactPreferenceSet
)
CUSTOMER_EVENTS: tuple[type[AnyEvent], ...] = get_args(CustomerEvent)
