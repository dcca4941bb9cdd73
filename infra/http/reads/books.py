"""The books of all accounts or of one: the trial balance at the end of a day, and the journal day by day."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import BaseModel, Field

from domain.calendar import business_date
from infra.http.reads.pages import Page, Part, link_next
from infra.http.reads.questions import OVERSEERS, Asked, Connection, Day, may, router
from infra.http.reads.reading import Desk
from infra.store.event_store import EventStore
from infra.views import books
from infra.views.books import Books
from projections.books import TrialLine

routes = router("/books", "books")
_PATIENCE = "20s"
_ZONE = "UTC"


class BooksAsked(Asked):
    """On which day, and whose."""

    as_of: Annotated[
        Day | None,
        Field(description="At the end of this day; by default the last on which something was posted."),
    ] = None  # fmt: skip
    account_id: Annotated[UUID | None, Field(description="Of this account alone.")] = None


class BooksTold(Books):
    """What is posted up to a day, one trial balance a currency, and what it was held against.

    `compared` of the `accounts` have no later event in either view, so their balances are those of the day.
    `events_applied` are all that the books have read, whatever their day.
    """

    events_behind: Annotated[int, Field(description="Recorded events that the books have not read yet.")]


class JournalAsked(Part):
    """Which days, and whose."""

    from_date: Annotated[Day | None, Field(description="Posted on this day or later.")] = None
    to_date: Annotated[Day | None, Field(description="Posted on this day or earlier.")] = None
    account_id: Annotated[UUID | None, Field(description="Of this account alone.")] = None


class JournalEntry(BaseModel):
    """What was posted on one business date of one account; debits are credits. Amounts in minor units of `currency`."""

    business_date: date
    account_id: UUID
    currency: str
    lines: list[TrialLine]


class JournalPage(Page[JournalEntry]):
    """Some of the journal, day by day."""


@routes.get(
    "",
    operation_id="get_books",
    summary="The trial balance at the end of a day",
    dependencies=[may("books:read", OVERSEERS)],
)
async def get_books(request: Request, asked: Annotated[BooksAsked, Query()], desk: Desk) -> BooksTold:
    """Receivables and customer credit are held against what each event says is owed, and against the balance view."""
    today = business_date(request.app.state.clock(request), _ZONE)
    return await desk.long(_books, request.app.state.reader_url, desk.store, asked, today)


def _books(reader_url: str, store: EventStore, asked: BooksAsked, today: date) -> BooksTold:
    head = store.events_of_accounts()
    day = asked.as_of or books.last_day(reader_url) or today
    found = books.books_of(reader_url, day, asked.account_id, patience=_PATIENCE)
    return BooksTold.model_construct(**dict(found), events_behind=max(0, head - found.events_applied))


@routes.get(
    "/journal",
    operation_id="list_journal",
    summary="What was posted, day by day and account by account",
    dependencies=[may("books:read", OVERSEERS)],
)
async def list_journal(
    request: Request,
    response: Response,
    asked: Annotated[JournalAsked, Query()],
    connection: Connection,
    desk: Desk,
) -> JournalPage:
    """The oldest day first; the lines of each entry are accounts of the chart on the side where they were moved."""
    question = ["journal", asked.model_dump(mode="json", exclude={"cursor", "limit"})]
    after = None
    if asked.cursor is not None:
        day, account_id = desk.cursors.read(question, asked.cursor)
        after = date.fromisoformat(day), UUID(account_id)
    span = books.Span(asked.from_date, asked.to_date, asked.account_id)
    found = await books.journal_of(connection, span, after, asked.limit + 1)
    data = [
        JournalEntry(business_date=day, account_id=account_id, currency=currency, lines=lines)
        for day, account_id, currency, lines in found[: asked.limit]
    ]
    following = None
    if len(found) > asked.limit:
        following = desk.cursors.write(question, [data[-1].business_date, data[-1].account_id])
        link_next(request, response, cursor=following)
    return JournalPage(data=data, has_more=following is not None, next=following)
