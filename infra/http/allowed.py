"""Whether whoever asks may: the one dependency that every route has, and from which the table of who may what is read."""

from collections.abc import Collection
from uuid import UUID

from fastapi import Request
from pydantic import TypeAdapter, ValidationError

from infra.access import SCOPES, Principal, Role
from infra.access.principals import Forbidden, Known, NotTheirs
from infra.telemetry.logs import bind_contextvars

_ACCOUNT_ID: TypeAdapter[UUID] = TypeAdapter(UUID)


class Allowed:
    """Lets those through who are known, have one of the `roles` and the `scope`, and ask for what is theirs to see.

    As a dependency of a route it answers the principal. `personal`: the answer tells of a person beyond their accounts,
    and that it was asked for is written down before it is given.
    """

    def __init__(self, scope: str, roles: Collection[Role], *, personal: bool = False) -> None:
        if scope not in SCOPES:
            raise ValueError(f"{scope} is no scope")
        self.scope, self.roles, self.personal = scope, roles, personal

    async def __call__(self, request: Request) -> Principal:
        """Raises Unauthenticated, Forbidden and NotTheirs."""
        known: Known = await request.app.state.access.known(request.headers.get("authorization", ""))
        principal = known.principal
        bind_contextvars(principal_id=principal.id)
        if principal.role not in self.roles:
            raise Forbidden("role_not_permitted", self.scope)
        if self.scope not in principal.scopes:
            raise Forbidden("scope_missing", self.scope)
        if principal.customer_id is not None:
            await self._check_theirs(request, principal)
        return principal

    async def _check_theirs(self, request: Request, principal: Principal) -> None:
        path = request.path_params
        if "customer_id" in path and path["customer_id"] != principal.customer_id:
            raise NotTheirs("customer")
        if "account_id" in path and await _owner(request, path["account_id"]) != principal.customer_id:
            raise NotTheirs("account")
        # What lists things shows customers their own; whose the others' things are it cannot tell.
        if not path.keys() & {"customer_id", "account_id"} and principal.role != "customer":
            raise Forbidden("customer_only", self.scope)


async def _owner(request: Request, said: str) -> str | None:
    """Whose account it is; None where there is none, or where that is no account's id."""
    try:
        account_id = _ACCOUNT_ID.validate_python(said)
    except ValidationError:
        return None
    owner: str | None = await request.app.state.owners(account_id)
    return owner
