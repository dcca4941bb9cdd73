"""Which accounts and customers there are: every filter against the rows themselves, every page after the one before."""

from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from shutil import copy

import psycopg
import pytest

from domain.identity import account_id_for
from infra.migrations import FOLDER, migrate
from infra.store.roles import role_url
from infra.views import lists, query
from infra.views.lists import Asked, Wanted
from infra.views.tables import BALANCE
from projections import balance
from tests.projections.stories import Story, wandering
from tests.views.test_answers import show

EVERYTHING = Asked(Wanted())


@pytest.fixture(scope="module")
def owner_of_portfolio(new_database):
    url = new_database()
    migrate(url)
    return url


@pytest.fixture(scope="module")
def portfolio(owner_of_portfolio):
    """Thirty lives, some of them overdue, frozen, closed and charged off; where it is read, and every row."""
    lives = [wandering(seed, 25) for seed in range(30)]
    lives.append(Story("late", opened="2026-01-01").buys("2026-01-10", 123_457).advances("2026-09-01"))
    lives.append(Story("later").buys("2026-01-10", 123_457).advances("2026-03-20"))
    lives.append(Story("waiting", limit_fen=0))
    second = Story("late", opened="2026-02-02")
    other = account_id_for("late", "a-2")
    second.recorded = [replace(each, aggregate_id=other) for each in second.recorded]
    show(role_url(owner_of_portfolio, "credit_views"), *lives, second)
    reader_url = role_url(owner_of_portfolio, "credit_reader")
    return reader_url, list(query.balances(reader_url))


def accounts(reader_url, asked, after=None, limit=1_000):
    return query.ask(reader_url, partial(lists.accounts_of, asked=asked, after=after, limit=limit))


def customers(reader_url, asked, after="", limit=1_000):
    return query.ask(reader_url, partial(lists.customers_of, asked=asked, after=after, limit=limit))


def in_order(rows):
    return sorted(((row.opened_on, row.account_id) for row in rows), key=lambda place: (place[0], place[1].bytes))


def places(rows):
    return [(row.opened_on, row.account_id) for row in rows]


def test_pages_follow_each_other_without_a_gap(portfolio):
    reader_url, rows = portfolio
    seen = []
    while page := accounts(reader_url, EVERYTHING, seen[-1] if seen else None, 7):
        seen += places(page)
    assert seen == in_order(rows)
    assert len(seen) > 30


@pytest.mark.parametrize("field", ["status", "access", "standing", "product", "customer_id"])
def test_a_filter_finds_those_and_no_others(portfolio, field):
    reader_url, rows = portfolio
    said = {getattr(row, field) for row in rows}
    for value in said:
        found = accounts(reader_url, Asked(Wanted(**{field: value})))
        assert places(found) == in_order(row for row in rows if getattr(row, field) == value)
    assert len(said) > 1 or field == "product"


def test_a_freeze_reason_may_be_one_of_several(portfolio):
    reader_url, rows = portfolio
    reasons = {reason for row in rows for reason in row.freeze_reasons}
    for reason in reasons:
        found = accounts(reader_url, Asked(Wanted(freeze_reason=reason)))
        assert places(found) == in_order(row for row in rows if reason in row.freeze_reasons)
    assert reasons >= {"overdue_long", "charged_off"}


@pytest.mark.parametrize("days", [0, 1, 10, 29, 30, 90, 200])
@pytest.mark.parametrize("as_of", [None, "2026-01-01", "2026-02-10", "2026-02-11", "2026-05-01", "2030-01-01"])
def test_days_past_due_are_those_of_the_balance(portfolio, days, as_of):
    reader_url, rows = portfolio
    day = date.fromisoformat(as_of) if as_of else None

    def late(row):
        on = max(day or row.business_date, row.business_date)
        return balance.as_of(row, on).days_past_due

    found = accounts(reader_url, Asked(Wanted(days_past_due_min=days), as_of=day))
    assert places(found) == in_order(row for row in rows if late(row) >= days)


