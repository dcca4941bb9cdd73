"""Where a rule turns: the last case on one side of it and the first on the other, to the day and to the fen."""

from datetime import date
from decimal import Decimal
from unittest.mock import patch

import pytest
from pydantic import TypeAdapter, ValidationError

from domain import events
from domain.calendar import BillDays
from domain.events import (
    AccountBilled,
    AccountChargedOff,
    AccountMigrated,
    AccountStandingChanged,
    BalancesCorrected,
    DeathRecorded,
    DebtWaived,
    DisputeOpened,
    DisputeResolved,
    InterestPosted,
    Owed,
    PaymentReversed,
    PlanCreated,
    PlanPart,
    PurchaseLeft,
    PurchasePosted,
    PurchaseRefunded,
    RatedDays,
    RulesChanged,
)
from domain.money import BIGINT_MAX, FEN_MAX, Delta, Rate, yuan
from domain.slices import at_rate, together
from tests.specification import (
    BASE,
    LINE,
    activated,
    advance,
    advanced,
    appeal,
    appealed,
    bought,
    buy,
    convert,
    converted,
    correct,
    death_recorded,
    dispute,
    disputed,
    event,
    frozen,
    given,
    migrate,
    opened,
    paid,
    paid_out,
    pay,
    record_death,
    refund,
    resolve,
    resolved,
    reverse,
    terms,
    terms_changed,
    write_off,
)
from tests.specification import undo_write_off as write_off_undone
from tests.specification import write_off as written_off

DAY = date(2026, 3, 5)
FROM_POSTING = terms(interest_method="from_posting")

# Money


def test_the_bounds_of_money_are_ten_trillion_yuan_and_a_signed_integer_of_64_bits():
    assert FEN_MAX == 1_000_000_000_000_000
    assert BIGINT_MAX == 9_223_372_036_854_775_807


@pytest.mark.parametrize("rate", ["0", "0.0005", "0.0000000001", "9.9999999999", "10", "10.0000000000"])
def test_a_rate_is_anything_from_nothing_to_a_thousand_percent_in_ten_places(rate):
    assert TypeAdapter(Rate).validate_python(Decimal(rate)) == Decimal(rate)


@pytest.mark.parametrize("rate", ["-0.0000000001", "10.0000000001", "11", "0.00000000001", "Infinity", "NaN"])
def test_no_rate_is_negative_beyond_it_finer_or_endless(rate):
    with pytest.raises(ValidationError):
        TypeAdapter(Rate).validate_python(Decimal(rate))


def test_one_fen_that_is_owed_to_nobody_is_read_with_its_sign():
    assert [yuan(fen) for fen in (-1, 0, 1, 99, 100)] == ["-0.01", "0.00", "0.01", "0.99", "1.00"]


@pytest.mark.parametrize(("delta", "allowed"), [(-(10**15), True), (-(10**15) - 1, False), (10**15, True), (0, False)])
def test_a_delta_is_something_within_the_bounds_of_money(delta, allowed):
    if allowed:
        assert TypeAdapter(Delta).validate_python(delta) == delta
    else:
        with pytest.raises(ValidationError):
            TypeAdapter(Delta).validate_python(delta)


# Days


@pytest.mark.parametrize(
    ("day", "falls", "following", "before"),
    [
        ("2026-02-01", True, "2026-02-15", "2026-01-01"),
        ("2026-02-14", False, "2026-02-15", "2026-02-01"),
        ("2026-02-15", True, "2026-03-15", "2026-02-01"),
        ("2026-02-16", False, "2026-03-15", "2026-02-15"),
        ("2026-03-01", False, "2026-03-15", "2026-02-15"),
    ],
)
def test_a_bill_day_moves_on_the_very_day_it_moves_from(day, falls, following, before):
    moved = BillDays(1).moved(15, date(2026, 2, 15), today=date(2026, 2, 5))
    today = date.fromisoformat(day)
    assert moved.falls_on(today) is falls
    assert str(moved.next_after(today)) == following
    assert str(moved.last_before(today)) == before


