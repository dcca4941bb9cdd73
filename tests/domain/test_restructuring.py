"""Restructuring: what cannot be paid as billed becomes a plan by agreement, which is kept to its end, or broken."""

from datetime import date
from decimal import Decimal

import pytest

from domain.derivation import Derivation
from domain.events import (
    AccountBilled,
    AccountFrozen,
    AccountOverdue,
    AccountPaid,
    AccountStandingChanged,
    AccountUnfrozen,
    InstalmentPosted,
    InterestPosted,
    LateFeePosted,
    PaymentReceived,
    PlanBroken,
    PlanCreated,
    PlanSettledEarly,
)
from tests.specification import (
    BASE,
    CUSTOMER,
    DRAWN,
    LINE,
    activated,
    advance,
    advanced,
    bought,
    buy,
    corrected,
    disputed,
    draw,
    drawn,
    event,
    given,
    loan_terms,
    opened,
    paid,
    pay,
    prepay,
    refund,
    restructure,
    restructured,
    reverse,
    settle,
    settled,
    unfreeze,
    write_off,
)

# On 5 March: principal 123,457, interest 1,173 billed and 247 of four days more, one late fee of 1,000.
LATE = (*BASE, advanced(to="2026-03-05"))
AGREED = (*LATE, restructured(12, on="2026-03-05"))


def test_all_that_is_owed_becomes_one_plan_and_nothing_is_past_due():
    life = given(*LATE).stands("2026-03-05", dpd=23, arrears=12_346).when(restructure(12))
    life.then(
        event(InterestPosted, amount_fen=247),
        event(
            PlanCreated,
            kind="restructuring",
            amount_fen=125_877,
            taken={
                "principal_billed": 123_457,
                "interest_billed": 1_173,
                "interest_unbilled": 247,
                "fees_billed": 1_000,
            },
            original_due_date="2026-02-10",
            minimum_lowered_fen=25_631,
        ),
        event(AccountStandingChanged, move="restructure", standing="billed"),
        event(AccountFrozen, reason="restructured", access="frozen"),
    ).owes(principal_planned=123_457, interest_planned=1_420, fees_planned=1_000)
    life.stands(dpd=0, arrears=0, minimum_due=0, bearing=0, standing="billed", access="frozen", layers=())
    (plan,) = life.account.ledger.plans.values()
    first, *_, last = plan.instalments
    assert (first.principal_fen, first.carried_interest_fen, first.carried_fees_fen) == (10_288, 118, 83)
    assert (last.principal_fen, last.carried_interest_fen, last.carried_fees_fen) == (10_289, 122, 87)


def test_the_freeze_for_being_long_overdue_ends_with_it():
    life = given(*BASE, advanced(to="2026-03-20")).stands(reasons=("overdue_long",)).when(restructure(12))
    assert [each.TYPE for each in life.events[-2:]] == [AccountFrozen.TYPE, AccountUnfrozen.TYPE]
    life.stands(reasons=("restructured",), access="frozen")


def test_an_instalment_comes_with_each_statement_and_is_demanded_in_full():
    given(*AGREED).when(advance(to="2026-04-01")).then(
        event(InstalmentPosted, number=1, principal_fen=10_288, interest_fen=118, fees_fen=83),
        event(AccountBilled, balance_fen=10_489, minimum_fen=10_489, due_date="2026-04-10"),
    ).owes(
        principal_billed=10_288, interest_billed=118, fees_billed=83,
        principal_planned=113_169, interest_planned=1_302, fees_planned=917,
    )  # fmt: skip


def test_a_kept_agreement_ends_at_nothing_having_cost_nothing_more():
    life, total = given(*AGREED), 0
    for _ in range(12):
        life.when(advance(to=str(life.account.next_event_on())))
        total += life.account.ledger.minimum_due
        life.when(pay(life.account.ledger.minimum_due, ref=f"payment-{life.account.version}"))
    life.then(event(PaymentReceived), event(AccountPaid), event(AccountUnfrozen, reason="restructured", access="open"))
    assert total == 125_877
    life.owes().stands("2027-04-01", standing="paid", agreement=None, available=5_000_000)


