"""The rulebook's known answers, each by its number, and the worked examples of its text; amounts in fen."""

import json
from datetime import date

import pytest

from domain.events import (
    AccountBilled,
    AccountChargedOff,
    AccountCured,
    AccountFrozen,
    AccountOverdue,
    AccountPaid,
    AccountStandingChanged,
    BalancesCorrected,
    DebtWaived,
    InstalmentPosted,
    InterestPosted,
    LateFeePosted,
    PaymentReceived,
    PaymentReversed,
    PlanCreated,
    PlanFeePosted,
    PlanSettledEarly,
    PurchasePosted,
    PurchaseRefunded,
)
from infra.simulation.figures import state, told
from infra.simulation.life import live
from infra.simulation.scenario import read
from tests.simulated import retold
from tests.specification import (
    BASE,
    LINE,
    Scenario,
    activated,
    advance,
    advanced,
    bought,
    buy,
    convert,
    converted,
    event,
    given,
    opened,
    paid,
    pay,
    refund,
    refunded,
    reverse,
    settle,
    terms,
)


@pytest.fixture(autouse=True)
def as_told_to_the_simulator(monkeypatch):
    """Every life of this room is told to the simulator too, as a document, and must come to the same figures there."""
    lives = []
    begins = Scenario.__init__

    def begin(life):
        begins(life)
        lives.append(life)

    monkeypatch.setattr(Scenario, "__init__", begin)
    yield
    assert lives
    for life in lives:
        account = life.account
        document = retold(life.asked) | {"show": [f"{account.business_date}"]}
        simulated = told(live(read(json.dumps(document).encode())))
        assert simulated["states"][f"{account.business_date}"] == json.loads(
            json.dumps(state(account, account.business_date, None), default=str)
        )
        assert len(simulated["events"]) == account.version
        printed = [(each["date"], each["minimum_fen"]) for each in simulated["statements"]]
        assert printed == [(f"{each.on}", each.minimum) for each in account.issued]


GRACE = terms(grace_days=3)
FROM_POSTING = terms(interest_method="from_posting")
BASE_FROM_POSTING = (opened(agreed=FROM_POSTING), activated(), bought("base", 123_457, on="2026-01-10"))
BASE_WITH_GRACE = (opened(agreed=GRACE), activated(), bought("base", 123_457, on="2026-01-10"))


def test_case_1_a_statement_demands_ten_percent_rounded_up():
    given(*BASE).when(advance(to="2026-02-01")).then(
        event(
            AccountBilled,
            statement_no=1,
            covers_from="2026-01-05",
            covers_to="2026-01-31",
            due_date="2026-02-10",
            balance_fen=123_457,
            minimum_fen=12_346,
            own_minimum_fen=12_346,
        )
    ).owes(principal_billed=123_457).stands(standing="billed", minimum_due=12_346, arrears=0, dpd=0)


@pytest.mark.parametrize(
    ("price", "minimum", "late_fee"), [(8_050, 1_000, 1_000), (620, 620, 620), (5_000_000, 500_000, 25_000)]
)
def test_case_2_a_missed_minimum_costs_a_late_fee_between_its_floor_and_the_minimum(price, minimum, late_fee):
    given(*LINE, bought("p1", price, on="2026-01-10")).when(advance(to="2026-02-11")).then(
        event(AccountBilled, balance_fen=price, minimum_fen=minimum),
        event(LateFeePosted, statement_no=1, base_fen=minimum, amount_fen=late_fee, business_date="2026-02-11"),
        event(AccountOverdue, missed_fen=minimum, dpd=1),
    ).owes(principal_billed=price, fees_unbilled=late_fee)


def test_case_3_the_due_day_is_on_time_until_midnight_where_the_account_lives():
    given(*BASE).when(pay(12_346, on="2026-02-10T15:59:59Z"), advance(to="2026-02-28")).then(
        event(AccountBilled),
        event(PaymentReceived, value_date="2026-02-10", applied={"principal_billed": 12_346}, dpd_after=0),
    ).owes(principal_billed=111_111).stands(standing="billed", minimum_due=0)


