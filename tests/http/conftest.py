"""The application in process, over a migrated database that holds two accounts."""

from contextlib import asynccontextmanager
from functools import cache

import httpx
import pytest

from infra.access.issuing import issue
from infra.http import create_app
from infra.migrations import migrate
from infra.settings import Settings
from infra.store.roles import role_url
from infra.views.store import ViewStore
from infra.views.tables import VIEWS
from tests.projections.stories import Story


@pytest.fixture(scope="session")
def story() -> Story:
    """A purchase, a missed minimum, a late payment."""
    return Story().buys("2026-01-10", 123_457).pays("2026-03-05", 13_000)


@pytest.fixture(scope="session")
def shown(new_database, story) -> str:
    url = new_database()
    migrate(url)
    events = [*story.recorded, *Story("c-2").recorded]
    for layout in VIEWS:
        with ViewStore(role_url(url, "credit_views"), layout) as store:
            store.commit("credit.account-events.v1", 0, 0, len(events), events)
    return url


@pytest.fixture(scope="session")
def api(shown, bootstrap_servers):
    """`async with api() as client`; named settings take the place of the good ones."""

    @asynccontextmanager
    async def opened(**changed):
        good = {"database_url": shown, "kafka_bootstrap_servers": bootstrap_servers}
        app = create_app(Settings(**(good | changed)))
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://credit") as client,
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


@pytest.fixture(scope="session")
def key_of():
    """The headers by which somebody of a role is known to the service over a database."""

    @cache
    def key(url: str, role: str, name: str = "me", **more) -> dict[str, str]:
        issued = issue(role_url(url, "credit_access"), role, name, **more)
        return {"Authorization": f"Bearer {issued.text}"}

    return key
