"""What is agreed as the account goes on: the bill day moves so that no two statements wait for their due tests."""

from datetime import date
from decimal import Decimal

import pytest
from pydantic import ValidationError

from domain.calendar import BillDays
from domain.derivation import Derivation
from domain.events import AccountBilled, AutopaySet, BillDayChanged, InterestPosted, LateFeePosted, TermsChanged
from domain.money import half_up_sum
from domain.snapshot import dump, load
from domain.terms import PAY_LATER, STANDARD
from tests.specification import (
    BASE,
    LINE,
    activated,
    advance,
    advanced,
    autopay_set,
    bill_day_changed,
    bought,
    buy,
    change_bill_day,
    change_terms,
    event,
    given,
    opened,
    paid,
    pay,
    set_autopay,
    terms,
    terms_changed,
)

BILLED = (*BASE, advanced(to="2026-02-01"))


def statements(life):
    return [
        (f"{each.covers_from}", f"{each.covers_to}", f"{each.due_date}")
        for each in life.events
        if isinstance(each, AccountBilled)
    ]


def test_the_bill_day_moves_from_a_date_on():
    life = given(*BILLED).when(change_bill_day(15, "2026-03-02", on="2026-02-05"))
    life.then(event(BillDayChanged, bill_day=15, from_date="2026-03-02", next_event_on="2026-02-11"))
    assert statements(life.when(advance(to="2026-05-20"))) == [
        ("2026-02-01", "2026-02-28", "2026-03-10"),
        ("2026-03-01", "2026-03-14", "2026-03-24"),
        ("2026-03-15", "2026-04-14", "2026-04-24"),
        ("2026-04-15", "2026-05-14", "2026-05-24"),
    ]


def test_a_longer_cycle_is_covered_whole_and_its_interest_is_charged_once():
    life = given(*BILLED, bill_day_changed(28, "2026-03-01", on="2026-02-05")).when(advance(to="2026-03-28"))
    assert statements(life) == [("2026-02-01", "2026-03-27", "2026-04-06")]
    # 123,457 x 46 days (10 February to 27 March) x 0.0005; one late fee.
    life.owes(principal_billed=123_457, interest_billed=2_840, fees_billed=1_000)


def test_a_statement_is_tested_before_the_next_one_is_issued():
    given(*BILLED).when(change_bill_day(10, "2026-02-07", on="2026-02-05")).refused(
        "from_date_not_allowed",
        field="from_date",
        asked=date(2026, 2, 7),
        earliest=date(2026, 2, 11),
        latest=date(2027, 2, 6),
    )
    given(*BILLED).when(change_bill_day(11, "2026-02-07", on="2026-02-05")).then(event(BillDayChanged))


@pytest.mark.parametrize("bill_day", range(1, 29))
@pytest.mark.parametrize("grace", [0, 17])
def test_whatever_day_it_moves_to_at_most_one_statement_waits_for_its_due_test(bill_day, grace):
    agreed = terms(grace_days=grace)
    begun = (opened(agreed=agreed), activated(), bought("base", 123_457, on="2026-01-10"), advanced(to="2026-02-01"))
    life = given(*begun).when(change_bill_day(bill_day, "2026-02-06", on="2026-02-05"))
    if life.refusal is not None:
        life = given(*begun).when(change_bill_day(bill_day, str(life.refusal.numbers["earliest"]), on="2026-02-05"))
    life.when(bought("more", 1_000, on="2026-02-09", forced=True), advance(to="2026-09-01"))
    due = [each.due_date for each in life.events if isinstance(each, AccountBilled)]
    issued = [each.business_date for each in life.events if isinstance(each, AccountBilled)]
    tested = [life.account.ledger.test_date(each) for each in (date(2026, 2, 10), *due)]
    assert all(test <= following for test, following in zip(tested, issued, strict=False))
    account = life.account
    assert Derivation(account.base, account.facts, account.issued).through(account.business_date) == account.ledger
    assert load(dump(account)) == account


def test_a_bill_day_that_moves_twice_in_a_cycle_still_waits_for_the_due_test():
    slow = opened(agreed=terms(due_days=20, grace_days=6), bill_day=28)
    line = (slow, activated(), bought("base", 123_457, on="2026-01-10"), advanced(to="2026-01-28"))
    moved = (*line, bill_day_changed(25, "2026-02-06", on="2026-02-02"), advanced(to="2026-02-07"))
    # The statement of 28 January is due on 17 February and tested on the 24th.
    given(*moved).when(change_bill_day(22, "2026-02-08")).refused(
        "from_date_not_allowed",
        field="from_date",
        asked=date(2026, 2, 8),
        earliest=date(2026, 2, 24),
        latest=date(2027, 2, 8),
    )


