"""Cash loans: drawn, billed, repaid, overdue, paid early; the rulebook's worked examples of 4.5 and 4.6 among them."""

from datetime import date
from decimal import Decimal

import pytest

from domain.derivation import Derivation
from domain.events import (
    AccountBilled,
    AccountChargedOff,
    AccountCured,
    AccountFrozen,
    AccountOverdue,
    AccountPaid,
    CashDrawn,
    InstalmentPosted,
    InterestPosted,
    PaymentReceived,
    PlanCreated,
    PlanFeePosted,
    PlanPrepaid,
    PlanSettledEarly,
)
from domain.terms import CASH_LOAN, CASH_LOAN_EVEN
from tests.specification import (
    DRAWN,
    LINE,
    LOAN,
    activated,
    advance,
    advanced,
    authorize,
    buy,
    change_bill_day,
    convert,
    corrected,
    death_recorded,
    draw,
    drawn,
    event,
    given,
    loan_terms,
    open_line,
    opened,
    paid,
    pay,
    prepaid,
    prepay,
    reverse,
    settle,
    waived,
)


def schedule_of(life):
    """What falls due when: date, principal, interest."""
    (plan,) = life.account.ledger.plans.values()
    return [(str(each.due_date), each.principal_fen, each.interest_fen) for each in plan.instalments]


# Drawing


def test_a_loan_leaves_to_the_customer_and_falls_due_as_its_plan_says():
    life = given(*LOAN).when(draw(1_000_000, 12, on="2026-01-15"))
    life.then(
        event(CashDrawn, draw_id="draw-of-loan-1", plan_id="loan-1", amount_fen=1_000_000),
        event(PlanCreated, kind="draw", annual_rate=Decimal("0.1440"), scheme="annuity", next_event_on="2026-02-12"),
    ).owes(principal_planned=1_000_000).stands(available=4_000_000, standing="clear", minimum_due=0)
    schedule = schedule_of(life)
    assert schedule[0] == ("2026-02-15", 77_975, 12_000)
    assert schedule[-1] == ("2027-01-15", 88_913, 1_067)
    assert {principal + interest for _, principal, interest in schedule[:-1]} == {89_975}
    assert sum(interest for _, _, interest in schedule) == 79_705


def test_case_20_an_annuity_of_six_months():
    life = given(opened(agreed=loan_terms(annual_rate=Decimal("0.07"), limit_min=1_000)), activated()).when(
        draw(10_000, 6, on="2026-01-15")
    )
    assert [each[1:] for each in schedule_of(life)] == [
        (1_643, 58), (1_652, 49), (1_662, 39), (1_672, 29), (1_681, 20), (1_690, 10),
    ]  # fmt: skip


def test_case_21_what_is_left_over_comes_with_the_last_instalment():
    life = given(opened(agreed=loan_terms(annual_rate=Decimal("0.045"))), activated(20_000_000)).when(
        draw(10_000_000, 60, on="2026-01-15")
    )
    payments = [principal + interest for _, principal, interest in schedule_of(life)]
    assert (set(payments[:-1]), payments[-1]) == ({186_430}, 186_443)


def test_case_23_even_principal_with_interest_by_the_day_on_a_day_that_months_clip():
    life = given(opened(agreed=CASH_LOAN_EVEN), activated()).when(draw(1_000_000, 3, on="2026-01-31"))
    assert [(due, principal + interest) for due, principal, interest in schedule_of(life)] == [
        ("2026-02-28", 344_533),
        ("2026-03-31", 341_600),
        ("2026-04-30", 337_334),
    ]


def test_case_23_in_a_leap_year():
    life = given(opened(on="2028-01-05", agreed=CASH_LOAN_EVEN), activated()).when(draw(1_000_000, 3, on="2028-01-31"))
    assert schedule_of(life)[0] == ("2028-02-29", 333_333, 11_600)


def test_all_principal_comes_with_the_last_instalment_where_only_interest_is_paid_before():
    life = given(opened(agreed=loan_terms(schedule="interest_only")), activated()).when(
        draw(1_000_000, 3, on="2026-01-15")
    )
    assert schedule_of(life) == [
        ("2026-02-15", 0, 12_400),
        ("2026-03-15", 0, 11_200),
        ("2026-04-15", 1_000_000, 12_400),
    ]
    life.when(advance(to="2026-02-12")).then(
        event(InterestPosted, kind="plan", amount_fen=12_400, plan_id="loan-1", number=1),
        event(InstalmentPosted, principal_fen=0),
        event(AccountBilled, balance_fen=12_400, minimum_fen=12_400, due_date="2026-02-15"),
    )