def test_days_on_which_accounts_were_opened(portfolio):
    reader_url, rows = portfolio
    first, last = date(2026, 1, 5), date(2026, 1, 5)
    found = accounts(reader_url, EVERYTHING._replace(opened_from=first, opened_to=last))
    assert places(found) == in_order(row for row in rows if row.opened_on == first)
    assert accounts(reader_url, EVERYTHING._replace(opened_to=date(2025, 1, 1))) == []
    both = EVERYTHING._replace(opened_from=last + timedelta(days=1))
    assert places(accounts(reader_url, both)) == in_order(row for row in rows if row.opened_on > last)


def test_customers_come_with_all_their_accounts_if_one_is_wanted(portfolio):
    reader_url, rows = portfolio
    late = Asked(Wanted(standing="overdue"))
    wanted = sorted({row.customer_id for row in rows if row.standing == "overdue"})
    found, after = {}, ""
    while page := customers(reader_url, late, after, 2):
        found |= page
        after = list(page)[-1]
    assert sorted(found) == wanted
    for customer_id, theirs in found.items():
        assert {row.account_id for row in theirs} == {row.account_id for row in rows if row.customer_id == customer_id}


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        ({}, "balance_g1_opened_on"),
        ({"status": "overdue"}, "balance_g1_status"),
        ({"access": "closing"}, "balance_g1_access"),
        ({"standing": "charged_off"}, "balance_g1_standing"),
        ({"freeze_reason": "legal_order"}, "balance_g1_freeze_reasons"),
        ({"customer_id": "c-1"}, "balance_g1_customer_id"),
        ({"days_past_due_min": 90}, "balance_g1_oldest_due"),
    ],
)
def test_what_few_accounts_are_is_found_by_an_index(portfolio, owner_of_portfolio, wanted, index):
    asked = lists.selection(Asked(Wanted(**wanted), as_of=date(2026, 5, 1)), None, 50, "balance_g1")
    with psycopg.connect(owner_of_portfolio) as owner:
        many_more_in_good_standing(owner)
        plan = "\n".join(line for (line,) in owner.execute(b"EXPLAIN " + asked.as_bytes(owner)))
        owner.rollback()
    assert index in plan


def many_more_in_good_standing(owner):
    columns = ", ".join(name for name in BALANCE.columns if name not in {"account_id", "customer_id", "opened_on"})
    owner.execute(
        f"""
        INSERT INTO balance_g1 (account_id, customer_id, opened_on, {columns})
        SELECT gen_random_uuid(), 'more-' || number, opened_on + number % 1000, {columns}
        FROM (SELECT * FROM balance_g1 WHERE status = 'activated' LIMIT 1) AS one, generate_series(1, 20000) AS number
        """
    )
    owner.execute("ANALYZE balance_g1")


def test_the_indexes_come_with_every_generation_that_is_there(database_url, tmp_path):
    before = [file for file in FOLDER.glob("[0-9]*.sql") if file.name < "0034"]
    for file in before:
        copy(file, tmp_path)
    migrate(database_url, tmp_path)
    with psycopg.connect(database_url) as owner:
        owner.execute("CREATE TABLE balance_g2 (LIKE balance_g1 INCLUDING ALL)")
        owner.execute("INSERT INTO view_generations (view, generation, state) VALUES ('balance', 2, 'building')")
    migrate(database_url)
    with psycopg.connect(database_url) as owner:
        first, second = (
            {name for (name,) in owner.execute("SELECT indexname FROM pg_indexes WHERE tablename = %s", (table,))}
            for table in ("balance_g1", "balance_g2")
        )
    for name in ("opened_on", "status", "access", "standing", "freeze_reasons", "oldest_due"):
        assert f"balance_g1_{name}" in first
        assert f"balance_g2_{name}" in second
