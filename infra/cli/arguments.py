"""What several commands are told in the same words: an account and a day."""

from datetime import date
from uuid import UUID

import typer


def account_id(text: str) -> UUID:
    """The id that is written; anything else is wrong usage."""
    try:
        return UUID(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not an account id: it is a UUID") from None


def day(text: str) -> date:
    """The day that is written; anything else is wrong usage."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a date like 2026-02-10") from None