def test_a_loan_that_costs_nothing_is_repaid_evenly():
    life = given(opened(agreed=loan_terms(annual_rate=Decimal(0))), activated()).when(draw(100_000, 3, on="2026-01-15"))
    assert [each[1:] for each in schedule_of(life)] == [(33_333, 0), (33_333, 0), (33_334, 0)]


@pytest.mark.parametrize(
    ("asked", "reason", "numbers"),
    [
        (draw(5_000_001, 12), "over_limit", {"field": "amount_fen", "asked": 5_000_001, "available": 5_000_000}),
        (draw(11, 12), "amount_invalid", {"field": "amount_fen", "asked": 11, "lowest": 12}),
        (draw(100, 12, risk_rule="stacking"), "declined_by_risk", {"rule": "stacking"}),
        (buy("p1", 100), "not_offered", {"asked": "purchase", "product": "cash_loan", "offered_by": "pay_later"}),
        (
            authorize("h1", 100),
            "not_offered",
            {"asked": "authorize", "product": "cash_loan", "offered_by": "pay_later"},
        ),
        (
            convert(100, 3),
            "not_offered",
            {"asked": "convert_to_plan", "product": "cash_loan", "offered_by": "pay_later"},
        ),
        (
            change_bill_day(5, "2026-03-01"),
            "not_offered",
            {"asked": "change_bill_day", "product": "cash_loan", "offered_by": "pay_later"},
        ),
    ],
)
def test_what_a_loan_account_refuses(asked, reason, numbers):
    given(*LOAN).when(asked).refused(reason, **numbers)


def test_a_line_lends_no_cash():
    given(*LINE).when(draw(100_000, 12)).refused(
        "not_offered", asked="draw", product="pay_later", offered_by="cash_loan"
    )


def test_the_product_is_that_of_the_terms():
    given().when(open_line(agreed=CASH_LOAN, product="pay_later")).refused(
        "terms_incompatible", field="product", asked="pay_later", agreed="cash_loan"
    )
    given().when(open_line(agreed=CASH_LOAN, bill_day=5)).refused(
        "not_offered", field="bill_day", asked=5, product="cash_loan", offered_by="pay_later"
    )


def test_drawing_twice_is_drawing_once():
    life = given(*DRAWN)
    life.when(draw(1_000_000, 12)).nothing_happened()
    life.when(draw(1_000_000, 6)).refused(
        "draw_id_reused", field="draw_id", reference="draw-of-loan-1", differs="months", first=12, asked=6
    )
    life.when(draw(1_000, 6, draw_id="another")).refused("plan_id_reused", field="plan_id", reference="loan-1")


def test_no_loan_is_drawn_while_one_is_overdue():
    given(*DRAWN, advanced(to="2026-02-16")).when(draw(1_000, 3, ref="loan-2")).refused(
        "overdue", dpd=1, arrears=89_975
    )


# Billing


def test_an_instalment_is_billed_three_days_before_it_is_due_and_demanded_in_full():
    given(*DRAWN).when(advance(to="2026-02-12")).then(
        event(InterestPosted, kind="plan", amount_fen=12_000, plan_id="loan-1", number=1),
        event(InstalmentPosted, number=1, principal_fen=77_975),
        event(
            AccountBilled,
            balance_fen=89_975,
            minimum_fen=89_975,
            own_minimum_fen=89_975,
            due_date="2026-02-15",
            covers_from="2026-01-05",
            covers_to="2026-02-11",
            next_event_on="2026-02-16",
        ),
    ).owes(principal_billed=77_975, interest_billed=12_000, principal_planned=922_025)


def test_a_loan_that_is_repaid_as_scheduled_costs_its_interest_and_nothing_else():
    life = given(*DRAWN)
    paid_in_all = 0
    while life.account.ledger.owed:
        life.when(advance(to=str(life.account.next_event_on())))
        due = life.account.ledger.minimum_due
        paid_in_all += due
        life.when(pay(due, ref=f"payment-{life.account.version}"))
    assert paid_in_all == 1_079_705
    life.stands(standing="paid", business_date=date(2027, 1, 12))
    assert life.account.next_event_on() == date(2028, 1, 13)  # unused for a year