def test_an_agreement_at_a_rate_costs_it_on_the_principal_alone():
    """A twelfth of 6 % of 123,457 with the first instalment, of 113,169 with the second."""
    life = given(*LATE, restructured(12, rate=Decimal("0.06"))).when(advance(to="2026-04-01"))
    assert [each.amount_fen for each in life.events if isinstance(each, InterestPosted)] == [617]
    life.when(pay(20_000, on="2026-04-05"), advance(to="2026-05-01"))
    assert [each.amount_fen for each in life.events if isinstance(each, InterestPosted)] == [566]


def test_what_is_refunded_of_it_bears_nothing_any_more():
    """At 12 % a year: a hundredth of 30,000, where it would have been of 120,000."""
    life = given(*LINE, bought("p1", 120_000, on="2026-01-10"), advanced(to="2026-02-05"))
    life.when(restructure(4, rate=Decimal("0.12")), refund("p1", 90_000, on="2026-02-06"), advance(to="2026-03-01"))
    (plan_interest,) = (each for each in life.events if isinstance(each, InterestPosted))
    assert (plan_interest.kind, plan_interest.amount_fen) == ("plan", 300)
    life.owes(principal_billed=30_000, interest_billed=300)


def test_a_missed_instalment_breaks_it_and_the_days_past_due_go_on():
    life = given(*AGREED, advanced(to="2026-04-10")).when(advance(to="2026-04-11"))
    life.then(
        event(LateFeePosted, amount_fen=1_000, base_fen=10_288),
        event(AccountOverdue, statement_no=3, dpd=1),
        event(
            PlanBroken, principal_fen=113_169, interest_fen=1_302, fees_fen=917, original_due_date="2026-02-10",
            dpd_after=60, arrears_after=125_877,
        ),
        event(AccountOverdue, statement_no=3, dpd=60, missed_fen=125_877, due_date="2026-02-10"),
        event(AccountFrozen, reason="overdue_long"),
    )  # fmt: skip
    life.owes(principal_billed=123_457, interest_billed=1_420, fees_billed=1_000, fees_unbilled=1_000)
    life.stands(bearing=123_457, agreement=None)


def test_a_broken_agreement_is_a_loss_when_the_days_that_were_suspended_say_so():
    life = given(*AGREED, advanced(to="2026-04-11")).when(advance(to="2026-08-09"))
    assert life.account.standing == "charged_off"
    life.stands(dpd=180)


def test_a_missed_last_instalment_breaks_it_too():
    months = [(2026, month) for month in range(4, 13)] + [(2027, 1), (2027, 2)]
    kept = (paid(10_489, on=f"{year}-{month:02}-05", ref=f"p{year}{month}") for year, month in months)
    life = given(*AGREED, *kept, advanced(to="2027-03-10")).when(advance(to="2027-03-11"))
    assert [each.dpd for each in life.events if isinstance(each, AccountOverdue)] == [1, 394]
    # It is a loss at the next dawn, since the days past due are beyond the bound.
    life.stands(standing="overdue", arrears=10_498)
    life.when(advance(to="2027-03-12")).stands(standing="charged_off", dpd=395)


# A loan whose statements overlap: each waits for its test when the next one is issued. Of 300,000 two instalments of
# 150,000 and a month's old interest, due on 1 March and 1 April, billed twenty days before, tested sixteen days after.
OVERLAPPING = (
    opened(agreed=loan_terms(bill_lead_days=20, due_days=1, grace_days=15, annual_rate=Decimal(0))),
    activated(),
    drawn(300_000, 3, on="2026-01-15"),
    advanced(to="2026-02-01"),
    restructured(2),
)


def test_a_missed_last_instalment_breaks_it_although_the_one_before_was_tested_after_it_was_billed():
    life = given(*OVERLAPPING, paid(150_000, on="2026-03-01"), advanced(to="2026-03-17"))
    assert life.account.ledger.agreement is not None
    life.when(advance(to="2026-04-17")).then(
        event(AccountBilled, statement_no=4, own_minimum_fen=0),
        event(AccountOverdue, statement_no=3, dpd=16),
        event(PlanBroken, original_due_date="2026-02-15", dpd_after=61, arrears_after=150_000, principal_fen=0),
        event(AccountOverdue, statement_no=3, dpd=61, due_date="2026-02-15"),
        event(AccountFrozen, reason="overdue_long"),
    )


