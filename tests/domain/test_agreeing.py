"""What is agreed as the account goes on: the bill day moves so that no two statements wait for their due tests."""

from datetime import date

import pytest
from pydantic import ValidationError

from domain.calendar import BillDays
from domain.derivation import Derivation
from domain.events import AccountBilled, AutopaySet, BillDayChanged
from domain.snapshot import dump, load
from tests.specification import (
    BASE,
    LINE,
    activated,
    advance,
    advanced,
    autopay_set,
    bill_day_changed,
    bought,
    change_bill_day,
    event,
    given,
    opened,
    pay,
    set_autopay,
    terms,
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


def test_a_move_that_has_not_come_yet_is_replaced():
    life = given(*LINE, bill_day_changed(12, "2026-03-05", on="2026-02-05"), bill_day_changed(20, "2026-03-05"))
    life.stands(bill_days=BillDays(20, date(2026, 3, 5), 1))


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
