"""What is to come of an account, on the day that is asked for: what falls due, what pays it off, what instalments cost.

Folded from the store itself, so nothing here is ever behind. Reckoned for today unless a day is said.
"""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field

from domain import outlook
from domain.account import Account, fold
from domain.calendar import add_months, business_date
from domain.events import PlanKind
from domain.money import AskedFen
from domain.yields import percent
from infra.accounts import Accounts
from infra.http.reads.questions import AccountId, On, may, router
from infra.http.reads.reading import Desk
from infra.store.event_store import EventStore
from infra.views.answers import TooFarAhead, UnknownAccount
from projections.folding import BeforeOpening

routes = router("/accounts/{account_id}", "accounts")
_YEARS_AHEAD = 10


class InstalmentDue(BaseModel):
    """An instalment of a plan that is in what falls due."""

    plan_id: str
    number: int


class FallsDue(BaseModel):
    """What falls due on one day, and what is owed once it is paid, disputed amounts included, credit not subtracted."""

    due_date: date
    amount_fen: int
    principal_fen: int
    interest_fen: int
    fees_fen: int
    instalments: list[InstalmentDue]
    balance_after_fen: int


class Schedule(BaseModel):
    """What falls due when, if nothing more happens but that it is paid as it falls due.

    All that falls due = owed + to come - credit - disputed. Amounts in minor units of `currency`.
    """

    account_id: UUID
    version: int
    on: date
    currency: str
    owed_fen: int
    to_come_fen: Annotated[int, Field(description="Interest and fees that are not owed yet.")]
    credit_fen: Annotated[int, Field(description="Credit that pays for some of it.")]
    disputed_fen: Annotated[int, Field(description="Owed, and not due while it is disputed.")]
    rows: list[FallsDue]


class PlanPayoff(BaseModel):
    """What it takes to settle one plan early, in minor units."""

    plan_id: str
    kind: PlanKind
    total_fen: int
    payable_fen: Annotated[int, Field(description="What of the account is to be paid first.")]
    planned_fen: Annotated[int, Field(description="What is left of the plan.")]
    interest_fen: int
    fee_fen: int


class Payoff(BaseModel):
    """What it takes to pay the account off on one day; on another it is another amount.

    Total = owed + accrued + interest + fees - given up - credit, in minor units of `currency`.
    """

    account_id: UUID
    version: int
    on: Annotated[date, Field(description="The day for which it holds, in the account's zone.")]
    currency: str
    total_fen: int
    owed_fen: int
    accrued_fen: int
    interest_fen: Annotated[int, Field(description="What has run up in plans.")]
    fees_fen: Annotated[int, Field(description="What paying plans early costs.")]
    given_up_fen: Annotated[int, Field(description="What is given up under the cap.")]
    credit_fen: int
    plans: list[PlanPayoff]


class Offer(BaseModel):
    """So many instalments, what they cost in all, and what that is a year, as a percentage."""

    months: int
    fee_fen: int
    first_fen: int
    last_fen: int
    irr_x12_percent: str


class Conversion(BaseModel):
    """How much of the latest statement may be paid in instalments on one day, and what that would cost."""

    account_id: UUID
    version: int
    on: date
    currency: str
    convertible_fen: int
    offers: Annotated[list[Offer], Field(description="None where nothing may be converted.")]


class ConversionAsked(On):
    """How much, and when."""

    amount_fen: Annotated[AskedFen | None, Field(description="How much of it; by default all that may be.")] = None


async def account_on(request: Request, desk: Desk, account_id: UUID, on: date | None) -> tuple[Account, date]:
    """The account as it was at the end of a day, or as it is now for a day since, and that day; by default today's.

    Raises UnknownAccount, BeforeOpening and TooFarAhead.
    """
    account = await desk.threads(desk.accounts.account, account_id)
    if account is None:
        raise UnknownAccount(account_id)
    last = account.business_date
    day = on or max(last, business_date(request.app.state.clock(request), account.zone))
    if day < account.opened_on:
        raise BeforeOpening(account_id, day, account.opened_on)
    latest = add_months(last, 12 * _YEARS_AHEAD)
    if day > latest:
        raise TooFarAhead(account_id, day, latest)
    return (account if day >= last else await desk.threads(_back_then, desk.store, account_id, day)), day


