"""Every error as problem details (RFC 9457): a stable code, the figures behind it, and what to do about it."""

from collections.abc import Mapping
from http import HTTPStatus
from re import escape, fullmatch, sub
from typing import Annotated, Any

import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from psycopg_pool import PoolTimeout
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_jsonable_python
from starlette.exceptions import HTTPException

from domain.codec import Unreadable
from domain.refusals import REMEDIES, Reason, Refused
from infra.access.principals import Forbidden, NotTheirs, Unauthenticated
from infra.access.rates import RateLimited
from infra.access.tokens import IssuerUnavailable
from infra.faults import Fault, ReadOnly
from infra.http.approvals import ApprovalDecided, ApprovalUnknown
from infra.http.idempotency import KeyReused, NoKey, Running
from infra.http.strict_json import Flaw, NotStrict
from infra.http.writer import Busy
from infra.views.answers import TooFarAhead, UnknownAccount, ViewBehind
from projections.folding import BeforeOpening

MEDIA_TYPE = "application/problem+json"
PLACE = "/problems/"  # where each is explained
# code: the title it always has, and what whoever asked can do about it
CODES: dict[str, tuple[str, str]] = {
    "accounts_open": ("Accounts of theirs are not closed", "Close them first: whoever is owed must know by whom."),
    "answer_too_slow": ("It took too long", "Ask again after the stated seconds; a write with the same key."),
    "as_of_before_opening": ("The account did not exist on that day", "Ask for a day from its opening on."),
    "as_of_too_far_ahead": ("The day lies too far ahead", "Ask for a day up to the limit."),
    "parameter_invalid": ("A parameter cannot be used", "Correct the named parameters."),
    "approval_decided": ("It was decided before", "Look at it; ask anew where it was rejected."),
    "approval_unknown": ("No such request for approval", "Check the id, or look at the list of approvals."),
    "cursor_invalid": (
        "The cursor cannot be used",
        "Send a `next` as it was given, with the filters of that page; or begin without a cursor.",
    ),
    "statement_unknown": ("No such statement", "Look at the list of statements; the first one has the number 1."),
    "streams_exhausted": (
        "Too many live streams are open",
        "Ask again after the stated seconds, with the last id that you received.",
    ),
    "customer_only": (
        "The credentials are for one customer alone",
        "Ask at an address below this customer or one of their accounts, or use a key that is not restricted.",
    ),
    "customer_unknown": ("No such customer", "Check the customer id."),
    "issuer_unavailable": (
        "It cannot be told whether the token is good",
        "Ask again after the stated seconds, or with a key; if it lasts, look whether CREDIT_OAUTH_JWKS can be read.",
    ),
    "person_erased": ("The person was erased", "Nothing: it is for good. Somebody who comes back is a new customer."),
    "personal_data_unknown": ("Nothing is known of who this is", "Check the customer id, or say who it is first."),
    "rate_limited": ("Too much was asked in a short time", "Ask again after the stated seconds, and less often."),
    "role_not_permitted": ("The role may not do this", "Use the credentials of somebody whose role may."),
    "scope_missing": ("A scope is missing", "Use credentials that have the named scope."),
    "unauthenticated": (
        "It is not known who asks",
        "Send `Authorization: Bearer` and a key (`credit keys create` makes one) or an access token that is still good.",
    ),
    "body_too_large": ("The body is too large", "Send less at once."),
    "body_too_slow": ("The body came too slowly", "Send it again without a pause."),
    "busy": ("Too many requests wait", "Ask again after the stated seconds, with the same key."),
    "cross_origin_refused": (
        "Pages of other origins may not ask",
        "Ask from a program, or have a server of your own origin ask for the page.",
    ),
    "headers_too_large": ("The headers are too large", "Send fewer and shorter headers."),
    "json_byte_order_mark": ("The body begins with a byte order mark", "Send UTF-8 without one."),
    "json_key_repeated": ("A key is repeated", "Say each thing once: two programs could read two values."),
    "json_lone_surrogate": ("Half a surrogate pair stands in a text", "Send both halves, or the character itself."),
    "json_malformed": ("The body is no JSON", "Send one JSON document (RFC 8259)."),
    "json_nul": ("A NUL stands in a text", "Leave it out: no text can hold it."),
    "json_not_a_number": ("NaN and Infinity are no JSON", "Send a number, or leave it out."),
    "json_not_utf8": ("The body is no UTF-8", "Send it in UTF-8."),
    "json_number_too_large": ("A number is too large", "Send a number within the bound."),
    "json_too_deep": ("The body is nested too deep", "Send what the description of the interface asks for."),
    "idempotency_key_missing": (
        "A usable Idempotency-Key is missing",
        "Send 1 to 255 visible ASCII characters of your own making, once for each thing that you want done.",
    ),
    "idempotency_key_reused": (
        "The Idempotency-Key belongs to another request",
        "Use a new key for another request, or send the first request as it was.",
    ),
    "media_type_unsupported": (
        "The body is of the wrong kind",
        "Send it with Content-Type: application/json, in UTF-8 and without a Content-Encoding.",
    ),
    "request_malformed": ("It is no request of HTTP/1.1", "Send a request as RFC 9112 says."),
    "request_too_slow": ("The request came too slowly", "Send its line and headers without a pause."),
    "request_running": ("The same request is being done", "Ask again after the stated seconds, with the same key."),
    "stopping": (
        "The service is stopping",
        "Ask again with the same key, of another process or when it has started again: nothing is done twice.",
    ),
    "store_read_only": (
        "Nothing can be recorded for now",
        "Read meanwhile; ask again after the stated seconds with the same key. /readyz?verbose says why it is so.",
    ),
    "store_unavailable": (
        "It could not be recorded",
        "Ask again with the same key: what was recorded meanwhile is not recorded twice.",
    ),
    "not_found": ("There is nothing at this address", "See /docs for the addresses there are."),
    "method_not_allowed": ("This address does not take that method", "Use one of those that `Allow` names."),
    "url_too_long": ("The address is too long", "Ask for less in one request."),
    "vault_sealed": (
        "Personal data cannot be opened",
        "Ask again after the stated seconds; if it lasts, see that CREDIT_VAULT_KEY names the key (`credit vault status`).",
    ),
    "view_behind": ("The history is still catching up", "Ask again in some seconds."),
    "database_unavailable": (
        "The database does not answer",
        "Ask again in some seconds; if it lasts, start it with `credit servers start` or look at its log.",
    ),
    "not_migrated": ("The database is not up to date", "Run `credit migrate`."),
    "program_too_old": ("The history holds what this program cannot read", "Upgrade this program."),
    "not_ready": ("The service is not ready", "See `checks` for what is missing."),
    "internal": ("Something went wrong in here", "Ask again; if it lasts, report it with the time of day."),
}
CODES |= {reason: (reason.replace("_", " ").capitalize(), remedy) for reason, remedy in REMEDIES.items()}
# Also said of an account that the views do not show yet.
CODES["account_unknown"] = (
    "No such account",
    "Open it first, or check the account id; an account that was opened just now may take some seconds to be seen.",
)
# What is refused because of how things stand, and may be accepted at another time; what is refused for what it says is 422.
_AS_THINGS_STAND: frozenset[Reason] = frozenset({
    "account_closed", "account_closing", "account_frozen", "already_opened", "appeal_decided", "appeal_open",
    "change_pending", "charged_off", "consent_missing", "customer_deceased", "death_recorded", "declined_by_risk",
    "dispute_resolved", "hold_ended", "identity_unverified", "legal_order", "no_such_move", "not_activated",
    "not_charged_off", "not_eligible", "not_frozen", "not_reinstatable", "nothing_billed", "nothing_owed",
    "nothing_to_appeal", "nothing_to_notice", "over_limit", "overdue", "plan_over", "report_dispute_decided",
    "restructured", "time_backwards",
})  # fmt: skip
_ELSEWISE: dict[Reason, HTTPStatus] = {
    "role_not_allowed": HTTPStatus.FORBIDDEN,
    "second_actor_needed": HTTPStatus.FORBIDDEN,
    "version_differs": HTTPStatus.PRECONDITION_FAILED,
    "terms_unknown": HTTPStatus.UNPROCESSABLE_ENTITY,
    "report_month_unknown": HTTPStatus.UNPROCESSABLE_ENTITY,
}