def test_case_3_one_second_later_is_late_and_cured_at_once():
    given(*BASE, advanced(to="2026-02-10")).when(pay(12_346, on="2026-02-10T16:00:00Z")).then(
        event(LateFeePosted, amount_fen=1_000, dpd_after=1),
        event(AccountOverdue, dpd=1, standing="overdue"),
        event(PaymentReceived, value_date="2026-02-11", applied={"principal_billed": 12_346}, dpd_after=0),
        event(AccountCured, standing="billed"),
    ).owes(principal_billed=111_111, fees_unbilled=1_000)


def test_case_4_a_purchase_posts_on_the_date_of_the_accounts_zone():
    given(*LINE).when(buy("p1", 123_457, on="2026-01-31T16:30:00Z"), advance(to="2026-03-01")).then(
        event(PurchasePosted, business_date="2026-02-01"),
        event(AccountBilled, statement_no=1, business_date="2026-03-01", balance_fen=123_457, covers_to="2026-02-28"),
    ).owes(principal_billed=123_457)


def test_case_5_interest_of_a_missed_statement_runs_from_its_due_date():
    given(*BASE, advanced(to="2026-02-28")).when(advance(to="2026-03-01")).then(
        event(InterestPosted, amount_fen=1_173, fen_days=2_345_683, total_posted_fen=1_173),
        event(AccountBilled, statement_no=2, balance_fen=125_630, minimum_fen=25_631, own_minimum_fen=13_285),
    ).owes(principal_billed=123_457, interest_billed=1_173, fees_billed=1_000).stands(
        standing="overdue", minimum_due=25_631, arrears=12_346, dpd=19
    )


def test_case_6_who_pays_the_minimum_in_time_pays_interest_on_the_rest_and_no_late_fee():
    given(*BASE, paid(12_346, on="2026-02-10")).when(advance(to="2026-03-01")).then(
        event(InterestPosted, amount_fen=1_056),
        event(AccountBilled, balance_fen=112_167, minimum_fen=12_168, own_minimum_fen=12_168, standing="billed"),
    ).owes(principal_billed=111_111, interest_billed=1_056)


CASE_7 = (*BASE, advanced(to="2026-03-05"), paid(10_000, on="2026-03-05"))


def test_case_7_until_ninety_days_late_a_payment_pays_charges_first():
    given(*CASE_7[:-1]).when(CASE_7[-1]).then(
        event(
            PaymentReceived,
            applied={"fees_billed": 1_000, "interest_billed": 1_173, "principal_billed": 7_827},
            credited_fen=0,
            regime="charges_first",
            minimum_due_after=15_631,
            dpd_after=23,
        )
    ).owes(principal_billed=115_630)


def test_case_8_on_day_ninety_a_payment_still_pays_charges_first():
    given(*BASE, advanced(to="2026-05-11")).stands(dpd=90).when(pay(50_000, on="2026-05-11")).then(
        event(
            PaymentReceived,
            applied={"fees_billed": 3_000, "interest_billed": 4_938, "principal_billed": 42_062},
            minimum_due_after=396,
        )
    ).owes(principal_billed=81_395, fees_unbilled=1_000)


def test_case_9_on_day_ninety_one_a_payment_pays_principal_first():
    given(*BASE, advanced(to="2026-05-12")).stands("2026-05-12", dpd=91).when(pay(50_000, on="2026-05-12")).then(
        event(PaymentReceived, applied={"principal_billed": 50_000}, regime="principal_first", minimum_due_after=396)
    ).owes(principal_billed=73_457, interest_billed=4_938, fees_billed=3_000, fees_unbilled=1_000)


def test_case_10_credit_pays_new_purchases_and_nothing_owed_means_no_statement():
    given(*BASE).when(pay(130_000, on="2026-02-05"), buy("p2", 5_000, on="2026-02-12"), advance(to="2026-03-01")).then(
        event(AccountBilled, statement_no=1),
        event(PaymentReceived, applied={"principal_billed": 123_457}, credited_fen=6_543),
        event(AccountPaid, statement_no=1),
        event(PurchasePosted, credit_applied_fen=5_000),
    ).owes(credit=1_543)


