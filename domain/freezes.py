"""The freeze reasons, declared once: who sets each, who lifts it, and whether holds placed before are still captured."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from domain.commands import Role
from domain.events import FreezeReason


class Freezing(NamedTuple):
    """Who may set and lift a freeze reason; nobody is named where it comes and goes by itself.

    `captures`: whether holds that were placed before are still captured.
    """

    set_by: tuple[Role, ...]
    lifted_by: tuple[Role, ...]
    captures: bool = True


# An appeal lifts what is appealable, too; who decides it is an officer or risk.
FREEZES: Mapping[FreezeReason, Freezing] = MappingProxyType(
    {
        "abnormal_transaction": Freezing(("risk", "officer"), ("officer",)),
        "fraud_confirmed": Freezing(("officer",), ("officer",), captures=False),
        "overdue_long": Freezing((), ()),
        "credit_deterioration": Freezing(("risk",), ("risk",)),
        "multi_lender": Freezing(("risk",), ("risk",)),
        "inactive": Freezing((), ("customer",)),
        "customer_request": Freezing(("customer",), ("customer",)),
        "legal_order": Freezing(("officer",), ("officer",), captures=False),
        # Recorded with the date of death; holds that were placed by then are captured.
        "deceased": Freezing((), ("officer",)),
        "charged_off": Freezing((), ()),
        # It comes with the agreement and goes when all of that is paid.
        "restructured": Freezing((), ()),
    }
)