def test_several_loans_are_each_billed_on_days_of_their_own():
    """Due on the 15th and on the 17th: the second statement comes before the first one's due test."""
    life = given(*DRAWN, drawn(300_000, 3, on="2026-01-17", ref="loan-2"), advanced(to="2026-02-14"))
    second = life.account.ledger.plans["loan-2"].instalments[0].number
    assert second == 2
    ledger = life.account.ledger
    assert [(each.due_date.day, each.amount) for each in ledger.layers] == [(15, 89_975), (17, 102_410)]
    assert ledger.untested == (date(2026, 2, 15), date(2026, 2, 17))
    life.when(advance(to="2026-02-16")).then(event(AccountOverdue, statement_no=1, missed_fen=89_975, dpd=1))
    life.stands(bearing=77_975, untested=(date(2026, 2, 17),), arrears=89_975)
    life.when(advance(to="2026-02-18")).then(event(AccountOverdue, statement_no=2, missed_fen=102_410, dpd=3))
    life.stands(untested=(), arrears=192_385, minimum_due=192_385)


def test_what_is_paid_in_time_of_the_first_of_two_statements_bears_nothing():
    """Its money paid the second one's interest, 3,600, before the first one's principal: that much is due with the second."""
    two = (*DRAWN, drawn(300_000, 3, on="2026-01-17", ref="loan-2"), paid(89_975, on="2026-02-15", ref="first"))
    life = given(*two).when(pay(102_410, on="2026-02-17", ref="second"))
    life.then(event(PaymentReceived), event(AccountPaid)).stands("2026-03-01", accrued=0, arrears=0)
    given(*two).when(advance(to="2026-02-18")).stands(arrears=102_410, bearing=98_810 + 3_600)


def test_of_a_statement_that_was_missed_in_part_no_more_bears_than_is_left_of_it():
    """80,000 of 89,975: the minimum says 9,975 are missed, while 13,575 of its principal are unpaid."""
    two = (*DRAWN, drawn(300_000, 3, on="2026-01-17", ref="loan-2"), paid(80_000, on="2026-02-15", ref="first"))
    given(*two).when(advance(to="2026-02-16")).stands(bearing=9_975, arrears=9_975)


def test_loans_that_fall_due_on_one_day_share_a_statement():
    life = given(*LOAN, drawn(300_000, 3, on="2026-01-30"), drawn(300_000, 3, on="2026-01-31", ref="loan-2"))
    life.when(advance(to="2026-02-25")).then(
        event(InterestPosted), event(InterestPosted), event(InstalmentPosted), event(InstalmentPosted),
        event(AccountBilled, minimum_fen=204_820, due_date="2026-02-28"),
    )  # fmt: skip


# Overdue


def test_the_running_total_of_penalty_interest():
    """
    Instalment principal 77,975 due 15 February, five payments of 10,001 on 16 to 20 February, read on 2 March: postings
    of 47, 41, 34, 29, 23, 168, which make 342. Interest of the instalment is paid before, so that they pay principal.
    """
    posted = []
    life = given(*DRAWN, advanced(to="2026-02-12"), paid(12_000, on="2026-02-13"))
    for day in range(16, 21):
        life.when(pay(10_001, on=f"2026-02-{day}", ref=f"late-{day}"))
        posted += [each.amount_fen for each in life.events if isinstance(each, InterestPosted)]
    assert posted == [47, 41, 34, 29, 23]
    life.stands("2026-03-02", accrued=168).stands("2026-02-20", accrued=0)
    life.when(advance(to="2026-03-12")).then(
        event(InterestPosted, kind="penalty", amount_fen=336, total_posted_fen=510),
        event(InterestPosted, kind="plan"),
        event(InstalmentPosted, number=2),
        event(AccountBilled),
    )


def test_overdue_interest_bears_nothing():
    """77,975 of the 89,975 that are overdue bear, for 25 days from 15 February to 11 March: 77,975 x 0.0006 x 25."""
    given(*DRAWN, advanced(to="2026-03-11")).stands("2026-03-12", accrued=1_170, bearing=77_975)


def test_a_missed_instalment_costs_no_late_fee_and_is_cured_by_paying_it():
    life = given(*DRAWN).when(advance(to="2026-02-16"))
    life.then(event(InterestPosted), event(InstalmentPosted), event(AccountBilled), event(AccountOverdue, dpd=1))
    life.when(pay(89_975, on="2026-02-18")).then(
        event(InterestPosted, kind="penalty", amount_fen=140),
        event(PaymentReceived, applied={"interest_billed": 12_000, "principal_billed": 77_975}),
        event(AccountCured),
        event(AccountPaid),
    ).owes(principal_planned=922_025, interest_unbilled=140)


