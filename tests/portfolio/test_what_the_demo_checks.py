"""The demo's check of the topic against the script: it finds every statement, and none where none is meant."""

from datetime import date

import pytest

from infra.demo.verification import Replay
from infra.portfolio.simulator import Portfolio
from tests.portfolio.memory import Memory, recorded
from tests.specification import ACCOUNT_ID, BASE, advance, disputed, given, paid


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


@pytest.mark.parametrize(("expected", "equal"), [(-500, 2), (122_957, 1), (0, 1)])
def test_the_demo_leaves_what_is_disputed_out_where_no_statement_was_issued(expected, equal):
    """All that was billed is disputed, and 500 paid: on 1 March there is nothing to show but credit."""
    life = given(
        *BASE, disputed("base", 123_457, on="2026-02-05"), paid(500, on="2026-02-08"), advance(to="2026-03-02")
    )
    replay = Replay({(ACCOUNT_ID, date(2026, 2, 1)): 123_457, (ACCOUNT_ID, date(2026, 3, 1)): expected})
    replay.read(recorded(ACCOUNT_ID, life.events))
    assert str(replay.statements) == f"{equal}/2"
