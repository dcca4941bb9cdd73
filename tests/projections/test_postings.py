"""What each event is posted as, in a finance controller's words, and what holds of the postings of every life."""

from collections import Counter
from datetime import date
from decimal import Decimal
from typing import get_args
from unittest.mock import patch

import pytest
from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as st

from domain import events
from domain.events import (
    EVENTS,
    AccountBilled,
    AccountChargedOff,
    AccountMigrated,
    Channel,
    Instalment,
    InstalmentPosted,
    MoneyEvent,
    Owed,
    PaymentReceived,
    PlanCreated,
    PlanFeePosted,
    PlanPart,
    StatementLines,
)
from domain.money import BUCKETS
from projections.chart import CHART, LEDGER_ACCOUNTS
from projections.postings import Posting, postings
from tests.domain.event_samples import one_of_each
from tests.domain.lives import (
    agreeing,
    borrowers,
    late_wanderers,
    planners,
    so_many,
    wanderers,
    wandering,
    wandering_in_agreements,
    wandering_in_loans,
    wandering_late,
)
from tests.specification import (
    BASE,
    LINE,
    NOTHING_COUNTED,
    advance,
    advanced,
    bought,
    buy,
    converted,
    correct,
    dispute,
    disputed,
    given,
    paid,
    paid_out,
    pay,
    pay_out,
    record_death,
    refund,
    resolve,
    restructured,
    reverse,
    undo_write_off,
    unfreeze,
    waive,
    write_off,
)
from tests.specification import write_off as written_off

LOST = (*BASE, written_off("insolvency", on="2026-02-05"))


def lines(scenario, kind=None):
    """What the events that were asked for are posted as, those that are posted as anything."""
    posted = [summed(each) for each in scenario.events if kind in {None, each.TYPE}]
    return [each for each in posted if each]


def summed(event):
    """By account, where several lines go to one."""
    found = Counter()
    for account, fen in postings(event):
        found[account] += fen
    return dict(found)


# What is bought, repaid and refunded


def test_a_purchase_is_owed_to_the_merchant_and_by_the_customer():
    assert lines(given(*LINE).when(buy("p1", 5_000, on="2026-01-10"))) == [
        {"principal_unbilled": 5_000, "merchant_payable": -5_000}
    ]


def test_credit_pays_for_a_purchase_at_once():
    assert lines(given(*LINE, paid(3_000, on="2026-01-09")).when(buy("p1", 5_000))) == [
        {"principal_unbilled": 2_000, "customer_credit": 3_000, "merchant_payable": -5_000}
    ]


def test_a_payment_is_cash_of_its_channel_and_what_it_pays_and_leaves_over():
    for channel in ("transfer", "auto_debit", "counter", "adjustment"):
        scenario = given(*LINE, bought("p1", 5_000, on="2026-01-10")).when(pay(6_000, channel=channel))
        assert lines(scenario) == [{f"cash_{channel}": 6_000, "principal_unbilled": -5_000, "customer_credit": -1_000}]


def test_a_returned_payment_leaves_cash_again_and_is_owed_again():
    returned = given(*BASE, paid(130_000, on="2026-02-09"), paid_out(3_000)).when(reverse(on="2026-02-09"))
    assert lines(returned, "payment.reversed") == [
        {"cash_transfer": -130_000, "customer_credit": 3_543, "principal_billed": 123_457, "principal_unbilled": 3_000}
    ]


def test_credit_that_is_paid_out_waits_for_the_bank():
    assert lines(given(*LINE, paid(3_000, on="2026-01-09")).when(pay_out(1_000))) == [
        {"customer_credit": 1_000, "cash_payout": -1_000}
    ]


def test_a_refund_is_to_be_had_back_from_the_merchant():
    scenario = given(*LINE, bought("p1", 5_000, on="2026-01-10"), paid(4_000)).when(refund("p1", 2_000))
    assert lines(scenario) == [{"merchant_refunds": 2_000, "principal_unbilled": -1_000, "customer_credit": -1_000}]


# What is charged, billed and given up


def test_a_statement_moves_what_was_unbilled_and_earns_nothing():
    assert lines(given(*BASE, advanced(to="2026-02-12")).when(advance(to="2026-03-01"))) == [
        {"interest_unbilled": 1_173, "interest_income": -1_173},
        {"interest_unbilled": -1_173, "interest_billed": 1_173, "fees_unbilled": -1_000, "fees_billed": 1_000},
    ]


