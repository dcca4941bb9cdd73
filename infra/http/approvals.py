"""Four eyes over HTTP: what needs two people waits here until another person approves or rejects it."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal, Protocol, TypeVar
from uuid import UUID

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import from_json, to_json

from domain.commands import COMMANDS, Actor, Command
from domain.terms import Token
from infra.http.idempotency import Told

_ASK = """INSERT INTO approvals (approval_id, operation, account_id, command, asked_by, asked_at)
    VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"""
_SELECT = """SELECT approval_id, operation, account_id, command, asked_by, asked_at, status, decided_by, decided_at
    FROM approvals"""
_DECIDE = """UPDATE approvals SET status = %s, decided_by = %s, decided_at = %s
    WHERE approval_id = %s AND status = 'waiting'"""


class Approval(BaseModel):
    """A request that needs a second person, and what became of it."""

    model_config = ConfigDict(frozen=True)

    approval_id: Token
    operation: str
    account_id: UUID
    asked: Annotated[dict[str, Any], Field(description="What the command says, beside whom it is about and who asks.")]
    asked_by: str
    asked_at: datetime
    status: Literal["waiting", "approved", "rejected"]
    decided_by: str | None = None
    decided_at: datetime | None = None


class ApprovalUnknown(Exception):  # noqa: N818 - it is an answer, not an error
    """There is no such request for approval."""


class ApprovalDecided(Exception):  # noqa: N818 - it is an answer, not an error
    """It was approved or rejected before."""


class _Done(Protocol):
    @property
    def told(self) -> Told: ...


D = TypeVar("D", bound=_Done)


class Approvals:
    """The requests that wait for a second person, and those that did."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]]) -> None:
        self._pool = pool

    async def ask(self, command: Command, name: str) -> Told:
        """Let it wait under this name; said again it is the same request."""
        asked_by, content = str(command.actor), command.model_dump_json(exclude_defaults=True)
        async with self._pool.connection() as connection:
            row = (name, command.DO, command.account_id, content, asked_by, command.at)
            await connection.execute(_ASK, row)
        approval = await self.find(name)
        headers = {"Location": f"/approvals/{name}"}
        return Told(HTTPStatus.ACCEPTED, headers, approval.model_dump_json().encode())

    async def find(self, approval_id: str) -> Approval:
        """The request of this id. Raises ApprovalUnknown."""
        async with self._pool.connection() as connection:
            return _approval(await self._row(connection, approval_id))

    async def page(self, status: str | None, after: str, limit: int) -> list[Approval]:
        """Requests in the order of their ids, of those with this status if one is named."""
        condition = " WHERE approval_id > %s AND status = coalesce(%s, status) ORDER BY approval_id LIMIT %s"
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_SELECT + condition, (after, status, limit))
            return [_approval(row) for row in await cursor.fetchall()]

    async def approve(self, approval_id: str, second: Actor, at: datetime, do: Callable[[Command], Awaitable[D]]) -> D:
        """Have it done with its second person, and answer what `do` answers; refused, it goes on waiting.

        Nobody else decides on it meanwhile. Raises ApprovalUnknown and ApprovalDecided.
        """
        async with self._pool.connection() as connection:
            row = await self._row(connection, approval_id, lock=True)
            if row[6] == "rejected" or row[7] not in {None, str(second)}:
                raise ApprovalDecided
            content = from_json(row[3]) | {"second_actor": second.model_dump(), "at": at.isoformat()}
            done = await do(COMMANDS[row[1]].model_validate_json(to_json(content)))
            if done.told.status < HTTPStatus.MULTIPLE_CHOICES:
                await connection.execute(_DECIDE, ("approved", str(second), at, approval_id))
            return done

    async def reject(self, approval_id: str, by: Actor, at: datetime) -> Approval:
        """Have it never done. Raises ApprovalUnknown and ApprovalDecided."""
        async with self._pool.connection() as connection:
            await connection.execute(_DECIDE, ("rejected", str(by), at, approval_id))
        rejected = await self.find(approval_id)
        if (rejected.status, rejected.decided_by) != ("rejected", str(by)):
            raise ApprovalDecided
        return rejected

    async def _row(self, connection: AsyncConnection[Any], approval_id: str, *, lock: bool = False) -> tuple[Any, ...]:
        cursor = await connection.execute(f"{_SELECT} WHERE approval_id = %s{' FOR UPDATE' * lock}", (approval_id,))
        row: tuple[Any, ...] | None = await cursor.fetchone()
        if row is None:
            raise ApprovalUnknown(approval_id)
        return row


def _approval(row: tuple[Any, ...]) -> Approval:
    approval_id, operation, account_id, command, asked_by, asked_at, status, decided_by, decided_at = row
    asked = {name: value for name, value in from_json(command).items() if name not in _ENVELOPE}
    return Approval(
        approval_id=approval_id,
        operation=operation,
        account_id=account_id,
        asked=asked,
        asked_by=asked_by,
        asked_at=asked_at,
        status=status,
        decided_by=decided_by,
        decided_at=decided_at,
    )


_ENVELOPE = frozenset({"command_id", "account_id", "actor", "at", "second_actor"})
