"""Money is whole minor units (fen) in an `int`; rates are exact decimals; every rounding has a name."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field

# Ten trillion yuan is the most that one fact may move: an amount above it is a mistake of the sender, not a debt.
# What facts add up to may go further, to the end of a 64-bit integer, so that history is always readable.
FEN_MAX = 10**15
BIGINT_MAX = 2**63 - 1


def _not_nothing(delta: int) -> int:
    if not delta:
        raise ValueError("it must not be 0")
    return delta


Fen = Annotated[int, Field(ge=0, le=BIGINT_MAX)]
PositiveFen = Annotated[int, Field(gt=0, le=BIGINT_MAX)]
AskedFen = Annotated[int, Field(gt=0, le=FEN_MAX)]
# What is added to a balance or taken from it; never nothing.
Delta = Annotated[int, Field(ge=-FEN_MAX, le=FEN_MAX), AfterValidator(_not_nothing)]
# A rate is never negative and never above 1,000 %: a rate written in percent by mistake is refused.
Rate = Annotated[Decimal, Field(ge=0, le=10, max_digits=12, decimal_places=10, allow_inf_nan=False)]

# The ten amounts that an account owes, and the one that it is owed.
OwedBucket = Literal[
    "principal_billed",
    "principal_unbilled",
    "principal_planned",
    "principal_disputed",
    "interest_billed",
    "interest_unbilled",
    "interest_planned",
    "fees_billed",
    "fees_unbilled",
    "fees_planned",
]
Bucket = Literal[OwedBucket, "credit"]
# What ordinary payments and purchases move; plans and disputes keep their own.
OrdinaryBucket = Literal[
    "principal_billed",
    "principal_unbilled",
    "interest_billed",
    "interest_unbilled",
    "fees_billed",
    "fees_unbilled",
    "credit",
]
DebtKind = Literal["fees", "interest", "principal"]
# How an amount becomes whole units: nearest with halves away from zero, nearest with halves to the even unit, or up.
Rounding = Literal["half_up", "half_even", "up"]
BUCKETS: tuple[Bucket, ...] = get_args(Bucket)
OWED_BUCKETS: tuple[OwedBucket, ...] = get_args(OwedBucket)
BILLED_BUCKETS: tuple[Bucket, ...] = ("fees_billed", "interest_billed", "principal_billed")
UNBILLED_BUCKETS: tuple[Bucket, ...] = ("fees_unbilled", "interest_unbilled", "principal_unbilled")
PLANNED_BUCKETS: tuple[Bucket, ...] = ("fees_planned", "interest_planned", "principal_planned")
CHARGE_BUCKETS: tuple[Bucket, ...] = ("fees_billed", "interest_billed", "fees_unbilled", "interest_unbilled")
# What may be given up of each kind, in that order.
WAIVABLE: dict[DebtKind, tuple[Bucket, ...]] = {
    "fees": ("fees_billed", "fees_unbilled"),
    "interest": ("interest_billed", "interest_unbilled"),
    "principal": ("principal_billed", "principal_unbilled"),
}
PRINCIPAL_BUCKETS: tuple[Bucket, ...] = (
    "principal_billed",
    "principal_unbilled",
    "principal_planned",
    "principal_disputed",
)

# Amounts by bucket, each > 0; a bucket that is absent is untouched.
Amounts = dict[Bucket, int]


def half_up(rate: Decimal | Fraction, amount: int) -> int:
    """`rate x amount`, rounded to the nearest whole unit, halves away from zero; `amount` is never negative.

    Computed in integers, so the product is exact however many fen-days there are (domain rule 1).
    """
    numerator, denominator = rate.as_integer_ratio()
    return (2 * numerator * amount + denominator) // (2 * denominator)


def half_up_sum(products: Iterable[tuple[Decimal | Fraction, int]]) -> int:
    """The sum of `rate x amount`, exact, and only then rounded to the nearest whole unit, halves away from zero."""
    return int(sum((Fraction(rate) * amount for rate, amount in products), Fraction(1, 2)))


def half_up_part(amount: int, part: int, whole: int) -> int:
    """`amount x part / whole`, rounded to the nearest whole unit, halves away from zero; none of them negative."""
    return (2 * amount * part + whole) // (2 * whole)


def shared(amount: int, weights: Mapping[str, int]) -> dict[str, int]:
    """`amount` in proportion to `weights`, to the unit: nobody has less of a greater amount than of a smaller one.

    Unit by unit whoever has the least for their weight comes next (the method of Jefferson, or D'Hondt); of equals the
    first. The weights are not all 0.
    """
    if len(weights) == 1:
        return dict.fromkeys(weights, amount)
    whole = sum(weights.values())
    parts = {name: amount * weight // whole for name, weight in weights.items()}
    for _ in range(amount - sum(parts.values())):
        parts[max(parts, key=lambda name: Fraction(weights[name], parts[name] + 1))] += 1
    return parts


def ceiling(rate: Decimal, amount: int) -> int:
    """`rate x amount`, rounded up to a whole unit; `amount` is never negative."""
    numerator, denominator = rate.as_integer_ratio()
    return -(-numerator * amount // denominator)


def rounded(numerator: int, denominator: int, rounding: Rounding) -> int:
    """`numerator / denominator`, exact, and only then rounded to a whole unit; neither is negative."""
    whole, rest = divmod(numerator, denominator)
    match rounding:
        case "half_up":
            return whole + (2 * rest >= denominator)
        case "half_even":
            return whole + (2 * rest > denominator or (2 * rest == denominator and whole % 2 == 1))
        case "up":
            return whole + (rest > 0)


def yuan(fen: int) -> str:
    """Fen as people read them: `1234567` is `12,345.67`."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"
