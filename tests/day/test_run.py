"""A day run advances exactly the accounts that are due, once, and what it reports is what the store holds."""

import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime
from threading import Barrier, Thread
from zoneinfo import ZoneInfo

import psycopg
import pytest

from domain.commands import SYSTEM, ReceivePayment
from infra.accounts import Accounts
from infra.day import run_day
from infra.faults import Fault
from infra.store.event_store import EventStore
from tests.day.conftest import OFFICER, PRICE

KILLED = """
import os, signal, sys
from datetime import date
from infra.accounts import Accounts
from infra.day import run_day
from infra.store.event_store import EventStore

def told(what, done, total):
    if what == "advancing accounts" and done == 4:
        os.kill(os.getpid(), signal.SIGKILL)

with EventStore(sys.argv[1]) as store:
    run_day(date(2026, 2, 1), Accounts(store), sys.argv[1], chunk=2, told=told)
"""


def outcome(report) -> tuple[int, int, int, int, int, int]:
    return (
        report.due, report.advanced, report.nothing_to_do, report.already_past, report.done_by_another_run,
        len(report.failed),
    )  # fmt: skip


def test_exactly_the_due_accounts_advance_and_idle_ones_are_not_touched(portfolio):
    idle, due = portfolio.idle(7), portfolio.buyers(5)
    later = portfolio.idle(3)
    portfolio.buy(later, days=30, name="february")  # on 4 February, so first billed in March
    before = portfolio.versions([*idle, *later])
    report = portfolio.run("2026-02-01", chunk=2)
    assert outcome(report) == (5, 5, 0, 0, 0, 0)
    assert (report.good, report.still_due) == (True, 0)
    assert portfolio.versions([*idle, *later]) == before
    assert {event.type for event in portfolio.recorded(due) if event.command_id.startswith("day-run:")} == {
        "account.billed"
    }
    assert [portfolio.accounts.account(each).ledger.billed for each in due] == [PRICE] * 5


@pytest.mark.parametrize("eve", ["2026-01-31", "2026-01-05", "1990-01-02"])
def test_nothing_is_due_before_its_day(portfolio, eve):
    portfolio.buyers(2)
    head = portfolio.store.head()
    report = portfolio.run(eve)
    assert outcome(report) == (0, 0, 0, 0, 0, 0)
    assert (report.good, report.recorded.events, portfolio.store.head()) == (True, Counter(), head)


def test_an_empty_store_has_an_empty_day(portfolio):
    assert outcome(portfolio.run("2026-02-01")) == (0, 0, 0, 0, 0, 0)


def test_the_same_day_again_adds_nothing_and_still_tells_the_day(portfolio):
    portfolio.buyers(5)
    first = portfolio.run("2026-02-01")
    head = portfolio.store.head()
    again = portfolio.run("2026-02-01")
    assert outcome(again) == (0, 0, 0, 0, 0, 0)
    assert (again.good, portfolio.store.head()) == (True, head)
    assert again.day == first.day == first.recorded


def test_a_run_that_was_killed_goes_on_where_it_was(portfolio):
    ids = portfolio.buyers(9)
    killed = subprocess.run([sys.executable, "-c", KILLED, portfolio.writer_url], check=False)
    assert killed.returncode == -9
    resumed = portfolio.run("2026-02-01", chunk=2)
    assert outcome(resumed) == (5, 5, 0, 0, 0, 0)
    assert (resumed.good, resumed.day.accounts, resumed.day.events) == (True, 9, Counter({"account.billed": 9}))
    assert [event.type for event in portfolio.recorded(ids)].count("account.billed") == 9
    assert outcome(portfolio.run("2026-02-01")) == (0, 0, 0, 0, 0, 0)