@pytest.mark.parametrize(("today", "until_then"), [("2026-02-14", 1), ("2026-02-15", 15), ("2026-02-16", 15)])
def test_a_second_move_gives_up_the_first_only_if_that_has_not_come(today, until_then):
    moved = BillDays(15, date(2026, 2, 15), 1).moved(20, date(2026, 4, 1), today=date.fromisoformat(today))
    assert moved[:3] == (20, date(2026, 4, 1), until_then)


@pytest.mark.parametrize(
    ("day", "before"),
    [
        ("2026-02-13", "2026-02-01"),
        ("2026-02-16", "2026-02-01"),
        ("2026-02-17", "2026-02-16"),
        ("2026-03-16", "2026-02-16"),
    ],
)
def test_where_it_moves_twice_in_one_cycle_the_last_bill_day_is_neither_of_the_two(day, before):
    once = BillDays(1).moved(20, date(2026, 2, 12), today=date(2026, 2, 5))
    assert str(once.last_before(date(2026, 2, 20))) == "2026-02-01"
    twice = once.moved(16, date(2026, 2, 14), today=date(2026, 2, 13))
    assert str(twice.last_before(date.fromisoformat(day))) == before


@pytest.mark.parametrize(("today", "last"), [("2026-03-25", "2026-03-01"), ("2026-04-05", "2026-03-01")])
def test_where_a_move_is_replaced_the_last_bill_day_is_still_the_one_there_was(today, last):
    once = BillDays(1).moved(20, date(2026, 3, 10), today=date(2026, 3, 5))
    coming = once.moved(5, date(2026, 3, 12), today=date(2026, 3, 11))
    replaced = coming.moved(7, date(2026, 4, 6), today=date(2026, 3, 12)).moved(9, date(2026, 4, 6), date(2026, 3, 24))
    assert str(replaced.last_before(date.fromisoformat(today))) == last


def test_fen_days_add_up_by_rate():
    low, high = Decimal("0.0003"), Decimal("0.0005")
    known = (RatedDays(daily_rate=high, fen_days=7), RatedDays(daily_rate=low, fen_days=5))
    assert together(known, (RatedDays(daily_rate=high, fen_days=3),)) == (
        RatedDays(daily_rate=high, fen_days=10),
        RatedDays(daily_rate=low, fen_days=5),
    )
    assert at_rate(low, 4, known) == (RatedDays(daily_rate=high, fen_days=7), RatedDays(daily_rate=low, fen_days=9))
    assert at_rate(low, 0, known) == known


# Charges


def test_a_single_fen_of_interest_is_posted():
    """100 fen x 19 days x 0.0005 = 0.95; of the late fee of 100 the cap leaves what 50 days of 100 fen allow: 2."""
    given(*LINE, bought("p1", 100, on="2026-01-10"), advanced(to="2026-02-28")).when(advance(to="2026-03-01")).then(
        event(InterestPosted, amount_fen=1, fen_days=1_900),
        event(DebtWaived, fees_fen=98, interest_fen=0, principal_fen=0, refunded_fen=0),
        event(AccountBilled, balance_fen=103),
    )


def test_the_cap_gives_up_the_unbilled_fee_first_and_then_only_what_of_the_interest_is_still_too_much():
    """30,750 on 20 February pay the bill and 750 of the fee: charges 1,150, capped at 808 after 41 days: 250 + 92."""
    small = (*LINE, bought("p1", 30_000, on="2026-01-10"), paid(30_750, on="2026-02-20"), advanced(to="2026-02-28"))
    given(*small).when(advance(to="2026-03-01")).then(
        event(InterestPosted, amount_fen=150),
        event(
            DebtWaived,
            fees_fen=250,
            interest_fen=92,
            refunded_fen=0,
            applied={"fees_unbilled": 250, "interest_unbilled": 92},
        ),
        event(AccountBilled, balance_fen=58, minimum_fen=58),
    )


