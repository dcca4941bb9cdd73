"""Which requests were made under which Idempotency-Key, and what was answered: the same request is done once.

What protects money is not kept here: a request's key becomes its command's id, and the store records a command once. Kept
here is what events cannot tell: what a refused request was told, that a key was used for something else, and who is at
it now. That may be written lazily (`synchronous_commit = off`): whatever a crash of the database takes is reckoned anew.

Whoever is at a request holds an advisory lock of its key, in the one session that a process has for all of them. A process
that dies lets go of it in that moment, and who asks again goes on where it was.
"""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import psycopg
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

_KEPT_DAYS = 30
_PATIENCE = 3  # seconds until a connection counts as not to be had
# Keys of advisory locks are 64-bit numbers; the seed keeps them apart from those of other uses.
_LOCK = "hashtextextended(principal || E'\\n' || key, 7532)"
_TRY = f"SELECT pg_try_advisory_lock({_LOCK}) FROM unnest(%s::text[], %s::text[]) AS asked (principal, key)"  # noqa: S608
_UNLOCK = f"SELECT pg_advisory_unlock({_LOCK}) FROM unnest(%s::text[], %s::text[]) AS done (principal, key)"  # noqa: S608
_CLAIM = """
    WITH asked AS (
        SELECT * FROM unnest(%s::text[], %s::text[], %s::bytea[], %s::timestamptz[])
        WITH ORDINALITY AS asked (principal, key, digest, at, place)
    ), made AS (
        INSERT INTO requests (principal, key, digest, asked_at) SELECT principal, key, digest, at FROM asked
        ON CONFLICT DO NOTHING RETURNING principal, key
    )
    SELECT made.key IS NOT NULL, kept.digest, kept.asked_at, kept.status, kept.headers, kept.body
    FROM asked LEFT JOIN made USING (principal, key) LEFT JOIN requests AS kept USING (principal, key)
    ORDER BY place"""
_FINISH = """
    UPDATE requests SET status = done.status, headers = done.headers, body = done.body
    FROM unnest(%s::text[], %s::text[], %s::int[], %s::jsonb[], %s::bytea[]) AS done (principal, key, status, headers, body)
    WHERE requests.principal = done.principal AND requests.key = done.key"""
_FORGET = f"DELETE FROM requests WHERE asked_at < now() - interval '{_KEPT_DAYS} days'"  # noqa: S608


class Running(Exception):  # noqa: N818 - it is an answer, not an error
    """The same request is being done at this moment."""


class KeyReused(Exception):  # noqa: N818 - it is an answer, not an error
    """The key belongs to another request."""


class NoKey(Exception):  # noqa: N818 - it is an answer, not an error
    """A write has no Idempotency-Key, or one that cannot be used."""

    def __init__(self, key: str) -> None:
        super().__init__("an Idempotency-Key is needed" if not key else "the Idempotency-Key cannot be used")


class Claim(NamedTuple):
    """The right to do a request, and since when it is asked for: `asked_at` is the first time of all."""

    principal: str
    key: str
    digest: bytes
    asked_at: datetime


