"""What several commands are told in the same words: an account, a customer and a day."""

from datetime import date
from re import fullmatch
from typing import Annotated
from uuid import UUID

import typer


def account_id(text: str) -> UUID:
    """The id that is written; anything else is wrong usage."""
    try:
        return UUID(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not an account id: it is a UUID") from None


def customer_id(text: str) -> str:
    """The id that is written; anything else is wrong usage."""
    if not fullmatch(r"[A-Za-z0-9._:@-]{1,64}", text):
        raise typer.BadParameter(f"{text!r} is not a customer id: at most 64 letters, digits and . _ : @ -")
    return text


def day(text: str) -> date:
    """The day that is written; anything else is wrong usage."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a date like 2026-02-10") from None


Id = Annotated[UUID, typer.Argument(parser=account_id, metavar="ID", help="The account's id.")]
CustomerId = Annotated[str, typer.Argument(parser=customer_id, metavar="ID", help="The customer's id.")]
AsOf = Annotated[
    date | None,
    typer.Option(parser=day, metavar="DATE", help="At the end of this day; else the day of its last event."),
]
On = Annotated[date | None, typer.Option(parser=day, metavar="DATE", help="On this day; else that of its last event.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead.")]