def test_a_dearer_rate_holds_from_its_date_too():
    """Closings from the due date, 10 February: 10 days at 0.0003, 9 at 0.0005."""
    cheap, dear = terms(daily_rate=Decimal("0.0003")), terms("agreed-2")
    begun = (opened(agreed=cheap), *BASE[1:], terms_changed(dear, "2026-02-20"), advanced(to="2026-02-28"))
    life = given(*begun).when(advance(to="2026-03-01"))
    life.then(event(InterestPosted, amount_fen=926, fen_days=9 * 123_457), event(AccountBilled))
    # On 1 April 31 days more at 0.0005: 2,839.51 in all, less what was posted.
    life.when(advance(to="2026-03-31")).stands("2026-04-01", accrued=2_840 - 926)


def test_a_rate_that_changed_before_the_due_date_is_the_rate_of_every_day_since():
    """Closings from 10 to 28 February: 19 days at 0.0003."""
    changed = (*BASE, terms_changed(terms("agreed-2", daily_rate=Decimal("0.0003")), "2026-02-05", on="2026-02-04"))
    given(*changed, advanced(to="2026-02-28")).when(advance(to="2026-03-01")).then(
        event(InterestPosted, amount_fen=704, fen_days=19 * 123_457, earlier_days=()), event(AccountBilled)
    )


# Payments


def test_what_pays_a_bill_leaves_what_was_bought_since_as_it_was():
    life = given(*BASE, bought("new", 1_000, on="2026-02-03")).when(pay(50_000))
    assert {name: each.unpaid for name, each in life.account.ledger.slices.items()} == {"base": 73_457, "new": 1_000}


@pytest.mark.parametrize("fen", [1, 12_345, 12_346])
def test_every_fen_that_is_paid_of_a_bill_lowers_what_it_demands(fen):
    given(*BASE, advanced(to="2026-02-01")).when(pay(fen)).stands(minimum_due=12_346 - fen)


def test_a_missed_minimum_that_was_paid_down_to_the_tolerance_later_stays_demanded():
    """It was not met at its own test, so the next statement's test does not let it go either."""
    begun = (opened(agreed=terms(tolerance=1_000)), *BASE[1:], advanced(to="2026-02-11"), paid(11_346))
    life = given(*begun, advanced(to="2026-03-01")).when(advance(to="2026-03-12")).stands(standing="overdue", dpd=1)
    assert [(each.statement_no, each.amount) for each in life.account.ledger.layers] == [(1, 1_000), (2, 13_183)]


def test_all_principal_counts_for_the_cap_disputed_or_not():
    given(*BASE, disputed("base", 100_000, on="2026-01-12")).stands(principal=123_457)


def test_days_past_due_found_late_to_be_beyond_the_bound_are_a_loss_at_the_next_dawn():
    life = given(*BASE, paid(123_457, on="2026-02-10"), advanced(to="2026-08-09"))
    life.when(reverse(on="2026-08-09")).stands(standing="overdue", dpd=180)
    life.when(advance(to="2026-08-11"))
    lost = next(each for each in life.events if isinstance(each, AccountChargedOff))
    assert (lost.business_date, lost.dpd_after) == (date(2026, 8, 10), 181)


def test_what_was_paid_in_time_of_a_statement_counts_from_its_posting_when_the_rest_is_missed():
    """From posting: 123,457 x 26 days (10 January to 4 February), then 63,457 x 24 days, though p1 is paid in full."""
    begun = (opened(agreed=FROM_POSTING), activated(), bought("p1", 50_000, on="2026-01-10"), bought("p2", 73_457))
    given(*begun, paid(60_000, on="2026-02-05"), advanced(to="2026-02-28")).when(advance(to="2026-03-01")).then(
        event(InterestPosted, amount_fen=2_366, fen_days=4_732_850), event(AccountBilled)
    )


