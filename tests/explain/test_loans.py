"""The rulebook's worked examples of loans and agreements, explained: what is said, and on which events it rests."""

from datetime import date
from decimal import Decimal

import pytest

from domain.terms import CASH_LOAN_BULLET, CASH_LOAN_EVEN
from projections.explaining.figures import explain
from tests.domain.test_loans import paid_up
from tests.domain.test_migrating import standing_elsewhere
from tests.specification import (
    BASE,
    DRAWN,
    LINE,
    LOAN,
    activated,
    advance,
    advanced,
    bought,
    corrected,
    drawn,
    given,
    loan_terms,
    migrate,
    opened,
    paid,
    pay,
    prepaid,
    record_death,
    refund,
    restructure,
    restructured,
    settle,
    write_off,
)


def life(*asked):
    told = given().when(*asked)
    assert told.refusal is None
    return told.events


def explained(figure, on, events):
    explanation = explain(events, figure, date.fromisoformat(on))
    assert explanation.agrees
    return explanation


def said(explanation):
    """Arithmetic and result of each step."""
    return [(each.arithmetic, each.result) for each in explanation.steps]


def coming(explanation):
    """What comes with each instalment that is still to come: principal, interest."""
    steps = [each for each in explanation.steps if "number" in each.parameters]
    return [(each.result, each.parameters["interest_fen"]) for each in steps]


# 4.5: how a loan is repaid


def test_an_annuity_is_told_instalment_by_instalment_with_the_interest_to_come():
    planned = explained("planned", "2026-01-15", life(*DRAWN))
    made, first, *_, total = planned.steps
    assert (made.arithmetic, made.result) == (
        "10,000.00 in 12 payments, 899.75 the first and 899.80 the last",
        1_000_000,
    )
    assert made.parameters == {
        "plan_id": "loan-1", "made_on": "2026-01-15", "months": 12, "annual_rate": "0.1440", "interest_in_all_fen": 79_705,
    }  # fmt: skip
    assert first.rule == (
        "Instalment 1 is due on 2026-02-15 and billed on 2026-02-12, with interest of 120.00 that is not owed yet."
    )
    assert coming(planned)[0] == (77_975, 12_000)
    assert coming(planned)[-1] == (88_913, 1_067)
    assert sum(interest for _, interest in coming(planned)) == 79_705
    assert (total.result, [each.type for each in total.events]) == (1_000_000, ["cash.drawn"])


def test_case_20_and_case_21_are_reckoned_from_amount_rate_and_months_alone():
    small = life(
        opened(agreed=loan_terms(annual_rate=Decimal("0.07"), limit_min=1_000)),
        activated(),
        drawn(10_000, 6, on="2026-01-15"),
    )
    assert coming(explained("planned", "2026-01-15", small)) == [
        (1_643, 58), (1_652, 49), (1_662, 39), (1_672, 29), (1_681, 20), (1_690, 10),
    ]  # fmt: skip
    large = life(
        opened(agreed=loan_terms(annual_rate=Decimal("0.045"))),
        activated(20_000_000),
        drawn(10_000_000, 60, on="2026-01-15"),
    )
    payments = [principal + interest for principal, interest in coming(explained("planned", "2026-01-15", large))]
    assert (set(payments[:-1]), payments[-1]) == ({186_430}, 186_443)


@pytest.mark.parametrize(
    ("agreed", "year", "expected"),
    [
        (CASH_LOAN_EVEN, 2026, [(333_333, 11_200), (333_333, 8_267), (333_334, 4_000)]),
        (CASH_LOAN_EVEN, 2028, [(333_333, 11_600), (333_333, 8_267), (333_334, 4_000)]),
        (CASH_LOAN_BULLET, 2026, [(0, 11_200), (0, 12_400), (1_000_000, 12_000)]),
    ],
    ids=["case 23", "in a leap year", "interest alone"],
)
def test_where_interest_is_counted_by_the_day(agreed, year, expected):
    events = life(opened(on=f"{year}-01-05", agreed=agreed), activated(), drawn(1_000_000, 3, on=f"{year}-01-31"))
    assert coming(explained("planned", f"{year}-01-31", events)) == expected


