"""Who people are, over HTTP: told and changed apart from what they owe, erased for good, and exported with all the rest."""

from collections.abc import Iterable
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError

from domain.events import AccountBilled
from domain.identity import customer_key
from infra.access import Principal, Role
from infra.http import strict_json
from infra.http.allowed import Allowed
from infra.http.problems import Problem, problem
from infra.http.reads.customers import CustomerId, CustomerTold, CustomerUnknown, told_of
from infra.http.reads.questions import Connection, may, router
from infra.http.reads.reading import Desk
from infra.http.reads.statements import Statement, statement_of
from infra.http.writing import RecordedEvent, events_of
from infra.store.event_store import EventStore
from infra.telemetry.logs import LOG
from infra.vault import AccountsOpen, Erased, PersonalData, Vault, masked
from infra.vault.masters import NoMasterKey
from infra.views import lists
from infra.views.answers import folded
from infra.views.tables import BALANCE, CREDIT_REPORT
from projections import balance, credit_report
from projections.balance import Balance
from projections.bureau import CreditReport

CLEAR = "personal:read"  # the scope by which nothing is masked
_WRITERS: tuple[Role, ...] = ("customer", "service", "officer")
_GONE: dict[int | str, dict[str, Any]] = {410: {"model": Problem, "description": "The person was erased."}}
_JSON = "application/json"

routes = router("/customers/{customer_id}", "personal")


class PersonalDataUnknown(Exception):  # noqa: N818 - it is an answer, not an error
    """Nothing was ever told of who this is."""


class PersonalDataTold(BaseModel):
    """Who a person is, as far as whoever asks may know."""

    customer_id: str
    masked: Annotated[bool, Field(description=f"True without the scope `{CLEAR}`: stars stand for what is not shown.")]
    names: Annotated[list[str], Field(description="The present one first.")]
    identity_number: str | None
    cards: Annotated[list[str], Field(description="Numbers of bank cards.")]
    telephones: list[str]
    address: str | None
    email: str | None
    notes: str | None


class ErasedTold(BaseModel):
    """That a person was erased: their key is destroyed, and what was sealed with it is nothing to anybody."""

    customer_id: str
    erased_at: datetime


class AccountHeld(BaseModel):
    """Everything that is held about one account, as its events tell it."""

    account_id: UUID
    balance: Annotated[Balance, Field(description="On the day of its last event.")]
    credit_report: CreditReport
    statements: list[Statement]
    events: list[RecordedEvent]


class LookedAt(BaseModel):
    """That somebody asked for something of this person's; who that was is told by their role alone."""

    at: datetime
    role: str | None
    method: str
    route: str
    account_id: str | None
    outcome: Annotated[str, Field(description="`allowed`, or why not.")]
    times: int


class Export(BaseModel):
    """All that is held about a person."""

    customer_id: str
    exported_at: datetime
    erased_at: Annotated[datetime | None, Field(description="When who they are was erased.")]
    personal_data: PersonalDataTold | None
    customer: CustomerTold
    customer_events: list[RecordedEvent]
    accounts: list[AccountHeld]
    looked_at: list[LookedAt]


def _vault(request: Request) -> Vault:
    vault: Vault = request.app.state.vault
    return vault


Safe = Annotated[Vault, Depends(_vault)]


@routes.get(
    "/personal-data",
    operation_id="get_personal_data",
    summary="Who a person is",
    responses=_GONE,
)
async def get_personal_data(
    customer_id: CustomerId, principal: Annotated[Principal, may("customers:read", personal=True)], vault: Safe
) -> PersonalDataTold:
    """Masked for whoever has no need to know all of it."""
    held = await vault.get(customer_id)
    if held is None:
        raise PersonalDataUnknown(customer_id)
    return _told(customer_id, held, principal)


@routes.put(
    "/personal-data",
    operation_id="put_personal_data",
    summary="Say who a person is",
    responses=_GONE | {400: {"model": Problem, "description": "The body is no JSON."}},
    openapi_extra={"requestBody": {"required": True, "content": {_JSON: {"schema": PersonalData.model_json_schema()}}}},
)
async def put_personal_data(
    request: Request,
    customer_id: CustomerId,
    principal: Annotated[Principal, Depends(Allowed("personal:write", _WRITERS, personal=True))],
    vault: Safe,
) -> PersonalDataTold:
    """All of it: what is left out is not known any more. Saying it twice changes nothing, so no key is needed."""
    content = await strict_json.read(request)
    try:
        data = PersonalData.model_validate_json(content)
    except ValidationError as invalid:
        wrong = invalid.errors(include_url=False, include_input=False)
        raise RequestValidationError(
            [{"loc": ("body", *each["loc"]), "msg": each["msg"]} for each in wrong]
        ) from None  # fmt: skip
    await vault.put(customer_id, data)
    return _told(customer_id, data, principal)


@routes.delete(
    "/personal-data",
    operation_id="erase_personal_data",
    summary="Erase a person",
    responses={409: {"model": Problem, "description": "An account of theirs is not closed."}},
)
async def erase_personal_data(
    customer_id: CustomerId,
    principal: Annotated[Principal, Depends(Allowed("personal:write", ("officer",), personal=True))],
    vault: Safe,
    desk: Desk,
) -> ErasedTold:
    """Their key is destroyed: who they are cannot be read any more, here or in any copy. It cannot be undone.

    What happened on their accounts stays, told of an id that means nobody. Nothing is taken in about them again.
    """
    customer = await desk.threads(desk.accounts.customer, customer_id)
    return ErasedTold(customer_id=customer_id, erased_at=await vault.erase(customer, principal.id))


