"""Statements as they were printed, and the notices that an account's customer was given."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Path, Query, Request, Response
from pydantic import BaseModel, Field

from domain.events import AccountBilled, InactivityNoticed, StatementLines, TermsChanged
from domain.recorded import Recorded
from infra.http.reads.pages import Page, Part, link_next
from infra.http.reads.questions import IF_NONE_MATCH, VERSIONED, AccountId, AsOf, Connection, Versioned, may, router
from infra.http.reads.reading import Desk
from infra.http.reads.waiting import waits_for
from infra.views import answers

routes = router("/accounts/{account_id}", "accounts")


class StatementUnknown(Exception):  # noqa: N818 - it is an answer, not an error
    """No statement of that number was issued."""

    def __init__(self, account_id: UUID, asked: int, last: int) -> None:
        super().__init__(f"account {account_id} has no statement {asked}; the last one is {last}")
        self.account_id, self.asked, self.last = account_id, asked, last


class Statement(BaseModel):
    """A statement as it was printed: final. What was paid of it since is in the balance."""

    statement_no: int
    version: Annotated[int, Field(description="The event that issued it.")]
    issued_on: date
    covers_from: date
    covers_to: date
    due_date: date
    currency: str
    balance_fen: int
    minimum_fen: int
    own_minimum_fen: Annotated[int, Field(description="The minimum without what earlier ones left unpaid.")]
    lines: StatementLines


class StatementPage(Page[Statement]):
    """Some of the statements, the oldest first."""


class StatementsAsked(Part, AsOf):
    """Which statements: those that were issued up to a day, and which part of them."""


class Notice(BaseModel):
    """Something that the customer was told in advance, and when it comes or came about."""

    version: Annotated[int, Field(description="The event that says so.")]
    kind: Literal["freeze", "closure", "terms"]
    told_on: date
    from_date: Annotated[date, Field(description="When it is frozen or closed, unless used; when the terms hold.")]
    notice_ref: Annotated[str, Field(description="The notice's own reference, or the template that it was made from.")]
    channel: Annotated[str | None, Field(description="How they were told, where that is known.")]
    terms_version: str | None


class Notices(BaseModel):
    """Every notice, the oldest first."""

    account_id: UUID
    version: int
    data: list[Notice]


@routes.get(
    "/statements",
    operation_id="list_statements",
    summary="Every statement of an account",
    responses=VERSIONED,
    openapi_extra=IF_NONE_MATCH,
    dependencies=[may("accounts:read"), Depends(waits_for("audit"))],
)
async def list_statements(
    request: Request,
    response: Response,
    account_id: AccountId,
    asked: Annotated[StatementsAsked, Query()],
    connection: Connection,
    desk: Desk,
    say: Versioned,
) -> StatementPage:
    """The oldest first; what is issued meanwhile comes at the end."""
    question = ["statements", account_id, asked.as_of]
    after = 0 if asked.cursor is None else desk.cursors.read(question, asked.cursor)[0]
    version, issued = await answers.some_events_of(connection, account_id, [AccountBilled.TYPE], asked.as_of)
    say(version)
    found = [told for told in map(statement_of, issued) if told.statement_no > after]
    shown, following = found[: asked.limit], None
    if len(found) > asked.limit:
        following = desk.cursors.write(question, [shown[-1].statement_no])
        link_next(request, response, cursor=following)
    return StatementPage(data=shown, has_more=following is not None, next=following)


@routes.get(
    "/statements/{statement_no}",
    operation_id="get_statement",
    summary="One statement",
    responses=VERSIONED,
    openapi_extra=IF_NONE_MATCH,
    dependencies=[may("accounts:read"), Depends(waits_for("audit"))],
)
async def get_statement(
    account_id: AccountId,
    statement_no: Annotated[int, Path(ge=1, le=2**31, description="Its number, from 1.", examples=[1])],
    connection: Connection,
    say: Versioned,
) -> Statement:
    """As it was printed. It never changes, so its version is that of the event that issued it."""
    _, issued = await answers.some_events_of(connection, account_id, [AccountBilled.TYPE])
    told = next((told for told in map(statement_of, issued) if told.statement_no == statement_no), None)
    if told is None:
        raise StatementUnknown(account_id, statement_no, len(issued))
    say(told.version)
    return told


def statement_of(recorded: Recorded) -> Statement:
    """The statement that an event issued. Raises TypeError where it issued none."""
    event = recorded.event
    if not isinstance(event, AccountBilled):
        raise TypeError(f"{recorded.event_id} is no statement")
    return Statement(
        statement_no=event.statement_no,
        version=recorded.version,
        issued_on=event.business_date,
        covers_from=event.covers_from,
        covers_to=event.covers_to,
        due_date=event.due_date,
        currency=event.currency,
        balance_fen=event.balance_fen,
        minimum_fen=event.minimum_fen,
        own_minimum_fen=event.own_minimum_fen,
        lines=event.lines,
    )


@routes.get(
    "/notices",
    operation_id="list_notices",
    summary="What the customer was told in advance",
    responses=VERSIONED,
    openapi_extra=IF_NONE_MATCH,
    dependencies=[may("accounts:read"), Depends(waits_for("audit"))],
)
async def list_notices(
    account_id: AccountId, asked: Annotated[AsOf, Query()], connection: Connection, say: Versioned
) -> Notices:
    """Of a freeze or a closure for want of use, and of new terms; the oldest first."""
    types = [InactivityNoticed.TYPE, TermsChanged.TYPE]
    version, told = await answers.some_events_of(connection, account_id, types, asked.as_of)
    say(version)
    return Notices(account_id=account_id, version=version, data=list(map(_notice, told)))


def _notice(recorded: Recorded) -> Notice:
    event = recorded.event
    match event:
        case InactivityNoticed():
            return Notice(
                version=recorded.version,
                kind=event.step,
                told_on=event.business_date,
                from_date=event.due_on,
                notice_ref=event.template,
                channel=event.channel,
                terms_version=None,
            )
        case TermsChanged():
            return Notice(
                version=recorded.version,
                kind="terms",
                told_on=event.business_date,
                from_date=event.from_date,
                notice_ref=event.notice_id,
                channel=None,
                terms_version=event.version,
            )
        case _:
            raise TypeError(f"{recorded.event_id} is no notice")