def test_it_ends_with_the_test_of_its_own_last_instalment_whatever_else_was_billed_by_then():
    """What an officer finds owed beside it is billed, too, before that test, and missed it is a miss of its own."""
    kept = (*OVERLAPPING, paid(300_000, on="2026-03-13"), corrected(principal_unbilled=50_000, on="2026-03-14"))
    life = given(*kept, advanced(to="2026-04-16")).stands(untested=(date(2026, 4, 1), date(2026, 5, 1)))
    assert life.account.ledger.agreement is not None
    life.stands("2026-04-17", agreement=None)
    life.when(advance(to="2026-05-17")).then(
        event(AccountBilled, own_minimum_fen=0), event(AccountOverdue, dpd=16, due_date="2026-05-01")
    )


def test_nothing_is_settled_before_its_first_statement():
    life = given(*AGREED).when(pay(5_000, on="2026-03-10")).then(event(PaymentReceived, credited_fen=5_000))
    life.stands(standing="billed")
    life.when(advance(to="2026-04-01")).then(
        event(InstalmentPosted, credit_applied_fen=5_000), event(AccountBilled, balance_fen=5_489)
    ).owes(principal_billed=5_489, principal_planned=113_169, interest_planned=1_302, fees_planned=917)


def test_what_is_disputed_stays_out_of_it():
    life = given(*BASE, disputed("base", 23_457, on="2026-02-05"), advanced(to="2026-02-11")).when(restructure(6))
    # A day of interest on what is not disputed: the statement demanded less, so nothing of it was missed.
    life.owes(principal_planned=100_000, principal_disputed=23_457, interest_planned=50)


def test_it_knows_the_purchases_that_it_came_from():
    life = given(*LINE, bought("p1", 120_000, on="2026-01-10"), advanced(to="2026-02-05")).when(restructure(4))
    (plan,) = life.account.ledger.plans.values()
    assert [(each.purchase_id, each.amount_fen) for each in plan.parts] == [("p1", 120_000)]


def test_a_loan_is_restructured_with_what_has_run_up_of_its_next_month():
    life = given(*DRAWN, advanced(to="2026-03-01")).when(restructure(10, on="2026-03-01"))
    posted = [(each.kind, each.amount_fen) for each in life.events if isinstance(each, InterestPosted)]
    # 14 days of penalty on 77,975; of the month from 15 February 16 days of thirty on 922,025.
    assert posted == [("penalty", 655), ("plan", 5_901)]
    life.owes(principal_planned=1_000_000, interest_planned=12_000 + 655 + 5_901).stands(dpd=0)
    assert life.account.next_event_on() == date(2026, 3, 29)
    life.when(advance(to="2026-03-29")).then(
        event(InstalmentPosted, number=1, principal_fen=100_000, interest_fen=1_855),
        event(AccountBilled, due_date="2026-04-01", minimum_fen=101_855),
    )


def test_an_agreement_is_settled_early_with_all_that_is_left_of_it():
    given(*AGREED).when(settle(125_877, on="2026-03-20", plan="agreement-1")).then(
        event(
            PaymentReceived, applied={"principal_planned": 123_457, "interest_planned": 1_420, "fees_planned": 1_000}
        ),
        event(PlanSettledEarly),
        event(AccountPaid),
        event(AccountUnfrozen, reason="restructured"),
    ).owes()


def test_no_part_of_an_agreement_is_paid_early():
    given(*DRAWN, advanced(to="2026-03-01"), restructured(10)).when(
        prepay(400_000, 418_556, plan="agreement-1")
    ).refused("restructured", plan_id="agreement-1")


def test_a_loss_takes_the_agreement_with_it():
    given(*AGREED).when(write_off(on="2026-03-10")).owes(
        principal_billed=123_457, interest_billed=1_420, fees_billed=1_000
    ).stands(agreement=None)


