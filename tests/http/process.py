"""The HTTP interface as a process of its own, which can be killed."""

import asyncio
import signal
import subprocess
import sys
from contextlib import asynccontextmanager

from infra.embedded.processes import free_port
from tests.http.wire import Wire


class Service:
    """`credit http` as a process that can be killed."""

    def __init__(self, environment) -> None:
        self.port = free_port()
        self._environment = environment
        self._process = None

    async def start(self) -> None:
        command = [sys.executable, "-m", "infra.cli", "http", "--port", str(self.port)]
        self._process = subprocess.Popen(command, env=self._environment)  # noqa: ASYNC220 - it starts at once
        wire = Wire(self.port)
        for _ in range(600):
            assert self._process.poll() is None
            try:
                alive = await wire.ask("GET", "/livez", {})
            except (OSError, EOFError):
                await asyncio.sleep(0.05)
            else:
                wire.close()
                assert alive.status == 200
                return
        raise AssertionError("it does not answer")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(30)


@asynccontextmanager
async def running(environment):
    service = Service(environment)
    await service.start()
    try:
        yield service
    finally:
        service.kill()