def status_of(reason: Reason) -> HTTPStatus:
    """The status by which a refusal is answered: 404 where what is named is not there, 409 where an id is taken or
    things stand so, 422 where it is what was said.
    """
    if reason in _ELSEWISE:
        return _ELSEWISE[reason]
    if reason.endswith("_unknown"):
        return HTTPStatus.NOT_FOUND
    if reason.endswith("_reused") or reason in _AS_THINGS_STAND:
        return HTTPStatus.CONFLICT
    return HTTPStatus.UNPROCESSABLE_ENTITY


_EXPLAINED: dict[int, str] = {
    400: "The request cannot be read, or its Idempotency-Key is missing.",
    401: "Nobody known asks: there is no usable key or token.",
    403: "Whoever asks may not.",
    404: "There is none, or it is not theirs to see.",
    409: "It cannot be done as things stand, or is being done at this moment.",
    412: "It has another version than the one that was meant.",
    413: "The body is too large.",
    415: "The body is no JSON.",
    422: "Something that was sent cannot be used.",
    429: "Too many requests; ask again after the stated seconds.",
    503: "It cannot be answered now; ask again after the stated seconds.",
}
_READ = (401, 403, 404, 422, 429, 503)
_WRITE = tuple(_EXPLAINED)


def documented(*, write: bool = False) -> dict[int | str, dict[str, Any]]:
    """How the problems of a route that reads, or of one that writes, are described."""
    return {status: {"model": Problem, "description": _EXPLAINED[status]} for status in (_WRITE if write else _READ)}


