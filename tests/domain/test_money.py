"""Money: whole fen, exact rates, and roundings that say their name."""

from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given as of_any
from hypothesis import strategies as st

from domain.allocation import WATERFALL, allocate, regime_for
from domain.identity import account_bucket, account_id_for, customer_bucket
from domain.money import BUCKETS, FEN_MAX, OWED_BUCKETS, ceiling, half_up, yuan

RATES = st.decimals(min_value=0, max_value=10, places=10)
AMOUNTS = st.integers(0, FEN_MAX * 40_000)


@pytest.mark.parametrize(
    ("rate", "amount", "rounded"),
    [
        ("0.0005", 2_345_683, 1_173),
        ("0.0005", 1_000, 1),
        ("0.0005", 999, 0),
        ("0.05", 12_346, 617),
        ("0.5", 1, 1),
        ("0.5", 3, 2),
        ("0.4999999999", 1, 0),
        ("0", 10**18, 0),
        ("1", 0, 0),
    ],
)
def test_halves_are_rounded_away_from_zero(rate, amount, rounded):
    assert half_up(Decimal(rate), amount) == rounded


@of_any(RATES, AMOUNTS)
def test_half_up_agrees_with_decimal_however_large_the_amount(rate, amount):
    exact = Decimal(rate).scaleb(10).to_integral_exact() * amount  # in units of 10^-10
    whole, rest = divmod(int(exact), 10**10)
    assert half_up(rate, amount) == whole + (rest >= 5 * 10**9)


@of_any(RATES, st.integers(0, 10**12))
def test_both_roundings_agree_with_the_decimal_modules_own(rate, amount):
    assert half_up(rate, amount) == int((rate * amount).to_integral_value(ROUND_HALF_UP))
    assert ceiling(rate, amount) == int((rate * amount).to_integral_value(ROUND_CEILING))


@pytest.mark.parametrize(("fen", "text"), [(1_234_567, "12,345.67"), (5, "0.05"), (0, "0.00"), (-150, "-1.50")])
def test_fen_are_read_as_yuan(fen, text):
    assert yuan(fen) == text


def test_the_ten_that_are_owed_and_the_credit_are_eleven_buckets():
    assert len(BUCKETS) == 11
    assert set(BUCKETS) - set(OWED_BUCKETS) == {"credit"}


@of_any(
    st.integers(0, 10_000),
    st.lists(st.integers(0, 2_000), min_size=11, max_size=11),
    st.sampled_from(sorted(WATERFALL)),
)
def test_a_payment_is_allocated_to_the_last_fen_and_in_order(amount, amounts, regime):
    owed = dict(zip(BUCKETS, amounts, strict=True))
    applied, left = allocate(amount, owed, regime)
    assert sum(applied.values()) + left == amount
    assert all(0 < fen <= owed[bucket] for bucket, fen in applied.items())
    short = [bucket for bucket in WATERFALL[regime] if applied.get(bucket, 0) < owed[bucket]]
    if short:
        after = WATERFALL[regime][WATERFALL[regime].index(short[0]) + 1 :]
        assert left == 0
        assert not set(after) & applied.keys()


@pytest.mark.parametrize("regime", sorted(WATERFALL))
def test_billed_is_paid_before_unbilled_and_planned_and_disputed_never(regime):
    order = WATERFALL[regime]
    assert [name.rsplit("_", 1)[1] for name in order] == ["billed"] * 3 + ["unbilled"] * 3


@pytest.mark.parametrize(("dpd", "regime"), [(0, "charges_first"), (90, "charges_first"), (91, "principal_first")])
def test_the_order_turns_at_ninety_one_days(dpd, regime):
    assert regime_for(dpd, 91) == regime


def test_an_account_lives_in_its_customers_bucket():
    account = account_id_for("customer-1", "application-1")
    assert account_bucket(account) == customer_bucket("customer-1")
    assert (account.version, account.variant) == (8, "specified in RFC 4122")


def test_the_same_application_is_the_same_account_and_another_is_another():
    assert account_id_for("c", "a") == account_id_for("c", "a")
    assert len({account_id_for("c", "a"), account_id_for("c", "b"), account_id_for("d", "a")}) == 3
