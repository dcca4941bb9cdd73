"""A scenario is lived through in figures that are known by heart."""

import json
import time

import pytest

from domain.commands import COMMANDS, Command
from domain.money import BUCKETS
from infra.simulation.figures import SUMS
from infra.simulation.scenario import read
from tests.simulated import ACCOUNT, SCENARIOS, bought, from_file, lived, paid, stands, types

WORDS = ["tier", "access", "reasons", "standing", "status", "layers", "holds", "plans", "appeals", "deceased"]


# The scenarios beside this file


def test_denied_a_dispute_rejected_another_upheld_and_a_payment_learnt_late():
    life = from_file("denied")
    states = life["states"]
    stands(states["2026-02-11"], principal_billed=173_457, fees_unbilled=1_000, arrears=17_346, dpd=1, accrued=87)
    stands(states["2026-02-20"], principal_disputed=173_457, fees_unbilled=1_000, minimum_due=0, dpd=0, accrued=867)
    stands(states["2026-03-01"], principal_disputed=173_457, interest_billed=867, fees_billed=1_000, minimum_due=1_867)
    # Rejected: owed again from that day. Upheld: 123,457 x 10 days x 0.0005, as if the other had never posted.
    stands(
        states["2026-03-05"],
        principal_unbilled=123_457,
        principal_disputed=50_000,
        interest_billed=867,
        fees_billed=1_000,
    )
    stands(states["2026-03-10"], principal_unbilled=123_457, interest_billed=617, fees_billed=1_000, minimum_due=1_617)
    # The minimum was met in time after all: no late fee, and interest on 111,111 alone.
    stands(states["2026-03-20"], principal_unbilled=111_111, interest_billed=556, arrears=556, dpd=10)
    stands(states["2026-03-21"], principal_unbilled=111_111, interest_billed=356, minimum_due=356)
    assert [(each["fact"], each["reason"]) for each in life["refused"]] == [(4, "dispute_exceeds_purchase")]


def test_arrears_cases_5_7_and_44():
    life = from_file("arrears")
    states = life["states"]
    stands(states["2026-02-01"], principal_billed=123_457, minimum_due=12_346, arrears=0, dpd=0, tier="normal")
    stands(states["2026-02-11"], principal_billed=123_457, fees_unbilled=1_000, arrears=12_346, dpd=1, accrued=62)
    stands(
        states["2026-03-01"],
        principal_billed=123_457,
        interest_billed=1_173,
        fees_billed=1_000,
        owed=125_630,
        billed=125_630,
        accrued=0,
        available=4_874_370,
        minimum_due=25_631,
        arrears=12_346,
        dpd=19,
        tier="special_mention",
        access="open",
        reasons=[],
        standing="overdue",
        status="overdue",
        layers=[
            {"statement_no": 1, "due_date": "2026-02-10", "amount_fen": 12_346},
            {"statement_no": 2, "due_date": "2026-03-10", "amount_fen": 13_285},
        ],
    )
    stands(states["2026-03-05"], principal_billed=115_630, minimum_due=15_631, arrears=2_346, dpd=23)
    stands(states["2026-03-11"], principal_billed=115_630, fees_unbilled=1_000, arrears=15_631, dpd=29)
    assert life["statements"] == [
        {
            "statement_no": 1,
            "date": "2026-02-01",
            "due_date": "2026-02-10",
            "balance_fen": 123_457,
            "minimum_fen": 12_346,
            "own_minimum_fen": 12_346,
        },
        {
            "statement_no": 2,
            "date": "2026-03-01",
            "due_date": "2026-03-10",
            "balance_fen": 125_630,
            "minimum_fen": 25_631,
            "own_minimum_fen": 13_285,
        },
    ]
    payment = next(event for event in life["events"] if event["type"] == "payment.received")
    assert payment["applied"] == {"fees_billed": 1_000, "interest_billed": 1_173, "principal_billed": 7_827}
    assert life["refused"] == [
        {
            "fact": 2,
            "at": "2026-03-02",
            "do": "purchase",
            "reason": "overdue",
            "numbers": {"dpd": 20, "arrears": 12_346},
            "remedy": "Pay the arrears first.",
        }
    ]
    report = [(line["month"], line["code"], line["days_past_due"], line["past_due_fen"]) for line in life["report"]]
    assert report == [("2026-01", "*", 0, 0), ("2026-02", "1", 18, 12_346), ("2026-03", "1", 29, 15_631)]