def test_a_schedule_that_was_recorded_wrongly_is_found_out():
    """Whoever recorded a fen too much with the first instalment is found out by what is planned after it, and its interest."""
    wrong = {"instalment.posted": {"principal_fen": 77_976}, "interest.posted": {"amount_fen": 12_001}}
    events = [each.model_copy(update=wrong.get(each.TYPE, {})) for each in life(*DRAWN, advanced(to="2026-02-12"))]
    interest = explain(events, "interest", date(2026, 2, 12))
    assert (interest.result, interest.recorded, interest.agrees) == (12_000, 12_001, False)


def test_the_interest_of_an_instalment_is_that_of_its_month():
    assert said(explained("interest", "2026-02-12", life(*DRAWN, advanced(to="2026-02-12")))) == [
        ("0.1440 / 12 x 10,000.00, rounded", 12_000)
    ]
    even = life(
        opened(agreed=CASH_LOAN_EVEN), activated(), drawn(1_000_000, 3, on="2026-01-31"), advance(to="2026-03-28")
    )
    (only,) = explained("interest", "2026-03-28", even).steps
    assert (only.arithmetic, only.result) == ("0.1440 / 360 x 31 days x 6,666.67, rounded", 8_267)
    assert (only.parameters["days_from"], only.parameters["days_to"]) == ("2026-02-28", "2026-03-31")


def test_an_instalment_is_the_minimum_in_full():
    minimum = explained("minimum", "2026-02-12", life(*DRAWN, advanced(to="2026-02-12")))
    assert (minimum.steps[-1].arithmetic, minimum.result) == (
        "0.00 + 120.00 + 779.75 + 0.00, at least 0.00 and at most 899.75",
        89_975,
    )


PENALTY = life(
    *DRAWN,
    advanced(to="2026-02-12"),
    paid(12_000, on="2026-02-13"),
    *(paid(10_001, on=f"2026-02-{day}", ref=f"late-{day}") for day in range(16, 21)),
)


def test_penalty_is_a_running_total():
    posted = [explained("interest", f"2026-02-{day}", PENALTY).result for day in range(16, 21)]
    assert posted == [47, 41, 34, 29, 23]
    assert said(explained("accrued", "2026-03-02", PENALTY)) == [
        ("289,865 fen-days", 289_865),
        ("2026-02-20 to 2026-03-01: 279.70 bears, x 10 days", 279_700),
        ("289,865 + 279,700 fen-days", 569_565),
        ("0.1440 x 1.5 / 360 x 569,565 fen-days, rounded", 342),
        ("3.42 - 1.74", 168),
    ]
    assert sum(posted) + 168 == 342


def test_each_of_several_loans_has_a_due_test_of_its_own():
    """Due on the 15th and on the 17th; read on the 17th only the first is late, on the 18th both are."""
    events = life(
        *LOAN,
        drawn(1_000_000, 12, on="2026-01-15"),
        drawn(300_000, 3, on="2026-01-17", ref="loan-2"),
        advanced(to="2026-02-18"),
    )
    assert (
        explained("arrears", "2026-02-17", events).result,
        explained("minimum_due", "2026-02-17", events).result,
    ) == (
        89_975,
        192_385,
    )
    assert explained("arrears", "2026-02-18", events).result == 192_385
    # 77,975 x 4 days + 98,810 x 2 days, of 14 to 18 February: 0.06 % of 509,520 fen-days.
    assert explained("accrued", "2026-02-19", events).result == 306