def test_a_statement_covers_what_the_last_one_did_not_also_where_the_bill_day_moved_twice_in_between():
    moves = (bill_day_changed(20, "2026-02-12", on="2026-02-05"), bill_day_changed(16, "2026-02-14", on="2026-02-13"))
    assert statements(given(*BILLED, *moves).when(advance(to="2026-03-16"))) == [
        ("2026-02-01", "2026-02-15", "2026-02-25"),
        ("2026-02-16", "2026-03-15", "2026-03-25"),
    ]


def test_a_move_that_has_not_come_yet_is_replaced():
    life = given(*LINE, bill_day_changed(12, "2026-03-05", on="2026-02-05"), bill_day_changed(20, "2026-03-05"))
    life.stands(bill_days=BillDays(20, date(2026, 3, 5), 1, date(2026, 2, 5), date(2026, 2, 1)))


def test_the_same_move_twice_changes_nothing():
    given(*LINE).when(change_bill_day(1, "2026-03-05", on="2026-02-05")).nothing_happened()
    given(*LINE, bill_day_changed(12, "2026-03-05", on="2026-02-05")).when(
        change_bill_day(12, "2026-03-05")
    ).nothing_happened()


@pytest.mark.parametrize("from_date", ["2026-02-05", "2025-12-31", "2027-02-07", "9999-12-31"])
def test_it_moves_from_tomorrow_at_the_earliest_and_within_a_year(from_date):
    given(*LINE).when(change_bill_day(10, from_date, on="2026-02-05")).refused(
        "from_date_not_allowed",
        field="from_date",
        asked=from_date,
        earliest=date(2026, 2, 6),
        latest=date(2027, 2, 6),
    )


def test_a_late_payment_is_derived_by_the_bill_days_there_were():
    late = given(*BILLED, bill_day_changed(15, "2026-03-02", on="2026-02-05"), advanced(to="2026-04-20")).when(
        pay(12_346, on="2026-04-20", value_date=date(2026, 2, 9))
    )
    in_time = given(*BILLED, bill_day_changed(15, "2026-03-02", on="2026-02-05")).when(
        pay(12_346, on="2026-02-09"), advance(to="2026-04-20")
    )
    late.owes(**in_time.account.ledger.buckets)


@pytest.mark.parametrize("bill_day", [0, 29, 31, -1])
def test_every_month_has_the_bill_day(bill_day):
    with pytest.raises(ValidationError, match="bill_day"):
        given(*LINE).when(change_bill_day(bill_day, "2026-03-05"))


CHEAPER = terms("agreed-2", daily_rate=Decimal("0.0003"))
UNDER = {
    # Closings from the due date, 10 February: 10 days at 0.0005, 9 at 0.0003.
    "after_due": ({}, "2026-02-20", 951),
    # Missed on 14 February only: 10 and 11 February at 0.0005, 17 days at 0.0003.
    "in the days of grace": ({"grace_days": 3}, "2026-02-12", 753),
    # From posting on 10 January: 10 days at 0.0005, 40 at 0.0003.
    "from_posting": ({"interest_method": "from_posting"}, "2026-01-20", 2_099),
    "on the bill day": ({"interest_method": "from_posting"}, "2026-02-01", 2_395),
    "on the day of the due test": ({}, "2026-02-11", 728),
}


@pytest.mark.parametrize("case", UNDER)
def test_each_day_bears_interest_at_the_rate_of_that_day_and_all_is_rounded_once(case):
    agreed, from_date, interest = UNDER[case]
    begun = (opened(agreed=terms(**agreed)), activated(), bought("base", 123_457, on="2026-01-10"))
    cheaper = terms("agreed-2", daily_rate=Decimal("0.0003"), **agreed)
    life = given(*begun, terms_changed(cheaper, from_date)).when(advance(to="2026-03-01"))
    (posted,) = (each for each in life.events if isinstance(each, InterestPosted))
    assert posted.amount_fen == interest
    days = [*((each.daily_rate, each.fen_days) for each in posted.earlier_days), (cheaper.daily_rate, posted.fen_days)]
    assert half_up_sum(days) == interest
    account = life.when(pay(50_000, on="2026-03-05"), advance(to="2026-04-20")).account
    assert Derivation(account.base, account.facts, account.issued).through(account.business_date) == account.ledger
    assert load(dump(account)) == account
    late = given(*begun, terms_changed(cheaper, from_date), advanced(to="2026-04-20"))
    late.when(pay(50_000, on="2026-04-20", value_date=date(2026, 3, 5))).owes(**account.ledger.buckets)


