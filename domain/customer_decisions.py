"""What a customer's command leads to, and what a change of an account means for its customer.

Whatever is reserved for an account changes together with the account: an application that is granted leads to events of
both, and a command of an account that moves its limit, ends it, books it as a loss or records a death leads to one event
of its customer. Both are recorded in one commit or not at all.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from operator import attrgetter
from typing import Any, assert_never
from uuid import UUID

from domain.account import Account
from domain.calendar import business_date
from domain.checks import WHY_NOT_OPEN, check_who, published
from domain.commands import Activate, Actor, AdvanceTo, ChangeLimit, Open
from domain.customer import Customer, Line, evolve, fold
from domain.customer_commands import (
    AcknowledgeNotice,
    AnyCustomerCommand,
    Apply,
    ApplyForMore,
    EstablishAge,
    GiveConsent,
    ReportLender,
    SetContactPreference,
    VerifyIdentity,
    WithdrawConsent,
)
from domain.customer_events import (
    AccountChanged,
    AgeEstablished,
    ApplicationGranted,
    ApplicationRefused,
    ConsentGiven,
    ConsentWithdrawn,
    ContactPreferenceSet,
    CustomerEvent,
    IdentityVerified,
    LenderReported,
    NoticeAcknowledged,
)
from domain.decisions import decide
from domain.events import AccountEvent, AccountMigrated
from domain.identity import account_id_for
from domain.refusals import Refused
from domain.terms import STANDARD, Catalogue, Terms
from domain.underwriting import (
    Applicant,
    Asked,
    check_consents,
    check_currency,
    check_raise,
    debt_service_bp,
    underwrite,
)

_CANNOT_BE_REFUSED = ("due", "overdue")


@dataclass(frozen=True, slots=True)
class CustomerDecision:
    """What a customer's command leads to: their own events, and those of the account that it is about, with both after.

    No events: it was done before.
    """

    events: tuple[CustomerEvent, ...]
    customer: Customer
    account_events: tuple[AccountEvent, ...] = ()
    account: Account | None = None


def about(command: AnyCustomerCommand) -> UUID | None:
    """The account that a customer's command is about; of an application, the one that grows from it."""
    if isinstance(command, Apply):
        return account_id_for(command.customer_id, command.application_ref)
    return command.account_id if isinstance(command, ApplyForMore) else None


def decide_for_customer(
    command: AnyCustomerCommand, applicant: Applicant, account: Account | None = None, catalogue: Catalogue = STANDARD
) -> CustomerDecision:
    """What `command` leads to; `account` is the one that it is `about`. Raises Refused; changes nothing itself.

    An application that is refused is no refusal of the command: it was decided, and that is recorded.
    """
    check_who(command)
    if isinstance(command, Apply):
        return _decide_application(command, applicant, account, catalogue)
    if isinstance(command, ApplyForMore):
        return _decide_raise(command, applicant, account, catalogue)
    customer, policy = applicant.customer, applicant.policy
    events = tuple(_told(command, customer, business_date(command.at, policy.zone), policy.currency))
    return CustomerDecision(events, fold(customer, events))


def line_of(account: Account | None) -> Line | None:
    """What an account means to who lends to its customer; None before it has a limit."""
    if account is None or account.activated_on is None:
        return None
    # The customer may withdraw a closure and stay with the limit from before.
    limit = account.limit_before_closing if account.access == "closing" else account.limit
    return Line(
        account.ledger.terms.product,
        account.ledger.terms.currency,
        limit,
        account.access == "closed",
        account.standing == "charged_off",
        account.death is not None,
    )


def may_matter(before: Account | None, after: Account) -> bool:
    """Whether an account may have come to mean something else to its customer's lender: a quick look, for every command."""
    return before is None or _told_by(before) != _told_by(after)


_told_by = attrgetter("limit", "access", "standing", "death", "activated_on")


