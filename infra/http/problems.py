"""Every error as problem details (RFC 9457): a stable code, the figures behind it, and what to do about it."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any

import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from psycopg_pool import PoolTimeout
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from domain.codec import Unreadable
from infra.views.answers import TooFarAhead, UnknownAccount, ViewBehind
from projections.folding import BeforeOpening

MEDIA_TYPE = "application/problem+json"
# code: the title it always has, and what whoever asked can do about it
CODES: dict[str, tuple[str, str]] = {
    "account_unknown": (
        "No such account",
        "Check the account id; an account that was opened just now may take some seconds to be seen.",
    ),
    "as_of_before_opening": ("The account did not exist on that day", "Ask for a day from its opening on."),
    "as_of_too_far_ahead": ("The day lies too far ahead", "Ask for a day up to the limit."),
    "parameter_invalid": ("A parameter cannot be used", "Correct the named parameters."),
    "not_found": ("There is nothing at this address", "See /docs for the addresses there are."),
    "method_not_allowed": ("This address only answers GET and HEAD", "Use GET; commands are not taken over HTTP."),
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
        type=f"/docs#{code}",
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


async def _account_unknown(request: Request, error: Any) -> JSONResponse:
    return problem(request, "account_unknown", HTTPStatus.NOT_FOUND, f"{error}.", field="account_id")


async def _before_opening(request: Request, error: Any) -> JSONResponse:
    more = {"field": "as_of", "limit": error.opened_on.isoformat(), "asked": error.asked.isoformat()}
    return problem(request, "as_of_before_opening", HTTPStatus.UNPROCESSABLE_ENTITY, f"{error}.", **more)


async def _too_far_ahead(request: Request, error: Any) -> JSONResponse:
    more = {"field": "as_of", "limit": error.latest.isoformat(), "asked": error.asked.isoformat()}
    return problem(request, "as_of_too_far_ahead", HTTPStatus.UNPROCESSABLE_ENTITY, f"{error}.", **more)


async def _view_behind(request: Request, error: Any) -> JSONResponse:
    return problem(request, "view_behind", HTTPStatus.SERVICE_UNAVAILABLE, f"{error}.", {"Retry-After": "2"})


async def _database(request: Request, error: Any) -> JSONResponse:
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
        return problem(request, "method_not_allowed", error.status_code, detail, {"Allow": "GET, HEAD"})
    return problem(request, "not_found", error.status_code, detail, error.headers)


async def _invalid(request: Request, error: Any) -> JSONResponse:
    entries = [_entry(each["loc"], str(each["msg"])) for each in error.errors()]
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
