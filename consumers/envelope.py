"""How a recorded event travels: CloudEvents 1.0; on Kafka by its protocol binding, in binary mode, in both directions.

The record's key is the account id, or the customer id on the customers' topic, its value the stored bytes unchanged, and every other part of the envelope is a
header. An optional part that is empty has no header. Times are UTC with six decimals and a `Z`, hashes lower-case hex.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import TypeVar, cast
from uuid import UUID

from pydantic_core import to_json

from domain.chain import instant_text
from domain.codec import Unreadable, decode, decode_customer
from domain.identity import customer_key
from domain.recorded import AnyRecorded, CustomerRecorded, Recorded

ACCOUNT_EVENTS = "credit.account-events.v1"  # the topic of every event of every account, without prefix
CUSTOMER_EVENTS = "credit.customer-events.v1"  # the same of customers
SOURCE = "/credit/accounts"
CUSTOMER_SOURCE = "/credit/customers"
Header = tuple[str, bytes]
R = TypeVar("R", Recorded, CustomerRecorded)

_CONTENT: Header = ("content-type", b"application/json")
_SPEC: Header = ("ce_specversion", b"1.0")
_FROM: Header = ("ce_source", SOURCE.encode())
_FROM_CUSTOMERS: Header = ("ce_source", CUSTOMER_SOURCE.encode())


def topic_of(recorded: AnyRecorded) -> str:
    """The topic that an event belongs on, without prefix."""
    return ACCOUNT_EVENTS if isinstance(recorded, Recorded) else CUSTOMER_EVENTS


def key(recorded: AnyRecorded) -> bytes:
    """The record's key: all events of one account or customer share it, so they share a partition and keep their order."""
    return (str(recorded.account_id) if isinstance(recorded, Recorded) else recorded.customer_id).encode()


def headers(recorded: AnyRecorded) -> list[Header]:
    """The record's headers: the CloudEvents attributes and our extension attributes of this event."""
    of_account = isinstance(recorded, Recorded)
    account = str(recorded.account_id) if isinstance(recorded, Recorded) else recorded.customer_id
    fields = [
        _CONTENT,
        _SPEC,
        _FROM if of_account else _FROM_CUSTOMERS,
        ("ce_id", f"{account}/{recorded.version}".encode()),
        ("ce_type", recorded.type.encode()),
        ("ce_time", instant_text(recorded.recorded_at).encode()),
        ("ce_subject", account.encode()),
        ("ce_aggregateversion", b"%d" % recorded.version),
        ("ce_typeversion", b"%d" % recorded.type_version),
        ("ce_position", b"%d" % recorded.position),
        ("ce_businessdate", recorded.event.business_date.isoformat().encode()),
        ("ce_commandid", recorded.command_id.encode()),
        ("ce_commandindex", b"%d" % recorded.command_index),
        ("ce_commandhash", recorded.command_hash.hex().encode()),
        ("ce_actor", recorded.actor.encode()),
        ("ce_chainhash", recorded.chain_hash.hex().encode()),
    ]
    if recorded.correlation_id:
        fields.append(("ce_correlationid", recorded.correlation_id.encode()))
    if recorded.causation_id:
        fields.append(("ce_causationid", recorded.causation_id.encode()))
    if recorded.traceparent:
        fields.append(("ce_traceparent", recorded.traceparent.encode()))
    return fields


def structured(recorded: AnyRecorded) -> bytes:
    """The event as one JSON object, CloudEvents' structured mode: what is a header on Kafka is a member here.

    Members are text as the headers are, also those that count: an integer of CloudEvents ends at 2**31. `data` are the
    stored bytes unchanged.
    """
    members = {
        "datacontenttype" if name == "content-type" else name.removeprefix("ce_"): said.decode()
        for name, said in headers(recorded)
    }
    return to_json(members)[:-1] + b',"data":' + recorded.data + b"}"


def read(key: bytes | None, headers: Mapping[str, bytes | None], value: bytes | None) -> Recorded:
    """The event of an account that a Kafka record holds.

    Raises `Unreadable` naming the header that is missing or malformed, or saying why the bytes cannot be decoded.
    """
    return _read(Recorded, _uuid, decode, key, headers, value)


def read_customer(key: bytes | None, headers: Mapping[str, bytes | None], value: bytes | None) -> CustomerRecorded:
    """The event of a customer that a Kafka record holds. Raises `Unreadable` as `read`."""
    return _read(CustomerRecorded, _key_of_customer, decode_customer, key, headers, value)


def _read(
    kind: type[R],
    whose: Callable[[bytes], UUID],
    event_of: Callable[[str, int, bytes], object],
    key: bytes | None,
    headers: Mapping[str, bytes | None],
    value: bytes | None,
) -> R:
    if key is None or value is None:
        raise Unreadable("the record has no key or no value, so it is not an event")
    found = cast("Mapping[str, bytes]", headers)  # a header without a value raises below, as a malformed one does
    try:
        type_ = found["ce_type"].decode()
        type_version = int(found["ce_typeversion"])
        recorded = kind(
            whose(key),
            int(found["ce_aggregateversion"]),
            int(found["ce_position"]),
            datetime.fromisoformat(found["ce_time"].decode()),
            found["ce_commandid"].decode(),
            int(found["ce_commandindex"]),
            bytes.fromhex(found["ce_commandhash"].decode()),
            found.get("ce_correlationid", b"").decode(),
            found.get("ce_causationid", b"").decode(),
            found.get("ce_traceparent", b"").decode(),
            found["ce_actor"].decode(),
            type_,
            type_version,
            value,
            bytes.fromhex(found["ce_chainhash"].decode()),
            event_of(type_, type_version, value),  # type: ignore[arg-type]  # of the kind, by the decoder given with it
        )
    except (KeyError, ValueError, TypeError, AttributeError) as wrong:
        raise Unreadable(_fault(found)) from wrong
    return recorded


@lru_cache(maxsize=65_536)
def _uuid(key: bytes) -> UUID:
    return UUID(key.decode())


@lru_cache(maxsize=65_536)
def _key_of_customer(key: bytes) -> UUID:
    return customer_key(key.decode())


_READERS: dict[str, Callable[[bytes], object]] = {
    "ce_aggregateversion": int,
    "ce_typeversion": int,
    "ce_position": int,
    "ce_commandindex": int,
    "ce_type": bytes.decode,
    "ce_commandid": bytes.decode,
    "ce_actor": bytes.decode,
    "ce_time": lambda content: datetime.fromisoformat(content.decode()),
    "ce_commandhash": lambda content: bytes.fromhex(content.decode()),
    "ce_chainhash": lambda content: bytes.fromhex(content.decode()),
}


def _fault(found: Mapping[str, bytes]) -> str:
    """Which header is wrong, found out again slowly, so that the usual case need not keep count."""
    for name, reader in _READERS.items():
        if name not in found:
            return f"the header {name} is missing"
        try:
            reader(found[name])
        except (ValueError, TypeError, AttributeError):
            return f"the header {name} is malformed: {found[name]!r}"
    return "the key is no account id, or an optional header is no text"