def test_case_11_a_refund_of_what_was_paid_becomes_credit():
    given(*BASE, paid(123_457, on="2026-02-10")).when(
        refund("base", 23_457, on="2026-02-14"), advance(to="2026-03-01")
    ).then(event(PurchaseRefunded, applied={}, credited_fen=23_457)).owes(credit=23_457).stands(accrued=0)


def test_case_12_a_refund_meets_the_minimum_as_a_payment_does():
    given(*BASE).when(refund("base", 23_457, on="2026-02-05"), advance(to="2026-02-11")).then(
        event(AccountBilled, minimum_fen=12_346),
        event(PurchaseRefunded, applied={"principal_billed": 23_457}, minimum_due_after=0),
    ).owes(principal_billed=100_000).stands("2026-02-11", standing="billed", dpd=0, minimum_due=0)


def test_case_13_within_the_grace_days_nothing_more_is_charged():
    given(*BASE_WITH_GRACE).when(pay(123_457, on="2026-02-13"), advance(to="2026-03-01")).then(
        event(AccountBilled), event(PaymentReceived, applied={"principal_billed": 123_457}), event(AccountPaid)
    ).owes()


def test_case_13_a_day_after_the_grace_days_it_is_late_from_the_due_date():
    given(*BASE_WITH_GRACE).when(advance(to="2026-02-13")).then(event(AccountBilled)).when(
        pay(123_457, on="2026-02-14")
    ).then(
        event(LateFeePosted, amount_fen=1_000, dpd_after=4),
        event(AccountOverdue, dpd=4, due_date="2026-02-10"),
        event(PaymentReceived, applied={"principal_billed": 123_457}),
        event(AccountCured),
        event(AccountPaid),
    ).owes(fees_unbilled=1_000).when(advance(to="2026-03-01")).then(
        event(InterestPosted, amount_fen=247), event(AccountBilled, balance_fen=1_247)
    ).owes(fees_billed=1_000, interest_billed=247)


STATEMENT_OF_MARCH = advanced(to="2026-03-01")


def late(fen, value_date, on="2026-03-05", ref="payment-1"):
    """Money that arrived on `value_date` and was learnt on `on`."""
    return pay(fen, on=on, ref=ref, value_date=date.fromisoformat(value_date))


def test_case_14_a_minimum_that_was_paid_in_time_was_never_missed():
    """Also the example of 5.1. The statement of 1 March stays printed; what it still demands is what it should have."""
    given(*BASE, STATEMENT_OF_MARCH).when(late(12_346, "2026-02-09")).then(
        event(PaymentReceived, applied={"fees_billed": 1_000, "interest_billed": 1_173, "principal_billed": 10_173}),
        event(
            BalancesCorrected,
            deltas={"interest_billed": 1_056, "principal_billed": -2_173},
            interest_delta_fen=-117,
            late_fee_delta_fen=-1_000,
            waived_delta_fen=0,
            principal_delta_fen=0,
        ),
        event(AccountCured),
    ).owes(principal_billed=111_111, interest_billed=1_056).stands(
        minimum_due=12_168, arrears=0, dpd=0, accrued=222, standing="billed"
    )


@pytest.mark.parametrize("order", [1, -1])
def test_case_15_what_is_learnt_the_same_day_leads_to_the_same_in_either_order(order):
    learnt = (late(12_346, "2026-02-09"), late(5_000, "2026-02-20", ref="payment-2"))[::order]
    given(*BASE, STATEMENT_OF_MARCH).when(*learnt).owes(principal_billed=106_111, interest_billed=1_033).stands(
        minimum_due=11_645, accrued=212, dpd=0, standing="billed"
    )