def test_overpaid_case_10():
    life = from_file("overpaid")
    stands(life["states"]["2026-02-05"], credit=6_543, owed=0, available=5_006_543, standing="paid")
    stands(life["states"]["2026-02-12"], credit=1_543)
    stands(life["states"]["2026-03-01"], credit=1_543, layers=[])
    assert [statement["date"] for statement in life["statements"]] == ["2026-02-01"]


def test_cap_case_19():
    life = from_file("cap")
    stands(life["states"]["2026-02-11"], principal_billed=30_000, fees_unbilled=1_000)
    stands(
        life["states"]["2026-03-01"],
        principal_billed=30_000,
        fees_billed=701,
        interest_billed=285,
        owed=30_986,
        minimum_due=6_686,
    )
    (waived,) = (event for event in life["events"] if event["type"] == "debt.waived")
    assert (waived["fees_fen"], waived["interest_fen"]) == (299, 0)
    assert (life["statements"][-1]["balance_fen"], life["statements"][-1]["minimum_fen"]) == (30_986, 6_686)


def test_instalments_case_25_with_a_refund_and_an_early_settlement():
    life = from_file("instalments")
    states = life["states"]
    stands(states["2026-02-03"], principal_billed=100_000, principal_planned=100_000, minimum_due=10_000)
    stands(states["2026-02-10"], principal_planned=100_000, standing="paid", available=4_900_000)
    (plan,) = states["2026-02-10"]["plans"]
    assert (plan["plan_id"], plan["kind"]) == ("n1", "conversion")
    assert [(each["principal_fen"], each["fee_fen"]) for each in plan["instalments"]] == [
        (33_333, 833),
        (33_333, 833),
        (33_334, 834),
    ]
    stands(
        states["2026-03-01"],
        principal_billed=33_333,
        principal_planned=66_667,
        fees_billed=833,
        minimum_due=34_166,
        standing="billed",
    )
    # Of 33,333 and 33,334 the refund of 40,000 leaves 26,667; then 19 days of the 31 to 1 April are used: 511 of 833.
    stands(states["2026-03-10"], principal_planned=26_667, standing="paid")
    stands(states["2026-03-20"], owed=0, available=5_000_000)
    (refused,) = life["refused"]
    assert (refused["reason"], refused["numbers"]["payoff"]) == ("payoff_mismatch", 27_178)


def test_trip_limit_is_held_captured_in_parts_given_back_and_forgotten():
    life = from_file("trip")
    states = life["states"]
    stands(states["2026-01-10"], held=500_000, available=4_500_000)
    stands(states["2026-01-12"], principal_unbilled=123_457, held=376_543, available=4_500_000)
    stands(states["2026-01-15"], principal_unbilled=200_000, held=0, holds=[], available=4_800_000)
    open_hold = {"hold_id": "h2", "merchant_id": "car-hire", "expires_on": "2026-01-27", "amount_fen": 100_000}
    stands(states["2026-01-26"], principal_unbilled=200_000, held=100_000, holds=[open_hold])
    # It could be captured all day, and ended with it.
    stands(states["2026-01-27"], principal_unbilled=200_000, held=0, holds=[], available=4_800_000)
    stands(states["2026-01-29"], principal_unbilled=250_000, held=20_000, available=4_730_000)
    stands(states["2026-02-01"], principal_billed=250_000, held=0, minimum_due=25_000)
    released = [
        (event["business_date"], event["amount_fen"], event["reason"])
        for event in life["events"]
        if event["type"] == "hold.released"
    ]
    assert released == [
        ("2026-01-15", 300_000, "final_capture"),
        ("2026-01-27", 100_000, "expired"),
        ("2026-01-30", 20_000, "cancelled"),
    ]
    assert [(each["fact"], each["reason"]) for each in life["refused"]] == [
        (3, "capture_exceeds_hold"),
        (6, "hold_ended"),
    ]
    assert types(life).count("risk.alerted") == 1