def test_a_late_fee_is_income():
    assert lines(given(*BASE).when(advance(to="2026-02-11")), "late_fee.posted") == [
        {"fees_unbilled": 1_000, "late_fee_income": -1_000}
    ]


def test_what_the_cap_gives_up_lowers_income_and_what_was_paid_of_it_is_credit():
    """Known answer 36: 384 waived, 15 of it interest that was not paid yet."""
    scenario = given(*LINE, bought("p1", 30_000, on="2026-01-10"), paid(31_000, on="2026-02-11"))
    assert lines(scenario.when(advance(to="2026-03-01")), "debt.waived") == [
        {"charges_waived": 384, "interest_unbilled": -15, "customer_credit": -369}
    ]


def test_credit_pays_of_a_loss_principal_first_then_what_an_agreement_carried():
    """Planned were 123,457, interest of 1,420 and fees of 1,000; 124,000 of credit leave 877 of the interest."""
    agreed = (*BASE, advanced(to="2026-03-05"), restructured(12), paid(124_000, on="2026-03-06"))
    (lost,) = lines(given(*agreed).when(write_off(on="2026-03-10")), "account.charged_off")
    assert lost == {
        "principal_planned": -123_457, "interest_planned": -1_420, "fees_planned": -1_000,
        "principal_billed": 0, "interest_billed": 877, "fees_billed": 1_000,
        "customer_credit": 124_000, "write_off_loss": 1_877, "charged_off": -1_877,
    }  # fmt: skip


def test_forgiven_principal_is_an_expense_and_forgiven_charges_are_less_income():
    scenario = given(*BASE, advanced(to="2026-03-02")).when(waive(fees=300, interest=200, principal=1_000))
    assert lines(scenario, "debt.waived") == [
        {
            "charges_waived": 500,
            "principal_waived": 1_000,
            "fees_billed": -300,
            "interest_billed": -200,
            "principal_billed": -1_000,
        }
    ]


# What is disputed, learnt late and corrected


def test_a_dispute_sets_aside_and_its_rejection_brings_back():
    scenario = given(*BASE).when(dispute("base", 100_000, on="2026-02-05"), pay(30_000), resolve("rejected"))
    assert lines(scenario) == [
        {"principal_unbilled": -123_457, "principal_billed": 123_457},
        {"principal_billed": -100_000, "principal_disputed": 100_000},
        {"cash_transfer": 30_000, "principal_billed": -23_457, "customer_credit": -6_543},
        {"principal_disputed": -100_000, "principal_unbilled": 93_457, "customer_credit": 6_543},
    ]


def test_an_upheld_dispute_is_charged_back_to_the_merchant_what_was_paid_of_it_too():
    scenario = given(*BASE, paid(23_457, on="2026-02-05"), disputed("base", 123_457)).when(resolve("upheld"))
    assert lines(scenario) == [
        {"merchant_chargebacks": 100_000, "principal_disputed": -100_000},
        {"merchant_chargebacks": 23_457, "customer_credit": -23_457},
    ]


def test_a_payment_learnt_late_takes_income_back():
    """The example of 5.1: 12,346 that arrived on 9 February, learnt on 5 March."""
    scenario = given(*BASE, advanced(to="2026-03-05")).when(pay(12_346, value_date=date(2026, 2, 9)))
    assert lines(scenario) == [
        {"cash_transfer": 12_346, "fees_billed": -1_000, "interest_billed": -1_173, "principal_billed": -10_173},
        {"interest_billed": 1_056, "principal_billed": -2_173, "interest_income": 117, "late_fee_income": 1_000},
    ]


def test_what_was_bought_after_the_customers_death_is_charged_back_until_that_turns_out_to_be_mistaken():
    scenario = given(
        *LINE, bought("a", 100_000, on="2026-01-10"), bought("b", 50_000, on="2026-02-05"), paid(120_000)
    ).when(record_death("2026-02-01", on="2026-03-20"))
    dead = {
        "merchant_chargebacks": 50_000,
        "principal_billed": -30_000,
        "fees_unbilled": -1_000,
        "customer_credit": -20_000,
        "late_fee_income": 1_000,
    }
    assert lines(scenario, "balances.corrected") == [dead]
    assert lines(scenario, "death.recorded") == []
    scenario.when(unfreeze("deceased", on="2026-03-25"))
    assert lines(scenario) == [{account: -fen for account, fen in dead.items()}]


