"""The rulebook's worked examples, explained: what is said, and on which events it rests."""

from datetime import date, timedelta

import pytest

from projections.explaining import book
from projections.explaining.figures import FIGURES, UnknownFigure, explain
from tests.domain.test_migrating import standing_elsewhere
from tests.specification import (
    BASE,
    LINE,
    activated,
    advance,
    authorized,
    bill_day_changed,
    bought,
    captured,
    converted,
    given,
    migrate,
    opened,
    pay,
    record_death,
    refund,
    released,
    reverse,
    settled,
    terms,
    unfreeze,
    write_off,
)


def life(*asked):
    told = given().when(*asked)
    assert told.refusal is None
    return told.events


ARREARS = life(*BASE, pay(10_000, on="2026-03-05"), advance(to="2026-04-15"))
FROM_POSTING = opened(agreed=terms(interest_method="from_posting"))


def explained(figure, on, events=ARREARS):
    return explain(events, figure, date.fromisoformat(on))


def said(explanation):
    """Arithmetic and result of each step, with the versions of the events it rests on."""
    return [(each.arithmetic, each.result, [event.version for event in each.events]) for each in explanation.steps]


def test_the_minimum_of_case_5_is_made_of_what_was_brought_forward_new_charges_and_a_share_of_the_rest():
    assert said(explained("minimum", "2026-03-04")) == [
        ("1,234.57 + 11.73 + 10.00", 125_630, [3, 5, 7]),
        ("123.46", 12_346, [4]),
        ("11.73 + 10.00", 2_173, [5, 7]),
        ("1,256.30 - 123.46 - 21.73", 111_111, [3]),
        ("0.10 x 1,111.11, rounded up", 11_112, []),
        ("123.46 + 21.73 + 111.12, at least 10.00 and at most 1,256.30", 25_631, [8]),
    ]
    assert explained("minimum", "2026-03-04").steps[-1].parameters == {"minimum_floor": 1_000, "balance_fen": 125_630}


def test_what_is_still_to_pay_names_the_payments_that_lowered_it():
    assert said(explained("minimum_due", "2026-03-05")) == [
        ("123.46 - 100.00", 2_346, [4, 9]),
        ("256.31 - 123.46", 13_285, [8]),
        ("23.46 + 132.85", 15_631, []),
    ]


def test_interest_of_example_a_is_nineteen_days():
    explanation = explained("interest", "2026-03-01")
    assert said(explanation) == [
        ("2026-02-10 to 2026-02-28: 1,234.57 bears, x 19 days", 2_345_683, [3]),
        ("2,345,683 fen-days", 2_345_683, []),
        ("0.0005 x 2,345,683 fen-days, rounded", 1_173, []),
        ("11.73 - 0.00", 1_173, [7]),
    ]
    assert [each.unit for each in explanation.steps] == ["fen-days", "fen-days", "fen", "fen"]


def test_later_interest_begins_with_the_posting_before_it():
    assert said(explained("interest", "2026-04-01"))[:3] == [
        ("2,345,683 fen-days", 2_345_683, [7]),
        ("2026-03-01 to 2026-03-04: 1,234.57 bears, x 4 days", 493_828, [7]),
        ("2026-03-05 to 2026-03-31: 1,156.30 bears, x 27 days", 3_122_010, [9]),
    ]


def test_interest_from_posting_is_example_c():
    events = life(
        FROM_POSTING,
        activated(),
        bought("base", 123_457, on="2026-01-10"),
        pay(100_000, on="2026-02-10"),
        advance(to="2026-03-01"),
    )
    assert said(explained("interest", "2026-03-01", events)) == [
        ("2026-01-10 to 2026-02-09: 1,234.57 bears, x 31 days", 3_827_167, [3]),
        ("2026-02-10 to 2026-02-28: 234.57 bears, x 19 days", 445_683, [5]),
        ("3,827,167 + 445,683 fen-days", 4_272_850, []),
        ("0.0005 x 4,272,850 fen-days, rounded", 2_136, []),
        ("21.36 - 0.00", 2_136, [6]),
    ]


