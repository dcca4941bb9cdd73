"""A scenario may ask how figures came about; the answer comes only when it is asked for."""

import json

import pytest

from infra.cli.simulate import simulate
from infra.simulation.document import BadScenario
from infra.simulation.figures import told
from infra.simulation.life import live
from infra.simulation.scenario import read
from projections.explaining.figures import FIGURES
from tests.simulated import ACCOUNT, bought, paid

CASE_7 = {"account": ACCOUNT, "facts": [bought(), paid("2026-03-05", 10_000)], "show": ["2026-03-05"]}


def lived(explain, **changes):
    return told(live(read(json.dumps({**CASE_7, "explain": explain, **changes}).encode())))


def test_what_is_asked_for_is_explained_in_the_order_asked():
    asked = [{"figure": "minimum", "on": "2026-03-01"}, {"figure": "dpd", "on": "2026-03-05"}]
    minimum, dpd = lived(asked)["explained"]
    assert (minimum["figure"], minimum["as_of"], minimum["result"], minimum["unit"]) == (
        "minimum",
        "2026-03-01",
        25_631,
        "fen",
    )
    assert minimum["steps"][-1]["events"][-1] == {
        "version": 8,
        "date": "2026-03-01",
        "type": "account.billed",
        "reference": "2",
        "amount_fen": 125_630,
    }
    assert (dpd["result"], dpd["unit"]) == (23, "days")


@pytest.mark.parametrize("figure", ["minimum_due", "arrears", "dpd", "accrued", "owed", "available"])
def test_a_figure_is_that_of_the_state_on_the_day(figure):
    life = lived([{"figure": figure, "on": "2026-03-05"}])
    assert life["explained"][0]["result"] == life["states"]["2026-03-05"][figure]


def test_what_is_held_and_what_is_paid_in_instalments_is_told_too():
    held = {"at": "2026-02-02", "do": "authorize", "hold_id": "h1", "amount_fen": 700, "merchant_id": "m1"}
    plan = {"at": "2026-02-03", "do": "convert_to_plan", "plan_id": "n1", "amount_fen": 100_000, "months": 3}
    asked = [{"figure": figure, "on": "2026-02-03"} for figure in ("planned", "plan_payoff", "held", "available")]
    life = lived(asked, facts=[bought(), held, plan])
    assert [each["result"] for each in life["explained"]] == [100_000, 100_000, 700, 5_000_000 - 123_457 - 700]
    assert [each["reference"] for step in life["explained"][2]["steps"] for each in step["events"]] == ["h1"]


def test_figures_of_a_loan_are_told_too():
    """The loan of the rulebook's examples, in May, after three instalments that were paid as they were billed."""
    account = {"product": "cash_loan", "opened_on": "2026-01-05", "limit_fen": 5_000_000, "zone": "Asia/Shanghai"}
    draw = {"at": "2026-01-15", "do": "draw", "draw_id": "d1", "plan_id": "n1", "amount_fen": 1_000_000, "months": 12}
    facts = [
        {**draw, "payout_token": "card-1"},
        *(paid(f"2026-0{month}-13", 89_975, f"r{month}") for month in (2, 3, 4)),
    ]
    figures = ("interest", "accrued", "run_up", "planned", "plan_payoff", "available")
    life = lived([{"figure": each, "on": "2026-05-02"} for each in figures], account=account, facts=facts)
    assert [each["result"] for each in life["explained"]] == [10_117, 0, 5_190, 763_256, 776_079, 4_236_744]
    assert life["explained"][0]["steps"][-1]["arithmetic"] == "0.1440 / 12 x 8,431.14, rounded"


def test_the_life_goes_on_until_the_last_day_that_is_asked_for():
    life = lived([{"figure": "late_fee", "on": "2026-03-11"}])
    assert (life["events"][-1]["business_date"], life["explained"][0]["result"]) == ("2026-03-11", 1_000)


def test_nothing_is_explained_unless_it_is_asked_for():
    assert "explained" not in lived([])
    assert lived([{"figure": "owed", "on": "2026-03-05"}])["states"] == lived([])["states"]


def test_explanations_end_the_timeline(capsys, tmp_path):
    file = tmp_path / "scenario.json"
    file.write_text(json.dumps({**CASE_7, "explain": [{"figure": "interest", "on": "2026-03-01"}]}), encoding="utf-8")
    simulate(file, as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert "interest on 2026-03-01: 11.73 CNY" in lines
    assert "   0.0005 x 2,345,683 fen-days, rounded = 11.73" in lines


@pytest.mark.parametrize(
    ("explain", "message"),
    [
        ({}, "explain: a list is needed here, not {}"),
        (["minimum"], 'explain 1: an object is needed here, not "minimum"'),
        ([{"figure": "minimum"}], 'explain 1: field "on" is missing; known: figure, on'),
        (
            [{"figure": "intrest", "on": "2026-03-01"}],
            f'explain 1: figure: unknown figure "intrest"; known: {", ".join(sorted(FIGURES))}',
        ),
        ([{"figure": ["dpd"], "on": "2026-03-01"}], 'explain 1: figure: unknown figure ["dpd"]; known: '),
        ([{"figure": "dpd", "on": "March"}], 'explain 1: on: "March" is not a date like 2026-02-10'),
        ([{"figure": "dpd", "on": "2026-01-04"}], "explain 1: on: 2026-01-04 is before the account is opened"),
        ([{"figure": "dpd", "on": "2066-01-04"}], "explain 1: on: 2066-01-04 is more than 30 years after"),
        ([{"figure": "dpd", "on": "2026-03-01"}] * 101, "explain: there are 101; a scenario may have 100"),
    ],
)
def test_a_question_that_cannot_be_understood_is_turned_away_with_its_place(explain, message):
    with pytest.raises(BadScenario) as turned_away:
        lived(explain)
    assert str(turned_away.value).startswith(message)
