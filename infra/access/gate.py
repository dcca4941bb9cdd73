"""The gate of one process: who is known by what they send, how much they may ask, and where it is written down."""

from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from infra.access.journal import Journal
from infra.access.keys import PREFIX, Keys
from infra.access.principals import Known, Principal, Unauthenticated
from infra.access.rates import Counter, Left, rates_of
from infra.access.tokens import Tokens
from infra.settings import Settings

_LONGEST = 8_192  # characters of a credential


class Access:
    """Knows who asks and counts how often; to be made where an event loop runs.

    Raises psycopg.Error and PoolTimeout where the database is needed and not there.
    """

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]], settings: Settings) -> None:
        self.journal = Journal(pool)
        self._keys = Keys(pool)
        self._tokens: Tokens | None = None
        if settings.oauth_issuer and settings.oauth_audience and settings.oauth_jwks:
            self._tokens = Tokens(settings.oauth_issuer, settings.oauth_audience, settings.oauth_jwks)
        self._counter = Counter()
        self._rates = rates_of(settings.rate_limit)

    async def known(self, authorization: str) -> Known:
        """Whom an Authorization header stands for. Raises Unauthenticated and IssuerUnavailable."""
        scheme, _, credential = authorization.partition(" ")
        if scheme.lower() != "bearer" or not credential:
            raise Unauthenticated("credentials_missing", "No bearer key or token was sent")
        if len(credential) > _LONGEST:
            raise Unauthenticated("credentials_malformed", f"A credential has at most {_LONGEST} characters")
        if credential.startswith(PREFIX):
            return await self._keys.known(credential)
        if self._tokens is None:
            raise Unauthenticated("token_issuer", "Only keys are taken here: no issuer of tokens is set up")
        return await self._tokens.known(credential)

    def count(self, principal: Principal) -> Left | None:
        """One request of somebody known; None where nobody is counted. Raises RateLimited."""
        return self._take("service" if principal.role == "service" else "person", principal.id)

    def count_stranger(self, network: str) -> Left | None:
        """One request of somebody unknown. Raises RateLimited."""
        return self._take("stranger", network)

    def _take(self, name: str, who: str) -> Left | None:
        rate = self._rates.get(name)
        return self._counter.take(who, rate) if rate else None

    async def aclose(self) -> None:
        """Write what is to be written."""
        await self.journal.aclose()
