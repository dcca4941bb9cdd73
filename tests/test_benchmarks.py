"""The benchmarks' own arithmetic, and what can be run of them in a moment; no time is asserted anywhere."""

import json
from collections import Counter

import pytest

from domain.terms import PAY_LATER_FREE
from tests.benchmarks.__main__ import main
from tests.benchmarks.age import age
from tests.benchmarks.commands import decide_alone
from tests.benchmarks.idle import advance, day_run
from tests.benchmarks.lives import HALF_YEAR, given_up, mixed, plain
from tests.benchmarks.measure import Contender, Measured, Result, Sample, Scale, Suite, measure, percentile, timed
from tests.benchmarks.projections import projections
from tests.benchmarks.replay import in_memory
from tests.benchmarks.report import document, table
from tests.benchmarks.rulebook import rulebook
from tests.benchmarks.workload import HISTORY, by_clients, history, lived, lives, purchases

MACHINE = {"machine": "2 CPUs"}


def contender(name, role, rates, turns=None, waits=()):
    """One that does 100 pieces of work at the given rates, round by round."""
    left = iter(rates)

    def run():
        if turns is not None:
            turns.append(name)
        return Sample(100, 100 / next(left), waits)

    return Contender(name, role, run)


@pytest.fixture(autouse=True)
def _no_collecting(monkeypatch):
    """Before each go the heap is collected, and here it holds what all tests before have left: no time is read off."""
    monkeypatch.setattr("tests.benchmarks.measure.gc.collect", lambda: 0)


@pytest.fixture
def result():
    floor = contender("floor", "floor", [1_000, 100, 2_000])
    peer = contender("peer", "peer", [10, 10, 10])
    return measure(Suite("speed", "things", [floor, peer, contender("ours", "ours", [500, 200, 1_000])]), 3)


def test_contenders_take_turns_round_by_round():
    turns = []
    suite = Suite("s", "things", [contender(name, "ours", [1, 1, 1], turns) for name in "abc"])
    measure(suite, 3)
    assert turns == list("abcabcabc")


def test_a_ratio_is_the_median_of_the_rounds_own_ratios(result):
    floor, peer, ours = result.measured
    assert ours.to_floor == pytest.approx(0.5), "of 0.5, 2 and 0.5; a round that was slow for both counts like another"
    assert ours.to_peer == pytest.approx(50)
    assert (floor.to_floor, peer.to_peer) == (None, None), "nobody is compared with himself"


def test_without_a_floor_or_a_peer_there_is_no_ratio():
    (alone,) = measure(Suite("s", "things", [contender("ours", "ours", [5])]), 1).measured
    assert (alone.to_floor, alone.to_peer) == (None, None)


def test_every_round_is_told():
    told = []
    measure(Suite("s", "things", [contender("ours", "ours", [5, 6])]), 2, told.append)
    assert told == ["s, round 1: ours: 5 things/s", "s, round 2: ours: 6 things/s"]


def test_what_is_timed_says_itself_how_much_it_did():
    sample = timed(lambda: 7)
    assert (sample.amount, sample.rate) == (7, 7 / sample.seconds)


@pytest.mark.parametrize(("part", "value"), [(0.5, 50), (0.99, 99), (0.991, 100), (1, 100), (0.001, 1)])
def test_a_percentile_is_a_value_that_occurred(part, value):
    assert percentile(list(range(100, 0, -1)), part) == value


def test_the_table_has_a_line_for_each_with_its_noise_and_its_ratios(result):
    lines = table([result], MACHINE, 3).splitlines()
    assert lines[0] == "machine: 2 CPUs"
    assert [line.split() for line in lines[2:6]] == [
        ["speed", "(things)", "median/s", "min..max", "x", "floor", "x", "peer", "x", "base"],
        ["floor", "floor", "1,000", "100..2,000", "100"],
        ["peer", "peer", "10", "10..10", "0.01"],
        ["ours", "ours", "500", "200..1,000", "0.50", "50"],
    ]


def test_single_waits_are_told_in_milliseconds():
    measured = Measured("until seen", "ours", [Sample(2, 0.03, (0.01, 0.02))])
    text = table([Result("s", "commands", [measured])], MACHINE, 1)
    assert "until seen: median 15.0 ms, p99 20.0 ms, longest 20.0 ms of 2" in text


def test_the_document_keeps_every_round_and_is_json(result):
    written = json.loads(json.dumps(document([result], MACHINE, 3)))
    assert (written["machine"], written["rounds"]) == (MACHINE, 3)
    (suite,) = written["suites"]
    assert (suite["name"], suite["unit"]) == ("speed", "things")
    assert suite["contenders"][2] == {
        "name": "ours",
        "role": "ours",
        "per_second": {"median": 500, "min": 200, "max": 1_000, "rounds": [500, 200, 1_000]},
        "to_floor": 0.5,
        "to_peer": 50,
        "to_base": None,
    }
    assert suite["bytes"] == {}