def test_the_late_fee_is_a_share_raised_to_the_floor():
    assert said(explained("late_fee", "2026-02-11")) == [
        ("123.46", 12_346, [4]),
        ("the least of 123.46 missed, 123.46 of principal in that minimum, 1,234.57 of billed principal unpaid", 12_346, [3]),
        ("0.05 x 123.46, rounded", 617, []),
        ("6.17, at least 10.00 and at most 123.46", 1_000, [5]),
    ]  # fmt: skip


def test_days_past_due_count_from_the_due_date_grace_included():
    agreed = opened(agreed=terms(grace_days=3))
    events = life(agreed, activated(), bought("base", 123_457, on="2026-01-10"), advance(to="2026-02-14"))
    assert explained("dpd", "2026-02-13", events).result == 0
    explanation = explained("dpd", "2026-02-14", events)
    assert (explanation.result, explanation.unit) == (4, "days")
    assert explanation.steps[-1].parameters == {
        "due_date": "2026-02-10",
        "grace_days": 3,
        "tested_on": "2026-02-14",
        "tolerance": 0,
        "unpaid_fen": 12_346,
        "as_of": "2026-02-14",
    }


def test_the_waiver_of_case_19_is_what_exceeds_the_cap():
    events = life(*LINE, bought("p1", 30_000, on="2026-01-10"), advance(to="2026-03-01"))
    assert said(explained("waived", "2026-03-01", events)) == [
        ("2026-01-10 to 2026-02-28: 300.00 of principal, x 50 days", 1_500_000, [3]),
        ("1,500,000 fen-days", 1_500_000, []),
        ("0.24 x 1,500,000 fen-days / 365 days, rounded down", 986, []),
        ("12.85 - 0.00", 1_285, [5, 7]),
        ("12.85 - 9.86", 299, []),
        ("2.99 fees + 0.00 interest + 0.00 given back", 299, [8]),
    ]


def test_a_correction_is_named_with_what_was_learnt():
    late = pay(12_346, on="2026-03-05", value_date=date(2026, 2, 9))
    events = life(*BASE, advance(to="2026-03-01"), late)
    interest, fee = explained("interest", "2026-03-05", events), explained("late_fee", "2026-03-05", events)
    assert said(interest)[-1] == ("11.73 - 1.17", 1_056, [9, 10])
    assert said(fee)[-1] == ("10.00 - 10.00", 0, [9, 10])
    assert "counts from 2026-02-09" in interest.steps[-1].rule
    assert said(explained("minimum_due", "2026-03-05", events))[0] == ("121.68", 12_168, [10])
    accrued = explained("accrued", "2026-03-05", events)
    assert accrued.result == 222
    assert [event.type for event in accrued.steps[0].events] == ["balances.corrected"]


def test_a_fee_that_only_a_correction_charged():
    events = life(*BASE, pay(123_457, on="2026-02-10"), reverse(on="2026-02-14"))
    assert said(explained("late_fee", "2026-02-14", events))[-1][:2] == ("0.00 + 10.00", 1_000)
    assert explained("dpd", "2026-02-14", events).result == 4


def test_charged_off_debt_is_due_as_a_whole():
    events = life(*BASE, advance(to="2026-03-01"), write_off(on="2026-03-05"))
    explanation = explained("minimum_due", "2026-03-05", events)
    assert explanation.result == explained("owed", "2026-03-05", events).result
    assert "charged off on 2026-03-05" in explanation.steps[0].rule
    assert explained("dpd", "2026-03-06", events).result == 24