def test_what_paid_the_later_loan_first_is_not_missed_of_the_first_one():
    """
    102,410 of each fall due on the 15th and on the 17th; paid on the 14th they pay the interest of both, 7,200, and 95,210
    of the first one's principal. What is left of that is due with the second one, and on the 16th nothing is late.
    """
    loans = (*LOAN, drawn(300_000, 3, on="2026-01-15"), drawn(300_000, 3, on="2026-01-17", ref="loan-2"))
    events = life(*loans, paid(102_410, on="2026-02-14"), advanced(to="2026-02-18"))
    assert explained("dpd", "2026-02-16", events).result == 0
    accrued = explained("accrued", "2026-02-18", events)
    assert accrued.steps[0].arithmetic == "2026-02-17 to 2026-02-17: 1,024.10 bears, x 1 days"
    owed = explained("owed", "2026-02-18", events)
    assert owed.steps[0].arithmetic == "36.00 of instalment 1 of loan-1 + 988.10 of instalment 1 of loan-2"


# 4.6: what it takes to pay it off


CLIPPED = (*LOAN, drawn(1_000_000, 12, on="2026-01-31"))


@pytest.mark.parametrize(
    ("history", "on", "payoff", "told"),
    [
        (paid_up(2, 3, 4), "2026-05-02", 776_079,
         ["from 2026-04-15 to 2026-05-02", "0.1440 x 17 / 360 x 7,632.56, rounded, at most 91.59",
          "0.01 x 7,632.56, rounded", "128.23 + 7,632.56"]),
        (DRAWN, "2026-01-20", 1_002_000,
         ["from 2026-01-15 to 2026-01-20", "0.1440 x 5 / 360 x 10,000.00, rounded, at most 120.00",
          "0.00", "20.00 + 10,000.00"]),
        ((*DRAWN, advanced(to="2026-02-13")), "2026-02-13", 1_021_220,
         ["from 2026-02-15 to 2026-02-13", "0.1440 x 0 / 360 x 9,220.25, rounded, at most 110.64",
          "0.01 x 9,220.25, rounded", "991.95 + 9,220.25"]),
        (paid_up(2), "2026-02-14", 931_245,
         ["from 2026-02-15 to 2026-02-14", "0.1440 x 0 / 360 x 9,220.25, rounded, at most 110.64",
          "0.01 x 9,220.25, rounded", "92.20 + 9,220.25"]),
        (paid_up(2, begun=CLIPPED, day=26), "2026-03-27", 941_940,
         ["from 2026-02-28 to 2026-03-27", "0.1440 x 29 / 360 x 9,220.25, rounded, at most 110.64",
          "0.01 x 9,220.25, rounded", "199.15 + 9,220.25"]),
        ((*paid_up(2, begun=CLIPPED, day=26), advanced(to="2026-03-31")), "2026-03-31", 941_520,
         ["from 2026-03-31 to 2026-03-31", "0.1440 x 0 / 360 x 8,431.14, rounded, at most 101.17",
          "0.01 x 8,431.14, rounded", "984.06 + 8,431.14"]),
    ],
    ids=["in May", "cooling off", "billed", "billed and paid", "thirty days a month", "on the due date"],
)  # fmt: skip
def test_the_payoffs_of_the_rulebook(history, on, payoff, told):
    explanation = explained("plan_payoff", on, life(*history))
    assert explanation.result == payoff
    assert [each.arithmetic for each in explanation.steps[-5:-1]] == told
    given(*history).when(settle(payoff, on=on, plan="loan-1")).owes()


def test_what_has_run_up_is_a_figure_of_its_own_and_posted_with_the_settlement():
    events = life(*paid_up(2, 3, 4), settle(776_079, on="2026-05-02", plan="loan-1"))
    assert explained("run_up", "2026-05-01", events).result == 4_885
    interest = explained("interest", "2026-05-02", events)
    assert (interest.steps[-1].arithmetic, interest.result) == (
        "0.1440 x 17 / 360 x 7,632.56, rounded, at most 91.59",
        5_190,
    )
    assert explained("planned", "2026-05-02", events).steps[-1].rule == "Nothing is paid in instalments."


