"""Who may do what: who asks is known by a key or a token, may do what role and scope allow, and is written down."""

from infra.access.gate import Access
from infra.access.principals import ROLES, SCOPES, Principal, Role

__all__ = ["ROLES", "SCOPES", "Access", "Principal", "Role"]
