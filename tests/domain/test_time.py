"""Time: business dates in the account's zone, the calendar's work, and nothing that runs backwards."""

from datetime import UTC, date, datetime

import pytest

from domain.calendar import add_months, business_date, days_between, month_end, next_bill_day
from domain.events import (
    AccountBilled,
    LimitChanged,
    PaymentReceived,
    PurchasePosted,
)
from tests.specification import (
    BASE,
    LINE,
    activate,
    advance,
    advanced,
    bought,
    buy,
    change_limit,
    event,
    freeze,
    frozen,
    given,
    open_line,
    opened,
    paid,
    pay,
    terms,
)


@pytest.mark.parametrize(
    ("instant", "zone", "expected"),
    [
        ("2026-02-10T15:59:59+00:00", "Asia/Shanghai", "2026-02-10"),
        ("2026-02-10T16:00:00+00:00", "Asia/Shanghai", "2026-02-11"),
        ("2026-02-11T00:00:00+09:00", "Asia/Shanghai", "2026-02-10"),
        ("2026-02-11T00:00:00+00:00", "UTC", "2026-02-11"),
        ("2026-02-11T04:59:59+00:00", "America/New_York", "2026-02-10"),
        ("2026-07-11T04:00:00+00:00", "America/New_York", "2026-07-11"),
        ("2026-02-10T10:00:00+00:00", "Pacific/Kiritimati", "2026-02-11"),
    ],
)
def test_an_instant_is_a_date_only_in_the_accounts_zone(instant, zone, expected):
    assert str(business_date(datetime.fromisoformat(instant), zone)) == expected


@pytest.mark.parametrize(
    ("day", "months", "anchor", "expected"),
    [
        ("2026-01-31", 1, None, "2026-02-28"),
        ("2028-01-31", 1, None, "2028-02-29"),
        ("2026-02-28", 1, 31, "2026-03-31"),
        ("2026-02-28", 1, None, "2026-03-28"),
        ("2026-03-31", 1, 31, "2026-04-30"),
        ("2026-01-15", -1, None, "2025-12-15"),
        ("2026-08-31", 18, None, "2028-02-29"),
        ("2026-12-31", 12, None, "2027-12-31"),
        ("2028-02-29", 12, None, "2029-02-28"),
        ("2028-02-29", 48, None, "2032-02-29"),
    ],
)
def test_months_keep_the_original_day_and_clip_to_the_months_end(day, months, anchor, expected):
    assert str(add_months(date.fromisoformat(day), months, anchor)) == expected


@pytest.mark.parametrize(
    ("after", "bill_day", "expected"),
    [
        ("2026-01-31", 1, "2026-02-01"),
        ("2026-02-01", 1, "2026-03-01"),
        ("2026-02-27", 28, "2026-02-28"),
        ("2026-02-28", 28, "2026-03-28"),
        ("2026-12-31", 15, "2027-01-15"),
    ],
)
def test_the_next_bill_day_lies_strictly_after(after, bill_day, expected):
    assert str(next_bill_day(date.fromisoformat(after), bill_day)) == expected


def test_months_end_and_days_between():
    assert month_end(date(2028, 2, 1)) == date(2028, 2, 29)
    assert days_between(date(2026, 2, 10), date(2026, 3, 1)) == 19
    assert days_between(date(2026, 3, 1), date(2026, 2, 10)) == -19


def test_a_command_of_a_later_day_first_lets_the_calendar_do_its_work():
    life = given(*BASE).when(pay(1, on="2026-02-11"))
    assert [(each.TYPE, each.cause, str(each.business_date)) for each in life.events] == [
        ("account.billed", "advance", "2026-02-01"),
        ("late_fee.posted", "advance", "2026-02-11"),
        ("account.overdue", "advance", "2026-02-11"),
        ("payment.received", "command", "2026-02-11"),
    ]


def test_a_refused_command_leaves_nothing_behind_not_even_the_calendars_work():
    given(*BASE).when(buy("p2", 1, on="2026-02-11")).refused("overdue", dpd=1, arrears=12_346).owes(
        principal_unbilled=123_457
    ).stands(version=3, standing="clear")


def test_a_command_that_changes_nothing_still_lets_the_calendar_do_its_work():
    given(*BASE, frozen("customer_request")).when(freeze("customer_request", on="2026-02-01")).then(
        event(AccountBilled, cause="advance")
    )


