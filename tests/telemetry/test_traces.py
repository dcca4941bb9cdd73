"""One trace shows what became of a request: its decision, its commit, the relay and every view."""

import json
import signal

import httpx
import pytest

from infra.faults import Fault
from infra.settings import Settings
from infra.telemetry import traces
from tests.kafka.histories import histories
from tests.telemetry.conftest import until

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED, UNSAMPLED = f"00-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-00"


def spans(file):
    """The spans of a file of OTLP JSON, by trace: (program, name, id, parent's id)."""
    found = {}
    for line in file.read_text().splitlines():
        for resource in json.loads(line)["resourceSpans"]:
            program = next(
                each["value"]["stringValue"]
                for each in resource["resource"]["attributes"]
                if each["key"] == "service.name"
            )
            for span in (span for scope in resource["scopeSpans"] for span in scope["spans"]):
                place = program, span["name"], span["spanId"], span.get("parentSpanId", "")
                found.setdefault(span["traceId"], []).append(place)
    return found


def test_one_trace_from_the_request_to_the_view(programs, tmp_path):
    file = tmp_path / "traces.jsonl"
    setting = {"CREDIT_TRACES": f"file:{file}"}
    started = [programs.start("relay", "run", **setting), programs.start("consume", "balance", **setting)]
    server, address = programs.http(**setting)
    answer = programs.opens(address, traceparent=SAMPLED)
    assert answer.status_code == 201, answer.text
    place = f"{address}/accounts/{answer.json()['account_id']}/balance"
    until(lambda: httpx.get(place, headers=programs.key("operator")).status_code == 200)
    for process in [server, *started]:
        process.send_signal(signal.SIGTERM)
        assert process.wait(40) == 0
    trace = spans(file)[TRACE]
    (request,) = [span for span in trace if span[1] == "POST /accounts"]
    assert request[3] == SPAN
    assert {(program, name) for program, name, _, parent in trace if parent == request[2]} == {
        ("credit-http", "decide"),
        ("credit-http", "commit"),
        ("credit-relay", "relay"),
        ("credit-balance", "project balance"),
    }


def test_without_an_exporter_events_still_keep_whence_they_come(programs):
    _, address = programs.http()
    assert programs.opens(address, traceparent=SAMPLED).status_code == 201
    assert programs.opens(address, "c-2", traceparent="nonsense").status_code == 201
    programs.start("relay", "run")
    programs.start("consume", "audit")

    def told():
        figures = httpx.get(f"{address}/metrics", headers=programs.key("operator")).text
        return 'credit_projection_events{view="audit"} 2.0' in figures

    until(told)
    import psycopg

    with psycopg.connect(programs.environment["CREDIT_DATABASE_URL"]) as owner:
        kept = owner.execute("SELECT traceparent FROM audit_events_g1 ORDER BY position").fetchall()
    assert kept == [(SAMPLED,), ("",)]


@pytest.fixture
def tracer(monkeypatch):
    """The spans of this process, in memory."""
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    kept = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    monkeypatch.setattr(traces, "_tracer", provider.get_tracer("test"))
    return kept


def caused(*traceparents):
    """Events, each of one of these causes."""
    events = histories(len(traceparents), 1)
    for event, traceparent in zip(events, traceparents, strict=True):
        object.__setattr__(event, "traceparent", traceparent)
    return events


def test_a_batch_is_a_span_in_each_sampled_trace_that_it_comes_from(tracer):
    other = f"00-{'a' * 32}-{SPAN}-01"
    with traces.follow("relay", caused(SAMPLED, SAMPLED, other, UNSAMPLED.replace("4b", "5b"), "", "00-nonsense-01")):
        pass
    told = tracer.get_finished_spans()
    assert {f"{span.context.trace_id:032x}" for span in told} == {TRACE, "a" * 32}
    assert {(span.name, f"{span.parent.span_id:016x}") for span in told} == {("relay", SPAN)}
    assert dict(told[0].attributes) == {"credit.batch.events": 6, "credit.batch.traces": 2}


def test_a_batch_that_fails_says_so(tracer):
    with pytest.raises(RuntimeError), traces.follow("commit", caused(SAMPLED)):
        raise RuntimeError("what was asked for")
    (span,) = tracer.get_finished_spans()
    assert (span.status.is_ok, span.attributes["error.type"], span.events) == (False, "RuntimeError", ())


def test_a_batch_of_very_many_traces_tells_of_some(tracer):
    with traces.follow("relay", caused(*(f"00-{number:032x}-{SPAN}-01" for number in range(1, 151)))):
        pass
    told = tracer.get_finished_spans()
    assert (len(told), told[0].attributes["credit.batch.traces"]) == (100, 150)


def test_what_has_no_cause_is_no_span(tracer):
    with traces.follow("relay", caused("", "")), traces.span("decide", ""):
        pass
    assert tracer.get_finished_spans() == ()


@pytest.mark.parametrize(
    "unusable",
    ["", "nonsense", SAMPLED.upper(), f"00-{'0' * 32}-{SPAN}-01", f"00-{TRACE}-{'0' * 16}-01", f"01-{TRACE}-{SPAN}-01"],
)
def test_a_traceparent_that_is_none_is_not_kept(unusable):
    assert traces.usable(SAMPLED)
    assert not traces.usable(unusable)


@pytest.mark.parametrize("place", ["file:", "/tmp/traces", "collector:4318", "otlp"])
def test_a_place_for_traces_that_is_none_is_said(monkeypatch, place):
    monkeypatch.setenv("CREDIT_TRACES", place)
    with pytest.raises(Fault, match="CREDIT_TRACES cannot be used: it must be file:"):
        Settings.load()


def test_a_file_that_cannot_be_written_is_said(tmp_path):
    with pytest.raises(Fault, match=r"cannot be written \(Is a directory\): correct CREDIT_TRACES"):
        traces.begin(Settings(traces=f"file:{tmp_path}"), "http")
