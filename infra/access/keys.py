"""API keys: `ck_<id>_<secret>`, the secret 256 random bits, of which only the SHA-256 is kept.

A guess at a secret needs no slow hash to be hopeless, so a request is not made to wait for one.
"""

import asyncio
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from re import compile as pattern
from time import monotonic
from typing import Any, NamedTuple

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from infra.access.principals import SCOPES, Known, Principal, Role, Unauthenticated
from infra.live import Recent

PREFIX = "ck_"
_KEY = pattern(r"ck_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")
_TRUSTED = 3.0  # seconds that a key is taken for what it was; so soon a revocation acts
_ROOM = 10_000  # keys in memory
_BATCH_MAX = 500  # keys in one query
COLUMNS = "key_id, name, role, scopes, customer_id, created_at, expires_at, revoked_at, digest"
_FIND = f"SELECT {COLUMNS} FROM access_keys WHERE key_id = ANY(%s)"  # noqa: S608 - a constant


@dataclass(frozen=True, slots=True)
class Key:
    """What is kept of a key. `scopes` None: all of them; `expires_at` None: never."""

    key_id: str
    name: str
    role: Role
    scopes: frozenset[str] | None
    customer_id: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    digest: bytes = field(repr=False)

    @property
    def principal(self) -> Principal:
        """Whose it is. The name is the holder's, so two keys of one name are one person."""
        return Principal(self.name, self.role, SCOPES if self.scopes is None else self.scopes, self.customer_id)


def key_of(row: tuple[Any, ...]) -> Key:
    """A row of `COLUMNS`."""
    key_id, name, role, scopes, *rest = row
    return Key(key_id, name, role, None if scopes is None else frozenset(scopes), *rest)


def digest_of(secret: str) -> bytes:
    """What is kept of a secret."""
    return sha256(secret.encode()).digest()


class _Seen(NamedTuple):
    key: Key
    at: float


class Keys:
    """The keys of one installation as one process knows them: each is asked for once in some seconds.

    Unknown ones are not remembered, so that a new key works at once; a flood of them waits in one query at a time.
    Raises psycopg.Error and PoolTimeout where the database is not there.
    """

    def __init__(
        self,
        pool: AsyncConnectionPool[AsyncConnection[Any]],
        clock: Callable[[], float] = monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._pool, self._clock, self._now = pool, clock, now
        self._seen: Recent[str, _Seen] = Recent(_ROOM)
        self._waiting: dict[str, asyncio.Future[Key | None]] = {}
        self._asking: asyncio.Task[None] | None = None

    async def known(self, text: str) -> Known:
        """Whose key it is. Raises Unauthenticated."""
        parts = _KEY.fullmatch(text)
        if parts is None:
            raise Unauthenticated("credentials_malformed", "That is no key: a part of it is missing or altered")
        key_id, secret = parts.groups()
        key = await self._find(key_id)
        # A key that is not there is compared, too: how long it takes tells nothing.
        if not hmac.compare_digest(digest_of(secret), key.digest if key else bytes(32)) or key is None:
            raise Unauthenticated("key_unknown", "No such key is known", key_id)
        if key.revoked_at is not None:
            raise Unauthenticated("key_revoked", "The key was revoked", key_id, key.principal)
        if key.expires_at is not None and key.expires_at <= self._now():
            raise Unauthenticated("key_expired", "The key has expired", key_id, key.principal)
        return Known(key.principal, key_id)

    async def _find(self, key_id: str) -> Key | None:
        seen = self._seen.get(key_id)
        if seen is not None and self._clock() - seen.at < _TRUSTED:
            return seen.key
        answer = self._waiting.get(key_id)
        if answer is None:
            answer = self._waiting[key_id] = asyncio.get_running_loop().create_future()
            if self._asking is None or self._asking.done():
                self._asking = asyncio.create_task(self._ask(), name="keys")
        return await asyncio.shield(answer)

    async def _ask(self) -> None:
        while batch := dict(list(self._waiting.items())[:_BATCH_MAX]):
            at = self._clock()
            try:
                async with self._pool.connection() as connection:
                    rows = await (await connection.execute(_FIND, (list(batch),))).fetchall()
            except BaseException as error:
                for key_id, answer in batch.items():
                    del self._waiting[key_id]
                    answer.set_exception(error)
                if not isinstance(error, psycopg.Error | PoolTimeout):
                    raise
            else:
                found = {key.key_id: key for key in map(key_of, rows)}
                self._seen.keep({key_id: _Seen(key, at) for key_id, key in found.items()})
                for key_id, answer in batch.items():
                    del self._waiting[key_id]
                    answer.set_result(found.get(key_id))