def test_a_hold_is_told_with_what_captured_and_freed_it():
    events = life(
        *LINE,
        authorized("h1", 30_000, on="2026-01-10"),
        captured("h1", 20_000, on="2026-01-12"),
        authorized("h2", 500, on="2026-01-12"),
        released("h2", on="2026-01-14"),
        captured("h1", 4_000, ref="p2", on="2026-01-16", final=True),
    )
    assert said(explained("held", "2026-01-13", events)) == [
        ("300.00 - 200.00", 10_000, [3, 4]),
        ("5.00", 500, [5]),
        ("100.00 + 5.00", 10_500, []),
    ]
    assert said(explained("held", "2026-01-14", events)) == [
        ("300.00 - 200.00", 10_000, [3, 4]),
        ("100.00", 10_000, [6]),
    ]
    assert said(explained("held", "2026-01-16", events)) == [("0.00", 0, [6, 8])]
    available = explained("available", "2026-01-13", events)
    assert (available.steps[-1].arithmetic, available.result) == ("50,000.00 - 200.00 - 105.00 + 0.00", 4_969_500)


def test_a_hold_that_nobody_used_ends_by_itself():
    events = life(*LINE, authorized("h1", 30_000, on="2026-01-10"), advance(to="2026-01-18"))
    assert explained("held", "2026-01-16", events).steps[0].parameters == {
        "hold_id": "h1",
        "placed_on": "2026-01-10",
        "expires_on": "2026-01-17",
    }
    (over,) = explained("held", "2026-01-17", events).steps
    assert [(each.type, each.reference) for each in over.events] == [("hold.released", "h1")]


def test_interest_ends_with_the_day_before_a_death():
    """Example A, but the customer died on 20 February, which is learnt on 5 March: 10 to 19 February bear."""
    events = life(*BASE, record_death("2026-02-20", on="2026-03-05"), advance(to="2026-04-01"))
    interest, accrued = explained("interest", "2026-03-05", events), explained("accrued", "2026-04-01", events)
    # 123,457 x 10 days x 0.0005 = 617.285, where 1,173 was posted.
    assert said(interest)[-1] == ("11.73 - 5.56", 617, [9, 10])
    assert "it was learnt that the customer died on 2026-02-20" in interest.steps[-1].rule
    assert said(accrued) == [
        ("1,234,570 fen-days", 1_234_570, [10]),
        ("none from 2026-02-20 on", 0, [9]),
        ("1,234,570 fen-days", 1_234_570, []),
        ("0.0005 x 1,234,570 fen-days, rounded", 617, []),
        ("6.17 - 6.17", 0, [10]),
    ]


def test_the_days_until_a_death_that_was_known_at_once():
    events = life(*BASE, record_death("2026-02-20", on="2026-02-20"), advance(to="2026-03-01"))
    assert said(explained("interest", "2026-03-01", events))[:3] == [
        ("2026-02-10 to 2026-02-19: 1,234.57 bears, x 10 days", 1_234_570, [3]),
        ("none from 2026-02-20 on", 0, [7]),
        ("1,234,570 fen-days", 1_234_570, []),
    ]


def test_no_late_fee_is_charged_after_a_death():
    events = life(*BASE, record_death("2026-02-05", on="2026-02-20"))
    fee = explained("late_fee", "2026-02-20", events)
    assert fee.steps[0].rule == "The customer died on 2026-02-05: whatever is missed after that day, no late fee is charged for it."  # fmt: skip
    assert said(fee)[-1] == ("10.00 - 10.00", 0, [7, 8])
    assert explained("dpd", "2026-02-20", events).result == 10


def test_what_was_bought_after_a_death_is_not_owed():
    events = life(*BASE, bought("after", 40_000, on="2026-01-16"), record_death("2026-01-15", on="2026-01-20"))
    assert [each.arithmetic for each in explained("owed", "2026-01-20", events).steps] == [
        "1,234.57 of base",
        "1,234.57",
    ]