def test_appeal_a_freeze_and_a_closure_are_undone_and_a_death_is_learnt_late():
    life = from_file("appeal")
    states = life["states"]
    first = {"appeal_id": "a1", "against": "abnormal_transaction", "decide_by": "2026-02-09"}
    stands(states["2026-01-20"], principal_unbilled=123_457, status="frozen", appeals=[first])
    second = {"appeal_id": "a2", "against": "abnormal_transaction", "decide_by": "2026-02-15"}
    stands(states["2026-01-26"], principal_unbilled=123_457, status="frozen", appeals=[second])
    stands(states["2026-02-05"], principal_billed=123_457, access="closed", available=-123_457, appeals=[])
    third = {"appeal_id": "a3", "against": "closure", "decide_by": "2026-03-04"}
    stands(states["2026-02-12"], principal_billed=111_111, access="closed", appeals=[third])
    # Closed or not, it was billed: 19 days of 111,111, case 6. Of the limit of 200,000 all that is owed is taken.
    owing = {"principal_billed": 111_111, "interest_billed": 1_056, "principal_unbilled": 30_000}
    stands(states["2026-03-04"], **owing, access="open", available=57_833, deceased=None)
    # Dead since 20 February: 10 days, nothing bought later, and no late fee on 11 March.
    dead = {"principal_billed": 111_111, "interest_billed": 556, "deceased": "2026-02-20", "reasons": ["deceased"]}
    stands(states["2026-03-05"], **dead, minimum_due=11_668, accrued=0)
    stands(states["2026-03-11"], **dead, arrears=11_668, dpd=1, accrued=0)
    assert [(each["fact"], each["reason"]) for each in life["refused"]] == [
        (3, "account_frozen"),
        (6, "new_evidence_needed"),
        (13, "limit_out_of_range"),
    ]


def test_loan_two_draws_are_billed_across_each_other_and_one_month_is_paid_late():
    """The annuity of 4.5 at 89,975 a month beside one of 102,410, 102,410 and 102,408: due on the 15th and on the 17th."""
    life = from_file("loan")
    states = life["states"]
    stands(states["2026-01-17"], principal_planned=1_300_000, available=3_700_000, minimum_due=0, standing="clear")
    stands(
        states["2026-02-14"],
        principal_billed=77_975 + 98_810,
        interest_billed=12_000 + 3_600,
        principal_planned=922_025 + 201_190,
        minimum_due=192_385,
    )
    layers = [(each["due_date"], each["amount_fen"]) for each in states["2026-02-14"]["layers"]]
    assert layers == [("2026-02-15", 89_975), ("2026-02-17", 102_410)]
    stands(states["2026-02-15"], principal_planned=1_123_215, standing="paid", minimum_due=0)
    # The second month: the first one of them is missed while the other has a day left.
    late = {"principal_billed": 78_911 + 99_996, "interest_billed": 11_064 + 2_414, "principal_planned": 944_308}
    stands(states["2026-03-17"], **late, arrears=89_975, dpd=2, accrued=95)
    # Five days of 0.06 % on 78,911, three on 99,996: 236.733 + 179.993 is rounded once, and is in the next statement.
    stands(states["2026-03-20"], principal_planned=944_308, interest_unbilled=417, standing="paid")
    stands(
        states["2026-04-14"],
        principal_billed=79_858 + 101_194,
        interest_billed=10_117 + 1_214 + 417,
        principal_planned=763_256,
        minimum_due=192_800,
    )
    stands(states["2026-04-15"], principal_planned=763_256, standing="paid", available=4_236_744)
    assert [(each["fact"], each["reason"]) for each in life["refused"]] == [(4, "overdue")]
    assert "late_fee.posted" not in types(life)
    assert [line["code"] for line in life["report"]] == ["*", "N", "M", "N"]