def test_case_16_a_payment_that_was_returned_never_counted():
    given(*BASE, paid(123_457, on="2026-02-10")).when(reverse(on="2026-02-14")).then(
        event(PaymentReversed, restored={"principal_billed": 123_457}, credit_taken_fen=0),
        event(BalancesCorrected, late_fee_delta_fen=1_000, from_date="2026-02-10"),
        event(AccountStandingChanged, move="reopen", standing="overdue"),
    ).owes(principal_billed=123_457, fees_unbilled=1_000).stands(dpd=4, accrued=247, minimum_due=12_346)


def test_case_37_a_late_payment_of_more_than_was_ever_owed_gives_back_what_the_cap_waives():
    line = (*LINE, bought("p1", 1_620, on="2026-01-20"), paid(20_000, on="2026-03-15", ref="payment-0"))
    given(*line, advanced(to="2026-04-01")).owes(credit=18_323).when(late(123_457, "2026-03-06", on="2026-04-02")).then(
        event(PaymentReceived), event(BalancesCorrected)
    ).owes(credit=141_791).stands(accrued=0, waived=973)


def test_case_17_from_posting_what_was_paid_in_time_bears_interest_too_where_the_rest_was_not():
    """Also Example C of 4.1: 123,457 x 31 days + 23,457 x 19 days = 4,272,850 fen-days."""
    given(*BASE_FROM_POSTING, paid(100_000, on="2026-02-10")).when(advance(to="2026-03-01")).then(
        event(InterestPosted, amount_fen=2_136, fen_days=4_272_850),
        event(AccountBilled, balance_fen=25_593, minimum_fen=4_482),
    ).owes(principal_billed=23_457, interest_billed=2_136)


def test_case_17_from_posting_a_statement_paid_in_full_costs_nothing():
    given(*BASE_FROM_POSTING, paid(123_457, on="2026-02-10")).when(advance(to="2026-03-01")).then().owes()


def test_example_4_1_c_after_the_due_date_the_same_payment_leaves_a_tenth_of_the_interest():
    given(*BASE, paid(100_000, on="2026-02-10")).when(advance(to="2026-03-01")).then(
        event(InterestPosted, amount_fen=223), event(AccountBilled)
    ).owes(principal_billed=23_457, interest_billed=223)


def test_case_18_a_leap_year_has_one_day_more_of_interest():
    given(opened(on="2028-01-05"), activated(), bought("base", 123_457, on="2028-01-10")).when(
        advance(to="2028-03-01")
    ).then(
        event(AccountBilled, balance_fen=123_457),
        event(LateFeePosted, amount_fen=1_000),
        event(AccountOverdue),
        event(InterestPosted, amount_fen=1_235, fen_days=20 * 123_457),
        event(AccountBilled, balance_fen=125_692, minimum_fen=25_693),
    ).owes(principal_billed=123_457, interest_billed=1_235, fees_billed=1_000)


def test_case_19_the_all_in_cap_gives_up_late_fees_first():
    given(*LINE, bought("p1", 30_000, on="2026-01-10"), advanced(to="2026-02-11")).when(advance(to="2026-03-01")).then(
        event(InterestPosted, amount_fen=285),
        event(DebtWaived, fees_fen=299, interest_fen=0, refunded_fen=0, reason="cap"),
        event(AccountBilled, balance_fen=30_986, minimum_fen=6_686),
    ).owes(principal_billed=30_000, interest_billed=285, fees_billed=701)


def test_case_36_what_the_cap_gives_up_of_charges_already_paid_becomes_credit():
    given(*LINE, bought("p1", 30_000, on="2026-01-10"), paid(31_000, on="2026-02-11")).owes().when(
        advance(to="2026-03-01")
    ).then(
        event(InterestPosted, amount_fen=15),
        event(DebtWaived, fees_fen=0, interest_fen=15, refunded_fen=369, credit_applied={}),
    ).owes(credit=369)


def test_case_36_the_payoff_quote_of_the_day_leaves_nothing_to_give_back():
    given(*LINE, bought("p1", 30_000, on="2026-01-10"), paid(30_631, on="2026-02-11")).owes(fees_unbilled=369).when(
        advance(to="2026-03-01")
    ).then(
        event(InterestPosted, amount_fen=15), event(DebtWaived, fees_fen=369, interest_fen=15, refunded_fen=0)
    ).owes()


