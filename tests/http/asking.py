"""Someone who asks the service over HTTP, in a sandbox, as whoever they are."""

from itertools import count
from typing import Any

import httpx

MORNING = "2026-01-05T10:00:00+08:00"
LIMIT = 800_000
PAY_LATER = "pay-later-2026.1"
INCOME = {"score_limit_fen": LIMIT, "monthly_income_fen": 1_000_000, "monthly_debt_service_fen": 0}


class Asker:
    """Asks as the principals that `headers` of each role stand for."""

    def __init__(self, client: httpx.AsyncClient, headers: dict[str, dict[str, str]], name: str) -> None:
        self.client, self._headers, self._name = client, headers, name
        self._numbers = count(1)
        self.at = MORNING
        self.customer_id = f"c-{name}"

    def new_key(self) -> str:
        return f"{self._name}-{next(self._numbers)}"

    async def ask(
        self, method: str, path: str, body: Any = None, by: str = "service", key: str | None = None, **headers: str
    ) -> httpx.Response:
        """The response; a write gets a key of its own unless one is given."""
        said = self._headers[by] | {"Sandbox-Time": self.at} | headers
        if method != "GET":
            said |= {"Idempotency-Key": key or self.new_key()}
        if isinstance(body, bytes):
            said |= {"Content-Type": "application/json"}
        content = {} if body is None else {"content": body} if isinstance(body, bytes) else {"json": body}
        return await self.client.request(method, path, headers=said, **content)

    async def post(self, path: str, body: Any = None, by: str = "service", **more: Any) -> httpx.Response:
        return await self.ask("POST", path, body, by, **more)

    async def done(self, path: str, body: Any = None, by: str = "service", **more: Any) -> dict[str, Any]:
        """The answer to what must be done."""
        response = await self.post(path, body, by, **more)
        assert response.status_code in {200, 201}, response.text
        return response.json()

    async def granted(self) -> str:
        """The path of an account that was granted to a new customer."""
        person = f"/customers/{self.customer_id}"
        for kind in ("credit_check", "credit_reporting", "loan_agreement"):
            await self.done(f"{person}/consents", {"kind": kind, "evidence_ref": "e-1"})
        await self.done(f"{person}/identity-verification", {"evidence_ref": "e-2"}, "officer")
        await self.done(f"{person}/age", {"adult": True, "evidence_ref": "e-2"}, "officer")
        decided = await self.done(f"{person}/applications", {"terms_version": PAY_LATER, **INCOME})
        return f"/accounts/{decided['account']['account_id']}"


def types(answer: dict[str, Any]) -> list[str]:
    return [event["type"] for event in answer["events"]]
