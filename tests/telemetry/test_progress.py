"""How far everything is: counted exactly, in events and in seconds, whoever runs or does not."""

import asyncio
from datetime import UTC, datetime, timedelta
from threading import Event

import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from consumers import runner
from consumers.balance import BALANCE
from infra.accounts import Accounts
from infra.day import run_day
from infra.settings import Settings
from infra.store.event_store import EventStore
from infra.store.roles import role_url
from infra.telemetry import metrics
from infra.telemetry.progress import Progress
from infra.views import answers
from infra.views.store import ViewStore
from infra.views.tables import BALANCE as BALANCE_VIEW
from tests.kafka.conftest import Site, running, site, until  # noqa: F401 - a fixture
from tests.store.portfolio import application, known_person, new_line, purchase


@pytest.fixture
def progress(site):  # noqa: F811
    return Progress(
        Settings(
            database_url=site.owner_url, kafka_bootstrap_servers=site.bootstrap, topic_prefix=site.prefix
        )
    )  # fmt: skip


def asked(site: Site, question):  # noqa: F811
    async def ask():
        url = role_url(site.owner_url, "credit_reader")
        async with await psycopg.AsyncConnection.connect(url, options=answers.SNAPSHOT) as connection:
            return await question(connection)

    return asyncio.run(ask())


def recorded_at(site, at: datetime, *commands):  # noqa: F811
    with EventStore(role_url(site.owner_url, "credit_writer")) as store:
        for answer in Accounts(store).execute_many([each.model_copy(update={"at": at}) for each in commands]):
            assert answer.events


def consumed(site, applied: int) -> None:  # noqa: F811
    """The balance view reads all that the topic holds."""
    with ViewStore(role_url(site.owner_url, "credit_views"), BALANCE_VIEW) as view:

        def run(stop: Event) -> None:
            runner.run(BALANCE, view, site.bootstrap, stop, site.prefix)

        with running(run), psycopg.connect(site.owner_url, autocommit=True) as owner:
            counted = "SELECT coalesce(sum(events_applied), 0) FROM view_positions WHERE view = 'balance'"
            until(lambda: owner.execute(counted).fetchone() == (applied,))


def test_nothing_is_behind_where_nothing_is(site, progress):  # noqa: F811
    stand = asked(site, progress.stand)
    assert (stand.head, stand.relayed, stand.unrelayed_since) == (0, 0, None)
    assert {(view.waiting, view.oldest) for view in stand.views.values()} == {(0, None)}
    assert set(stand.views) == {"balance", "credit_report", "audit", "books"}
    assert (stand.day, stand.differences) == (None, 0)


def test_what_waits_is_counted_without_the_events_of_customers(site, progress):  # noqa: F811
    now = datetime.now(UTC)
    line, first = new_line()
    recorded_at(site, now - timedelta(hours=3), *first)
    site.relay_all()
    consumed(site, 2)
    stand = asked(site, progress.stand)
    assert (stand.relayed, stand.views["balance"].waiting, stand.views["audit"].waiting) == (3, 0, 2)
    assert stand.views["audit"].oldest == now - timedelta(hours=3)

    person, known = known_person()
    recorded_at(site, now - timedelta(hours=2), *known)  # customers' events, and no view's business
    recorded_at(site, now - timedelta(hours=1), purchase(line, "p-1"), application(person, "a-1"))
    stand = asked(site, progress.stand)
    assert (stand.relayed, stand.unrelayed_since) == (3, now - timedelta(hours=2))
    balance = stand.views["balance"]
    with psycopg.connect(site.owner_url) as owner:
        count = "SELECT count(*) FROM stored_events WHERE NOT starts_with(topic, 'customer.') AND position > 3"
        ((accounts,),) = owner.execute(count).fetchall()
    assert accounts < stand.head - 3 - len(known)
    assert (balance.applied, balance.waiting, balance.oldest) == (2, accounts, now - timedelta(hours=1))
    # What was counted before is not counted again, and comes to the same.
    assert asked(site, progress.stand).views == stand.views
    assert asked(site, Progress(Settings(topic_prefix=site.prefix)).stand).views == stand.views

    site.relay_all()
    consumed(site, accounts + 2)
    stand = asked(site, progress.stand)
    assert (stand.unrelayed_since, stand.views["balance"].waiting, stand.views["balance"].oldest) == (None, 0, None)


