"""Who is paid first: the waterfall of a payment, and how a smaller balance lowers what statements still demand."""

from collections.abc import Mapping
from typing import Literal, Protocol

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


def split_refund(
    amount: int, own: "UnpaidPart | None", owed: Mapping[Bucket, int], regime: Regime
) -> tuple[int, Amounts, int]:
    """What a refund takes of its purchase's own unpaid part, by bucket all it pays, and what becomes credit.

    What is left of the purchase shrinks first; the rest pays like money.
    """
    of_purchase = min(amount, own.unpaid) if own is not None else 0
    if own is None or not of_purchase:
        applied, credited = allocate(amount, owed, regime)
        return 0, applied, credited
    left = dict(owed)
    left[own.bucket] -= of_purchase
    applied, credited = allocate(amount - of_purchase, left, regime)
    applied[own.bucket] = applied.get(own.bucket, 0) + of_purchase
    return of_purchase, applied, credited


class UnpaidPart(Protocol):
    """What is unpaid of a purchase, and the bucket it stands in."""

    @property
    def unpaid(self) -> int: ...
    @property
    def bucket(self) -> Bucket: ...