class Told(NamedTuple):
    """What a request was answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Requests:
    """The requests of one installation, as one process sees them. Raises psycopg.Error where the database is not there.

    Whoever waits at the same moment shares a round trip.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: AsyncConnection[Any] | None = None
        self._mine: dict[tuple[str, str], Claim] = {}
        self._claims: list[tuple[Claim, asyncio.Future[Claim | Told]]] = []
        self._finished: list[tuple[Claim, Told | None, asyncio.Future[None]]] = []
        self._clerk: asyncio.Task[None] | None = None

    async def claim(self, asked: Claim) -> Claim | Told:
        """The right to do it, or what was answered the first time. Raises Running and KeyReused."""
        name = asked.principal, asked.key
        mine = self._mine.get(name)
        if mine is not None:
            raise Running if mine.digest == asked.digest else KeyReused
        self._mine[name] = asked
        answer: asyncio.Future[Claim | Told] = asyncio.get_running_loop().create_future()
        self._claims.append((asked, answer))
        self._wake()
        try:
            claimed = await answer
        except BaseException:
            self._mine.pop(name, None)
            raise
        if isinstance(claimed, Told):
            self._mine.pop(name, None)
        return claimed

    async def finish(self, claim: Claim, told: Told | None) -> None:
        """It was answered; None: it was not, and whoever asks again begins anew."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._finished.append((claim, told, done))
        self._wake()
        await asyncio.shield(done)

    async def forget_old(self) -> None:
        """Forget what nobody will ask again."""
        async with await self._connect() as connection:
            await connection.execute(_FORGET)

    async def aclose(self) -> None:
        """Write what is to be written, and let go."""
        if self._clerk is not None:
            await self._clerk
        if self._connection is not None:
            await self._connection.close()

    def _wake(self) -> None:
        if self._clerk is None or self._clerk.done():
            self._clerk = asyncio.create_task(self._serve(), name="idempotency")

    async def _serve(self) -> None:
        while self._claims or self._finished:
            claims, self._claims = self._claims, []
            finished, self._finished = self._finished, []
            try:
                connection = await self._session(claims)
                if finished:
                    await self._write(connection, finished)
                if claims:
                    await self._look_up(connection, claims)
            except (psycopg.Error, OSError) as error:
                await self._drop()
                self._fail(claims, finished, error)
            except BaseException as defect:
                self._fail(claims, finished, defect)
                raise

    def _fail(self, claims: Sequence[Any], finished: Sequence[Any], error: BaseException) -> None:
        for _, answer in claims:
            if not answer.done():
                answer.set_exception(error)
        # Its lock went with the session. What was done is told by its events, what was refused is decided again.
        for claim, _, done in finished:
            self._mine.pop((claim.principal, claim.key), None)
            if not done.done():
                done.set_result(None)

    async def _look_up(
        self, connection: AsyncConnection[Any], claims: Sequence[tuple[Claim, "asyncio.Future[Claim | Told]"]]
    ) -> None:
        asked = [claim for claim, _ in claims]
        locked = await self._lock(connection, asked)
        for (_, answer), got in zip(claims, locked, strict=True):
            if not (got or answer.done()):
                answer.set_exception(Running())
        held = [each for each, got in zip(claims, locked, strict=True) if got]
        if not held:
            return
        # Read after the locks were had: whoever had them before has written what there is to read.
        columns = zip(*[claim for claim, _ in held], strict=True)
        rows = await (await connection.execute(_CLAIM, [list(column) for column in columns])).fetchall()
        over = []
        for (claim, answer), (new, digest, asked_at, status, headers, body) in zip(held, rows, strict=True):
            if not new and digest != claim.digest:
                outcome: Claim | Told | KeyReused = KeyReused()
            elif not new and status is not None:
                outcome = Told(status, headers, body)
            else:
                outcome = claim if new else claim._replace(asked_at=asked_at)
            if not isinstance(outcome, Claim) or answer.done():
                over.append(claim)
            if answer.done():
                self._mine.pop((claim.principal, claim.key), None)
            elif isinstance(outcome, KeyReused):
                answer.set_exception(outcome)
            else:
                answer.set_result(outcome)
        await self._unlock(connection, over)

    async def _write(
        self, connection: AsyncConnection[Any], finished: Sequence[tuple[Claim, Told | None, "asyncio.Future[None]"]]
    ) -> None:
        told = [(claim, answer) for claim, answer, _ in finished if answer is not None]
        if told:
            columns = zip(
                *[(c.principal, c.key, t.status, Jsonb(dict(t.headers)), t.body) for c, t in told], strict=True
            )
            await connection.execute(_FINISH, [list(column) for column in columns])
        await self._unlock(connection, [claim for claim, _, _ in finished])
        for claim, _, done in finished:
            self._mine.pop((claim.principal, claim.key), None)
            if not done.done():
                done.set_result(None)

    async def _lock(self, connection: AsyncConnection[Any], claims: Sequence[Claim]) -> list[bool]:
        cursor = await connection.execute(_TRY, [[c.principal for c in claims], [c.key for c in claims]])
        return [got for (got,) in await cursor.fetchall()]

    async def _unlock(self, connection: AsyncConnection[Any], claims: Sequence[Claim]) -> None:
        if claims:
            await connection.execute(_UNLOCK, [[c.principal for c in claims], [c.key for c in claims]])

    async def _session(self, claims: Sequence[tuple[Claim, Any]]) -> AsyncConnection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = await self._connect()
            waiting = {(claim.principal, claim.key) for claim, _ in [*claims, *self._claims]}
            at_it = [claim for name, claim in self._mine.items() if name not in waiting]
            if at_it:  # the locks that the last session took with it
                await self._lock(self._connection, at_it)
        return self._connection

    async def _connect(self) -> AsyncConnection[Any]:
        return await AsyncConnection.connect(
            self._url, autocommit=True, connect_timeout=_PATIENCE, options="-c synchronous_commit=off"
        )

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(psycopg.Error, OSError):
                await connection.close()
