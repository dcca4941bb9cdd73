"""Events in the form in which they are published, CloudEvents in JSON: as pages, and live as they are recorded.

From the store itself, in its order, so nothing is missed and nothing is behind. A live stream says with each event where it
is (`id`); who was cut off sends that back as `Last-Event-ID` and goes on there.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Header, Query, Request, Response
from fastapi.sse import format_sse_event
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from consumers.envelope import structured
from domain.recorded import AnyRecorded
from infra.faults import Fault
from infra.http.reads.feed import Bell
from infra.http.reads.pages import LIMIT_MAX, link_next
from infra.http.reads.questions import OVERSEERS, AccountId, Asked, may, router
from infra.http.reads.reading import Desk, Reading
from infra.http.writer import Busy
from infra.views.answers import UnknownAccount

routes = router("", "events")

EVENT_STREAM = "text/event-stream"
_JSON = "application/json"
_BATCH = 200  # events that a stream reads at once
_HEARTBEAT = 15.0  # seconds without an event after which a stream says that it lives
_LIFE = 900.0  # seconds; who goes on listening asks again, and may do so only while they are allowed to
_RETRY = 2_000  # milliseconds after which a listener that was cut off comes again

Events = Sequence[AnyRecorded]
# What follows a place, up to so many.
Following = Callable[[int, int], Awaitable[Events]]


class CloudEvent(BaseModel):
    """One event as it is published: CloudEvents 1.0, and members of our own that are headers on Kafka, as text."""

    model_config = ConfigDict(extra="forbid")

    specversion: Literal["1.0"]
    id: Annotated[str, Field(description="Unique and stable for ever: whose, and its version.")]
    source: Literal["/credit/accounts", "/credit/customers"]
    type: str
    time: Annotated[datetime, Field(description="When it was learnt.")]
    subject: Annotated[str, Field(description="The account's or the customer's id.")]
    datacontenttype: Literal["application/json"]
    aggregateversion: Annotated[str, Field(pattern=r"^[0-9]+$", description="Counts 1, 2, 3 ... within the subject.")]
    typeversion: Annotated[str, Field(pattern=r"^[0-9]+$")]
    position: Annotated[str, Field(pattern=r"^[0-9]+$", description="Its place among all events, without gaps.")]
    businessdate: Annotated[date, Field(description="When it counts, in the account's zone.")]
    commandid: str
    commandindex: Annotated[str, Field(pattern=r"^[0-9]+$")]
    commandhash: str
    actor: Annotated[str, Field(description="Who did it, as role:id; a second pair of eyes after a plus.")]
    chainhash: Annotated[str, Field(description="SHA-256 over the event and the hash before it, in hexadecimal.")]
    correlationid: str | None = None
    causationid: str | None = None
    traceparent: str | None = None
    data: dict[str, Any]


class EventPage(BaseModel):
    """Some of an account's events, in their order."""

    data: list[CloudEvent]
    has_more: bool
    next: Annotated[int | None, Field(description="The `after` of the next page; also in the header `Link`.")]


class LogPage(EventPage):
    """Some of all events, in the order in which they were recorded."""

    head: Annotated[int, Field(description="The last position that there is.")]


class EventsAsked(Asked):
    """Which part of an account's events."""

    after: Annotated[int, Field(ge=0, le=2**53, description="Events with versions above this one.")] = 0
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX, description="At most so many on a page.", examples=[50])] = 100


class LogAsked(EventsAsked):
    """Which part of all events."""

    after: Annotated[int, Field(ge=0, le=2**53, description="Events at positions above this one.")] = 0


LastEventId = Annotated[
    int | None,
    Header(
        alias="Last-Event-ID",
        ge=0,
        le=2**53,
        description="Of a live stream: the `id` of the last event that was received; it goes on after that.",
    ),
]
_STREAM: dict[str, Any] = {
    EVENT_STREAM: {"schema": {"type": "string"}, "example": 'id: 17\ndata: {"specversion":"1.0", ...}\n\n'}
}


