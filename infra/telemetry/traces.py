"""Traces: one line from a request through its decision, its commit, the relay and every view, across processes.

What ties them together is the `traceparent` that is kept with every event (W3C Trace Context): whoever works on an event
later says so under the span that caused it. Without `CREDIT_TRACES` nothing is traced, the library is not even loaded, and
a span costs a comparison.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from io import FileIO, TextIOWrapper
from re import compile as pattern
from time import time_ns
from typing import Any, cast

from domain.recorded import AnyRecorded
from infra.faults import Fault
from infra.settings import Settings

Attributes = Mapping[str, str | int]
FILE = "file:"
_MOST = 100  # spans for one batch; a busy hour is looked at through a smaller CREDIT_TRACES_SHARE
_WAITING_MAX = 8_192  # finished spans that wait to be written; more are dropped, for nobody waits for them
_PERIOD_MS = 1_000
_SENT = frozenset({"url.path", "url.query", "http.request.method_original"})
_TRACEPARENT = pattern(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_ODD = frozenset("13579bdf")
_NOTHING = nullcontext()
_tracer: Any = None


def begin(settings: Settings, program: str) -> None:
    """Trace what this process does from now on, as `settings` say. Raises Fault where that is not installed or possible.

    What is still to be written when the process ends is written then.
    """
    global _tracer  # noqa: PLW0603 - there is one tracer in a process, as there is one provider in the library
    if settings.traces is None or _tracer is not None:
        return
    try:
        from opentelemetry import trace
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        exporter = _exporter(settings.traces)
    except ImportError as missing:
        raise Fault(
            f"CREDIT_TRACES is set, but {missing.name} is not installed: pip install 'credit-account-service[otel]'."
        ) from missing
    provider = TracerProvider(
        _sampler(float(settings.traces_share)),
        Resource.create({"service.name": f"credit-{program}"}),
    )
    provider.add_span_processor(
        BatchSpanProcessor(exporter, max_queue_size=_WAITING_MAX, schedule_delay_millis=_PERIOD_MS)
    )
    trace.set_tracer_provider(provider)
    _tracer = provider.get_tracer("credit")


def current() -> str:
    """The `traceparent` of what is being done here; empty where nothing is traced."""
    if _tracer is None:
        return ""
    from opentelemetry.trace import get_current_span

    here = get_current_span().get_span_context()
    if not here.is_valid:
        return ""
    return f"00-{here.trace_id:032x}-{here.span_id:016x}-{here.trace_flags:02x}"


def usable(traceparent: str) -> bool:
    """Whether somebody's `traceparent` is one."""
    return _TRACEPARENT.fullmatch(traceparent) is not None


def span(name: str, traceparent: str, attributes: Attributes | None = None) -> AbstractContextManager[Any]:
    """Says that something is done because of `traceparent`, from now until the block ends; nothing without one."""
    if _tracer is None or not traceparent:
        return _NOTHING
    started = _tracer.start_as_current_span(name, _context(traceparent), attributes=attributes)
    return cast("AbstractContextManager[Any]", started)


@contextmanager
def follow(name: str, events: Sequence[AnyRecorded]) -> Iterator[None]:
    """Says the same of each trace that some events come from, where they are worked on together.

    Only of traces that are sampled, and of a hundred at most.
    """
    causes = _sampled(events) if _tracer is not None else ()
    if not causes:
        yield
        return
    begun, failure = time_ns(), ""
    try:
        yield
    except BaseException as error:
        failure = type(error).__name__
        raise
    finally:
        attributes = {"credit.batch.events": len(events), "credit.batch.traces": len(causes)}
        for traceparent in causes[:_MOST]:
            _told(name, traceparent, begun, failure, attributes)


def _told(name: str, traceparent: str, begun: int, failure: str, attributes: Attributes) -> None:
    from opentelemetry.trace import StatusCode

    done = _tracer.start_span(name, _context(traceparent), attributes=attributes, start_time=begun)
    if failure:
        done.set_status(StatusCode.ERROR)
        done.set_attribute("error.type", failure)
    done.end()


def _sampled(events: Sequence[AnyRecorded]) -> list[str]:
    causes = {event.traceparent for event in events}
    # The last digit says whether a trace is sampled, and most are not.
    return [cause for cause in causes if cause[-1:] in _ODD and usable(cause)]


def _context(traceparent: str) -> Any:
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({"traceparent": traceparent})


def _sampler(share: float) -> Any:
    """Takes part in the traces that it is asked to, and in a share of the others; a span begins with nothing of what was
    sent: an address may hold anything, even who somebody is.
    """
    from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

    class Discreet(ParentBased):
        def should_sample(
            self, parent_context: Any, trace_id: int, name: str, kind: Any = None, attributes: Any = None, *more: Any
        ) -> Any:
            told = {key: value for key, value in (attributes or {}).items() if key not in _SENT}
            return super().should_sample(parent_context, trace_id, name, kind, told, *more)

    return Discreet(TraceIdRatioBased(share))


def _exporter(place: str) -> Any:
    """Where spans go: a file, one line a batch as the OpenTelemetry collector reads it, or a collector."""
    if not place.startswith(FILE):
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        return OTLPSpanExporter(endpoint=f"{place.rstrip('/')}/v1/traces")
    from opentelemetry.exporter.otlp.json.file.trace_exporter import FileSpanExporter

    path = place.removeprefix(FILE)
    try:
        # Unbuffered: several processes write to one file, and a line that is written at once stays whole.
        file = FileIO(path, "a")
    except OSError as error:
        raise Fault(f"{path} cannot be written ({error.strerror}): correct CREDIT_TRACES or unset it.") from error
    return FileSpanExporter(stream=TextIOWrapper(cast("Any", file), encoding="utf-8", write_through=True))
