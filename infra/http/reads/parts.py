"""What stands on an account at this moment: plans, holds, freezes, appeals, disputes. From the store, so never behind."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from domain.account import Account
from domain.commands import Role
from domain.events import Appealable, AppealOutcome, CodeChange, FreezeReason, PlanKind
from domain.freezes import FREEZES
from domain.plans import principal_left
from domain.schedules import Scheme
from infra.http.reads.outlook import known_account
from infra.http.reads.questions import IF_NONE_MATCH, VERSIONED, AccountId, Versioned, may, router
from infra.http.reads.reading import Desk

routes = router("/accounts/{account_id}", "accounts")


class Whole(BaseModel):
    """All of it, for it is never much. Amounts in minor units of `currency`."""

    account_id: UUID
    version: int
    currency: str


class InstalmentTold(BaseModel):
    """One instalment; `due_date` is None where it is due with the statement of its turn."""

    number: int
    due_date: date | None
    principal_fen: int
    interest_fen: int
    fee_fen: int
    carried_interest_fen: Annotated[int, Field(description="Of an agreement: interest that was charged before.")]
    carried_fees_fen: Annotated[int, Field(description="Of an agreement: fees that were charged before.")]


class PlanTold(BaseModel):
    """A plan, and the instalments that are still to come."""

    plan_id: str
    kind: PlanKind
    made_on: date
    amount_fen: Annotated[int | None, Field(description="What it was made for; None where it was taken over.")]
    months: int | None
    annual_rate: Annotated[str, Field(description="A year's, as a fraction; 0 where it bears no interest.")]
    schedule: Annotated[Scheme | None, Field(description="Of a loan: how it is repaid.")]
    principal_left_fen: int
    instalments: list[InstalmentTold]


class Plans(Whole):
    """Every plan with instalments to come."""

    data: list[PlanTold]


class Authorization(BaseModel):
    """Limit that is reserved for a purchase until the end of a day."""

    hold_id: str
    placed_on: date
    merchant_id: str
    amount_fen: int
    left_fen: Annotated[int, Field(description="What was not captured or released of it.")]
    expires_on: date


class Authorizations(Whole):
    """Every hold that is open, in the order in which they were placed."""

    held_fen: Annotated[int, Field(description="All that is reserved.")]
    data: list[Authorization]


class FreezeTold(BaseModel):
    """A reason for which the account is frozen, and who may lift it; nobody where it goes by itself."""

    reason: FreezeReason
    since: date
    lifted_by: tuple[Role, ...]


class Freezes(Whole):
    """Why it is frozen, the oldest reason first; nothing where it is not."""

    data: list[FreezeTold]


class AppealTold(BaseModel):
    """An appeal, and how it was answered."""

    appeal_id: str
    lodged_on: date
    against: Appealable
    decide_by: date
    evidence_ref: str | None
    outcome: Annotated[AppealOutcome | None, Field(description="None while it is not decided.")]
    limit_fen: Annotated[int | None, Field(description="The highest limit that the answer allows.")]


class Appeals(Whole):
    """Every appeal, in the order in which they were lodged."""

    data: list[AppealTold]


class DisputeTold(BaseModel):
    """A dispute over a purchase, and how it ended."""

    dispute_id: str
    opened_on: date
    purchase_id: str
    reason: str
    amount_fen: int
    open_fen: Annotated[int, Field(description="What of it is disputed still.")]
    outcome: Annotated[Literal["upheld", "rejected", "refunded"] | None, Field(description="None while it is open.")]


class Disputes(Whole):
    """Every dispute that is open, and those of the last months; what is older the history tells."""

    data: list[DisputeTold]


class ReportDisputeTold(BaseModel):
    """A dispute of the credit report: the months that are denied, and how it was decided."""

    report_dispute_id: str
    opened_on: date
    months: tuple[str, ...]
    decide_by: date
    outcome: Annotated[Literal["upheld", "rejected"] | None, Field(description="None while it is not decided.")]
    reason: str | None
    changes: tuple[CodeChange, ...]


class ReportDisputes(Whole):
    """Every dispute of the report, in the order in which they were opened."""

    data: list[ReportDisputeTold]


async def _seen(account_id: UUID, desk: Desk, say: Versioned) -> tuple[Account, dict[str, object]]:
    account = await desk.threads(known_account, desk.accounts, account_id)
    say(account.version)
    whole = {"account_id": account_id, "version": account.version, "currency": account.ledger.terms.currency}
    return account, whole


@routes.get(
    "/plans",
    operation_id="list_plans",
    summary="What is paid in instalments, and what is to come of it",
    responses=VERSIONED,
    openapi_extra=IF_NONE_MATCH,
    dependencies=[may("plans:read")],
)
async def list_plans(account_id: AccountId, desk: Desk, say: Versioned) -> Plans:
    """Every plan with instalments to come; one that is over the history tells."""
    account, whole = await _seen(account_id, desk, say)
    return Plans.model_validate(whole | {"data": _plans(account)})


def _plans(account: Account) -> list[PlanTold]:
    told = []
    for plan in account.ledger.plans.values():
        made = account.plan(plan.plan_id)
        told.append(
            PlanTold(
                plan_id=plan.plan_id,
                kind=plan.kind,
                made_on=plan.made_on,
                amount_fen=made.amount if made else None,
                months=made.months if made else None,
                annual_rate=f"{plan.annual_rate.normalize():f}",
                schedule=plan.scheme,
                principal_left_fen=principal_left(plan),
                instalments=[InstalmentTold.model_validate(each.model_dump()) for each in plan.instalments],
            )
        )
    return told


@routes.get(
    "/authorizations",
    operation_id="list_authorizations",
    summary="Limit that is reserved for purchases",
    responses=VERSIONED,
    openapi_extra=IF_NONE_MATCH,
    dependencies=[may("authorizations:read")],
)
async def list_authorizations(account_id: AccountId, desk: Desk, say: Versioned) -> Authorizations:
    """Every hold that is open, in the order in which they were placed."""
    account, whole = await _seen(account_id, desk, say)
    data = [
        Authorization(
            hold_id=hold_id,
            placed_on=each.on,
            merchant_id=each.merchant_id,
            amount_fen=each.amount,
            left_fen=each.left,
            expires_on=each.expires_on,
        )
        for hold_id, each in account.holds.items()
        if each.left
    ]
    return Authorizations.model_validate(whole | {"held_fen": account.held, "data": data})


@routes.get(
    "/freezes",
    operation_id="list_freezes",
    summary="Why an account is frozen",
    responses=VERSIONED,
    openapi_extra=IF_NONE_MATCH,
    dependencies=[may("freezes:read")],
)
async def list_freezes(account_id: AccountId, desk: Desk, say: Versioned) -> Freezes:
    """The oldest reason first; it is open again when none is left."""
    account, whole = await _seen(account_id, desk, say)
    data = [
        FreezeTold(reason=reason, since=since, lifted_by=FREEZES[reason].lifted_by)
        for reason, since in account.frozen_since.items()
    ]
    return Freezes.model_validate(whole | {"data": data})


@routes.get(
    "/appeals",
    operation_id="list_appeals",
    summary="What was asked to be looked at again, and the answers",
    responses=VERSIONED,
    openapi_extra=IF_NONE_MATCH,
    dependencies=[may("appeals:read")],
)
async def list_appeals(account_id: AccountId, desk: Desk, say: Versioned) -> Appeals:
    """In the order in which they were lodged."""
    account, whole = await _seen(account_id, desk, say)
    data = [
        AppealTold(
            appeal_id=appeal_id,
            lodged_on=each.on,
            against=each.against,
            decide_by=each.decide_by,
            evidence_ref=each.evidence_ref,
            outcome=each.outcome,
            limit_fen=each.limit,
        )
        for appeal_id, each in account.appeals.items()
    ]
    return Appeals.model_validate(whole | {"data": data})


@routes.get(
    "/disputes",
    operation_id="list_disputes",
    summary="Purchases that the customer denies",
    responses=VERSIONED,
    openapi_extra=IF_NONE_MATCH,
    dependencies=[may("disputes:read")],
)
async def list_disputes(account_id: AccountId, desk: Desk, say: Versioned) -> Disputes:
    """Those that are open, and those of the last months."""
    account, whole = await _seen(account_id, desk, say)
    data = [
        DisputeTold(
            dispute_id=dispute_id,
            opened_on=each.on,
            purchase_id=each.purchase_id,
            reason=each.reason,
            amount_fen=each.amount,
            open_fen=each.open,
            outcome=each.outcome,
        )
        for dispute_id, each in account.disputes.items()
    ]
    return Disputes.model_validate(whole | {"data": data})


@routes.get(
    "/report-disputes",
    operation_id="list_report_disputes",
    summary="Months of the credit report that the customer denies",
    responses=VERSIONED,
    openapi_extra=IF_NONE_MATCH,
    dependencies=[may("disputes:read")],
)
async def list_report_disputes(account_id: AccountId, desk: Desk, say: Versioned) -> ReportDisputes:
    """In the order in which they were opened."""
    account, whole = await _seen(account_id, desk, say)
    data = [
        ReportDisputeTold(
            report_dispute_id=report_dispute_id,
            opened_on=each.on,
            months=each.months,
            decide_by=each.decide_by,
            outcome=each.outcome,
            reason=each.reason,
            changes=each.changes,
        )
        for report_dispute_id, each in account.report_disputes.items()
    ]
    return ReportDisputes.model_validate(whole | {"data": data})
