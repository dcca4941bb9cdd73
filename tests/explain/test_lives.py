"""Whatever life an account had, on whatever day: the last step of an explanation is the ledger's figure."""

from collections import Counter
from datetime import date, timedelta
from random import Random

import pytest

from domain import charges
from domain.account import Account, fold
from domain.calendar import days_between
from domain.commands import (
    ChangeBillDay,
    ChangeTerms,
    CorrectBalances,
    Migrate,
    OpenDispute,
    ReceivePayment,
    RefundPurchase,
    ResolveDispute,
    ReversePayment,
    UndoWriteOff,
    Unfreeze,
    WaiveDebt,
    WriteOff,
)
from domain.derivation import Derivation
from domain.events import (
    AccountBilled,
    AccountMigrated,
    BalancesCorrected,
    DebtWaived,
    InterestPosted,
    LateFeePosted,
    PaymentReceived,
    Restated,
)
from domain.plans import interest_run_up, principal_left
from domain.terms import catalogue
from projections.explaining.figures import FIGURES, explain
from tests.domain.lives import AGREED, Life, late_wanderers, planners, wanderers, wandering_in_plans
from tests.domain.test_migrating import left_of
from tests.explain.loan_lives import LoanLife, agreeing, lending, living_on
from tests.specification import SECOND_OFFICER


def account_on(events, day) -> Account:
    account = fold(None, [each for each in events if each.business_date <= day]).fork()
    account.ledger.pass_time(day)
    return account


def last(events, kind, amount, delta=None):
    """The amount of the last event of a kind, and what corrections changed since."""
    total, since = 0, events
    for index, each in enumerate(events):
        if isinstance(each, kind):
            total, since = amount(each), events[index:]
    return total + sum(delta(each) for each in since if delta and isinstance(each, Restated))


def given_up(waiver):
    return waiver.fees_fen + waiver.interest_fen + waiver.principal_fen + waiver.refunded_fen


def of_late_fees(correction):
    return correction.late_fee_delta_fen - correction.plan_fee_delta_fen


def of_next_instalments(ledger):
    for plan in ledger.plans.values():
        so_far = interest_run_up(plan, principal_left(plan), ledger.business_date, ledger.bill_days)
        yield from charges.plan_interest(ledger, plan, so_far)


def paid_off_one_by_one(ledger):
    """What it takes to settle all plans, one after the other: what is payable is paid with the first."""
    total = 0
    for plan in list(ledger.plans.values()):
        asked = charges.payoff(ledger, plan)
        for charge in charges.paid_early(ledger, plan, asked.principal):
            ledger.post(charge)
        ledger.settle(plan.plan_id, {bucket: fen for bucket, fen in asked.applied.items() if fen}, 0)
        total += asked.total
    return total


def figures_on(events, day):
    """Every figure as the ledger and the events have it."""
    account, events = account_on(events, day), [each for each in events if each.business_date <= day]
    ledger = account.ledger
    return {
        "minimum": last(events, AccountBilled, lambda each: each.minimum_fen),
        "minimum_due": ledger.minimum_due,
        "arrears": ledger.arrears,
        "dpd": ledger.dpd,
        "interest": last(events, InterestPosted, lambda each: each.amount_fen, lambda each: each.interest_delta_fen),
        "accrued": ledger.accrued,
        "late_fee": last(events, LateFeePosted, lambda each: each.amount_fen, of_late_fees),
        "waived": last(events, DebtWaived, given_up, lambda each: each.waived_delta_fen),
        "owed": ledger.owed,
        "planned": ledger.planned,
        "run_up": sum(charge.amount_fen for charge in of_next_instalments(ledger)),
        "plan_payoff": paid_off_one_by_one(ledger.fork()),
        "held": account.held,
        "available": account.available,
    }


def every_figure_is_explained(events, days):
    for day in days:
        expected = figures_on(events, day)
        assert expected.keys() == FIGURES.keys()
        explained = {figure: explain(events, figure, day) for figure in FIGURES}
        assert {figure: each.result for figure, each in explained.items()} == expected, day
        assert [figure for figure, each in explained.items() if not each.agrees] == [], day


def sampled(events, step):
    """Every `step`th day from the opening until after the last event, and the days of events."""
    begins, ends = events[0].business_date, events[-1].business_date + timedelta(days=60)
    days = {begins + timedelta(days=offset) for offset in range(0, days_between(begins, ends), step)}
    return sorted(days | {each.business_date for each in events[::5]})


@pytest.mark.parametrize("number", range(48))
def test_every_figure_of_a_wandering_life(number):
    events = wanderers()[number].events
    every_figure_is_explained(events, sampled(events, 29))


