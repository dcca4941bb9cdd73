"""What holds of every report, whatever life the account had: the rulebook's invariant 18, in both dialects."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar import add_months, month_end
from domain.events import AccountEvent
from projections import credit_report, metro2, report_lines
from projections.bureau import MonthLine
from projections.folding import fold
from projections.report_row import ReportRow
from tests.domain.lives import Life, wandering, wandering_late
from tests.explain.test_lives import learning_late, with_decisions
from tests.projections.late_facts import BEGIN, facts_of, lived, returns_of
from tests.projections.stories import record
from tests.specification import ACCOUNT_ID


def reported(events: Sequence[AccountEvent], day: date) -> tuple[ReportRow, list[MonthLine]]:
    """The row, and every month as it is told at the end of `day`."""
    rows = {}
    fold(rows, record(ACCOUNT_ID, [each for each in events if each.business_date <= day]), credit_report)
    row = rows[ACCOUNT_ID]
    return row, credit_report.lines(row, day)


def the_report_holds(events: Sequence[AccountEvent], day: date) -> None:
    row, lines = reported(events, day)
    one_row_a_month_from_activation_to_settlement(row, lines, day)
    for line in lines:
        history = line.metro2.payment_history
        assert len(history) == 24
        assert "B" not in history.rstrip("B"), "it began once"
        assert set(history) <= set("0123456ELDB")
    a_history_is_what_the_months_before_were(row, lines)
    a_delinquency_begins_by_the_end_of_its_first_month(lines, day)
    the_dialects_say_the_same(lines)


def one_row_a_month_from_activation_to_settlement(row: ReportRow, lines: list[MonthLine], day: date) -> None:
    if row.activated_on is None:
        assert lines == []
        return
    first, last = row.activated_on.replace(day=1), row.settled_on or day
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    assert [line.month for line in lines] == [f"{add_months(first, number):%Y-%m}" for number in range(count)]


def a_history_is_what_the_months_before_were(row: ReportRow, lines: list[MonthLine]) -> None:
    for before, line in pairwise(lines):
        told, grade = before.metro2, line.metro2.payment_history[0]
        assert line.metro2.payment_history[1:] == told.payment_history[:23]
        assert (grade == "L") == (told.account_status in {"97", "64"})
        empty = before.balance_fen == 0 and told.account_status in {"11", "13"}
        assert (grade == "E") == (empty and row.portfolio == "R")


def a_delinquency_begins_by_the_end_of_its_first_month(lines: list[MonthLine], day: date) -> None:
    """A month that is closed and paid is neither late nor 11: it keeps a date, and begins none."""
    since = None
    for line in lines:
        told, end = line.metro2, min(day, month_end(date.fromisoformat(f"{line.month}-01")))
        if told.account_status == "11":
            assert told.first_delinquency is None
            since = None
        elif told.account_status == "13":
            assert told.first_delinquency == (since[0] if since else None)
            since = None
        else:
            since = since or (told.first_delinquency, end)
            assert told.first_delinquency == since[0]
            assert since[0] is not None
            assert since[0] <= since[1]


def the_dialects_say_the_same(lines: list[MonthLine]) -> None:
    for line in lines:
        status = line.metro2.account_status
        assert (line.code == "B") == (status == "97")
        assert (line.code in {"C", "G"}) <= (status in {"13", "64"})
        assert (status in {"71", "78", "80", "82", "83", "84"}) <= (line.code in "1234567")
        assert (line.metro2.payment_rating is not None) == (status == "13")
        assert line.metro2.past_due_fen <= line.balance_fen
        assert line.past_due_fen <= line.balance_fen


LIVES = (wandering, wandering_late, learning_late, with_decisions)


def some_days(life: Life) -> list[date]:
    """Days on which months may be told otherwise than later on."""
    events = life.events
    last = events[-1].business_date
    return [events[len(events) // 2].business_date, last, last + timedelta(days=50)]


@settings(max_examples=120, deadline=None, derandomize=True)
@given(st.sampled_from(LIVES), st.integers(0, 100_000))
def test_the_report_of_any_life_holds(kind, seed):
    life = kind(seed)
    for day in some_days(life):
        the_report_holds(life.events, day)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 100_000))
def test_the_report_of_a_life_of_late_facts_and_returns_holds(seed):
    chance = Random(seed)
    facts = facts_of(chance)
    story = lived([*facts, *returns_of(chance, facts)], BEGIN + timedelta(days=340))
    events = [each.event for each in story.recorded]
    for day in (date(2026, 5, 3), date(2026, 9, 30), date(2027, 2, 1)):
        the_report_holds(events, day)


def a_gap(monkeypatch):
    lines = report_lines.lines
    monkeypatch.setattr(report_lines, "lines", lambda row, day: [*lines(row, day)[:2], *lines(row, day)[3:]])


def a_history_that_begins_twice(monkeypatch):
    grade = metro2.grade_of
    monkeypatch.setattr(metro2, "grade_of", lambda status, owed, kind: "B" if owed == 0 else grade(status, owed, kind))


def a_date_counted_from_the_month_end(monkeypatch):
    monkeypatch.setattr(metro2, "delinquent_since", lambda due, _lost: due and month_end(due) + timedelta(days=60))


def a_date_that_is_forgotten(monkeypatch):
    monkeypatch.setattr(metro2, "first_delinquency", lambda status, _before, begins: None if status == "11" else begins)


def a_loss_told_as_late(monkeypatch):
    status = metro2.status_of
    monkeypatch.setattr(
        metro2, "status_of", lambda dpd, owed, *, lost, ended: status(dpd, owed, lost=False, ended=ended)
    )


@pytest.mark.parametrize(
    "damage",
    [
        a_gap,
        a_history_that_begins_twice,
        a_date_counted_from_the_month_end,
        a_date_that_is_forgotten,
        a_loss_told_as_late,
    ],
    ids=lambda damage: damage.__name__,
)
def test_a_report_that_is_told_wrongly_is_found_out(damage, monkeypatch):
    lives = [kind(seed) for kind in LIVES for seed in range(6)]
    damage(monkeypatch)
    found = 0
    for life in lives:
        try:
            the_report_holds(life.events, life.events[-1].business_date + timedelta(days=50))
        except AssertionError:
            found += 1
    assert found > 0
