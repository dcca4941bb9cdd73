"""The books in PostgreSQL: a trial balance of any day, held against the balance view, and `credit books`."""

import csv
import json
from dataclasses import replace
from datetime import date, timedelta
from io import StringIO
from uuid import uuid4

import psycopg
import pytest

from domain.money import BUCKETS
from infra.store.event_store import EventStore
from infra.store.roles import role_url
from infra.views.answers import UnknownAccount
from infra.views.books import books_of
from infra.views.store import ViewStore
from infra.views.tables import BALANCE, BOOKS
from projections import balance, books
from projections.books import trial_balance
from projections.folding import fold
from tests.projections.stories import Story, wandering
from tests.specification import terms

TOPIC = "credit.account-events.v1"
LAST = date(2027, 12, 31)


def show(views_url, events, layouts=(BALANCE, BOOKS), size=7):
    for layout in layouts:
        with ViewStore(views_url, layout) as store:
            for start in range(0, len(events), size):
                at, batch = store.position(TOPIC, 0), events[start : start + size]
                store.commit(TOPIC, 0, at, at + len(batch), batch)


def mixed(*stories):
    """Their events as they would come from one partition."""
    return sorted((each for story in stories for each in story.recorded), key=lambda each: each.event.business_date)


def folded(events, day):
    rows = {}
    fold(rows, [each for each in events if each.event.business_date <= day], books)
    posted = {}
    for row in rows.values():
        for movements in row.days.values():
            for account, fen in movements.items():
                posted[account] = posted.get(account, 0) + fen
    return (trial_balance(day, "CNY", posted),) if posted else ()


@pytest.mark.parametrize("size", [1, 7, 1_000], ids=["event by event", "in small batches", "in one batch"])
def test_the_trial_balance_of_any_day_is_the_fold_up_to_it(size, views_url, reader_url):
    events = mixed(*(wandering(seed, 25) for seed in range(8)))
    show(views_url, events, size=size)
    first, last = (events[at].event.business_date for at in (0, -1))
    for number in range(0, (last - first).days + 20, 31):
        day = first + timedelta(days=number)
        found = books_of(reader_url, day)
        assert found.good
        assert found.trial_balances == folded(events, day)
    whole = books_of(reader_url, last)
    assert (whole.accounts, whole.compared, whole.events_applied) == (8, 8, len(events))


def test_it_equals_the_sums_of_the_balance_view(views_url, reader_url):
    events = mixed(*(wandering(seed, 25) for seed in range(20, 28)))
    show(views_url, events)
    (trial,) = books_of(reader_url, LAST).trial_balances
    rows = {}
    fold(rows, events, balance)
    for bucket in BUCKETS:
        account = "customer_credit" if bucket == "credit" else bucket
        line = next(each for each in trial.lines if each.account == account)
        side = line.credit_fen if bucket == "credit" else line.debit_fen
        assert side == sum(getattr(row.owed, bucket) for row in rows.values())


def test_one_account_has_a_trial_balance_of_its_own(views_url, reader_url):
    one, other = Story("c-1").buys("2026-01-10", 5_000), Story("c-2").buys("2026-01-10", 700)
    show(views_url, mixed(one, other))
    found = books_of(reader_url, LAST, other.account_id)
    assert (found.accounts, found.compared, found.trial_balances[0].debit_fen) == (1, 1, 700)
    with pytest.raises(UnknownAccount):
        books_of(reader_url, LAST, uuid4())


def test_currencies_are_never_summed(views_url, reader_url):
    one, other = Story("c-1"), Story("c-2", terms=terms(currency="TWD"))
    show(views_url, mixed(one.buys("2026-01-10", 5_000), other.buys("2026-01-10", 700)))
    trials = books_of(reader_url, LAST).trial_balances
    assert [(each.currency, each.debit_fen) for each in trials] == [("CNY", 5_000), ("TWD", 700)]


def test_what_happened_since_the_day_is_not_compared(views_url, reader_url):
    one, other = Story("c-1").buys("2026-01-10", 5_000), Story("c-2").buys("2026-01-20", 700)
    show(views_url, mixed(one, other))
    found = books_of(reader_url, date(2026, 1, 15))
    assert (found.accounts, found.compared, found.good) == (2, 1, True)
    assert found.trial_balances[0].debit_fen == 5_000


def test_books_that_lag_behind_the_balance_view_are_not_compared(views_url, reader_url):
    story = Story().buys("2026-01-10", 5_000).buys("2026-01-10", 700)
    show(views_url, story.recorded, layouts=[BALANCE])
    show(views_url, story.recorded[:3], layouts=[BOOKS])
    found = books_of(reader_url, LAST)
    assert (found.accounts, found.compared, found.good, found.events_applied) == (1, 0, True, 3)


def with_one_fen_more(story, kind):
    """The story, but the first event of that type says that 1 fen more of the billed principal is owed."""
    at = next(number for number, each in enumerate(story.recorded) if each.type == kind)
    event = story.recorded[at].event
    more = event.owed_after.model_copy(update={"principal_billed": event.owed_after.principal_billed + 1})
    planted = replace(story.recorded[at], event=event.model_copy(update={"owed_after": more}))
    return [*story.recorded[:at], planted, *story.recorded[at + 1 :]]


@pytest.fixture
def planted(views_url):
    story = Story().buys("2026-01-10", 123_457).pays("2026-02-05", 10_000).advances("2026-03-01")
    show(views_url, [*with_one_fen_more(story, "payment.received"), *Story("c-2").buys("2026-01-10", 700).recorded])
    return story


