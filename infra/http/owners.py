"""Whose an account is, and in which currency: what never changes of it, so it is asked of the store once."""

from typing import NamedTuple
from uuid import UUID

from starlette.concurrency import run_in_threadpool

from infra.accounts import Accounts
from infra.live import Recent

_ROOM = 100_000


class _Owned(NamedTuple):
    customer_id: str
    currency: str


class Owners:
    """Answers from memory where it can. Raises Fault where the store cannot be asked."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._known: Recent[UUID, _Owned] = Recent(_ROOM)

    async def __call__(self, account_id: UUID) -> str | None:
        """The customer whose account it is; None where there is no such account."""
        owned = await self._ask(account_id)
        return owned.customer_id if owned else None

    async def currency(self, account_id: UUID) -> str | None:
        """The account's currency; None where there is no such account."""
        owned = await self._ask(account_id)
        return owned.currency if owned else None

    async def _ask(self, account_id: UUID) -> _Owned | None:
        known = self._known.get(account_id)
        if known is None:
            account = await run_in_threadpool(self._accounts.account, account_id)
            if account is None:
                return None
            known = _Owned(account.customer_id, account.ledger.terms.currency)
            self._known.keep({account_id: known})
        return known