class ProblemEntry(BaseModel):
    """One thing that is wrong with a request: where it stands, and why it cannot be used."""

    parameter: str | None = None
    pointer: Annotated[str | None, Field(description="JSON pointer into the body.")] = None
    detail: str


class Problem(BaseModel):
    """Problem details as in RFC 9457, with members of our own from `code` on."""

    model_config = ConfigDict(extra="allow")

    type: Annotated[str, Field(description="Where the problem is explained.")]
    title: str
    status: int
    detail: str
    instance: str
    code: Annotated[str, Field(description="Stable; switch on this.")]
    remedy: str
    field: Annotated[str | None, Field(description="The parameter that is wrong.")] = None
    limit: Annotated[str | int | None, Field(description="The bound that was passed.")] = None
    errors: list[ProblemEntry] | None = None


def problem(
    request: Request, code: str, status: int, detail: str, headers: Mapping[str, str] | None = None, **more: Any
) -> JSONResponse:
    """The response that tells of a problem, never kept by a cache; `more` are further members of it."""
    title, remedy = CODES[code]
    body = Problem(
        type=f"{PLACE}{code}",
        title=title,
        status=status,
        detail=detail,
        instance=request.url.path,
        code=code,
        remedy=remedy,
        **more,
    )
    return JSONResponse(
        body.model_dump(mode="json", exclude_none=True),
        status,
        headers={"Cache-Control": "no-store", **(headers or {})},
        media_type=MEDIA_TYPE,
    )


def install(app: FastAPI) -> None:
    """Have every error of `app` answered as a problem."""
    for kind, answer in _ANSWERS.items():
        app.add_exception_handler(kind, answer)


def refusal_problem(request: Request, refused: Refused) -> JSONResponse:
    """The response that tells of a refusal, with its numbers as members."""
    numbers = to_jsonable_python(refused.numbers, fallback=str)
    figures = ", ".join(f"{name} {value}" for name, value in numbers.items())
    title, _ = CODES[refused.reason]
    return problem(
        request, refused.reason, status_of(refused.reason), f"{title}{': ' * bool(figures)}{figures}.", **numbers
    )  # fmt: skip


async def _not_strict(request: Request, error: Any) -> JSONResponse:
    flaws: tuple[Flaw, ...] = error.flaws
    entries = [ProblemEntry(pointer=flaw.pointer, detail=f"{flaw.detail} ({flaw.code})") for flaw in flaws]
    first = flaws[0]
    detail = f"{first.pointer}: {first.detail}."
    return problem(request, first.code, error.status, detail, limit=first.limit, pointer=first.pointer, errors=entries)


async def _refused(request: Request, error: Any) -> JSONResponse:
    return refusal_problem(request, error)