def test_prepaid_within_the_cooling_off_a_part_later_and_a_settlement_that_is_returned():
    life = from_file("prepaid")
    states = life["states"]
    # Four days of a loan of 500,000 cost 800 and nothing else.
    stands(states["2026-01-14"], available=5_000_000, standing="clear")
    stands(states["2026-02-13"], principal_planned=922_025, standing="paid")
    # 400,000 paid early: ten days of it are 1,600, the price is 4,000; the rest is 50,942 a month on the same dates.
    stands(states["2026-02-25"], principal_planned=522_025)
    (plan,) = states["2026-02-25"]["plans"]
    first = plan["instalments"][0]
    assert (len(plan["instalments"]), first["due_date"]) == (11, "2026-03-15")
    assert (first["principal_fen"], first["interest_fen"]) == (44_678, 6_264)
    stands(states["2026-03-15"], principal_planned=477_347, standing="paid")
    # 477,347 with fifteen of thirty days, 2,864, and 1 %, 4,773; returned, the loan is as it was.
    stands(states["2026-03-31"], available=5_000_000)
    stands(states["2026-04-02"], principal_planned=477_347)
    stands(states["2026-04-12"], principal_billed=45_214, interest_billed=5_728, principal_planned=432_133)
    settled = [each for each in life["events"] if each["type"] == "plan.settled_early"]
    assert [(each["principal_fen"], each["interest_fen"], each["fee_fen"]) for each in settled] == [
        (500_000, 800, 0),
        (477_347, 2_864, 4_773),
    ]
    (refused,) = life["refused"]
    assert (refused["reason"], refused["numbers"]["payoff"]) == ("payoff_mismatch", 405_600)


def test_restructured_kept_for_an_instalment_and_broken_with_the_next():
    life = from_file("restructured")
    states = life["states"]
    stands(
        states["2026-02-28"],
        principal_billed=77_975,
        interest_billed=12_000,
        principal_planned=922_025,
        arrears=89_975,
        dpd=13,
        accrued=608,
    )
    # 14 days of penalty, 655, and 16 days of the second month, 5,901, go into the plan with the 12,000 that were billed.
    agreed = {"access": "frozen", "reasons": ["restructured"], "dpd": 0, "arrears": 0}
    stands(states["2026-03-01"], principal_planned=1_000_000, interest_planned=18_556, **agreed, minimum_due=0)
    billed = {"principal_billed": 100_000, "interest_billed": 1_855}
    stands(states["2026-03-29"], **billed, principal_planned=900_000, interest_planned=16_701, minimum_due=101_855)
    stands(states["2026-04-01"], principal_planned=900_000, interest_planned=16_701, **agreed, standing="paid")
    stands(states["2026-05-01"], **billed, principal_planned=800_000, interest_planned=14_846, dpd=0)
    # All of it is due, since 15 February as if nothing had been agreed, and bears from today.
    stands(states["2026-05-02"], principal_billed=900_000, interest_billed=16_701, arrears=916_701, dpd=76)
    stands(states["2026-06-14"], principal_billed=900_000, interest_billed=31_341, dpd=119, standing="overdue")
    # 44 days on 900,000 and the one before that on the 100,000 that were missed: 23,760 + 60.
    stands(states["2026-06-15"], principal_billed=900_000, interest_billed=16_701 + 23_820, standing="charged_off")
    assert [(each["fact"], each["reason"]) for each in life["refused"]] == [(3, "account_frozen")]
    assert types(life).count("plan.broken") == 1


