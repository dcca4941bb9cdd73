"""Authorization holds as they end: limit that was reserved for a purchase is free again."""

from collections.abc import Iterator
from datetime import date

from domain.account import Account
from domain.events import AccountEvent, HoldReleased


def expire(account: Account, day: date) -> Iterator[AccountEvent]:
    """The holds that end with `day`."""
    for hold_id, held in list(account.holds.items()):
        if held.left and held.expires_on <= day:
            yield HoldReleased(hold_id=hold_id, amount_fen=held.left, reason="expired")


def release_all(account: Account) -> Iterator[AccountEvent]:
    """A closed account reserves nothing."""
    for hold_id, held in list(account.holds.items()):
        if held.left:
            yield HoldReleased(hold_id=hold_id, amount_fen=held.left, reason="account_closed")
