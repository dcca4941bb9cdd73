"""The laws over generated lives, and for each law a defect of the program that it catches."""

from datetime import date, timedelta
from itertools import zip_longest

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from domain import (
    account,
    borrowing,
    charges,
    closure,
    codec,
    corrections,
    decisions,
    delinquency,
    freezing,
    ledger,
    repaying,
    snapshot,
)
from domain.account import Account
from domain.allocation import regime_for
from domain.commands import ChangeLimit, ForceClose, Freeze, RequestClosure, Unfreeze, WithdrawClosure
from domain.events import AccountClosed, AccountUnfrozen, LateFeePosted, MoneyEvent, Owed, PaymentReceived
from domain.facts import Issued
from domain.ledger import Ledger
from domain.money import half_up
from tests.domain import laws
from tests.domain.laws import LAWS, LAWS_IN_TIME, hold
from tests.domain.lives import (
    AGREED,
    AGREED_LATE,
    BY,
    CORRECTABLE,
    REASONS,
    Life,
    late_wanderers,
    retold,
    retold_late,
    so_many,
    wanderers,
    wandering,
    wandering_late,
)
from tests.specification import OFFICER, SECOND_OFFICER

DAYS = st.sampled_from((0, 0, 1, 2, 5, 9, 12, 28, 31))
BEGINS = st.sampled_from(
    (date(2026, 1, 5), date(2027, 12, 29), date(2028, 1, 31), date(2026, 2, 28), date(2028, 2, 29))
)


@pytest.mark.parametrize("law", LAWS_IN_TIME, ids=lambda law: law.__name__)
def test_the_law_holds_over_wandering_lives(law):
    for life in wanderers():
        hold(life, [law])


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_the_law_holds_over_lives_whose_facts_come_late(law):
    for life in late_wanderers():
        hold(life, [law])


@settings(max_examples=so_many(20))
@given(st.integers(1_000, 10**9))
def test_every_law_holds_over_other_lives_too(seed):
    hold(wandering(seed), LAWS_IN_TIME)
    hold(wandering_late(seed), LAWS)


def test_the_wandering_lives_have_seen_everything_that_can_happen():
    seen = {each.TYPE for life in wanderers() for each in life.events}
    assert {"debt.waived", "account.closure_requested", "credit.refunded", "account.unfrozen"} <= seen
    words = {each.standing for life in wanderers() for each in life.events}
    assert words == {"clear", "billed", "paid", "overdue"}


def test_the_lives_whose_facts_come_late_have_seen_everything_that_can_happen():
    events = [each for life in late_wanderers() for each in life.events]
    assert {
        "payment.reversed",
        "balances.corrected",
        "dispute.opened",
        "dispute.resolved",
        "account.charged_off",
        "account.write_off_undone",
        "account.recovered",
        "account.standing_changed",
    } <= {each.TYPE for each in events}
    late = {each.TYPE for each in events if getattr(each, "value_date", each.business_date) < each.business_date}
    assert late == {"payment.received", "purchase.refunded", "payment.reversed"}
    assert {each.outcome for each in events if each.TYPE == "dispute.resolved"} == {"upheld", "rejected"}
    assert {each.reason for each in events if each.TYPE == "debt.waived"} == {"cap", "goodwill"}
    assert {each.reason for each in events if each.TYPE == "account.charged_off"} == {"days_past_due", "insolvency"}
    assert any(each.TYPE == "balances.corrected" and each.cause_version is None for each in events)
    assert {each.standing for each in events} == {"clear", "billed", "paid", "overdue", "charged_off"}


def test_a_life_is_shown_as_a_scenario():
    life = Life(AGREED[1])
    life.buys(123_457)
    life.day = date(2026, 3, 5)
    life.pays(12_346, days_ago=24)
    life.hears(0, "upheld")
    life.ask(Unfreeze, reason="legal_order")
    application = "customer_id=customer-1 terms_version=agreed-1 zone=Asia/Shanghai"
    became = " ".join(each.TYPE for each in life.told[3].events)
    assert str(life).splitlines() == [
        "terms version=agreed-1 grace_days=3 tolerance=1000 charge_off_dpd=10000",
        f"2026-01-05  open {application}  ->  account.opened",
        "2026-01-05  activate limit_fen=500000  ->  account.activated",
        "2026-01-05  purchase purchase_id=p2 amount_fen=123457 merchant_id=shop-1  ->  purchase.posted",
        f"2026-03-05  receive_payment payment_ref=r3 channel=transfer amount_fen=12346 value_date=2026-02-09  ->  {became}",
        "2026-03-05  unfreeze reason=legal_order  ->  refused: not_frozen",
    ]