def test_ours_is_compared_with_ours_where_less_is_asked_of_it():
    base, ours = contender("6 months", "base", [10, 40]), contender("60 months", "ours", [5, 30])
    result = measure(Suite("age", "things", [base, ours], {"6 months": 100, "60 months": 250}), 2)
    assert [each.to_base for each in result.measured] == [None, pytest.approx(0.625)]
    text = table([result], MACHINE, 2)
    assert "60 months: 250 bytes, 2.50 times the first" in text
    (suite,) = document([result], MACHINE, 2)["suites"]
    assert suite["bytes"] == {"6 months": 100, "60 months": 250}


def test_a_small_ratio_is_not_nothing():
    floor, ours = contender("floor", "floor", [10_000]), contender("ours", "ours", [15])
    assert "0.0015" in table([measure(Suite("s", "things", [floor, ours]), 1)], MACHINE, 1)


def test_an_account_begins_with_twenty_events():
    account, events = lived(history("g", 3))
    assert (len(events), account.version) == (HISTORY, HISTORY)
    assert account.access == "open"


def test_lives_are_interleaved_and_purchases_go_round():
    commands = lives("g", 3)
    assert [each.DO for each in commands[:6]] == ["open"] * 3 + ["activate"] * 3
    ids = [each.account_id for each in commands[:3]]
    assert [each.account_id for each in purchases(ids, 5)] == [*ids, *ids[:2]]


def test_an_account_has_one_client():
    seen = []
    sample = by_clients(3, 4, range(40), seen.append)
    assert (sample.amount, sorted(seen)) == (40, list(range(40)))
    for account in range(4):
        mine = [piece for piece in seen if piece % 4 == account]
        assert mine == sorted(mine), "so its pieces keep their order"


def test_a_client_that_fails_fails_the_whole():
    with pytest.raises(ZeroDivisionError):
        by_clients(2, 2, range(4), lambda piece: 1 // piece)


def test_the_contenders_without_a_server_run():
    assert decide_alone(40).amount == 40
    measured = measure(in_memory(2 * HISTORY), 1).measured
    assert {each.name: each.samples[0].amount for each in measured} == {
        "the bytes parsed as JSON, nothing made of it": 40,
        "decode and fold": 40,
        "decode alone": 40,
        "fold alone": 40,
    }


def test_a_mixed_life_meets_the_rulebook():
    happened = Counter(event.TYPE for event in given_up(mixed(HALF_YEAR)).events)
    assert happened >= Counter(
        {
            "purchase.posted": 30,
            "purchase.refunded": 1,
            "payment.reversed": 1,
            "late_fee.posted": 2,
            "interest.posted": 4,
            "balances.corrected": 2,
            "account.charged_off": 1,
        }
    )


def test_the_skeleton_has_no_charges_and_nothing_late():
    happened = {event.TYPE for event in plain(HALF_YEAR, PAY_LATER_FREE).events}
    beginning, month = {"account.opened", "account.activated"}, {"purchase.posted", "account.billed", "account.paid"}
    assert happened == beginning | month | {"payment.received"}
    assert happened | {"interest.posted"} == {event.TYPE for event in plain(HALF_YEAR).events}, "charges alone differ"


def test_each_half_year_of_a_life_ends_like_the_one_before():
    short, long = (mixed(HALF_YEAR * number).account.ledger for number in (1, 4))
    assert len(short.slices) == len(long.slices)
    assert short.owed == pytest.approx(long.owed, rel=0.01), "only the days of the months differ"


@pytest.mark.parametrize("subject", [rulebook, age])
def test_the_subjects_in_memory_run(subject):
    with subject(Scale(bulk_commands=10, events=10)) as suites:
        results = [measure(suite, 1) for suite in suites]
    assert all(each.samples for result in results for each in result.measured)
    assert all(any(each.to_base for each in result.measured) for result in results)


def test_an_advance_over_nothing_runs():
    assert [each.samples[0].amount for each in measure(advance(5), 1).measured] == [5, 5, 5]


def test_a_day_on_which_nothing_is_due_runs(new_database):
    suite = day_run(new_database(), 3, new_database(), 30, runs=2)
    assert [each.samples[0].amount for each in measure(suite, 1).measured] == [2, 2, 2]


def test_a_topic_is_read_to_its_end_and_no_further(servers, new_database, topic_prefix, monkeypatch):
    monkeypatch.setenv("CREDIT_DATABASE_URL", new_database())
    monkeypatch.setenv("CREDIT_KAFKA_BOOTSTRAP_SERVERS", servers.bootstrap_servers)
    monkeypatch.setenv("CREDIT_TOPIC_PREFIX", topic_prefix)
    with projections(Scale(events=3 * HISTORY, peer_events=HISTORY)) as (suite,):
        amounts = {each.name: each.run().amount for each in suite.contenders if each.role != "peer"}
    assert amounts == dict.fromkeys(amounts, 3 * HISTORY), "the customers' own events are on another topic"


def test_an_unknown_subject_is_refused_before_anything_starts(capsys):
    with pytest.raises(SystemExit):
        main(["weather"])
    assert "no such subject: weather" in capsys.readouterr().err
