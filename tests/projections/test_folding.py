"""What holds for every view: saying it twice changes nothing, a hole is loud, and batches may be cut anywhere."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.events import UnpaidMinimum
from projections import audit, balance, books, credit_report
from projections.folding import Gap, days_past_due, fold, missed
from tests.projections.stories import Story, wandering

views = pytest.mark.parametrize("view", [balance, credit_report, audit, books], ids=lambda view: view.__name__)


def folded(view, *batches) -> dict[UUID, object]:
    rows = {}
    for batch in batches:
        fold(rows, batch, view)
    return rows


@views
def test_what_a_row_has_seen_is_passed_over(view):
    events = wandering(1).recorded
    assert folded(view, events, events, events[3:9]) == folded(view, events)


@views
def test_a_hole_is_loud_and_says_what_was_due(view):
    story = wandering(2)
    with pytest.raises(Gap, match=f"{story.account_id}: version 3 was expected next, 4 came") as gap:
        folded(view, story.recorded[:2], story.recorded[3:])
    assert (gap.value.account_id, gap.value.expected, gap.value.got) == (story.account_id, 3, 4)


@views
def test_a_history_without_its_beginning_is_a_hole(view):
    with pytest.raises(Gap, match="version 1 was expected next, 2 came"):
        folded(view, wandering(2).recorded[1:])


@views
def test_a_history_that_does_not_begin_with_the_opening_is_refused(view):
    second = Story().recorded[1]
    with pytest.raises(TypeError, match=r"begins with account\.activated, not with account\.opened"):
        folded(view, [replace(second, version=1)])


@views
@settings(max_examples=40, deadline=None)
@given(seeds=st.lists(st.integers(0, 500), min_size=1, max_size=3, unique=True), data=st.data())
def test_batches_may_be_cut_anywhere_and_accounts_mixed(view, seeds, data):
    lives = [wandering(seed, 25).recorded for seed in seeds]
    # Any interleaving that keeps each account's own order.
    turns = data.draw(st.permutations([number for number, life in enumerate(lives) for _ in life]))
    unread = [iter(life) for life in lives]
    mixed = [next(unread[number]) for number in turns]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(mixed)), max_size=6)))
    batches = [mixed[start:end] for start, end in zip([0, *cuts], [*cuts, len(mixed)], strict=True)]
    assert folded(view, *batches) == folded(view, *lives)


def test_charged_off_debt_is_missed_whatever_the_tolerance_and_counts_no_days_before_it_was_due():
    lost = UnpaidMinimum(statement_no=0, due_date=date(2026, 2, 10), amount_fen=500)
    assert missed([lost], date(2026, 2, 5), grace_days=3, tolerance=1_000) == [lost]
    assert days_past_due([lost], date(2026, 2, 5)) == 0
    assert days_past_due([lost], date(2026, 2, 12)) == 2
