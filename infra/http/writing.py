"""From a request to a command, from an answer to a response: the routes of the table of writes are made here."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime
from hashlib import sha256
from inspect import Parameter, Signature
from re import findall, fullmatch
from typing import Annotated, Any, NamedTuple, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic_core import from_json, to_json

from domain.commands import Actor, Command
from domain.identity import account_id_for
from domain.recorded import AnyRecorded
from domain.refusals import Refused
from domain.terms import Token
from domain.underwriting import STANDARD_POLICY
from infra import accounts as door
from infra.access import Principal
from infra.asking import Answer, AnyAnswer, AnyAsked, account_of
from infra.http import strict_json
from infra.http.allowed import Allowed
from infra.http.approvals import Approval
from infra.http.idempotency import Claim, NoKey, Requests, Told
from infra.http.problems import documented, refusal_problem
from infra.http.writes import WRITES, Write
from infra.store.envelopes import Trace
from infra.telemetry.logs import bind_contextvars

REPLAYED = "Idempotent-Replayed"
_ENVELOPE = frozenset({"command_id", "actor", "at", "second_actor"})
_KEY_MAX = 255
_JSON = "application/json"
_HEADERS: list[dict[str, Any]] = [
    {
        "name": "Idempotency-Key",
        "in": "header",
        "required": True,
        "description": "Made by you, once for each thing that you want done; send the same one when you ask again.",
        "schema": {"type": "string", "minLength": 1, "maxLength": _KEY_MAX, "pattern": "^[!-~]+$"},
    },
    {
        "name": "If-Match",
        "in": "header",
        "required": False,
        "description": 'Do it only while it has this version, an ETag such as "17".',
        "schema": {"type": "string", "pattern": r'^"[0-9]{1,18}"$'},
    },
]


def documented_headers(*, if_match: bool) -> list[dict[str, Any]]:
    """How the headers of a write are described."""
    return _HEADERS[: 1 + if_match]


class RecordedEvent(BaseModel):
    """One event that was recorded, as the topic will tell it."""

    id: str
    type: str
    version: int
    business_date: date
    data: dict[str, Any]


class AccountDone(BaseModel):
    """What was recorded of an account, and its version after that. No events: it was so before."""

    account_id: UUID
    version: int
    events: list[RecordedEvent]


class CustomerDone(BaseModel):
    """What was recorded of a customer, and with that of an account of theirs."""

    customer_id: str
    version: int
    events: list[RecordedEvent]
    account: AccountDone | None = None


def _fields(row: Write) -> dict[str, Any]:
    """What the body says: all that the command carries but what the path, the caller and the request's name say."""
    here: dict[str, Any] = {}
    for name, field in row.command.model_fields.items():
        if name in _ENVELOPE or "{" + name + "}" in row.path or (name == "account_id" and row.opens):
            continue
        if name in row.names:
            said = Field(None, description="By which it will be called; by default after the request.")
            here[name] = (Annotated[field.annotation, *field.metadata] | None, said)
        else:
            here[name] = (field.annotation, field)
    if row.opens:
        said = Field(None, description="Of which application it comes: its id is made of that and of the customer's.")
        here["application_ref"] = (Token | None, said)
    if any(name.endswith("_fen") for name in here):
        said = Field("CNY", pattern="^[A-Z]{3}$", description="The account's: amounts are in its minor units.")
        here["currency"] = (str, said)
    return here


def body_of(row: Write) -> type[BaseModel]:
    """The model of a row's body."""
    name = "".join(part.capitalize() for part in row.operation.split("_")) + "Body"
    config = ConfigDict(frozen=True, strict=True, extra="forbid")
    return create_model(name, __config__=config, __doc__=row.command.__doc__, **_fields(row))


def request_name(principal: Principal, key: str) -> str:
    """By which a request is known for ever: its command's id, and what it makes where nobody gives that a name."""
    return sha256(f"{principal.id}\n{key}".encode()).hexdigest()[:40]


def events_of(recorded: Sequence[AnyRecorded]) -> list[dict[str, Any]]:
    """Events as they are answered."""
    return [
        {
            "id": each.event_id,
            "type": each.type,
            "version": each.version,
            "business_date": each.event.business_date,
            "data": from_json(each.data),
        }
        for each in recorded
    ]


