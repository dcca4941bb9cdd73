"""What the read models answer of one account, today and on any day since it was opened."""

from datetime import date, timedelta
from functools import partial
from uuid import uuid4

import psycopg
import pytest

from infra.faults import Fault
from infra.views import answers, query
from infra.views.store import ViewStore
from infra.views.tables import AUDIT, BALANCE, VIEWS
from projections import audit, balance, credit_report
from projections.folding import BeforeOpening, fold
from tests.projections.late_facts import learns
from tests.projections.stories import Story, wandering

TOPIC = "credit.account-events.v1"


def show(views_url, *stories, layouts=VIEWS, partition=0):
    events = [recorded for story in stories for recorded in story.recorded]
    for layout in layouts:
        with ViewStore(views_url, layout) as store:
            at = store.position(TOPIC, partition)
            store.commit(TOPIC, partition, at, at + len(events), events)


def folded(view, story, day):
    rows = {}
    fold(rows, [each for each in story.recorded if each.event.business_date <= day], view)
    return view.as_of(rows[story.account_id], day)


def days_of(story):
    first, last = (story.recorded[at].event.business_date for at in (0, -1))
    return [first + timedelta(days=days) for days in range(0, (last - first).days + 120, 13)]


@pytest.mark.parametrize("seed", [21, 22, 23])
def test_any_day_is_answered_as_a_fold_up_to_it(seed, views_url, reader_url):
    story = wandering(seed, 30)
    show(views_url, story, wandering(seed + 100, 10))
    for day in days_of(story):
        balance_then = query.ask(reader_url, partial(answers.balance_of, account_id=story.account_id, as_of=day))
        assert balance_then == folded(balance, story, day)
        report_then = query.ask(reader_url, partial(answers.report_of, account_id=story.account_id, as_of=day))
        assert report_then == folded(credit_report, story, day)


@pytest.mark.parametrize("size", [1, 1_000], ids=["event by event", "in one batch"])
def test_a_day_before_something_was_learnt_is_answered_as_it_was_known_then(size, views_url, reader_url):
    story = learns(Story().buys("2026-01-10", 123_457).advances("2026-04-20"), "2026-04-20", 12_346, "2026-02-09")
    for start in range(0, len(story.recorded), size):
        part = Story()
        part.recorded = story.recorded[start : start + size]
        show(views_url, part)
    for day, codes, worst in ((date(2026, 4, 19), "*123", "3"), (date(2026, 4, 20), "*N12", "2")):
        report = query.ask(reader_url, partial(answers.report_of, account_id=story.account_id, as_of=day))
        assert report == folded(credit_report, story, day)
        assert ("".join(line.code for line in report.months), report.worst_code) == (codes, worst)


def test_without_a_day_the_answer_is_of_the_last_event(views_url, reader_url):
    story = Story().buys("2026-01-10", 5_000)
    show(views_url, story)
    answer = query.ask(reader_url, partial(answers.balance_of, account_id=story.account_id))
    assert (answer.as_of, answer.owed_fen) == (date(2026, 1, 10), 5_000)
    answer = query.ask(reader_url, partial(answers.report_of, account_id=story.account_id))
    assert (answer.as_of, answer.balance_fen) == (date(2026, 1, 10), 5_000)


@pytest.mark.parametrize("limit", [1, 7])
def test_pages_of_a_history_join_without_a_seam(limit, views_url, reader_url):
    story = wandering(24)
    show(views_url, story)
    events, after = [], 0
    while after is not None:
        ask = partial(answers.history_of, account_id=story.account_id, after=after, limit=limit)
        page = query.ask(reader_url, ask)
        assert len(page.events) == limit or not page.has_more
        events += page.events
        after = page.next_after
    assert events == audit.timeline(story.recorded)
    assert query.timeline(reader_url, story.account_id) == tuple(events)


def test_a_history_ends_with_the_day_that_was_asked_for(views_url, reader_url):
    story = Story().buys("2026-01-10", 5_000).buys("2026-01-12", 5_000)
    show(views_url, story)
    page = query.ask(
        reader_url, partial(answers.history_of, account_id=story.account_id, as_of=date(2026, 1, 11))
    )  # fmt: skip
    assert [entry.version for entry in page.events] == [1, 2, 3]
    assert not page.has_more


def test_statements_are_told_as_they_were_printed(views_url, reader_url):
    story = Story().buys("2026-01-10", 123_457).advances("2026-03-01")
    show(views_url, story)
    told = query.ask(reader_url, partial(answers.statements_of, account_id=story.account_id))
    assert [(each.statement_no, each.balance_fen, each.minimum_fen) for each in told] == [
        (1, 123_457, 12_346),
        (2, 125_630, 25_631),
    ]
    told = query.ask(reader_url, partial(answers.statements_of, account_id=story.account_id, as_of=date(2026, 2, 28)))
    assert [each.statement_no for each in told] == [1]