def test_what_was_paid_in_time_counts_though_a_loss_was_booked_in_error_between():
    """50,000 x 24 days (10 January to 2 February) + 73,457 x 49 (10 January to 28 February, 5 February left out)."""
    begun = (opened(agreed=FROM_POSTING), activated(), bought("p1", 50_000, on="2026-01-10"), bought("p2", 73_457))
    booked = (paid(50_000, on="2026-02-03"), written_off(on="2026-02-05"), write_off_undone(on="2026-02-06"))
    given(*begun, *booked, advanced(to="2026-02-28")).when(advance(to="2026-03-01")).then(
        event(InterestPosted, amount_fen=2_400, fen_days=4_799_393), event(AccountBilled)
    )


# Payments that never counted


def test_a_returned_payment_takes_the_credit_first_then_what_it_had_paid_of_bills_then_the_rest():
    """
    Billed 123,457, unbilled 20,000; 140,000 pay all but 3,457 of it; 10,000 more leave credit 6,543. Returned, the
    140,000 take the credit, then the 123,457 that they had paid of the bill; the rest of 10,000 is owed unbilled.
    """
    both = (*BASE, bought("new", 20_000, on="2026-02-03"), paid(140_000, on="2026-02-05", ref="a"))
    given(*both, paid(10_000, ref="b")).when(reverse("a", on="2026-02-06")).then(
        event(
            PaymentReversed,
            amount_fen=140_000,
            credit_taken_fen=6_543,
            restored={"principal_billed": 123_457, "principal_unbilled": 10_000},
        ),
        event(BalancesCorrected),
        event(AccountStandingChanged, move="reopen", standing="billed"),
    )


def test_a_returned_payment_that_its_credit_nearly_covers_is_owed_on_the_bill_alone():
    given(*BASE, paid(100_000, on="2026-02-05", ref="a"), paid(53_457, ref="b")).when(reverse("a")).then(
        event(PaymentReversed, amount_fen=100_000, credit_taken_fen=30_000, restored={"principal_billed": 70_000}),
        event(BalancesCorrected, deltas={}),
        event(AccountStandingChanged, move="reopen", standing="billed"),
    ).owes(principal_billed=70_000)


def test_of_credit_that_was_paid_out_only_what_was_never_there_is_owed():
    history = (*LINE, paid(30_000, on="2026-01-10", ref="a"), paid(20_000, ref="b"), paid_out(50_000))
    given(*history).when(reverse("a")).then(event(PaymentReversed, credit_taken_fen=0), event(BalancesCorrected)).owes(
        principal_unbilled=30_000
    )


# Purchases and refunds


@pytest.mark.parametrize("most", [FEN_MAX - 123_457, FEN_MAX - 123_456])
def test_what_is_owed_in_all_stays_within_the_bounds_of_money(most):
    life = given(*BASE).when(buy("p2", most, forced=True))
    if most + 123_457 <= FEN_MAX:
        life.owes(principal_unbilled=FEN_MAX)
    else:
        life.refused("amount_invalid", field="amount_fen", asked=most, highest=FEN_MAX - 123_457)


def test_a_refund_of_what_was_bought_since_leaves_what_is_billed_as_it_was():
    life = given(*BASE, bought("new", 1_000, on="2026-02-03")).when(refund("new", 400))
    life.then(event(PurchaseRefunded, of_purchase_fen=400, applied={"principal_unbilled": 400}))
    assert {name: each.unpaid for name, each in life.account.ledger.slices.items()} == {"base": 123_457, "new": 600}


def test_a_refund_finds_the_purchase_and_what_a_rejected_dispute_posted_anew_together():
    denied = (*BASE, disputed("base", 60_000, on="2026-01-12"), resolved("rejected"))
    given(*denied).when(refund("base", 100_000)).then(
        event(PurchaseRefunded, of_purchase_fen=100_000, applied={"principal_unbilled": 100_000}, credited_fen=0)
    ).owes(principal_unbilled=23_457)


