"""Who may do what."""

from dataclasses import dataclass
from typing import Literal

Role = Literal["service", "operator", "officer", "auditor", "customer"]


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever asks."""

    id: str
    role: Role
    scopes: frozenset[str]
    customer_id: str | None = None
