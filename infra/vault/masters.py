"""Master keys, which seal people's keys: given by CREDIT_VAULT_KEY, or made and kept in a file that only we can read.

A key's id follows from the key, so the database can say by which one something is sealed without knowing any.
"""

import os
from base64 import b64decode, b64encode
from hashlib import sha256
from pathlib import Path

from infra.faults import Fault
from infra.settings import Settings
from infra.vault.sealing import new_key


class NoMasterKey(Fault):
    """The master key by which something was sealed is not at hand."""


class Masters:
    """The master keys that are at hand: those that are given, and those in the data folder's `vault`."""

    def __init__(self, settings: Settings) -> None:
        given = [] if settings.vault_key is None else settings.vault_key.split(",")
        self._known = {id_of(key): key for key in map(b64decode, given)}
        self._folder = settings.data_dir / "vault"
        self.given: str | None = next(iter(self._known), None)
        """The id of the key that CREDIT_VAULT_KEY names first; None where it names none."""

    def key(self, master_id: str) -> bytes:
        """The key of this id. Raises NoMasterKey."""
        if master_id in self._known:
            return self._known[master_id]
        file = self.file(master_id)
        try:
            key = b64decode(file.read_text("ascii").strip(), validate=True)
        except (OSError, ValueError):
            key = b""
        if id_of(key) != master_id:
            raise NoMasterKey(
                f"Personal data are sealed with the master key {master_id}, which is neither in CREDIT_VAULT_KEY nor in "
                f"{file}: put it back."
            )
        return key

    def make(self) -> str:
        """Make a key, durably, and say its id."""
        key = new_key()
        file = self.file(id_of(key))
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as made:
            made.write(b64encode(key) + b"\n")
            made.flush()
            os.fsync(made.fileno())
        return id_of(key)

    def place(self, master_id: str) -> str:
        """Where the key of this id is, in words."""
        if master_id in self._known:
            return "in CREDIT_VAULT_KEY"
        file = self.file(master_id)
        return f"in {file}" if file.exists() else "which is not at hand"

    def file(self, master_id: str) -> Path:
        """Where the key of this id is kept, unless it is given."""
        return self._folder / f"{master_id}.key"


def id_of(key: bytes) -> str:
    """What a key is called."""
    return sha256(b"credit vault master key\n" + key).hexdigest()[:16]
