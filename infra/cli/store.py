"""`credit migrate`, `credit audit verify`: the database and the history in it, from the command line."""

import json
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Annotated
from uuid import UUID

import typer

from consumers.reading import Stopped, read_all
from domain.recorded import Recorded
from infra.faults import Fault
from infra.installation import locate
from infra.migrations import migrate as bring_up_to_date
from infra.store.verifier import verify as recompute
from infra.store.verifier import verify_store
from infra.views import query

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
    """Recompute every account's hash chain from the store, the topic and the audit view, by a second implementation.

    Exits with 1 if a chain does not hold, or if the three do not hold the same events.
    """
    there = locate()
    try:
        topic = recompute(_once(read_all(there.bootstrap_servers, there.topic)))
    except Stopped as reason:
        raise Fault(str(reason)) from reason
    found = {
        "store": verify_store(there.relay_url),
        "topic": topic,
        "audit view": recompute(chain.from_iterable(query.histories(there.reader_url))),
    }
    different = [f"{source}: {result.first_difference}" for source, result in found.items() if result.first_difference]
    if len({result.events for result in found.values()}) > 1:
        counts = ", ".join(f"{source} {result.events}" for source, result in found.items())
        different.append(f"not the same events everywhere ({counts}); a relay or view may only be behind")
    if as_json:
        print(json.dumps({source: result._asdict() for source, result in found.items()} | {"differences": different}))
    else:
        for source, result in found.items():
            print(f"{source}: {result.accounts_ok}/{result.accounts} chains hold, {result.events} events")
        for difference in different:
            print(f"Difference: {difference}.")
    if different:
        raise typer.Exit(1)


def _once(topic: Iterable[Recorded]) -> Iterator[Recorded]:
    """Each event once: what was delivered again is passed over."""
    seen: dict[UUID, int] = {}
    for recorded in topic:
        if recorded.version > seen.get(recorded.account_id, 0):
            seen[recorded.account_id] = recorded.version
            yield recorded
