"""What is sealed can be read and changed by nobody without the key, nor moved to another place. AES-256-GCM."""

import json
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
_NONCE_BYTES = 12  # chosen at random: far fewer than 2**32 seals are made with one key (NIST SP 800-38D, 8.3)
_FORMAT = b"\x01"


class Damaged(Exception):  # noqa: N818 - said of the seal
    """What is sealed was changed, belongs elsewhere, or was sealed with another key."""


def new_key() -> bytes:
    """A key that nobody has."""
    return AESGCM.generate_key(8 * KEY_BYTES)


def seal(key: bytes, content: bytes, *place: str) -> bytes:
    """The content, sealed; only who says the same `place` can open it, so it cannot be put elsewhere unseen."""
    nonce = os.urandom(_NONCE_BYTES)
    return _FORMAT + nonce + AESGCM(key).encrypt(nonce, content, _bound_to(place))


def opened(key: bytes, sealed: bytes, *place: str) -> bytes:
    """What was sealed for this `place`. Raises Damaged."""
    form, nonce, secret = sealed[:1], sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    damaged = Damaged(f"What is sealed for {' '.join(place)} was changed, or sealed with another key.")
    if form != _FORMAT:
        raise damaged
    try:
        return AESGCM(key).decrypt(nonce, secret, _bound_to(place))
    except (InvalidTag, ValueError):
        raise damaged from None


def _bound_to(place: tuple[str, ...]) -> bytes:
    return json.dumps(["credit vault", *place]).encode()