def test_case_43_from_posting_what_is_left_within_tolerance_bears_as_after_the_due_date():
    tolerant = terms(interest_method="from_posting", tolerance=1_000)
    line = (opened(agreed=tolerant), activated(), bought("base", 123_457, on="2026-01-10"))
    given(*line, paid(122_457, on="2026-02-10")).when(advance(to="2026-03-01")).then(
        event(InterestPosted, amount_fen=10), event(AccountBilled, balance_fen=1_010, minimum_fen=1_000)
    ).owes(principal_billed=1_000, interest_billed=10)


def test_case_44_a_minimum_is_in_arrears_only_once_it_was_missed():
    given(*CASE_7).stands(minimum_due=15_631, arrears=2_346).when(advance(to="2026-03-11")).then(
        event(LateFeePosted, statement_no=2, amount_fen=1_000, arrears_after=15_631),
        event(AccountOverdue, statement_no=2, missed_fen=13_285),
    ).owes(principal_billed=115_630, fees_unbilled=1_000).stands(dpd=29, minimum_due=15_631)


# Paying in instalments


def planned(account, plan_id="plan-1"):
    """The principal of each instalment that is still to come, and its fee."""
    coming = account.ledger.plans[plan_id].instalments
    return [each.principal_fen for each in coming], [each.fee_fen for each in coming]


def test_case_24_the_last_instalment_takes_the_remainders():
    life = given(*LINE, bought("p1", 99_999, on="2026-01-10")).when(convert(99_999, 12, on="2026-02-03"))
    life.then(event(AccountBilled), event(PlanCreated, fee_total_fen=8_800), event(AccountStandingChanged))
    assert planned(life.account) == ([8_333] * 11 + [8_336], [733] * 11 + [737])


CASE_25 = (*BASE, bought("more", 76_543, on="2026-01-20"))


def test_case_25_an_instalment_is_part_of_its_statements_minimum_in_full():
    life = (
        given(*CASE_25)
        .when(convert(100_000, 3, on="2026-02-03"))
        .then(
            event(AccountBilled, balance_fen=200_000, minimum_fen=20_000),
            event(PlanCreated, amount_fen=100_000, fee_total_fen=2_500, minimum_lowered_fen=10_000),
        )
    )
    life.owes(principal_billed=100_000, principal_planned=100_000).stands(minimum_due=10_000, standing="billed")
    life.when(pay(100_000, on="2026-02-10"), advance(to="2026-03-01")).then(
        event(PaymentReceived, applied={"principal_billed": 100_000}),
        event(AccountPaid),
        event(PlanFeePosted, number=1, amount_fen=833),
        event(InstalmentPosted, number=1, principal_fen=33_333),
        event(AccountBilled, balance_fen=34_166, minimum_fen=34_166, own_minimum_fen=34_166),
    ).owes(principal_billed=33_333, fees_billed=833, principal_planned=66_667)


CASE_26 = (*LINE, bought("p1", 120_000, on="2026-01-10"), converted(120_000, 6, on="2026-02-03"))


@pytest.mark.parametrize(
    ("back", "left", "credit"),
    [(50_000, ([20_000, 20_000, 10_000, 0, 0], [900, 900, 900, 0, 0]), 0), (120_000, None, 20_000)],
)
def test_case_26_a_refund_takes_instalments_from_the_last_backwards_and_their_fees_with_them(back, left, credit):
    life = given(*CASE_26, paid(20_900, on="2026-03-05")).when(refund("p1", back, on="2026-03-20"))
    life.owes(principal_planned=max(0, 100_000 - back), credit=credit)
    assert (planned(life.account) if life.account.ledger.plans else None) == left


CASE_38 = (*LINE, bought("p1", 200_000, on="2026-01-10"))


