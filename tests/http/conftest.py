"""The application in process, over a migrated database that holds two accounts."""

from contextlib import asynccontextmanager
from functools import cache

import httpx
import pytest

from domain.commands import Actor
from domain.customer_commands import GiveConsent
from infra.access.issuing import issue
from infra.accounts import Accounts
from infra.http import create_app
from infra.migrations import migrate
from infra.settings import Settings
from infra.store.event_store import EventStore
from infra.store.roles import role_url
from infra.views.store import ViewStore
from infra.views.tables import VIEWS
from tests.projections.stories import Story, noon


@pytest.fixture(scope="session")
def story() -> Story:
    """A purchase, a missed minimum, a late payment."""
    return Story().buys("2026-01-10", 123_457).pays("2026-03-05", 13_000)


@pytest.fixture(scope="session")
def shown(new_database, story) -> str:
    url = new_database()
    migrate(url)
    events = [*story.recorded, *Story("c-2").recorded]
    with EventStore(role_url(url, "credit_writer"), pool_size=1) as store:
        store.append(events)
        for customer_id in ("c-1", "c-2"):
            Accounts(store).execute(
                GiveConsent(
                    command_id="k-1",
                    customer_id=customer_id,
                    actor=Actor(role="customer", id=customer_id),
                    at=noon("2026-01-04"),
                    kind="credit_check",
                    evidence_ref="e-1",
                )
            )
    for layout in VIEWS:
        with ViewStore(role_url(url, "credit_views"), layout) as store:
            store.commit("credit.account-events.v1", 0, 0, len(events), events)
    return url


@pytest.fixture(scope="session")
def key_of():
    """The headers by which somebody of a role is known to the service over a database."""

    @cache
    def key(url: str, role: str, name: str = "me", **more) -> dict[str, str]:
        issued = issue(role_url(url, "credit_access"), role, name, **more)
        return {"Authorization": f"Bearer {issued.text}"}

    return key


@pytest.fixture(scope="session")
def api(shown, bootstrap_servers, key_of):
    """`async with api() as client`, an auditor; named settings take the place of the good ones."""

    auditor = key_of(shown, "auditor")

    @asynccontextmanager
    async def opened(**changed):
        good = {"database_url": shown, "kafka_bootstrap_servers": bootstrap_servers}
        app = create_app(Settings(**(good | changed)))
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://credit", headers=auditor) as client,
        ):
            client.app = app
            yield client

    return opened


@pytest.fixture(scope="session")
def get(api):
    """The response to a GET of `path`."""
    import asyncio

    def asked(path: str, **changed) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with api(**changed) as client:
                return await client.get(path)

        return asyncio.run(ask())

    return asked
