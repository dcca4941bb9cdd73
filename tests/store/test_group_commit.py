"""Commands that wait at the same moment share one transaction, and do not share each other's trouble."""

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import psycopg
import pytest

from infra.accounts import Accounts
from infra.faults import ReadOnly
from tests.store.portfolio import new_line, purchase

NUMBER = 8


@pytest.fixture
def lines(new_accounts):
    made = [new_line() for _ in range(NUMBER)]
    new_accounts().execute_many([command for _, opening in made for command in opening])
    return [account_id for account_id, _ in made]


def all_at_once(accounts: Accounts, calls, owner_url):
    """Make the calls from a thread each, while the first append is held up until all others wait behind it."""
    with ThreadPoolExecutor(len(calls)) as pool, psycopg.connect(owner_url) as blocking:
        blocking.execute("SELECT last FROM store_head FOR UPDATE")
        answers = [pool.submit(call) for call in calls]
        deadline = time.monotonic() + 4
        while len(accounts._commits._waiting) < len(calls) - 1 and time.monotonic() < deadline:
            time.sleep(0.005)
        blocking.rollback()
        return [answer.result() for answer in answers]


def transactions(owner, account_ids, version):
    """How many events of this version each transaction wrote, in ascending order."""
    rows = owner.execute(
        "SELECT count(*) FROM stored_events WHERE originator_id = ANY(%s) AND originator_version = %s"
        " GROUP BY xmin::text ORDER BY 1",
        (account_ids, version),
    )
    return [number for (number,) in rows]


def test_what_gathers_behind_a_commit_is_committed_together(new_accounts, owner, owner_url, lines):
    accounts = new_accounts()
    calls = [partial(accounts.execute, purchase(account_id, "p1")) for account_id in lines]
    answers = all_at_once(accounts, calls, owner_url)
    assert [(answer.account_id, answer.version, answer.repeated) for answer in answers] == [
        (account_id, 3, False) for account_id in lines
    ]
    assert transactions(owner, lines, version=3) == [1, NUMBER - 1]


def test_a_conflict_in_a_group_is_one_accounts_own(new_accounts, store, owner, owner_url, lines):
    here, elsewhere = new_accounts(), new_accounts()
    first, taken, repeated, *others = lines
    for account_id in lines:
        here.account(account_id)
    elsewhere.execute(purchase(taken, "p0"))
    elsewhere.execute(purchase(repeated, "p1"))
    calls = [partial(here.execute, purchase(account_id, "p1", minutes=1)) for account_id in (first, taken, repeated)]
    calls.append(partial(here.execute_many, [purchase(account_id, "p1") for account_id in others]))
    *single, many = all_at_once(here, calls, owner_url)
    assert [(answer.version, answer.repeated) for answer in single] == [(3, False), (4, False), (3, True)]
    assert [(answer.version, answer.repeated) for answer in many] == [(3, False)] * len(others)
    assert transactions(owner, others, version=3) == [len(others)]  # the bulk work was not taken apart


def test_commands_of_one_account_from_many_threads_are_done_one_after_another(new_accounts, store, lines):
    accounts = new_accounts()
    with ThreadPoolExecutor(NUMBER) as pool:
        list(pool.map(accounts.execute, [purchase(lines[0], f"p{number}") for number in range(40)]))
    assert [event.version for event in store.load(lines[0])] == list(range(1, 43))


def test_single_commands_and_bulk_work_do_not_wait_for_each_other_for_ever(new_accounts, store, lines):
    accounts = new_accounts()
    bulk = [purchase(account_id, f"bulk{number}") for number in range(20) for account_id in lines]
    single = [purchase(account_id, f"single{number}") for number in range(10) for account_id in lines]
    with ThreadPoolExecutor(NUMBER) as pool:
        many = [pool.submit(accounts.execute_many, part) for part in (bulk, bulk[::-1])]
        list(pool.map(accounts.execute, single))
        repeated = [answer.repeated for part in many for answer in part.result()]
    assert repeated.count(False) == len(bulk)
    assert store.versions(lines) == dict.fromkeys(lines, 32)


def test_a_fault_reaches_everybody_who_waited(new_accounts, new_store, owner, owner_url, lines):
    accounts = new_accounts()
    for account_id in lines:
        accounts.account(account_id)
    signature = owner.execute("SELECT 'append_events'::regproc::regprocedure::text").fetchone()[0]
    owner.execute(f"REVOKE EXECUTE ON FUNCTION {signature} FROM credit_writer")
    try:
        with ThreadPoolExecutor(NUMBER) as pool:
            waiting = [pool.submit(accounts.execute, purchase(account_id, "p1")) for account_id in lines]
            faults = [one.exception() for one in waiting]
    finally:
        owner.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO credit_writer")
    assert [type(fault) for fault in faults] == [ReadOnly] * NUMBER
    assert accounts.execute(purchase(lines[0], "p1")).version == 3