# What a scenario may say


def test_the_document_has_its_five_parts_and_a_state_all_its_keys():
    life = lived(show=["2026-01-05"])
    assert list(life) == ["states", "statements", "events", "refused", "report"]
    assert list(life["states"]["2026-01-05"]) == [*BUCKETS, *SUMS, *WORDS]
    assert [list(event)[:2] for event in life["events"]] == [["type", "business_date"]] * 2
    assert types(life) == ["account.opened", "account.activated"]


def test_terms_replace_parameters_by_their_names():
    life = lived(bought(), paid("2026-02-13", 123_457), show=["2026-03-01"], terms={"grace_days": 3})
    assert [line["code"] for line in life["report"]] == ["*", "N", "*"]
    assert life["events"][0]["terms"]["version"] == "scenario"
    assert lived()["events"][0]["terms"]["version"] != "scenario"


def test_a_rate_is_exact():
    life = lived(bought(), show=["2026-03-01"], terms={"daily_rate": "0.0001", "late_fee_floor": 0})
    # 2,345,683 fen-days of the rulebook's first example; 5 % of the minimum.
    assert life["events"][0]["terms"]["daily_rate"] == "0.0001"
    stands(life["states"]["2026-03-01"], principal_billed=123_457, interest_billed=235, fees_billed=617)


def test_the_bill_day_may_be_another():
    assert lived(bought(), show=["2026-02-20"], bill_day=15)["statements"][0]["date"] == "2026-01-15"


def test_a_date_is_noon_where_the_account_lives_and_an_instant_says_its_offset():
    life = lived(bought(), paid("2026-02-10T15:59:59Z", 12_346), show=["2026-03-01"])
    assert "late_fee.posted" not in types(life)
    late = lived(bought(), paid("2026-02-10T16:00:00Z", 12_346), show=["2026-03-01"])
    assert "late_fee.posted" in types(late)
    here = lived(bought(on="2026-01-31"), show=["2026-02-01"], zone="Pacific/Kiritimati")
    assert here["statements"][0]["balance_fen"] == 123_457


def test_a_refused_fact_leaves_nothing_and_the_life_goes_on():
    life = lived(bought(fen=6_000_000), bought(fen=5_000, purchase_id="p2"), show=["2026-02-01"])
    (refusal,) = life["refused"]
    assert refusal["reason"] == "over_limit"
    assert refusal["numbers"] == {"field": "amount_fen", "asked": 6_000_000, "available": 5_000_000}
    stands(life["states"]["2026-02-01"], principal_billed=5_000)


def test_time_going_backwards_is_refused():
    life = lived(bought(), bought(on="2026-01-09", purchase_id="p2"), bought(on="2026-01-01", purchase_id="p3"))
    assert [(each["fact"], each["reason"]) for each in life["refused"]] == [
        (2, "time_backwards"),
        (3, "time_backwards"),
    ]
    assert life["refused"][0]["numbers"]["earliest"] == "2026-01-10"


@pytest.mark.parametrize("amount", [0, -1, 1.5, 12_346.0, 2**63, 10**30, True, "100", None], ids=str)
def test_an_amount_that_may_not_be_is_refused_with_the_number(amount):
    life = lived(bought(fen=amount), bought(fen=5_000, purchase_id="p2"))
    (refusal,) = life["refused"]
    assert refusal["reason"] == "amount_invalid"
    assert (refusal["numbers"]["field"], refusal["numbers"]["asked"]) == ("amount_fen", amount)
    assert types(life)[-1] == "purchase.posted"


def test_a_value_that_may_not_be_is_refused_with_its_field():
    (refusal,) = lived(paid("2026-01-10", 5_000, channel="pigeon"))["refused"]
    assert (refusal["reason"], refusal["numbers"]["field"]) == ("field_invalid", "channel")
    (refusal,) = lived(paid("2026-01-10", 5_000, ref="x" * 10_000))["refused"]
    assert refusal["numbers"]["asked"] == "x" * 80 + "..."


