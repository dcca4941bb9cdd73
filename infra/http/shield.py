"""The shield around the application: what a request may weigh, how long it may take, and what every answer carries.

A body is taken in whole before anything is done for it, so whoever sends slowly or without end costs memory within a
bound and nothing else. What stands before the body (its line and its headers) is watched where it is read, in `server`.
"""

import asyncio
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.http.problems import Problem, problem

BODY_MAX = 1_048_576  # bytes; a takeover of an account with thousands of purchases is the largest that is meant
BODIES_MAX = 32 * BODY_MAX  # bytes of bodies in here at once, over all requests
IDLE_SECONDS = 5.0  # between two parts of a body
BODY_SECONDS = 20.0  # for a whole body
ANSWER_SECONDS = 30.0  # until an answer begins; how long a stream then lasts is its own affair
_LINGER_SECONDS = 1.0
_LINGER_MAX = 4 * BODY_MAX  # bytes that are passed over while a refusal is being read
_CLOSE = {"Connection": "close"}

_ALWAYS = {
    "Cache-Control": "no-store",  # what somebody owes is nothing for a cache on the way
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_NOTHING = "default-src 'none'; frame-ancestors 'none'"
_PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HSTS = "max-age=31536000"  # a year


class _Refused(Exception):  # noqa: N818 - it becomes an answer
    """A request is not taken in."""

    def __init__(self, code: str, status: HTTPStatus, detail: str, headers: dict[str, str], **more: Any) -> None:
        super().__init__(code)
        self.answer = (code, status, detail)
        self.headers = headers
        self.more = more


class Shield:
    """The application, kept unharmed by whatever is sent.

    `always_https` says that it is never reached but by HTTPS: browsers are then told to remember that.
    """

    def __init__(self, app: ASGIApp, *, always_https: bool = False) -> None:
        self._app = app
        self._always = _ALWAYS | ({"Strict-Transport-Security": _HSTS} if always_https else {})
        self._held = 0  # bytes of bodies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message.setdefault("headers", [])
                headers = MutableHeaders(scope=message)
                for name, value in self._always.items():
                    headers.setdefault(name, value)
                page = headers.get("content-type", "").startswith("text/html")
                headers.setdefault("Content-Security-Policy", _PAGE if page else _NOTHING)
            await send(message)

        try:
            _check(scope)
            await self._take_in(scope, receive, dressed)
        except _Refused as refused:
            answer = problem(Request(scope), *refused.answer, refused.headers, **refused.more)
            await answer(scope, receive, _lingering(receive, dressed) if "Connection" in refused.headers else dressed)

    async def _take_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _has_body(Headers(scope=scope)):
            await _answer(self._app, scope, receive, send)
            return
        body = bytearray()
        try:
            if not await self._read(receive, body):
                return  # whoever asked has gone
            await _answer(self._app, scope, _again(bytes(body), receive), send)
        finally:
            self._held -= len(body)

    async def _read(self, receive: Receive, body: bytearray) -> bool:
        """Take the body in; False where its sender is gone before the end. Raises _Refused."""
        try:
            async with asyncio.timeout(BODY_SECONDS):
                more = True
                while more:
                    async with asyncio.timeout(IDLE_SECONDS):
                        message = await receive()
                    if message["type"] == "http.disconnect":
                        return False
                    part = message.get("body", b"")
                    body += part
                    self._held += len(part)
                    if len(body) > BODY_MAX:
                        raise _too_large()
                    if self._held > BODIES_MAX:
                        detail = "Too many large requests are being taken in."
                        raise _Refused("busy", HTTPStatus.SERVICE_UNAVAILABLE, detail, _CLOSE | {"Retry-After": "2"})
                    more = message.get("more_body", False)
        except TimeoutError:
            detail = f"Its parts must follow within {IDLE_SECONDS:g} seconds, and all of it within {BODY_SECONDS:g}."
            raise _Refused("body_too_slow", HTTPStatus.REQUEST_TIMEOUT, detail, _CLOSE) from None
        return True


def _has_body(headers: Headers) -> bool:
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


def _check(scope: Scope) -> None:
    """What can be said before the body is there. Raises _Refused."""
    headers = Headers(scope=scope)
    if scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
        detail = "No page of another origin is allowed to ask."
        raise _Refused("cross_origin_refused", HTTPStatus.FORBIDDEN, detail, {})
    if not _has_body(headers):
        return
    length = headers.get("content-length", "")
    if length and int(length) > BODY_MAX:  # the server has seen to it that it is a number
        raise _too_large()
    kind, *parameters = (part.strip().lower() for part in headers.get("content-type", "").split(";"))
    if kind != "application/json" or parameters not in ([], ["charset=utf-8"], ['charset="utf-8"']):
        detail = "The body must be application/json, in UTF-8."
        more = _CLOSE | {"Accept": "application/json"}
        raise _Refused("media_type_unsupported", HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail, more)
    if headers.get("content-encoding", "identity").lower() != "identity":
        detail = "The body must be sent as it is, without a Content-Encoding."
        raise _Refused("media_type_unsupported", HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail, _CLOSE)


def _too_large() -> _Refused:
    detail = f"A body may have {BODY_MAX} bytes."
    return _Refused("body_too_large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail, _CLOSE, limit=BODY_MAX)


def _again(body: bytes, receive: Receive) -> Receive:
    """A body that was taken in, to be received; after it whatever else comes."""
    first = True

    async def received() -> Message:
        nonlocal first
        if first:
            first = False
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return received


def _lingering(receive: Receive, send: Send) -> Send:
    """Ends an answer only when its reader had a moment to read it: hanging up on one who still sends may take it away."""

    async def sent(message: Message) -> None:
        if message["type"] != "http.response.body":
            await send(message)
            return
        await send({**message, "more_body": True})
        passed_over = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(_LINGER_SECONDS):
                while passed_over < _LINGER_MAX and (part := await receive()).get("more_body", False):
                    passed_over += len(part["body"])
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    return sent


async def _answer(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Have the application answer. Raises _Refused where the answer does not begin in time."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS) as patience:

            async def begun(message: Message) -> None:
                patience.reschedule(None)
                await send(message)

            await app(scope, receive, begun)
    except TimeoutError:
        if not patience.expired():
            raise
        detail = f"It was not answered within {ANSWER_SECONDS:g} seconds; it may have been done."
        raise _Refused("answer_too_slow", HTTPStatus.SERVICE_UNAVAILABLE, detail, {"Retry-After": "5"}) from None


_EVERYWHERE = {
    408: "The request came too slowly.",
    414: "The address is too long.",
    431: "The headers are too large.",
    503: "It cannot be answered at this moment.",
}
_WITH_BODY = {413: "The body is too large.", 415: "The body is no application/json."}


def describe(operation: dict[str, Any]) -> None:
    """Add to an operation of the OpenAPI description what the shield may answer in its place."""
    said = _EVERYWHERE | (_WITH_BODY if "requestBody" in operation else {})
    schema = {"$ref": f"#/components/schemas/{Problem.__name__}"}
    for status, description in said.items():
        response = {"description": description, "content": {"application/problem+json": {"schema": schema}}}
        operation["responses"].setdefault(str(status), response)
