"""The books view: what a day's trial balance is, that it equals the balance view, and that an error of one fen has a name."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.money import BUCKETS
from projections import balance, books
from projections.books import Difference, trial_balance
from projections.folding import fold
from projections.postings import Posting, postings
from tests.domain.lives import wandering_late
from tests.projections.stories import Story, record, wandering
from tests.specification import ACCOUNT_ID

YEAR = [date(2026, 1, 1) + timedelta(days=number) for number in range(365)]


def kept(events):
    """The rows after `events`; `days` has what was posted on each."""
    rows = {}
    fold(rows, events, books)
    return rows


@cache
def portfolio():
    """Some accounts of one year, each a life with its own turns; every account's events in order."""
    stories = [wandering(seed, 30) for seed in range(12)]
    return [recorded for story in stories for recorded in story.recorded if recorded.event.business_date <= YEAR[-1]]


def late_life(seed):
    return record(ACCOUNT_ID, wandering_late(seed).events)


def on(day, rows):
    """The trial balance of `day`, from the days that were posted to by then."""
    posted = Counter()
    for row in rows.values():
        for posted_on, movements in row.days.items():
            if posted_on <= day:
                posted.update(movements)
    return trial_balance(day, "CNY", posted)


def owed_on(day, events):
    """What the balance view sums up to at the end of `day`, by bucket."""
    rows = {}
    fold(rows, [each for each in events if each.event.business_date <= day], balance)
    seen = [balance.as_of(row, day).buckets for row in rows.values()]
    return {bucket: sum(getattr(each, bucket) for each in seen) for bucket in BUCKETS}


def receivables_and_credit(trial):
    found = {line.account: line.debit_fen - line.credit_fen for line in trial.lines}
    return {bucket: found[bucket] for bucket in BUCKETS[:-1]} | {"credit": -found["customer_credit"]}


def test_on_every_day_of_a_year_the_trial_balance_equals_the_balance_view():
    events = portfolio()
    rows = kept(events)
    seen = Counter()
    for day in YEAR:
        trial = on(day, rows)
        assert trial.balances
        owed = owed_on(day, events)
        assert receivables_and_credit(trial) == owed
        seen.update(bucket for bucket, fen in owed.items() if fen)
    assert seen["principal_billed"] > 300
    assert seen["interest_billed"] > 100


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_the_same_on_every_day_of_a_life_in_which_facts_come_late_and_debt_is_lost(seed):
    events = late_life(seed)
    rows = kept(events)
    assert rows[ACCOUNT_ID].difference is None
    for day in {each.event.business_date for each in events}:
        trial = on(day, rows)
        assert trial.balances
        assert receivables_and_credit(trial) == owed_on(day, events)


def test_a_trial_balance_has_every_account_on_the_side_where_it_stands():
    rows = kept(Story().buys("2026-01-10", 5_000).pays("2026-01-12", 6_000).recorded)
    trial = on(date(2026, 1, 12), rows)
    standing = {
        line.account: (line.debit_fen, line.credit_fen) for line in trial.lines if line.debit_fen or line.credit_fen
    }
    assert standing == {
        "cash_transfer": (6_000, 0),
        "customer_credit": (0, 1_000),
        "merchant_payable": (0, 5_000),
    }
    assert (trial.debit_fen, trial.credit_fen) == (6_000, 6_000)
    assert len(trial.lines) == 31


def test_a_day_holds_what_was_posted_on_it_alone():
    rows = kept(Story().buys("2026-01-10", 5_000).buys("2026-01-10", 700).pays("2026-01-12", 6_000).recorded)
    (row,) = rows.values()
    assert row.days == {
        date(2026, 1, 10): {"merchant_payable": -5_700, "principal_unbilled": 5_700},
        date(2026, 1, 12): {"cash_transfer": 6_000, "principal_unbilled": -5_700, "customer_credit": -300},
    }
    assert row.today == row.days[date(2026, 1, 12)]


def arrears():
    return Story().buys("2026-01-10", 123_457).advances("2026-03-01").pays("2026-03-05", 10_000)


def test_one_fen_in_what_an_event_says_is_owed_is_found_and_named():
    story = arrears()
    at = next(number for number, each in enumerate(story.recorded) if each.type == "late_fee.posted")
    wrong = story.recorded[at].event
    wrong = wrong.model_copy(update={"owed_after": wrong.owed_after.model_copy(update={"fees_unbilled": 1_001})})
    planted = [*story.recorded[:at], replace(story.recorded[at], event=wrong), *story.recorded[at + 1 :]]
    assert kept(planted)[story.account_id].difference == Difference(
        version=at + 1, on=date(2026, 2, 11), bucket="fees_unbilled", posted_fen=1_000, said_fen=1_001
    )
    assert kept(story.recorded)[story.account_id].difference is None


@pytest.mark.parametrize(
    ("by", "difference"),
    [
        ((-1, 0, 1), Difference(9, date(2026, 3, 5), "interest_billed", 1, 0)),
        ((0, 0, 1), Difference(9, date(2026, 3, 5), "debits less credits", 1, 0)),
    ],
    ids=["in the wrong bucket", "on one side alone"],
)
def test_one_fen_in_a_posting_is_found_and_named(by, difference, monkeypatch):
    """The payment of 5 March: cash, fees, interest, principal."""

    def wrongly(event):
        lines = postings(event)
        if event.TYPE != "payment.received":
            return lines
        cash, fees, interest, principal = lines
        return (
            cash,
            Posting(fees.account, fees.fen + by[0]),
            Posting(interest.account, interest.fen + by[2]),
            principal,
        )

    monkeypatch.setattr(books, "postings", wrongly)
    story = arrears()
    found = kept(story.recorded)[story.account_id].difference
    assert found == difference
    assert str(found).startswith("event 9 of 2026-03-05: ")


def test_the_first_difference_is_the_one_that_is_kept(monkeypatch):
    def wrongly(event):
        return tuple(
            Posting(each.account, each.fen + (each.account == "interest_unbilled")) for each in postings(event)
        )

    monkeypatch.setattr(books, "postings", wrongly)
    story = arrears().advances("2026-05-01")
    first = next(each.version for each in story.recorded if each.type == "interest.posted")
    assert kept(story.recorded)[story.account_id].difference.version == first