def test_case_38_a_refund_takes_what_is_left_of_the_purchase_before_its_instalments():
    life = given(*CASE_38, converted(100_000, 3, on="2026-02-03"), refunded("p1", 50_000, on="2026-02-05"))
    life.owes(principal_billed=50_000, principal_planned=100_000).stands(minimum_due=0)
    life.when(advance(to="2026-03-01")).then(
        event(PlanFeePosted, amount_fen=833),
        event(InterestPosted, amount_fen=475),
        event(InstalmentPosted, principal_fen=33_333),
        event(AccountBilled, balance_fen=84_641, minimum_fen=39_641),
    )


def test_case_39_a_refund_before_the_conversion_leaves_the_plan_alone():
    life = given(*CASE_38).when(refund("p1", 100_000, on="2026-02-03"), convert(100_000, 3))
    life.owes(principal_planned=100_000).stands(standing="clear")
    life.when(advance(to="2026-03-01")).then(
        event(PlanFeePosted), event(InstalmentPosted), event(AccountBilled, balance_fen=34_166)
    )


def test_case_39_a_refund_after_the_conversion_of_the_same_day_takes_from_the_plan():
    life = given(*CASE_38).when(convert(200_000, 3, on="2026-02-03"), refund("p1", 100_000))
    life.owes(principal_planned=100_000)
    assert planned(life.account) == ([66_666, 33_334, 0], [1_666, 1_666, 0])


def test_case_39_a_payment_learnt_late_leaves_the_plan_as_it_was_made_and_the_rest_is_credit():
    life = given(*CASE_38, converted(100_000, 3, on="2026-02-03"))
    life.when(late(150_000, "2026-02-02", on="2026-02-06")).owes(principal_planned=100_000, credit=50_000)
    assert planned(life.account)[0] == [33_333, 33_333, 33_334]


def test_case_40_what_was_carried_into_the_statement_is_converted_first():
    history = (*BASE, paid(12_346, on="2026-02-10"), bought("p2", 50_000, on="2026-02-20"))
    life = given(*history).when(convert(50_000, 3, on="2026-03-03"))
    life.owes(principal_billed=111_111, principal_planned=50_000, interest_billed=1_056).stands(minimum_due=12_168)
    assert life.account.ledger.slices["base"].unpaid == 61_111
    life.when(advance(to="2026-04-01")).then(
        event(LateFeePosted, amount_fen=1_000),
        event(AccountOverdue),
        event(PlanFeePosted, amount_fen=416),
        event(InterestPosted, amount_fen=1_547),
        event(InstalmentPosted, principal_fen=16_666),
        event(AccountBilled, balance_fen=131_796, minimum_fen=41_797),
    )


def test_case_41_a_plan_settled_early_costs_the_fee_of_the_days_used():
    history = (*LINE, bought("p1", 100_000, on="2026-01-10"), converted(100_000, 12, on="2026-02-03"))
    given(*history).when(settle(100_197, on="2026-02-10")).then(
        event(PlanFeePosted, number=1, amount_fen=197),
        event(PaymentReceived, plan_id="plan-1", applied={"principal_planned": 100_000, "fees_unbilled": 197}),
        event(PlanSettledEarly, principal_fen=100_000, fee_fen=197),
    ).owes().when(advance(to="2026-12-31")).nothing_happened()


# The worked examples of the text


@pytest.mark.parametrize(("in_time", "interest"), [(0, 1_173), (12_346, 1_056)])
def test_example_4_1_interest_is_the_rate_on_nineteen_closing_balances(in_time, interest):
    life = given(*BASE, paid(in_time, on="2026-02-10")) if in_time else given(*BASE)
    life.when(advance(to="2026-02-28")).stands("2026-03-01", accrued=interest)


def test_example_4_1_paying_the_billed_amount_late_leaves_the_interest_of_the_days_between():
    given(*BASE, paid(123_457, on="2026-02-25")).owes(fees_unbilled=1_000).when(advance(to="2026-03-01")).then(
        event(InterestPosted, amount_fen=926, fen_days=15 * 123_457),
        event(AccountBilled, balance_fen=1_926),
    ).owes(interest_billed=926, fees_billed=1_000)


