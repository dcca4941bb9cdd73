"""`credit migrate`, `credit audit verify`: the database and the history in it, from the command line."""

import json
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Annotated, TypeVar
from uuid import UUID

import typer

from consumers.reading import Stopped, read_all, read_all_customers
from domain.recorded import Enveloped
from infra.faults import Fault
from infra.installation import locate
from infra.migrations import migrate as bring_up_to_date
from infra.store.verifier import verify as recompute
from infra.store.verifier import verify_customers, verify_store
from infra.views import query

R = TypeVar("R", bound=Enveloped)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]

audit = typer.Typer(no_args_is_help=True, add_completion=False, help="Check the history itself.")


@audit.callback()
def _audit() -> None:
    """Check the history itself."""


def migrate(as_json: Json = False) -> None:
    """Bring the database up to date: roles, tables, functions; harmless when it is."""
    applied = bring_up_to_date(locate(kafka=False, migrated=False).owner_url)
    if as_json:
        print(json.dumps({"applied": applied}))
    else:
        print(f"Applied {', '.join(applied)}." if applied else "The database is up to date.")


@audit.command()
def verify(as_json: Json = False) -> None:
    """Recompute every hash chain by a second implementation: of accounts, from the store, their topic and the audit
    view; of customers, from the store and their topic.

    Exits with 1 if a chain does not hold, or if the sources do not hold the same events.
    """
    there = locate()
    try:
        topic = recompute(_once(read_all(there.bootstrap_servers, there.topic)))
        customer_topic = verify_customers(_once(read_all_customers(there.bootstrap_servers, there.customer_topic)))
    except Stopped as reason:
        raise Fault(str(reason)) from reason
    log = verify_store(there.relay_url)
    of_accounts = {
        "store": log.accounts,
        "topic": topic,
        "audit view": recompute(chain.from_iterable(query.histories(there.reader_url))),
    }
    of_customers = {"customers in the store": log.customers, "customer topic": customer_topic}
    found = of_accounts | of_customers
    different = [f"{source}: {result.first_difference}" for source, result in found.items() if result.first_difference]
    for sources in (of_accounts, of_customers):
        if len({result.events for result in sources.values()}) > 1:
            counts = ", ".join(f"{source} {result.events}" for source, result in sources.items())
            different.append(f"not the same events everywhere ({counts}); a relay or view may only be behind")
    if as_json:
        print(json.dumps({source: result._asdict() for source, result in found.items()} | {"differences": different}))
    else:
        for source, result in found.items():
            print(f"{source}: {result[0]}/{result[1]} chains hold, {result.events} events")
        for difference in different:
            print(f"Difference: {difference}.")
    if different:
        raise typer.Exit(1)


def _once(topic: Iterable[R]) -> Iterator[R]:
    """Each event once: what was delivered again is passed over."""
    seen: dict[UUID, int] = {}
    for recorded in topic:
        if recorded.version > seen.get(recorded.aggregate_id, 0):
            seen[recorded.aggregate_id] = recorded.version
            yield recorded
