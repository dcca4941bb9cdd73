"""A small service behind the shield, to be attacked: `python -m tests.http.shielded PORT`, with bounds that are soon met."""

import asyncio
import sys
from collections.abc import AsyncIterator

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import Response, StreamingResponse

from infra.http import problems, protocol, shield, strict_json
from infra.http.shield import Shield

CONNECTIONS_MAX = 40
BODIES_MAX = 4 * shield.BODY_MAX

app = FastAPI()
problems.install(app)


@app.get("/ping")
async def ping() -> str:
    return "pong"


@app.post("/echo")
async def echo(request: Request) -> Response:
    content = await strict_json.read(request)
    return Response(content, headers={"Heard": request.headers.get("said", "nothing")})


@app.post("/hold")
async def hold(request: Request) -> None:
    await request.body()
    await asyncio.sleep(600)


@app.get("/never")
async def never() -> None:
    await asyncio.sleep(600)


@app.get("/much")
async def much() -> StreamingResponse:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(1_000):
            yield bytes(100_000)

    return StreamingResponse(parts())


@app.get("/defect")
async def defect() -> None:
    raise ZeroDivisionError


if __name__ == "__main__":
    protocol.CONNECTIONS_MAX = CONNECTIONS_MAX
    protocol.HEAD_SECONDS = 1.5
    protocol.UNREAD_SECONDS = 1.0
    shield.BODIES_MAX = BODIES_MAX
    shield.IDLE_SECONDS = 0.5
    shield.BODY_SECONDS = 1.5
    shield.ANSWER_SECONDS = 3.0
    uvicorn.run(
        Shield(app),
        port=int(sys.argv[1]),
        http=protocol.GuardedProtocol,
        ws="none",
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=10,
    )