def test_several_skipped_days_are_made_up_at_once(new_portfolio):
    daily, skipping = new_portfolio(), new_portfolio()
    one, other = daily.buyers(4), skipping.buyers(4)
    for day in ("2026-02-01", "2026-02-11", "2026-03-01", "2026-03-11"):
        assert outcome(daily.run(day)) == (4, 4, 0, 0, 0, 0)
    report = skipping.run("2026-03-11")
    assert outcome(report) == (4, 4, 0, 0, 0, 0)
    assert [event.event for event in skipping.recorded(other)] == [event.event for event in daily.recorded(one)]
    made_up = [event for event in skipping.recorded(other) if event.command_id.startswith("day-run:2026-03-11:")]
    assert {event.event.business_date.isoformat() for event in made_up} == {
        "2026-02-01", "2026-02-11", "2026-03-01", "2026-03-11",
    }  # fmt: skip
    assert (report.good, report.recorded.events.total(), report.control) == (True, len(made_up), report.recorded)


def test_the_money_is_that_of_the_events(portfolio):
    ids = portfolio.buyers(3)
    report = portfolio.run("2026-03-11")
    said = report.as_json()
    expected: dict[str, int] = {}
    for recorded in portfolio.recorded(ids):
        if not recorded.command_id.startswith("day-run:"):
            continue
        event = recorded.event
        match recorded.type:
            case "account.billed":
                expected["balance"] = expected.get("balance", 0) + event.balance_fen
                expected["minimum"] = expected.get("minimum", 0) + event.minimum_fen
            case "late_fee.posted":
                expected["late fee"] = expected.get("late fee", 0) + event.amount_fen
            case "interest.posted":
                expected["interest"] = expected.get("interest", 0) + event.amount_fen
    money = {kind: by_currency["CNY"] for kind, by_currency in said["money"].items()}
    assert all(expected.values())
    assert {
        "balance": money["account.billed"]["balance_fen"],
        "minimum": money["account.billed"]["minimum_fen"],
        "late fee": money["late_fee.posted"]["amount_fen"],
        "interest": money["interest.posted"]["amount_fen"],
    } == expected
    assert said["control"] == said["day"] == {key: said[key] for key in ("events", "money")} | {"accounts": 3}


def test_what_the_store_holds_beside_what_was_answered_is_a_difference(portfolio):
    ids = portfolio.buyers(3)

    def told(what, done, _total):
        if what == "advancing accounts" and done == 3:
            portfolio.damage(
                ids[0],
                "UPDATE stored_events SET state = convert_to(replace(convert_from(state, 'UTF8'),"
                f" '\"balance_fen\":{PRICE}', '\"balance_fen\":{PRICE + 1}'), 'UTF8')",
            )

    report = portfolio.run("2026-02-01", told=told)
    assert not report.good
    assert report.differences == [
        "balance_fen of account.billed in CNY is 3,703.71 by the answers, 3,703.72 in the store"
    ]


def test_an_event_that_is_gone_is_a_difference_in_every_total(portfolio):
    ids = portfolio.buyers(2)
    lost: list[int] = []

    def told(what, done, _total):
        if what == "advancing accounts" and done == 2:
            portfolio.damage(ids[0], "UPDATE stored_events SET command_id = 'another'")
            lost.append(done)

    report = portfolio.run("2026-02-01", told=told)
    assert lost == [2]
    assert report.differences[:2] == [
        "2 accounts were advanced, the store has 1",
        "2 times account.billed was answered, the store has it 1 times",
    ]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12", "America/New_York"])