def test_a_loan_is_a_loss_at_120_days_past_due():
    life = given(*DRAWN).when(advance(to="2026-06-15"))
    lost = life.events[-2]
    assert [each.TYPE for each in life.events[-2:]] == [AccountChargedOff.TYPE, AccountFrozen.TYPE]
    assert (lost.dpd_after, lost.standing, lost.owed_after.principal_billed) == (120, "charged_off", 1_000_000)
    # The month from 15 May has run up thirty days of interest on what was not due yet.
    run_up = [each for each in life.events if isinstance(each, InterestPosted) and each.kind == "plan"][-1]
    assert (run_up.business_date, run_up.number) == (date(2026, 6, 12), 5)
    assert life.account.next_event_on() is None


def test_what_is_left_after_the_last_instalment_is_billed_monthly():
    life = given(*LOAN, drawn(300_000, 3, on="2026-01-15"))
    for month in ("02", "03"):
        life.when(pay(102_410, on=f"2026-{month}-13", ref=f"payment-{month}"))
    life.when(advance(to="2026-04-16")).stands(standing="overdue", dpd=1)
    assert life.account.next_event_on() == date(2026, 5, 12)
    life.when(advance(to="2026-05-12")).then(
        event(InterestPosted, kind="penalty"), event(AccountBilled, due_date="2026-05-15")
    )


# Paid early


def paid_up(*numbers, begun=DRAWN, amount=89_975, day=13):
    """The instalments of these months, paid after they were billed."""
    return (*begun, *(paid(amount, on=f"2026-{month:02}-{day}", ref=f"payment-{month}") for month in numbers))


def test_settled_in_may_with_three_instalments_paid():
    given(*paid_up(2, 3, 4)).when(settle(776_079, on="2026-05-02", plan="loan-1")).then(
        event(InterestPosted, kind="plan", amount_fen=5_190),
        event(PlanFeePosted, kind="settlement", amount_fen=7_633),
        event(
            PaymentReceived,
            plan_id="loan-1",
            applied={"fees_unbilled": 7_633, "interest_unbilled": 5_190, "principal_planned": 763_256},
        ),
        event(PlanSettledEarly, principal_fen=763_256, interest_fen=5_190, fee_fen=7_633),
    ).owes()


@pytest.mark.parametrize(
    ("history", "on", "payoff"),
    [
        (DRAWN, "2026-01-20", 1_002_000),
        (DRAWN, "2026-02-13", 1_021_220),
        (paid_up(2), "2026-02-14", 931_245),
        (paid_up(2, begun=(*LOAN, drawn(1_000_000, 12, on="2026-01-31")), day=26), "2026-03-27", 941_940),
        (paid_up(2, begun=(*LOAN, drawn(1_000_000, 12, on="2026-01-31")), day=26), "2026-03-31", 941_520),
    ],
)
def test_the_payoffs_of_the_rulebook(history, on, payoff):
    given(*history).when(settle(payoff, on=on, plan="loan-1")).owes()
    given(*history).when(settle(payoff - 1, on=on, plan="loan-1"))
    life = given(*history).when(settle(1, on=on, plan="loan-1"))
    assert (life.refusal.reason, life.refusal.numbers["payoff"]) == ("payoff_mismatch", payoff)


def test_nothing_is_settled_early_while_something_is_overdue():
    given(*DRAWN, advanced(to="2026-02-16")).when(settle(1, plan="loan-1")).refused("overdue", dpd=1, arrears=89_975)


def test_a_settlement_that_is_returned_leaves_the_loan_as_it_was():
    life = given(*DRAWN).when(
        settle(1_021_220, on="2026-02-13", plan="loan-1"), reverse("settlement-1", on="2026-02-14")
    )
    kept = given(*DRAWN, advanced(to="2026-02-14"))
    life.owes(principal_billed=77_975, interest_billed=12_000, principal_planned=922_025)
    assert life.account.ledger.plans == kept.account.ledger.plans


