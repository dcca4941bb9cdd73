"""Customers: who has accounts, and one person as the store knows them now."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Request, Response
from pydantic import BaseModel, Field

from domain.customer import Customer
from domain.customer_events import ConsentKind, Ground, NoticeChannel, Subject
from domain.events import Standing
from domain.terms import Token
from infra.access import Principal
from infra.accounts import Accounts
from infra.http.reads.accounts import Which, seen_on
from infra.http.reads.pages import Page, link_next
from infra.http.reads.questions import IF_NONE_MATCH, VERSIONED, Connection, Versioned, may, router
from infra.http.reads.reading import Desk
from infra.views import lists
from projections.balance import Balance

routes = router("/customers", "customers")
listed = router("/customers", "customers")

# From best to worst.
_STANDINGS: tuple[Standing, ...] = ("clear", "paid", "billed", "overdue", "charged_off")
CustomerId = Annotated[Token, Path(description="The customer's id.", examples=["c-1"])]


class CustomerUnknown(Exception):  # noqa: N818 - it is an answer, not an error
    """Nothing was ever told of a customer of this id."""


class Together(BaseModel):
    """What accounts in one currency come to together, in its minor units."""

    currency: str
    limit_fen: int
    owed_fen: int
    credit_fen: int


class CustomerListed(BaseModel):
    """A customer by their accounts, as the balance view has them."""

    customer_id: str
    standing: Annotated[Standing, Field(description="The worst of their accounts.")]
    days_past_due: Annotated[int, Field(description="The most of their accounts.")]
    accounts: int
    accounts_closed: int
    together: list[Together]


class CustomerPage(Page[CustomerListed]):
    """Some of the customers, by their ids."""


class Consent(BaseModel):
    """Whether they agree to something, and since when."""

    kind: ConsentKind
    given: bool
    on: date


class Reserved(BaseModel):
    """What of their credit is reserved for one account, and how that stands."""

    account_id: UUID
    product: str
    currency: str
    standing: Annotated[Standing | None, Field(description="None while only the limit is granted.")]
    reserved_fen: int
    closed: bool
    charged_off: bool
    deceased: bool


class Lender(BaseModel):
    """What another lender has given them."""

    lender: str
    limit_fen: int
    reported_on: date


class ApplicationTold(BaseModel):
    """What became of an application; `grounds` say why it was refused."""

    application_ref: str
    decided_on: date
    account_id: UUID
    granted_fen: Annotated[int, Field(description="The limit; 0 where it was refused.")]
    grounds: list[Ground]


class LimitMoved(BaseModel):
    """A limit that was raised or cut."""

    on: date
    account_id: UUID
    from_fen: int
    to_fen: int


class Acknowledged(BaseModel):
    """A notice that they acknowledged."""

    notice_id: str
    on: date


class Preference(BaseModel):
    """By which channel they want to be told of something; none: not at all."""

    subject: Subject
    channel: NoticeChannel | None


class CustomerTold(BaseModel):
    """What the lender knows of a person: ids and codes, no names. Amounts in minor units."""

    customer_id: str
    version: int
    standing: Annotated[Standing, Field(description="The worst of their accounts.")]
    identity_verified_on: date | None
    adult: Annotated[bool | None, Field(description="None while nobody knows.")]
    deceased: bool
    charged_off: bool
    reserved_fen: Annotated[int, Field(description="All that is reserved for their accounts.")]
    debt_service_bp: Annotated[
        int | None, Field(description="At the last application, in hundredths of a percent of income.")
    ]
    consents: list[Consent]
    accounts: list[Reserved]
    lenders: list[Lender]
    applications: list[ApplicationTold]
    limit_moves: list[LimitMoved]
    notices: list[Acknowledged]
    preferences: list[Preference]


class ApplicationPage(Page[ApplicationTold]):
    """Their applications, as they were decided."""


@listed.get("", operation_id="list_customers", summary="Which customers there are")
async def list_customers(
    request: Request,
    response: Response,
    principal: Annotated[Principal, may("customers:read")],
    which: Annotated[Which, Query()],
    connection: Connection,
    desk: Desk,
) -> CustomerPage:
    """By their ids, those who have an account of which everything that is said holds; a customer only themselves."""
    question = which.question(principal, "customers")
    after = "" if which.cursor is None else desk.cursors.read(question, which.cursor)[0]
    own = which.own(principal)
    found = await lists.customers_of(connection, own.asked, after, which.limit + 1) if own else {}
    ids, following = list(found)[: which.limit], None
    if len(found) > which.limit:
        following = desk.cursors.write(question, [ids[-1]])
        link_next(request, response, cursor=following)
    data = [_listed(customer_id, [seen_on(row, which.as_of) for row in found[customer_id]]) for customer_id in ids]
    return CustomerPage(data=data, has_more=following is not None, next=following)


def _listed(customer_id: str, theirs: list[Balance]) -> CustomerListed:
    currencies = sorted({each.currency for each in theirs})
    return CustomerListed(
        customer_id=customer_id,
        standing=_worst([each.standing for each in theirs]),
        days_past_due=max(each.days_past_due for each in theirs),
        accounts=len(theirs),
        accounts_closed=sum(each.access == "closed" for each in theirs),
        together=[_together(currency, [each for each in theirs if each.currency == currency]) for currency in currencies],
    )  # fmt: skip


def _together(currency: str, theirs: list[Balance]) -> Together:
    return Together(
        currency=currency,
        limit_fen=sum(each.limit_fen for each in theirs),
        owed_fen=sum(each.owed_fen for each in theirs),
        credit_fen=sum(each.credit_fen for each in theirs),
    )


def _worst(standings: list[Standing]) -> Standing:
    return max(standings, key=_STANDINGS.index, default="clear")


@routes.get(
    "/{customer_id}",
    operation_id="get_customer",
    summary="One person: standing, consents, limits, applications",
    responses=VERSIONED,
    openapi_extra=IF_NONE_MATCH,
    dependencies=[may("customers:read", personal=True)],
)
async def get_customer(customer_id: CustomerId, desk: Desk, say: Versioned) -> CustomerTold:
    """From the store itself, so it is never behind. The version is the person's own, not that of an account."""
    customer, standings = await desk.threads(_known, desk.accounts, customer_id)
    say(customer.version)
    return told_of(customer, standings)


