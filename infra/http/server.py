"""The HTTP process from its start to its end: it stops listening only when it was seen to be unready, finishes what it
accepted, and ends within a bound, whatever hangs.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer
from types import FrameType

import uvicorn
from fastapi import FastAPI

from infra.http.protocol import GuardedProtocol
from infra.http.stopping import Stopping
from infra.settings import Settings
from infra.supervisor import stop_signals
from infra.telemetry.logs import LOG

GRACE = 10  # seconds that requests have to finish once nothing is accepted any more
_BACKLOG = 128  # connections that the system keeps until they are taken in
_MARGIN = 5  # seconds for what the writer still has, and for letting go of the database


def run(app: FastAPI, settings: Settings, host: str, port: int) -> None:
    """Answer requests until SIGTERM or SIGINT; a second signal ends the process at once."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=GuardedProtocol,
        ws="none",
        backlog=_BACKLOG,
        log_config=None,
        access_log=False,
        proxy_headers=False,  # who asks is told by a token, not by a header that anybody can send
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )
    Server(config, app.state.stopping, settings.drain_seconds).run()
    LOG.info("stopped")


class Server(uvicorn.Server):
    """Uvicorn's server, told by `stopping` that it should exit, `drain` seconds after it was asked to."""

    def __init__(self, config: uvicorn.Config, stopping: Stopping, drain: float) -> None:
        super().__init__(config)
        self._stopping, self._drain, self._told = stopping, drain, False

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ours instead of uvicorn's: that one ends the process by the signal in the end, as if it had failed."""
        before = {number: signal.signal(number, self.handle_exit) for number in stop_signals()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's name and shape
        """The first signal begins the end, the second is the end."""
        if self._stopping.asked:
            os._exit(128 + sig)
        self._stopping.ask()  # nothing is logged here: the signal may have come in the middle of a log line
        last = Timer(self._drain + GRACE + _MARGIN, _give_up)
        last.daemon = True
        last.start()

    async def on_tick(self, counter: int) -> bool:
        """As uvicorn's, which looks ten times a second whether it should exit."""
        if self._stopping.asked and not self._told:
            self._told = True
            LOG.info("stopping", drain_seconds=self._drain)
        self.should_exit = self.should_exit or self._stopping.since(self._drain)
        return await super().on_tick(counter)


def _give_up() -> None:
    os.write(2, b"credit: HTTP did not stop in time and was ended.\n")  # whatever hangs may hold the log
    os._exit(1)
