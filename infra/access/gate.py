"""The gate of one process: who is known by what they send."""

from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from infra.access.keys import PREFIX, Keys
from infra.access.principals import Known, Unauthenticated

_LONGEST = 8_192  # characters of a credential


class Access:
    """Knows who asks. Raises psycopg.Error and PoolTimeout where the database is needed and not there."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]]) -> None:
        self._keys = Keys(pool)

    async def known(self, authorization: str) -> Known:
        """Whom an Authorization header stands for. Raises Unauthenticated."""
        scheme, _, credential = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthenticated("credentials_missing", "No bearer key or token was sent")
        if len(credential) > _LONGEST:
            raise Unauthenticated("credentials_malformed", f"A credential has at most {_LONGEST} characters")
        if credential.startswith(PREFIX):
            return await self._keys.known(credential)
        raise Unauthenticated("credentials_malformed", "That is neither a key nor a token")
