"""Accounts: which there are, one at a glance, what it owes, what is reported of it, and what happened to it."""

from datetime import date
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from domain.events import Access, FreezeReason, Standing, Status
from infra.access import Principal
from infra.http.reads.pages import LIMIT_MAX, Page, Part, link_next
from infra.http.reads.questions import (
    IF_NONE_MATCH,
    VERSIONED,
    AccountId,
    AsOf,
    Connection,
    Day,
    Versioned,
    may,
    router,
)
from infra.http.reads.reading import Desk
from infra.http.reads.waiting import waits_for
from infra.views import answers, lists
from infra.views.answers import History
from infra.views.lists import Wanted
from projections import balance
from projections.balance import Balance, BalanceRow
from projections.bureau import CreditReport

routes = router("/accounts", "accounts")
listed = router("/accounts", "accounts")


class HistoryPart(AsOf):
    """Which part of a history."""

    after: Annotated[int, Field(ge=0, le=2**53, description="Events with versions above this one.")] = 0
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX, description="At most so many events.", examples=[50])] = 100


class Links(BaseModel):
    """Where more is told of the account."""

    balance: str
    credit_report: str
    history: str
    statements: str
    schedule: str
    payoff: str
    events: str
    customer: str


class Account(BaseModel):
    """An account at a glance. Amounts in minor units of `currency`, dates in the account's zone."""

    account_id: UUID
    as_of: date
    version: int
    customer_id: str
    product: str
    currency: str
    zone: str
    access: Access
    standing: Standing
    status: Status
    freeze_reasons: tuple[FreezeReason, ...]
    opened_on: date
    activated_on: date | None
    closed_on: date | None
    limit_fen: int
    owed_fen: int
    credit_fen: int
    minimum_due_fen: int
    days_past_due: int
    links: Links


class AccountPage(Page[Account]):
    """Some of the accounts, those that were opened first first."""


class Which(Part, Wanted):
    """Which accounts, and which part of them."""

    model_config = ConfigDict(frozen=False, extra="forbid")

    opened_from: Annotated[Day | None, Field(description="Opened on this day or later.")] = None
    opened_to: Annotated[Day | None, Field(description="Opened on this day or earlier.")] = None
    as_of: Annotated[
        Day | None,
        Field(
            description="Days past due are counted up to the end of this day, where nothing happened since; by default "
            "up to each account's last event."
        ),
    ] = None

    @property
    def asked(self) -> lists.Asked:
        """The question to the view."""
        wanted = Wanted(**{name: getattr(self, name) for name in Wanted.model_fields})
        return lists.Asked(wanted, self.opened_from, self.opened_to, self.as_of)

    def question(self, principal: Principal, name: str) -> list[object]:
        """What a cursor belongs to: this list of this principal."""
        said = self.model_dump(mode="json", exclude={"cursor", "limit"}, exclude_none=True)
        return [name, said, principal.customer_id]

    def own(self, principal: Principal) -> "Which | None":
        """The same for who may see only their own; None where they ask for somebody else's."""
        if principal.customer_id is None:
            return self
        if self.customer_id not in {None, principal.customer_id}:
            return None
        return self.model_copy(update={"customer_id": principal.customer_id})


Reader = Annotated[Principal, may("accounts:read")]


@listed.get("", operation_id="list_accounts", summary="Which accounts there are")
async def list_accounts(
    request: Request,
    response: Response,
    principal: Reader,
    which: Annotated[Which, Query()],
    connection: Connection,
    desk: Desk,
) -> AccountPage:
    """Those that were opened first first; a customer's own only. What is opened meanwhile comes at the end."""
    question = which.question(principal, "accounts")
    after = None
    if which.cursor is not None:
        opened_on, account_id = desk.cursors.read(question, which.cursor)
        after = date.fromisoformat(opened_on), UUID(account_id)
    own = which.own(principal)
    found = await lists.accounts_of(connection, own.asked, after, which.limit + 1) if own else []
    shown, following = found[: which.limit], None
    if len(found) > which.limit:
        following = desk.cursors.write(question, [shown[-1].opened_on, shown[-1].account_id])
        link_next(request, response, cursor=following)
    data = [glance(seen_on(row, which.as_of), which.as_of) for row in shown]
    return AccountPage(data=data, has_more=following is not None, next=following)