def test_time_that_left_no_event_has_not_passed_so_that_replay_agrees():
    life = given(*BASE, frozen("customer_request")).when(freeze("customer_request", on="2026-02-05"))
    life.then(event(AccountBilled))
    life.stands(business_date=date(2026, 2, 1)).when(pay(1, on="2026-02-03")).then(event(PaymentReceived))


def test_a_command_of_an_earlier_day_than_the_last_event_is_refused():
    given(*BASE).when(buy("p2", 1, on="2026-01-09")).refused(
        "time_backwards", asked="2026-01-09", earliest="2026-01-10", field="at"
    )


def test_the_same_day_is_not_backwards_even_at_an_earlier_hour():
    given(*BASE).when(buy("p2", 1, on="2026-01-10T00:00:00+08:00")).then(event(PurchasePosted))


def test_the_calendar_does_not_run_ahead_of_the_clock():
    given(*BASE).when(advance(to="2026-02-02", on="2026-02-01")).refused(
        "date_in_future", field="date", asked="2026-02-02", latest="2026-02-01"
    )


def test_the_calendar_does_not_run_backwards():
    given(*BASE).when(advance(to="2026-01-09", on="2026-02-01")).refused(
        "time_backwards", field="date", asked="2026-01-09", earliest="2026-01-10"
    )


def test_the_calendar_may_be_told_less_than_today():
    given(*BASE).when(advance(to="2026-02-05", on="2026-03-20")).then(event(AccountBilled, statement_no=1))


def test_advancing_twice_to_one_date_changes_nothing():
    given(*BASE, advanced(to="2026-02-11")).when(advance(to="2026-02-11")).nothing_happened()


def test_missed_days_are_caught_up_in_their_order_with_their_own_dates():
    life = given(*BASE).when(advance(to="2026-04-01"))
    dates = [each.business_date for each in life.events]
    assert dates == sorted(dates)
    assert {str(each) for each in dates} == {
        "2026-02-01", "2026-02-11", "2026-03-01", "2026-03-11", "2026-03-12", "2026-04-01",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ((opened(),), None),
        (LINE, "2027-01-06"),
        (BASE, "2026-02-01"),
        ((*BASE, advanced(to="2026-02-01")), "2026-02-11"),
        ((*BASE, paid(12_346, on="2026-02-10")), "2026-03-01"),
        ((*BASE, advanced(to="2026-02-11")), "2026-03-01"),
        ((*BASE, advanced(to="2026-03-11")), "2026-03-12"),
        ((*BASE, advanced(to="2026-03-12")), "2026-04-01"),
        ((*BASE, paid(123_457, on="2026-02-10")), "2027-02-11"),
        ((*BASE, paid(124_457, on="2026-02-11")), "2026-03-01"),
        (
            (*LINE, bought("p1", 30_000, on="2026-01-10"), paid(31_000, on="2026-02-11"), advanced(to="2026-03-01")),
            "2027-02-12",
        ),
        ((*LINE, paid(500)), "2027-01-06"),
    ],
)
def test_an_account_says_when_it_next_needs_attention(history, expected):
    life = given(*history)
    assert life.account.next_event_on() == (expected and date.fromisoformat(expected))
    assert life.events[-1].next_event_on == life.account.next_event_on()


@pytest.mark.parametrize("bill_day", [1, 15, 28])
def test_every_month_of_a_leap_year_has_its_bill_day(bill_day):
    history = (
        opened(on="2027-12-29", bill_day=bill_day, agreed=terms(charge_off_dpd=1_000)),
        *BASE[1:2],
        bought("p1", 900_000, on="2027-12-30"),
    )
    life = given(*history).when(advance(to="2028-12-31"))
    billed = [each.business_date for each in life.events if isinstance(each, AccountBilled)]
    assert billed == [date(2028, month, bill_day) for month in range(1, 13)]


def test_an_account_of_another_zone_keeps_its_own_midnight():
    new_york = (open_line(on="2026-01-05T17:00:00Z", zone="America/New_York"), activate(limit=100_000))
    given(*new_york).when(change_limit(to=60_000, on="2026-02-11T04:59:00Z")).then(
        event(LimitChanged, business_date="2026-02-10")
    ).when(change_limit(to=70_000, on="2026-02-11T05:00:00Z")).then(event(LimitChanged, business_date="2026-02-11"))


def test_an_instant_of_any_offset_is_the_same_instant():
    assert business_date(datetime(2026, 2, 10, 16, tzinfo=UTC), "Asia/Shanghai") == date(2026, 2, 11)
    given(*LINE).when(freeze("customer_request", on="2026-02-10T11:00:00-05:00")).stands(
        business_date=date(2026, 2, 11)
    )
