"""What is left to whoever asks, told in every answer to them, be it a problem."""

from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.access.rates import Left

_PLACE = "credit.rate"


def tell(scope: Any, left: Left | None) -> None:
    """Have the answer say what is left; None: nobody is counted."""
    if left is not None:
        scope.get(_PLACE, {}).update(left.headers)


class RateHeaders:
    """Adds the headers that were told of on the way."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        told: dict[str, str] = {}

        async def with_rates(message: Message) -> None:
            if told and message["type"] == "http.response.start":
                more = [(name.lower().encode(), value.encode()) for name, value in told.items()]
                message = {**message, "headers": [*message.get("headers", ()), *more]}
            await send(message)

        await self._app({**scope, _PLACE: told}, receive, with_rates)