def test_a_death_that_was_a_mistake_costs_what_it_would_have():
    events = life(
        *BASE,
        record_death("2026-02-20", on="2026-03-05"),
        unfreeze("deceased", on="2026-03-10"),
        advance(to="2026-04-01"),
    )
    interest = explained("interest", "2026-03-10", events)
    assert said(interest)[-1] == ("6.17 + 5.56", 1_173, [12, 13])
    assert "it was learnt that the customer did not die on 2026-02-20" in interest.steps[-1].rule
    # 123,457 x 50 days from 10 February to 31 March = 3,086.4, less the 1,173 of 1 March.
    assert explained("interest", "2026-04-01", events).result == 1_913


IN_THREE = (*BASE, bought("p2", 76_543, on="2026-01-20"), converted(100_000, 3, on="2026-02-03"))
CASE_25 = life(*IN_THREE, pay(100_000, on="2026-02-10"), advance(to="2026-03-01"))


def test_the_minimum_of_case_25_is_an_instalment_in_full():
    assert said(explained("minimum", "2026-03-01", CASE_25)) == [
        ("333.33 + 8.33", 34_166, [9, 10]),
        ("0.00", 0, []),
        ("0.00 + 8.33", 833, [9]),
        ("333.33", 33_333, [10]),
        ("341.66 - 0.00 - 8.33 - 333.33", 0, []),
        ("0.10 x 0.00, rounded up", 0, []),
        ("0.00 + 8.33 + 333.33 + 0.00, at least 10.00 and at most 341.66", 34_166, [11]),
    ]
    assert explained("minimum", "2026-03-01", CASE_25).steps[3].section == "4.5 Instalment plans"


def test_what_a_statement_demands_falls_by_the_share_of_what_is_paid_in_instalments_instead():
    own, _ = explained("minimum_due", "2026-02-03", CASE_25).steps
    assert (own.arithmetic, own.result, [each.type for each in own.events]) == (
        "200.00 - 100.00",
        10_000,
        ["account.billed", "plan.created"],
    )
    assert own.rule.endswith("What is paid in instalments instead is demanded with those.")


def test_a_plan_is_told_instalment_by_instalment_with_the_days_they_are_billed_on():
    made, *coming, total = explained("planned", "2026-02-05", CASE_25).steps
    assert (made.arithmetic, made.result) == ("333.33 x 2 + 333.34", 100_000)
    assert made.parameters == {
        "plan_id": "plan-1",
        "made_on": "2026-02-03",
        "months": 3,
        "fee_rate": "0.025",
        "fee_total_fen": 2_500,
        "purchases": "1,000.00 of base",
    }
    assert [(each.rule, each.result, each.parameters["fee_fen"]) for each in coming] == [
        ("Instalment 1 is payable with the statement of 2026-03-01.", 33_333, 833),
        ("Instalment 2 is payable with the statement of 2026-04-01.", 33_333, 833),
        ("Instalment 3 is payable with the statement of 2026-05-01.", 33_334, 834),
    ]
    assert (total.arithmetic, total.result) == ("1,000.00", 100_000)
    later = explained("planned", "2026-03-01", CASE_25)
    assert [each.parameters.get("number") for each in later.steps] == [None, 2, 3, None]
    assert (later.result, later.recorded) == (66_667, 66_667)


def test_the_fee_of_case_24_is_spread_like_its_plan():
    events = life(*LINE, bought("p1", 99_999, on="2026-01-10"), converted(99_999, 12, on="2026-02-03"))
    made, *coming, _ = explained("planned", "2026-02-03", events).steps
    assert made.arithmetic == "83.33 x 11 + 83.36"
    assert [each.parameters["fee_fen"] for each in coming] == [733] * 11 + [737]


def test_instalments_that_move_to_another_bill_day_are_told_with_it():
    events = life(*IN_THREE, bill_day_changed(15, "2026-04-02", on="2026-02-05"))
    _, *coming, _ = explained("planned", "2026-02-05", events).steps
    assert [each.rule[-11:-1] for each in coming] == ["2026-03-01", "2026-04-01", "2026-04-15"]