def learning_late(seed: int) -> Life:
    """A life in which payments are learnt late and returned, and refunds for errors of ours count from then."""
    chance = Random(seed)
    life = Life(AGREED[seed % len(AGREED)], date(2026, 1, 5), 500_000)
    for _ in range(28):
        life.day += timedelta(days=chance.choice((0, 1, 4, 9, 20, 31)))
        back = max(date(2026, 1, 5), life.day - timedelta(days=chance.choice((0, 3, 11, 40, 100))))
        match chance.randrange(8):
            case 0 | 1 | 2:
                life.buys(chance.choice((620, 30_000, 123_457)), forced=True)
            case 3 | 4:
                said = {"payment_ref": f"r{len(life.told)}", "channel": "transfer", "value_date": back}
                life.ask(ReceivePayment, **said, amount_fen=chance.choice((700, 12_346, life.owed() or 5)))
            case 5:
                payments = [each for each in life.events if isinstance(each, PaymentReceived)]
                if payments:
                    life.ask(ReversePayment, payment_ref=chance.choice(payments).payment_ref, reason="returned")
            case 6 if life.account.ledger.dpd:
                life.ask(chance.choice((WriteOff, UndoWriteOff)), reason="fraud", second_actor=SECOND_OFFICER)
            case _ if life.purchases:
                said = {"purchase_id": chance.choice(life.purchases).purchase_id, "refund_id": f"f{len(life.told)}"}
                life.ask(RefundPurchase, **said, amount_fen=500, reason="our_error", value_date=back)
            case _:
                life.advances()
    return life


def with_decisions(seed: int) -> Life:  # noqa: C901, PLR0912 - one case a command
    """A life in which purchases are disputed, debt is given up, balances are stated, limit is held, a death is recorded
    and taken back, and terms and the bill day move."""
    chance = Random(seed)
    life = Life(AGREED[seed % len(AGREED)], date(2026, 1, 5), 500_000)
    half = {"version": "cheaper", "daily_rate": life.agreed.daily_rate / 2}
    life.published = catalogue(life.agreed, life.agreed.model_copy(update=half))
    for step in range(45):
        life.day += timedelta(days=chance.choice((0, 1, 4, 9, 20)))
        name, ahead = f"x{step}", life.day + timedelta(days=chance.choice((1, 5, 12, 20)))
        match chance.randrange(18):
            case 0 | 1 | 2:
                life.buys(chance.choice((620, 30_000, 123_457)), forced=True)
            case 3 | 4:
                life.pays(chance.choice((700, 12_346, life.owed() or 5)))
            case 15 | 16:
                life.advances()
                life.pays(life.due())
                life.converts(chance.choice((50, 100)), chance.choice((3, 12)))
            case 17:
                life.settles(step)
            case 12:
                life.holds(chance.choice((620, 30_000)))
            case 13:
                life.captures(step, chance.choice((30, 100)), final=chance.random() < 0.3, forced=True)
            case 14 if life.account.death:
                life.ask(Unfreeze, reason="deceased")
            case 14:
                life.dies(chance.choice((0, 3, 20, 45)))
            case 5 | 6 if life.purchases:
                purchase = chance.choice(life.purchases)
                said = {"purchase_id": purchase.purchase_id, "amount_fen": chance.choice((500, purchase.amount_fen))}
                life.ask(OpenDispute, dispute_id=name, reason="not_received", **said)
            case 7 | 8 if life.account.disputes:
                outcome = chance.choice(("upheld", "rejected"))
                life.ask(ResolveDispute, dispute_id=chance.choice(list(life.account.disputes)), outcome=outcome)
            case 9:
                life.ask(
                    WaiveDebt, **{f"{chance.choice(('fees', 'interest', 'principal'))}_fen": 100}, reason="goodwill"
                )
            case 10:
                deltas = chance.choice(({"fees_unbilled": 70}, {"principal_unbilled": 900}, {"principal_billed": -100}))
                life.ask(CorrectBalances, deltas=deltas, reason="audit", second_actor=SECOND_OFFICER)
            case _ if chance.random() < 0.5:
                life.ask(ChangeBillDay, bill_day=chance.randint(1, 28), from_date=ahead)
            case _:
                version = chance.choice((life.agreed.version, "cheaper"))
                life.ask(ChangeTerms, terms_version=version, from_date=ahead, notice_id="notice-1")
    return life