@pytest.mark.parametrize(
    ("history", "asked", "reason", "numbers"),
    [
        (LINE, restructure(12), "nothing_billed", {"standing": "clear"}),
        (
            (*BASE, advanced(to="2026-02-01"), paid(123_457, on="2026-02-05")),
            restructure(12),
            "nothing_billed",
            {"standing": "paid"},
        ),
        (AGREED, restructure(6, plan="agreement-2"), "restructured", {"plan_id": "agreement-1"}),
        (AGREED, unfreeze("restructured"), "restructured", {"field": "reason", "owed": 125_877}),
        (AGREED, buy("p2", 100), "account_frozen", {"access": "frozen", "reasons": ["restructured"]}),
        (
            LATE,
            restructure(12, actor=CUSTOMER),
            "role_not_allowed",
            {"field": "actor", "role": "customer", "allowed": ["officer", "risk"]},
        ),
    ],
)
def test_what_is_refused(history, asked, reason, numbers):
    given(*history).when(asked).refused(reason, **numbers)


def test_nothing_is_drawn_under_an_agreement():
    given(*DRAWN, advanced(to="2026-03-01"), restructured(10)).when(draw(1_000, 3, ref="loan-2")).refused(
        "account_frozen", access="frozen", reasons=["restructured"]
    )


def test_a_payment_learnt_after_the_agreement_becomes_credit():
    """15,000 of the day before would have paid, and spared 7 of interest: the plan stands as it was made."""
    late = given(*AGREED).when(pay(15_000, on="2026-03-08", value_date=date(2026, 3, 4)))
    late.owes(principal_planned=123_457, interest_planned=1_420, fees_planned=1_000, credit=15_007)
    late.stands(standing="billed", dpd=0)


def test_a_payment_learnt_late_mends_an_agreement_that_seemed_broken():
    life = given(*AGREED, advanced(to="2026-04-12")).when(pay(10_489, on="2026-04-12", value_date=date(2026, 4, 9)))
    life.stands(dpd=0, standing="paid").owes(principal_planned=113_169, interest_planned=1_302, fees_planned=917)
    known = given(*AGREED, paid(10_489, on="2026-04-09")).when(advance(to="2026-04-12"))
    assert life.account.ledger.plans == known.account.ledger.plans
    assert life.account.ledger.agreement == known.account.ledger.agreement


def test_a_payment_that_is_returned_breaks_it_after_all():
    life = given(*AGREED, paid(10_489, on="2026-04-09"), advanced(to="2026-04-12")).when(reverse(on="2026-04-13"))
    life.stands(standing="overdue", dpd=62, agreement=None)


# What comes after it


def test_a_settled_agreement_is_over_and_a_later_miss_is_one_of_its_own():
    after = (*AGREED, settled(125_877, on="2026-03-20", plan="agreement-1"), bought("p2", 50_000, on="2026-03-25"))
    given(*after).stands(agreement=None).when(advance(to="2026-04-11")).then(
        event(AccountBilled), event(LateFeePosted), event(AccountOverdue, dpd=1, due_date="2026-04-10")
    )


def test_an_agreement_whose_last_instalment_credit_paid_is_over():
    """No statement was issued for it, so none is tested: the next one is a purchase's."""
    kept = (*LATE, restructured(2), paid(125_877, on="2026-03-06"), advanced(to="2026-05-01"))
    life = given(*kept, bought("p2", 50_000, on="2026-05-02")).stands(agreement=None)
    life.when(advance(to="2026-06-11")).then(event(AccountBilled), event(LateFeePosted), event(AccountOverdue, dpd=1))


def test_a_settlement_that_is_returned_stops_borrowing_again():
    after = (*AGREED, settled(125_877, on="2026-03-20", plan="agreement-1"))
    life = given(*after).stands(access="open").when(reverse("settlement-1", on="2026-03-25"))
    life.stands(access="frozen", reasons=("restructured",)).owes(
        principal_planned=123_457, interest_planned=1_420, fees_planned=1_000
    )
    assert [each.TYPE for each in life.events].count(AccountFrozen.TYPE) == 1