def test_an_officers_correction_of_principal_waits_for_whoever_audits_it():
    scenario = given(*BASE, advanced(to="2026-03-02")).when(correct(principal_billed=-700, interest_billed=-73))
    assert lines(scenario) == [
        {"principal_billed": -700, "interest_billed": -73, "interest_income": 73, "officer_correction": 700}
    ]


def derived_by_newer_rules():
    """An edition of the rules under which less interest was charged, a higher late fee, and more was given up."""
    with patch.object(events, "RULES", 2):
        changed = given(*BASE, advanced(to="2026-03-02")).when(pay(1, value_date=date(2026, 3, 1))).events[0]
    charged = {"interest_delta_fen": -50, "late_fee_delta_fen": 20, "waived_delta_fen": 5, "principal_delta_fen": 0}
    return changed.model_copy(update={"deltas": {"interest_billed": -50, "fees_billed": 20, "credit": 5}, **charged})


def test_an_edition_of_the_rules_that_charges_otherwise_is_posted_like_a_correction():
    assert dict(postings(derived_by_newer_rules())) == {
        "interest_billed": -50,
        "interest_income": 50,
        "fees_billed": 20,
        "late_fee_income": -20,
        "customer_credit": -5,
        "charges_waived": 5,
    }


def test_waived_principal_that_comes_to_otherwise_when_derived_anew_is_said_by_an_account_of_its_own():
    """All principal was waived; then it is learnt that 100,000 of it had been paid before, so that was not to waive."""
    scenario = given(*BASE, advanced(to="2026-02-05")).when(
        waive(principal=123_457), pay(100_000, value_date=date(2026, 2, 4), on="2026-02-06")
    )
    assert lines(scenario) == [
        {"principal_waived": 123_457, "principal_billed": -123_457},
        {"cash_transfer": 100_000, "customer_credit": -100_000},
        {"customer_credit": 100_000, "restatement": -100_000},
    ]


# What is lost and recovered


def test_a_loss_stays_a_receivable_and_is_written_down():
    scenario = given(*BASE).when(buy("p2", 1_000, on="2026-02-04"), write_off("fraud", on="2026-02-05"))
    assert lines(scenario, "account.charged_off") == [
        {
            "principal_unbilled": -1_000,
            "principal_billed": 1_000,
            "write_off_loss": 124_457,
            "charged_off": -124_457,
        }
    ]


def test_a_plan_that_credit_pays_in_part_is_lost_for_the_rest():
    planned = (*BASE, converted(123_457, 3, on="2026-02-03"), paid(23_457, on="2026-02-05"))
    assert lines(given(*planned).when(write_off()), "account.charged_off") == [
        {
            "principal_planned": -123_457,
            "principal_billed": 100_000,
            "customer_credit": 23_457,
            "write_off_loss": 100_000,
            "charged_off": -100_000,
        }
    ]


def test_what_is_disputed_is_no_loss_until_it_is_rejected():
    scenario = given(*BASE, disputed("base", 23_457, on="2026-02-05")).when(write_off(), resolve("rejected"))
    assert lines(scenario) == [
        {"write_off_loss": 100_000, "charged_off": -100_000},
        {
            "principal_disputed": -23_457,
            "principal_billed": 23_457,
            "charged_off": -23_457,
            "write_off_loss": 23_457,
        },
    ]


def test_what_is_disputed_of_a_loss_is_none_meanwhile():
    assert lines(given(*LOST).when(dispute("base", 23_457))) == [
        {
            "principal_billed": -23_457,
            "principal_disputed": 23_457,
            "charged_off": 23_457,
            "write_off_loss": -23_457,
        }
    ]


def test_a_payment_of_a_loss_is_a_recovery_until_it_is_returned():
    scenario = given(*LOST).when(pay(23_457, on="2026-03-01"))
    recovery = {"cash_transfer": 23_457, "principal_billed": -23_457, "charged_off": 23_457, "recoveries": -23_457}
    assert lines(scenario) == [recovery]
    assert lines(scenario.when(reverse(on="2026-03-02")), "payment.reversed") == [
        {account: -fen for account, fen in recovery.items()}
    ]