def test_the_day_is_the_accounts_own_and_its_instant_is_noon(portfolio, zone):
    (account_id,) = portfolio.buyers(1, zone)
    assert outcome(portfolio.run("2026-02-01")) == (1, 1, 0, 0, 0, 0)
    last = portfolio.recorded([account_id])[-1]
    assert last.recorded_at == datetime(2026, 2, 1, 12, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    assert (last.actor, last.event.cause) == (str(SYSTEM), "advance")


def test_an_account_that_went_past_the_day_meanwhile_is_no_failure(portfolio):
    ids = portfolio.buyers(4)

    def told(what, _done, _total):
        if what == "reading the store":
            portfolio.buy(ids[:1], days=30, name="later")

    report = portfolio.run("2026-02-01", told=told)
    assert outcome(report) == (4, 3, 0, 1, 0, 0)
    assert report.good


def test_an_account_with_nothing_left_to_do_is_asked_in_vain(portfolio):
    ids = portfolio.buyers(2)

    def told(what, _done, _total):
        if what == "reading the store":
            portfolio.accounts.execute(
                ReceivePayment(
                    command_id="pay", account_id=ids[0], actor=OFFICER, at=datetime(2026, 1, 12, 4, tzinfo=UTC),
                    payment_ref="r1", channel="counter", amount_fen=PRICE,
                )
            )  # fmt: skip

    report = portfolio.run("2026-02-01", told=told)
    assert outcome(report) == (2, 1, 1, 0, 0, 0)
    assert (report.good, report.still_due) == (True, 0)


def test_two_runs_at_once_do_it_once(portfolio):
    ids = portfolio.buyers(40)
    together = Barrier(2, timeout=60)
    reports = []

    def told(what, done, _total):
        if what == "advancing accounts" and done == 10:
            together.wait()

    def run():
        reports.append(portfolio.run("2026-02-01", chunk=10, told=told))

    threads = [Thread(target=run) for _ in range(2)]
    portfolio.run("2026-01-31")  # the store is read, so both list the same accounts
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert [report.differences for report in reports] == [[], []]
    assert [report.due for report in reports] == [40, 40]
    assert sum(report.advanced for report in reports) == 40
    assert sum(report.done_by_another_run + report.nothing_to_do for report in reports) == 40
    assert [event.type for event in portfolio.recorded(ids)].count("account.billed") == 40


def test_the_schedule_is_a_cache_that_can_be_read_anew(portfolio):
    portfolio.idle(3)
    portfolio.buyers(4)
    portfolio.run("2026-02-01")
    question = "SELECT account_id, zone, next_event_on FROM account_schedule ORDER BY 1"
    with portfolio.owner() as owner:
        followed = owner.execute(question).fetchall()
        owner.execute("TRUNCATE account_schedule")
        owner.execute("UPDATE account_schedule_position SET position = 0")
        assert outcome(portfolio.run("2026-02-01")) == (0, 0, 0, 0, 0, 0)
        assert owner.execute(question).fetchall() == followed
    assert sorted(str(row[2]) for row in followed) == ["2026-02-11"] * 4 + ["2027-01-06"] * 3


@pytest.mark.parametrize("day", [date(1990, 1, 1), date(2150, 1, 1), date.min, date.max])
def test_a_day_outside_the_calendar_is_no_day(portfolio, day):
    with EventStore(portfolio.writer_url) as store, pytest.raises(ValueError, match="is not between"):
        run_day(day, Accounts(store), portfolio.writer_url)


def test_a_day_in_the_far_future_is_a_day(portfolio):
    portfolio.idle(2)
    # Unused for so long, they are frozen and closed.
    assert outcome(portfolio.run("2149-12-30")) == (2, 2, 0, 0, 0, 0)
    assert outcome(portfolio.run("2149-12-30")) == (0, 0, 0, 0, 0, 0)


def test_a_database_that_was_not_migrated_is_a_fault(portfolio, database_url):
    with EventStore(portfolio.writer_url) as store, pytest.raises(Fault, match="credit migrate"):
        run_day(date(2026, 2, 1), Accounts(store), database_url)


def test_a_database_that_is_not_there_is_a_fault(portfolio):
    url = portfolio.writer_url.rpartition("/")[0] + "/nowhere"
    with EventStore(portfolio.writer_url) as store, pytest.raises(Fault, match="cannot be used"):
        run_day(date(2026, 2, 1), Accounts(store), url)


def test_a_hole_in_the_log_stops_the_day_before_anybody_is_missed(portfolio):
    portfolio.buyers(2)
    with portfolio.owner() as owner:
        owner.execute("UPDATE stored_events SET position = 1000 WHERE position = 3")
    with pytest.raises(Fault, match="lacks positions"):
        portfolio.run("2026-02-01")


def test_control_totals_are_found_by_their_index(portfolio):
    with psycopg.connect(portfolio.owner_url, options="-c enable_seqscan=off") as owner:
        plan = owner.execute(
            "EXPLAIN SELECT 1 FROM stored_events WHERE starts_with(command_id, 'day-run:')"
            " AND command_id >= 'day-run:2026-02-01:' AND command_id < 'day-run:2026-02-01;'"
        ).fetchall()
    assert any("stored_events_of_day_runs" in line for (line,) in plan)
