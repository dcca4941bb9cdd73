"""References: said again they change nothing, however long ago, and with other content they are refused."""

from datetime import date

import pytest

from domain.snapshot import dump, load
from tests.specification import (
    BASE,
    advance,
    advanced,
    buy,
    dispute,
    disputed,
    given,
    paid,
    paid_out,
    pay,
    pay_out,
    refund,
    refunded,
    resolved,
)

HISTORY = (
    *BASE,
    disputed("base", 50_000, on="2026-01-11"),
    resolved("rejected", on="2026-01-12"),
    refunded("base", 23_457, on="2026-01-13"),
    paid(110_000, on="2026-01-14"),
    paid_out(10_000, on="2026-01-15"),
)
SAID_AGAIN = {
    "purchase": buy("base", 123_457),
    "dispute": dispute("base", 50_000),
    "refund": refund("base", 23_457),
    "payment": pay(110_000),
    "payout": pay_out(10_000),
}
WITH_OTHER_CONTENT = [
    (buy("base", 123_456), "purchase_id_reused", "purchase_id", "amount_fen", 123_457),
    (buy("base", 123_457, merchant_id="shop-2"), "purchase_id_reused", "purchase_id", "merchant_id", "shop-1"),
    (dispute("base", 49_999), "dispute_id_reused", "dispute_id", "amount_fen", 50_000),
    (dispute("other", 50_000), "dispute_id_reused", "dispute_id", "purchase_id", "base"),
    (refund("base", 1), "refund_id_reused", "refund_id", "amount_fen", 23_457),
    (refund("other", 23_457), "refund_id_reused", "refund_id", "purchase_id", "base"),
    (pay(110_001), "payment_ref_reused", "payment_ref", "amount_fen", 110_000),
    (pay(110_000, value_date=date(2026, 1, 13)), "payment_ref_reused", "payment_ref", "value_date", date(2026, 1, 14)),
    (pay_out(10_001), "refund_id_reused", "refund_id", "amount_fen", 10_000),
]
LATER = pytest.mark.parametrize("later", ["2026-01-15", "2026-06-30", "2027-12-31"])


@LATER
@pytest.mark.parametrize("kind", SAID_AGAIN)
def test_what_is_said_again_changes_nothing(kind, later):
    given(*HISTORY, advanced(to=later)).when(SAID_AGAIN[kind]._replace(on=later)).nothing_happened()


@LATER
@pytest.mark.parametrize(("asked", "reason", "field", "differs", "first"), WITH_OTHER_CONTENT)
def test_with_other_content_it_is_refused(asked, reason, field, differs, first, later):
    given(*HISTORY, advanced(to=later)).when(asked._replace(on=later)).refused(
        reason, field=field, reference=asked.fields[field], differs=differs, first=first, asked=asked.fields[differs]
    )


@pytest.mark.parametrize("kind", SAID_AGAIN)
def test_what_comes_again_after_something_newer_is_the_same_all_the_same(kind):
    given(*HISTORY, paid(1, on="2026-02-20", ref="newer")).when(
        SAID_AGAIN[kind]._replace(on="2026-01-15")
    ).nothing_happened()


def test_a_purchase_of_long_ago_may_still_be_refunded_and_no_more_than_once():
    life = given(*HISTORY, advanced(to="2028-01-31"), paid(5, on="2028-01-31", ref="five"))
    assert "base" not in life.account.purchases
    life.when(refund("base", 60_000, on="2028-01-31", ref="back")).owes(credit=60_005)
    life.when(refund("base", 40_001, on="2028-01-31", ref="again")).refused(
        "refund_exceeds_purchase", field="amount_fen", asked=40_001, refundable=40_000
    )
    # Filed anew, with what is left of it now.
    life.when(buy("next", 7, on="2028-12-31", forced=True))
    assert "base" not in life.account.purchases
    assert life.account.purchase("base").left == 40_000


def test_what_is_filed_is_read_back_from_a_snapshot():
    account = given(*HISTORY, advanced(to="2028-01-31"), paid(5, on="2028-01-31", ref="five")).account
    known = load(dump(account))
    assert known == account
    assert known.purchase("base") == given(*HISTORY).account.purchases["base"]
    assert known.payment("transfer", "payment-1") == given(*HISTORY).account.payments["transfer/payment-1"]
    assert known.dispute("dispute-1").outcome == "rejected"
    assert known.payment("counter", "payment-1") is None


def test_what_is_at_hand_one_by_one_is_bounded_however_long_the_life():
    life = given(*BASE, paid(123_457, on="2026-01-20"))
    sizes = []
    for month in range(36):
        on = date(2026 + (month + 1) // 12, (month + 1) % 12 + 1, 5)
        life.when(buy(f"p{month}", 1_000, on=f"{on}"), pay(1_000, on=f"{on}", ref=f"r{month}"))
        sizes.append((len(life.account.purchases), len(life.account.payments), len(life.account.facts)))
    assert max(sizes[24:]) <= max(sizes[12:24])
    life.when(advance(to="2029-12-31"), buy("p0", 1_000, on="2029-12-31")).nothing_happened()