def test_a_payment_from_before_the_loss_that_is_returned_makes_the_loss_greater():
    scenario = given(*BASE, paid(23_457, on="2026-02-04"), written_off(on="2026-02-05")).when(reverse(on="2026-03-02"))
    assert lines(scenario, "payment.reversed") == [
        {"cash_transfer": -23_457, "principal_billed": 23_457, "charged_off": -23_457, "write_off_loss": 23_457}
    ]


def test_a_recovered_loss_that_is_owed_again_is_a_loss_again():
    """The account is paid when the payment comes back: only what is demanded tells that it is a loss."""
    scenario = given(*LOST, paid(123_457, on="2026-03-01")).when(reverse(on="2026-03-02"))
    assert lines(scenario, "payment.reversed") == [
        {"cash_transfer": -123_457, "principal_billed": 123_457, "charged_off": -123_457, "recoveries": 123_457}
    ]


def test_a_refund_and_a_waiver_of_a_loss_make_it_smaller():
    assert lines(given(*LOST).when(refund("base", 10_000), waive(principal=5_000))) == [
        {"merchant_refunds": 10_000, "principal_billed": -10_000, "charged_off": 10_000, "write_off_loss": -10_000},
        {"principal_waived": 5_000, "principal_billed": -5_000, "charged_off": 5_000, "write_off_loss": -5_000},
    ]


def test_undone_neither_loss_nor_recovery_is_left():
    scenario = given(*LOST).when(pay(23_457, on="2026-03-01"), undo_write_off())
    assert lines(scenario, "account.write_off_undone") == [
        {"charged_off": 100_000, "recoveries": 23_457, "write_off_loss": -123_457}
    ]
    assert lines(scenario.when(reverse(on="2026-03-02")), "payment.reversed") == [
        {"cash_transfer": -23_457, "principal_billed": 23_457}
    ]


# What is planned and taken over

PLAN = PlanCreated(
    plan_id="plan-1",
    kind="conversion",
    statement_no=1,
    amount_fen=100_000,
    fee_rate=Decimal("0.025"),
    fee_total_fen=2_500,
    schedule=(Instalment(number=1, principal_fen=100_000, fee_fen=2_500),),
    parts=(PlanPart(purchase_id="base", amount_fen=100_000),),
    minimum_lowered_fen=10_000,
)
FEE = PlanFeePosted(plan_id="plan-1", number=1, amount_fen=833, credit_applied_fen=33)
INSTALMENT = InstalmentPosted(plan_id="plan-1", number=1, principal_fen=33_333, credit_applied_fen=3_333)
SETTLED = PaymentReceived(
    payment_ref="r1",
    channel="counter",
    amount_fen=67_117,
    value_date=date(2026, 5, 20),
    applied={"principal_planned": 66_668, "fees_unbilled": 449},
    credited_fen=0,
    regime="charges_first",
    plan_id="plan-1",
)
STATEMENT = AccountBilled(
    statement_no=2,
    covers_from=date(2026, 2, 1),
    covers_to=date(2026, 2, 28),
    due_date=date(2026, 3, 10),
    balance_fen=40_000,
    minimum_fen=34_000,
    own_minimum_fen=34_000,
    lines=StatementLines(
        brought_forward_fen=0, principal_fen=5_834, instalments_fen=33_333, interest_fen=0, fees_fen=833
    ),
)
ENDED_BY_A_LOSS = AccountChargedOff(
    amounts={"principal_billed": 65_000},
    fell_due={"principal_planned": 66_667},
    credit_applied_fen=1_667,
    reason="fraud",
    standing="charged_off",
)
TAKEN_OVER = AccountMigrated(
    limit_fen=500_000,
    statement_no=3,
    balances=Owed(principal_billed=70_000, principal_planned=30_000, interest_billed=300, fees_unbilled=1_000),
    purchases_left=(),
    minima_left=(),
    plans_left=(),
    charged_off_due=None,
    regime="charges_first",
    untested_due=None,
    counters=NOTHING_COUNTED,
    history="NN1",
)


