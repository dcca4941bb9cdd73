"""The laws over generated lives of cash loans and of agreements, and for each rule of theirs a defect that a law catches."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from domain import charges, drawdowns, ledger, plans, repaying, restructuring, schedules
from domain.calendar import days_between
from domain.events import AgreementLeft
from domain.ledger import Ledger
from tests.domain import laws
from tests.domain.laws import LAWS_OF_LOANS, hold
from tests.domain.lives import (
    AGREED_LOANS,
    Life,
    agreeing,
    borrowers,
    so_many,
    wandering_in_agreements,
    wandering_in_loans,
)

in_hindsight = laws.every_amount_is_the_one_reckoned_in_hindsight


@pytest.mark.parametrize("law", LAWS_OF_LOANS, ids=lambda law: law.__name__)
def test_the_law_holds_over_lives_of_loans(law):
    for life in borrowers():
        hold(life, [law])


@pytest.mark.parametrize("law", LAWS_OF_LOANS, ids=lambda law: law.__name__)
def test_the_law_holds_over_lives_with_agreements(law):
    for life in agreeing():
        hold(life, [law])


@settings(max_examples=so_many(8))
@given(st.integers(1_000, 10**9))
def test_every_law_holds_over_other_lives_too(seed):
    hold(wandering_in_loans(seed), LAWS_OF_LOANS)
    hold(wandering_in_agreements(seed), LAWS_OF_LOANS)


def test_the_lives_of_loans_have_seen_everything_that_can_happen():
    events = [each for life in borrowers() for each in life.events]
    assert {
        "cash.drawn",
        "plan.prepaid",
        "plan.settled_early",
        "plan.broken",
        "payment.reversed",
        "balances.corrected",
        "debt.waived",
        "credit.refunded",
        "account.charged_off",
        "account.write_off_undone",
        "account.recovered",
        "death.recorded",
    } <= {each.TYPE for each in events}
    assert {each.kind for each in events if each.TYPE == "interest.posted"} == {"plan", "penalty"}
    made = [each for each in events if each.TYPE == "plan.created"]
    assert {each.scheme for each in made} == {"annuity", "equal_principal", "interest_only", None}
    assert {each.business_date.day for each in made} >= {29, 30, 31}
    assert {each.schedule[0].due_date.day for each in made if each.business_date.day == 31} >= {29, 30}
    assert max(len(life.account.ledger.untested) for life in borrowers()) > 1
    returned = [each.payment_ref[0] for each in events if each.TYPE == "payment.reversed"]
    assert {"r", "s", "e"} <= set(returned)  # ordinary payments, settlements, prepayments


def test_the_lives_with_agreements_have_seen_everything_that_can_happen():
    events = [each for life in agreeing() for each in life.events]
    assert {"plan.broken", "plan.settled_early", "purchase.refunded", "dispute.opened", "account.charged_off"} <= {
        each.TYPE for each in events
    }
    assert {each.kind for each in events if each.TYPE == "plan.created"} == {"conversion", "restructuring"}
    assert {each.kind for each in events if each.TYPE == "interest.posted"} == {"revolving", "plan"}
    assert any(each.TYPE == "instalment.posted" and each.fees_fen and each.credit_applied_fen for each in events)
    assert any(each.TYPE == "purchase.refunded" and "principal_planned" in each.applied for each in events)
    taken = {bucket for each in events if each.TYPE == "plan.created" for bucket in each.taken}
    assert {"principal_planned", "interest_planned", "fees_planned"} <= taken or {"principal_planned"} <= taken


class AnyLoanLife(RuleBasedStateMachine):
    """Loans drawn on any day, paid, prepaid, settled, restructured, returned, in any order; all laws at the end."""

    life: Life

    @initialize(agreed=st.sampled_from(AGREED_LOANS), begins=st.dates(date(2026, 1, 1), date(2028, 3, 31)))
    def is_lent(self, agreed, begins):
        self.life = Life(agreed, begins, 20_000_000)
        self.life.draws(123_457, 6)

    @rule()
    def waits(self):
        """For the calendar, but not for the day on which it is frozen because nobody has used it for a year."""
        self.life.day = max(self.life.day, self.life.account.ledger.next_event_on() or self.life.day)
        self.life.advances()

    @rule(days=st.integers(0, 31), fen=st.integers(1, 2_000_000), months=st.sampled_from((1, 2, 12, 60)))
    def draws(self, days, fen, months):
        self.life.day += timedelta(days=days)
        self.life.draws(fen, months)

    @rule(days=st.integers(0, 12), more=st.sampled_from((0, 0, -1, 777)), days_ago=st.sampled_from((0, 0, 3, 40, 180)))
    def pays(self, days, more, days_ago):
        self.life.day += timedelta(days=days)
        self.life.pays(max(0, self.life.due() + more), days_ago=days_ago)

    @rule(days=st.integers(0, 31), which=st.integers(0, 9), percent=st.sampled_from((1, 50, 99)))
    def prepays(self, days, which, percent):
        self.life.day += timedelta(days=days)
        self.life.prepays(which, percent)

    @rule(days=st.integers(0, 31), which=st.integers(0, 9))
    def settles(self, days, which):
        self.life.day += timedelta(days=days)
        self.life.settles(which)

    @rule(months=st.sampled_from((1, 2, 60)), rate=st.sampled_from((Decimal(0), Decimal("0.24"))))
    def agrees(self, months, rate):
        self.life.restructures(months, rate)

    @rule(which=st.integers(0, 9))
    def is_returned(self, which):
        self.life.is_returned(which)

    def teardown(self):
        if hasattr(self, "life"):
            hold(self.life, LAWS_OF_LOANS)


TestAnyLoanLife = AnyLoanLife.TestCase
TestAnyLoanLife.settings = settings(max_examples=so_many(40), stateful_step_count=25)


# Negative controls: each is one defect, and the law that must not overlook it.


def counts_the_days_of_an_annuity(patch):
    patch.setattr(plans, "days_30e", days_between)


def counts_the_price_of_paying_early_under_the_cap(patch):
    rightly = Ledger.post_plan_fee
    patch.setattr(
        Ledger, "post_plan_fee", lambda self, fen, credit, settlement: rightly(self, fen, credit, settlement=False)
    )


def keeps_the_interest_of_what_was_paid_early(patch):
    def prepaid(plan, principal):
        left = rightly(plan, principal)
        if left is None:
            return None
        old = [each.interest_fen for each in plan.instalments]
        kept = (each.model_copy(update={"interest_fen": fen}) for each, fen in zip(left.instalments, old, strict=True))
        return left.model_copy(update={"instalments": tuple(kept)})

    rightly = ledger.prepaid
    patch.setattr(ledger, "prepaid", prepaid)


def forgets_the_fees_that_a_broken_agreement_carried(patch):
    def break_plan(self, statement_no):
        fees = self.buckets["fees_planned"]
        rightly(self, statement_no)
        self.buckets["fees_billed"] -= fees

    rightly = Ledger.break_plan
    patch.setattr(Ledger, "break_plan", break_plan)


def lets_overdue_interest_bear(patch):
    def begin_to_bear(self, due, test):
        rightly(self, due, test)
        self.bearing += sum(each.amount - each.principal for each in self.layers if each.due_date == due)

    rightly = Ledger._begin_to_bear
    patch.setattr(Ledger, "_begin_to_bear", begin_to_bear)


def bears_at_the_normal_rate_when_overdue(patch):
    patch.setattr(ledger.Terms, "bearing_rate", property(lambda terms: terms.daily_rate or terms.annual_rate / 360))


def spreads_an_annuity_without_its_rest(patch):
    rightly = schedules._annuity

    def annuity(amount, rate, periods):
        *shares, last = rightly(amount, rate, periods)
        return (*shares, last._replace(principal=shares[-1].principal if shares else last.principal))

    patch.setattr(schedules, "_annuity", annuity)


def counts_a_broken_agreement_from_the_day_it_was_made(patch):
    patch.setattr(
        ledger,
        "AgreementLeft",
        lambda plan_id, original_due_date: AgreementLeft(
            plan_id=plan_id, original_due_date=original_due_date + timedelta(days=1)
        ),
    )


def loses_the_interest_that_an_instalment_carries(patch):
    def restructured(*said, **dated):
        plan = rightly(*said, **dated)
        bare = (each.model_copy(update={"carried_interest_fen": 0}) for each in plan.instalments)
        return plan.model_copy(update={"instalments": tuple(bare)})

    rightly = restructuring.restructured
    patch.setattr(restructuring, "restructured", restructured)


def misses_of_a_statement_what_paid_the_interest_of_the_next(patch):
    patch.setattr(Ledger, "_put_off", lambda _self, _due, _later: None)


def lets_the_penalty_wait_for_the_statement(patch):
    patch.setattr(charges, "of_payment", lambda _ledger: iter(()))


def keeps_an_agreement_that_was_settled(patch):
    def settle(self, plan_id, applied, credited):
        agreement = self.agreement
        rightly(self, plan_id, applied, credited)
        self.agreement = agreement

    rightly = Ledger.settle
    patch.setattr(Ledger, "settle", settle)


def lets_credit_pay_interest_before_the_fees_of_an_agreement(patch):
    interest, plan_interest = charges.interest, charges.plan_interest
    patch.setattr(charges, "interest", lambda on, _for_fees=0: interest(on))
    patch.setattr(charges, "plan_interest", lambda on, plan, fen, of=None, for_fees=0: plan_interest(on, plan, fen, of))


def bills_no_instalment_of_a_second_loan(patch):
    def next_bill_day(self, after):
        first = {name: plan for name, plan in self.plans.items() if name == next(iter(self.plans))}
        kept, self.plans = self.plans, first
        try:
            return rightly(self, after)
        finally:
            self.plans = kept

    rightly = Ledger.next_bill_day
    patch.setattr(Ledger, "next_bill_day", next_bill_day)


def charges_interest_that_nobody_counts(patch):
    def post(self, amount, credit_applied):
        rightly(self, amount, credit_applied)
        self.charges_posted -= amount

    rightly = Ledger.post_plan_interest
    patch.setattr(Ledger, "post_plan_interest", post)


def lends_twice_what_was_asked(patch):
    rightly = Ledger.draw
    patch.setattr(Ledger, "draw", lambda self, plan_id, amount: rightly(self, plan_id, 2 * amount))


def forgets_whose_interest_was_paid(patch):
    patch.setattr(drawdowns, "lowered", lambda loans, _applied: loans)


def demands_of_no_loan_what_waits_for_a_later_statement(patch):
    rightly = drawdowns.demanded

    def demanded(layers, owed):
        return rightly(layers, [each for each in owed if each.due_date in {layer.due_date for layer in layers}])

    patch.setattr(drawdowns, "demanded", demanded)


def loses_what_is_left_over_when_an_agreement_is_shared(patch):
    patch.setattr(
        drawdowns,
        "shared",
        lambda fen, weights: {name: fen * weight // sum(weights.values()) for name, weight in weights.items()},
    )


def corrects_nothing_after_a_late_payment(patch):
    patch.setattr(repaying, "correct", lambda _account, _from_date: iter(()))


CONTROLS: tuple[tuple[Callable, Callable], ...] = (
    (in_hindsight, counts_the_days_of_an_annuity),
    (in_hindsight, counts_the_price_of_paying_early_under_the_cap),
    (in_hindsight, keeps_the_interest_of_what_was_paid_early),
    (laws.instalments_are_all_of_what_they_were_made_of, keeps_the_interest_of_what_was_paid_early),
    (laws.instalments_are_all_of_what_they_were_made_of, spreads_an_annuity_without_its_rest),
    (laws.the_figures_of_an_event_are_those_of_the_amounts_it_names, forgets_the_fees_that_a_broken_agreement_carried),
    (in_hindsight, forgets_the_fees_that_a_broken_agreement_carried),
    (laws.what_bears_interest_is_what_was_unpaid_at_its_due_test, lets_overdue_interest_bear),
    (in_hindsight, bears_at_the_normal_rate_when_overdue),
    (in_hindsight, counts_a_broken_agreement_from_the_day_it_was_made),
    (
        laws.a_broken_agreement_is_past_due_as_if_it_had_never_been_made,
        counts_a_broken_agreement_from_the_day_it_was_made,
    ),
    (
        laws.a_kept_agreement_is_paid_to_its_end_and_nothing_of_it_is_left,
        loses_the_interest_that_an_instalment_carries,
    ),
    (in_hindsight, misses_of_a_statement_what_paid_the_interest_of_the_next),
    (in_hindsight, lets_the_penalty_wait_for_the_statement),
    (in_hindsight, keeps_an_agreement_that_was_settled),
    (in_hindsight, lets_credit_pay_interest_before_the_fees_of_an_agreement),
    (in_hindsight, bills_no_instalment_of_a_second_loan),
    (
        laws.whoever_owes_nothing_has_paid_what_was_lent_and_charged_and_nothing_else,
        charges_interest_that_nobody_counts,
    ),
    (laws.money_is_conserved, lends_twice_what_was_asked),
    (laws.what_is_planned_is_the_instalments_to_come, lends_twice_what_was_asked),
    (laws.the_ledger_is_the_one_derived_from_the_facts, corrects_nothing_after_a_late_payment),
    (laws.interest_and_fees_are_of_the_loans_that_they_were_charged_for, forgets_whose_interest_was_paid),
    (
        laws.loans_owe_and_are_demanded_together_what_the_account_is,
        demands_of_no_loan_what_waits_for_a_later_statement,
    ),
    (laws.loans_owe_and_are_demanded_together_what_the_account_is, loses_what_is_left_over_when_an_agreement_is_shared),
)


@pytest.mark.parametrize(("law", "defect"), CONTROLS, ids=lambda each: each.__name__)
def test_the_law_catches_the_defect(law, defect):
    with pytest.MonkeyPatch.context() as patch:
        defect(patch)
        lives = ((tell, seed) for seed in range(48) for tell in (wandering_in_loans, wandering_in_agreements))
        assert any(_broken(law, tell, seed) for tell, seed in lives)


def _broken(law, tell, seed):
    try:
        life = tell(seed)
    except Exception:  # noqa: BLE001 - under a defect a life may break off anywhere; another one will do
        return False
    try:
        law(life)
    except AssertionError:
        return True
    except Exception:  # noqa: BLE001 - the same
        return False
    return False
