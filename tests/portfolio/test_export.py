"""Statements as rows: a month ends with its bill day, in the file's own ids and whole dollars."""

from datetime import date

import pytest

from infra.portfolio.export import HEADER, StatementRow, statement_rows
from infra.portfolio.simulator import Portfolio
from infra.portfolio.uci import BILL_DAYS, UciImport
from infra.portfolio.uci_file import read
from tests.portfolio.memory import Memory, recorded
from tests.portfolio.uci_rows import NOTHING, ODD, line, many, write


def rows_of(script, through):
    memory = Memory(script.catalogue)
    memory.live(script)
    return [
        row
        for account_id, events in memory.events.items()
        for row in statement_rows(recorded(account_id, events), through)
    ]


def lines_of(script):
    """The lives on revolving lines; loans have no rows."""
    lives = script._lives.items()
    return {account_id: life for account_id, life in lives if life.book.agreement.product == "pay_later"}


def test_the_columns_are_those_asked_for():
    assert HEADER == StatementRow._fields == ("id", "month", "balance", "paid", "refunded", "limit", "over_limit")


def test_the_file_comes_back_out(tmp_path):
    file = write(tmp_path, [*ODD, *many(60)])
    exported = iter(rows_of(UciImport(file), BILL_DAYS[-1]))
    for row in read(file):
        for month, day in enumerate(BILL_DAYS):
            out = next(exported)
            net = 0 if month == 0 else row.net[month - 1]
            refunded = max(0, -row.opening) if month == 0 else max(0, -net)
            assert out == StatementRow(
                str(row.number), f"{day:%Y-%m}", str(row.balances[month]), str(row.payments[month]), str(refunded),
                str(row.limit), int(row.balances[month] > row.limit),
            )  # fmt: skip
    assert next(exported, None) is None


def test_a_quiet_account_has_a_row_for_every_month(tmp_path):
    rows = rows_of(UciImport(write(tmp_path, [line(1, 50_000)])), BILL_DAYS[-1])
    assert rows == [StatementRow("1", f"2005-0{month}", "0", "0", "0", "50000", 0) for month in range(4, 10)]


def test_no_row_comes_after_the_last_day_asked_for(tmp_path):
    script = UciImport(write(tmp_path, [line(1, 50_000, (9,) * 6, NOTHING)]))
    assert [row.month for row in rows_of(script, date(2005, 6, 27))] == ["2005-04", "2005-05"]


def test_cents_are_kept_where_there_are_any_and_what_happens_on_the_bill_day_is_in_the_next_month():
    """The simulated portfolio spends cents, and buys on bill days."""
    script = Portfolio(60, 3)
    rows = {(row.id, row.month): row for row in rows_of(script, date(2026, 9, 30))}
    customers = {account_id: life.customer_id for account_id, life in lines_of(script).items()}
    for (account_id, day), balance in script.expected_statements().items():
        if account_id not in customers:
            continue
        assert round(float(rows[customers[account_id], f"{day:%Y-%m}"].balance) * 100) == balance
    assert any("." in row.balance for row in rows.values())


def test_a_payment_that_was_returned_is_in_no_month():
    """Whenever the bank returned it; every other payment is in the month it was recorded in."""
    script = Portfolio(120, 3)
    memory = Memory(script.catalogue)
    memory.live(script)
    returned = 0
    for account_id in lines_of(script):
        events = memory.events[account_id]
        gone = {each.payment_ref for each in events if each.TYPE == "payment.reversed"}
        counted = sum(
            each.amount_fen
            for each in events
            if each.TYPE == "payment.received"
            and each.payment_ref not in gone
            and each.business_date < date(2026, 9, 15)
        )
        through = date(2026, 9, script._lives[account_id].book.bill_day)
        rows = list(statement_rows(recorded(account_id, events), through))
        if through.day == 15:
            assert sum(round(float(row.paid) * 100) for row in rows) == counted
            returned += len(gone)
    assert returned


def test_what_is_disputed_is_in_no_balance():
    script = Portfolio(120, 7)
    memory = Memory(script.catalogue)
    memory.live(script)
    for account_id, events in memory.events.items():
        if memory.accounts[account_id].ledger.disputed:
            *_, last = statement_rows(recorded(account_id, events), date(2026, 10, 31))
            ledger = memory.accounts[account_id].ledger
            assert round(float(last.balance) * 100) == ledger.owed - ledger.disputed - ledger.planned - ledger.credit
            break
    else:
        pytest.fail("nobody disputes anything on the last day")


def test_loans_have_no_rows():
    script = Portfolio(60, 3)
    memory = Memory(script.catalogue)
    memory.live(script)
    loans = memory.events.keys() - lines_of(script).keys()
    assert len(loans) == 8
    for account_id in loans:
        assert list(statement_rows(recorded(account_id, memory.events[account_id]), date(2026, 9, 30))) == []


def test_a_history_begins_with_the_application(tmp_path):
    script = UciImport(write(tmp_path, [line(1, 50_000)]))
    memory = Memory(script.catalogue)
    memory.live(script)
    ((account_id, events),) = memory.events.items()
    with pytest.raises(ValueError, match=r"begins with account.opened, not with account.activated"):
        list(statement_rows(recorded(account_id, events[1:]), BILL_DAYS[-1]))
    assert list(statement_rows([], BILL_DAYS[-1])) == []