@routes.get(
    "/accounts/{account_id}/events",
    operation_id="list_account_events",
    summary="An account's events as they are published, as a page or live",
    response_model=EventPage,
    responses={200: {"content": _STREAM}},
    dependencies=[may("events:read")],
)
async def list_account_events(
    request: Request,
    account_id: AccountId,
    asked: Annotated[EventsAsked, Query()],
    desk: Desk,
    last_event_id: LastEventId = None,
) -> Response:
    """In the order of versions, from the first or from the one after `after`.

    With `Accept: text/event-stream` it goes on with events as they are recorded, until you hang up or are cut off; ask
    again with the last `id` as `Last-Event-ID`.
    """

    async def following(version: int, limit: int) -> Events:
        return await desk.threads(desk.store.load_after, account_id, version, limit)

    if await request.app.state.owners(account_id) is None:
        raise UnknownAccount(account_id)
    return await _answer(request, desk, asked, last_event_id, account_id, following, _version)


@routes.get(
    "/events",
    operation_id="list_events",
    summary="All events as they are published, as a page or live",
    response_model=LogPage,
    responses={200: {"content": _STREAM}},
    dependencies=[may("events:read", OVERSEERS)],
)
async def list_events(
    request: Request, asked: Annotated[LogAsked, Query()], desk: Desk, last_event_id: LastEventId = None
) -> Response:
    """Of accounts and customers, in the order in which they were recorded; positions have no gaps.

    With `Accept: text/event-stream` it goes on as an account's events do.
    """

    async def following(position: int, limit: int) -> Events:
        return await desk.threads(desk.store.read, position, limit)

    return await _answer(request, desk, asked, last_event_id, None, following, _position)


def _version(recorded: AnyRecorded) -> int:
    return recorded.version


def _position(recorded: AnyRecorded) -> int:
    return recorded.position


async def _answer(
    request: Request,
    desk: Reading,
    asked: EventsAsked,
    last_event_id: int | None,
    account_id: UUID | None,
    following: Following,
    place: Callable[[AnyRecorded], int],
) -> Response:
    if EVENT_STREAM in request.headers.get("accept", ""):
        after = asked.after if last_event_id is None else last_event_id
        if request.scope.get("head"):
            return Response(media_type=EVENT_STREAM)
        await following(after, 1)  # where the store does not answer, it is said before the stream begins
        bell = desk.feed.listen(account_id)
        return _Stream(bell, _told(bell, after, following, place))
    found = await following(asked.after, asked.limit + 1)
    shown = found[: asked.limit]
    more = len(found) > len(shown)
    last = place(shown[-1]) if more else None
    members = [
        b'"data":[' + b",".join(map(structured, shown)) + b"]",
        b'"has_more":true' if more else b'"has_more":false',
        b'"next":%s' % (b"null" if last is None else b"%d" % last),
    ]
    if account_id is None:
        members.append(b'"head":%d' % await desk.threads(desk.store.head))
    response = Response(b"{" + b",".join(members) + b"}", media_type=_JSON, headers={"Cache-Control": "no-store"})
    if last is not None:
        link_next(request, response, after=last)
    return response


class _Stream(StreamingResponse):
    """A stream that gives its place back when it is over, however that came about."""

    def __init__(self, bell: Bell, told: AsyncIterator[bytes]) -> None:
        super().__init__(
            told, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}, media_type=EVENT_STREAM
        )
        self._bell = bell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._bell.close()


async def _told(
    bell: Bell, after: int, following: Following, place: Callable[[AnyRecorded], int]
) -> AsyncIterator[bytes]:  # fmt: skip
    """What a stream says: what follows `after`, and then what is recorded, until it ends."""
    loop = asyncio.get_running_loop()
    until = loop.time() + _LIFE
    yield format_sse_event(retry=_RETRY)
    while not bell.ended and loop.time() < until:
        bell.silence()
        try:
            news = await following(after, _BATCH)
        except (Fault, Busy):
            return  # the listener comes again, and is told what the matter is
        for each in news:
            after = place(each)
            yield format_sse_event(data_str=structured(each).decode(), id=str(after))
        if len(news) < _BATCH and not await bell.wait(_HEARTBEAT):
            yield format_sse_event(comment="still here")