def test_a_broken_law_shows_the_life_that_breaks_it():
    def nobody_ever_buys(life):
        assert not life.purchases

    life = Life()
    life.buys(620)
    with pytest.raises(AssertionError) as broken:
        hold(life, [nobody_ever_buys])
    assert broken.value.__notes__ == [f"nobody_ever_buys does not hold for\n{life}"]


class AnyLife(RuleBasedStateMachine):
    """All commands in any order over any dates, every fact known in time; all laws at the end."""

    life: Life
    laws = LAWS_IN_TIME

    @initialize(
        agreed=st.sampled_from(AGREED),
        begins=BEGINS,
        bill_day=st.sampled_from((None, 1, 10, 28)),
        limit=st.sampled_from((50_000, 500_000, 5_000_000)),
    )
    def is_opened(self, agreed, begins, bill_day, limit):
        self.life = Life(agreed, begins, limit, bill_day=bill_day)

    @rule(days=DAYS, fen=st.one_of(st.integers(1, 300_000), st.just(1_620)), forced=st.booleans())
    def buys(self, days, fen, forced):
        self.life.day += timedelta(days=days)
        self.life.buys(fen, forced=forced)

    @rule(days=DAYS, percent=st.sampled_from((1, 50, 99, 100)))
    def pays_of_the_minimum(self, days, percent):
        self.life.day += timedelta(days=days)
        self.life.pays(self.life.due() * percent // 100)

    @rule(days=DAYS, more=st.integers(-5, 5_000))
    def pays_what_is_owed(self, days, more):
        self.life.day += timedelta(days=days)
        self.life.pays(max(0, self.life.owed() + more))

    @rule(days=st.sampled_from((1, 9, 31, 70)))
    def lets_time_pass(self, days):
        self.life.day += timedelta(days=days)
        self.life.advances()

    @precondition(lambda self: self.life.purchases)
    @rule(days=DAYS, which=st.integers(0, 50), percent=st.sampled_from((1, 40, 100)))
    def takes_back(self, days, which, percent):
        self.life.day += timedelta(days=days)
        self.life.takes_back(which, percent)

    @precondition(lambda self: self.life.account.ledger.credit)
    @rule(percent=st.sampled_from((1, 100, 200)))
    def is_paid_out(self, percent):
        self.life.is_paid_out(percent)

    @rule(days=DAYS, kind=st.sampled_from((Freeze, Unfreeze)), reason=st.sampled_from((*REASONS, "overdue_long")))
    def is_frozen_or_thawed(self, days, kind, reason):
        self.life.day += timedelta(days=days)
        reference = {"reference": "case-1"} if kind is Unfreeze else {}
        self.life.ask(kind, reason=reason, actor=BY.get(reason, OFFICER), **reference)

    @rule(fen=st.sampled_from((620, 30_000)))
    def holds(self, fen):
        self.life.holds(fen)

    @precondition(lambda self: self.life.account.holds)
    @rule(which=st.integers(0, 50), percent=st.sampled_from((40, 100, 130)), final=st.booleans(), forced=st.booleans())
    def captures(self, which, percent, final, forced):
        self.life.captures(which, percent, final=final, forced=forced)

    @rule(against=st.sampled_from(("fraud_confirmed", "multi_lender", "closure")))
    def appeals(self, against):
        self.life.appeals(against)

    @rule(outcome=st.sampled_from(("upheld", "upheld_lower_limit", "rejected")))
    def is_answered(self, outcome):
        self.life.is_answered(outcome)

    @rule(kind=st.sampled_from((RequestClosure, WithdrawClosure, WithdrawClosure)))
    def leaves_or_stays(self, kind):
        self.life.ask(kind)

    @precondition(lambda self: len(self.life.told) > 12)
    @rule()
    def is_closed_by_force(self):
        self.life.ask(ForceClose, reason="abuse", second_actor=SECOND_OFFICER)

    @rule(limit=st.integers(40_000, 600_000))
    def gets_another_limit(self, limit):
        self.life.ask(ChangeLimit, limit_fen=limit, reason="review")

    @rule(days=st.integers(1, 400))
    def comes_from_the_past(self, days):
        self.life.day -= timedelta(days=days)
        self.life.buys(1)
        self.life.day += timedelta(days=days)

    def teardown(self):
        if hasattr(self, "life"):
            hold(self.life, self.laws)


TestAnyLife = AnyLife.TestCase
TestAnyLife.settings = settings(max_examples=so_many(40), stateful_step_count=30)

DAYS_AGO = st.sampled_from((1, 3, 10, 31, 90, 180, 181))
PERCENT = st.sampled_from((1, 40, 100))


class AnyLateLife(AnyLife):
    """The same, with facts learnt late, payments returned, disputes, debt given up, corrected and lost."""

    laws = LAWS

    @initialize(
        agreed=st.sampled_from(AGREED_LATE),
        begins=BEGINS,
        bill_day=st.sampled_from((None, 1, 10, 28)),
        limit=st.sampled_from((50_000, 500_000, 5_000_000)),
    )
    def is_opened(self, agreed, begins, bill_day, limit):
        self.life = Life(agreed, begins, limit, bill_day=bill_day)

    @rule()
    def waits_for_the_calendar(self):
        self.life.day = max(self.life.day, self.life.account.next_event_on() or self.life.day)
        self.life.advances()

    @rule(days=DAYS, fen=st.integers(1, 300_000), days_ago=DAYS_AGO)
    def paid_before(self, days, fen, days_ago):
        self.life.day += timedelta(days=days)
        self.life.pays(fen, days_ago=days_ago)

    @precondition(lambda self: self.life.purchases)
    @rule(days=DAYS, which=st.integers(0, 50), percent=PERCENT, days_ago=DAYS_AGO)
    def had_taken_back_before(self, days, which, percent, days_ago):
        self.life.day += timedelta(days=days)
        self.life.takes_back(which, percent, days_ago=days_ago)

    @rule(days=DAYS, which=st.integers(0, 50))
    def has_a_payment_returned(self, days, which):
        self.life.day += timedelta(days=days)
        self.life.is_returned(which)

    @precondition(lambda self: self.life.purchases)
    @rule(days=DAYS, which=st.integers(0, 50), percent=PERCENT)
    def denies_having_bought(self, days, which, percent):
        self.life.day += timedelta(days=days)
        self.life.disputes(which, percent)

    @precondition(lambda self: self.life.account.disputes)
    @rule(days=DAYS, which=st.integers(0, 9), outcome=st.sampled_from(("upheld", "rejected")))
    def hears_what_was_decided(self, days, which, outcome):
        self.life.day += timedelta(days=days)
        self.life.hears(which, outcome)

    @rule(kind=st.sampled_from(("fees", "interest", "principal")), percent=PERCENT)
    def is_forgiven(self, kind, percent):
        self.life.is_forgiven(kind, percent)

    @rule(days=DAYS, bucket=st.sampled_from(CORRECTABLE), delta=st.sampled_from((-5_000, -1, 1, 5_000)))
    def is_corrected(self, days, bucket, delta):
        self.life.day += timedelta(days=days)
        self.life.is_corrected(**{bucket: delta})

    @precondition(lambda self: self.life.account.ledger.owed)
    @rule(days=DAYS)
    def is_a_loss(self, days):
        self.life.day += timedelta(days=days)
        self.life.is_written_off()

    @precondition(lambda self: self.life.account.standing == "charged_off")
    @rule(days=DAYS)
    def is_no_loss_after_all(self, days):
        self.life.day += timedelta(days=days)
        self.life.is_no_loss_after_all()


TestAnyLateLife = AnyLateLife.TestCase
TestAnyLateLife.settings = settings(max_examples=so_many(40), stateful_step_count=30)


# Negative controls: each is one defect, and the law that must not overlook it.


def caught(law):
    """Whether `law` finds a fault with any life that the program, defect included, lives through at all."""
    late = retold_late() if law in LAWS else ()
    for tell in (each for pair in zip_longest(retold(), late) for each in pair if each is not None):
        try:
            life = tell()
        except Exception:  # noqa: BLE001 - under a defect a life may break off anywhere; another one will do
            continue
        try:
            law(life)
        except AssertionError:
            return True
    return False


def counts_credit_as_owed(patch):
    patch.setattr(Ledger, "owed", property(lambda self: sum(self.buckets.values())))


def forgets_credit_when_something_is_bought(patch):
    rightly = Ledger.purchase
    patch.setattr(Ledger, "purchase", lambda self, name, amount, _credit: rightly(self, name, amount, 0))


def leaves_the_minima_when_something_is_paid(patch):
    def lower(self, applied):
        for bucket, amount in applied.items():
            self.buckets[bucket] -= amount

    patch.setattr(Ledger, "_lower", lower)


def leaves_the_purchases_when_something_is_paid(patch):
    patch.setattr(Ledger, "_shrink_oldest", lambda _self, _bucket, _amount: None)


def lets_paid_purchases_bear_interest(patch):
    def shrink(self, name, each, amount):
        self.slices[name] = each._replace(unpaid=each.unpaid - amount)
        if amount == each.unpaid:
            del self.slices[name]

    patch.setattr(Ledger, "_shrink", shrink)


def never_cures(patch):
    patch.setattr(closure, "catch_up", lambda _account: iter(()))


def opens_the_line_while_reasons_remain(patch):
    def lifted(account, reason, reference):
        left = tuple(each for each in account.reasons if each != reason)
        return AccountUnfrozen(reason=reason, reasons_now=left, reference=reference, access="open")

    patch.setattr(freezing, "lifted", lifted)


def leaves_a_closed_account_its_limit(patch):
    rightly = decisions.evolve

    def evolve(account, event):
        limit = account.limit
        rightly(account, event)
        if isinstance(event, AccountClosed):
            account.limit = limit

    patch.setattr(decisions, "evolve", evolve)


def says_nothing_is_owed_after_a_payment(patch):
    _completes_wrongly(patch, PaymentReceived, "owed_after", Owed())


def says_nothing_is_demanded(patch):
    _completes_wrongly(patch, MoneyEvent, "unpaid_minima_after", ())


def _completes_wrongly(patch, kind, name, value):
    rightly = decisions._complete

    def complete(fact, account):
        rightly(fact, account)
        if isinstance(fact, kind):
            fact.__dict__[name] = value

    patch.setattr(decisions, "_complete", complete)


def always_says_activated(patch):
    patch.setattr(decisions, "headline", lambda _access, _standing: "activated")


def keeps_what_it_should_give_back(patch):
    rightly = Ledger.waive
    patch.setattr(Ledger, "waive", lambda self, applied, _back, _paid: rightly(self, applied, 0, {}))


def calls_a_cure_paid(patch):
    rightly = delinquency.move_standing
    patch.setattr(
        delinquency, "move_standing", lambda trigger, state: "paid" if trigger == "cure" else rightly(trigger, state)
    )


def fines_more_than_was_missed(patch):
    def late_fee(ledger, missed):
        base = min(missed.amount, missed.principal, ledger.buckets["principal_billed"])
        yield LateFeePosted(statement_no=missed.statement_no, base_fen=max(base, 1), amount_fen=base + 1)

    patch.setattr(charges, "late_fee", late_fee)


def rounds_interest_down(patch):
    patch.setattr(ledger, "half_up", lambda rate, amount: int(rate * amount))


def rounds_the_minimum_to_the_nearest(patch):
    patch.setattr(charges, "ceiling", half_up)


def fines_interest_and_fees_too(patch):
    def late_fee(_ledger, missed):
        yield LateFeePosted(
            statement_no=missed.statement_no, base_fen=missed.amount, amount_fen=min(missed.amount, 1_000)
        )

    patch.setattr(charges, "late_fee", late_fee)


def counts_a_day_too_many(patch):
    rightly = Ledger._close_days

    def close_days(self, to):
        self.fen_days += self.bearing if to > self.business_date else 0
        rightly(self, to)

    patch.setattr(Ledger, "_close_days", close_days)


def charges_nothing_for_the_days_of_grace(patch):
    rightly = Ledger.pass_time

    def pass_time(self, to):
        due = self.untested_due
        rightly(self, to)
        if due is not None and self.untested_due is None:
            late = sum(each.unpaid for each in self.slices.values() if each.due_date == due)
            self.fen_days -= late * (self.terms.grace_days + 1)

    patch.setattr(Ledger, "pass_time", pass_time)


def decides_on_the_account_itself(patch):
    patch.setattr(Account, "fork", lambda self: self)


def forgets_what_was_said(patch):
    patch.setattr(decisions, "said_before", lambda _command, _account: False)


def replays_without_late_fees(patch):
    rightly = account.evolve
    patch.setattr(account, "evolve", lambda state, event: isinstance(event, LateFeePosted) or rightly(state, event))


def loses_the_pending_due_test_in_a_snapshot(patch):
    rightly = snapshot.load

    def load(data):
        found = rightly(data)
        found.ledger.untested = ()
        return found

    patch.setattr(snapshot, "load", load)


def writes_every_cause_down_as_a_command(patch):
    rightly = codec.encode
    patch.setattr(codec, "encode", lambda event: rightly(event.model_copy(update={"cause": "command"})))


def does_all_missed_days_on_the_last(patch):
    def advance(self, to):
        day = self.account.next_event_on()
        if day is not None and day <= to:
            self.account.ledger.pass_time(to)
            self.record(decisions._calendar(self.account, to), to, "advance")

    patch.setattr(decisions._Draft, "advance", advance)


def forgets_the_day_of_the_freeze(patch):
    patch.setattr(Account, "next_event_on", lambda self: self.ledger.next_event_on())


def reads_the_order_of_payment_at_each_payment(patch):
    rightly = decisions.receive_payment

    def receive(command, account, today):
        account.ledger.regime = regime_for(account.ledger.dpd, account.ledger.terms.regime_dpd)
        return rightly(command, account, today)

    patch.setattr(decisions, "receive_payment", receive)


def corrects_nothing_after_a_late_payment(patch):
    patch.setattr(repaying, "correct", lambda _account, _from_date: iter(()))


def counts_every_fact_from_the_day_it_was_learnt(patch):
    rightly = account._keep

    def keep(state, on, *fact):
        rightly(state, max(on, state.business_date), *fact)

    patch.setattr(account, "_keep", keep)


def charges_for_the_days_of_a_loss_taken_back(patch):
    rightly = Ledger.undo_charge_off

    def undo(self):
        rightly(self)
        self.fen_days += self.bearing

    patch.setattr(Ledger, "undo_charge_off", undo)


def lets_a_purchase_wait_behind_the_payments_of_its_day(patch):
    patch.setattr(borrowing, "correct", lambda _account, _from_date: iter(()))


def demands_more_than_was_printed(patch):
    patch.setattr(
        account, "Issued", lambda on, due_date, _minimum, _own: Issued(on, due_date, minimum=10**9, own_minimum=10**9)
    )


def leaves_the_dispute_of_what_was_refunded(patch):
    patch.setattr(Ledger, "_shrink_disputes", lambda _self, _purchase_id, _amount: None)


def restates_the_loss_as_it_is_repaid(patch):
    rightly = decisions.evolve

    def evolve(state, event):
        rightly(state, event)
        if state.original_charge_off:
            state.original_charge_off = {bucket: state.ledger.buckets[bucket] for bucket in state.original_charge_off}

    patch.setattr(decisions, "evolve", evolve)


def takes_what_was_given_up_for_a_charge(patch):
    rightly = corrections._charged_otherwise

    def charged_otherwise(known, derived):
        said = rightly(known, derived)
        waived = said["waived_delta_fen"]
        return said | {"waived_delta_fen": -waived, "principal_delta_fen": said["principal_delta_fen"] - 2 * waived}

    patch.setattr(corrections, "_charged_otherwise", charged_otherwise)


def forgets_the_late_fee_in_a_correction(patch):
    rightly = corrections._charged_otherwise
    patch.setattr(corrections, "_charged_otherwise", lambda *ledgers: rightly(*ledgers) | {"late_fee_delta_fen": 0})


def captures_without_taking_from_the_hold(patch):
    rightly = account._take_from_hold

    def take(life, hold_id, amount, ended):
        rightly(life, hold_id, 0 if ended == "captured" else amount, ended)

    patch.setattr(account, "_take_from_hold", take)


def lets_the_dead_pay_interest(patch):
    patch.setattr(Ledger, "_bearing_until", lambda _ledger, day: day)


def counts_what_was_bought_after_a_death(patch):
    patch.setattr(account, "_drop", lambda _account, _dropped: None)


CONTROLS = (
    (laws.holds_are_taken_and_given_back_once, captures_without_taking_from_the_hold),
    (laws.no_bucket_is_negative_and_what_is_owed_is_their_sum, counts_credit_as_owed),
    (laws.who_has_credit_owes_nothing_billed_or_unbilled, forgets_credit_when_something_is_bought),
    (laws.minima_are_positive_and_within_what_is_billed, leaves_the_minima_when_something_is_paid),
    (laws.unpaid_purchases_are_the_principal, leaves_the_purchases_when_something_is_paid),
    (laws.what_bears_interest_is_what_was_unpaid_at_its_due_test, lets_paid_purchases_bear_interest),
    (laws.overdue_is_exactly_having_a_missed_minimum_above_tolerance, never_cures),
    (laws.frozen_is_exactly_having_a_reason, opens_the_line_while_reasons_remain),
    (laws.nobody_closed_or_closing_has_a_limit, leaves_a_closed_account_its_limit),
    (laws.the_figures_of_an_event_are_those_of_the_amounts_it_names, says_nothing_is_owed_after_a_payment),
    (laws.the_last_money_event_of_a_command_says_what_the_account_owes, says_nothing_is_demanded),
    (laws.every_event_says_the_three_words_it_led_to, always_says_activated),
    (laws.money_is_conserved, keeps_what_it_should_give_back),
    (laws.money_is_conserved, forgets_the_late_fee_in_a_correction),
    (
        laws.what_is_learnt_late_moves_no_principal_but_what_had_been_paid_of_a_purchase_that_never_counted,
        takes_what_was_given_up_for_a_charge,
    ),
    (laws.the_ledger_is_the_one_derived_from_the_facts, corrects_nothing_after_a_late_payment),
    (laws.the_ledger_is_the_one_derived_from_the_facts, lets_a_purchase_wait_behind_the_payments_of_its_day),
    (laws.every_amount_is_the_one_reckoned_in_hindsight, counts_every_fact_from_the_day_it_was_learnt),
    (laws.every_amount_is_the_one_reckoned_in_hindsight, charges_for_the_days_of_a_loss_taken_back),
    (laws.every_amount_is_the_one_reckoned_in_hindsight, demands_more_than_was_printed),
    (laws.every_amount_is_the_one_reckoned_in_hindsight, lets_the_dead_pay_interest),
    (laws.every_amount_is_the_one_reckoned_in_hindsight, counts_what_was_bought_after_a_death),
    (laws.no_minimum_is_above_what_was_printed, demands_more_than_was_printed),
    (
        laws.a_dispute_sets_aside_no_more_than_is_left_of_it_and_of_its_purchase,
        leaves_the_dispute_of_what_was_refunded,
    ),
    (
        laws.a_loss_stands_as_it_was_booked_and_grows_only_by_what_was_forced_returned_or_stated,
        restates_the_loss_as_it_is_repaid,
    ),
    (laws.access_and_standing_move_only_as_declared, calls_a_cure_paid),
    (laws.a_statement_costs_one_late_fee_at_most_and_never_more_than_was_missed, fines_more_than_was_missed),
    (laws.every_figure_is_the_one_reckoned_by_hand, rounds_interest_down),
    (laws.every_figure_is_the_one_reckoned_by_hand, rounds_the_minimum_to_the_nearest),
    (laws.every_figure_is_the_one_reckoned_by_hand, fines_interest_and_fees_too),
    (laws.every_figure_is_the_one_reckoned_by_hand, counts_a_day_too_many),
    (laws.every_figure_is_the_one_reckoned_by_hand, charges_nothing_for_the_days_of_grace),
    (laws.deciding_leaves_the_account_it_was_given_untouched, decides_on_the_account_itself),
    (laws.what_is_refused_changes_nothing, decides_on_the_account_itself),
    (laws.saying_it_again_changes_nothing, forgets_what_was_said),
    (laws.replay_leads_to_the_same_account, replays_without_late_fees),
    (laws.replay_from_a_snapshot_at_any_version_leads_to_the_same_account, loses_the_pending_due_test_in_a_snapshot),
    (laws.what_was_written_down_replays_to_the_same_account, writes_every_cause_down_as_a_command),
    (laws.many_days_at_once_are_the_same_days_one_by_one, does_all_missed_days_on_the_last),
    (laws.nothing_happens_before_the_day_it_names_and_something_on_it, forgets_the_day_of_the_freeze),
    (laws.a_payment_in_two_parts_is_one_payment, reads_the_order_of_payment_at_each_payment),
    (laws.the_order_within_a_day_changes_no_amount, reads_the_order_of_payment_at_each_payment),
)


@pytest.mark.parametrize(("law", "defect"), CONTROLS, ids=lambda each: each.__name__)
def test_the_law_catches_the_defect(law, defect):
    with pytest.MonkeyPatch.context() as patch:
        defect(patch)
        assert caught(law)


def test_every_law_has_a_defect_that_it_catches():
    assert {law for law, _ in CONTROLS} == set(LAWS_IN_TIME)