def seen_on(row: BalanceRow, as_of: date | None) -> Balance:
    """What a row means at the end of a day, or of its last event's where that is later or no day is said."""
    return balance.as_of(row, max(as_of or row.business_date, row.business_date))


def glance(seen: Balance, as_of: date | None = None) -> Account:
    """The headline figures, and where the rest is told."""
    place = f"/accounts/{seen.account_id}"
    day = f"?as_of={as_of}" if as_of else ""
    links = Links(
        balance=f"{place}/balance{day}",
        credit_report=f"{place}/credit-report{day}",
        history=f"{place}/history{day}",
        statements=f"{place}/statements{day}",
        schedule=f"{place}/schedule",
        payoff=f"{place}/payoff",
        events=f"{place}/events",
        customer=f"/customers/{quote(seen.customer_id)}",
    )
    return Account(**{name: getattr(seen, name) for name in Account.model_fields if name != "links"}, links=links)


@routes.get(
    "/{account_id}",
    operation_id="get_account",
    summary="An account at a glance",
    responses=VERSIONED,
    openapi_extra=IF_NONE_MATCH,
    dependencies=[may("accounts:read"), Depends(waits_for("balance"))],
)
async def get_account(
    account_id: AccountId, asked: Annotated[AsOf, Query()], connection: Connection, say: Versioned
) -> Account:
    """The headline figures of the account, and where the rest is told."""
    seen = await answers.balance_of(connection, account_id, asked.as_of)
    say(seen.version)
    return glance(seen, asked.as_of)


@routes.get(
    "/{account_id}/balance",
    operation_id="get_balance",
    summary="What an account owes and may spend",
    responses=VERSIONED,
    openapi_extra=IF_NONE_MATCH,
    dependencies=[may("accounts:read"), Depends(waits_for("balance"))],
)
async def get_balance(
    account_id: AccountId, asked: Annotated[AsOf, Query()], connection: Connection, say: Versioned
) -> Balance:
    """Every bucket, the latest statement, what is due and what is past due."""
    seen = await answers.balance_of(connection, account_id, asked.as_of)
    say(seen.version)
    return seen


@routes.get(
    "/{account_id}/credit-report",
    operation_id="get_credit_report",
    summary="What the credit bureau is told of it",
    responses=VERSIONED,
    openapi_extra=IF_NONE_MATCH,
    dependencies=[may("reports:read"), Depends(waits_for("credit_report"))],
)
async def get_credit_report(
    account_id: AccountId, asked: Annotated[AsOf, Query()], connection: Connection, say: Versioned
) -> CreditReport:
    """The last 24 months as they ended, the open month as it stands."""
    told = await answers.report_of(connection, account_id, asked.as_of)
    say(told.version)
    return told


@routes.get(
    "/{account_id}/history",
    operation_id="get_history",
    summary="Every event of an account, in words",
    responses=VERSIONED,
    openapi_extra=IF_NONE_MATCH,
    dependencies=[may("accounts:read"), Depends(waits_for("audit"))],
)
async def get_history(
    account_id: AccountId,
    asked: Annotated[HistoryPart, Query()],
    connection: Connection,
    request: Request,
    response: Response,
    say: Versioned,
) -> History:
    """Oldest first; the next page is named by `next_after` and by the `Link` header."""
    page = await answers.history_of(connection, account_id, asked.after, asked.limit, asked.as_of)
    say(page.version)
    if page.next_after is not None:
        link_next(request, response, after=page.next_after)
    return page
