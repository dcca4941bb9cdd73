"""What the simulated people are charged: their own ledger and the domain agree on every figure, and would notice."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.portfolio import reckoning
from infra.portfolio.reckoning import Reckoning
from infra.portfolio.simulator import CHARGES_AND_CORRECTIONS, LAST_DAY, TERMS, Portfolio
from tests.portfolio.memory import Memory


def lived(accounts, seed):
    script = Portfolio(accounts, seed)
    memory = Memory(script.catalogue)
    memory.live(script)
    return script, memory


def differences(script, memory):
    """Statements that are not equal, then accounts of which any figure of the last day is not."""
    yield from memory.differences(script)
    for account_id, account in memory.accounts.items():
        book, ledger = script._lives[account_id].book, account.ledger.fork()
        ledger.pass_time(LAST_DAY)
        book.reach(LAST_DAY)
        money, owed = book.money, ledger.buckets
        ours = (
            money.principal, money.billed_charges, money.new_charges, money.credit, money.minimum, money.days_late,
            money.accrued, money.interest, money.late_fees, money.waived, money.principal_days,
        )  # fmt: skip
        theirs = (
            ledger.principal,
            {"fees": owed["fees_billed"], "interest": owed["interest_billed"]},
            {"fees": owed["fees_unbilled"], "interest": owed["interest_unbilled"]},
            ledger.credit, ledger.minimum_due, ledger.dpd,
            ledger.accrued, ledger.interest_posted, ledger.charges_posted - ledger.interest_posted, ledger.waived,
            ledger.principal_fen_days,
        )  # fmt: skip
        if ours != theirs:
            yield account_id, ours, theirs


@pytest.fixture(scope="module")
def hundred():
    return lived(100, 7)


@pytest.mark.parametrize("seed", [7, 15, 17, 2026])
def test_every_figure_of_two_hundred_and_fifty_lives_is_the_domains(seed):
    script, memory = lived(250, seed)
    assert list(differences(script, memory)) == []


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**9), accounts=st.integers(1, 25))
def test_every_figure_of_a_small_portfolio_is_the_domains(seed, accounts):
    assert list(differences(*lived(accounts, seed))) == []


@pytest.mark.parametrize("seed", [7, 1, 2, 3])
def test_a_hundred_accounts_bring_every_charge_and_correction_about(seed):
    script, memory = lived(100, seed)
    happened = Counter(event.TYPE for events in memory.events.values() for event in events)
    assert script.happenings == CHARGES_AND_CORRECTIONS
    assert happened.keys() >= CHARGES_AND_CORRECTIONS | {f"account.{name}" for name in script.transitions}


def test_they_live_under_all_published_terms_and_most_of_them_under_the_ordinary_ones(hundred):
    script, memory = hundred
    opened = Counter(account.ledger.terms.version for account in memory.accounts.values())
    assert opened.keys() == script.catalogue.keys() == {terms.version for terms, _ in TERMS}
    assert opened["pay-later-2026.1"] > 50


def test_interest_is_charged_from_posting_and_after_the_due_date_but_not_without_charges(hundred):
    _, memory = hundred
    charged = Counter()
    for account in memory.accounts.values():
        charged[account.ledger.terms.version] += account.ledger.charges_posted
    assert charged["pay-later-2026.1"] > 0
    assert charged["pay-later-card-2026.1"] > 0
    assert charged["pay-later-free-2026.1"] == 0


def test_late_facts_correct_in_both_directions(hundred):
    """A late fee is taken back when a payment is learnt late, and charged when one is returned."""
    _, memory = hundred
    corrections = [each for events in memory.events.values() for each in events if each.TYPE == "balances.corrected"]
    assert (
        min(each.late_fee_delta_fen for each in corrections) < 0 < max(each.late_fee_delta_fen for each in corrections)
    )


def test_some_payments_are_learnt_after_a_statement_and_some_before(hundred):
    _, memory = hundred
    late = Counter()
    for events in memory.events.values():
        statements = [each.business_date for each in events if each.TYPE == "account.billed"]
        for each in events:
            if each.TYPE == "payment.received" and each.value_date < each.business_date:
                late[any(each.value_date < day <= each.business_date for day in statements)] += 1
                assert each.business_date - each.value_date <= timedelta(days=15)
    assert late[True]
    assert late[False]


def test_the_story_shows_a_charge(hundred):
    script, memory = hundred
    assert {each.TYPE for each in memory.events[script.storyteller()]} & {"interest.posted", "late_fee.posted"}


# A ledger with a defect does not agree


def never(*_, **__):
    """Instead of something that is to be left out."""


def demands_more_than_it_said(self, known=Reckoning._bill):
    stands = self.said.get(self.day)
    if stands:
        self.said[self.day] = stands._replace(minimum=10**15, own=10**15)
    known(self)
    if stands:
        self.said[self.day] = stands


def without_charges_in_the_minimum(self, known=Reckoning._bill):
    charges, self.new_charges = self.new_charges, {"fees": 0, "interest": 0}
    known(self)
    self.new_charges = charges


@pytest.mark.parametrize(
    ("of", "name", "defect"),
    [
        (Reckoning, "_lower_demands", never),
        (Reckoning, "post", never),
        (Reckoning, "_test", never),
        (Reckoning, "over_the_cap", 0),
        (Reckoning, "_bill", demands_more_than_it_said),
        (Reckoning, "_bill", without_charges_in_the_minimum),
        (reckoning, "_rounded", int),
        (reckoning, "ROUND_CEILING", "ROUND_FLOOR"),
        (reckoning, "PRINCIPAL_FIRST", reckoning.CHARGES_FIRST),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_a_defect_of_the_ledger_would_be_noticed(monkeypatch, of, name, defect):
    monkeypatch.setattr(of, name, defect)
    assert list(differences(*lived(250, 7)))
