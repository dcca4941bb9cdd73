"""What can be asked of a customer: a command names the customer, who asks, and the instant it is asked at."""

from datetime import date
from typing import Annotated, get_args
from uuid import UUID

from pydantic import AwareDatetime, Field

from domain.commands import Actor, AnyCommand, Zone
from domain.customer_events import ConsentKind, NoticeChannel, Subject
from domain.money import FEN_MAX
from domain.terms import Token

_ReportedFen = Annotated[int, Field(ge=0, le=FEN_MAX)]


class CustomerCommand(AnyCommand):
    """What every command of a customer carries."""

    customer_id: Token
    actor: Actor
    at: AwareDatetime
    second_actor: Actor | None = None


class GiveConsent(CustomerCommand):
    """Record that the customer agrees to something; `evidence_ref` names where that is kept."""

    DO = "give_consent"
    kind: ConsentKind
    evidence_ref: Token


class WithdrawConsent(CustomerCommand):
    """Record that the customer does not agree any more."""

    DO = "withdraw_consent"
    kind: ConsentKind


class VerifyIdentity(CustomerCommand):
    """Record that it was checked who the customer is."""

    DO = "verify_identity"
    BY = ("officer", "system")
    evidence_ref: Token


class EstablishAge(CustomerCommand):
    """Record whether the customer is of age."""

    DO = "establish_age"
    BY = ("officer", "system")
    adult: bool
    evidence_ref: Token


class ReportLender(CustomerCommand):
    """Record another lender's limit, as a bureau reports it; 0 where there is none any more."""

    DO = "report_lender"
    BY = ("officer", "risk", "system")
    lender: Token
    limit_fen: _ReportedFen
    reported_on: date


class _Application(CustomerCommand):
    BY = ("officer", "risk", "system")
    application_ref: Token
    score_limit_fen: _ReportedFen
    monthly_income_fen: _ReportedFen
    monthly_debt_service_fen: _ReportedFen


class Apply(_Application):
    """Decide on an account that the customer applies for; each `application_ref` is decided once.

    What comes from outside comes with it: the limit by the score, the customer's income a month, and how much of that goes
    into debt, this credit included.
    """

    DO = "apply"
    terms_version: Token
    zone: Zone = "Asia/Shanghai"
    bill_day: Annotated[int, Field(ge=1, le=28)] | None = None
    funding_ref: Token | None = None


class ApplyForMore(_Application):
    """Decide on a higher limit of an account that the customer has; everything else as in an application for one."""

    DO = "apply_for_more"
    account_id: UUID


class AcknowledgeNotice(CustomerCommand):
    """Record that the customer has seen a notice."""

    DO = "acknowledge_notice"
    notice_id: Token


class SetContactPreference(CustomerCommand):
    """Say by which channel the customer wants to hear of a subject; without one they do not want to, where they may."""

    DO = "set_contact_preference"
    subject: Subject
    channel: NoticeChannel | None


AnyCustomerCommand = (
    GiveConsent
    | WithdrawConsent
    | VerifyIdentity
    | EstablishAge
    | ReportLender
    | Apply
    | ApplyForMore
    | AcknowledgeNotice
    | SetContactPreference
)
CUSTOMER_COMMANDS: dict[str, type[CustomerCommand]] = {cls.DO: cls for cls in get_args(AnyCustomerCommand)}
