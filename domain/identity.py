"""Ids: a UUID whose first two bytes are the customer's bucket, so that whoever holds the id knows the shard.

Account, customer, store shard and work item then agree without a lookup.
"""

from functools import lru_cache
from hashlib import sha256
from uuid import UUID


def customer_bucket(customer_id: str) -> int:
    """The bucket of a customer, 0 to 65,535: the first two bytes of the SHA-256 of the customer id."""
    return int.from_bytes(sha256(customer_id.encode()).digest()[:2])


def account_id_for(customer_id: str, application_ref: str) -> UUID:
    """The id of the account that grew from this customer's application; the same application, the same id.

    A UUID of version 8 (RFC 9562, custom layout): bytes 0 and 1 the bucket, the rest a hash of both names.
    """
    return _uuid(customer_id, f"{customer_id}\n{application_ref}")


@lru_cache(maxsize=65_536)  # asked for at every reading and writing of a customer
def customer_key(customer_id: str) -> UUID:
    """Under which UUID a customer's own history is kept; made like an account's id, and never one of those."""
    return _uuid(customer_id, f"customer/{customer_id}")


def _uuid(customer_id: str, name: str) -> UUID:
    body = sha256(name.encode()).digest()
    raw = bytearray(customer_bucket(customer_id).to_bytes(2) + body[2:16])
    raw[6] = (raw[6] & 0x0F) | 0x80
    raw[8] = (raw[8] & 0x3F) | 0x80
    return UUID(bytes=bytes(raw))


def account_bucket(account_id: UUID) -> int:
    """The bucket an account lives in, 0 to 65,535: its customer's."""
    return int.from_bytes(account_id.bytes[:2])