def test_the_same_reference_twice_changes_nothing_and_with_other_content_it_is_refused():
    life = lived(bought(), bought(), bought(fen=5_000))
    assert types(life).count("purchase.posted") == 1
    assert [(each["fact"], each["reason"]) for each in life["refused"]] == [(3, "purchase_id_reused")]


@pytest.mark.parametrize("do", sorted(COMMANDS))
def test_every_command_of_the_domain_can_be_said(do):
    fields = dict.fromkeys(COMMANDS[do].model_fields.keys() - Command.model_fields.keys(), 1)
    life = lived({"at": "2026-01-10", "do": do, **fields})
    assert life["refused"] or life["events"]


def test_a_fact_may_name_who_asks():
    ours = {"actor": {"role": "risk", "id": "rules"}, "second_actor": {"role": "officer", "id": "desk-2"}}
    scenario = read(json.dumps({"account": ACCOUNT, "facts": [bought(**ours), bought()]}).encode())
    named, usual = (fact.command for fact in scenario.facts)
    assert (str(named.actor), str(named.second_actor)) == ("risk:rules", "officer:desk-2")
    assert usual.actor.role == "merchant"


def test_instalments_are_the_customers_to_ask_for():
    asked = [
        each
        for each in read((SCENARIOS / "instalments.json").read_bytes()).facts
        if "plan" in each.do or "settle" in each.do
    ]
    assert {each.do for each in asked} == {"convert_to_plan", "settle_early"}
    assert {each.command.actor.role for each in asked} == {"customer"}


# Dates shown


def test_looking_does_not_disturb_the_life():
    facts = [
        bought(),
        paid("2026-03-05", 10_000),
        bought(on="2026-02-20", purchase_id="late"),
        paid("2026-04-02", 9, "r2"),
    ]
    end = "2026-05-01"
    quiet = lived(*facts, show=[end])
    looked = lived(*facts, show=["2026-02-20", end, "2026-01-05", "2026-03-04", "2026-03-05", "2026-04-30"])
    assert looked["events"] == quiet["events"]
    assert looked["refused"] == quiet["refused"]
    assert looked["states"][end] == quiet["states"][end]


def test_refused_facts_between_change_nothing_about_the_others():
    facts = [bought(), paid("2026-03-05", 10_000), paid("2026-05-20", 9, "r2"), paid("2026-05-20", 9, "r2")]
    refused = [
        bought(on=day, purchase_id=f"no-{day}", fen=9_000_000)
        for day in ("2026-01-10", "2026-02-01", "2026-03-04", "2026-03-05", "2026-04-30", "2026-06-01", "2026-05-20")
    ]
    # One of June comes before those of 20 May: what the calendar would have done by June must be forgotten again.
    mixed = [facts[0], *refused[:3], facts[1], *refused[3:6], facts[2], refused[6], facts[3]]
    assert lived(*mixed)["events"] == lived(*facts)["events"]
    assert [each["fact"] for each in lived(*mixed)["refused"]] == [2, 3, 4, 6, 7, 8, 10]


def test_a_look_after_a_refused_fact_does_not_stand_in_the_way_of_an_earlier_one():
    facts = [bought(), bought(on="2026-03-05", fen=6_000_000, purchase_id="p2"), paid("2026-02-05", 123_457)]
    life = lived(*facts, show=["2026-03-01", "2026-04-01"])
    assert [each["fact"] for each in life["refused"]] == [2]
    stands(life["states"]["2026-03-01"], standing="paid")


