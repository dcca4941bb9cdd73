"""Whether whoever asks may."""

from collections.abc import Collection

from fastapi import Request

from infra.access import Principal, Role


class Allowed:
    """A placeholder."""

    def __init__(self, scope: str, roles: Collection[Role], *, personal: bool = False) -> None:
        self.scope, self.roles, self.personal = scope, roles, personal

    async def __call__(self, request: Request) -> Principal:
        role = request.headers.get("x-role", "service")
        return Principal(
            request.headers.get("x-id", "me"), role, frozenset([self.scope]), request.headers.get("x-customer")
        )
