"""Which requests were made under which Idempotency-Key, and what was answered: the same request is done once.

What protects money is not kept here: a request's key becomes its command's id, and the store records a command once and
finds its first answer again. Kept here is what events cannot tell: what a refused request was told, that a key was used
for something else, and who is at it now. That may be written lazily (`synchronous_commit = off`): whatever a crash of
the database takes is reckoned anew.

Whoever is at a request holds an advisory lock of its key, in the one session that a process has for all of them. A process
that dies lets go of it in that moment, and who asks again goes on where it was.
"""

import asyncio
import contextlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from math import inf
from time import monotonic
from typing import Any, NamedTuple

import psycopg
from psycopg import AsyncConnection

from infra.store import arrays

_KEPT_DAYS = 30  # that a request is known; its events are for ever
_FORGET_EVERY = 60.0  # seconds; then a thousand old ones are forgotten at most
_PATIENCE = 3  # seconds until a connection counts as not to be had
_TURN = "SELECT * FROM requests_turn(%b, %b, %b, %b, %b, %b)"
_KEEP = """
    UPDATE requests SET status = told.status, headers = told.headers, body = told.body
    FROM unnest(%b, %b, %b, %b, %b) AS told (principal, key, status, headers, body)
    WHERE requests.principal = told.principal AND requests.key = told.key"""
_FORGET = f"""
    DELETE FROM requests WHERE (principal, key) IN (
        SELECT principal, key FROM requests WHERE asked_at < now() - interval '{_KEPT_DAYS} days' LIMIT 1000)"""  # noqa: S608


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


class _Asked(NamedTuple):
    claim: Claim
    answer: "asyncio.Future[Claim | Told]"


class _Over(NamedTuple):
    claim: Claim
    told: Told | None
    done: "asyncio.Future[None]"