def answered(answer: AnyAnswer) -> Told:
    """What is answered where something was recorded, or was so before."""
    body: dict[str, Any] = {"version": answer.version, "events": events_of(answer.events)}
    if isinstance(answer, Answer):
        body["account_id"] = answer.account_id
    else:
        body["customer_id"] = answer.customer_id
        if answer.account_events:
            last = answer.account_events[-1]
            told = events_of(answer.account_events)
            body["account"] = {"account_id": last.account_id, "version": last.version, "events": told}
    return Told(201 if answer.events else 200, {"ETag": f'"{answer.version}"'}, to_json(body))


class Done(NamedTuple):
    """What a write led to, whether events tell it to whoever asks again, and whether it was found to be done before."""

    told: Told
    told_by_events: bool = False
    repeated: bool = False


class _Door:
    """One row's way from a request to its response."""

    def __init__(self, row: Write) -> None:
        self._row = row
        self.body = body_of(row)

    async def __call__(self, request: Request, principal: Principal, **path: Any) -> Response:
        said = await self._read(request, principal)
        name = request_name(principal, key_of(request))
        command = self._command(principal, name, said, path, request.app.state.clock(request))
        await _check_currency(request, command, said)
        if_version = _if_version(request)

        async def work(asked_at: datetime) -> Done:
            asked = command.model_copy(update={"at": asked_at})
            if isinstance(asked, Command) and asked.FOUR_EYES:
                return Done(await request.app.state.approvals.ask(asked, name))
            return await do(request, asked, if_version)

        return await once(request, principal, [said, if_version], work)

    async def _read(self, request: Request, principal: Principal) -> dict[str, Any]:
        """What the body says, without what it leaves out. Raises RequestValidationError with everything that is wrong."""
        content = await strict_json.read(request)
        try:
            said = self.body.model_validate_json(content or b"{}")
        except ValidationError as invalid:
            raise _invalid(invalid) from None
        withheld = self._row.not_for_customers & said.model_fields_set if principal.role == "customer" else ()
        if withheld:
            raise RequestValidationError(
                [{"loc": ("body", field), "msg": "it is not for customers to say"} for field in sorted(withheld)]
            )
        # In the order of the fields, which is the same in every process: what is said is hashed.
        return {field: getattr(said, field) for field in self.body.model_fields if field in said.model_fields_set}

    def _command(
        self, principal: Principal, name: str, said: Mapping[str, Any], path: Mapping[str, Any], now: datetime
    ) -> AnyAsked:
        actor = Actor(role=self._row.acts[principal.role], id=principal.id)
        carried: dict[str, Any] = dict.fromkeys(self._row.names, name)
        carried |= {field: value for field, value in said.items() if not (value is None and field in self._row.names)}
        carried.pop("currency", None)
        if self._row.opens:
            reference = carried.pop("application_ref", None) or name
            carried["account_id"] = account_id_for(carried["customer_id"], reference)
        try:
            return cast("AnyAsked", self._row.command(command_id=name, actor=actor, at=now, **carried, **path))
        except ValidationError as invalid:
            raise _invalid(invalid, frozenset(path)) from None


async def once(
    request: Request, principal: Principal, said: object, work: Callable[[datetime], Awaitable[Done]]
) -> Response:
    """Do a write once for its Idempotency-Key, however often it is asked for; `said` is all that it says.

    `work` gets the instant at which it was asked for the first time.
    Raises NoKey, Running, KeyReused, and whatever `work` raises; then nothing is kept, and asking again begins anew.
    """
    requests: Requests = request.app.state.requests
    asked = to_json([request.method, request.url.path, said])
    now = request.app.state.clock(request)
    claim = await requests.claim(Claim(principal.id, key_of(request), sha256(asked).digest(), now))
    if isinstance(claim, Told):
        return _response(claim, repeated=True)
    try:
        done = await work(claim.asked_at)
    except BaseException:
        await requests.let_go(claim)
        raise
    await requests.let_go(claim, None if done.told_by_events else done.told)
    return _response(done.told, repeated=done.repeated)


async def do(request: Request, command: AnyAsked, if_version: int | None = None) -> Done:
    """Record a command and say what it led to. Raises Busy and Fault."""
    bind_contextvars(command_id=command.command_id)
    try:
        answer = await request.app.state.writer.execute(door.Request(command, _trace(request), if_version))
    except Refused as refused:
        refusal = refusal_problem(request, refused)
        return Done(Told(refusal.status_code, {"Content-Type": refusal.media_type or ""}, bytes(refusal.body)))
    return Done(answered(answer), bool(answer.events), answer.repeated)


def _response(told: Told, *, repeated: bool) -> Response:
    headers = {"Content-Type": _JSON, **told.headers, "Cache-Control": "no-store"}
    return Response(told.body, told.status, headers | ({REPLAYED: "true"} if repeated else {}))


