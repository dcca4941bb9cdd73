"""A loop of the service in a thread of the benchmark's own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread


@contextmanager
def running(run: Callable[[Event], None]) -> Iterator[Event]:
    """Run until the block ends. What it raised is raised here; the event is set as soon as it has ended."""
    stop = Event()
    failures: list[BaseException] = []

    def body() -> None:
        try:
            run(stop)
        except BaseException as failure:  # noqa: BLE001 - it is raised below
            failures.append(failure)
        finally:
            stop.set()

    thread = Thread(target=body)
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join()
    if failures:
        raise failures[0]