@pytest.mark.parametrize(
    ("event", "posted"),
    [
        (PLAN, {"principal_billed": -100_000, "principal_planned": 100_000}),
        (FEE, {"fees_unbilled": 800, "customer_credit": 33, "plan_fee_income": -833}),
        (INSTALMENT, {"principal_planned": -33_333, "principal_unbilled": 30_000, "customer_credit": 3_333}),
        (
            STATEMENT,
            {"principal_unbilled": -39_167, "principal_billed": 39_167, "fees_unbilled": -833, "fees_billed": 833},
        ),
        (
            ENDED_BY_A_LOSS,
            {
                "principal_planned": -66_667,
                "principal_billed": 65_000,
                "customer_credit": 1_667,
                "write_off_loss": 65_000,
                "charged_off": -65_000,
            },
        ),
        (SETTLED, {"cash_counter": 67_117, "principal_planned": -66_668, "fees_unbilled": -449}),
        (
            TAKEN_OVER,
            {
                "principal_billed": 70_000,
                "principal_planned": 30_000,
                "interest_billed": 300,
                "fees_unbilled": 1_000,
                "takeover": -101_300,
            },
        ),
        (
            TAKEN_OVER.model_copy(update={"balances": Owed(credit=700)}),
            {"customer_credit": -700, "takeover": 700},
        ),
    ],
    ids=[
        "plan",
        "its fee",
        "its instalment",
        "its statement",
        "its end by a loss",
        "its early settlement",
        "taken over",
        "taken over with credit",
    ],
)
def test_plans_and_takeovers(event, posted):
    assert summed(event) == posted


# What holds of every event


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.TYPE)
def test_every_type_of_event_is_posted_evenly_and_only_money_is(kind):
    if issubclass(kind, MoneyEvent):
        by_hand = (PLAN, FEE, INSTALMENT, TAKEN_OVER, derived_by_newer_rules())
        posted = postings((one_of_each() | {each.TYPE: each for each in by_hand})[kind.TYPE])
        assert posted
        assert sum(each.fen for each in posted) == 0
        assert all(each.fen and each.account in LEDGER_ACCOUNTS for each in posted)
    else:
        assert postings(kind.model_construct()) == ()


def test_the_chart_says_what_each_of_its_accounts_is():
    assert tuple(CHART) == LEDGER_ACCOUNTS
    assert len({each.meaning for each in CHART.values()}) == len(CHART)


# What holds of every life. Each law takes how events are posted, so that it can be shown to catch it done wrongly.


def debits_are_credits(life, post):
    for event in life.events:
        assert sum(each.fen for each in post(event)) == 0, event.TYPE


def receivables_and_credit_are_what_each_event_says_is_owed(life, post):
    posted = Counter()
    for event in life.events:
        posted.update(dict.fromkeys(LEDGER_ACCOUNTS, 0))
        for account, fen in post(event):
            posted[account] += fen
        if isinstance(event, MoneyEvent):
            found = {bucket: posted[bucket] for bucket in BUCKETS[:-1]} | {"credit": -posted["customer_credit"]}
            assert found == event.owed_after.model_dump(), event.TYPE


def stations(life, post):
    """What was posted up to each command, with the account after it."""
    posted = Counter()
    for told in life.told:
        for event in told.events:
            for account, fen in post(event):
                posted[account] += fen
        if told.after is not None:
            yield posted, told.after


def a_loss_is_written_down_to_nothing_and_is_what_was_lost_less_what_was_recovered(life, post):
    for posted, account in stations(life, post):
        ledger = account.ledger
        lost = ledger.owed - ledger.disputed if ledger.charged_off_due is not None else 0
        assert posted["charged_off"] == -lost
        assert posted["write_off_loss"] + posted["recoveries"] == lost
        assert posted["recoveries"] == -account.recovered <= 0


def income_is_what_was_charged_and_waivers_are_what_was_waived(life, post):
    for posted, account in stations(life, post):
        assert posted["charges_waived"] == account.ledger.waived
        if not any(event.TYPE == "balances.corrected" and event.cause_version is None for event in life.events):
            interest = account.ledger.interest_posted + account.ledger.plan_interest_posted
            assert -posted["interest_income"] == interest
            assert -sum(posted[f"{kind}_income"] for kind in ("interest", "late_fee", "plan_fee")) == (
                account.ledger.charges_posted
            )
        assert -posted["plan_fee_income"] == account.ledger.plan_fees_posted


def banks_and_merchants_are_told_what_happened(life, post):
    def total(kind, **said):
        found = [event for event in life.events if kind == event.TYPE]
        return sum(event.amount_fen for event in found if all(getattr(event, name) == said[name] for name in said))

    *_, (posted, _) = stations(life, post)
    for channel in get_args(Channel):
        paid_in = total("payment.received", channel=channel) - total("payment.reversed", channel=channel)
        assert posted[f"cash_{channel}"] == paid_in
    assert posted["cash_payout"] == -total("credit.refunded")
    assert posted["cash_drawn"] == -total("cash.drawn")
    assert posted["merchant_payable"] == -total("purchase.posted")
    assert posted["merchant_refunds"] == total("purchase.refunded")
    assert posted["merchant_chargebacks"] == total("dispute.resolved", outcome="upheld") + bought_after_death(life)


