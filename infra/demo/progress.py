"""Progress with seconds per step: a live line on a terminal, one plain line a step elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from rich.console import Console


class Progress:
    """Says what is being done and, when it is done, how long it took. Writes to standard error."""

    def __init__(self) -> None:
        self._console = Console(file=sys.stderr, highlight=False, soft_wrap=True)
        self.begun = monotonic()

    @contextmanager
    def step(self, title: str) -> Iterator["Step"]:
        """One step; the `Step` takes notes while it lasts, the last of which stands beside its time."""
        step = Step(title)
        begun = monotonic()
        if self._console.is_terminal:
            with self._console.status(title) as status:
                step.show = status.update
                yield step
        else:
            yield step
        self._console.print(f"[dim]{monotonic() - begun:7.1f} s[/]  {title}  [dim]{step.noted}[/]")

    def say(self, text: str) -> None:
        """A line of its own."""
        self._console.print(text)

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return monotonic() - self.begun


class Step:
    """One step of the way."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.noted = ""
        self.show: Callable[[str], object] = _nowhere

    def note(self, text: str) -> None:
        """What there is to say now; on a terminal it is shown at once."""
        self.noted = text
        self.show(f"{self.title}  [dim]{text}[/]")


def _nowhere(_: str) -> None:
    pass