def test_two_loans_are_paid_off_with_what_is_payable_once():
    """899.75 of the first are billed; 9,220.25 + 1 % and, of the second, 3,000.00 with 25 days of 36.00 and 1 %."""
    events = life(*DRAWN, drawn(300_000, 3, on="2026-01-17", ref="loan-2"), advanced(to="2026-02-12"))
    explanation = explained("plan_payoff", "2026-02-12", events)
    totals = [each for each in explanation.steps if each.rule.startswith("Plan ")]
    assert [(each.arithmetic, each.result) for each in totals] == [
        ("991.95 + 9,220.25", 1_021_220),
        ("60.00 + 3,000.00", 306_000),
    ]
    assert explanation.result == 1_327_220


def test_a_part_that_is_paid_early_bears_for_its_days_and_the_rest_falls_due_anew():
    events = life(*paid_up(2), prepaid(400_000, 405_600, on="2026-02-25"))
    interest = explained("interest", "2026-02-25", events)
    assert (interest.steps[-1].arithmetic, interest.result) == (
        "0.1440 x 10 / 360 x 4,000.00, rounded, at most 110.64",
        1_600,
    )
    planned = explained("planned", "2026-02-25", events)
    assert planned.steps[1].rule.startswith("A part of it was paid before it was due, on 2026-02-25")
    assert (coming(planned)[0], len(coming(planned)), planned.result) == ((44_678, 6_264), 11, 522_025)


def test_the_price_of_paying_early_is_no_charge_under_the_cap():
    """10 days of 1,000,000 at 0.219 a year leave room for 6,000: 4,000 of interest is within, 50,000 of fee beside it."""
    agreed = loan_terms(cap_annual=Decimal("0.2190"), early_settlement_fee=Decimal("0.05"))
    events = life(opened(agreed=agreed), activated(), drawn(1_000_000, 12, on="2026-01-15"))
    explanation = explained("plan_payoff", "2026-01-25", events)
    assert [each for each in explanation.steps if each.section.startswith("4.4")] == []
    assert explanation.result == 1_054_000
    settled = life(
        opened(agreed=agreed), activated(), drawn(1_000_000, 12, on="2026-01-15"), settle(1_054_000, on="2026-01-25", plan="loan-1")
    )  # fmt: skip
    assert explained("waived", "2026-01-25", settled).result == 0


def test_a_payoff_gives_up_what_exceeds_the_cap():
    """20,000 of interest that an officer stated and 4,000 of ten days, where 6,575 is room; the fee is beside it."""
    history = (*DRAWN, corrected(on="2026-01-25", interest_unbilled=20_000))
    explanation = explained("plan_payoff", "2026-01-25", life(*history))
    (over,) = (each for each in explanation.steps if each.section.startswith("4.4"))
    # 20,000 + 4,000 of ten days; 0.24 x 10,000,000 fen-days / 365 = 6,575.3.
    assert (over.arithmetic, over.result) == ("240.00 - 0.00 - 65.75", 17_425)
    assert explanation.result == 1_000_000 + 20_000 + 4_000 + 10_000 - 17_425
    settled = life(*history, settle(explanation.result, on="2026-01-25", plan="loan-1"))
    assert explained("waived", "2026-01-25", settled).result == 17_425


def test_while_something_is_overdue_it_is_said_that_nothing_is_paid_off():
    explanation = explained("plan_payoff", "2026-02-16", life(*DRAWN, advanced(to="2026-02-16")))
    assert explanation.steps[-1].rule.endswith("No loan or agreement is paid off before what is overdue is paid.")
    # 899.75 are billed, of which 779.75 bear one day: 0.47; a day of interest on 9,220.25 is 3.69, a hundredth 92.20.
    assert explanation.result == 89_975 + 47 + 922_025 + 369 + 9_220


