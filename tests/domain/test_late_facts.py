"""What is learnt late leads to what would have been; history, printed statements and earlier answers stand."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import permutations
from typing import NamedTuple

import pytest
from hypothesis import given as of_any
from hypothesis import settings
from hypothesis import strategies as st

from domain import account as accounts
from domain.account import HORIZON, fold
from domain.codec import decode, encode
from domain.events import AccountBilled, BalancesCorrected, PaymentReceived, PaymentReversed
from domain.snapshot import dump, load
from tests.domain.lives import so_many
from tests.specification import (
    BASE,
    LINE,
    Asked,
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

BEGIN, LEARNT, ALL_LEARNT = date(2026, 1, 6), date(2026, 5, 20), date(2026, 5, 22)


def day(offset):
    return BEGIN + timedelta(days=offset)


def stood(scenario):
    """What must be the same whenever it was learnt, as of one day; how many statements were printed may differ."""
    ledger = scenario.account.ledger.fork()
    ledger.pass_time(ALL_LEARNT)
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
KINDS = ("payment", "payment", "refund", "returned")


def begun(agreed):
    return (opened(on="2026-01-05", agreed=agreed), activated(limit=5_000_000, on="2026-01-05"))


def told_in_time(agreed, facts):
    """A life in which each fact is recorded on its day, up to the day on which the late ones are learnt."""
    told = [fact for _, fact in sorted(facts, key=lambda each: each[0])]
    return given(*begun(agreed), *told, advanced(to=f"{LEARNT}"))


class Late(NamedTuple):
    """A fact that is learnt late, as it is said then, and as it would have been said on its day: not at all, it may be."""

    kind: str
    said_late: Asked
    known: tuple[tuple[int, Asked], ...]
    known_in_time: tuple[tuple[int, Asked], ...]


@st.composite
def late_facts(draw, purchases):
    """Up to three: payments, refunds for an error of ours, and payments that turn out to have been returned."""
    found, left = [], [fen for _, fen in purchases]
    for number, kind in enumerate(draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=3))):
        on, fen, ref = draw(st.integers(0, 133)), draw(st.integers(1, 200_000)), f"late{number}"
        bought_by_then = [which for which, (day_of, _) in enumerate(purchases) if day_of <= on and left[which]]
        if kind == "refund" and bought_by_then:
            which = draw(st.sampled_from(bought_by_then))
            fen = min(fen, left[which])
            left[which] -= fen
            late = refund(f"p{which}", fen, ref=ref, reason="our_error", value_date=day(on))
            found.append(Late(kind, late, (), ((on, refund(f"p{which}", fen, on=f"{day(on)}", ref=ref)),)))
        elif kind == "returned":
            paid_then = (on, pay(fen, on=f"{day(on)}", ref=ref))
            found.append(Late(kind, reverse(ref), (paid_then,), ()))
        else:
            in_time = (on, pay(fen, on=f"{day(on)}", ref=ref))
            found.append(Late("payment", pay(fen, ref=ref, value_date=day(on)), (), (in_time,)))
    return found


@settings(max_examples=so_many(250))
@of_any(AGREED, PURCHASES, st.lists(st.tuples(st.integers(0, 133), st.integers(1, 200_000)), max_size=3), st.data())
def test_what_is_learnt_late_in_whatever_order_leads_to_the_state_of_what_was_known_in_time(
    agreed, purchases, payments, data
):
    late = data.draw(late_facts(purchases), label="learnt late")
    buys = [(on, bought(f"p{i}", fen, on=f"{day(on)}", forced=True)) for i, (on, fen) in enumerate(purchases)]
    pays = [(on, pay(fen, on=f"{day(on)}", ref=f"r{i}")) for i, (on, fen) in enumerate(payments)]
    known = [*buys, *pays, *(each for fact in late for each in fact.known)]
    days_later = data.draw(st.sampled_from((0, 1)), label="days between learning one and the next")

    def learnt(order):
        life = told_in_time(agreed, known)
        days = [LEARNT + timedelta(days=days_later * index) for index in range(len(order))]
        return life.when(*(fact.said_late._replace(on=f"{on}") for fact, on in zip(order, days, strict=True)))

    first, *others = (learnt(order) for order in permutations(late))
    assert first.refusal is None
    for other in others:
        assert stood(other) == stood(first)

    in_time = told_in_time(agreed, [*buys, *pays, *(each for fact in late for each in fact.known_in_time)])
    unaware = told_in_time(agreed, known)
    worst = max(each.dpd_after for life in (in_time, unaware) for each in life.events if hasattr(each, "dpd_after"))
    if max(worst, in_time.account.ledger.dpd, unaware.account.ledger.dpd) >= agreed.regime_dpd:
        return  # beyond that the order of payment depends on what was known
    printed, wanted = ({each.on: each.minimum for each in life.account.issued} for life in (unaware, in_time))
    if all(printed.get(on, 0) >= minimum for on, minimum in wanted.items()):
        assert stood(first) == stood(in_time)
    else:
        # More would have been demanded than was printed, and what was printed stands: only charges may differ.
        found, expected = first.account.ledger, in_time.account.ledger
        less_owed = (expected.owed - expected.credit) - (found.owed - found.credit)
        less_charged = (expected.charges_posted - expected.waived) - (found.charges_posted - found.waived)
        assert less_owed == less_charged


def test_facts_counted_from_the_day_they_were_learnt_would_be_noticed(monkeypatch):
    in_time = told_in_time(terms(), [(4, bought("p", 123_457, on=f"{day(4)}")), (34, paid(12_346, on=f"{day(34)}"))])
    unaware = told_in_time(terms(), [(4, bought("p", 123_457, on=f"{day(4)}"))])
    rightly = accounts._keep
    monkeypatch.setattr(accounts, "_keep", lambda account, on, *fact: rightly(account, max(on, LEARNT), *fact))
    assert stood(unaware.when(pay(12_346, on=f"{LEARNT}", value_date=day(34)))) != stood(in_time)


def test_an_account_goes_on_from_a_correction_as_if_it_had_always_known():
    late = pay(12_346, on="2026-03-05", value_date=date(2026, 2, 9))
    onward = given(*BASE, advanced(to="2026-03-01"), late).when(advance(to="2026-06-30"))
    known = given(*BASE, paid(12_346, on="2026-02-09"), advanced(to="2026-03-05")).when(advance(to="2026-06-30"))
    assert onward.account.ledger == known.account.ledger
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
