"""`credit keys`: who may ask over HTTP; made here because whoever is at this machine may do anything anyway."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

import psycopg
import typer

from infra.access import issuing
from infra.access.keys import Key
from infra.access.principals import Role
from infra.cli.arguments import Json
from infra.faults import Fault
from infra.installation import locate

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Who may ask over HTTP.")

Name = Annotated[str, typer.Option(help="Whose it is; a person who has several is one by this name.")]
Scopes = Annotated[
    list[str] | None, typer.Option("--scope", help="Such as accounts:read; several times; by default all there are.")
]
Customer = Annotated[
    str | None, typer.Option(metavar="ID", help="Only this customer's things; role customer needs it, service may.")
]
Days = Annotated[int | None, typer.Option("--expires", metavar="DAYS", help="After so many days; by default never.")]


@app.command()
def create(
    role: Annotated[Role, typer.Option(help="As what they ask.")],
    name: Name,
    scope: Scopes = None,
    customer: Customer = None,
    expires: Days = None,
    as_json: Json = False,
) -> None:
    """Make a key and print it: this is the only time, for nothing but a digest of it is kept."""
    with _store() as url:
        try:
            issued = issuing.issue(url, role, name, scopes=scope or None, customer_id=customer, days=expires)
        except ValueError as wrong:
            field, _, why = str(wrong).partition(": ")
            raise typer.BadParameter(why, param_hint=f"'--{field}'") from None
    if as_json:
        print(json.dumps(_document(issued.key) | {"key": issued.text}))
        return
    print(issued.text)
    typer.echo("Keep it: it cannot be shown again. Send it as `Authorization: Bearer <key>`.", err=True)


@app.command("list")
def listing(as_json: Json = False) -> None:
    """Every key there ever was, oldest first; nothing of a key itself is known here."""
    with _store() as url:
        keys = issuing.listed(url)
    if as_json:
        print(json.dumps([_document(key) for key in keys], indent=2))
        return
    from rich.table import Table

    from infra.cli.screen import screen

    table = Table(box=None, pad_edge=False)
    for heading in ("id", "name", "role", "customer", "scopes", "made", "is"):
        table.add_column(heading)
    for key in keys:
        scopes = "all" if key.scopes is None else " ".join(sorted(key.scopes)) or "none"
        made = f"{key.created_at.astimezone(UTC):%Y-%m-%d}"
        table.add_row(key.key_id, key.name, key.role, key.customer_id or "", scopes, made, _state(key))
    screen().print(table)


@app.command()
def revoke(key_id: Annotated[str, typer.Argument(metavar="ID", help="Its id, the part after `ck_`.")]) -> None:
    """Take a key back, for ever; running services know it within some seconds."""
    with _store() as url:
        key = issuing.revoke(url, key_id)
    if key is None:
        raise Fault("There is no key of this id: look at `credit keys list`.")
    print(f"{key.key_id} of {key.name} ({key.role}) is {_state(key)}.")


@contextmanager
def _store() -> Iterator[str]:
    """Where the keys are."""
    try:
        yield locate(kafka=False).access_url
    except psycopg.errors.UndefinedTable:
        raise Fault("The database has no place for keys yet: run `credit migrate`.") from None
    except psycopg.OperationalError as refused:
        raise Fault(
            f"The keys cannot be reached ({' '.join(str(refused).split())}): is CREDIT_ACCESS_URL right?"
        ) from None


def _state(key: Key) -> str:
    if key.revoked_at is not None:
        return f"revoked since {key.revoked_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if key.expires_at is None:
        return "good"
    at = f"{key.expires_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return f"good until {at}" if key.expires_at > datetime.now(UTC) else f"expired since {at}"


def _document(key: Key) -> dict[str, Any]:
    return {
        "key_id": key.key_id,
        "name": key.name,
        "role": key.role,
        "scopes": None if key.scopes is None else sorted(key.scopes),
        "customer_id": key.customer_id,
        "created_at": key.created_at.isoformat(),
        "expires_at": key.expires_at and key.expires_at.isoformat(),
        "revoked_at": key.revoked_at and key.revoked_at.isoformat(),
    }
