"""Personal data in the database: sealed field by field, read, and erased for good.

To erase a person is to destroy their key. What was sealed with it means nothing from then on, in the table and in every
copy of it; that they were erased stays known, and nothing is taken in about them again.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool
from pydantic import ValidationError
from pydantic_core import from_json, to_json

from domain.customer import Customer
from infra.vault.masters import Masters
from infra.vault.personal import PersonalData
from infra.vault.sealing import Damaged, new_key, opened, seal

_CHUNK = 1_000  # keys that are sealed anew at once


class Erased(Exception):  # noqa: N818 - it is an answer, not an error
    """The person was erased at this moment."""

    def __init__(self, customer_id: str, at: datetime) -> None:
        super().__init__(customer_id, at)
        self.customer_id, self.at = customer_id, at


class AccountsOpen(Exception):  # noqa: N818 - it is an answer, not an error
    """A person has accounts that are not closed: whoever lends to them must know who they are."""

    def __init__(self, customer_id: str, accounts: Sequence[UUID]) -> None:
        super().__init__(f"customer {customer_id} has {len(accounts)} accounts that are not closed")
        self.accounts = accounts


class Held(NamedTuple):
    """How much the vault holds."""

    people: int
    erased: int
    master_id: str | None
    """The master key in use; None before the first person."""

    sealed_before: int
    """People whose keys are sealed by another master key than that."""


class Vault:
    """The personal data of one installation; any number of these may work on it at once."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]], masters: Masters) -> None:
        self._pool, self._masters = pool, masters

    async def put(self, customer_id: str, data: PersonalData) -> None:
        """Have this known of a person, and nothing else. Raises Erased and NoMasterKey."""
        async with self._pool.connection() as connection:
            master_id = await self._master(connection)
            made = new_key()
            await connection.execute(
                "INSERT INTO vault_keys (customer_id, sealed_key, master_id) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                (customer_id, seal(self._masters.key(master_id), made, customer_id), master_id),
            )
            how = await self._fetch(
                connection,
                "SELECT sealed_key, master_id, erased_at FROM vault_keys WHERE customer_id = %s FOR UPDATE",
                customer_id,
            )
            key = self._opened_key(customer_id, *how)
            said = data.model_dump(mode="json", exclude_defaults=True)
            await connection.execute("DELETE FROM vault_data WHERE customer_id = %s", (customer_id,))
            await connection.execute(
                "INSERT INTO vault_data (customer_id, field, sealed) SELECT %s, * FROM unnest(%s::text[], %s::bytea[])",
                (customer_id, list(said), [seal(key, to_json(each), customer_id, name) for name, each in said.items()]),
            )

    async def get(self, customer_id: str) -> PersonalData | None:
        """What is known of a person; None where nothing ever was. Raises Erased, NoMasterKey and Damaged."""
        async with self._pool.connection() as connection:
            found = await self._fetch(
                connection,
                """SELECT sealed_key, master_id, erased_at, array_agg(field), array_agg(sealed)
                FROM vault_keys LEFT JOIN vault_data USING (customer_id) WHERE customer_id = %s GROUP BY customer_id""",
                customer_id,
            )
        if found is None:
            return None
        *how, names, contents = found
        key = self._opened_key(customer_id, *how)
        said = {
            name: from_json(opened(key, sealed, customer_id, name))
            for name, sealed in zip(names, contents, strict=True)
            if name is not None
        }
        try:
            return PersonalData.model_validate_json(to_json(said))
        except ValidationError:  # it would quote them
            raise Damaged(f"What is sealed for {customer_id} is not what this program knows; upgrade it.") from None

    async def erase(self, customer: Customer, by: str) -> datetime:
        """Destroy the person's key, and say when that was done; whoever was erased before stays so.

        A person of whom nothing is known is erased as well: nothing will be. Raises AccountsOpen.
        """
        customer_id = customer.customer_id
        accounts = [account_id for account_id, line in customer.lines.items() if not line.closed]
        if accounts:
            raise AccountsOpen(customer_id, accounts)
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                """INSERT INTO vault_keys (customer_id, erased_at, erased_by) VALUES (%s, now(), %s)
                ON CONFLICT (customer_id) DO UPDATE
                    SET sealed_key = NULL, master_id = NULL, erased_at = excluded.erased_at, erased_by = excluded.erased_by
                    WHERE vault_keys.erased_at IS NULL
                RETURNING erased_at""",
                (customer_id, by),
            )
            done = await cursor.fetchone()
            if done is None:
                done = await self._fetch(
                    connection, "SELECT erased_at FROM vault_keys WHERE customer_id = %s", customer_id
                )
            await connection.execute("DELETE FROM vault_data WHERE customer_id = %s", (customer_id,))
        at: datetime = done[0]
        return at

    async def held(self) -> Held:
        """How much there is."""
        async with self._pool.connection() as connection:
            row = await self._fetch(
                connection,
                """SELECT count(sealed_key), count(erased_at), max(current.master_id),
                    count(*) FILTER (WHERE vault_keys.master_id <> current.master_id)
                FROM (SELECT (SELECT master_id FROM vault_master) AS master_id) AS current LEFT JOIN vault_keys ON true""",
            )
        return Held(*row)

    async def rotate(self) -> tuple[str | None, str, int]:
        """Seal everybody's key with another master key: the one that is given first, or else one that is made now.

        Says the id of the one before and of the new one, and how many keys were sealed. Services that run go on: they
        look for a key by its id. Raises NoMasterKey.
        """
        async with self._pool.connection() as connection:
            found = await self._fetch(connection, "SELECT master_id FROM vault_master FOR UPDATE")
            before: str | None = found[0] if found else None
            master_id = await self._chosen()
            await connection.execute(
                "INSERT INTO vault_master (master_id) VALUES (%s) ON CONFLICT (only_row) DO UPDATE SET master_id = %s",
                (master_id, master_id),
            )
            sealed = 0
            while chunk := await self._sealed_by_others(connection, master_id):
                await self._seal_anew(connection, chunk, master_id)
                sealed += len(chunk)
        return before, master_id, sealed

    async def _sealed_by_others(
        self, connection: AsyncConnection[Any], master_id: str
    ) -> Sequence[tuple[str, bytes, str]]:
        cursor = await connection.execute(
            "SELECT customer_id, sealed_key, master_id FROM vault_keys WHERE master_id <> %s LIMIT %s FOR UPDATE",
            (master_id, _CHUNK),
        )
        return await cursor.fetchall()

    async def _seal_anew(
        self, connection: AsyncConnection[Any], chunk: Sequence[tuple[str, bytes, str]], master_id: str
    ) -> None:
        master = self._masters.key(master_id)
        anew = [
            seal(master, opened(self._masters.key(before), sealed, customer_id), customer_id)
            for customer_id, sealed, before in chunk
        ]
        await connection.execute(
            """UPDATE vault_keys SET sealed_key = anew.sealed_key, master_id = %s
            FROM unnest(%s::text[], %s::bytea[]) AS anew (customer_id, sealed_key)
            WHERE vault_keys.customer_id = anew.customer_id""",
            (master_id, [customer_id for customer_id, _, _ in chunk], anew),
        )

    async def begin(self) -> Path | None:
        """Have a master key in use; the file of it where it was made for that now."""
        async with self._pool.connection() as connection:
            before = await self._fetch(connection, "SELECT master_id FROM vault_master")
            master_id = await self._master(connection)
        return None if before or master_id == self._masters.given else self._masters.file(master_id)

    async def _chosen(self) -> str:
        """The id of the master key that is given first, or else of one that is made now."""
        if self._masters.given is not None:
            return self._masters.given
        return await asyncio.to_thread(self._masters.make)

    async def _master(self, connection: AsyncConnection[Any]) -> str:
        """The master key in use, which stays that until the end of the transaction; the first one is chosen here."""
        while True:
            found = await self._fetch(connection, "SELECT master_id FROM vault_master FOR SHARE")
            if found is not None:
                return str(found[0])
            master_id = await self._chosen()
            await connection.execute(
                "INSERT INTO vault_master (master_id) VALUES (%s) ON CONFLICT DO NOTHING", (master_id,)
            )

    def _opened_key(self, customer_id: str, sealed: bytes, master_id: str, erased_at: datetime | None) -> bytes:
        if erased_at is not None:
            raise Erased(customer_id, erased_at)
        return opened(self._masters.key(master_id), sealed, customer_id)

    @staticmethod
    async def _fetch(connection: AsyncConnection[Any], query: Any, *values: object) -> Any:
        cursor = await connection.execute(query, values)
        return await cursor.fetchone()