def test_one_fen_in_an_event_is_named_by_account_version_date_and_bucket(planted, reader_url):
    found = books_of(reader_url, LAST)
    assert [str(each) for each in found.unequal] == [
        f"account {planted.account_id}, event 5 of 2026-02-05: principal_billed 113457 posted, 113458 by the event"
    ]
    assert (found.good, found.trial_balances[0].balances) == (False, True)
    assert books_of(reader_url, date(2026, 2, 4)).good


@pytest.mark.parametrize(
    ("change", "good", "said"),
    [
        (
            "fees_billed = fees_billed + 1, interest_billed = interest_billed - 1",
            True,
            "interest_billed 1172",
        ),
        ("interest_billed = interest_billed + 1", False, "interest_billed 1174"),
        (
            "interest_billed = NULL, interest_unbilled = NULL, fees_billed = NULL, fees_unbilled = NULL",
            False,
            "billed 0",
        ),
    ],
    ids=["in the wrong bucket", "on one side alone", "not posted"],
)
def test_one_fen_in_a_stored_day_is_named_by_account_and_bucket(change, good, said, owner_url, views_url, reader_url):
    story = Story().buys("2026-01-10", 123_457).advances("2026-03-01")
    show(views_url, story.recorded)
    assert books_of(reader_url, LAST).good
    with psycopg.connect(owner_url) as owner:
        owner.execute(f"UPDATE books_days_g1 SET {change} WHERE business_date = '2026-03-01'")
    found = books_of(reader_url, LAST)
    assert found.trial_balances[0].balances == good
    assert any(said in str(each) for each in found.unequal)
    assert {each.account_id for each in found.unequal} == {story.account_id}
    assert {each.said_by for each in found.unequal} == {"the balance view"}
    assert not found.good


def test_a_day_is_written_by_the_views_and_read_by_the_reader_alone(views_url, reader_url):
    show(views_url, Story().buys("2026-01-10", 5_000).recorded)
    with psycopg.connect(views_url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("DELETE FROM books_days_g1")
    with psycopg.connect(reader_url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("UPDATE books_g1 SET differs_on = NULL")


# `credit books`


def test_people_read_a_table_with_equal_totals(credit, story):
    code, out, _ = credit("books", "--date", "2026-02-12")
    assert code == 0
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines[0] == "Trial balance at the end of 2026-02-12, CNY"
    assert (
        "cash_transfer clearing 130.00 Payments by transfer less those returned, against the bank's statement" in lines
    )
    assert any(line.startswith("late_fee_income income 10.00 Late fees posted") for line in lines)
    assert "total 1,244.57 1,244.57" in lines
    assert lines[-1] == (
        "Receivables and customer credit are what each event says is owed; they equal the balance view in 1 of 1 accounts."
    )


def test_without_a_day_the_books_are_of_the_last_one(credit, story):
    assert credit("books")[1].startswith("Trial balance at the end of 2026-02-12")


def test_programs_read_csv(credit, story):
    code, out, err = credit("books", "--date", "2026-02-12", "--csv")
    assert code == 0
    lines = list(csv.DictReader(StringIO(out)))
    assert len(lines) == 31
    assert sum(int(line["debit_fen"]) for line in lines) == sum(int(line["credit_fen"]) for line in lines) == 124_457
    (owed,) = (line for line in lines if line["account"] == "principal_billed")
    assert (owed["as_of"], owed["currency"], owed["kind"], owed["debit_fen"]) == (
        "2026-02-12",
        "CNY",
        "asset",
        "110457",
    )
    assert "1 of 1 accounts" in err


def test_or_json(credit, story):
    code, out, _ = credit("books", "--account", story.account_id, "--date", "2026-02-12", "--json")
    told = json.loads(out)
    assert (code, told["good"], told["unequal"], told["events_behind"]) == (0, True, [], 0)
    assert told["trial_balances"][0]["debit_fen"] == 124_457


def test_a_difference_is_named_and_ends_with_1(credit, planted):
    code, out, _ = credit("books", "--date", "2026-03-01")
    assert code == 1
    assert f"Difference: account {planted.account_id}, event 5 of 2026-02-05: principal_billed" in out
    assert "equal the balance view" not in out


def test_debits_that_are_not_credits_are_said_with_what_is_between_them(credit, owner_url, story):
    with psycopg.connect(owner_url) as owner:
        owner.execute("UPDATE books_days_g1 SET cash_transfer = cash_transfer - 1 WHERE cash_transfer IS NOT NULL")
    code, out, _ = credit("books")
    assert code == 1
    assert "Debits are not credits in CNY: -0.01 between them." in out


def test_what_is_recorded_but_not_in_the_books_is_counted(credit, owner_url, views_url):
    story = Story().buys("2026-01-10", 5_000).buys("2026-01-10", 700)
    with EventStore(role_url(owner_url, "credit_writer")) as store:
        behind = store.head()
        store.append(story.recorded)
    show(views_url, story.recorded[:3])
    assert f"{behind + 1} recorded events are not in the books yet" in credit("books", "--date", "2026-01-10")[1]


def test_before_anything_was_posted_there_is_nothing_to_show(credit, story):
    code, out, _ = credit("books", "--date", "2026-01-09")
    assert (code, out.splitlines()[0]) == (0, "Nothing was posted by the end of 2026-01-09.")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--date", "yesterday"], 2, "'yesterday' is not a date"),
        (["--account", "17"], 2, "'17' is not an account id"),
        (["--csv", "--json"], 2, "it is either --csv or --json"),
        (["--account", "{unknown}"], 1, "is known to the views: check the id"),
    ],
)
def test_what_cannot_be_answered_is_said_in_one_sentence(words, code, said, credit, story):
    ended, _, err = credit("books", *(word.format(unknown=uuid4()) for word in words))
    assert ended == code
    assert said in " ".join(err.replace("│", " ").split())
