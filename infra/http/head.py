"""HEAD: what GET would answer, headers and all, without the body."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Head:
    """Asks the application for a GET where a HEAD was asked, and keeps the body back."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        # What would go on for ever has to know that nobody listens.
        asked = {**scope, "method": "GET", "head": True}
        await self._app(asked, receive, without_body)