async def _unauthenticated(request: Request, error: Any) -> JSONResponse:
    said = str(error)
    challenge = (
        "Bearer" if error.why == "credentials_missing" else f'Bearer error="invalid_token", error_description="{said}"'
    )
    return problem(request, "unauthenticated", HTTPStatus.UNAUTHORIZED, f"{said}.", {"WWW-Authenticate": challenge})


async def _forbidden(request: Request, error: Any) -> JSONResponse:
    title, _ = CODES[error.code]
    headers = {}
    if error.code == "scope_missing":
        headers = {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{error.scope}"'}
    return problem(request, error.code, HTTPStatus.FORBIDDEN, f"{title}.", headers, scope=error.scope)


async def _rate_limited(request: Request, error: Any) -> JSONResponse:
    headers = {"Retry-After": str(error.left.wait)}
    limit = error.left.rate.amount
    return problem(request, "rate_limited", HTTPStatus.TOO_MANY_REQUESTS, f"{error}.", headers, limit=limit)


async def _issuer_unavailable(request: Request, _error: Any) -> JSONResponse:
    detail = "The keys of the issuer of tokens cannot be read."
    return problem(request, "issuer_unavailable", HTTPStatus.SERVICE_UNAVAILABLE, detail, {"Retry-After": "10"})


async def _not_theirs(request: Request, error: Any) -> JSONResponse:
    code, detail = f"{error.what}_unknown", f"No such {error.what} is known."
    return problem(request, code, HTTPStatus.NOT_FOUND, detail, field=f"{error.what}_id")


async def _approval_unknown(request: Request, error: Any) -> JSONResponse:
    return problem(request, "approval_unknown", HTTPStatus.NOT_FOUND, f"There is no approval {error}.")


async def _approval_decided(request: Request, _error: Any) -> JSONResponse:
    return problem(request, "approval_decided", HTTPStatus.CONFLICT, "It was approved or rejected before.")


async def _no_key(request: Request, error: Any) -> JSONResponse:
    said = str(error)
    return problem(request, "idempotency_key_missing", HTTPStatus.BAD_REQUEST, f"{said[:1].upper()}{said[1:]}.")


async def _key_reused(request: Request, _error: Any) -> JSONResponse:
    detail = "Under this Idempotency-Key another request was made before."
    return problem(request, "idempotency_key_reused", HTTPStatus.UNPROCESSABLE_ENTITY, detail)


async def _running(request: Request, _error: Any) -> JSONResponse:
    detail = "The request of this Idempotency-Key is not finished yet."
    return problem(request, "request_running", HTTPStatus.CONFLICT, detail, {"Retry-After": "1"})


async def _busy(request: Request, error: Any) -> JSONResponse:
    return problem(request, "busy", HTTPStatus.SERVICE_UNAVAILABLE, f"{error}.", {"Retry-After": "2"})


async def _store_unavailable(request: Request, error: Any) -> JSONResponse:
    if request.method == "GET":
        return await _database(request, psycopg.OperationalError(error))
    # What the store says may name hosts and users; it belongs in the log.
    detail = "The store of events did not do it."
    return problem(request, "store_unavailable", HTTPStatus.SERVICE_UNAVAILABLE, detail, {"Retry-After": "5"})


async def _read_only(request: Request, _error: Any) -> JSONResponse:
    detail = "The store of events takes no writes for now; what it holds can be read."
    return problem(request, "store_read_only", HTTPStatus.SERVICE_UNAVAILABLE, detail, {"Retry-After": "30"})


async def _account_unknown(request: Request, error: Any) -> JSONResponse:
    return problem(request, "account_unknown", HTTPStatus.NOT_FOUND, f"{error}.", field="account_id")


def _day_of(request: Request) -> str | None:
    """The parameter that said the day, if one did."""
    return next((name for name in ("as_of", "on") if name in request.query_params), None)


async def _before_opening(request: Request, error: Any) -> JSONResponse:
    more = {"field": _day_of(request), "limit": error.opened_on.isoformat(), "asked": error.asked.isoformat()}
    return problem(request, "as_of_before_opening", HTTPStatus.UNPROCESSABLE_ENTITY, f"{error}.", **more)


async def _too_far_ahead(request: Request, error: Any) -> JSONResponse:
    more = {"field": _day_of(request), "limit": error.latest.isoformat(), "asked": error.asked.isoformat()}
    return problem(request, "as_of_too_far_ahead", HTTPStatus.UNPROCESSABLE_ENTITY, f"{error}.", **more)


async def _view_behind(request: Request, error: Any) -> JSONResponse:
    more = {"view": error.view, "expected": error.expected, "got": error.got}
    return problem(request, "view_behind", HTTPStatus.SERVICE_UNAVAILABLE, f"{error}.", {"Retry-After": "2"}, **more)


async def _database(request: Request, error: Any) -> JSONResponse:
    if isinstance(error, psycopg.errors.ReadOnlySqlTransaction | psycopg.errors.DiskFull):
        return await _read_only(request, error)
    if isinstance(error, psycopg.errors.UndefinedTable | psycopg.errors.InsufficientPrivilege):
        detail = "A table of the read models is missing or may not be read."
        return problem(request, "not_migrated", HTTPStatus.SERVICE_UNAVAILABLE, detail)
    if isinstance(error, psycopg.OperationalError | PoolTimeout):
        # The message of the driver may name hosts and users; it belongs in the log of the database.
        detail = "No connection to the database could be had."
        return problem(request, "database_unavailable", HTTPStatus.SERVICE_UNAVAILABLE, detail, {"Retry-After": "5"})
    return await _internal(request, error)


async def _program_too_old(request: Request, error: Any) -> JSONResponse:
    return problem(request, "program_too_old", HTTPStatus.INTERNAL_SERVER_ERROR, f"{error}.")


async def _internal(request: Request, _error: Any) -> JSONResponse:
    detail = "The request was not answered because of a defect; its log says which."
    return problem(request, "internal", HTTPStatus.INTERNAL_SERVER_ERROR, detail)


async def _http(request: Request, error: Any) -> JSONResponse:
    detail = f"{request.method} {request.url.path}: {error.detail}."
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return problem(request, "method_not_allowed", error.status_code, detail, {"Allow": _allowed(request)})
    return problem(request, "not_found", error.status_code, detail, error.headers)


def _allowed(request: Request) -> str:
    """The methods that this address answers; HEAD goes with GET."""
    path = request.url.path
    methods = {
        method.upper()
        for template, operations in request.app.openapi()["paths"].items()
        if fullmatch(sub(r"\\{\w+\\}", "[^/]+", escape(template)), path)
        for method in operations
    } or {"GET"}
    return ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))


