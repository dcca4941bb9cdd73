"""Whether a broker answers: one metadata request, for whoever only wants to know that Kafka is there.

The library's client is not used: when nobody answers it leaves its sockets and threads behind, and this is asked
every few seconds for as long as the outage lasts.
"""

import asyncio
from contextlib import suppress
from struct import Struct

# Metadata, version 4, about no topic: key, version, correlation id, client id, number of topics, create topics.
_REQUEST = Struct(">hhih6si?").pack(3, 4, 7, 6, b"credit", 0, False)
_SIZE = Struct(">i")
# Correlation id, throttle time, number of brokers.
_RESPONSE = Struct(">iii")


async def reachable(bootstrap: str, patience: float) -> bool:
    """Whether any of the `host:port`s in `bootstrap` tells of at least one broker within `patience` seconds."""
    for server in bootstrap.split(","):
        host, _, port = server.rpartition(":")
        with suppress(OSError, EOFError, TimeoutError):
            async with asyncio.timeout(patience):
                if await _answers(host, int(port)):
                    return True
    return False


async def _answers(host: str, port: int) -> bool:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(_SIZE.pack(len(_REQUEST)) + _REQUEST)
        await writer.drain()
        await reader.readexactly(_SIZE.size)
        correlation, _, brokers = _RESPONSE.unpack(await reader.readexactly(_RESPONSE.size))
        return bool(correlation == 7 and brokers > 0)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
