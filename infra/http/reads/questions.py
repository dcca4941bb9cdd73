"""What reads have in common: how an account, a day and a page are asked for, who may, and what is said beside an answer."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import date
from functools import partial
from re import findall, fullmatch
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from psycopg import AsyncConnection
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from infra.access import Role
from infra.http.allowed import Allowed
from infra.http.problems import documented

# Who may read an account; a customer only their own.
READERS: tuple[Role, ...] = ("customer", "service", "operator", "officer", "auditor")
# Who may read what is of everybody at once.
OVERSEERS: tuple[Role, ...] = ("operator", "officer", "auditor")
# What somebody owes is nothing for a cache on the way.
NOT_KEPT = {"Cache-Control": "no-store"}


class NotModified(Exception):  # noqa: N818 - it is an answer, not an error
    """Whoever asks has seen this version already."""

    def __init__(self, etag: str) -> None:
        super().__init__(etag)
        self.etag = etag


def _say_version(request: Request, response: Response, version: int) -> None:
    etag = f'"{version}"'
    response.headers["ETag"] = etag
    known = ",".join(request.headers.getlist("if-none-match"))
    if known.strip() == "*" or etag in findall(r'"[^"]*"', known):
        raise NotModified(etag)


def _versioned(request: Request, response: Response) -> Callable[[int], None]:
    return partial(_say_version, request, response)


# Say the version of what is answered: it becomes the ETag. Raises NotModified where it has been seen.
Versioned = Annotated[Callable[[int], None], Depends(_versioned)]


async def _connection(request: Request) -> AsyncIterator[AsyncConnection[Any]]:
    async with request.app.state.pool.connection() as connection:
        yield connection


# One moment of the read models.
Connection = Annotated[AsyncConnection[Any], Depends(_connection)]


def _iso_date(value: object) -> object:
    # Without this a bare number would be taken for seconds since 1970.
    if isinstance(value, str) and not fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise ValueError("it must be a date like 2026-02-10")
    return value


Day = Annotated[date, BeforeValidator(_iso_date)]
AccountId = Annotated[
    UUID, Path(description="The account's id.", examples=["2b6b51cc-6a3e-8c54-9a0e-7a1f0c4f5d10"])
]  # fmt: skip


class Asked(BaseModel):
    """A misspelt parameter is refused: it would silently give another answer."""

    model_config = ConfigDict(extra="forbid")


class AsOf(Asked):
    """On which day."""

    as_of: Annotated[
        Day | None,
        Field(
            description="At the end of this day; by default the day of its last event.", examples=["2026-02-20"]
        ),
    ] = None  # fmt: skip


class On(Asked):
    """For which day."""

    on: Annotated[
        Day | None,
        Field(description="As it stands on this day; by default today, in the account's zone.", examples=["2026-02-20"]),
    ] = None  # fmt: skip


def _said_once(request: Request) -> None:
    # Of two days the second would be taken, and whoever reads the answer may have meant the first.
    counts = Counter(name for name, _ in request.query_params.multi_items())
    twice = [
        {"loc": ("query", name), "msg": "it is given more than once"} for name, count in counts.items() if count > 1
    ]
    if twice:
        raise RequestValidationError(twice)


def _not_kept(response: Response) -> None:
    response.headers.update(NOT_KEPT)


VERSIONED: dict[int | str, dict[str, Any]] = {
    200: {"headers": {"ETag": {"description": "The version that is answered.", "schema": {"type": "string"}}}},
    304: {"description": "The version is one that `If-None-Match` names."},
}
# How the header by which who has seen a version says so is described.
IF_NONE_MATCH: dict[str, Any] = {
    "parameters": [
        {
            "name": "If-None-Match",
            "in": "header",
            "required": False,
            "description": 'Answer 304 where this is still the version, an ETag such as "17".',
            "schema": {"type": "string"},
            "example": '"17"',
        }
    ]
}


def router(prefix: str, tag: str) -> APIRouter:
    """A router of reads."""
    return APIRouter(
        prefix=prefix,
        tags=[tag],
        responses=documented(),
        dependencies=[Depends(_said_once), Depends(_not_kept)],
    )


def may(scope: str, roles: tuple[Role, ...] = READERS, *, personal: bool = False) -> Any:
    """The dependency that lets only those in who may; the principal for who needs to know."""
    return Depends(Allowed(scope, roles, personal=personal))