async def _invalid(request: Request, error: Any) -> JSONResponse:
    # What is asked for by a route and by what it depends on is wrong in both places, and said once.
    wrong = dict.fromkeys((tuple(each["loc"]), str(each["msg"])) for each in error.errors())
    entries = [_entry(*each) for each in wrong]
    detail = "; ".join(f"{entry.parameter or entry.pointer}: {entry.detail}" for entry in entries) + "."
    field = entries[0].parameter if len(entries) == 1 else None
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return problem(request, "parameter_invalid", status, detail, field=field, errors=entries)


def _entry(place: tuple[str | int, ...], message: str) -> ProblemEntry:
    why = message.removeprefix("Value error, ")
    where, *path = place
    if where == "body":
        return ProblemEntry(pointer="#" + "".join(f"/{part}" for part in path), detail=why)
    return ProblemEntry(parameter=".".join(map(str, path)), detail=why)


_ANSWERS: dict[type[Exception], Any] = {
    ApprovalDecided: _approval_decided,
    ApprovalUnknown: _approval_unknown,
    Busy: _busy,
    Fault: _store_unavailable,
    Forbidden: _forbidden,
    IssuerUnavailable: _issuer_unavailable,
    KeyReused: _key_reused,
    NoKey: _no_key,
    NotTheirs: _not_theirs,
    RateLimited: _rate_limited,
    ReadOnly: _read_only,
    NotStrict: _not_strict,
    Refused: _refused,
    Running: _running,
    Unauthenticated: _unauthenticated,
    UnknownAccount: _account_unknown,
    BeforeOpening: _before_opening,
    TooFarAhead: _too_far_ahead,
    ViewBehind: _view_behind,
    Unreadable: _program_too_old,
    psycopg.Error: _database,
    PoolTimeout: _database,
    RequestValidationError: _invalid,
    HTTPException: _http,
    Exception: _internal,
}
