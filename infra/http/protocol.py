"""How HTTP/1.1 is spoken on a connection: as uvicorn speaks it, within bounds.

Of itself uvicorn waits for ever for a request that does not end, keeps as many headers as are sent, lets whoever does not
read its answer hold a connection, and queues pipelined requests without end. And where it counts connections, those that
send nothing keep out those that have something to ask: here they make room, the one first that has waited longest.
"""

import asyncio
from http import HTTPStatus
from typing import Any

from fastapi import Request
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from infra.http.problems import problem
from infra.http.shield import BODY_MAX

URL_MAX = 8_192  # bytes
HEADERS_MAX = 100
HEAD_MAX = 32_768  # bytes of the request's line and its headers together
HEAD_SECONDS = 10.0  # from the connection, or from the answer before, until the headers are there
UNREAD_SECONDS = 30.0  # that an answer may stay unread
CONNECTIONS_MAX = 512  # half of the files that a process may usually have open
PIPELINE_MAX = 8  # requests that may wait for the answer to the one before them
# A request on the wire: in chunks of one byte a body takes six times its length.
_WIRE_MAX = HEAD_MAX + 8 * BODY_MAX


class GuardedProtocol(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn speaks it, within bounds."""

    _in_head = False
    _received = 0  # bytes, since this request began
    _headers = 0
    _head_bytes = 0
    _head_timer: asyncio.TimerHandle | None = None
    _unread_timer: asyncio.TimerHandle | None = None
    _refusal: tuple[str, HTTPStatus, str, int | None] = (
        "request_malformed", HTTPStatus.BAD_REQUEST, "What was sent is no request of HTTP/1.1.", None,
    )  # fmt: skip

    # What asyncio tells.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()
        if len(self.connections) > CONNECTIONS_MAX:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        super().data_received(data)
        self._received += len(data)
        # One header is not told by the parser before it ends.
        if self._received > (HEAD_MAX if self._in_head else _WIRE_MAX) and not self.transport.is_closing():
            self._refusal = _heavy()
            self._tell()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread_timer = self.loop.call_later(UNREAD_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._unread_timer is not None:
            self._unread_timer.cancel()

    # What the parser finds. What is raised here ends the parsing, and uvicorn then calls `send_400_response`.

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True
        self._received = self._headers = self._head_bytes = 0

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > URL_MAX:
            detail = f"An address may have {URL_MAX} bytes."
            self._refusal = ("url_too_long", HTTPStatus.REQUEST_URI_TOO_LONG, detail, URL_MAX)
            raise ValueError

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers += 1
        self._head_bytes += len(name) + len(value)
        if self._headers > HEADERS_MAX or self._head_bytes > HEAD_MAX:
            self._refusal = _heavy()
            raise ValueError
        if self._in_head:  # what follows a body is not heard: whoever checked the headers has not seen it
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._stop_waiting()
        super().on_headers_complete()
        if len(self.pipeline) > PIPELINE_MAX:
            raise ValueError

    # What uvicorn does.

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - what uvicorn says of it
        self._tell()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.cycle.response_complete and not self.transport.is_closing():
            self._await_head()

    def _await_head(self) -> None:
        self._stop_waiting()
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self._head_is_late)

    def _stop_waiting(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        if self._in_head:
            detail = f"Its line and its headers must be there within {HEAD_SECONDS:g} seconds."
            self._refusal = ("request_too_slow", HTTPStatus.REQUEST_TIMEOUT, detail, None)
            self._tell()
        else:
            self.transport.close()

    def _make_room(self) -> None:
        waiting: list[tuple[float, GuardedProtocol]] = [
            (each._head_timer.when(), each)  # noqa: SLF001 - of its own kind
            for each in self.connections
            if isinstance(each, GuardedProtocol) and each._head_timer is not None  # noqa: SLF001
        ]
        _, longest = min(waiting, key=lambda each: each[0])
        longest._stop_waiting()  # noqa: SLF001
        longest.transport.abort()

    def _tell(self) -> None:
        """Answer why a request is not taken, and hang up; the answer to one before it is not interrupted by another."""
        if self.cycle is None or self.cycle.response_complete:  # type: ignore[redundant-expr]  # there is none at first
            code, status, detail, limit = self._refusal
            answer = problem(Request(_NOWHERE), code, status, detail, {"Connection": "close"}, limit=limit)
            lines = [f"HTTP/1.1 {status.value} {status.phrase}".encode()]
            lines += [name + b": " + value for name, value in answer.raw_headers]
            self.transport.write(b"\r\n".join([*lines, b"", bytes(answer.body)]))
        self.transport.close()


_NOWHERE: dict[str, Any] = {"type": "http", "path": "/", "query_string": b"", "headers": []}


def _heavy() -> tuple[str, HTTPStatus, str, int]:
    detail = f"A request may have {HEADERS_MAX} headers, and its line and headers {HEAD_MAX} bytes."
    return "headers_too_large", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, detail, HEAD_MAX