def test_who_broke_an_agreement_may_make_another_and_is_frozen_for_it_once():
    broken = (*AGREED, advanced(to="2026-04-11"))
    life = given(*broken).stands(reasons=("restructured", "overdue_long"))
    life.when(restructure(6, plan="agreement-2")).stands(reasons=("restructured",), access="frozen", dpd=0)
    assert AccountFrozen.TYPE not in [each.TYPE for each in life.events]
    (made,) = [each for each in life.events if isinstance(each, PlanCreated)]
    assert str(made.original_due_date) == "2026-02-10"


def test_the_id_of_another_plan_names_no_agreement():
    reused = {"field": "plan_id", "reference": "loan-1", "differs": "kind"}
    given(*DRAWN, advanced(to="2026-02-12")).when(restructure(12, plan="loan-1")).refused(
        "plan_id_reused", **reused, first="draw", asked="restructuring"
    )


def test_credit_pays_the_fees_that_it_carries_before_its_interest():
    """Of 100 the fee takes 83; the interest of 617 is left with 17."""
    life = given(*LATE, restructured(12, rate=Decimal("0.06")), paid(100, on="2026-03-10")).when(
        advance(to="2026-04-01")
    )
    life.then(
        event(InterestPosted, amount_fen=617, credit_applied_fen=17),
        event(InstalmentPosted, fees_fen=83, interest_fen=118, credit_applied_fen=83),
        event(AccountBilled, balance_fen=10_489 + 617 - 100),
    )


def test_credit_pays_what_old_plans_had_that_the_agreement_does_not_take():
    """The late payment was credit by then; and where the settlement is returned, 331,197 more was left of loans."""
    history = (*DRAWN, drawn(500_000, 12, on="2026-01-16", ref="loan-2"), paid(134_963, on="2026-02-14"))
    life = given(*history, settled(465_622, plan="loan-2"), advanced(to="2026-03-16"), restructured(12))
    life.when(pay(500_000, on="2026-03-17", value_date=date(2026, 2, 18), ref="late"), reverse("settlement-1"))
    life.owes(principal_planned=922_025, interest_planned=11_448, credit=33_503)


def test_a_loss_on_the_day_of_the_first_miss_breaks_no_agreement():
    """The loss is booked first, as the order of the day has it; should it be undone, the instalment alone was missed."""
    line = (opened(agreed=loan_terms(charge_off_dpd=1)), activated(), drawn(300_000, 3, on="2026-01-15"))
    life = given(*line, advanced(to="2026-02-12"), restructured(6, on="2026-02-13")).when(advance(to="2026-03-14"))
    assert life.account.standing == "charged_off"
    account = life.account
    assert Derivation(account.base, account.facts, account.issued).through(account.business_date) == account.ledger


def test_what_an_agreement_turns_out_not_to_have_taken_comes_with_the_next_statement():
    """The payment returned had paid 50,000 of a statement that waited for its due date: it bears nothing before another."""
    history = (*BASE, paid(50_000, on="2026-02-03"), restructured(12, on="2026-02-05"))
    life = given(*history).when(reverse(on="2026-02-06"))
    life.owes(principal_planned=73_457, principal_unbilled=50_000).stands(bearing=0, layers=(), standing="billed")
    life.when(advance(to="2026-03-01")).then(
        event(InstalmentPosted), event(AccountBilled, balance_fen=50_000 + 6_121, due_date="2026-03-10")
    )
    life.stands("2026-03-10", accrued=0)


def test_a_refund_leaves_the_rate_of_an_agreement_on_what_is_left():
    """Of 123,457 at 6 % half is taken back out of the last instalments: the first bears on 61,729, not on all of it."""
    life = given(*LATE, restructured(12, rate=Decimal("0.06"))).when(refund("base", 61_728, on="2026-03-10"))
    (plan,) = life.account.ledger.plans.values()
    assert [each.interest_fen for each in plan.instalments[:6]] == [309, 257, 206, 154, 103, 51]
    assert not any(each.interest_fen for each in plan.instalments[6:])
    life.when(refund("base", 61_729, on="2026-03-11", ref="rest"))
    (plan,) = life.account.ledger.plans.values()
    assert not any(each.interest_fen or each.principal_fen for each in plan.instalments)
    life.owes(interest_planned=1_420, fees_planned=1_000)