def follow(
    account_id: UUID, before: Account | None, after: Account, events: Sequence[AccountEvent], applicant: Applicant
) -> AccountChanged | None:
    """What `events` of an account mean for its customer; None where nothing changed for them.

    Raises Refused where a limit is set that the customer may not have. What is taken over was granted elsewhere, and only
    counts from now on.
    """
    was, now = line_of(before), line_of(after)
    if now is None or was == now:
        return None
    limit_before = was.limit if was else 0
    if now.limit > limit_before and not any(isinstance(event, AccountMigrated) for event in events):
        check_currency(now.currency, applicant.policy)
        check_raise(applicant, account_id, now.limit)
    led_by = next((event for event in reversed(events) if event.TYPE in _LEADING), events[-1])
    return AccountChanged(
        customer_id=after.customer_id,
        business_date=led_by.business_date,
        currency=now.currency,
        cause=led_by.cause,
        account_id=account_id,
        product=now.product,
        limit_before_fen=limit_before,
        limit_fen=now.limit,
        closed=now.closed,
        charged_off=now.charged_off,
        deceased=now.deceased,
        led_by=led_by.TYPE,
    )


# What changes an account for its customer; the last of them in a commit is named.
_LEADING = frozenset({
    "account.activated", "account.migrated", "limit.changed", "account.closed", "account.reinstated",
    "account.charged_off", "account.recovered", "account.write_off_undone", "account.standing_changed",
    "death.recorded", "account.unfrozen",
})  # fmt: skip


def _told(  # noqa: C901, PLR0912 - one case a command, a table
    command: AnyCustomerCommand, customer: Customer, on: date, currency: str
) -> Iterator[CustomerEvent]:
    """The event of a command that only tells something of the customer; none where that is known."""
    said: dict[str, Any] = {"customer_id": customer.customer_id, "business_date": on, "currency": currency}
    match command:
        case GiveConsent(kind=kind):
            if not customer.agrees(kind):
                yield ConsentGiven(kind=kind, evidence_ref=command.evidence_ref, **said)
        case WithdrawConsent(kind=kind):
            if customer.agrees(kind):
                yield ConsentWithdrawn(kind=kind, **said)
        case VerifyIdentity():
            if customer.identity_verified_on is None:
                yield IdentityVerified(evidence_ref=command.evidence_ref, **said)
        case EstablishAge(adult=adult):
            if customer.adult is not adult:
                yield AgeEstablished(adult=adult, evidence_ref=command.evidence_ref, **said)
        case ReportLender(lender=lender, reported_on=reported_on):
            if reported_on > on:
                raise Refused("date_in_future", field="reported_on", asked=reported_on, latest=on)
            known = customer.lenders.get(lender)
            # One that is older than what is known tells nothing.
            if known is None or (known.on <= reported_on and known != (command.limit_fen, reported_on)):
                yield LenderReported(lender=lender, limit_fen=command.limit_fen, reported_on=reported_on, **said)
        case AcknowledgeNotice(notice_id=notice_id):
            if notice_id not in customer.notices:
                yield NoticeAcknowledged(notice_id=notice_id, **said)
        case SetContactPreference(subject=subject, channel=channel):
            if channel is None and subject in _CANNOT_BE_REFUSED:
                raise Refused("notice_not_refusable", field="channel", subject=subject)
            if subject not in customer.preferences or customer.preferences[subject] != channel:
                yield ContactPreferenceSet(subject=subject, channel=channel, **said)
        case Apply() | ApplyForMore():
            raise AssertionError(command.DO)
        case _:
            assert_never(command)


def _decide_application(
    command: Apply, applicant: Applicant, account: Account | None, catalogue: Catalogue
) -> CustomerDecision:
    """An account that is opened with its limit at once, or nothing but the reasons why there is none."""
    terms = published(catalogue, command.terms_version)
    account_id = account_id_for(command.customer_id, command.application_ref)
    asked = _asked(command, account_id, terms, present_limit=0)
    if _decided_before(command, applicant.customer, terms, asked):
        return CustomerDecision((), applicant.customer)
    if account is not None:
        raise Refused("already_opened", field="application_ref", asked=str(account_id))
    event = _verdict(command, applicant, terms, asked, business_date(command.at, command.zone))
    customer = evolve(applicant.customer, event)
    if isinstance(event, ApplicationRefused):
        return CustomerDecision((event,), customer)
    said: dict[str, Any] = {name: getattr(command, name) for name in ("command_id", "actor", "at", "second_actor")}
    said["account_id"] = account_id
    opening = Open(
        customer_id=command.customer_id, terms_version=terms.version, product=terms.product, zone=command.zone,
        bill_day=command.bill_day, funding_ref=command.funding_ref, **said,
    )  # fmt: skip
    opened = decide(opening, None, catalogue)
    activated = decide(Activate(limit_fen=event.limit_fen, **said), opened.account, catalogue)
    return CustomerDecision((event,), customer, opened.events + activated.events, activated.account)


