"""Who may do what over HTTP: read off the routes themselves, for the README, for tests, and for whoever asks."""

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from fastapi import FastAPI
from fastapi.routing import APIRoute

from infra.access import ROLES, Role
from infra.http.allowed import Allowed


class Door(NamedTuple):
    """One operation, and who may use it; `allowed` is None where everybody may, known or not."""

    operation: str
    method: str
    path: str
    allowed: Allowed | None


def doors(app: FastAPI) -> list[Door]:
    """Every described operation of the application, in the order of paths."""
    return sorted(_doors(app), key=lambda door: (door.path, door.method))


def _doors(app: FastAPI) -> Iterator[Door]:
    for included in app.routes:
        for route in getattr(included, "original_router", app).routes:
            if isinstance(route, APIRoute) and route.include_in_schema:
                found = [each.call for each in route.dependant.dependencies if isinstance(each.call, Allowed)]
                if len(found) > 1:
                    raise AssertionError(f"{route.path} asks twice whether one may")
                for method in sorted(route.methods or ()):
                    yield Door(route.operation_id or route.name, method, route.path, found[0] if found else None)


def table(app: FastAPI) -> str:
    """The doors as a table in Markdown: a row for each operation, a column for each role."""
    heads = ["operation", "request", "scope", *ROLES]
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    for door in doors(app):
        if door.allowed is None:
            cells = ["none", *["open"] * len(ROLES)]
        else:
            cells = [f"`{door.allowed.scope}`", *(_cell(role, door.allowed.roles) for role in ROLES)]
        lines.append(f"| {' | '.join([f'`{door.operation}`', f'`{door.method} {door.path}`', *cells])} |")
    return "\n".join(lines)


def _cell(role: Role, roles: Collection[Role]) -> str:
    if role not in roles:
        return ""
    whose = "own" if role == "customer" else "yes"
    return f"{whose}, as {roles[role]}" if isinstance(roles, Mapping) and roles[role] != role else whose
