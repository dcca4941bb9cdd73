"""An account that cannot be advanced is named and set aside, and the others go on."""

import pytest

import infra.accounts
from domain.commands import AdvanceTo
from infra.faults import Fault

DAMAGES = {
    "bytes that are no JSON": "UPDATE stored_events SET state = '\\xff00'::bytea",
    "JSON that is no event": "UPDATE stored_events SET state = '[1]'::bytea",
    "a date that is none": "UPDATE stored_events SET state = convert_to(replace(convert_from(state, 'UTF8'),"
    " '2026-02-01', '2026-02-31'), 'UTF8')",
    "a type of another program": "UPDATE stored_events SET topic = 'account.enchanted'",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("chunk", [1, 3, 100])
def test_an_account_whose_history_cannot_be_read_is_named(portfolio, damage, chunk):
    ids = portfolio.buyers(7)
    portfolio.damage(ids[3], damage)
    report = portfolio.run("2026-02-01", chunk=chunk)
    assert (report.due, report.advanced) == (7, 6)
    assert [each.account_id for each in report.failed] == [ids[3]]
    assert report.failed[0].error.startswith("Unreadable: ")
    assert (report.good, report.differences, report.still_due) == (False, [], 1)
    assert portfolio.versions(ids) == [4, 4, 4, 3, 4, 4, 4]


def test_it_is_named_again_until_it_is_mended(portfolio):
    ids = portfolio.buyers(3)
    portfolio.damage(ids[1], "UPDATE stored_events SET topic = 'account.enchanted'")
    for _ in range(2):
        assert [each.account_id for each in portfolio.run("2026-02-01").failed] == [ids[1]]
    portfolio.damage(ids[1], "UPDATE stored_events SET topic = 'purchase.posted'")
    report = portfolio.run("2026-02-01")
    assert (report.due, report.advanced, report.good) == (1, 1, True)
    assert report.day.accounts == 3


def test_a_history_with_a_hole_is_its_accounts_own_trouble(portfolio):
    ids = portfolio.buyers(5)
    portfolio.run("2026-01-31")  # the store is read while it is whole
    with portfolio.owner() as owner:
        owner.execute("DELETE FROM stored_events WHERE originator_id = %s AND originator_version = 2", (ids[2],))
    report = portfolio.run("2026-02-01")
    assert [each.account_id for each in report.failed] == [ids[2]]
    assert "lacks the event before version 3" in report.failed[0].error
    assert report.advanced == 4


@pytest.fixture
def defect(monkeypatch):
    """Plants a defect: the domain raises for these accounts when they are to be advanced."""

    def plant(ids, error):
        decide = infra.accounts.decide

        def defective(command, account, *rest):
            if isinstance(command, AdvanceTo) and command.account_id in ids:
                raise error
            return decide(command, account, *rest)

        monkeypatch.setattr(infra.accounts, "decide", defective)

    return plant


@pytest.mark.parametrize("number", [1, 2, 9, 10])
def test_a_defect_of_the_domain_is_named_with_its_accounts(portfolio, defect, number):
    ids = portfolio.buyers(10)
    defect(ids[:number], AssertionError("2026-02-01 was to be an eventful day,\nbut nothing happened on it"))
    report = portfolio.run("2026-02-01", chunk=4)
    assert {each.account_id for each in report.failed} == set(ids[:number])
    assert {each.error for each in report.failed} == {
        "AssertionError: 2026-02-01 was to be an eventful day, but nothing happened on it"
    }
    assert (report.advanced, report.differences, report.still_due) == (10 - number, [], number)


def test_what_is_not_an_accounts_own_stops_the_run(portfolio):
    ids = portfolio.buyers(6)

    def told(what, done, _total):
        if what == "advancing accounts" and done == 2:
            with portfolio.owner() as owner:
                owner.execute("REVOKE EXECUTE ON FUNCTION append_events FROM credit_writer")

    with pytest.raises(Fault, match="append"):
        portfolio.run("2026-02-01", chunk=2, told=told)
    assert sorted(portfolio.versions(ids)) == [3, 3, 3, 3, 4, 4]
    with portfolio.owner() as owner:
        owner.execute("GRANT EXECUTE ON FUNCTION append_events TO credit_writer")
    report = portfolio.run("2026-02-01", chunk=2)
    assert (report.due, report.advanced, report.good, report.day.accounts) == (4, 4, True, 6)


def test_connections_that_are_cut_stop_the_run_and_it_is_run_again(portfolio):
    portfolio.buyers(6)

    def told(what, done, _total):
        if what == "advancing accounts" and done == 2:
            with portfolio.owner() as owner:
                owner.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )

    with pytest.raises(Fault, match="run the day again"):
        portfolio.run("2026-02-01", chunk=2, told=told)
    report = portfolio.run("2026-02-01", chunk=2)
    assert (report.advanced, report.good, report.day.accounts) == (4, True, 6)