def _invalid(invalid: ValidationError, path: frozenset[str] = frozenset()) -> RequestValidationError:
    return RequestValidationError(
        [
            {
                "loc": ("path" if each["loc"][:1] and each["loc"][0] in path else "body", *each["loc"]),
                "msg": each["msg"],
            }
            for each in invalid.errors(include_url=False, include_input=False)
        ]
    )


def key_of(request: Request) -> str:
    """The request's Idempotency-Key. Raises NoKey."""
    key = request.headers.get("idempotency-key", "")
    if not fullmatch(rf"[!-~]{{1,{_KEY_MAX}}}", key):
        raise NoKey(key)
    return key


def _if_version(request: Request) -> int | None:
    meant = request.headers.get("if-match")
    if meant is None:
        return None
    found = fullmatch(r'"([0-9]{1,18})"', meant.strip())
    if found is None:
        raise RequestValidationError(
            [{"loc": ("header", "If-Match"), "msg": 'it must be an ETag of one version, such as "17"'}]
        )
    return int(found[1])


async def _check_currency(request: Request, command: AnyAsked, said: Mapping[str, Any]) -> None:
    currency = said.get("currency")
    if currency is None:
        return
    account_id = account_of(command)
    meant = None if account_id is None else await request.app.state.owners.currency(account_id)
    if currency != (meant or STANDARD_POLICY.currency):
        raise RequestValidationError(
            [{"loc": ("body", "currency"), "msg": f"it must be {meant or STANDARD_POLICY.currency}"}]
        )


def _trace(request: Request) -> Trace:
    correlation_id = request.headers.get("correlation-id", "")
    return Trace(
        correlation_id if fullmatch(r"[!-~]{1,64}", correlation_id) else "",
        traceparent=getattr(request.state, "traceparent", ""),
    )


def _route(router: APIRouter, way: _Door, row: Write) -> None:
    """Add a row's route to the router."""

    async def write(**given: Any) -> Response:
        return await way(**given)

    parameters = [
        Parameter("request", Parameter.KEYWORD_ONLY, annotation=Request),
        Parameter(
            "principal",
            Parameter.KEYWORD_ONLY,
            annotation=Annotated[Principal, Depends(Allowed(row.scope, row.acts))],
        ),
    ]
    for name in findall(r"{(\w+)}", row.path):
        field = row.command.model_fields[name]
        here = Path(description=_DESCRIBED.get(name, ""))
        said = Annotated[field.annotation, *field.metadata, here]  # type: ignore[name-defined]
        parameters.append(Parameter(name, Parameter.KEYWORD_ONLY, annotation=said))
    write.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    doc = (row.command.__doc__ or "").strip()
    model = AccountDone if issubclass(row.command, Command) else CustomerDone
    router.add_api_route(
        row.path,
        write,
        methods=[row.method],
        operation_id=row.operation,
        summary=row.operation.replace("_", " ").capitalize(),
        description=doc,
        response_model=None,
        status_code=202 if row.command.FOUR_EYES else 201,
        responses=_responses(row, model),
        openapi_extra={
            "parameters": documented_headers(if_match=not row.command.FOUR_EYES),
            "requestBody": {
                "required": bool(any(field.is_required() for field in way.body.model_fields.values())),
                "content": {_JSON: {"schema": {"$ref": f"#/components/schemas/{way.body.__name__}"}}},
            },
        },
        tags=[_tag(row)],
    )


_DESCRIBED = {"account_id": "The account's id.", "customer_id": "The customer's id."}


def _responses(row: Write, model: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    etag = {"ETag": {"description": "The version after it.", "schema": {"type": "string"}}}
    replayed = {REPLAYED: {"description": "`true` where it was done before.", "schema": {"type": "string"}}}
    done = {"model": model, "headers": etag | replayed}
    told: dict[int | str, dict[str, Any]] = {
        200: done | {"description": "It was so before; nothing was recorded."},
        201: done | {"description": "It is recorded."},
    }
    if row.command.FOUR_EYES:
        told = {202: {"model": Approval, "headers": replayed, "description": "It waits for a second person."}}
    return told | documented(write=True)


def _tag(row: Write) -> str:
    return row.scope.partition(":")[0]


_DOORS = [(_Door(row), row) for row in WRITES]
# The models of all bodies, for the description.
BODIES: tuple[type[BaseModel], ...] = tuple(way.body for way, _ in _DOORS)
router = APIRouter()
for _way, _row in _DOORS:
    _route(router, _way, _row)
