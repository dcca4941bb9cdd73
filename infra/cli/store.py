"""`credit migrate`, `credit audit verify`: the event store from the command line."""

import json
from typing import Annotated

import typer

from infra.installation import locate
from infra.migrations import migrate as bring_up_to_date
from infra.settings import Settings
from infra.store.roles import role_url
from infra.store.verifier import verify_store

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]

audit = typer.Typer(no_args_is_help=True, add_completion=False, help="Check the history itself.")


@audit.callback()
def _audit() -> None:
    """Check the history itself."""


def migrate(as_json: Json = False) -> None:
    """Bring the database up to date: roles, tables, functions; harmless when it is."""
    applied = bring_up_to_date(Settings.load().database_url or locate().owner_url)
    if as_json:
        print(json.dumps({"applied": applied}))
    else:
        print(f"Applied {', '.join(applied)}." if applied else "The database is up to date.")


@audit.command()
def verify(as_json: Json = False) -> None:
    """Recompute the hash chain of every account from the store; exits with 1 if one does not hold."""
    settings = Settings.load()
    url = settings.relay_url or role_url(settings.database_url or locate(settings).owner_url, "credit_relay")
    result = verify_store(url)
    if as_json:
        print(json.dumps(result._asdict()))
    else:
        print(f"{result.accounts_ok} of {result.accounts} accounts hold, {result.events} events recomputed.")
        if result.first_difference:
            print(f"First difference: {result.first_difference}.")
    if result.first_difference:
        raise typer.Exit(1)
