"""HTTP/1.1 by hand over one connection that is kept: what a client costs is not to be taken for what the service costs."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, NamedTuple


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class Wire:
    """One client's connection, opened when it is needed; whatever ends it raises OSError or EOFError."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def ask(self, method: str, path: str, headers: Mapping[str, str], body: Any = None) -> Answer:
        if self._writer is None or self._reader is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        said = {"Host": "credit", "Content-Type": "application/json", "Content-Length": str(len(content)), **headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in said.items())
        try:
            self._writer.write(f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + content)
            first, *rest = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            told = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest if line)}
            return Answer(int(first.split()[1]), told, await self._reader.readexactly(int(told["content-length"])))
        except (OSError, EOFError):
            self.close()
            raise

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None
