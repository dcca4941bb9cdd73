"""Snapshots spare the folding and decide nothing."""

import pytest

from domain import snapshot
from infra.accounts import SNAPSHOT_EVERY, Accounts
from infra.store.event_store import Snapshot
from tests.store.portfolio import new_line, purchase


@pytest.fixture
def long_lived(accounts):
    """An account with a few more events than a snapshot takes."""
    account_id, opening = new_line()
    purchases = [purchase(account_id, f"p{number}", minutes=number) for number in range(SNAPSHOT_EVERY + 3)]
    accounts.execute_many([*opening, *purchases])
    accounts.execute(purchase(account_id, "last", minutes=SNAPSHOT_EVERY + 3))
    return account_id


def kept(owner, account_id):
    return owner.execute(
        "SELECT version, state FROM snapshots WHERE account_id = %s", (account_id,), binary=True
    ).fetchone()


def test_an_account_is_brought_to_life_from_its_snapshot_and_what_followed(
    owner, accounts, new_accounts, store, long_lived
):
    version, state = kept(owner, long_lived)
    assert version >= SNAPSHOT_EVERY
    history = store.histories([long_lived])[long_lived]
    assert history.snapshot == state
    assert len(history.events) == history.version - version < SNAPSHOT_EVERY
    assert new_accounts().account(long_lived) == accounts.account(long_lived)


def test_a_snapshot_of_an_unknown_shape_is_ignored(owner, accounts, new_accounts, long_lived):
    expected = accounts.account(long_lived)
    owner.execute("UPDATE snapshots SET state = '0'::bytea || state WHERE account_id = %s", (long_lived,))
    assert snapshot.load(kept(owner, long_lived)[1]) is None
    fresh = new_accounts()
    assert fresh.account(long_lived) == expected
    assert fresh.execute(purchase(long_lived, "more", minutes=900)).version == expected.version + 1


def test_every_hundred_versions_the_snapshot_moves_on(owner, accounts, long_lived):
    before, _ = kept(owner, long_lived)
    for number in range(SNAPSHOT_EVERY):
        accounts.execute(purchase(long_lived, f"q{number}", minutes=800 + number))
    after, _ = kept(owner, long_lived)
    assert after // SNAPSHOT_EVERY == before // SNAPSHOT_EVERY + 1


def test_a_snapshot_never_goes_back(owner, store, long_lived):
    before = kept(owner, long_lived)
    store.save_snapshots([Snapshot(long_lived, 5, bytes(32), b"old")])
    assert kept(owner, long_lived) == before


def test_a_command_is_done_although_its_snapshot_cannot_be_kept(owner, new_store):
    owner.execute("REVOKE INSERT ON snapshots FROM credit_writer")
    try:
        accounts = Accounts(new_store())
        account_id, opening = new_line()
        purchases = [purchase(account_id, f"p{number}", minutes=number) for number in range(SNAPSHOT_EVERY)]
        answers = accounts.execute_many([*opening, *purchases])
        assert answers[-1].version == SNAPSHOT_EVERY + 2
        assert kept(owner, account_id) is None
    finally:
        owner.execute("GRANT INSERT ON snapshots TO credit_writer")
