"""A snapshot: an account's whole state as bytes, so that a long life need not be folded from its first day.

A cache, never the truth. It carries the number of its own shape: one that this program does not know is ignored,
and the account is folded from its events again.
"""

from pydantic import TypeAdapter, ValidationError

from domain.account import Account

# Raise it whenever a field of Account or Ledger changes, or what a field means.
SHAPE = 13
_ACCOUNT = TypeAdapter(Account)
_HEAD = f"{SHAPE}\n".encode()


def dump(account: Account) -> bytes:
    """The account as bytes: the number of the shape, a line feed, JSON."""
    return _HEAD + _ACCOUNT.dump_json(account)


def load(data: bytes) -> Account | None:
    """The account that `dump` wrote; None when the shape is another one: fold the events instead."""
    if not data.startswith(_HEAD):
        return None
    try:
        return _ACCOUNT.validate_json(data[len(_HEAD) :])
    except ValidationError:
        return None