@routes.get("/export", operation_id="export_customer", summary="All that is held about a person")
async def export_customer(
    request: Request,
    customer_id: CustomerId,
    principal: Annotated[Principal, may(CLEAR, ("customer", "officer", "auditor"), personal=True)],
    vault: Safe,
    desk: Desk,
    connection: Connection,
) -> Export:
    """In one document: who they are, what happened, how their accounts stand and are reported, and who looked at it."""
    erased_at, held = None, None
    try:
        held = await vault.get(customer_id)
    except Erased as erased:
        erased_at = erased.at
    wanted = lists.Asked(lists.Wanted(customer_id=customer_id))
    shown = await lists.customers_of(connection, wanted, "", 1)
    customer = await desk.threads(desk.accounts.customer, customer_id)
    # The store knows at once, the views know of accounts that were brought in without an application.
    account_ids = list(dict.fromkeys([*customer.lines, *(row.account_id for row in shown.get(customer_id, ()))]))
    if not (customer.version or account_ids or held or erased_at):
        raise CustomerUnknown(customer_id)
    happened, accounts = await desk.threads(_history, desk.store, customer_id, account_ids)
    return Export(
        customer_id=customer_id,
        exported_at=request.app.state.clock(request),
        erased_at=erased_at,
        personal_data=held and _told(customer_id, held, principal),
        customer=told_of(customer, {each.account_id: each.balance.standing for each in accounts}),
        customer_events=happened,
        accounts=accounts,
        looked_at=await _looked_at(request, customer_id, account_ids),
    )


def _told(customer_id: str, data: PersonalData, principal: Principal) -> PersonalDataTold:
    clear = CLEAR in principal.scopes
    shown = data.model_dump(mode="json") if clear else masked(data)
    return PersonalDataTold(customer_id=customer_id, masked=not clear, **shown)


def _history(
    store: EventStore, customer_id: str, account_ids: Iterable[UUID]
) -> tuple[list[RecordedEvent], list[AccountHeld]]:
    """The person's events and their accounts, from the store, so that no view is behind it."""
    happened = _events(store.load_customer(customer_key(customer_id)))
    accounts = []
    for account_id in account_ids:
        recorded = store.load(account_id)
        if not recorded:
            continue
        row, report = folded(recorded, BALANCE), folded(recorded, CREDIT_REPORT)
        accounts.append(
            AccountHeld(
                account_id=account_id,
                balance=balance.as_of(row, row.business_date),
                credit_report=credit_report.as_of(report, report.business_date),
                statements=[statement_of(each) for each in recorded if isinstance(each.event, AccountBilled)],
                events=_events(recorded),
            )
        )
    return happened, accounts


def _events(recorded: Any) -> list[RecordedEvent]:
    return [RecordedEvent(**each) for each in events_of(recorded)]


_LOOKED_AT = """
    SELECT at, role, method, route, account_id, outcome, times FROM access_journal
    WHERE customer_id = %s OR account_id = ANY(%s) ORDER BY entry"""


async def _looked_at(request: Request, customer_id: str, account_ids: Iterable[UUID]) -> list[LookedAt]:
    async with request.app.state.kept.connection() as connection:
        cursor = await connection.execute(_LOOKED_AT, (customer_id, [str(each) for each in account_ids]))
        rows = await cursor.fetchall()
    return [LookedAt(**dict(zip(LookedAt.model_fields, row, strict=True))) for row in rows]


async def _erased(request: Request, error: Any) -> Response:
    detail = f"Customer {error.customer_id} was erased on {error.at:%Y-%m-%d}; nothing is kept of who they were."
    return problem(request, "person_erased", HTTPStatus.GONE, detail, erased_at=error.at.isoformat())


async def _unknown(request: Request, error: Any) -> Response:
    detail = f"Nothing is known of who customer {error} is."
    return problem(request, "personal_data_unknown", HTTPStatus.NOT_FOUND, detail, field="customer_id")


async def _accounts_open(request: Request, error: Any) -> Response:
    return problem(
        request, "accounts_open", HTTPStatus.CONFLICT, f"{error}.", accounts=[str(each) for each in error.accounts]
    )


async def _no_master_key(request: Request, error: Any) -> Response:
    # Which key it is and where it was looked for is for the operator alone.
    LOG.error("vault_sealed", why=str(error))
    detail = "The key to personal data is not at hand."
    return problem(request, "vault_sealed", HTTPStatus.SERVICE_UNAVAILABLE, detail, {"Retry-After": "60"})


def install(app: FastAPI) -> None:
    """Have `app` answer for personal data; its `state.vault` is the vault while it runs."""
    answers = {
        Erased: _erased,
        PersonalDataUnknown: _unknown,
        AccountsOpen: _accounts_open,
        NoMasterKey: _no_master_key,
    }
    for kind, answer in answers.items():
        app.add_exception_handler(kind, answer)
    app.include_router(routes)
