"""`credit relay`, `credit consume`, `credit events`: what flows from the store through Kafka into the views."""

import json
import os
import signal
from difflib import get_close_matches
from threading import Event
from typing import Annotated, Any
from uuid import UUID

import psycopg
import typer

from consumers import envelope, reading, runner
from consumers.audit import AUDIT
from consumers.balance import BALANCE
from consumers.books import BOOKS
from consumers.credit_report import CREDIT_REPORT
from domain.chain import instant_text
from domain.codec import Unreadable
from domain.customer_events import CUSTOMERS
from domain.events import EVENTS
from domain.recorded import Recorded
from infra.cli import arguments
from infra.faults import Fault
from infra.installation import locate
from infra.kafka import topics
from infra.kafka.relay import Relay, relayed
from infra.settings import Settings
from infra.store.event_store import EventStore
from infra.supervisor import collect_seldom, end_with_parent, stop_signals

GROUPS = {group.view: group for group in (BALANCE, CREDIT_REPORT, AUDIT, BOOKS)}
_TYPES = sorted(cls.TYPE for cls in EVENTS)
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead.")]

relay = typer.Typer(no_args_is_help=True, add_completion=False, help="Publish the event store to Kafka.")
events = typer.Typer(no_args_is_help=True, add_completion=False, help="Look at the events on Kafka.")


@relay.command("run")
def relay_run() -> None:
    """Publish until SIGTERM, which lets the slice in hand finish; waits while another relay leads."""
    from infra.telemetry import logs, traces

    stop = stopped_by_signals()
    collect_seldom()
    settings = Settings.load()
    logs.begin(settings, "relay")
    traces.begin(settings, "relay")
    there = locate(settings)
    topics.prepare(there.bootstrap_servers, there.topic_prefix)
    with EventStore(there.relay_url, pool_size=1) as store:
        Relay(store, there.relay_url, there.bootstrap_servers, there.topic_prefix, told=logs.LOG.info).run(stop)


@relay.command("status")
def relay_status(as_json: Json = False) -> None:
    """Say how far the store has been published."""
    there = locate(kafka=False)
    with EventStore(there.relay_url, pool_size=1) as store:
        head = store.head()
    done = relayed(there.relay_url, there.topic_prefix)
    if as_json:
        print(json.dumps({"head": head, "relayed": done, "behind": head - done}))
    else:
        print(f"{done} of {head} events published to {there.topic}, {head - done} behind")


def consume(view: Annotated[str, typer.Argument(help=", ".join(GROUPS), metavar="VIEW")]) -> None:
    """Keep a view up to date until SIGTERM, which lets the batch in hand finish; exits with 1 when it must stop."""
    from infra.telemetry import logs, traces
    from infra.views.store import ViewStore
    from infra.views.tables import VIEWS

    if view not in GROUPS:
        raise typer.BadParameter(f"there is no view {view}; there are {', '.join(GROUPS)}")
    stop = stopped_by_signals()
    collect_seldom()
    settings = Settings.load()
    logs.begin(settings, view)
    traces.begin(settings, view)
    there = locate(settings)
    layout = next(layout for layout in VIEWS if layout.name == view)

    def progressed(progress: runner.Progress) -> None:
        logs.LOG.info("progress", events_applied=progress.applied, records_waiting=progress.waiting)

    with ViewStore(there.views_url, layout) as model:
        try:
            runner.run(GROUPS[view], model, there.bootstrap_servers, stop, there.topic_prefix, told=progressed)
        except reading.Stopped as reason:
            raise Fault(str(reason)) from reason
        except psycopg.OperationalError as error:
            raise Fault(f"The read model of {view} cannot be written: {error}") from error


def _type(text: str) -> str:
    # One that this program does not know it could not read either, and would be waited for without a word.
    if text in _TYPES:
        return text
    near = get_close_matches(text, _TYPES) or [known for known in _TYPES if text and known.endswith(f".{text}")]
    if text.startswith(CUSTOMERS):
        why = "those of customers are on a topic of their own"
    else:
        why = f"nearest: {', '.join(near)}" if near else f"known: {', '.join(_TYPES)}"
    raise typer.BadParameter(f"{text!r} is not an event type like account.overdue; {why}")


@events.callback()
def _events() -> None:
    """Keeps `tail` a command of its own: typer makes a group of one into that one."""


@events.command("tail")
def tail(
    type_: Annotated[
        str | None,
        typer.Option("--type", parser=_type, metavar="TYPE", help="Only events of this type, as account.overdue."),
    ] = None,
    account: Annotated[
        UUID | None, typer.Option(parser=arguments.account_id, metavar="ID", help="Only events of this account.")
    ] = None,
    from_start: Annotated[bool, typer.Option("--from-start", help="Begin with what the topic holds.")] = False,
    follow: Annotated[bool, typer.Option("--follow/--no-follow", help="Go on with what comes.")] = True,
    limit: Annotated[int | None, typer.Option(min=1, help="End after so many events.")] = None,
    as_json: Json = False,
) -> None:
    """Print events as they come, one a line; in order within each account, not across accounts."""
    there = locate()
    wanted_type, wanted_key = type_ and type_.encode(), account and str(account).encode()
    shown = 0
    try:
        for raw in reading.tail(there.bootstrap_servers, there.topic, from_start=from_start, follow=follow):
            # Looked at before decoding: most records of a long history are not asked for.
            if wanted_key not in {None, raw.key} or wanted_type not in {None, raw.headers.get("ce_type")}:
                continue
            recorded = envelope.read(raw.key, raw.headers, raw.value)
            print(json.dumps(_document(recorded)) if as_json else _line(recorded), flush=True)
            shown += 1
            if shown == limit:
                return
    except (reading.Stopped, Unreadable) as reason:
        raise Fault(str(reason)) from reason


def _document(recorded: Recorded) -> dict[str, Any]:
    """An event as one JSON object: its envelope, and its data as they were stored."""
    return {
        "account_id": str(recorded.account_id),
        "version": recorded.version,
        "position": recorded.position,
        "recorded_at": instant_text(recorded.recorded_at),
        "business_date": recorded.event.business_date.isoformat(),
        "type": recorded.type,
        "type_version": recorded.type_version,
        "command_id": recorded.command_id,
        "correlation_id": recorded.correlation_id,
        "causation_id": recorded.causation_id,
        "actor": recorded.actor,
        "chain_hash": recorded.chain_hash.hex(),
        "data": json.loads(recorded.data),
    }


def _line(recorded: Recorded) -> str:
    return (
        f"{recorded.event.business_date}  {recorded.account_id}  {recorded.version:>5}  {recorded.type:<26}"
        f"  {recorded.event.status:<9}  {recorded.actor}"
    )


def stopped_by_signals() -> Event:
    """An event that SIGTERM and SIGINT set; a second signal ends the process at once."""
    stop = Event()

    def signalled(number: int, _: object) -> None:
        if stop.is_set():
            os._exit(128 + number)
        stop.set()

    for number in stop_signals():
        signal.signal(number, signalled)
    end_with_parent()
    return stop