questions = pytest.mark.parametrize(
    "question", [answers.balance_of, answers.report_of, answers.history_of], ids=lambda question: question.__name__
)


@questions
def test_an_account_that_is_not_known(question, reader_url):
    with pytest.raises(answers.UnknownAccount):
        query.ask(reader_url, partial(question, account_id=uuid4()))


@questions
def test_a_day_before_the_opening(question, views_url, reader_url):
    story = Story()
    show(views_url, story)
    with pytest.raises(BeforeOpening, match="was opened on 2026-01-05"):
        query.ask(reader_url, partial(question, account_id=story.account_id, as_of=date(2026, 1, 4)))


def test_a_day_that_nobody_can_reckon(views_url, reader_url):
    story = Story()
    show(views_url, story)
    with pytest.raises(answers.TooFarAhead, match="can be reckoned up to 2076-01-05, not to 2076-01-06"):
        query.ask(
            reader_url, partial(answers.balance_of, account_id=story.account_id, as_of=date(2076, 1, 6))
        )  # fmt: skip


def test_the_past_is_not_told_while_the_audited_history_lags(views_url, reader_url):
    story = Story().buys("2026-01-10", 5_000).buys("2026-01-20", 5_000)
    show(views_url, story, layouts=[BALANCE])
    behind = Story()
    behind.recorded = story.recorded[:3]
    show(views_url, behind, layouts=[AUDIT])
    ask = partial(answers.balance_of, account_id=story.account_id)
    with pytest.raises(answers.ViewBehind, match="is to be seen at version 4, but its view audit is at 3"):
        query.ask(reader_url, partial(ask, as_of=date(2026, 1, 15)))
    # What is certain is told: the audited history already goes beyond that day.
    assert query.ask(reader_url, partial(ask, as_of=date(2026, 1, 7))).owed_fen == 0


def test_every_balance_is_read_back(views_url, reader_url):
    stories = [wandering(seed, 8) for seed in range(30)]
    show(views_url, *stories)
    rows = {}
    fold(rows, [recorded for story in stories for recorded in story.recorded], balance)
    assert {row.account_id: row for row in query.balances(reader_url)} == rows


def test_the_state_of_the_views_and_the_sums_of_the_portfolio(views_url, reader_url):
    first, second = Story("c-1").buys("2026-01-10", 5_000), Story("c-2").pays("2026-01-10", 700)
    show(views_url, first, partition=0)
    show(views_url, second, layouts=[BALANCE], partition=1)
    assert query.status(reader_url) == [
        query.ViewState("balance", 1, 6, 2, 2),
        query.ViewState("credit_report", 1, 3, 1, 1),
        query.ViewState("audit", 1, 3, 1, 1),
        query.ViewState("books", 1, 3, 1, 1),
    ]
    assert query.events_applied(reader_url) == {"balance": 6, "credit_report": 3, "audit": 3, "books": 3}
    assert query.totals(reader_url) == query.Totals(
        accounts=2,
        limit_fen=10_000_000,
        owed_fen=5_000,
        billed_fen=0,
        credit_fen=700,
        minimum_due_fen=0,
        overdue=0,
    )


def test_the_serving_generation_is_the_one_that_is_read(owner_url, views_url, reader_url):
    story = Story()
    show(views_url, story)
    with psycopg.connect(owner_url) as owner:
        owner.execute("CREATE TABLE balance_g2 (LIKE balance_g1 INCLUDING ALL)")
        owner.execute("GRANT SELECT ON balance_g2 TO credit_reader")
        owner.execute("UPDATE view_generations SET state = 'retired' WHERE view = 'balance'")
        owner.execute("INSERT INTO view_generations (view, generation, state) VALUES ('balance', 2, 'serving')")
    try:
        with pytest.raises(answers.UnknownAccount):
            query.ask(reader_url, partial(answers.balance_of, account_id=story.account_id))
        assert query.status(reader_url)[0] == query.ViewState("balance", 2, 0, 0, 0)
    finally:
        with psycopg.connect(owner_url) as owner:
            owner.execute("DELETE FROM view_generations WHERE view = 'balance' AND generation = 2")
            owner.execute("UPDATE view_generations SET state = 'serving' WHERE view = 'balance'")
            owner.execute("DROP TABLE balance_g2")


def test_a_database_without_views_says_what_to_do(database_url):
    with pytest.raises(Fault, match="run `credit migrate`"):
        query.events_applied(database_url)
