"""Rows and position of a view are committed together, once, by whoever holds the position."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from functools import partial
from random import Random
from shutil import copy

import psycopg
import pytest

from consumers.runner import PositionLost
from domain.calendar import add_months
from domain.commands import Actor, DisputeReport, Purchase
from domain.terms import CASH_LOAN
from infra.faults import Fault
from infra.migrations import FOLDER, migrate
from infra.store.roles import role_url
from infra.views import answers, query
from infra.views.store import ViewStore
from infra.views.tables import AUDIT, BALANCE, CREDIT_REPORT, MONTHS, VIEWS, load_event, load_month
from projections.folding import Gap, fold
from tests.projections.late_facts import BEGIN, facts_of, learns, lived, returns_of
from tests.projections.stories import Story, wandering
from tests.projections.test_report_debt_law import borrowing

TOPIC = "credit.account-events.v1"
layouts = pytest.mark.parametrize("layout", VIEWS, ids=lambda layout: layout.name)


def rows_of(url, layout):
    with psycopg.connect(url) as connection:
        found = connection.execute(f"SELECT {', '.join(layout.columns)} FROM {layout.name}_g1").fetchall()
    return {values[0]: layout.load(values) for values in found}


def applied(url, layout) -> int:
    with psycopg.connect(url) as connection:
        asked = "SELECT coalesce(sum(events_applied), 0) FROM view_positions WHERE view = %s"
        return int(connection.execute(asked, (layout.name,)).fetchone()[0])


def folded(layout, events):
    rows = {}
    fold(rows, events, layout.view)
    for row in rows.values():
        for gathered in ("months", "arrived", "days"):
            if hasattr(row, gathered):
                getattr(row, gathered).clear()
    return rows


def feed(store, events, size=7, partition=0):
    at = store.position(TOPIC, partition)
    for start in range(0, len(events), size):
        batch = events[start : start + size]
        store.commit(TOPIC, partition, at, at + len(batch), batch)
        at += len(batch)


@layouts
def test_rows_come_back_as_they_were_folded(layout, views_url):
    events = [recorded for seed in range(12) for recorded in wandering(seed).recorded]
    with ViewStore(views_url, layout) as store:
        feed(store, events)
        assert store.position(TOPIC, 0) == len(events)
    assert rows_of(views_url, layout) == folded(layout, events)
    assert applied(views_url, layout) == len(events)


def months_of(url):
    with psycopg.connect(url) as connection:
        asked = f"SELECT {', '.join(MONTHS.columns)} FROM credit_report_months_g1 ORDER BY month"
        return [load_month(values) for values in connection.execute(asked).fetchall()]


def test_closed_months_are_written_as_they_were_folded(views_url):
    story = wandering(5)
    with ViewStore(views_url, CREDIT_REPORT) as store:
        feed(store, story.recorded, size=3)
    rows = {}
    fold(rows, story.recorded, CREDIT_REPORT.view)
    assert months_of(views_url) == rows[story.account_id].months
    assert months_of(views_url) != []


@pytest.mark.parametrize("size", [1, 4, 1_000], ids=["event by event", "in small batches", "in one batch"])
def test_restated_months_replace_what_was_written(size, views_url):
    restated = 0
    for seed in range(100, 112):
        chance = Random(seed)
        facts = facts_of(chance)
        story = lived([*facts, *returns_of(chance, facts)], BEGIN + timedelta(days=340), f"customer-{seed}")
        with ViewStore(views_url, CREDIT_REPORT) as store:
            feed(store, story.recorded, size=size, partition=seed)
        rows = {}
        fold(rows, story.recorded, CREDIT_REPORT.view)
        row = rows[story.account_id]
        written = [month for month in months_of(views_url) if month.account_id == story.account_id]
        assert written == row.months
        row.months = []
        assert rows_of(views_url, CREDIT_REPORT)[story.account_id] == row
        restated += sum(len(each.event.months) for each in story.recorded if each.type == "balances.corrected")
    assert restated > 10


@pytest.mark.parametrize("size", [1, 5, 1_000], ids=["event by event", "in small batches", "in one batch"])
def test_loans_and_their_months_lie_beside_the_account(size, views_url, reader_url):
    loans = 0
    for seed in range(8):
        story = borrowing(seed, CASH_LOAN)
        last = story.recorded[-1].event.business_date
        with ViewStore(views_url, CREDIT_REPORT) as store:
            feed(store, story.recorded, size=size, partition=seed)
        rows = {}
        fold(rows, story.recorded, CREDIT_REPORT.view)
        row = rows[story.account_id]
        asked = partial(answers.report_of, account_id=story.account_id, as_of=last)
        assert query.ask(reader_url, asked) == CREDIT_REPORT.view.as_of(row, last)
        for plan_id, loan in row.loans.items():
            asked_of_it = partial(answers.months_of, account_id=story.account_id, as_of=last, plan_id=plan_id)
            assert query.ask(reader_url, asked_of_it) == CREDIT_REPORT.view.lines(loan, last)
        loans += len(row.loans)
    assert loans > 10


def test_a_loan_that_was_never_drawn_has_no_months(views_url, reader_url):
    story = Story(terms=CASH_LOAN).draws("2026-01-15", 100_000, 1)
    with ViewStore(views_url, CREDIT_REPORT) as store:
        feed(store, story.recorded)
    with pytest.raises(answers.UnknownLoan, match="has no loan loan-9: its loans are loan-1"):
        query.ask(reader_url, partial(answers.months_of, account_id=story.account_id, plan_id="loan-9"))


def test_a_month_closed_and_restated_in_one_batch_is_written_once(views_url):
    story = learns(Story().buys("2026-01-10", 123_457).advances("2026-03-01"), "2026-03-05", 12_346, "2026-02-09")
    with ViewStore(views_url, CREDIT_REPORT) as store:
        feed(store, story.recorded, size=len(story.recorded))
    assert [(f"{month.month}", month.code) for month in months_of(views_url)] == [
        ("2026-01-01", "*"),
        ("2026-02-01", "N"),
    ]


@pytest.mark.parametrize("size", [1, 7, 1_000], ids=["event by event", "in small batches", "in one batch"])
def test_an_account_keeps_sixty_closed_months(size, views_url, reader_url):
    story = Story(opened="2020-01-05")
    for number in range(80):
        on = add_months(date(2020, 1, 20), number)
        story.buys(on, 1_000).pays(on + timedelta(days=1), 1_000)
    with ViewStore(views_url, CREDIT_REPORT) as store:
        feed(store, story.recorded, size=size)
    rows = {}
    fold(rows, story.recorded, CREDIT_REPORT.view)
    row = rows[story.account_id]
    assert months_of(views_url) == row.months[-60:]
    last = story.recorded[-1].event.business_date
    asked = partial(answers.report_of, account_id=story.account_id, as_of=last)
    assert query.ask(reader_url, asked) == CREDIT_REPORT.view.as_of(row, last)


def test_what_was_settled_is_kept_as_it_was_then(views_url, reader_url):
    story = Story().buys("2026-01-10", 123_457).advances("2026-08-20").pays("2026-10-08", 140_429)
    customer = Actor(role="customer", id="c-1")
    story.say("2031-09-30", DisputeReport, report_dispute_id="d", months=("2026-03",), actor=customer)
    captured = {"purchase_id": "late", "amount_fen": 5_000, "merchant_id": "m-1", "forced": True}
    with ViewStore(views_url, CREDIT_REPORT) as store:
        feed(store, story.recorded)
    ask = partial(answers.months_of, account_id=story.account_id)
    assert "".join(line.code for line in query.ask(reader_url, partial(ask, as_of=date(2031, 10, 8)))) == "*123456BBC"
    events = len(story.recorded)
    story.say("2031-09-30", Purchase, **captured)
    with ViewStore(views_url, CREDIT_REPORT) as store:
        store.commit(TOPIC, 0, events, len(story.recorded), story.recorded[events:])
    assert len(query.ask(reader_url, partial(ask, as_of=date(2031, 9, 30)))) == 61


def test_what_was_folded_into_rows_of_another_shape_is_folded_again(new_database, tmp_path):
    for file in FOLDER.glob("*.sql"):
        if file.name < "0013":
            copy(file, tmp_path)
    owner_url = new_database()
    migrate(owner_url, tmp_path)
    with psycopg.connect(owner_url) as owner:
        for view in ("balance", "credit_report", "audit"):
            owner.execute("INSERT INTO view_positions VALUES (%s, 1, %s, 0, 5, 5)", (view, TOPIC))
        owner.execute(
            "INSERT INTO credit_report_months_g1 VALUES (gen_random_uuid(), '2026-02-01', '1', '1', 18, 1, 1, 1)"
        )
    migrate(owner_url)
    views_url = role_url(owner_url, "credit_views")
    assert months_of(views_url) == []
    for layout, offset in ((BALANCE, 0), (CREDIT_REPORT, 0), (AUDIT, 5)):
        with ViewStore(views_url, layout) as store:
            assert store.position(TOPIC, 0) == offset


def test_audited_events_are_the_recorded_ones_to_the_byte(views_url):
    story = wandering(6)
    with ViewStore(views_url, AUDIT) as store:
        feed(store, story.recorded)
    with psycopg.connect(views_url) as connection:
        asked = f"SELECT {', '.join(AUDIT.additions.columns)} FROM audit_events_g1 ORDER BY version"
        assert [load_event(values) for values in connection.execute(asked).fetchall()] == story.recorded


@layouts
def test_redelivery_changes_nothing_and_is_not_counted(layout, views_url):
    events = wandering(7).recorded
    with ViewStore(views_url, layout) as store:
        store.commit(TOPIC, 0, 0, 10, events[:10])
        before = rows_of(views_url, layout)
        store.commit(TOPIC, 0, 10, 20, events[:10])
        assert rows_of(views_url, layout) == before
        store.commit(TOPIC, 0, 20, 30, events[5:15])
        assert store.position(TOPIC, 0) == 30
    assert applied(views_url, layout) == 15


@layouts
def test_a_hole_keeps_neither_rows_nor_position(layout, views_url):
    whole, holed = wandering(8).recorded, wandering(9).recorded
    with ViewStore(views_url, layout) as store:
        with pytest.raises(Gap):
            store.commit(TOPIC, 0, 0, 9, [*whole, *holed[:2], *holed[3:5]])
        assert store.position(TOPIC, 0) == 0
    assert rows_of(views_url, layout) == {}
    assert applied(views_url, layout) == 0


@layouts
def test_a_zombie_writes_nothing(layout, views_url):
    events = wandering(10).recorded
    with ViewStore(views_url, layout) as zombie, ViewStore(views_url, layout) as owner:
        zombie.commit(TOPIC, 0, 0, 4, events[:4])
        owner.commit(TOPIC, 0, 4, 8, events[4:8])
        with pytest.raises(PositionLost):
            zombie.commit(TOPIC, 0, 4, 9, events[4:9])
    assert rows_of(views_url, layout) == folded(layout, events[:8])
    assert applied(views_url, layout) == 8


def test_of_two_owners_at_once_exactly_one_commits_each_step(views_url):
    events = wandering(11, 90).recorded[:16]

    def strive(store) -> int:
        won = 0
        for at in range(0, 16, 2):
            try:
                store.commit(TOPIC, 3, at, at + 2, events[at : at + 2])
            except (PositionLost, Gap):
                while store.position(TOPIC, 3) < at + 2:
                    pass
            else:
                won += 1
        return won

    with ViewStore(views_url, AUDIT) as one, ViewStore(views_url, AUDIT) as other, ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(strive, (one, other))) == 8
    assert applied(views_url, AUDIT) == 16


def test_a_position_that_was_never_taken_cannot_be_claimed_from_the_middle(views_url):
    with ViewStore(views_url, BALANCE) as store:
        with pytest.raises(PositionLost):
            store.commit(TOPIC, 0, 5, 6, Story().recorded)
        assert store.position(TOPIC, 0) == 0
    assert rows_of(views_url, BALANCE) == {}


def test_an_empty_batch_moves_the_position_only(views_url):
    with ViewStore(views_url, BALANCE) as store:
        store.commit(TOPIC, 0, 0, 3, [])
        assert store.position(TOPIC, 0) == 3
        assert store.position(TOPIC, 1) == 0
    assert applied(views_url, BALANCE) == 0


def test_partitions_and_topics_have_positions_of_their_own(views_url):
    one, other = Story("c-1"), Story("c-2")
    with ViewStore(views_url, BALANCE) as store:
        feed(store, one.recorded, partition=0)
        feed(store, other.recorded, partition=1)
        store.commit("other." + TOPIC, 0, 0, 8, [])
        assert [store.position(TOPIC, 0), store.position(TOPIC, 1)] == [2, 2]
        assert store.position("other." + TOPIC, 0) == 8


def test_a_connection_that_was_lost_between_batches_is_replaced(owner_url, views_url):
    story = Story()
    with ViewStore(views_url, BALANCE) as store:
        store.commit(TOPIC, 0, 0, 1, story.recorded[:1])
        with psycopg.connect(owner_url, autocommit=True) as owner:
            owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'credit_views'")
        store.commit(TOPIC, 0, 1, 2, story.recorded[1:])
        assert store.position(TOPIC, 0) == 2


def test_a_connection_that_is_lost_within_a_batch_keeps_nothing_and_is_a_fault(owner_url, views_url):
    story = Story()

    def cut(recorded):
        with psycopg.connect(owner_url, autocommit=True) as owner:
            owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'credit_views'")
        yield recorded

    class Cutting(list):
        def __iter__(self):
            return (each for recorded in super().__iter__() for each in cut(recorded))

    with ViewStore(views_url, BALANCE) as store:
        with pytest.raises(Fault, match="The view balance cannot reach its database"):
            store.commit(TOPIC, 0, 0, 2, Cutting(story.recorded))
        assert store.position(TOPIC, 0) == 0
    assert rows_of(views_url, BALANCE) == {}


def test_a_database_without_views_is_a_fault_with_the_way_out(database_url):
    with pytest.raises(Fault, match="run `credit migrate`"):
        ViewStore(database_url, BALANCE)


@pytest.mark.parametrize(
    "attempt",
    [
        "DELETE FROM audit_events_g1",
        "UPDATE audit_events_g1 SET data = ''",
        "TRUNCATE credit_report_months_g1",
        "TRUNCATE balance_g1",
        "SELECT 1 FROM stored_events",
    ],
)
def test_the_role_of_the_views_may_not(attempt, views_url):
    with psycopg.connect(views_url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(attempt)


@pytest.mark.parametrize("attempt", ["DELETE FROM balance_g1", "UPDATE view_positions SET next_offset = 0"])
def test_the_role_that_reads_may_not_write(attempt, reader_url):
    with psycopg.connect(reader_url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(attempt)