def taken_over(number: int) -> Life:
    """A life that was begun elsewhere, and is lived on here from where it stood."""
    chance, elsewhere = Random(f"taken over {number}"), wandering_in_plans(number, steps=20)
    account = elsewhere.account
    life = Life(elsewhere.agreed, account.business_date, 0, bill_day=account.ledger.bill_days.day)
    life.ask(Migrate, limit_fen=account.limit or 500_000, **left_of(account.ledger))
    for _ in range(20):
        life.day += timedelta(days=chance.choice((0, 1, 4, 9, 20)))
        match chance.randrange(8):
            case 0 | 1:
                life.buys(chance.choice((620, 30_000, 123_457)))
            case 2 | 3:
                life.pays(chance.choice((700, life.due(), life.owed())), days_ago=chance.choice((0, 0, 3)))
            case 4:
                life.converts(50, 3)
            case 5:
                life.settles(0)
            case 6:
                life.takes_back(number, 50)
            case _:
                life.advances()
    return life


@pytest.mark.parametrize("seed", range(32))
def test_every_figure_of_a_life_with_decisions(seed):
    events = with_decisions(seed).events
    every_figure_is_explained(events, sampled(events, 23))


@pytest.mark.parametrize("number", range(48))
def test_every_figure_of_a_wandering_life_whose_facts_come_late(number):
    events = late_wanderers()[number].events
    every_figure_is_explained(events, sampled(events, 31))


@pytest.mark.parametrize("number", range(48))
def test_every_figure_of_a_life_in_instalments(number):
    events = planners()[number].events
    every_figure_is_explained(events, sampled(events, 29))


@pytest.mark.parametrize("number", range(48))
def test_every_figure_of_a_life_that_was_taken_over(number):
    life = taken_over(number)
    every_figure_is_explained(life.events, sampled(life.events, 31))


@pytest.mark.parametrize("seed", range(60))
def test_the_ledger_of_a_life_with_decisions_is_the_one_derived_from_its_facts(seed):
    for told in with_decisions(seed).told[2:]:
        account = told.after
        derived = Derivation(account.base, account.facts, account.issued).through(account.business_date)
        assert derived == account.ledger, told.command


def test_the_lives_with_decisions_have_seen_all_of_them():
    seen = {each.TYPE for seed in range(32) for each in with_decisions(seed).events}
    assert {"dispute.opened", "dispute.resolved", "debt.waived", "balances.corrected", "terms.changed"} <= seen
    assert {"bill_day.changed", "interest.posted", "account.overdue"} <= seen
    assert {"hold.placed", "hold.released", "death.recorded", "account.unfrozen"} <= seen


@pytest.mark.parametrize("seed", range(32))
def test_every_figure_of_a_life_that_was_corrected(seed):
    events = learning_late(seed).events
    assert any(isinstance(each, BalancesCorrected) for each in events)
    every_figure_is_explained(events, sampled(events, 23))


def loans_taken_over(number: int) -> LoanLife:
    """Loans that were begun elsewhere, and are lived on here from where they stood, if they may be."""
    elsewhere = lending(number, steps=22)
    account = elsewhere.account
    life = LoanLife(elsewhere.agreed, account.business_date, 0)
    life.ask(Migrate, limit_fen=account.limit or 500_000, **left_of(account.ledger))
    return living_on(life, Random(f"taken over {number}"), steps=20)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("number", range(32))
def test_every_figure_of_a_life_of_loans(number, late):
    events = lending(number, late=late).events
    every_figure_is_explained(events, sampled(events, 37))


@pytest.mark.parametrize("number", range(32))
def test_every_figure_of_a_line_that_is_restructured(number):
    events = agreeing(number).events
    every_figure_is_explained(events, sampled(events, 37))


@pytest.mark.parametrize("number", range(24))
def test_every_figure_of_loans_that_were_taken_over(number):
    events = loans_taken_over(number).events
    every_figure_is_explained(events, sampled(events, 37))


def test_the_lives_of_loans_have_seen_all_that_loans_can_do():
    seen = Counter(
        each.TYPE for late in (False, True) for seed in range(32) for each in lending(seed, late=late).events
    )
    often = {
        "cash.drawn",
        "plan.created",
        "plan.prepaid",
        "plan.settled_early",
        "instalment.posted",
        "payment.reversed",
    }
    assert {kind for kind in often if seen[kind] < 25} == set()
    seldom = {
        "plan.broken",
        "account.charged_off",
        "debt.waived",
        "balances.corrected",
        "late_fee.posted",
        "death.recorded",
    }
    assert {kind for kind in seldom if seen[kind] < 8} == set()
    begun = [loans_taken_over(seed).events for seed in range(24)]
    assert sum(isinstance(each, AccountMigrated) for events in begun for each in events) >= 12