def bought_after_death(life):
    """What never counted for that; nothing any more where the death was a mistake."""
    dropped = 0
    for event in life.events:
        if event.TYPE == "death.recorded":
            dropped = sum(each.amount_fen for each in event.dropped)
        elif event.TYPE == "account.unfrozen" and event.reason == "deceased":
            dropped = 0
    return dropped


def only_waived_principal_and_officers_corrections_come_to_otherwise(life, post):
    *_, (posted, _) = stations(life, post)
    decided = [
        event
        for event in life.events
        if (event.TYPE == "debt.waived" and event.principal_fen)
        or (event.TYPE == "balances.corrected" and event.cause_version is None)
    ]
    if not decided:
        assert posted["restatement"] == posted["officer_correction"] == 0


LAWS = (
    debits_are_credits,
    receivables_and_credit_are_what_each_event_says_is_owed,
    a_loss_is_written_down_to_nothing_and_is_what_was_lost_less_what_was_recovered,
    income_is_what_was_charged_and_waivers_are_what_was_waived,
    banks_and_merchants_are_told_what_happened,
    only_waived_principal_and_officers_corrections_come_to_otherwise,
)
laws = pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)


@laws
def test_the_law_holds_over_lives_in_time_and_late_and_in_instalments_and_of_loans(law):
    for life in (*wanderers(), *late_wanderers(), *planners(), *borrowers(), *agreeing()):
        law(life, postings)


@settings(max_examples=so_many(25), deadline=None)
@over(st.integers(1_000, 10**9))
def test_every_law_holds_over_other_lives_too(seed):
    for life in (wandering(seed), wandering_late(seed), wandering_in_loans(seed), wandering_in_agreements(seed)):
        for law in LAWS:
            law(life, postings)


def test_the_lives_post_to_every_account_that_such_lives_can_reach():
    posted = {each.account for life in (*wanderers(), *late_wanderers()) for event in life.events for each in postings(event)}  # fmt: skip
    other_channels = {"cash_auto_debit", "cash_counter", "cash_adjustment"}
    plans = {account for account in LEDGER_ACCOUNTS if "plan" in account}
    assert posted | other_channels | plans | {"takeover", "cash_drawn"} == set(LEDGER_ACCOUNTS)


def without(account):
    return lambda event: tuple(each for each in postings(event) if each.account != account)


def instead_of(wrong, right, **kinds):
    """Lines to one account go to another, where the event says so."""

    def post(event):
        if any(getattr(event, name, None) != value for name, value in kinds.items()):
            return postings(event)
        return tuple(Posting(right if each.account == wrong else each.account, each.fen) for each in postings(event))

    return post


@pytest.mark.parametrize(
    ("law", "wrongly"),
    [
        (debits_are_credits, without("customer_credit")),
        (receivables_and_credit_are_what_each_event_says_is_owed, instead_of("interest_billed", "fees_billed")),
        (LAWS[2], without("charged_off")),
        (LAWS[2], instead_of("recoveries", "write_off_loss", TYPE="payment.reversed")),
        (LAWS[2], instead_of("write_off_loss", "recoveries", TYPE="dispute.opened")),
        (LAWS[3], instead_of("charges_waived", "principal_waived")),
        (LAWS[3], instead_of("late_fee_income", "interest_income", TYPE="balances.corrected")),
        (LAWS[4], instead_of("cash_payout", "cash_transfer")),
        (LAWS[4], instead_of("merchant_chargebacks", "merchant_refunds", TYPE="dispute.resolved")),
        (LAWS[4], instead_of("merchant_chargebacks", "restatement", TYPE="balances.corrected")),
        (LAWS[5], instead_of("merchant_chargebacks", "restatement", TYPE="balances.corrected")),
    ],
)
def test_the_law_catches_what_is_posted_wrongly(law, wrongly):
    caught = 0
    for life in (*wanderers(), *late_wanderers()):
        try:
            law(life, wrongly)
        except AssertionError:
            caught += 1
    assert caught