class Lent:
    """A pool of one connection."""

    def __init__(self, connection):
        self._connection = connection

    def connection(self):
        from contextlib import nullcontext

        return nullcontext(self._connection)


def figures(site, progress):  # noqa: F811
    found = asked(site, lambda connection: progress.figures(Lent(connection)))
    text = metrics.page(found).decode()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_the_figures_are_those_that_dashboards_know(site, progress):  # noqa: F811
    now = datetime.now(UTC)
    _, first = new_line()
    recorded_at(site, now - timedelta(hours=1), *first)
    told = figures(site, progress)
    assert (told["credit_store_position",], told["credit_relay_lag_events",]) == (3, 3)  # one is the customer's
    assert told["credit_relay_lag_seconds",] >= 3_600
    assert (told["credit_projection_lag_events", "books"], told["credit_projection_events", "books"]) == (2, 0)
    assert told["credit_projection_lag_seconds", "books"] >= 3_600
    site.relay_all()
    consumed(site, 2)
    told = figures(site, progress)
    assert (told["credit_relay_lag_events",], told["credit_relay_lag_seconds",]) == (0, 0)
    assert (told["credit_projection_lag_events", "balance"], told["credit_projection_lag_seconds", "balance"]) == (0, 0)
    lags = {
        name[1:]: value for name, value in told.items() if name[0] == "kafka_consumergroup_lag"
    }  # fmt: skip
    partitions = {str(number) for number in range(24)}
    of_books = {name[1]: lag for name, lag in lags.items() if name[0] == f"{site.prefix}credit.books"}
    assert {name[2] for name in lags} == {site.topic}
    of_balance = {lag for name, lag in lags.items() if name[0] == f"{site.prefix}credit.balance"}
    assert (set(of_books), set(of_books.values())) == (partitions, {-1})  # it has never been here
    assert of_balance <= {0, -1}
    assert 0 in of_balance


def test_a_broker_that_is_away_leaves_its_figures_out(site):  # noqa: F811
    lonely = Progress(Settings(topic_prefix=site.prefix, kafka_bootstrap_servers="127.0.0.1:1"))
    told = figures(site, lonely)
    assert told["credit_store_position",] == 0
    assert not [name for name in told if name[0] == "kafka_consumergroup_lag"]


def test_the_day_that_was_run_last_is_told(site, progress):  # noqa: F811
    from datetime import date

    _, first = new_line()
    with EventStore(role_url(site.owner_url, "credit_writer")) as store:
        accounts = Accounts(store)
        accounts.execute_many(first)
        report = run_day(date(2026, 3, 1), accounts, role_url(site.owner_url, "credit_writer"))
    stand = asked(site, progress.stand)
    assert (stand.day.day, stand.day.advanced, stand.day.failed, stand.day.differences) == (
        date(2026, 3, 1), report.advanced, 0, 0,
    )  # fmt: skip
    told = figures(site, progress)
    assert told["credit_day_run_accounts", "advanced"] == report.advanced
    assert (told["credit_day_run_running",], told["credit_day_run_differences",]) == (0, 0)
    assert told["credit_day_run_day_timestamp_seconds",] == datetime(2026, 3, 1, tzinfo=UTC).timestamp()
    with psycopg.connect(site.owner_url) as owner:
        owner.execute("INSERT INTO day_runs (run, day) VALUES ('killed', '2026-03-02')")
    told = figures(site, progress)
    assert told["credit_day_run_running",] == 1
    assert not [name for name in told if name[0] == "credit_day_run_accounts"]


def test_an_account_whose_books_differ_is_counted(site, progress):  # noqa: F811
    with psycopg.connect(site.owner_url) as owner:
        owner.execute(
            "INSERT INTO books_g1 SELECT gen_random_uuid(), 1, 'CNY', '2026-01-01', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,"
            " '{}', 1, '2026-01-01', 'credit', 1, 2"
        )
    assert figures(site, progress)["credit_books_differences",] == 1
