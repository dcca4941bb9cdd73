"""A day on which nothing is due: `credit day run` over a million accounts beside one over a thousand, and AdvanceTo.

The floor of the day run is a new connection and one count by the index; the base is the same run over a thousand
accounts. Half of all accounts owe nothing and wait for nothing, half are due on a later day. The base of AdvanceTo is
an advance by one day over an account that owes nothing; by a month, or by all but a year, should be the same (after
a year it is frozen for want of use).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from functools import partial

import psycopg

from domain.commands import AdvanceTo
from domain.decisions import decide
from infra.accounts import Accounts
from infra.day import run_day
from infra.migrations import migrate
from infra.store.event_store import EventStore
from infra.store.roles import role_url
from tests.benchmarks.measure import Contender, Sample, Scale, Suite, over_and_over
from tests.benchmarks.site import database
from tests.domain.lives import Life

_FEW = 1_000
_DAY = date(2026, 3, 15)
_FILL = """
    INSERT INTO account_schedule (account_id, zone, next_event_on, since_version)
    SELECT gen_random_uuid(), 'Asia/Shanghai', CASE WHEN number %% 2 = 0 THEN %s::date + (number %% 28)::int END, 2
    FROM generate_series(1, %s) AS each (number)"""
_COUNT = "SELECT count(*) FROM account_schedule WHERE next_event_on <= %s"


@contextmanager
def idle(scale: Scale) -> Iterator[Sequence[Suite]]:
    """Two databases, and one account in memory."""
    with database("idle-few") as few, database("idle-many") as many:
        yield [day_run(few, _FEW, many, scale.idle, scale.singles), advance(scale.bulk_commands)]


def day_run(few_url: str, few: int, many_url: str, many: int, runs: int) -> Suite:
    """In two empty databases: few accounts in the one, many in the other, none of them due."""
    _fill(few_url, few)
    _fill(many_url, many)
    return Suite(
        "a day on which nothing is due",
        "day runs",
        [
            Contender(f"connect and count, {many:,} accounts", "floor", partial(_count, many_url, runs)),
            Contender(f"credit day run, {few:,} accounts", "base", partial(_run, few_url, runs)),
            Contender(f"credit day run, {many:,} accounts", "ours", partial(_run, many_url, runs)),
        ],
    )


def advance(amount: int) -> Suite:
    """One account that owes nothing, and never moves."""
    return Suite(
        "AdvanceTo where nothing happens",
        "commands",
        [
            Contender(
                f"by {days:,} days" if days > 1 else "by a day",
                "base" if days == 1 else "ours",
                partial(_advance, days, amount),
            )
            for days in (1, 30, 360)
        ],
    )


def _fill(url: str, accounts: int) -> None:
    migrate(url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_FILL, (_DAY + timedelta(days=1), accounts))
        connection.execute("VACUUM (ANALYZE) account_schedule")


def _run(url: str, runs: int) -> Sample:
    writer_url = role_url(url, "credit_writer")
    with EventStore(writer_url, pool_size=1) as store:
        accounts = Accounts(store)

        def once() -> None:
            report = run_day(_DAY, accounts, writer_url)
            assert (report.due, report.good) == (0, True)

        once()  # the run of a day before has read the tables into memory
        return over_and_over(runs, 1, once)


def _count(url: str, runs: int) -> Sample:
    def once() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            assert connection.execute(_COUNT, (_DAY,)).fetchone() == (0,)

    return over_and_over(runs, 1, once)


def _advance(days: int, amount: int) -> Sample:
    life = Life(begins=_DAY)
    account = life.account
    life.day += timedelta(days=days)
    command: AdvanceTo = life.command(AdvanceTo, date=life.day)
    assert decide(command, account).events == ()
    return over_and_over(amount, 1, partial(decide, command, account))
