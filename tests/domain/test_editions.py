"""A newer edition of the rules: the account moves to it by an event of its own, never hidden in a late fact's."""

from datetime import date

import pytest

from domain import charges, events
from domain.events import AccountCured, BalancesCorrected, LateFeePosted, PaymentReceived, RulesChanged
from domain.snapshot import dump, load
from tests.specification import BASE, advance, advanced, event, given, paid, pay, reverse


@pytest.fixture
def known_by_an_older_edition(monkeypatch):
    """A missed minimum whose late fee an older program reckoned twice too high; the newer edition is in force now."""
    rightly = charges.late_fee

    def too_high(ledger, missed):
        for fee in rightly(ledger, missed):
            yield LateFeePosted(statement_no=fee.statement_no, base_fen=fee.base_fen, amount_fen=2 * fee.amount_fen)

    with pytest.MonkeyPatch.context() as older:
        older.setattr(charges, "late_fee", too_high)
        life = given(*BASE, paid(10_000, on="2026-02-05"), advanced(to="2026-02-20"))
    life.owes(principal_billed=113_457, fees_unbilled=2_000)
    monkeypatch.setattr(events, "RULES", 2)
    return life


def test_the_edition_moves_before_the_late_fact_and_with_its_own_deltas(known_by_an_older_edition):
    known_by_an_older_edition.when(pay(100, on="2026-02-21", ref="late", value_date=date(2026, 2, 18))).then(
        event(
            RulesChanged,
            from_rules=1,
            to_rules=2,
            deltas={"fees_unbilled": -1_000},
            late_fee_delta_fen=-1_000,
            interest_delta_fen=0,
            waived_delta_fen=0,
            principal_delta_fen=0,
        ),
        event(PaymentReceived, applied={"principal_billed": 100}),
        event(BalancesCorrected, deltas={}, late_fee_delta_fen=0),
    ).stands(rules=2)


def test_an_account_moves_once(known_by_an_older_edition):
    known_by_an_older_edition.when(pay(100, on="2026-02-21", ref="late", value_date=date(2026, 2, 18)))
    known_by_an_older_edition.when(reverse("payment-1", on="2026-02-22"))
    assert RulesChanged not in {type(each) for each in known_by_an_older_edition.events}


def test_nothing_is_derived_by_a_newer_edition_without_a_late_fact(known_by_an_older_edition):
    known_by_an_older_edition.when(pay(100, on="2026-02-21", ref="late"), advance(to="2026-03-01")).stands(rules=1)
    assert RulesChanged not in {type(each) for each in known_by_an_older_edition.events}


def test_months_that_ended_are_told_anew(known_by_an_older_edition):
    known_by_an_older_edition.when(
        advance(to="2026-03-01"), pay(100, on="2026-03-05", ref="late", value_date=date(2026, 3, 2))
    )
    (moved,) = (each for each in known_by_an_older_edition.events if isinstance(each, RulesChanged))
    assert [each.month_end for each in moved.months] == [date(2026, 1, 31), date(2026, 2, 28)]


def test_the_edition_is_kept_in_a_snapshot(known_by_an_older_edition):
    known_by_an_older_edition.when(pay(100, on="2026-02-21", ref="late", value_date=date(2026, 2, 18)))
    assert load(dump(known_by_an_older_edition.account)).rules == 2


def test_an_account_of_this_edition_has_nothing_to_move():
    given(*BASE, advanced(to="2026-03-01")).when(pay(12_346, on="2026-03-05", value_date=date(2026, 2, 9))).then(
        event(PaymentReceived), event(BalancesCorrected), event(AccountCured)
    ).stands(rules=1)
