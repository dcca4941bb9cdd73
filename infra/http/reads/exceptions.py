"""What is answered where a read has no answer, or none that is new."""

from http import HTTPStatus
from typing import Any

from fastapi import Request, Response

from infra.http.problems import problem
from infra.http.reads.customers import CustomerUnknown
from infra.http.reads.feed import STREAMS_MAX, TooManyStreams
from infra.http.reads.pages import BadCursor
from infra.http.reads.questions import NOT_KEPT, NotModified
from infra.http.reads.statements import StatementUnknown


async def _not_modified(_: Request, seen: Any) -> Response:
    return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": seen.etag, **NOT_KEPT})


async def _bad_cursor(request: Request, _: Any) -> Response:
    detail = "The cursor is not one of this list with these filters."
    return problem(request, "cursor_invalid", HTTPStatus.UNPROCESSABLE_ENTITY, detail, field="cursor")


async def _customer_unknown(request: Request, error: Any) -> Response:
    detail = f"Nothing is known of a customer {error}."
    return problem(request, "customer_unknown", HTTPStatus.NOT_FOUND, detail, field="customer_id")


async def _statement_unknown(request: Request, error: Any) -> Response:
    detail = f"Account {error.account_id} has no statement {error.asked}; the last one is {error.last}."
    more = {"field": "statement_no", "asked": error.asked, "limit": error.last}
    return problem(request, "statement_unknown", HTTPStatus.NOT_FOUND, detail, **more)


async def _too_many_streams(request: Request, _: Any) -> Response:
    detail = f"This process serves no more than {STREAMS_MAX} live streams, or is about to end."
    return problem(request, "streams_exhausted", HTTPStatus.SERVICE_UNAVAILABLE, detail, {"Retry-After": "5"})


ANSWERS: dict[type[Exception], Any] = {
    NotModified: _not_modified,
    BadCursor: _bad_cursor,
    CustomerUnknown: _customer_unknown,
    StatementUnknown: _statement_unknown,
    TooManyStreams: _too_many_streams,
}