class Requests:
    """The requests of one installation, as one process sees them. Raises psycopg.Error where the database is not there.

    Whoever waits at the same moment shares a round trip.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: AsyncConnection[Any] | None = None
        self._held: dict[tuple[str, str], Claim] = {}
        self._ending: dict[tuple[str, str], _Over] = {}
        self._asked: list[_Asked] = []
        self._over: list[_Over] = []
        self._clerk: asyncio.Task[None] | None = None
        self._forgot = -inf

    async def claim(self, asked: Claim) -> Claim | Told:
        """The right to do it, or what was answered the first time. Raises Running and KeyReused."""
        name = asked.principal, asked.key
        while name in self._ending:
            await asyncio.shield(self._ending[name].done)
        held = self._held.get(name)
        if held is not None:
            raise Running if held.digest == asked.digest else KeyReused
        self._held[name] = asked
        waiting = _Asked(asked, asyncio.get_running_loop().create_future())
        self._asked.append(waiting)
        self._wake()
        try:
            got = await waiting.answer
        except BaseException:
            self._held.pop(name, None)
            raise
        if isinstance(got, Told):
            self._held.pop(name, None)
        else:
            self._held[name] = got
        return got

    async def let_go(self, claim: Claim, told: Told | None = None) -> None:
        """It is over. What it was `told` is kept where events would not tell it again."""
        over = _Over(claim, told, asyncio.get_running_loop().create_future())
        self._over.append(over)
        self._ending[claim.principal, claim.key] = over
        self._wake()
        if told is not None:
            await asyncio.shield(over.done)

    async def aclose(self) -> None:
        """Write what is to be written, and let go of everything."""
        if self._clerk is not None:
            await self._clerk
        await self._drop()

    def _wake(self) -> None:
        if self._clerk is None or self._clerk.done():
            self._clerk = asyncio.create_task(self._serve(), name="idempotency")

    async def _serve(self) -> None:
        while self._asked or self._over:
            await asyncio.sleep(0)  # whoever comes in the same moment comes along
            asked, self._asked = self._asked, []
            over, self._over = self._over, []
            try:
                connection = await self._session(asked)
                await _keep(connection, [each for each in over if each.told is not None])
                found = await _turn(connection, over, asked)
                if monotonic() - self._forgot > _FORGET_EVERY:
                    self._forgot = monotonic()
                    await connection.execute(_FORGET)
            except BaseException as error:
                await self._drop()
                for each in asked:
                    _tell(each, error)
                if not isinstance(error, psycopg.Error | OSError):
                    raise
            else:
                for each, row in zip(asked, found, strict=True):
                    outcome = _outcome(each.claim, row)
                    if row.held and (each.answer.done() or not isinstance(outcome, Claim)):
                        self._over.append(_over(each.claim))  # nobody will do it
                    _tell(each, outcome)
            finally:
                # Where the session was lost, its locks went with it: what was done is told by its events, what was
                # refused is decided again.
                for done in over:
                    self._end(done)

    def _end(self, over: _Over) -> None:
        name = over.claim.principal, over.claim.key
        # Somebody else may have asked for it again by now.
        if self._held.get(name) is over.claim:
            del self._held[name]
        if self._ending.get(name) is over:
            del self._ending[name]
        if not over.done.done():
            over.done.set_result(None)

    async def _session(self, asked: Sequence[_Asked]) -> AsyncConnection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = await self._connect()
            waiting = {(each.claim.principal, each.claim.key) for each in [*asked, *self._asked]}
            at_it = [claim for name, claim in self._held.items() if name not in waiting]
            if at_it:  # the locks that the last session took with it
                await _turn(self._connection, (), [_Asked(claim, _future()) for claim in at_it])
        return self._connection

    async def _connect(self) -> AsyncConnection[Any]:
        options = "-c synchronous_commit=off"
        connection = await AsyncConnection.connect(
            self._url, autocommit=True, connect_timeout=_PATIENCE, options=options
        )
        arrays.register(connection)
        return connection

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(psycopg.Error, OSError):
                await connection.close()


class _Row(NamedTuple):
    held: bool
    digest: bytes | None
    asked_at: datetime | None
    status: int | None
    headers: str | None
    body: bytes | None


def _outcome(claim: Claim, row: _Row) -> Claim | Told | Exception:
    if not row.held:
        return Running()
    if row.digest != claim.digest or row.asked_at is None:
        return KeyReused()
    if row.status is not None:
        return Told(row.status, json.loads(row.headers or "{}"), row.body or b"")
    return claim._replace(asked_at=row.asked_at)


async def _keep(connection: AsyncConnection[Any], over: Sequence[_Over]) -> None:
    """Write down what was told, before anybody else can get hold of it."""
    told = [each.told for each in over if each.told is not None]
    if told:
        headers = [json.dumps(dict(each.headers)) for each in told]
        statuses, bodies = arrays.ints([each.status for each in told]), arrays.byteas([each.body for each in told])
        columns = (*_names(over), statuses, arrays.texts(headers), bodies)
        await connection.execute(_KEEP, columns, prepare=True)


async def _turn(connection: AsyncConnection[Any], over: Sequence[_Over], asked: Sequence[_Asked]) -> list[_Row]:
    digests = arrays.byteas([each.claim.digest for each in asked])
    instants = arrays.instants([each.claim.asked_at for each in asked])
    cursor = await connection.execute(
        _TURN, (*_names(over), *_names(asked), digests, instants), prepare=True, binary=True
    )
    return [_Row(*row) for row in await cursor.fetchall()]


def _names(each: Sequence[_Asked] | Sequence[_Over]) -> tuple[arrays.Column, arrays.Column]:
    return arrays.texts([one.claim.principal for one in each]), arrays.texts([one.claim.key for one in each])


def _tell(asked: _Asked, outcome: Claim | Told | BaseException) -> None:
    if asked.answer.done():
        return
    if isinstance(outcome, BaseException):
        asked.answer.set_exception(outcome)
    else:
        asked.answer.set_result(outcome)


def _over(claim: Claim) -> _Over:
    return _Over(claim, None, _future())


def _future() -> "asyncio.Future[Any]":
    return asyncio.get_running_loop().create_future()
