"""`credit vault`: how much is known of who people are, under which master key it is sealed, and the end of it."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, TypeVar

import psycopg
import typer
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from infra.accounts import Accounts
from infra.cli.arguments import CustomerId, Json
from infra.faults import Fault
from infra.installation import Installation, locate
from infra.settings import Settings
from infra.store.event_store import EventStore
from infra.vault import AccountsOpen, Vault
from infra.vault.masters import Masters

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Personal data: sealed, and erased.")
T = TypeVar("T")
_PATIENCE = 5.0  # seconds to wait for the database


@app.command()
def status(as_json: Json = False) -> None:
    """How many people it holds, how many were erased, and the master key in use."""
    masters = Masters(Settings.load())
    held = asked(locate(kafka=False), lambda vault: vault.held())
    place = "" if held.master_id is None else masters.place(held.master_id)
    if as_json:
        print(json.dumps(held._asdict() | {"master_key": place or None}))
        return
    print(f"People          {held.people}")
    print(f"Erased          {held.erased}")
    print(f"Master key      {held.master_id or 'none yet'}{place and f', {place}'}")
    if held.sealed_before:
        print(f"Sealed before   {held.sealed_before}, by another master key: run `credit vault rotate`")


@app.command()
def rotate() -> None:
    """Seal everybody's key with another master key: the first in CREDIT_VAULT_KEY, or else one that is made now."""
    masters = Masters(Settings.load())
    before, after, sealed = asked(locate(kafka=False), lambda vault: vault.rotate())
    print(f"{sealed} people's keys are sealed anew with the master key {after}, {masters.place(after)}.")
    if before not in {None, after}:
        print(
            f"Nothing in the database needs {before} any more ({masters.place(str(before))}). Copies of the database from "
            f"before do; destroy it with them, and whoever was erased is erased in them, too."
        )


@app.command()
def erase(
    customer_id: CustomerId,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Destroy a person's key. What happened on their accounts stays; who they were is known to nobody any more."""
    there = locate(kafka=False)
    with EventStore(there.relay_url, pool_size=1) as store:
        customer = Accounts(store).customer(customer_id)
    print(f"{customer_id} has {len(customer.lines)} accounts. Who they are cannot be told again after this.")
    if not yes:
        typer.confirm("Erase them?", abort=True)
    try:
        at = asked(there, lambda vault: vault.erase(customer, "credit vault erase"))
    except AccountsOpen as refused:
        raise Fault(
            f"{str(refused).capitalize()}: close {', '.join(map(str, refused.accounts))} first."
        ) from None  # fmt: skip
    print(f"{customer_id} is erased since {at:%Y-%m-%d %H:%M %Z}.")


def asked(there: Installation, question: Callable[[Vault], Awaitable[T]]) -> T:
    """What the vault of an installation answers. Raises Fault where it cannot be reached."""

    async def ask() -> T:
        async with _opened(there) as vault:
            return await question(vault)

    try:
        return asyncio.run(ask())
    except psycopg.errors.UndefinedTable:
        raise Fault("The database has no place for personal data yet: run `credit migrate`.") from None
    except (psycopg.OperationalError, PoolTimeout) as refused:
        why = " ".join(str(refused).split())
        raise Fault(f"Personal data cannot be reached ({why}): is CREDIT_VAULT_URL right?") from None


@asynccontextmanager
async def _opened(there: Installation) -> AsyncIterator[Vault]:
    async with AsyncConnectionPool(there.vault_url, min_size=1, timeout=_PATIENCE, open=False) as pool:
        yield Vault(pool, Masters(Settings.load()))