@pytest.mark.parametrize("show", [["2026-01-17"], ["2026-01-17", "2026-01-18"], ["2026-01-17", "2026-03-01"]])
def test_what_ends_with_a_date_shown_has_ended_also_where_it_is_the_last(show):
    held = {"at": "2026-01-10", "do": "authorize", "hold_id": "h1", "amount_fen": 5_000, "merchant_id": "m1"}
    life = lived(held, show=["2026-01-16", *show])
    stands(life["states"]["2026-01-16"], held=5_000)
    stands(life["states"]["2026-01-17"], held=0)
    assert [event["business_date"] for event in life["events"] if event["type"] == "hold.released"] == ["2026-01-17"]


def test_who_did_nothing_for_a_year_is_frozen_as_that_day_ends():
    """Case 34."""
    life = lived(bought("2026-08-31"), paid("2026-08-31", 123_457), show=["2027-08-30", "2027-08-31"])
    assert [state["access"] for state in life["states"].values()] == ["open", "frozen"]
    assert types(life)[-1] == "account.frozen"


def test_a_look_beyond_the_last_day_of_a_hold_does_not_end_it_for_a_fact_of_that_day():
    held = {"at": "2026-01-10", "do": "authorize", "hold_id": "h1", "amount_fen": 5_000, "merchant_id": "m1"}
    too_much = bought("2026-01-18", 9_000_000)
    captured = {"at": "2026-01-17", "do": "capture", "hold_id": "h1", "purchase_id": "p2", "amount_fen": 5_000}
    life = lived(held, too_much, captured)
    assert [each["fact"] for each in life["refused"]] == [2]
    assert types(life)[-1] == "purchase.posted"


def test_a_state_knows_the_facts_of_its_day_and_none_later():
    life = lived(bought(), paid("2026-02-05", 100, "r1"), paid("2026-02-06", 200, "r2"), show=["2026-02-05"])
    stands(life["states"]["2026-02-05"], principal_billed=123_357)
    assert types(life)[-1] == "payment.received"


def test_a_date_shown_equals_the_same_date_reached_by_a_command():
    advance = {"at": "2026-03-01", "do": "advance_to", "date": "2026-03-01"}
    assert lived(bought(), advance)["events"] == lived(bought(), show=["2026-03-01"])["events"]


def test_the_tier_follows_the_days_past_due():
    # With a floor of nothing and one purchase never paid, the oldest minimum stays the one due on 10 February.
    life = lived(bought(), show=["2026-02-10", "2026-02-11", "2026-05-11", "2026-05-12"])
    assert [state["dpd"] for state in life["states"].values()] == [0, 1, 90, 91]
    tiers = ["normal", "special_mention", "special_mention", "substandard"]
    assert [state["tier"] for state in life["states"].values()] == tiers


def test_a_long_life_has_a_report_line_for_every_month_until_it_is_closed_for_inactivity():
    buys = [bought(on=f"20{26 + n // 12}-{n % 12 + 1:02}-10", fen=1_000, purchase_id=f"p{n}") for n in range(40)]
    pays = [paid(f"20{26 + n // 12}-{n % 12 + 1:02}-05", 1_000, f"r{n}") for n in range(1, 41)]
    facts = sorted([*buys, *pays], key=lambda fact: fact["at"])
    report = lived(*facts, show=["2033-12-31"])["report"]
    assert [line["month"] for line in report] == [f"{2026 + n // 12}-{n % 12 + 1:02}" for n in range(59)]
    assert "".join(line["code"] for line in report) == "*" + "N" * 40 + "*" * 17 + "C"


def test_a_thousand_refused_facts_are_lived_through_in_a_moment():
    days = [f"20{26 + n // 240}-{n // 20 % 12 + 1:02}-{n % 20 + 1:02}" for n in range(1_200)]
    facts = [bought(), *(bought(on=day, purchase_id=f"no-{day}") for day in days[30:])]
    began = time.process_time()
    life = lived(*facts, show=["2031-01-01"])
    # Generous: a shared machine is no stopwatch, but doing the calendar's work for each of them anew takes minutes.
    assert time.process_time() - began < 10
    assert len(life["report"]) == 61
    assert len(life["refused"]) == 1_170
