"""A scenario may ask how a figure came about; the answer ends in exactly the figure that the state shows."""

import json

import pytest

from infra.simulation.document import BadScenario
from infra.simulation.figures import told
from infra.simulation.life import live
from infra.simulation.scenario import read
from tests.simulated import ACCOUNT, bought

ASKED = [{"figure": "dpd", "on": "2026-03-01"}, {"figure": "owed", "on": "2026-03-01"}]


def scenario(explain):
    said = {"account": ACCOUNT, "facts": [bought()], "show": ["2026-03-01"], "explain": explain}
    return json.dumps(said).encode()


def test_what_is_explained_ends_in_the_figure_of_the_state():
    document = told(live(read(scenario(ASKED))))
    state = document["states"]["2026-03-01"]
    assert [each["result"] for each in document["explained"]] == [state["dpd"], state["owed"]]


def test_nothing_is_explained_that_was_not_asked_for():
    assert "explained" not in told(live(read(scenario([]))))


def test_an_unknown_figure_is_turned_away_with_those_there_are():
    with pytest.raises(BadScenario, match=r"explain 1.*minimum"):
        read(scenario([{"figure": "luck", "on": "2026-03-01"}]))