def test_what_is_paid_in_instalments_already_is_not_paid_in_instalments_again():
    """
    Of the March statement 21,000 pay the old purchase first, so that a part of the first instalment stays unpaid,
    though no minimum is missed; the plan of April is made of the new purchase alone.
    """
    march = (*BASE, converted(60_000, 3, on="2026-02-03"), paid(60_000, on="2026-02-05", ref="a"))
    april = (advanced(to="2026-03-01"), paid(21_000, on="2026-03-05", ref="b"), bought("new", 50_000, on="2026-03-20"))
    life = given(*march, *april, advanced(to="2026-04-01")).stands(convertible=50_000, arrears=0)
    life.when(convert(50_000, 3, on="2026-04-02", ref="plan-2")).then(
        event(PlanCreated, parts=(PlanPart(purchase_id="new", amount_fen=50_000),))
    ).stands(convertible=0)
    assert [(name, each.unpaid) for name, each in life.account.ledger.slices.items()] == [
        ("plan/plan-1/1", 2_990),
        ("plan/plan-1/2", 20_000),
    ]


def test_who_asks_for_instalments_too_late_is_told_the_last_due_date():
    march = (*BASE, paid(12_346, on="2026-02-10", ref="a"), advanced(to="2026-03-01"), paid(13_000, ref="b"))
    given(*march).when(convert(10_000, 3, on="2026-03-12")).refused(
        "conversion_too_late", asked=date(2026, 3, 12), due_date=date(2026, 3, 10)
    )


def test_a_refund_finds_in_a_plan_no_more_than_what_of_the_purchase_was_converted():
    """Of `new` 40,000 are in the plan; the other 23,457 were paid, and are given back."""
    both = (*LINE, bought("old", 60_000, on="2026-01-10"), bought("new", 63_457))
    given(*both, converted(100_000, 3, on="2026-02-03"), paid(23_457)).when(
        refund("new", 63_457, on="2026-02-05")
    ).owes(principal_planned=60_000, credit=23_457)


def test_a_refund_takes_out_of_a_plan_what_the_purchase_itself_does_not_have():
    """100,000 of 60,000 + 63,457 are converted; of 30,000 refunded 23,457 are in the purchase, 6,543 in the plan."""
    both = (*LINE, bought("old", 60_000, on="2026-01-10"), bought("new", 63_457))
    life = given(*both, converted(100_000, 3, on="2026-02-03")).when(refund("new", 30_000, on="2026-02-05"))
    life.owes(principal_planned=93_457)
    (plan,) = life.account.ledger.plans.values()
    assert [(part.purchase_id, part.amount_fen) for part in plan.parts] == [("old", 60_000), ("new", 33_457)]


# Corrections by an officer


def test_the_deltas_of_a_correction_add_up_over_what_is_billed_and_what_is_not():
    """On 1 March billed 123,457 + 1,000 + 1,173; on 11 March 1,000 of late fee unbilled, and a purchase of 4,321."""
    history = (*BASE, advanced(to="2026-03-12"), bought("new", 4_321, forced=True))
    given(*history).when(correct(principal_billed=-457, fees_billed=-7, interest_billed=-3)).then(
        event(
            BalancesCorrected,
            interest_delta_fen=-3,
            late_fee_delta_fen=-7,
            principal_delta_fen=-457,
            waived_delta_fen=0,
            minimum_due_after=25_631 - 467,
        )
    ).owes(
        principal_billed=123_000, interest_billed=1_170, fees_billed=993, principal_unbilled=4_321, fees_unbilled=1_000
    )


def test_a_single_fen_of_principal_that_an_officer_adds_is_a_purchase_of_its_own():
    life = given(*BASE).when(correct(principal_unbilled=1, on="2026-01-12")).owes(principal_unbilled=123_458)
    assert [each.unpaid for each in life.account.ledger.slices.values()] == [123_457, 1]