def test_the_refund_of_case_26_takes_the_last_instalments_and_their_fees():
    plan = (*LINE, bought("p1", 120_000, on="2026-01-10"), converted(120_000, 6, on="2026-02-03"))
    events = life(*plan, pay(20_900, on="2026-03-05"), refund("p1", 50_000, on="2026-03-20"))
    _, *coming, total = explained("planned", "2026-03-20", events).steps
    assert [(each.arithmetic, each.result, each.parameters["fee_fen"]) for each in coming] == [
        ("200.00", 20_000, 900),
        ("200.00", 20_000, 900),
        ("200.00 - 100.00", 10_000, 900),
        ("200.00 - 200.00", 0, 0),
        ("200.00 - 200.00", 0, 0),
    ]
    assert (total.result, [each.type for each in total.events]) == (
        50_000,
        ["plan.created", "instalment.posted", "purchase.refunded"],
    )


def test_refunds_take_from_the_newest_plan_what_came_of_their_purchase_and_then_from_the_one_before():
    bought_twice = (*LINE, bought("p1", 70_000, on="2026-01-10"), bought("p2", 30_000, on="2026-01-11"))
    plans = (converted(50_000, 3, on="2026-02-03"), converted(50_000, 6, ref="plan-2"))
    events = life(*bought_twice, *plans, refund("p1", 20_000, on="2026-02-05"), refund("p1", 10_000, ref="refund-2"))
    # Of the second plan 20,000 are of p1 and 30,000 of p2.
    totals = {
        each.parameters.get("plan_id"): each for each in explained("plan_payoff", "2026-02-05", events).steps[::3]
    }
    assert (totals["plan-2"].result, totals["plan-1"].result) == (30_000, 40_000)
    owed = explained("owed", "2026-02-05", events)
    assert owed.steps[0].arithmetic == "400.00 of plan-1 + 300.00 of plan-2"


def test_the_minimum_and_the_interest_of_case_40():
    carried = (*BASE, pay(12_346, on="2026-02-10"), bought("p2", 50_000, on="2026-02-20"))
    events = life(*carried, converted(50_000, 3, on="2026-03-03"), advance(to="2026-04-01"))
    minimum = said(explained("minimum", "2026-04-01", events))
    assert minimum[-1][:2] == ("121.68 + 29.63 + 166.66 + 100.00, at least 10.00 and at most 1,317.96", 41_797)
    assert said(explained("interest", "2026-04-01", events)) == [
        ("2,111,109 fen-days", 2_111_109, [7]),
        ("2026-03-01 to 2026-03-02: 1,111.11 bears, x 2 days", 222_222, [7]),
        ("2026-03-03 to 2026-03-09: 611.11 bears, x 7 days", 427_777, [9]),
        ("2026-03-10 to 2026-03-31: 1,111.11 bears, x 22 days", 2_444_442, [6]),
        ("2,111,109 + 222,222 + 427,777 + 2,444,442 fen-days", 5_205_550, []),
        ("0.0005 x 5,205,550 fen-days, rounded", 2_603, []),
        ("26.03 - 10.56", 1_547, [7, 13]),
    ]


def test_a_missed_instalment_bears_from_its_due_date_whatever_the_method():
    history = (FROM_POSTING, activated(), bought("p1", 100_000, on="2026-01-10"), converted(50_000, 3, on="2026-02-03"))
    events = life(*history, pay(50_000, on="2026-02-10"), advance(to="2026-04-01"))
    assert said(explained("interest", "2026-04-01", events))[0] == (
        "2026-03-10 to 2026-03-31: 166.66 bears, x 22 days",
        16_666 * 22,
        [9],
    )


def test_the_payoff_of_case_41_is_the_plan_and_the_fee_of_the_days_used():
    history = (*LINE, bought("p1", 100_000, on="2026-01-10"), converted(100_000, 12, on="2026-02-03"))
    assert said(explained("plan_payoff", "2026-02-10", life(*history)))[1:] == [
        ("7.33 x 7 / 26 days, rounded", 197, []),
        ("1,000.00 + 1.97", 100_197, []),
        ("1,001.97", 100_197, []),
    ]
    settled_early = life(*history, settled(100_197, on="2026-02-10"))
    (over,) = explained("planned", "2026-02-10", settled_early).steps
    assert (over.rule, over.result) == ("Nothing is paid in instalments.", 0)
    assert [each.type for each in over.events] == ["plan.created", "payment.received"]