def _back_then(store: EventStore, account_id: UUID, day: date) -> Account:
    return fold(None, [each.event for each in store.load(account_id) if each.event.business_date <= day])


@routes.get(
    "/schedule",
    operation_id="get_schedule",
    summary="What falls due when",
    dependencies=[may("accounts:read")],
)
async def get_schedule(request: Request, account_id: AccountId, asked: Annotated[On, Query()], desk: Desk) -> Schedule:
    """If nothing more happens but that it is paid as it falls due; it adds up to what is owed."""
    account, day = await account_on(request, desk, account_id, asked.on)
    told = await desk.threads(outlook.falling_due, account, day)
    return Schedule(
        account_id=account_id,
        version=account.version,
        on=day,
        currency=account.ledger.terms.currency,
        owed_fen=told.owed,
        to_come_fen=told.to_come,
        credit_fen=told.credit,
        disputed_fen=told.disputed,
        rows=[
            FallsDue(
                due_date=each.due_date,
                amount_fen=each.amount,
                principal_fen=each.principal,
                interest_fen=each.interest,
                fees_fen=each.fees,
                instalments=[InstalmentDue(plan_id=plan_id, number=number) for plan_id, number in each.instalments],
                balance_after_fen=each.balance_after,
            )
            for each in told.rows
        ],
    )


@routes.get(
    "/payoff",
    operation_id="get_payoff",
    summary="What it takes to pay an account off, and each of its plans",
    dependencies=[may("accounts:read")],
)
async def get_payoff(request: Request, account_id: AccountId, asked: Annotated[On, Query()], desk: Desk) -> Payoff:
    """Valid for one day: pay exactly that much on it and nothing is left."""
    account, day = await account_on(request, desk, account_id, asked.on)
    told, plans = await desk.threads(lambda: (outlook.payoff(account, day), outlook.plan_payoffs(account, day)))
    return Payoff(
        account_id=account_id,
        version=account.version,
        on=day,
        currency=account.ledger.terms.currency,
        total_fen=told.total,
        owed_fen=told.owed,
        accrued_fen=told.accrued,
        interest_fen=told.interest,
        fees_fen=told.fees,
        given_up_fen=told.given_up,
        credit_fen=told.credit,
        plans=[
            PlanPayoff(
                plan_id=each.plan_id,
                kind=each.kind,
                total_fen=each.total,
                payable_fen=each.payable,
                planned_fen=each.planned,
                interest_fen=each.interest,
                fee_fen=each.fee,
            )
            for each in plans
        ],
    )


@routes.get(
    "/conversion",
    operation_id="get_conversion",
    summary="What paying the latest statement in instalments would cost",
    dependencies=[may("plans:read")],
)
async def get_conversion(
    request: Request, account_id: AccountId, asked: Annotated[ConversionAsked, Query()], desk: Desk
) -> Conversion:
    """Every number of instalments that is offered, with its fee and what that is a year."""
    account, day = await account_on(request, desk, account_id, asked.on)
    convertible, offers = await desk.threads(outlook.conversion, account, day, asked.amount_fen)
    if asked.amount_fen is not None and asked.amount_fen > convertible:
        wrong = f"it is above the {convertible} that may be converted on {day}"
        raise RequestValidationError([{"loc": ("query", "amount_fen"), "msg": wrong}])
    return Conversion(
        account_id=account_id,
        version=account.version,
        on=day,
        currency=account.ledger.terms.currency,
        convertible_fen=convertible,
        offers=[
            Offer(
                months=each.months,
                fee_fen=each.fee,
                first_fen=each.first,
                last_fen=each.last,
                irr_x12_percent=percent(each.irr_x12),
            )
            for each in offers
        ],
    )


def known_account(accounts: Accounts, account_id: UUID) -> Account:
    """The account as it is now. Raises UnknownAccount."""
    account = accounts.account(account_id)
    if account is None:
        raise UnknownAccount(account_id)
    return account
