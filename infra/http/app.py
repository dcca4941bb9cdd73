"""The application: its routes for accounts, its pool of connections, and how it is put together."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool
from pydantic.json_schema import models_json_schema
from starlette.types import ASGIApp

from infra.access import Access
from infra.accounts import Accounts
from infra.faults import Fault
from infra.http import approving, docs, figures, health, personal_data, problems, reads, shield, writing
from infra.http.approvals import Approvals
from infra.http.clock import clock
from infra.http.head import Head
from infra.http.idempotency import Requests
from infra.http.owners import Owners
from infra.http.rate_headers import RateHeaders
from infra.http.seen import Routed, Seen
from infra.http.shield import Shield
from infra.http.stopping import Stopping
from infra.http.writer import Writer
from infra.settings import Settings
from infra.store.event_store import EventStore
from infra.store.roles import role_url
from infra.telemetry import metrics
from infra.telemetry.progress import Progress
from infra.vault import Vault
from infra.vault.masters import Masters
from infra.views import answers

_POOL_SIZE = 8
_WRITERS = 4  # connections to the store of events
_CONNECT_PATIENCE = 3.0  # seconds to wait for a connection before saying that there is none


_OPEN = frozenset({"/livez", "/readyz", "/startupz"})
_TAGS = [
    {"name": name, "description": said}
    for name, said in {
        "accounts": "Accounts, their terms and how they stand.",
        "applications": "Asking for credit, and what is decided.",
        "customers": "People: consents, identity, preferences, notices.",
        "purchases": "Buying on credit, and refunds.",
        "authorizations": "Limit that is reserved for a purchase to come.",
        "loans": "Money that is drawn and repaid in instalments.",
        "payments": "Money that arrives, is returned or paid out.",
        "plans": "Instalment plans: made, and agreed on in distress.",
        "freezes": "Why borrowing stops, and goes on.",
        "appeals": "Asking for a freeze or a closure to be looked at again.",
        "closures": "The end of a limit, and its return.",
        "disputes": "What a customer denies.",
        "corrections": "What officers put right.",
        "reports": "What the credit bureau is told.",
        "events": "Everything that happened, as it is published.",
        "books": "The double-entry books.",
        "quotes": "What credit would cost.",
        "personal": "Personal data, kept apart from the history.",
        "keys": "Who may ask.",
        "approvals": "What waits for a second person.",
        "operations": "Running it: time, takeovers, notices.",
        "health": "Whether it lives, and can answer.",
    }.items()
]


def create_app(settings: Settings) -> FastAPI:
    """The application over the read models that `settings` name. Raises Fault where they name none.

    The database may be down when it starts: it answers 503 until it is there.
    """
    app = _Application(
        title="Credit accounts",
        version=version("credit-account-service"),
        description="What credit accounts owe, may spend and are reported with, on any day. Amounts are whole minor "
        "units of the account's currency, dates are in the account's time zone.",
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        servers=[{"url": "/", "description": "Where this description was read."}],
        openapi_tags=_TAGS,
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        # Spans of requests are FastAPI's own; figures and log lines are ours, and name nothing that was sent.
        telemetry={"auto_configure": False, "metrics": False, "logs": False, "operation_spans": False},
    )
    app.state.settings = settings
    app.state.clock = clock(settings)
    app.state.stopping = Stopping()
    app.state.reader_url = _url(settings, "credit_reader", settings.reader_url)
    app.state.writer_url = _url(settings, "credit_writer", settings.writer_url)
    app.state.access_url = _url(settings, "credit_access", settings.access_url)
    app.state.vault_url = _url(settings, "credit_vault", settings.vault_url)
    problems.install(app)
    app.add_middleware(Routed)  # the first one is the innermost
    app.add_middleware(Head)
    app.add_middleware(RateHeaders)
    reads.install(app)
    app.include_router(writing.router)
    app.include_router(approving.router)
    personal_data.install(app)
    app.include_router(health.router)
    app.include_router(figures.router)
    docs.install(app)
    return app


def bare() -> FastAPI:
    """The application without anything behind it, to be looked at."""
    return create_app(Settings(database_url="postgresql://nobody@localhost/nothing"))


def described() -> dict[str, Any]:
    """What the interface is like."""
    return bare().openapi()


class _Application(FastAPI):
    def build_middleware_stack(self) -> ASGIApp:
        """The shield stands outside of everything, so that what is said of a defect is dressed as well, and what it turns
        away is seen, too.
        """
        return Seen(Shield(super().build_middleware_stack(), always_https=self.state.settings.always_https))

    def openapi(self) -> dict[str, Any]:
        """The description, in which errors have the media type they really have."""
        if self.openapi_schema is not None:
            return self.openapi_schema
        described = super().openapi()
        _, bodies = models_json_schema(
            [(body, "validation") for body in (*writing.BODIES, *reads.BODIES)],
            ref_template="#/components/schemas/{model}",
        )
        _join(described["components"]["schemas"], bodies["$defs"])
        described["components"]["securitySchemes"] = {
            "key": {
                "type": "http",
                "scheme": "bearer",
                "description": "An API key, or a token of the identity provider.",
            }
        }
        for path, methods in described["paths"].items():
            for operation in methods.values():
                operation["security"] = [] if path in _OPEN else [{"key": []}]
                shield.describe(operation)
                for status, response in operation["responses"].items():
                    if status >= "400" and "application/json" in response["content"]:
                        response["content"] = {problems.MEDIA_TYPE: response["content"]["application/json"]}
        return described


def _join(schemas: dict[str, Any], bodies: dict[str, Any]) -> None:
    """Add the schemas of bodies; one that bears the name of an answer's, and is another, is called `...Asked`."""
    text = json.dumps(bodies)
    for name in sorted(bodies.keys() & schemas.keys()):
        if bodies[name] != schemas[name]:
            text = text.replace(f'#/components/schemas/{name}"', f'#/components/schemas/{name}Asked"')
            text = text.replace(f'"{name}": {{', f'"{name}Asked": {{')
    schemas |= json.loads(text)


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
        state.kept = await open_now.enter_async_context(_pool(state.access_url, ""))
        state.access = await open_now.enter_async_context(aclosing(Access(state.kept, state.settings)))
        sealed = await open_now.enter_async_context(_pool(state.vault_url, ""))
        state.vault = Vault(sealed, Masters(state.settings))
        state.store = open_now.enter_context(EventStore(state.writer_url, _WRITERS, told=metrics.appended))
        state.health, state.progress = health.Health(state), Progress(state.settings)
        state.accounts = Accounts(state.store)
        state.reading = await open_now.enter_async_context(reads.opened(state))
        state.owners = Owners(state.accounts)
        state.approvals = Approvals(state.kept)
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