# Disputes


def test_what_never_counted_of_an_upheld_dispute_is_what_was_not_set_aside():
    """50,000 were paid before 100,000 of 123,457 were denied: 73,457 are set aside, 26,543 become credit."""
    given(*BASE, paid(50_000), disputed("base", 100_000, on="2026-01-12")).when(resolve("upheld")).then(
        event(DisputeResolved, amount_fen=100_000, set_aside_fen=73_457), event(BalancesCorrected, uncounted_fen=26_543)
    ).owes(credit=26_543)


@pytest.mark.parametrize(("first", "second"), ["ab", "ba"])
def test_what_is_disputed_of_one_purchase_does_not_lessen_what_may_be_disputed_of_another(first, second):
    both = (*LINE, bought("a", 10_000, on="2026-01-10"), bought("b", 10_000))
    given(*both, disputed(first, 10_000)).when(dispute(second, 10_000, ref="dispute-2")).then(
        event(DisputeOpened, set_aside={"principal_unbilled": 10_000})
    )


@pytest.mark.parametrize(
    ("outcome", "applied", "left"),
    [("upheld", 0, {"credit": 6_543}), ("rejected", 6_543, {"principal_unbilled": 93_457})],
)
def test_credit_pays_for_a_dispute_only_when_it_is_rejected(outcome, applied, left):
    """100,000 of 123,457 are denied; 30,000 pay the other 23,457 and leave 6,543."""
    credited = (*BASE, disputed("base", 100_000, on="2026-01-12"), paid(30_000, on="2026-01-13"))
    life = given(*credited).when(resolve(outcome)).owes(**left)
    resolved = next(each for each in life.events if isinstance(each, DisputeResolved))
    assert resolved.credit_applied_fen == applied


def test_what_is_planned_is_lost_with_the_rest():
    given(*BASE, converted(60_000, 3, on="2026-02-03")).when(write_off(on="2026-02-05")).owes(principal_billed=123_457)


def test_a_loss_taken_back_after_its_due_test_would_have_been_bears_interest_from_that_day_only():
    """The test of 11 February never came: 123,457 x 14 days (15 to 28 February) x 0.0005 = 864.20."""
    begun = (*BASE, written_off(on="2026-02-05"), write_off_undone(on="2026-02-15"), advanced(to="2026-02-28"))
    given(*begun).when(advance(to="2026-03-01")).then(
        event(InterestPosted, amount_fen=864, fen_days=14 * 123_457), event(AccountBilled)
    )


def test_credit_of_a_loss_pays_first_for_a_dispute_that_is_rejected_and_the_rest_is_billed():
    """All but 100,000 is repaid with 20,000 more; of the 100,000, owed again, 80,000 are left."""
    lost = (*BASE, disputed("base", 100_000, on="2026-01-12"), written_off(on="2026-01-15"), paid(43_457))
    given(*lost).owes(principal_disputed=100_000, credit=20_000).when(resolve("rejected")).owes(principal_billed=80_000)


@pytest.mark.parametrize(("outcome", "renewed"), [("upheld", [RulesChanged.TYPE]), ("rejected", [])])
def test_only_what_is_derived_anew_moves_the_account_to_another_edition_of_the_rules(outcome, renewed):
    life = given(*BASE, disputed("base", 100_000, on="2026-01-12"))
    with patch.object(events, "RULES", 2):
        life.when(resolve(outcome))
    assert [each.TYPE for each in life.events if isinstance(each, RulesChanged)] == renewed


def test_a_purchase_is_nothing_for_which_an_account_moves_to_another_edition_of_the_rules():
    life = given(*BASE)
    with patch.object(events, "RULES", 2):
        life.when(buy("new", 500)).then(event(PurchasePosted))


# Where principal is paid first