def test_example_4_1_a_purchase_paid_before_its_bill_day_never_bears_interest():
    given(*BASE, paid(123_457, on="2026-01-31")).when(advance(to="2026-12-31")).nothing_happened().owes().stands(
        standing="clear"
    )


def test_example_4_2_the_rest_is_what_no_minimum_has_demanded_yet():
    rest = 125_630 - 12_346 - 2_173
    own_minimum = 2_173 + -(-rest // 10)
    given(*BASE, advanced(to="2026-02-28")).when(advance(to="2026-03-01")).then(
        event(InterestPosted), event(AccountBilled, minimum_fen=12_346 + own_minimum, own_minimum_fen=own_minimum)
    ).stands(minimum_due=25_631)


def test_example_4_3_a_late_fee_of_five_percent_is_raised_to_its_floor():
    given(*BASE, advanced(to="2026-02-10")).when(advance(to="2026-02-11")).then(
        event(LateFeePosted, base_fen=12_346, amount_fen=1_000), event(AccountOverdue)
    )


def test_case_29_an_unpaid_line_is_charged_off_on_its_hundred_and_eightieth_day_past_due():
    life = given(*BASE, advanced(to="2026-08-08")).when(advance(to="2026-08-09"))
    life.then(
        event(InterestPosted),
        event(
            AccountChargedOff,
            business_date="2026-08-09",
            amounts={"principal_billed": 123_457, "interest_billed": 11_111, "fees_billed": 5_861},
            dpd_after=180,
            minimum_due_after=140_429,
            arrears_after=140_429,
        ),
        event(AccountFrozen, reason="charged_off"),
    ).owes(principal_billed=123_457, interest_billed=11_111, fees_billed=5_861)
    assert life.account.next_event_on() is None
    life.when(advance(to="2026-09-15")).nothing_happened()


def test_case_42_a_charge_off_stands_on_its_day_and_only_its_split_is_restated():
    learnt = pay(60_000, on="2026-08-20", value_date=date(2026, 7, 20))
    life = given(*BASE, advanced(to="2026-08-19")).when(learnt)
    life.owes(principal_billed=63_457, interest_billed=10_511, fees_billed=5_748).stands(standing="charged_off")
    assert life.account.original_charge_off == {
        "principal_billed": 123_457,
        "interest_billed": 11_111,
        "fees_billed": 5_861,
    }
    life.when(advance(to="2026-09-15")).nothing_happened()


def test_case_30_a_late_fee_is_never_more_than_the_principal_that_was_missed():
    given(*BASE, paid(123_457, on="2026-02-25"), advanced(to="2026-03-01")).when(advance(to="2026-03-11")).then(
        event(AccountOverdue, statement_no=2, missed_fen=1_926, dpd=1)
    ).owes(interest_billed=926, fees_billed=1_000).stands(standing="overdue")


def test_case_31_paying_the_oldest_minimum_rolls_the_days_past_due_back_to_the_next():
    given(*BASE, advanced(to="2026-04-20")).stands("2026-04-20", dpd=69).when(pay(27_719, on="2026-04-20")).stands(
        dpd=10
    ).when(advance(to="2026-05-01")).stands("2026-05-31", dpd=51)


def test_example_4_6_a_fee_plan_of_which_four_are_billed_is_settled_by_the_days_of_the_fifth_cycle():
    """66,668 of principal, and of the fee of 733 nineteen days of the thirty-one from 1 May to 1 June."""
    line = (opened(on="2025-12-05"), activated(), bought("p1", 100_000, on="2025-12-10"))
    instalments = [paid(8_333 + 733, on=f"2026-0{month}-05", ref=f"payment-{month}") for month in range(2, 6)]
    given(*line, converted(100_000, 12, on="2026-01-05"), *instalments).when(settle(67_117, on="2026-05-20")).then(
        event(PlanFeePosted, number=5, amount_fen=449),
        event(PaymentReceived, applied={"principal_planned": 66_668, "fees_unbilled": 449}),
        event(PlanSettledEarly, principal_fen=66_668, fee_fen=449),
    ).owes().stands(standing="paid")