def test_no_more_interest_than_had_run_up_comes_with_an_instalment_after_a_death():
    """The customer dies on 25 January: of the month's 120.00 ten days are charged."""
    events = life(*DRAWN, record_death("2026-01-25", on="2026-01-25"), advance(to="2026-02-12"))
    interest = explained("interest", "2026-02-12", events)
    assert said(interest) == [
        ("0.1440 / 12 x 10,000.00, rounded", 12_000),
        ("the lesser of 120.00 and 40.00", 4_000),
    ]
    assert explained("run_up", "2026-02-11", events).result == 4_000
    fee = explained("plan_payoff", "2026-03-01", events).steps[-3]
    assert (fee.rule, fee.result) == ("The customer died: paying early costs nothing.", 0)


def test_a_loan_that_is_charged_off_is_owed_as_the_rest_of_its_plan():
    events = life(*DRAWN, advanced(to="2026-02-20"), write_off(on="2026-02-20"))
    interest = explained("interest", "2026-02-20", events)
    assert (interest.steps[-1].arithmetic, interest.result) == (
        "0.1440 x 5 / 360 x 9,220.25, rounded, at most 110.64",
        1_844,
    )
    owed = explained("owed", "2026-02-20", events)
    assert owed.steps[0].arithmetic == "779.75 of instalment 1 of loan-1 + 9,220.25 of the rest of loan-1"
    assert explained("planned", "2026-02-20", events).result == 0


# 4.7: agreements

LATE = (*BASE, advanced(to="2026-03-05"))
AGREED = (*LATE, restructured(12, on="2026-03-05"))


def test_what_was_owed_is_spread_evenly_with_the_interest_and_fees_that_it_carries():
    planned = explained("planned", "2026-03-05", life(*AGREED))
    made, first, *_, last, total = planned.steps
    assert (made.arithmetic, made.result) == ("1,234.57 + 11.73 + 2.47 + 10.00", 125_877)
    assert (first.rule, first.arithmetic) == (
        "Instalment 1 is payable with the statement of 2026-04-01.",
        "102.88 + 1.18 + 0.83",
    )
    assert (last.arithmetic, total.result) == ("102.89 + 1.22 + 0.87", 125_877)
    assert said(explained("owed", "2026-03-05", life(*AGREED))) == [
        ("1,234.57 of agreement-1", 123_457),
        ("14.20", 1_420),
        ("10.00", 1_000),
        ("1,234.57 + 14.20 + 10.00", 125_877),
    ]
    for figure in ("minimum_due", "arrears", "dpd", "accrued"):
        assert explained(figure, "2026-04-11", life(*AGREED)).result == 0


def test_a_statement_of_an_agreement_demands_its_instalment():
    minimum = explained("minimum", "2026-04-01", life(*AGREED, advanced(to="2026-04-01")))
    assert (minimum.steps[2].arithmetic, [each.type for each in minimum.steps[2].events]) == (
        "1.18 + 0.83",
        ["instalment.posted"],
    )
    assert minimum.result == 10_489


def test_an_agreement_at_a_rate_bears_a_twelfth_on_its_principal_and_by_days_where_it_is_paid_off():
    """At 6 %: 6.17 with the first instalment; 15 of 27 days of it run up by 20 March."""
    events = life(*LATE, restructured(12, on="2026-03-05", rate=Decimal("0.06")), advance(to="2026-04-01"))
    assert said(explained("interest", "2026-04-01", events)) == [("0.06 / 12 x 1,234.57, rounded", 617)]
    assert said(explained("run_up", "2026-03-20", events)) == [
        ("from 2026-03-05 to 2026-03-20", 15),
        ("6.17 x 15 / 27 days, rounded", 343),
        ("3.43", 343),
    ]
    assert explained("plan_payoff", "2026-03-20", events).result == 125_877 + 343