def test_a_purchase_after_a_payment_of_its_day_is_paid_before_unbilled_charges_where_principal_is_paid_first():
    """On 12 May (91 days past due) 131,395 + 300 pay all that is billed and 300 of the unbilled late fee of 1,000."""
    late = (*BASE, advanced(to="2026-05-12"))
    billed = given(*late).account.ledger.billed
    life = given(*late, paid(billed + 300)).owes(fees_unbilled=700)
    life.when(buy("new", 500)).then(
        event(PurchasePosted), event(BalancesCorrected, deltas={"principal_unbilled": -300, "fees_unbilled": 300})
    ).owes(fees_unbilled=1_000, principal_unbilled=200)


# Death


@pytest.mark.parametrize("asked", ["2026-02-19", "2026-02-21"])
def test_a_death_has_one_date(asked):
    history = (*BASE, advanced(to="2026-03-05"), death_recorded("2026-02-20"))
    given(*history).when(record_death("2026-02-20")).nothing_happened()
    given(*history).when(record_death(asked)).refused(
        "death_recorded", field="date_of_death", asked=asked, known=date(2026, 2, 20)
    )


def test_a_payment_after_the_death_does_not_shorten_the_days_before_it():
    """From posting: 123,457 x 23 days (10 January to 1 February), though 50,000 came three days after the death."""
    begun = (
        opened(agreed=FROM_POSTING),
        *BASE[1:],
        death_recorded("2026-02-02", on="2026-02-02"),
    )
    given(*begun, paid(50_000, on="2026-02-05"), advanced(to="2026-02-28")).when(advance(to="2026-03-01")).then(
        event(InterestPosted, amount_fen=1_420, fen_days=23 * 123_457), event(AccountBilled)
    )


def test_of_purchases_after_the_death_only_what_is_not_disputed_is_dropped():
    after = (bought("denied", 40_000, on="2026-02-15"), bought("other", 1_000), bought("undenied", 2_000))
    life = given(*BASE, paid(123_457, on="2026-02-05"), *after, disputed("denied", 40_000))
    life.when(record_death("2026-02-09", on="2026-03-05"))
    recorded = next(each for each in life.events if isinstance(each, DeathRecorded))
    assert {each.purchase_id: each.amount_fen for each in recorded.dropped} == {"other": 1_000, "undenied": 2_000}


@pytest.mark.parametrize(("died_on", "renewed"), [("2026-02-20", [RulesChanged.TYPE]), ("2026-03-05", [])])
def test_only_a_death_learnt_late_moves_the_account_to_another_edition_of_the_rules(died_on, renewed):
    life = given(*BASE, advanced(to="2026-03-05"))
    with patch.object(events, "RULES", 2):
        life.when(record_death(died_on))
    assert [each.TYPE for each in life.events if isinstance(each, RulesChanged)] == renewed


# Taking over


def test_an_account_of_several_purchases_is_taken_over():
    each = [PurchaseLeft(purchase_id=name, unpaid_fen=100, due_date=None, fen_days=0, counted_to=DAY) for name in "ab"]
    taking = (opened(on=f"{DAY}"),)
    given(*taking).when(migrate(balances=Owed(principal_unbilled=200), purchases=tuple(each))).then(
        event(AccountMigrated)
    ).owes(principal_unbilled=200)
    given(*taking).when(migrate(balances=Owed(principal_unbilled=200), purchases=(each[0], each[0]))).refused(
        "takeover_inconsistent", field="purchases", stated=2, expected=1
    )


# Appeals


def test_an_appeal_against_one_reason_does_not_hide_that_another_is_under_way():
    begun = (*LINE, frozen("multi_lender", on="2026-03-01"), frozen("abnormal_transaction"))
    appeals = (appealed("multi_lender", ref="a1"), appealed("abnormal_transaction", ref="a2"))
    given(*begun, *appeals).when(appeal("abnormal_transaction", ref="a3")).refused(
        "appeal_open", field="against", appeal_id="a2", decide_by=date(2026, 3, 21)
    )
