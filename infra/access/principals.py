"""Whoever asks: their role, what they may do in it, and why somebody is turned away."""

from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

Role = Literal["service", "operator", "officer", "auditor", "customer"]
ROLES: tuple[Role, ...] = get_args(Role)

_RESOURCES = (
    "accounts", "appeals", "applications", "approvals", "authorizations", "books", "closures", "corrections",
    "customers", "disputes", "events", "freezes", "keys", "loans", "operations", "payments", "personal", "plans",
    "purchases", "quotes", "reports",
)  # fmt: skip
# All that can be allowed: a resource, and whether it is read or written.
SCOPES = frozenset(f"{resource}:{action}" for resource in _RESOURCES for action in ("read", "write"))


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever asks. One `id` is one person or program, however many keys and tokens it has.

    With a `customer_id` nothing but what is that customer's is there for them; in role customer everybody has one.
    """

    id: str
    role: Role
    scopes: frozenset[str]
    customer_id: str | None = None


class Known(NamedTuple):
    """A principal, and the id of the key by which they are known; None: by a token."""

    principal: Principal
    key_id: str | None = None


class Unauthenticated(Exception):  # noqa: N818 - it is an answer, not an error
    """Nobody is known by what was sent; `why` is one word for the journal, the text a sentence for whoever asked.

    `key_id` is the one that was named, and `principal` whose it is, where the secret was right.
    """

    def __init__(self, why: str, said: str, key_id: str | None = None, principal: Principal | None = None) -> None:
        super().__init__(said)
        self.why, self.key_id, self.principal = why, key_id, principal


class Forbidden(Exception):  # noqa: N818 - it is an answer, not an error
    """Whoever asks is known, and may not: `code` says why; `scope` is the one that is needed."""

    def __init__(self, code: Literal["role_not_permitted", "scope_missing", "customer_only"], scope: str) -> None:
        super().__init__(code)
        self.code, self.scope = code, scope


class NotTheirs(Exception):  # noqa: N818 - it is an answer, not an error
    """Whoever may see one customer's things asks for another's, or for what is not there; they are told the same."""

    def __init__(self, what: Literal["account", "customer"]) -> None:
        super().__init__(what)
        self.what = what
