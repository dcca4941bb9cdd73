"""The application: its routes for accounts, its pool of connections, and how it is put together."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from datetime import date
from importlib.metadata import version
from re import fullmatch
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.json_schema import models_json_schema
from starlette.types import ASGIApp

from domain.events import Access, FreezeReason, Standing, Status
from infra.accounts import Accounts
from infra.faults import Fault
from infra.http import approving, docs, health, problems, shield, writing
from infra.http.approvals import Approvals
from infra.http.clock import clock
from infra.http.head import Head
from infra.http.idempotency import Requests
from infra.http.owners import Owners
from infra.http.problems import Problem
from infra.http.shield import Shield
from infra.http.writer import Writer
from infra.settings import Settings
from infra.store.event_store import EventStore
from infra.store.roles import role_url
from infra.views import answers
from infra.views.answers import History
from projections.balance import Balance
from projections.bureau import CreditReport

_POOL_SIZE = 8
_WRITERS = 4  # connections to the store of events
_CONNECT_PATIENCE = 3.0  # seconds to wait for a connection before saying that there is none


def create_app(settings: Settings) -> FastAPI:
    """The application over the read models that `settings` name. Raises Fault where they name none.

    The database may be down when it starts: it answers 503 until it is there.
    """
    app = _Application(
        title="Credit accounts",
        version=version("credit-account-service"),
        description="What credit accounts owe, may spend and are reported with, on any day. Amounts are whole minor "
        "units of the account's currency, dates are in the account's time zone.",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
    )
    app.state.settings = settings
    app.state.clock = clock(settings)
    app.state.reader_url = _url(settings, "credit_reader", settings.reader_url)
    app.state.writer_url = _url(settings, "credit_writer", settings.writer_url)
    app.state.access_url = _url(settings, "credit_access", settings.access_url)
    problems.install(app)
    app.add_middleware(Head)
    app.include_router(accounts)
    app.include_router(writing.router)
    app.include_router(approving.router)
    app.include_router(health.router)
    docs.install(app)
    return app


def described() -> dict[str, Any]:
    """What the interface is like, without anything behind it."""
    return create_app(Settings(database_url="postgresql://nobody@localhost/nothing")).openapi()


class _Application(FastAPI):
    def build_middleware_stack(self) -> ASGIApp:
        """The shield stands outside of everything, so that what is said of a defect is dressed as well."""
        return Shield(super().build_middleware_stack(), always_https=self.state.settings.always_https)

    def openapi(self) -> dict[str, Any]:
        """The description, in which errors have the media type they really have."""
        if self.openapi_schema is not None:
            return self.openapi_schema
        described = super().openapi()
        _, bodies = models_json_schema(
            [(body, "validation") for body in writing.BODIES], ref_template="#/components/schemas/{model}"
        )
        described["components"]["schemas"] |= bodies["$defs"]
        for methods in described["paths"].values():
            for operation in methods.values():
                shield.describe(operation)
                for status, response in operation["responses"].items():
                    if status >= "400" and "application/json" in response["content"]:
                        response["content"] = {problems.MEDIA_TYPE: response["content"]["application/json"]}
        return described


def _url(settings: Settings, role: str, url: str | None) -> str:
    if url is not None:
        return url
    if settings.database_url is None:
        name = f"CREDIT_{role.removeprefix('credit_').upper()}_URL"
        raise Fault(f"The HTTP API needs a database: set CREDIT_DATABASE_URL or {name}.")
    return role_url(settings.database_url, role)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    state = app.state
    async with AsyncExitStack() as open_now:
        state.pool = await open_now.enter_async_context(_pool(state.reader_url, answers.SNAPSHOT))
        kept = await open_now.enter_async_context(_pool(state.access_url, ""))
        store = open_now.enter_context(EventStore(state.writer_url, _WRITERS))
        state.accounts = Accounts(store)
        state.owners = Owners(state.accounts)
        state.approvals = Approvals(kept)
        state.requests = await open_now.enter_async_context(aclosing(Requests(state.access_url)))
        state.writer = await open_now.enter_async_context(aclosing(Writer(state.accounts)))
        yield


@asynccontextmanager
async def _pool(url: str, options: str) -> AsyncIterator[AsyncConnectionPool[AsyncConnection[Any]]]:
    pool = AsyncConnectionPool(
        url,
        min_size=1,
        max_size=_POOL_SIZE,
        timeout=_CONNECT_PATIENCE,
        open=False,
        kwargs={"options": options, "connect_timeout": 3},
        check=AsyncConnectionPool.check_connection,
        name="http",
    )
    await pool.open(wait=False)
    try:
        yield pool
    finally:
        await pool.close()


async def _connection(request: Request) -> AsyncIterator[AsyncConnection[Any]]:
    async with request.app.state.pool.connection() as connection:
        yield connection


def _iso_date(value: object) -> object:
    # Without this a bare number would be taken for seconds since 1970.
    if isinstance(value, str) and not fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise ValueError("it must be a date like 2026-02-10")
    return value


_Day = Annotated[date, BeforeValidator(_iso_date)]
_AsOf = Annotated[_Day | None, Field(description="At the end of this day; by default the day of its last event.")]


class AsOf(BaseModel):
    """A misspelt parameter is refused: it would silently give the figures of another day."""

    model_config = ConfigDict(extra="forbid")

    as_of: _AsOf = None


class Page(AsOf):
    """Which part of a history."""

    after: Annotated[int, Field(ge=0, le=2**53, description="Events with versions above this one.")] = 0
    limit: Annotated[int, Field(ge=1, le=1_000, description="At most so many events.")] = 100


class Links(BaseModel):
    """Where more is told of the account."""

    balance: str
    credit_report: str
    history: str


class Account(BaseModel):
    """An account at a glance."""

    account_id: UUID
    as_of: date
    version: int
    customer_id: str
    product: str
    currency: str
    zone: str
    access: Access
    standing: Standing
    status: Status
    freeze_reasons: tuple[FreezeReason, ...]
    opened_on: date
    activated_on: date | None
    closed_on: date | None
    limit_fen: int
    owed_fen: int
    credit_fen: int
    minimum_due_fen: int
    days_past_due: int
    links: Links


AccountId = Annotated[UUID, Path(description="The account's id.")]
Connection = Annotated[AsyncConnection[Any], Depends(_connection)]
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    404: {"model": Problem, "description": "No such account."},
    422: {"model": Problem, "description": "A parameter cannot be used."},
    503: {"model": Problem, "description": "The database does not answer, or the history is still catching up."},
}


def _said_once(request: Request) -> None:
    # Of two days the second would be taken, and whoever reads the answer may have meant the first.
    counts = Counter(name for name, _ in request.query_params.multi_items())
    twice = [
        {"loc": ("query", name), "msg": "it is given more than once"} for name, count in counts.items() if count > 1
    ]
    if twice:
        raise RequestValidationError(twice)


def _not_kept(response: Response) -> None:
    # What somebody owes is nothing for a cache on the way.
    response.headers["Cache-Control"] = "no-store"


accounts = APIRouter(
    prefix="/accounts/{account_id}",
    tags=["accounts"],
    responses=_PROBLEMS,
    dependencies=[Depends(_said_once), Depends(_not_kept)],
)


@accounts.get("", operation_id="get_account", summary="An account at a glance")
async def get_account(account_id: AccountId, asked: Annotated[AsOf, Query()], connection: Connection) -> Account:
    """The headline figures of the account, and where the rest is told."""
    seen = await answers.balance_of(connection, account_id, asked.as_of)
    place = f"/accounts/{account_id}"
    day = f"?as_of={asked.as_of}" if asked.as_of else ""
    links = Links(
        balance=f"{place}/balance{day}", credit_report=f"{place}/credit-report{day}", history=f"{place}/history{day}"
    )
    return Account(**{name: getattr(seen, name) for name in Account.model_fields if name != "links"}, links=links)


@accounts.get("/balance", operation_id="get_balance", summary="What an account owes and may spend")
async def get_balance(account_id: AccountId, asked: Annotated[AsOf, Query()], connection: Connection) -> Balance:
    """Every bucket, the latest statement, what is due and what is past due."""
    return await answers.balance_of(connection, account_id, asked.as_of)


@accounts.get("/credit-report", operation_id="get_credit_report", summary="What the credit bureau is told of it")
async def get_credit_report(
    account_id: AccountId, asked: Annotated[AsOf, Query()], connection: Connection
) -> CreditReport:
    """The last 24 months as they ended, the open month as it stands."""
    return await answers.report_of(connection, account_id, asked.as_of)


@accounts.get("/history", operation_id="get_history", summary="Every event of an account, in words")
async def get_history(
    account_id: AccountId, asked: Annotated[Page, Query()], connection: Connection, response: Response
) -> History:
    """Oldest first; the next page is named by `next_after` and by the `Link` header."""
    page = await answers.history_of(connection, account_id, asked.after, asked.limit, asked.as_of)
    if page.next_after is not None:
        day = f"&as_of={asked.as_of}" if asked.as_of else ""
        target = f"/accounts/{account_id}/history?after={page.next_after}&limit={asked.limit}{day}"
        response.headers["Link"] = f'<{target}>; rel="next"'
    return page
