"""What the simulated people are charged: their own ledger and the domain agree on every figure, and would notice."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.ledger import Ledger
from infra.portfolio import loans, reckoning
from infra.portfolio.ledger import Book
from infra.portfolio.line import Line
from infra.portfolio.loan_reckoning import LoanReckoning
from infra.portfolio.plans import Plan
from infra.portfolio.reckoning import Reckoning
from infra.portfolio.simulator import HAPPENINGS, LAST_DAY, LOAN_TERMS, TERMS, Portfolio
from tests.portfolio.figures import of_book, of_domain
from tests.portfolio.memory import Memory


def lived(accounts, seed):
    script = Portfolio(accounts, seed)
    memory = Memory(script.catalogue)
    memory.live(script)
    return script, memory


def differences(script, memory):
    """Statements that are not equal, payoffs that are not, then accounts of which any figure of the last day is not."""
    yield from memory.differences(script)
    yield from (command for command, refused in memory.refusals if refused.reason == "payoff_mismatch")
    for account_id, account in memory.accounts.items():
        ours, theirs = of_book(script._lives[account_id].book, LAST_DAY), of_domain(account, LAST_DAY)
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
    assert script.happenings == HAPPENINGS
    assert happened.keys() >= HAPPENINGS | {f"account.{name}" for name in script.transitions}


def test_they_live_under_all_published_terms_and_most_of_them_under_the_ordinary_ones(hundred):
    script, memory = hundred
    opened = Counter(account.ledger.terms.version for account in memory.accounts.values())
    assert opened.keys() == script.catalogue.keys() == {terms.version for terms, _ in (*TERMS, *LOAN_TERMS)}
    assert opened["pay-later-2026.1"] > 50


def test_interest_is_charged_from_posting_and_after_the_due_date_but_not_without_charges(hundred):
    """Instalments cost their fee under all terms, as they are asked for."""
    _, memory = hundred
    charged = Counter()
    for account in memory.accounts.values():
        charged[account.ledger.terms.version] += account.ledger.charges_posted - account.ledger.plan_fees_posted
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


def noticed():
    """Whether 180 accounts differ anywhere; the first 60 of them, whose lives are the same alone, mostly do already."""
    return any(any(True for _ in differences(*lived(accounts, 2))) for accounts in (60, 180))


def never(*_, **__):
    """Instead of something that is to be left out."""


def always(*_, **__):
    return True


def none_of_it(*_, **__):
    return 0


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


def whenever_it_is_late_enough(self):
    return self.days_late >= self.agreement.charge_off_dpd


def all_of_them_alive(self, first, days):
    return days


def as_if_it_had_no_fees(self, purchase_id, amount, known=Plan.less):
    return known(
        replace(self, instalments=tuple(each._replace(fee=0) for each in self.instalments)), purchase_id, amount
    )


def of_the_oldest_plan(self, purchase_id):
    return min(self.converted.get(purchase_id, 0), self.principals[0])


def that_demands_as_much_as_before(self, plan_id, plan, known=Reckoning.convert):
    demands = [replace(each) for each in self.demands]
    known(self, plan_id, plan)
    self.demands = demands


def as_if_all_of_it_were_a_month(plan, principal, day):
    return plan.instalments[0].interest


def that_forgets_since_when(self, plan_id, plan, known=Reckoning.agree):
    known(self, plan_id, plan)
    self.anew = self.anew._replace(due=self.day)


def that_keeps_the_schedule(plan, amount):
    last = plan.instalments[-1]
    return replace(plan, instalments=(*plan.instalments[:-1], last._replace(principal=last.principal - amount)))


def that_leaves_it_set_aside(self, dispute_id):
    disputed = self.disputes[dispute_id]
    self.purchases[disputed.of].refunded += disputed.open


@pytest.mark.parametrize(
    ("of", "name", "defect"),
    [
        (Reckoning, "_lower_demands", never),
        (Reckoning, "post", never),
        (Reckoning, "_test", never),
        (Reckoning, "over_the_cap", 0),
        (Reckoning, "_bill", demands_more_than_it_said),
        (Reckoning, "_bill", without_charges_in_the_minimum),
        (Reckoning, "disputed", 0),
        (Reckoning, "forgive", never),
        (Reckoning, "charge_off", never),
        (Reckoning, "_becomes_a_loss", whenever_it_is_late_enough),
        (Reckoning, "_days_alive", all_of_them_alive),
        (Reckoning, "_alive_on", always),
        (Reckoning, "convert", that_demands_as_much_as_before),
        (Plan, "less", as_if_it_had_no_fees),
        (Plan, "reachable", of_the_oldest_plan),
        (Plan, "share_by", none_of_it),
        (Reckoning, "agree", that_forgets_since_when),
        (Reckoning, "_break", never),
        (LoanReckoning, "accrued", 0),
        (loans, "run_up", as_if_all_of_it_were_a_month),
        (loans, "prepaid", that_keeps_the_schedule),
        (Line, "reach", never),
        (Book, "never_bought", that_leaves_it_set_aside),
        (reckoning, "_rounded", int),
        (reckoning, "ROUND_CEILING", "ROUND_FLOOR"),
        (reckoning, "PRINCIPAL_FIRST", reckoning.CHARGES_FIRST),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_a_defect_of_the_ledger_would_be_noticed(monkeypatch, of, name, defect):
    monkeypatch.setattr(of, name, defect)
    assert noticed()


# Nor does a domain with one


def demanding_what_is_disputed(self, dispute_id, purchase_id, taken, known=Ledger.set_aside):
    minima = self.layers
    known(self, dispute_id, purchase_id, taken)
    self.layers = minima


def as_if_it_were_upheld(self, dispute_id):
    self.drop_dispute(dispute_id)


def bearing_interest(self, oldest_due, known=Ledger.charge_off):
    bearing = self.bearing
    known(self, oldest_due)
    self.bearing = bearing


def leaving_what_is_new_unbilled(self, oldest_due, known=Ledger.charge_off):
    interest, self.buckets["interest_unbilled"] = self.buckets["interest_unbilled"], 0
    known(self, oldest_due)
    self.buckets["interest_unbilled"] = interest


def charges_first_for_ever(self):
    return "charges_first"


def of_everybody_alive(self, day):
    return day


def settled_with_a_fen_left(self, plan_id, applied, credited, known=Ledger.settle):
    known(self, plan_id, applied, credited)
    self.restore("a-fen", 0, 1)


def that_stays_planned(self, statement_no):
    pass


def that_bears_as_before(self, plan, original_due_date, known=Ledger.restructure):
    bearing = self.bearing
    known(self, plan, original_due_date)
    self.bearing = bearing


@pytest.mark.parametrize(
    ("name", "defect"),
    [
        ("set_aside", demanding_what_is_disputed),
        ("reject_dispute", as_if_it_were_upheld),
        ("charge_off", bearing_interest),
        ("charge_off", leaving_what_is_new_unbilled),
        ("_regime_of_the_morning", charges_first_for_ever),
        ("_bearing_until", of_everybody_alive),
        ("settle", settled_with_a_fen_left),
        ("break_plan", that_stays_planned),
        ("restructure", that_bears_as_before),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_a_defect_of_the_domain_would_be_noticed(monkeypatch, name, defect):
    monkeypatch.setattr(Ledger, name, defect)
    assert noticed()
