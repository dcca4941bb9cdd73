"""Whether this process was asked to stop: it is unready from then on, and whatever would go on for ever ends."""

import asyncio
from time import monotonic


class Stopping:
    """Asked once, by a signal. Long answers look at `asked`, or end together with `wait`."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._event = asyncio.Event()

    @property
    def asked(self) -> bool:
        """Whether it was asked to stop."""
        return self._since is not None

    def ask(self) -> None:
        """Have it stop; to be called on the thread of the event loop, as signal handlers are."""
        self._since = self._since or monotonic()
        self._event.set()

    def since(self, seconds: float) -> bool:
        """Whether it was asked so many seconds ago."""
        return self._since is not None and monotonic() >= self._since + seconds

    async def wait(self) -> None:
        """Return when it is asked to stop."""
        await self._event.wait()
