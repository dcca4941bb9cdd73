"""Each request seen from outside: counted and timed, told of in one log line, and given its place in a trace.

A log line names the route and ids, never a query, a header or a body. Handlers add to it what only they know:
`bind_contextvars(command_id=...)` of `infra.telemetry.logs`.
"""

from asyncio import CancelledError
from http import HTTPStatus
from time import perf_counter

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.http.problems import problem
from infra.telemetry import metrics, traces
from infra.telemetry.logs import LOG, bind_contextvars, clear_contextvars

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_PROBES = frozenset({"/livez", "/readyz", "/startupz", "/metrics"})  # asked every few seconds, and told of in figures
_BROKEN_OFF = 499  # as others count a request whose asker went before the answer
_DEFECT = 500
_ROUTED = "routed"


class Seen:
    """The outermost layer of the application but for FastAPI's own tracing."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status = perf_counter(), _BROKEN_OFF
        clear_contextvars()
        traceparent = _traceparent(scope)
        scope.setdefault("state", {})["traceparent"] = traceparent
        if traceparent:
            bind_contextvars(trace_id=traceparent[3:35])

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, sent)
        except CancelledError:
            if status == _BROKEN_OFF and scope["app"].state.stopping.asked:
                await _broken_off(Request(scope))(scope, receive, sent)
            raise
        except Exception:
            status = _DEFECT
            LOG.exception("defect", method=scope["method"], **_routed(scope))
            raise
        finally:
            _tell(scope, status, perf_counter() - begun)


class Routed:
    """The innermost layer: tells the outermost which route it was, for the layers between may hand on copies."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        finally:
            if scope["type"] == "http":
                named = {"route": getattr(scope.get("route"), "path", "")}
                if "account_id" in scope.get("path_params", {}):
                    named["account_id"] = str(scope["path_params"]["account_id"])[:36]
                scope["state"][_ROUTED] = named


def _broken_off(request: Request) -> Response:
    detail = "The service was stopped before this request was finished; it may have been recorded or not."
    return problem(request, "stopping", HTTPStatus.SERVICE_UNAVAILABLE, detail, {"Retry-After": "1"})


def _tell(scope: Scope, status: int, seconds: float) -> None:
    method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
    routed = _routed(scope)
    metrics.asked(method, routed["route"], status, seconds)
    if routed["route"] not in _PROBES:
        LOG.info("request", method=method, status=status, milliseconds=round(seconds * 1000, 1), **routed)


def _routed(scope: Scope) -> dict[str, str]:
    """The template of the path, so that there are as many as there are routes, empty where none fits; and the account."""
    found: dict[str, str] = scope["state"].get(_ROUTED, {"route": ""})
    return found


def _traceparent(scope: Scope) -> str:
    """Of the span of this request; where nothing is traced here, what the asker sent, so that events still keep it."""
    given = Headers(scope=scope).get("traceparent", "")
    return traces.current() or (given if traces.usable(given) else "")