def test_what_is_refunded_of_an_agreement_bears_nothing_any_more():
    history = (*LINE, bought("p1", 120_000, on="2026-01-10"), advanced(to="2026-02-05"))
    agreed = restructure(4, on="2026-02-05", rate=Decimal("0.12"))
    events = life(*history, agreed, refund("p1", 50_000, on="2026-02-06"), advance(to="2026-03-01"))
    assert coming(explained("planned", "2026-02-06", events)) == [(30_000, 700), (30_000, 400), (10_000, 100), (0, 0)]
    assert said(explained("interest", "2026-03-01", events)) == [("0.12 / 12 x 700.00, rounded", 700)]


def test_a_broken_agreement_is_due_as_if_there_had_been_none():
    events = life(*AGREED, advanced(to="2026-04-11"))
    own, late = explained("dpd", "2026-04-11", events).steps
    assert (own.arithmetic, own.result) == ("104.89 + 1,153.88", 125_877)
    assert own.rule == (
        "The agreement was broken on 2026-04-11: with what was missed of statement 3 all that was left of it is due, since "
        "2026-02-10 as if there had been no agreement."
    )
    assert (late.arithmetic, late.result) == ("from 2026-02-10 to 2026-04-11", 60)
    assert [(each.type, each.reference, each.amount_fen) for each in late.events] == [
        ("plan.broken", "agreement-1", 115_388)
    ]
    assert explained("arrears", "2026-04-11", events).result == 125_877
    # The instalment bears from its due date, the rest from the day of the break.
    assert [each.arithmetic for each in explained("accrued", "2026-04-13", events).steps[1:3]] == [
        "2026-04-10 to 2026-04-10: 102.88 bears, x 1 days",
        "2026-04-11 to 2026-04-12: 1,234.57 bears, x 2 days",
    ]


def test_a_loan_is_restructured_with_what_has_run_up():
    """14 days of penalty on 779.75 are 6.55; of the month from 15 February 16 days of thirty on 9,220.25 are 59.01."""
    events = life(*DRAWN, advanced(to="2026-03-01"), restructured(10, on="2026-03-01"))
    interest = explained("interest", "2026-03-01", events)
    assert (interest.steps[-1].arithmetic, interest.result) == (
        "0.1440 x 16 / 360 x 9,220.25, rounded, at most 110.64",
        5_901,
    )
    planned = explained("planned", "2026-03-01", events)
    assert (planned.steps[1].arithmetic, planned.result) == ("1,000.00 + 18.55", 1_018_556)
    assert planned.steps[1].rule == "Instalment 1 is due on 2026-04-01 and billed on 2026-03-29."


# Taken over, and corrected


def test_a_payment_that_is_learnt_late_takes_back_the_penalty():
    late = pay(89_975, on="2026-03-05", value_date=date(2026, 2, 14))
    events = life(*DRAWN, advanced(to="2026-03-04"), late)
    # 18 days of 779.75 at 0.06 % a day were posted with the payment, before it was known when it counts.
    interest = explained("interest", "2026-03-05", events)
    assert [each.arithmetic for each in interest.steps][-1] == "8.42 - 8.42"
    assert "it was learnt what counts from 2026-02-14" in interest.steps[-1].rule
    assert explained("accrued", "2026-03-05", events).result == 0


def test_loans_that_were_taken_over_go_on_with_the_statements_that_waited():
    loans = (*LOAN, drawn(300_000, 3, on="2026-01-15"), drawn(300_000, 3, on="2026-01-17", ref="loan-2"))
    elsewhere = standing_elsewhere(*loans, advanced(to="2026-02-14"), on="2026-02-14")
    events = life(
        opened(on="2026-02-14", agreed=loan_terms("cash-loan-2026.1")), migrate(**elsewhere), advance(to="2026-02-18")
    )
    assert [explained("arrears", f"2026-02-{day}", events).result for day in (15, 16, 18)] == [0, 102_410, 204_820]
    planned = explained("planned", "2026-02-14", events)
    assert planned.steps[0].rule == "What was learnt or taken over on 2026-02-14 says what was left of the plan then."
