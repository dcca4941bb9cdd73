"""Whether whoever asks may: the one dependency that every route has, and from which the table of who may what is read."""

from collections.abc import Collection
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any
from uuid import UUID

from fastapi import Request
from pydantic import TypeAdapter, ValidationError

from domain.terms import Token
from infra.access import SCOPES, Access, Principal, Role
from infra.access.journal import Entry
from infra.access.principals import Forbidden, Known, NotTheirs, Unauthenticated
from infra.access.rates import RateLimited
from infra.http import rate_headers
from infra.telemetry.logs import bind_contextvars

_ACCOUNT_ID: TypeAdapter[UUID] = TypeAdapter(UUID)
_CUSTOMER_ID: TypeAdapter[str] = TypeAdapter(Token)
_HUMAN = frozenset({"officer", "operator", "auditor"})
_OF_NOBODY = frozenset({"books", "keys", "operations", "quotes"})  # resources that tell nothing of a single person
ALLOWED = "allowed"


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
        """Raises Unauthenticated, RateLimited, Forbidden and NotTheirs."""
        access: Access = request.app.state.access
        known = await self._known(request, access)
        bind_contextvars(principal_id=known.principal.id)
        try:
            rate_headers.tell(request.scope, access.count(known.principal))
            await self._check(request, known.principal)
        except RateLimited as limited:
            rate_headers.tell(request.scope, limited.left)
            await access.journal.note(_entry(request, "rate_limited", *known, brief=True))
            raise
        except Forbidden as forbidden:
            await access.journal.note(_entry(request, forbidden.code, *known))
            raise
        except NotTheirs:
            await access.journal.note(_entry(request, "not_theirs", *known))
            raise
        if self.personal:
            await access.journal.write(_entry(request, ALLOWED, *known))
        elif self._is_told_of(request, known.principal):
            await access.journal.note(_entry(request, ALLOWED, *known))
        return known.principal

    async def _known(self, request: Request, access: Access) -> Known:
        try:
            return await access.known(request.headers.get("authorization", ""))
        except Unauthenticated as unknown:
            try:
                rate_headers.tell(request.scope, access.count_stranger(_network(request)))
            except RateLimited as limited:
                # Whoever goes on guessing fills neither the journal nor the disk: it only counts from here on.
                rate_headers.tell(request.scope, limited.left)
                await access.journal.note(_entry(request, "rate_limited", brief=True))
                raise limited from None
            await access.journal.note(_entry(request, unknown.why, unknown.principal, unknown.key_id))
            raise

    async def _check(self, request: Request, principal: Principal) -> None:
        if principal.role not in self.roles:
            raise Forbidden("role_not_permitted", self.scope)
        if self.scope not in principal.scopes:
            raise Forbidden("scope_missing", self.scope)
        if principal.customer_id is None:
            return
        path = request.path_params
        if "customer_id" in path and path["customer_id"] != principal.customer_id:
            raise NotTheirs("customer")
        if "account_id" in path and await _owner(request, path["account_id"]) != principal.customer_id:
            raise NotTheirs("account")
        # What lists things shows customers their own; whose the others' things are it cannot tell.
        if not path.keys() & {"customer_id", "account_id"} and principal.role != "customer":
            raise Forbidden("customer_only", self.scope)

    def _is_told_of(self, request: Request, principal: Principal) -> bool:
        """Whether it is written down that somebody looked."""
        resource = self.scope.partition(":")[0]
        return request.method == "GET" and principal.role in _HUMAN and resource not in _OF_NOBODY


async def _owner(request: Request, said: str) -> str | None:
    """Whose account it is; None where there is none, or where that is no account's id."""
    account_id = _read(_ACCOUNT_ID, said)
    owner: str | None = await request.app.state.owners(account_id) if account_id else None
    return owner


def _entry(
    request: Request,
    outcome: str,
    principal: Principal | None = None,
    key_id: str | None = None,
    *,
    brief: bool = False,
) -> Entry:
    """What the journal is told; `brief`: not of whom. Nothing that was sent goes there as it is: it may be anything."""
    path = {} if brief else request.path_params
    account_id, customer_id = _read(_ACCOUNT_ID, path.get("account_id")), _read(_CUSTOMER_ID, path.get("customer_id"))
    return Entry(
        principal=principal.id if principal else None,
        role=principal.role if principal else None,
        key_id=key_id,
        address=_address(request),
        method=request.method,
        route=request.scope["route"].path,
        account_id=str(account_id) if account_id else None,
        customer_id=customer_id,
        outcome=outcome,
    )


def _read(kind: TypeAdapter[Any], said: object) -> Any:
    try:
        return kind.validate_python(said)
    except ValidationError:
        return None


def _address(request: Request) -> str:
    try:
        found = ip_address(request.client.host if request.client else "")
    except ValueError:
        return "unknown"
    return str(getattr(found, "ipv4_mapped", None) or found)


def _network(request: Request) -> str:
    """The address, or the /64 it is in: whoever has one of IPv6 has all of those."""
    address = _address(request)
    if address != "unknown" and isinstance(ip_address(address), IPv6Address):
        return str(ip_network(f"{address.partition('%')[0]}/64", strict=False))
    return address
