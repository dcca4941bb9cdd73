"""Is the process alive, and can it answer: the database, its migrations and the broker, but not how far views lag."""

import asyncio
from http import HTTPStatus
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from psycopg import Error
from psycopg.errors import InsufficientPrivilege, UndefinedTable
from psycopg_pool import PoolTimeout
from pydantic import BaseModel

from infra.http.problems import Problem, problem
from infra.kafka.reachability import reachable
from infra.migrations import FOLDER
from infra.settings import Settings

router = APIRouter(tags=["health"])
_PATIENCE = 3.0  # seconds that each check may take


class Alive(BaseModel):
    """The event loop answers."""

    status: Literal["ok"] = "ok"


class Ready(BaseModel):
    """Everything that answers need is there; each check says `ok`."""

    status: Literal["ok"] = "ok"
    checks: dict[str, str]


@router.get("/livez", operation_id="is_alive", summary="Whether the process is alive")
async def is_alive() -> Alive:
    """Nothing else is asked: a dead database is no reason to restart this process."""
    return Alive()


@router.get(
    "/readyz",
    operation_id="is_ready",
    summary="Whether it can answer",
    response_model=Ready,
    responses={503: {"model": Problem, "description": "Something is missing; `checks` says what."}},
)
async def is_ready(request: Request) -> Response | Ready:
    """Views that lag do not make it unready, or a backlog would take every replica out at once."""
    state = request.app.state
    database, broker = await asyncio.gather(_database(state.pool), _broker(state.settings))
    checks = database | broker
    if set(checks.values()) == {"ok"}:
        return Ready(checks=checks)
    missing = "; ".join(f"{name}: {said}" for name, said in checks.items() if said != "ok")
    return problem(request, "not_ready", HTTPStatus.SERVICE_UNAVAILABLE, f"{missing}.", checks=checks)


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


async def _broker(settings: Settings) -> dict[str, str]:
    servers = settings.kafka_bootstrap_servers
    if servers is None:
        return {"kafka": "CREDIT_KAFKA_BOOTSTRAP_SERVERS is not set"}
    return {"kafka": "ok" if await reachable(servers, _PATIENCE) else "does not answer"}
