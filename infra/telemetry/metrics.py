"""Figures of this process in the form that Prometheus reads: what was asked, how long it took, what waits.

Names are those of the OpenTelemetry conventions and of kafka_exporter where they have one, because dashboards for them
exist. Nothing here is labelled with an id of a person, an account or a request.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter
from typing import Protocol, TypeVar

from prometheus_client import (
    GC_COLLECTOR,
    PLATFORM_COLLECTOR,
    PROCESS_COLLECTOR,
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
)
from prometheus_client import generate_latest as written
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE

from domain.refusals import Refused
from infra.faults import Fault, ReadOnly

__all__ = ["CONTENT_TYPE", "appended", "asked", "gauge", "page", "watched"]

A = TypeVar("A", bound="Answered")
L = TypeVar("L", bound=tuple[str, ...])
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_EVENTS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000)

disable_created_metrics()  # type: ignore[no-untyped-call]  # they would double the page, for restarts that `process_start_time_seconds` tells of
REGISTRY = CollectorRegistry()
for _collector in (PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
    REGISTRY.register(_collector)

_requests = Histogram(
    "http_server_request_duration_seconds",
    "Requests over HTTP, from their head to the end of the response.",
    ["http_request_method", "http_route", "http_response_status_code"],
    buckets=_SECONDS,
    registry=REGISTRY,
)
_commands = Counter(
    "credit_commands",
    "Commands that were asked for, by what became of them; reasons are those of refusals.",
    ["command", "outcome", "reason"],
    registry=REGISTRY,
)
_command_seconds = Histogram(
    "credit_command_seconds",
    "From a command's arrival at the writer to its answer.",
    ["outcome"],
    buckets=_SECONDS,
    registry=REGISTRY,
)
_append_events = Histogram(
    "credit_append_events", "Events in one append to the store.", buckets=_EVENTS, registry=REGISTRY
)
_append_seconds = Histogram(
    "credit_append_seconds", "What one append to the store takes.", buckets=_SECONDS, registry=REGISTRY
)


class Answered(Protocol):
    """An answer to a command."""

    @property
    def events(self) -> Iterable[object]: ...

    @property
    def repeated(self) -> bool: ...


def asked(method: str, route: str, status: int, seconds: float) -> None:
    """A request was answered; `route` is the template of its path, empty where there is none such."""
    _requests.labels(method, route, str(status)).observe(seconds)


def appended(events: int, seconds: float) -> None:
    """So many events were appended at once."""
    _append_events.observe(events)
    _append_seconds.observe(seconds)


@contextmanager
def watched(command: str) -> Iterator[Callable[[A], A]]:
    """Count a command and its time by its outcome: `return told(await ...)` within the block.

    Recorded, repeated (it was so asked before), unchanged (it was so before), refused with a reason, failed with one.
    """
    begun, outcome, reason = perf_counter(), "abandoned", ""

    def told(answer: A) -> A:
        nonlocal outcome
        outcome = "repeated" if answer.repeated else "recorded" if answer.events else "unchanged"
        return answer

    try:
        yield told
    except Refused as refused:
        outcome, reason = "refused", refused.reason
        raise
    except Exception as error:
        outcome, reason = "failed", _why(error)
        raise
    finally:
        _commands.labels(command, outcome, reason).inc()
        _command_seconds.labels(outcome).observe(perf_counter() - begun)


def _why(error: Exception) -> str:
    match error:
        case ReadOnly():
            return "store_read_only"
        case Fault():
            return "store_unavailable"
        case _:
            return type(error).__name__.lower()


def gauge(name: str, about: str, values: Mapping[L, float], labels: Iterable[str] = ()) -> Metric:
    """A figure as it is now, for each combination of its labels' values; `{(): 5.0}` where it has no labels."""
    family = GaugeMetricFamily(name, about, labels=list(labels))
    for words, value in values.items():
        family.add_metric(list(words), value)
    return family


def page(now: Iterable[Metric]) -> bytes:
    """All figures of this process, and `now` beside them, as Prometheus reads them."""
    return written(_Both(now))


class _Both(CollectorRegistry):
    def __init__(self, now: Iterable[Metric]) -> None:
        super().__init__()
        self._now = now

    def collect(self) -> Iterator[Metric]:
        yield from REGISTRY.collect()
        yield from self._now
