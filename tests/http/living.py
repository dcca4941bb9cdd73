"""A service over a database of its own, and someone who asks it; the views follow when they are told to."""

import asyncio
from contextlib import AsyncExitStack

import httpx

from domain.recorded import Recorded
from infra.http import create_app
from infra.migrations import migrate
from infra.settings import Settings
from infra.store.event_store import EventStore
from infra.store.roles import role_url
from infra.views.store import ViewStore
from infra.views.tables import VIEWS
from tests.http.asking import Asker

_TOPIC, _MANY = "credit.account-events.v1", 100_000


class Living:
    """The service and its event loop, which runs only while something is asked of it."""

    def __init__(self, url: str, bootstrap_servers: str, key_of) -> None:
        migrate(url)
        self.url, self._key_of = url, key_of
        self.app = create_app(Settings(database_url=url, kafka_bootstrap_servers=bootstrap_servers, sandbox=True))
        self._runner = asyncio.Runner()
        self.run = self._runner.run
        self._open = AsyncExitStack()
        self._client = self.run(self._start())

    async def _start(self) -> httpx.AsyncClient:
        await self._open.enter_async_context(self.app.router.lifespan_context(self.app))
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        return await self._open.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://credit"))

    def stop(self) -> None:
        self.run(self._open.aclose())
        self._runner.close()

    def someone(self, name: str) -> Asker:
        """Somebody new, and people of every role."""
        people = {role: self._key_of(self.url, role, role) for role in ("service", "operator", "officer", "auditor")}
        people["other officer"] = self._key_of(self.url, "officer", "other-officer")
        people["customer"] = self._key_of(self.url, "customer", name, customer_id=f"c-{name}")
        return Asker(self._client, people, name)

    def show(self, *views: str) -> None:
        """Bring the named views up to the end of the store; all of them where none is named."""
        with EventStore(role_url(self.url, "credit_writer"), pool_size=1) as store:
            events = [each for each in store.read(0, _MANY) if isinstance(each, Recorded)]
        for layout in VIEWS:
            if not views or layout.name in views:
                with ViewStore(role_url(self.url, "credit_views"), layout) as view:
                    at = view.position(_TOPIC, 0)
                    view.commit(_TOPIC, 0, at, at + 1, events)
