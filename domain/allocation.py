"""Who is paid first: the waterfall of a payment, and how a smaller balance lowers what statements still demand."""

from collections.abc import Mapping
from typing import Literal

from domain.money import Amounts, Bucket

Regime = Literal["charges_first", "principal_first"]

# Billed before unbilled, always; which kind comes first depends on how long the account is past due.
WATERFALL: dict[Regime, tuple[Bucket, ...]] = {
    "charges_first": (
        "fees_billed",
        "interest_billed",
        "principal_billed",
        "fees_unbilled",
        "interest_unbilled",
        "principal_unbilled",
    ),
    "principal_first": (
        "principal_billed",
        "interest_billed",
        "fees_billed",
        "principal_unbilled",
        "interest_unbilled",
        "fees_unbilled",
    ),
}


def regime_for(dpd: int, regime_dpd: int) -> Regime:
    """The regime of a payment: `dpd` is read once, at the start of its value date, after the system's steps."""
    return "principal_first" if dpd >= regime_dpd else "charges_first"


def allocate(amount: int, owed: Mapping[Bucket, int], regime: Regime) -> tuple[Amounts, int]:
    """What `amount` pays, by bucket, and what is left over (it becomes credit)."""
    applied: Amounts = {}
    left = amount
    for bucket in WATERFALL[regime]:
        part = min(left, owed[bucket])
        if part:
            applied[bucket] = part
            left -= part
    return applied, left