def test_the_payoff_of_the_example_after_four_of_twelve_instalments():
    history = (*LINE, bought("p1", 100_000, on="2026-01-10"), converted(100_000, 12, on="2026-02-03"))
    steps = explained("plan_payoff", "2026-05-20", life(*history, advance(to="2026-05-01"))).steps
    assert [each.arithmetic for each in steps[1:3]] == ["7.33 x 19 / 31 days, rounded", "750.01 + 4.49"]


def test_no_fee_of_a_plan_is_part_of_its_payoff_after_a_death():
    history = (*LINE, bought("p1", 100_000, on="2026-01-10"), converted(100_000, 12, on="2026-02-03"))
    events = life(*history, record_death("2026-02-05", on="2026-02-05"))
    assert (
        explained("plan_payoff", "2026-02-10", events).steps[1].rule == "The customer died: no fee is charged after it."
    )
    assert explained("plan_payoff", "2026-02-10", events).result == 100_000


def test_plan_fees_count_under_the_cap_and_are_no_late_fees():
    """986 is room for 300.00 over 50 days; the late fee 10.00, the plan's fee 1.25 and interest of 1.43 are 2.82 above."""
    events = life(
        *LINE, bought("p1", 30_000, on="2026-01-10"), converted(15_000, 3, on="2026-02-03"), advance(to="2026-03-01")
    )
    assert said(explained("waived", "2026-03-01", events))[-3:] == [
        ("12.68 - 0.00", 1_268, [6, 8, 9]),
        ("12.68 - 9.86", 282, []),
        ("2.82 fees + 0.00 interest + 0.00 given back", 282, [11]),
    ]
    assert explained("late_fee", "2026-03-01", events).result == 1_000


def test_what_a_correction_changed_of_plan_fees_is_no_late_fee():
    """A death of 20 February takes back two fees of the plan, 16.66, and the late fee of 11 March."""
    history = (*LINE, bought("p1", 200_000, on="2026-01-10"), converted(100_000, 3, on="2026-02-03"))
    events = life(*history, advance(to="2026-04-05"), record_death("2026-02-20", on="2026-04-05"))
    fee = explained("late_fee", "2026-04-05", events)
    assert (fee.steps[-1].arithmetic, fee.result, fee.agrees) == ("21.17 - 21.17", 0, True)
    (correction,) = (each for each in events if each.TYPE == "balances.corrected")
    assert correction.late_fee_delta_fen == -2_117 - 1_666


def test_planned_debt_that_is_charged_off_is_owed_as_the_rest_of_its_plan():
    events = life(*IN_THREE, advance(to="2026-03-01"), write_off(on="2026-03-05"))
    steps = explained("owed", "2026-03-05", events).steps
    assert "666.67 of the rest of plan-1" in steps[0].arithmetic
    assert explained("planned", "2026-03-05", events).result == 0


ELSEWHERE = standing_elsewhere(*BASE, advance(to="2026-03-05"), on="2026-03-05")
TAKEN_OVER = life(opened(on="2026-03-05"), migrate(**ELSEWHERE), advance(to="2026-04-01"))


