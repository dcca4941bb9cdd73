"""The routes that read: one module for each resource, and what they share.

Views answer what they hold, with `ETag`, `If-None-Match` and `Wait-For-Version`; what stands on an account at this moment
is folded from the store. Lists are pages with cursors, events are pages or live streams. Long work is done in threads.
"""

from fastapi import FastAPI

from infra.http.reads import (
    accounts,
    books,
    customers,
    events,
    explanations,
    outlook,
    parts,
    quotes,
    statements,
)
from infra.http.reads.exceptions import ANSWERS
from infra.http.reads.reading import opened

__all__ = ["BODIES", "install", "opened"]

BODIES = quotes.BODIES
_ROUTERS = (
    accounts.listed,
    accounts.routes,
    statements.routes,
    outlook.routes,
    parts.routes,
    explanations.routes,
    customers.listed,
    customers.routes,
    events.routes,
    books.routes,
    quotes.routes,
)


def install(app: FastAPI) -> None:
    """Have `app` answer reads; its `state.reading` is what `opened` yields while it runs."""
    for kind, answer in ANSWERS.items():
        app.add_exception_handler(kind, answer)
    for routes in _ROUTERS:
        app.include_router(routes)
