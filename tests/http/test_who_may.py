"""Every operation, asked for by everybody, of their own things and of others': who may is as the table says."""

import asyncio
from contextlib import AsyncExitStack
from uuid import uuid4

import httpx
import pytest

from infra.access import ROLES
from infra.http import create_app
from infra.http.app import bare
from infra.http.who import doors
from infra.migrations import migrate
from infra.settings import Settings
from tests.http.asking import Asker

_OPEN = {"is_alive", "is_ready", "is_started"}
_MINE, _OTHER = "c-mine", "c-other"


def test_every_operation_has_one_door_and_only_health_stands_open():
    assert {door.operation for door in doors(bare()) if door.allowed is None} <= _OPEN
    assert len(doors(bare())) == sum(map(len, bare().openapi()["paths"].values()))


@pytest.fixture(scope="module")
def outcomes(new_database, bootstrap_servers, key_of):
    """(operation, role, whose) -> (status, code) of a request that says nothing but whom it is about."""
    url = new_database()
    migrate(url)
    people = {role: key_of(url, role) for role in ROLES if role != "customer"}
    people |= {"customer": key_of(url, "customer", _MINE, customer_id=_MINE), "nobody": {}}
    # Nobody is counted: each asks for everything.
    settings = Settings(
        database_url=url, kafka_bootstrap_servers=bootstrap_servers, sandbox=True, rate_limit="0"
    )  # fmt: skip
    app = create_app(settings)

    async def opened(ask, customer_id):
        body = {"customer_id": customer_id, "terms_version": "pay-later-2026.1"}
        return (await ask.done("/accounts", body))["account_id"]

    async def everything():
        found = {}
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(app.router.lifespan_context(app))
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            client = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://credit"))
            ask = Asker(client, people, "who")
            whose = {
                "own": {"account_id": await opened(ask, _MINE), "customer_id": _MINE},
                "other": {"account_id": await opened(ask, _OTHER), "customer_id": _OTHER},
            }
            for door in doors(app):
                for role in people:
                    for name, ids in whose.items():
                        path = door.path.format_map(_Names(ids))
                        # A body that can be read and never be used: nothing is changed for whoever comes next.
                        body = None if door.method in {"GET", "DELETE"} else {"no such field": 1}
                        answer = await ask.ask(door.method, path, body, role)
                        code = answer.json().get("code") if "json" in answer.headers["content-type"] else None
                        found[door.operation, role, name] = answer.status_code, code
        return found

    return asyncio.run(everything())


class _Names(dict):
    """Names of whatever else a path needs."""

    def __missing__(self, name: str) -> str:
        known = {
            "kind": "credit_check",
            "subject": "due",
            "reason": "inactive",
            "day": "2026-01-05",
            "month": "2026-01",
        }
        return known.get(name, str(uuid4()))


_TURNED_AWAY = {"unauthenticated", "role_not_permitted", "scope_missing", "customer_only"}


@pytest.mark.parametrize("door", doors(bare()), ids=lambda door: door.operation)
def test_each_role_may_what_the_table_says(outcomes, door):
    mine = "account_id" in door.path or "customer_id" in door.path
    for role in (*ROLES, "nobody"):
        for whose in ("own", "other"):
            status, code = outcomes[door.operation, role, whose]
            told = (door.operation, role, whose, status, code)
            if door.allowed is None:
                assert code not in _TURNED_AWAY, told
            elif role == "nobody":
                assert (status, code) == (401, "unauthenticated"), told
            elif role not in door.allowed.roles:
                assert (status, code) == (403, "role_not_permitted"), told
            elif role == "customer" and whose == "other" and mine:
                assert (status, code) in {(404, "account_unknown"), (404, "customer_unknown")}, told
            else:
                assert code not in _TURNED_AWAY, told
                assert status < 500 or status == 503, told