@routes.get(
    "/{customer_id}/applications",
    operation_id="list_applications",
    summary="What became of their applications",
    responses=VERSIONED,
    openapi_extra=IF_NONE_MATCH,
    dependencies=[may("applications:read", personal=True)],
)
async def list_applications(customer_id: CustomerId, desk: Desk, say: Versioned) -> ApplicationPage:
    """All of them, in the order in which they were decided."""
    customer, _ = await desk.threads(_known, desk.accounts, customer_id)
    say(customer.version)
    return ApplicationPage(data=_applications(customer), has_more=False, next=None)


def _known(accounts: Accounts, customer_id: str) -> tuple[Customer, dict[UUID, Standing]]:
    """The customer, and how the debt on each of their accounts stands. Raises CustomerUnknown."""
    customer = accounts.customer(customer_id)
    if not customer.version:
        raise CustomerUnknown(customer_id)
    found = ((account_id, accounts.account(account_id)) for account_id in customer.lines)
    return customer, {account_id: account.standing for account_id, account in found if account is not None}


def _applications(customer: Customer) -> list[ApplicationTold]:
    return [
        ApplicationTold(
            application_ref=reference,
            decided_on=each.on,
            account_id=each.account_id,
            granted_fen=each.limit,
            grounds=list(each.grounds),
        )
        for reference, each in customer.applications.items()
    ]


def told_of(customer: Customer, standings: dict[UUID, Standing]) -> CustomerTold:
    """The customer as they are told, given how the debt on each of their accounts stands."""
    return CustomerTold(
        customer_id=customer.customer_id,
        version=customer.version,
        standing=_worst(list(standings.values())),
        identity_verified_on=customer.identity_verified_on,
        adult=customer.adult,
        deceased=customer.deceased,
        charged_off=customer.charged_off,
        reserved_fen=customer.reserved,
        debt_service_bp=customer.debt_service_bp,
        consents=[Consent(kind=kind, given=each.given, on=each.on) for kind, each in customer.consents.items()],
        accounts=[
            Reserved(
                account_id=account_id,
                product=line.product,
                currency=line.currency,
                standing=standings.get(account_id),
                reserved_fen=line.limit,
                closed=line.closed,
                charged_off=line.charged_off,
                deceased=line.deceased,
            )
            for account_id, line in customer.lines.items()
        ],
        lenders=[
            Lender(lender=lender, limit_fen=each.limit, reported_on=each.on)
            for lender, each in customer.lenders.items()
        ],
        applications=_applications(customer),
        limit_moves=[
            LimitMoved(on=move.on, account_id=move.account_id, from_fen=move.before, to_fen=move.after)
            for move in customer.limit_moves
        ],
        notices=[Acknowledged(notice_id=notice_id, on=on) for notice_id, on in customer.notices.items()],
        preferences=[Preference(subject=subject, channel=channel) for subject, channel in customer.preferences.items()],
    )
