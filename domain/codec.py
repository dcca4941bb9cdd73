"""The one codec between events and bytes, used by the store, the topic and the tests.

JSON as the models say it, written once. Old shapes are lifted to the latest one on the way in, so that the account,
the views and the consumers know only the latest.
"""

from collections.abc import Callable
from typing import cast

from pydantic import ValidationError

from domain.customer_events import CUSTOMER_EVENTS, CustomerEvent
from domain.events import EVENTS, AccountEvent, AnyEvent


class Unreadable(Exception):  # noqa: N818 - the name says what it is
    """Stored bytes that this program cannot read. Usually it is older than the program that wrote them: upgrade it."""


_OF_ACCOUNTS: dict[str, type[AnyEvent]] = {cls.TYPE: cls for cls in EVENTS}
_OF_CUSTOMERS: dict[str, type[AnyEvent]] = {cls.TYPE: cls for cls in CUSTOMER_EVENTS}
# (type, version) -> lifts the bytes of that version to the next; empty while every event is in its first version.
UPCASTS: dict[tuple[str, int], Callable[[bytes], bytes]] = {}


def encode(event: AnyEvent) -> bytes:
    """The bytes of an event, compact JSON in UTF-8. They are hashed, so they are written exactly once."""
    return event.__pydantic_serializer__.to_json(event)


def decode(type_: str, version: int, data: bytes) -> AccountEvent:
    """An account's event that `data` holds. Raises Unreadable for an unknown type or version, or another shape."""
    return cast("AccountEvent", _decode(_OF_ACCOUNTS, type_, version, data))


def decode_customer(type_: str, version: int, data: bytes) -> CustomerEvent:
    """A customer's event that `data` holds. Raises Unreadable as `decode`."""
    return cast("CustomerEvent", _decode(_OF_CUSTOMERS, type_, version, data))


def _decode(known: dict[str, type[AnyEvent]], type_: str, version: int, data: bytes) -> AnyEvent:
    cls = known.get(type_)
    if cls is None:
        message = f"event type {type_!r} is unknown to this program: upgrade it"
        raise Unreadable(message)
    while version < cls.VERSION:
        lift = UPCASTS.get((type_, version))
        if lift is None:
            message = f"{type_} version {version} was never written by any program: the record is damaged"
            raise Unreadable(message)
        data, version = lift(data), version + 1
    if version > cls.VERSION:
        message = f"{type_} version {version} is newer than this program knows ({cls.VERSION}): upgrade it"
        raise Unreadable(message)
    try:
        return cast("AnyEvent", cls.__pydantic_validator__.validate_json(data))
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        message = f"{type_} version {version} does not have the shape of its contract: {where}: {first['msg']}"
        raise Unreadable(message) from wrong