def test_a_part_is_paid_early_and_the_rest_falls_due_on_the_same_dates():
    """
    Of 922,025 after the first instalment 400,000 are paid on 25 February: 10 days of interest on them, 1,600, and 1 %.
    522,025 in eleven months are 50,942 each; the first month bears on what is left all of its thirty days.
    """
    life = given(*paid_up(2)).when(prepay(400_000, 405_600, on="2026-02-25"))
    life.then(
        event(InterestPosted, kind="plan", amount_fen=1_600),
        event(PlanFeePosted, kind="settlement", amount_fen=4_000),
        event(PaymentReceived, plan_id="loan-1", prepaid_fen=400_000, credited_fen=0),
        event(PlanPrepaid, principal_fen=400_000, interest_fen=1_600, fee_fen=4_000),
    ).owes(principal_planned=522_025)
    schedule = schedule_of(life)
    assert (schedule[0], len(schedule)) == (("2026-03-15", 44_678, 6_264), 11)
    assert sum(principal for _, principal, _ in schedule) == 522_025


def test_paying_early_in_two_parts_leaves_the_schedule_of_paying_both_at_once():
    twice = given(*paid_up(2), prepaid(100_000, 101_400, on="2026-02-25")).when(
        prepay(300_000, 304_200, on="2026-02-25", ref="prepayment-2")
    )
    once = given(*paid_up(2)).when(prepay(400_000, 405_600, on="2026-02-25"))
    assert schedule_of(twice) == schedule_of(once)
    assert twice.account.ledger.buckets == once.account.ledger.buckets


def test_a_prepayment_that_is_returned_leaves_the_schedule_as_it_was():
    life = given(*paid_up(2)).when(prepay(400_000, 405_600, on="2026-02-25"), reverse("prepayment-1", on="2026-02-27"))
    assert schedule_of(life) == schedule_of(given(*paid_up(2)))
    life.owes(principal_planned=922_025)


def test_what_would_leave_nothing_is_no_prepayment():
    given(*paid_up(2)).when(prepay(922_025, 1)).refused(
        "prepayment_settles", field="principal_fen", asked=922_025, highest=922_024
    )


def test_a_prepayment_said_twice_is_one_and_its_reference_is_taken():
    life = given(*paid_up(2), prepaid(400_000, 405_600, on="2026-02-25"))
    life.when(prepay(400_000, 405_600)).nothing_happened()
    life.when(prepay(300_000, 405_600)).refused(
        "payment_ref_reused",
        field="payment_ref", reference="prepayment-1", differs="principal_fen", first=400_000, asked=300_000,
    )  # fmt: skip


# Late facts


def test_a_payment_learnt_late_leads_to_what_would_have_been():
    late = given(*DRAWN, advanced(to="2026-02-20")).when(pay(89_975, on="2026-02-20", value_date=date(2026, 2, 14)))
    known = given(*DRAWN, paid(89_975, on="2026-02-14")).when(advance(to="2026-02-20"))
    late.stands(standing="paid", dpd=0, accrued=0)
    assert (
        late.account.ledger.buckets
        == known.account.ledger.buckets
        == {
            **dict.fromkeys(known.account.ledger.buckets, 0),
            "principal_planned": 922_025,
        }
    )


def test_a_payment_learnt_after_a_charge_off_restates_its_split():
    life = given(*DRAWN, advanced(to="2026-06-20")).when(pay(89_975, value_date=date(2026, 4, 14)))
    life.stands(standing="charged_off")
    assert life.account.original_charge_off["principal_billed"] == 1_000_000


def test_the_last_penalty_waits_for_its_bill_day_where_no_principal_is_left():
    """An officer's fees exceed the cap, which gives them up on a bill day and not because somebody pays."""
    given_up = (corrected(fees_billed=9_000), waived(principal=300_000))
    history = (*LOAN, drawn(300_000, 1, on="2026-01-31"), advanced(to="2026-03-01"), *given_up)
    life = given(*history).when(pay(1, on="2026-03-02")).then(event(PaymentReceived, applied={"fees_billed": 1}))
    account = life.stands(accrued=180).account
    assert Derivation(account.base, account.facts, account.issued).through(account.business_date) == account.ledger


def test_after_the_customers_death_a_prepayment_costs_what_had_run_up_on_it_by_then():
    """Five days of 14.4 % on 100,000, not the twenty that have passed, nor five on all that is left."""
    life = given(*paid_up(2), death_recorded("2026-02-20", on="2026-02-20")).when(
        prepay(100_000, 100_200, on="2026-03-05")
    )
    life.then(event(InterestPosted, amount_fen=200), event(PaymentReceived), event(PlanPrepaid))