def test_an_account_that_was_taken_over_begins_with_what_the_takeover_says():
    assert said(explained("accrued", "2026-03-05", TAKEN_OVER)) == [
        ("2,839,511 fen-days", 2_839_511, [2]),
        ("2,839,511 fen-days", 2_839_511, []),
        ("0.0005 x 2,839,511 fen-days, rounded", 1_420, []),
        ("14.20 - 11.73", 247, [2]),
    ]
    assert said(explained("minimum_due", "2026-03-05", TAKEN_OVER)) == [
        ("123.46", 12_346, [2]),
        ("132.85", 13_285, [2]),
        ("123.46 + 132.85", 25_631, []),
    ]
    assert "Of statement 1 the takeover of 2026-03-05 left 123.46" in explained("arrears", "2026-03-05", TAKEN_OVER).steps[0].rule  # fmt: skip
    assert [each.arithmetic for each in explained("owed", "2026-03-05", TAKEN_OVER).steps[:1]] == ["1,234.57 of base"]
    for figure, since in (("minimum", "No statement was issued"), ("interest", "No interest was posted")):
        (nothing,) = explained(figure, "2026-03-05", TAKEN_OVER).steps
        assert nothing.rule == f"{since} since the account was taken over on 2026-03-05."


def test_after_a_takeover_it_is_reckoned_on():
    assert said(explained("interest", "2026-04-01", TAKEN_OVER))[:2] == [
        ("2,839,511 fen-days", 2_839_511, [2]),
        ("2026-03-05 to 2026-03-31: 1,234.57 bears, x 27 days", 3_333_339, [2]),
    ]
    assert explained("interest", "2026-04-01", TAKEN_OVER).result == 1_913


def test_what_is_owed_names_the_purchases_that_are_unpaid():
    steps = explained("owed", "2026-03-05").steps
    assert [(each.parameters.get("bucket"), each.arithmetic) for each in steps] == [
        ("principal_billed", "1,156.30 of base"),
        (None, "1,156.30"),
    ]
    assert said(explained("available", "2026-03-05"))[-1][:2] == ("50,000.00 - 1,156.30 - 0.00 + 0.00", 4_884_370)


@pytest.mark.parametrize("figure", FIGURES)
def test_on_the_first_day_every_figure_says_that_there_is_nothing(figure):
    assert explained(figure, "2026-01-05").result == (5_000_000 if figure == "available" else 0)


def test_a_figure_nobody_knows_is_answered_with_those_there_are():
    with pytest.raises(UnknownFigure, match="'intrest' is no figure that can be explained; there are: minimum, "):
        explained("intrest", "2026-03-05")


def test_before_the_opening_there_is_nothing_to_explain():
    with pytest.raises(ValueError, match=r"begins with account\.opened"):
        explained("owed", "2026-01-04")


def test_a_rate_that_was_recorded_wrongly_is_found_out():
    wrong = [
        each.model_copy(update={"amount_fen": each.amount_fen + 1}) if each.TYPE == "interest.posted" else each
        for each in ARREARS
    ]
    explanation = explained("interest", "2026-03-01", wrong)
    assert (explanation.result, explanation.recorded, explanation.agrees) == (1_173, 1_174, False)


def test_a_book_that_counted_from_the_due_test_would_be_found_out(monkeypatch):
    events = life(opened(agreed=terms(grace_days=3)), activated(), bought("p1", 123_457), advance(to="2026-03-01"))
    assert explained("interest", "2026-03-01", events).agrees
    change = book.Curve.change
    monkeypatch.setattr(
        book.Curve, "change", lambda curve, on, delta, told: change(curve, max(on, date(2026, 2, 14)), delta, told)
    )
    assert not explained("interest", "2026-03-01", events).agrees


def test_a_long_list_of_days_is_cut_to_the_latest():
    days = [date(2026, 1, 11) + timedelta(days=number) for number in range(48)]
    begins = (*LINE, bought("p1", 30_000, on="2026-01-10"))
    events = life(*begins, *(pay(1, on=f"{day}", ref=f"r{day}") for day in days), advance(to="2026-03-01"))
    steps = explained("waived", "2026-03-01", events).steps
    assert sum("days_from" in each.parameters for each in steps) == 31
    # 10 January at 300.00, then a fen less each day: 49 stretches to 27 February, of which 18 are told in one line.
    assert (steps[0].arithmetic, steps[0].result) == ("from 2026-01-10 to 2026-01-27", sum(range(29_983, 30_001)))
