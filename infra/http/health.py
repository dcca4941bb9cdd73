"""Is the process alive, has it started, can it answer, and can it record: four questions, told apart.

Alive: the event loop answers; else restart it. Started: it has once reached an up-to-date database. Ready: the database,
its migrations and the broker answer, and nobody has asked it to stop; else send no requests here. Whether it can record
is said beside that: a store that takes no writes can still be read, and a view that lags still answers.
"""

import asyncio
from http import HTTPStatus
from time import monotonic
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from psycopg import Error
from psycopg.errors import InsufficientPrivilege, UndefinedTable
from psycopg_pool import PoolTimeout
from pydantic import BaseModel

from infra.faults import Fault
from infra.http.problems import Problem, problem
from infra.kafka.reachability import reachable
from infra.migrations import FOLDER
from infra.settings import Settings
from infra.store.event_store import EventStore

router = APIRouter(tags=["health"])
_PATIENCE = 3.0  # seconds that each check may take
_KEPT = 1.0  # seconds for which checks hold, because anybody may ask for them
_READ_ONLY = "read only: "


class Alive(BaseModel):
    """The event loop answers."""

    status: Literal["ok"] = "ok"


class Ready(BaseModel):
    """Everything that answers need is there; where nothing can be recorded for now, the status says so."""

    status: Literal["ok", "read_only"] = "ok"
    checks: dict[str, str] | None = None


class Health:
    """What an application depends on, looked at no more than once a second however many ask."""

    def __init__(self, state: Any) -> None:
        self._state = state
        self._looking: asyncio.Task[dict[str, str]] | None = None
        self._since = 0.0
        self.started = False

    async def checks(self) -> dict[str, str]:
        """Each part and `ok`, or what is the matter with it."""
        if self._looking is None or (self._looking.done() and monotonic() - self._since > _KEPT):
            self._since = monotonic()
            self._looking = asyncio.create_task(self._look(), name="health")
        found = dict(await asyncio.shield(self._looking))
        if self._state.stopping.asked:
            found["process"] = "stopping"
        return found

    async def _look(self) -> dict[str, str]:
        database, store, broker = await asyncio.gather(
            _database(self._state.pool), _store(self._state.store), _broker(self._state.settings)
        )
        found = {"process": "ok"} | database | store | broker
        self.started = self.started or (found["database"], found["migrations"]) == ("ok", "ok")
        return found


@router.get("/livez", operation_id="is_alive", summary="Whether the process is alive")
async def is_alive() -> Alive:
    """Nothing else is asked: a dead database is no reason to restart this process."""
    return Alive()


@router.get(
    "/startupz",
    operation_id="is_started",
    summary="Whether it has started",
    response_model=Alive,
    responses={503: {"model": Problem, "description": "It has not reached an up-to-date database yet."}},
)
async def is_started(request: Request) -> Response | Alive:
    """Once it has, it stays so: what is lost later is said by `/readyz`."""
    health: Health = request.app.state.health
    if not health.started:
        checks = await health.checks()
        if not health.started:
            return _not_ready(request, {name: checks[name] for name in ("database", "migrations")})
    return Alive()


@router.get(
    "/readyz",
    operation_id="is_ready",
    summary="Whether it can answer",
    response_model=Ready,
    response_model_exclude_none=True,
    responses={503: {"model": Problem, "description": "Something is missing; `checks` says what."}},
)
async def is_ready(
    request: Request, verbose: Annotated[str | None, Query(description="Given, with or without a value: name each check.")] = None
) -> Response | Ready:  # fmt: skip
    """Views that lag do not make it unready, or a backlog would take every replica out at once.

    Neither does a store that takes no writes for now: it is `read_only` then.
    """
    checks = await request.app.state.health.checks()
    read_only = checks["store"].startswith(_READ_ONLY)
    if {said for name, said in checks.items() if not (name == "store" and read_only)} != {"ok"}:
        return _not_ready(request, checks)
    return Ready(status="read_only" if read_only else "ok", checks=None if verbose is None else checks)


def _not_ready(request: Request, checks: dict[str, str]) -> Response:
    missing = "; ".join(f"{name}: {said}" for name, said in checks.items() if said != "ok")
    return problem(
        request, "not_ready", HTTPStatus.SERVICE_UNAVAILABLE, f"{missing}.", {"Retry-After": "5"}, checks=checks
    )  # fmt: skip


async def _database(pool: Any) -> dict[str, str]:
    try:
        async with asyncio.timeout(_PATIENCE), pool.connection(_PATIENCE) as connection:
            cursor = await connection.execute("SELECT name FROM migrations")
            applied = {name for (name,) in await cursor.fetchall()}
    except (UndefinedTable, InsufficientPrivilege):
        applied = set()
    except (Error, PoolTimeout, TimeoutError):
        return {"database": "does not answer", "migrations": "not known"}
    # Files that a newer program has applied are no reason to refuse: that is what a rolling upgrade looks like.
    missing = sorted({file.name for file in FOLDER.glob("[0-9]*.sql")} - applied)
    return {"database": "ok", "migrations": f"{', '.join(missing)} not applied" if missing else "ok"}


async def _store(store: EventStore) -> dict[str, str]:
    try:
        async with asyncio.timeout(_PATIENCE):
            why = await asyncio.to_thread(store.read_only)
    except (Fault, TimeoutError):
        return {"store": "does not answer"}
    return {"store": f"{_READ_ONLY}{why}" if why else "ok"}


async def _broker(settings: Settings) -> dict[str, str]:
    servers = settings.kafka_bootstrap_servers
    if servers is None:
        return {"kafka": "CREDIT_KAFKA_BOOTSTRAP_SERVERS is not set"}
    return {"kafka": "ok" if await reachable(servers, _PATIENCE) else "does not answer"}
