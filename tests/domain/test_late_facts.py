"""What is learnt late leads to what would have been; history, printed statements and earlier answers stand."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given as of_any
from hypothesis import settings
from hypothesis import strategies as st

from domain.account import HORIZON, fold
from domain.codec import decode, encode
from domain.events import AccountBilled, BalancesCorrected, PaymentReceived, PaymentReversed
from domain.snapshot import dump, load
from tests.specification import (
    BASE,
    LINE,
    activated,
    advance,
    advanced,
    bought,
    event,
    force_close,
    given,
    opened,
    paid,
    pay,
    pay_out,
    refund,
    reverse,
    terms,
)

BEGIN, LEARNT = date(2026, 1, 6), date(2026, 5, 20)


def day(offset):
    return BEGIN + timedelta(days=offset)


def stood(scenario):
    """What must be the same whenever it was learnt, as of one day; how many statements were printed may differ."""
    ledger = scenario.account.ledger.fork()
    ledger.pass_time(max(LEARNT, ledger.business_date))
    return (
        ledger.buckets,
        [(each.due_date, each.amount) for each in ledger.layers],
        (ledger.dpd, ledger.accrued, ledger.bearing, ledger.interest_posted, ledger.charges_posted, ledger.waived),
        ledger.principal_fen_days,
    )


AGREED = st.sampled_from(
    [
        terms(),
        terms(interest_method="from_posting"),
        terms(grace_days=3, tolerance=1_000),
        terms(interest_method="from_posting", grace_days=2, tolerance=2_000, cap_annual=Decimal("0.2")),
        terms(late_fee_floor=0, minimum_floor=0),
    ]
)
PURCHASES = st.lists(st.tuples(st.integers(0, 120), st.integers(1, 300_000)), min_size=1, max_size=5)
PAYMENTS = st.lists(st.tuples(st.integers(0, 133), st.integers(1, 200_000)), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None, derandomize=True)
@of_any(AGREED, PURCHASES, PAYMENTS, st.data())
def test_payments_learnt_late_lead_to_the_state_of_payments_known_in_time(agreed, purchases, payments, data):
    number = data.draw(st.integers(1, min(3, len(payments))), label="how many are learnt late")
    buys = [(day(on), bought(f"p{i}", fen, on=f"{day(on)}", forced=True)) for i, (on, fen) in enumerate(purchases)]
    known = [(day(on), pay(fen, on=f"{day(on)}", ref=f"r{i}")) for i, (on, fen) in enumerate(payments[number:])]
    begin = (opened(on="2026-01-05", agreed=agreed), activated(limit=5_000_000, on="2026-01-05"))

    def life(*facts):
        return given(*begin, *(fact for _, fact in sorted(facts, key=lambda each: each[0])), advanced(to=f"{LEARNT}"))

    late = list(enumerate(payments[:number]))
    in_time = life(*buys, *known, *((day(on), pay(fen, on=f"{day(on)}", ref=f"late{i}")) for i, (on, fen) in late))
    worst = max([0, *(each.dpd_after for each in in_time.events if hasattr(each, "dpd_after"))])
    unaware = life(*buys, *known)
    if max(worst, in_time.account.ledger.dpd, unaware.account.ledger.dpd) >= agreed.regime_dpd:
        return  # beyond that the order of payment depends on what was known
    for order in permutations(late):
        learnt = life(*buys, *known).when(
            *(pay(fen, on=f"{LEARNT}", ref=f"late{i}", value_date=day(on)) for i, (on, fen) in order)
        )
        assert stood(learnt) == stood(in_time)


@settings(max_examples=60, deadline=None, derandomize=True)
@of_any(AGREED, PURCHASES, PAYMENTS)
def test_a_payment_that_was_returned_leaves_no_trace_in_what_is_owed(agreed, purchases, payments):
    begin = (opened(on="2026-01-05", agreed=agreed), activated(limit=5_000_000, on="2026-01-05"))
    buys = [(day(on), bought(f"p{i}", fen, on=f"{day(on)}", forced=True)) for i, (on, fen) in enumerate(purchases)]
    pays = [(day(on), pay(fen, on=f"{day(on)}", ref=f"r{i}")) for i, (on, fen) in enumerate(payments)]

    def life(*facts):
        return given(*begin, *(fact for _, fact in sorted(facts, key=lambda each: each[0])), advanced(to=f"{LEARNT}"))

    without, given_in_time = life(*buys, *pays[1:]), life(*buys, *pays)
    issued = [each.on for each in given_in_time.account.issued]
    if without.account.ledger.dpd >= agreed.regime_dpd or [each.on for each in without.account.issued] != issued:
        return  # a statement that was not issued then does not exist now
    given_in_time.when(reverse("r0", on=f"{LEARNT}"))
    found, expected = given_in_time.account.ledger, without.account.ledger
    # A correction may lower what was demanded, never raise it, so a late fee may be lower than it would have been.
    assert found.minimum_due <= expected.minimum_due
    assert found.owed - found.credit <= expected.owed - expected.credit
    charged = [each.charges_posted - each.waived for each in (found, expected)]
    assert (expected.owed - expected.credit) - (found.owed - found.credit) == charged[1] - charged[0]


def test_an_account_goes_on_from_a_correction_as_if_it_had_always_known():
    late = pay(12_346, on="2026-03-05", value_date=date(2026, 2, 9))
    onward = given(*BASE, advanced(to="2026-03-01"), late).when(advance(to="2026-06-30"))
    known = given(*BASE, paid(12_346, on="2026-02-09"), advanced(to="2026-03-05")).when(advance(to="2026-06-30"))
    assert stood(onward) == stood(known)
    assert [each.minimum_fen for each in onward.events if isinstance(each, AccountBilled)] == [
        each.minimum_fen for each in known.events if isinstance(each, AccountBilled)
    ]


def test_a_corrected_life_is_replayed_from_its_bytes_and_from_a_snapshot():
    life = given(*BASE, advanced(to="2026-03-01")).when(
        pay(12_346, on="2026-03-05", value_date=date(2026, 2, 9)),
        reverse(on="2026-03-20"),
        advance(to="2026-12-31"),
    )
    begun = given(*BASE, advanced(to="2026-03-01")).account
    again = fold(begun, [decode(each.TYPE, each.VERSION, encode(each)) for each in life.events])
    assert again == life.account
    assert load(dump(life.account)) == life.account


def test_months_that_ended_meanwhile_are_told_anew():
    life = given(*BASE, advanced(to="2026-04-20")).when(pay(12_346, on="2026-04-20", value_date=date(2026, 2, 9)))
    (corrected,) = (each for each in life.events if isinstance(each, BalancesCorrected))
    february, march = corrected.months
    assert (february.month_end, february.dpd, february.missed_this_month) == (date(2026, 2, 28), 0, False)
    assert (march.month_end, march.dpd, march.missed_this_month) == (date(2026, 3, 31), 21, True)
    assert [each.statement_no for each in march.unpaid_minima] == [2]
    assert march.oldest_missed_due == date(2026, 3, 10)


def test_a_refund_for_an_error_of_ours_counts_from_the_day_of_the_error():
    given(*BASE, advanced(to="2026-03-01")).when(
        refund("base", 123_457, on="2026-03-05", reason="our_error", value_date=date(2026, 2, 3))
    ).owes().stands(standing="paid", dpd=0)


def test_any_other_refund_counts_on_the_day_it_is_recorded():
    given(*BASE, advanced(to="2026-03-01")).when(
        refund("base", 123_457, on="2026-03-05", reason="returned_goods", value_date=date(2026, 2, 3))
    ).refused(
        "value_date_not_allowed",
        field="value_date",
        asked=date(2026, 2, 3),
        earliest=date(2026, 3, 5),
        latest=date(2026, 3, 5),
    )


@pytest.mark.parametrize(
    ("value_date", "on", "earliest"),
    [
        (date(2026, 1, 4), "2026-03-05", date(2026, 1, 5)),
        (date(2026, 3, 6), "2026-03-05", date(2026, 1, 5)),
        (date(2026, 1, 10), "2026-07-10", date(2026, 1, 11)),
    ],
    ids=["before activation", "in the future", "further back than 180 days"],
)
def test_a_value_date_has_bounds(value_date, on, earliest):
    given(*BASE).when(pay(1, on=on, value_date=value_date)).refused(
        "value_date_not_allowed", field="value_date", asked=value_date, earliest=earliest, latest=date.fromisoformat(on)
    )


def test_the_furthest_value_date_is_one_hundred_and_eighty_days_back_after_years_too():
    life = given(*BASE, advanced(to="2028-01-01")).when(
        pay(500, on="2028-01-01", value_date=date(2028, 1, 1) - timedelta(days=180))
    )
    assert isinstance(life.events[0], PaymentReceived)
    assert life.account.base.business_date <= date(2028, 1, 1) - HORIZON


def test_a_payment_is_returned_once():
    given(*BASE, paid(5_000, on="2026-01-20")).when(reverse(on="2026-01-25")).then(
        event(PaymentReversed, restored={"principal_unbilled": 5_000}), event(BalancesCorrected)
    ).owes(principal_unbilled=123_457).when(reverse(on="2026-01-26")).nothing_happened()


def test_what_was_never_paid_is_not_returned():
    given(*BASE).when(reverse("nobody", on="2026-01-25")).refused(
        "payment_unknown", field="payment_ref", asked="nobody"
    )


def test_a_reference_used_in_two_channels_needs_the_channel():
    twice = (paid(10, on="2026-01-20"), pay(10, on="2026-01-20", channel="counter"))
    given(*BASE, *twice).when(reverse(on="2026-01-25")).refused(
        "payment_ref_ambiguous", field="channel", asked="payment-1", channels=["transfer", "counter"]
    )
    given(*BASE, *twice).when(reverse(on="2026-01-25", channel="counter")).owes(principal_unbilled=123_447)


def test_a_payment_too_old_to_be_returned_is_a_matter_for_an_officer():
    given(*BASE, paid(5_000, on="2026-01-20")).when(reverse(on="2026-07-25")).refused(
        "value_date_not_allowed",
        field="value_date",
        asked=date(2026, 1, 20),
        earliest=date(2026, 1, 26),
        latest=date(2026, 7, 25),
    )


def test_credit_that_was_paid_out_is_owed_when_its_payment_is_returned():
    history = (*LINE, paid(10_000, on="2026-01-10"), pay_out(4_000, on="2026-01-12"))
    given(*history).when(reverse(on="2026-01-15")).owes(principal_unbilled=4_000)


def test_a_closed_account_owes_again_what_was_returned():
    given(*BASE, paid(123_457, on="2026-01-20"), force_close(on="2026-01-21")).when(reverse(on="2026-01-25")).owes(
        principal_unbilled=123_457
    ).stands(access="closed")
