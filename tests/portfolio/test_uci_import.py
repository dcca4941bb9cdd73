"""The import: every month balance of the file comes out of ordinary commands, and none of them is refused."""

from datetime import date

import pytest

from domain.commands import ReceivePayment, RefundPurchase
from domain.events import AccountFrozen
from infra.portfolio.uci import BILL_DAYS, UciImport, customer_id_for, file_id
from tests.portfolio.memory import Memory
from tests.portfolio.uci_rows import NOTHING, ODD, line, many, write

SEPTEMBER = BILL_DAYS[-1]


@pytest.fixture(scope="module")
def cards(tmp_path_factory):
    return write(tmp_path_factory.mktemp("uci"), [*ODD, *many(150)])


@pytest.fixture(scope="module")
def lived(cards):
    script = UciImport(cards)
    memory = Memory(script.catalogue)
    memory.live(script)
    return script, memory


def of(script, number):
    """What is sent for one account of the file."""
    (account_id,) = {
        each.account_id
        for step in script.steps()
        for each in step.commands
        if each.command_id.startswith(customer_id_for(number))
    }
    return [each for step in script.steps() for each in step.commands if each.account_id == account_id]


def test_every_balance_of_the_file_is_reached(lived):
    script, memory = lived
    assert len(script.expected_statements()) == 160 * 6
    assert list(memory.differences(script)) == []


def test_nothing_is_refused(lived):
    script, memory = lived
    assert (memory.refusals, script.refused) == ([], 0)


def test_nothing_is_charged(lived):
    _, memory = lived
    kinds = {each.TYPE for events in memory.events.values() for each in events}
    assert not kinds & {"interest.posted", "late_fee.posted", "debt.waived"}


def test_who_does_not_pay_for_months_is_frozen_and_cured(lived):
    script, memory = lived
    events = memory.events[of(script, 7)[0].account_id]
    assert [each.reason for each in events if isinstance(each, AccountFrozen)] == ["overdue_long"]
    assert events[-1].status == "paid"


def test_running_it_again_adds_nothing(lived, cards):
    script, memory = lived
    before = {account_id: len(events) for account_id, events in memory.events.items()}
    again = UciImport(cards)
    memory.live(again)
    assert {account_id: len(events) for account_id, events in memory.events.items()} == before
    assert again.refused == 0
    assert again.expected_statements() == script.expected_statements()


def test_a_run_that_was_cut_off_is_continued(lived, cards):
    script, whole = lived
    memory = Memory(script.catalogue)
    (step,) = script.steps()
    memory.execute_many(step.commands[:777])
    memory.live(UciImport(cards))
    assert memory.events == whole.events


def test_a_refund_goes_to_the_newest_purchases_and_the_rest_is_money_received(tmp_path):
    script = UciImport(write(tmp_path, [line(1, 30_000, (4_000, 5_000, 0, -600, -600, -600), NOTHING)]))
    june = [each for each in of(script, 1) if "2005-06" in each.command_id]
    july = [each for each in of(script, 1) if "2005-07" in each.command_id]
    assert [(type(each), each.purchase_id, each.amount_fen) for each in june] == [
        (RefundPurchase, "buy-2005-05", 100_000),
        (RefundPurchase, "opening", 400_000),
    ]
    assert [(type(each), each.channel, each.amount_fen) for each in july] == [(ReceivePayment, "adjustment", 60_000)]


def test_an_opening_in_credit_is_money_received(lived):
    script, _ = lived
    (opening,) = [each for each in of(script, 3) if each.command_id.endswith("-opening")]
    assert (opening.channel, opening.amount_fen) == ("adjustment", 50_000)


def test_an_account_with_nothing_is_only_opened_granted_and_advanced(lived):
    script, _ = lived
    assert [each.DO for each in of(script, 1)] == ["open", "activate", "advance_to"]


def test_the_file_id_comes_back(lived):
    assert file_id(customer_id_for(123)) == "123"
    assert file_id("person-7-00123") == "person-7-00123"


def test_the_bank_codes_are_shown_as_shares(lived):
    script, _ = lived
    heading, *months = script.beside({date(2005, 8, 28): 2})
    assert heading == "month     overdue here   late by the file's codes"
    assert [line.split() for line in months][-2:] == [["2005-08", "1.2%", "0.6%"], ["2005-09", "0.0%", "0.0%"]]


def test_no_command_of_the_import_is_of_its_own_kind(lived):
    script, _ = lived
    kinds = {each.DO for step in script.steps() for each in step.commands}
    assert kinds == {"open", "activate", "purchase", "receive_payment", "refund_purchase", "advance_to"}