def test_other_prices_hold_from_their_date():
    dearer = terms("agreed-2", minimum_ratio=Decimal("0.2"), late_fee_floor=2_000, due_days=14)
    life = given(*BILLED, terms_changed(dearer, "2026-02-20", on="2026-02-05")).when(advance(to="2026-03-16"))
    assert [(each.minimum_fen, str(each.due_date)) for each in life.events if isinstance(each, AccountBilled)] == [
        (12_346 + 2_173 + 22_223, "2026-03-15")
    ]
    assert [each.amount_fen for each in life.events if isinstance(each, LateFeePosted)] == [1_000, 2_000]


def test_terms_that_hold_or_are_to_come_already_change_nothing():
    given(*LINE).when(change_terms(PAY_LATER, "2026-03-05")).nothing_happened()
    given(*LINE, terms_changed(CHEAPER, "2026-03-05")).when(change_terms(CHEAPER, "2026-03-05")).nothing_happened()


def test_terms_that_have_not_come_yet_are_replaced():
    life = given(*LINE, terms_changed(CHEAPER, "2026-03-05")).when(change_terms(PAY_LATER, "2026-03-05"))
    life.then(event(TermsChanged, version=PAY_LATER.version))
    life.when(advance(to="2026-04-01"), buy("p1", 500, on="2026-04-02")).stands(terms=PAY_LATER)


@pytest.mark.parametrize(
    ("announced", "asked"),
    [
        (terms_changed(CHEAPER, "2026-03-05"), change_terms(PAY_LATER, "2026-03-20")),
        (bill_day_changed(15, "2026-03-05", on="2026-02-05"), change_bill_day(20, "2026-03-20")),
    ],
)
def test_what_was_announced_for_a_date_comes_unless_something_else_is_announced_for_it(announced, asked):
    given(*LINE, announced).when(asked).refused(
        "change_pending", field="from_date", asked=date(2026, 3, 20), announced=date(2026, 3, 5)
    )


@pytest.mark.parametrize("asked", [change_terms(CHEAPER, "2026-10-12"), change_bill_day(8, "2026-10-12")])
def test_what_is_agreed_for_later_does_not_come_between_a_purchase_and_the_payments_of_its_day(asked):
    day = (*LINE, bought("p1", 55_200, on="2026-01-10"), advanced(to="2026-06-24"), paid(60_854, on="2026-06-24"))
    with_it = given(*day, asked).when(buy("p2", 10_000, forced=True))
    without = given(*day).when(buy("p2", 10_000, forced=True))
    assert with_it.account.ledger.buckets == without.account.ledger.buckets
    without.owes(principal_unbilled=9_500, fees_unbilled=1_000)


def test_a_rate_changes_once_in_two_months():
    changed = (*LINE, terms_changed(CHEAPER, "2026-02-05"), bought("p1", 500, on="2026-02-06"))
    given(*changed).when(change_terms(PAY_LATER, "2026-03-01")).refused(
        "from_date_not_allowed",
        field="from_date",
        asked=date(2026, 3, 1),
        earliest=date(2026, 4, 8),
        latest=date(2027, 2, 7),
    )


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("interest_method", "from_posting"),
        ("grace_days", 3),
        ("tolerance", 1_000),
        ("cap_annual", Decimal("0.2")),
        ("regime_dpd", 61),
        ("charge_off_dpd", 120),
        ("overdue_long_dpd", 20),
        ("currency", "TWD"),
    ],
)
def test_what_debt_is_judged_by_stays_as_it_was_agreed(parameter, value):
    given(*LINE).when(change_terms(terms("agreed-2", **{parameter: value}), "2026-03-05")).refused(
        "terms_incompatible",
        field="terms_version",
        parameter=parameter,
        agreed=getattr(PAY_LATER, parameter),
        asked=value,
    )


def test_terms_are_published_ones():
    asked = change_terms(CHEAPER, "2026-03-05")
    given(*LINE).when(asked._replace(published=STANDARD)).refused(
        "terms_unknown", field="terms_version", asked="agreed-2", known=sorted(STANDARD)
    )


def test_the_bank_is_asked_for_everything_until_the_customer_says_otherwise():
    life = given(*LINE).stands(autopay="full", autopay_source=None)
    life.when(set_autopay("minimum", on="2026-01-10")).then(
        event(AutopaySet, mode="minimum", source_token="bank-card-1")
    ).stands(autopay="minimum", autopay_source="bank-card-1")
    life.when(set_autopay("minimum")).nothing_happened()
    life.when(set_autopay("off", token=None)).stands(autopay="off", autopay_source=None)


def test_the_bank_is_asked_for_something_only_from_a_source():
    with pytest.raises(ValidationError, match="source_token is needed unless the mode is off"):
        given(*LINE, autopay_set("full", token=None))
