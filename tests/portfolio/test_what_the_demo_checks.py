"""The demo's check of the topic against the script: it finds every statement, and none where none is meant."""

from datetime import date

import pytest

from infra.demo.verification import Replay
from infra.portfolio.simulator import Portfolio
from infra.views.books import Books, Unequal
from projections import balance
from projections.books import trial_balance
from tests.portfolio.memory import Memory, recorded
from tests.specification import ACCOUNT_ID, BASE, LINE, advance, authorized, converted, disputed, given, paid


def test_the_demo_finds_every_statement_on_the_topic():
    """A loss has none any more."""
    script = Portfolio(100, 7)
    memory = Memory(script.catalogue)
    memory.live(script)
    replay = Replay(script.expected_statements())
    replay.read(each for account_id, events in memory.events.items() for each in recorded(account_id, events))
    assert replay.gap is None
    assert replay.statements.first_difference is None
    assert replay.statements.total == len(script.expected_statements())


@pytest.mark.parametrize(("expected", "equal"), [(-15_834, 2), (50_833, 1), (0, 1)])
def test_the_demo_leaves_what_is_planned_out_where_no_statement_was_issued(expected, equal):
    """50,000 of credit pay the first instalment of 33,333 and its fee of 833, so on 1 March there is nothing to bill."""
    life = given(*BASE, converted(100_000, 3, on="2026-02-03"), paid(73_457, on="2026-02-05"), advance(to="2026-03-02"))
    replay = Replay({(ACCOUNT_ID, date(2026, 2, 1)): 123_457, (ACCOUNT_ID, date(2026, 3, 1)): expected})
    replay.read(recorded(ACCOUNT_ID, life.events))
    assert str(replay.statements) == f"{equal}/2"


def test_the_demo_finds_what_the_view_says_of_held_limit():
    life = given(*LINE, authorized("h1", 5_000, on="2026-01-10"), advance(to="2026-01-12"))
    history = recorded(ACCOUNT_ID, life.events)
    row = None
    for each in history:
        row = balance.step(row, each)
    replay = Replay({})
    replay.read(history)
    assert str(replay.against([row])) == "1/1"
    row.held_fen = 4_999
    assert replay.against([row]).first_difference == f"account {ACCOUNT_ID}: held 5000 replayed, 4999 in the view"


@pytest.mark.parametrize(("expected", "equal"), [(-500, 2), (122_957, 1), (0, 1)])
def test_the_demo_leaves_what_is_disputed_out_where_no_statement_was_issued(expected, equal):
    """All that was billed is disputed, and 500 paid: on 1 March there is nothing to show but credit."""
    life = given(
        *BASE, disputed("base", 123_457, on="2026-02-05"), paid(500, on="2026-02-08"), advance(to="2026-03-02")
    )
    replay = Replay({(ACCOUNT_ID, date(2026, 2, 1)): 123_457, (ACCOUNT_ID, date(2026, 3, 1)): expected})
    replay.read(recorded(ACCOUNT_ID, life.events))
    assert str(replay.statements) == f"{equal}/2"


def books(posted, **stated):
    trial = trial_balance(date(2026, 2, 1), "CNY", posted)
    held = {"accounts": 1, "compared": 1, "unequal": (), "events_applied": 9}
    return Books(as_of=trial.as_of, trial_balances=(trial,), **(held | stated))


def test_the_demo_finds_every_line_of_the_trial_balance_on_the_topic_and_one_fen_that_is_not():
    replay = Replay({})
    replay.read(recorded(ACCOUNT_ID, given(*BASE, paid(23_457, on="2026-01-20")).events))
    posted = {"principal_unbilled": 100_000, "cash_transfer": 23_457, "merchant_payable": -123_457}
    lines, accounts = replay.against_the_books(books(posted))
    assert (str(lines), str(accounts)) == ("32/32", "1/1")
    lines, _ = replay.against_the_books(books(posted | {"cash_transfer": 23_456, "principal_unbilled": 100_001}))
    assert (str(lines), lines.first_difference) == (
        "30/32",
        "CNY principal_unbilled: 100000 replayed, 100001 in the books",
    )
    lines, _ = replay.against_the_books(books(posted | {"cash_transfer": 23_458}))
    assert (str(lines), lines.first_difference) == ("30/32", "CNY: debits 123458, credits 123457")


def test_the_demo_counts_accounts_whose_books_are_not_their_balances():
    fen = {"bucket": "principal_billed", "posted_fen": 1, "said_fen": 2}
    unequal = Unequal(account_id=ACCOUNT_ID, version=5, on=date(2026, 2, 1), said_by="the event", **fen)
    _, accounts = Replay({}).against_the_books(books({}, unequal=(unequal,)))
    assert (str(accounts), accounts.first_difference) == (
        "0/1",
        f"account {ACCOUNT_ID}, event 5 of 2026-02-01: principal_billed 1 posted, 2 by the event",
    )
    _, accounts = Replay({}).against_the_books(books({}, compared=0))
    assert (str(accounts), accounts.first_difference) == ("0/1", "1 accounts are not alike in both views")