def _decide_raise(
    command: ApplyForMore, applicant: Applicant, account: Account | None, catalogue: Catalogue
) -> CustomerDecision:
    """A higher limit, or the reasons why it stays; the account first reaches today, which may change what it means."""
    if account is None:
        raise Refused("account_unknown", field="account_id", asked=str(command.account_id))
    if account.customer_id != command.customer_id:
        raise Refused("account_id_not_theirs", field="account_id", asked=str(command.account_id))
    account_id, terms = command.account_id, account.ledger.terms
    asked = _asked(command, account_id, terms, present_limit=account.limit)
    if _decided_before(command, applicant.customer, terms, asked):
        return CustomerDecision((), applicant.customer)
    # That a limit is asked for is an act of the customer's, whoever puts the application in.
    asking = Actor(role="customer", id=command.customer_id)
    said: dict[str, Any] = {"command_id": command.command_id, "account_id": account_id, "at": command.at}
    today = business_date(command.at, account.zone)
    reached = decide(AdvanceTo(actor=asking, date=today, **said), account, catalogue)
    there = reached.account or account
    if there.access not in ("open", "frozen"):
        raise Refused(WHY_NOT_OPEN[there.access], access=there.access)
    followed = follow(account_id, account, there, reached.events, applicant)
    told: tuple[CustomerEvent, ...] = () if followed is None else (followed,)
    applicant = replace(applicant, customer=fold(applicant.customer, told))
    event = _verdict(command, applicant, terms, asked, today)
    customer = evolve(applicant.customer, event)
    if isinstance(event, ApplicationRefused):
        return CustomerDecision((*told, event), customer, reached.events, there)
    change = ChangeLimit(actor=asking, limit_fen=event.limit_fen, reason="application", **said)
    changed = decide(change, there, catalogue)
    return CustomerDecision((*told, event), customer, reached.events + changed.events, changed.account)


def _asked(command: Apply | ApplyForMore, account_id: UUID, terms: Terms, present_limit: int) -> Asked:
    service = debt_service_bp(command.monthly_debt_service_fen, command.monthly_income_fen)
    return Asked(account_id, present_limit, terms.limit_min, terms.limit_max, command.score_limit_fen, service)


def _decided_before(command: Apply | ApplyForMore, customer: Customer, terms: Terms, asked: Asked) -> bool:
    """Whether the application was decided; then the same must have been asked."""
    known = customer.applications.get(command.application_ref)
    if known is None:
        return False
    again = (str(asked.account_id), terms.version, asked.score_limit, asked.debt_service_bp)
    first = (str(known.account_id), *known.asked)
    names = ("account_id", "terms_version", "score_limit_fen", "debt_service_bp")
    for name, was, now in zip(names, first, again, strict=True):
        # An account's terms may have changed since; what was decided under the old ones is decided.
        if was != now and (name != "terms_version" or isinstance(command, Apply)):
            raise Refused(
                "application_ref_reused", field="application_ref", reference=command.application_ref, differs=name,
                first=was, asked=now,
            )  # fmt: skip
    return True


def _verdict(
    command: Apply | ApplyForMore, applicant: Applicant, terms: Terms, asked: Asked, on: date
) -> ApplicationGranted | ApplicationRefused:
    policy = applicant.policy
    check_currency(terms.currency, policy)
    check_consents(applicant.customer, policy.consents_to_decide)
    verdict = underwrite(asked, applicant)
    said: dict[str, Any] = {
        "customer_id": command.customer_id,
        "business_date": on,
        "currency": terms.currency,
        "application_ref": command.application_ref,
        "account_id": asked.account_id,
        "product": terms.product,
        "terms_version": terms.version,
        "policy_version": policy.version,
        "limit_before_fen": asked.present_limit,
        "product_max_fen": terms.limit_max,
        "score_limit_fen": asked.score_limit,
        "exposure_fen": verdict.exposure,
        "exposure_max_fen": policy.exposure_max,
        "lenders": applicant.customer.lenders_now,
        "debt_service_bp": asked.debt_service_bp,
    }
    if verdict.grounds:
        return ApplicationRefused(grounds=verdict.grounds, **said)
    return ApplicationGranted(limit_fen=verdict.limit, **said)
