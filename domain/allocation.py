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
    return take(amount, {bucket: owed[bucket] for bucket in WATERFALL[regime]})


def take(amount: int, available: Amounts) -> tuple[Amounts, int]:
    """`amount` taken from what is available, in its order: how much of each bucket, and what is left over."""
    taken: Amounts = {}
    for bucket, most in available.items():
        part = min(amount, most)
        if part:
            taken[bucket] = part
            amount -= part
    return taken, amount


def split_refund(amount: int, own: Amounts, owed: Mapping[Bucket, int], regime: Regime) -> tuple[int, Amounts, int]:
    """What a refund takes of its purchase's own unpaid amounts, by bucket all it pays, and what becomes credit.

    `own` is what is unpaid of the purchase, in the order in which it shrinks; the rest pays like money. Money that
    settles a plan early is split alike.
    """
    taken, rest = take(amount, own)
    left = {bucket: fen - taken.get(bucket, 0) for bucket, fen in owed.items()}
    applied, credited = allocate(rest, left, regime)
    for bucket, part in taken.items():
        applied[bucket] = applied.get(bucket, 0) + part
    return amount - rest, applied, credited
