"""Taking a living account over: what is said of it has to add up, and then it lives like any other."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, settings
from hypothesis import given as of_any
from hypothesis import strategies as st

from domain.commands import AdvanceTo, Draw, Migrate, Purchase, ReceivePayment, Restructure
from domain.corrections import restated
from domain.events import AccountMigrated, InstalmentPosted, Owed
from domain.ledger import Ledger
from domain.terms import CASH_LOAN, CASH_LOAN_BULLET
from tests.domain.lives import Life, wandering, wandering_in_loans, wandering_in_plans
from tests.specification import (
    BASE,
    DRAWN,
    LOAN,
    activate,
    activated,
    advance,
    advanced,
    authorized,
    bought,
    buy,
    capture,
    closure_requested,
    convert,
    converted,
    drawn,
    event,
    given,
    migrate,
    opened,
    paid,
    pay,
    prepaid,
    refund,
    restructured,
    settle,
    settled,
)


def left_of(ledger: Ledger) -> dict[str, Any]:
    """What a takeover says of an account that stands like this."""
    said = restated(ledger, ledger, [])
    return {
        "balances": Owed(**ledger.buckets),
        "statement_no": ledger.statement_no,
        "purchases": said["purchases_left"],
        "minima": said["minima_left"],
        "plans": said["plans_left"],
        "untested_due": said["untested_due"],
        "untested_later": said["untested_later"],
        "counters": said["counters"],
        "drawn_on": ledger.drawn_on if ledger.terms.product == "cash_loan" else None,
    }


def standing_elsewhere(*history: Any, on: str) -> dict[str, Any]:
    ledger = given(*history).account.ledger.fork()
    ledger.pass_time(date.fromisoformat(on))
    return left_of(ledger)


# Example A, taken over on 5 March: two statements, one of them missed.
LATE = standing_elsewhere(*BASE, advanced(to="2026-03-05"), on="2026-03-05")


def test_an_overdue_account_is_taken_over_as_it_stands():
    given(opened(on="2026-03-05")).when(migrate(**LATE, history="*1")).then(
        event(
            AccountMigrated,
            limit_fen=500_000, access="open", standing="overdue", status="overdue", history="*1",
            minimum_due_after=25_631, arrears_after=12_346, dpd_after=23, regime="charges_first",
        ),
    ).owes(principal_billed=123_457, interest_billed=1_173, fees_billed=1_000).stands(
        limit=500_000, available=374_370, statement_no=2
    )  # fmt: skip


def test_it_then_lives_on_as_where_it_came_from():
    """On 1 April: 123,457 x 50 days x 0.0005 = 3,086.43, less 1,173 posted."""
    taken = given(opened(on="2026-03-05"), migrate(**LATE)).when(advance(to="2026-05-20"))
    stayed = given(*BASE, advanced(to="2026-03-05")).when(advance(to="2026-05-20"))
    assert [each.TYPE for each in taken.events] == [each.TYPE for each in stayed.events]
    assert taken.account.ledger == stayed.account.ledger


def test_principal_is_paid_first_where_it_is_late_enough_already():
    late = standing_elsewhere(*BASE, advanced(to="2026-05-12"), on="2026-05-12")
    life = given(opened(on="2026-05-12"), migrate(**late)).when(pay(50_000))
    life.stands(regime="principal_first").owes(
        principal_billed=73_457, interest_billed=4_938, fees_billed=3_000, fees_unbilled=1_000
    )


@pytest.mark.parametrize(
    ("history", "on", "standing"),
    [
        ((opened(), activated()), "2026-01-20", "clear"),
        (BASE, "2026-01-20", "clear"),
        ((*BASE, advanced(to="2026-02-01")), "2026-02-05", "billed"),
        ((*BASE, paid(123_457, on="2026-02-05")), "2026-02-06", "paid"),
        ((*BASE, paid(130_000, on="2026-02-05")), "2026-02-06", "paid"),
        ((*BASE, advanced(to="2026-02-11")), "2026-02-20", "overdue"),
    ],
)
def test_its_standing_follows_from_what_is_left(history, on, standing):
    given(opened(on=on), migrate(**standing_elsewhere(*history, on=on))).stands(standing=standing, access="open")


def test_a_statement_that_waits_for_its_due_test_is_tested_here():
    waiting = standing_elsewhere(*BASE, advanced(to="2026-02-01"), on="2026-02-05")
    life = given(opened(on="2026-02-05"), migrate(**waiting))
    assert str(life.account.next_event_on()) == "2026-02-11"
    life.when(advance(to="2026-02-11")).stands(standing="overdue", dpd=1).owes(
        principal_billed=123_457, fees_unbilled=1_000
    )


def test_nothing_from_before_may_be_learnt():
    life = given(opened(on="2026-03-05"), migrate(**LATE))
    life.when(pay(1_000, on="2026-03-10", value_date=date(2026, 3, 4))).refused(
        "value_date_not_allowed",
        field="value_date",
        asked=date(2026, 3, 4),
        earliest=date(2026, 3, 5),
        latest=date(2026, 3, 10),
    )
    life.refusal = None
    life.when(pay(1_000, on="2026-03-10", value_date=date(2026, 3, 6))).owes(
        principal_billed=123_457, interest_billed=1_173
    )


def test_it_is_taken_over_once_and_saying_the_same_again_changes_nothing():
    life = given(opened(on="2026-03-05"), migrate(**LATE))
    life.when(migrate(**LATE)).nothing_happened()
    life.when(migrate(**LATE | {"limit": 600_000})).refused("no_such_move", access="open", limit=500_000, asked=600_000)
    life.refusal = None
    life.when(activate(limit=600_000)).refused("no_such_move", access="open", limit=500_000, asked=600_000)


@pytest.mark.parametrize(
    ("history", "access"), [((*BASE, closure_requested()), "closing"), (BASE, "open")], ids=["closing", "open"]
)
def test_only_an_application_is_taken_over(history, access):
    life = given(*history).when(migrate())
    assert life.refusal.reason == "no_such_move"
    assert life.refusal.numbers["access"] == access


def test_the_limit_is_one_of_the_terms():
    given(opened(on="2026-03-05")).when(migrate(limit=49_999, **LATE)).refused(
        "limit_out_of_range", field="limit_fen", asked=49_999, lowest=50_000, highest=5_000_000
    )


def changed(**changes: Any) -> dict[str, Any]:
    said = dict(LATE)
    for name, change in changes.items():
        said[name] = change(said[name])
    return said


@pytest.mark.parametrize(
    ("said", "field", "numbers"),
    [
        (
            changed(balances=lambda owed: owed.model_copy(update={"principal_billed": 123_456})),
            "balances.principal_billed",
            {"stated": 123_456, "expected": 123_457},
        ),
        (
            changed(balances=lambda owed: owed.model_copy(update={"principal_unbilled": 1})),
            "balances.principal_unbilled",
            {"stated": 1, "expected": 0},
        ),
        (
            changed(balances=lambda owed: owed.model_copy(update={"principal_planned": 1})),
            "balances.principal_planned",
            {"stated": 1, "expected": 0},
        ),
        (
            changed(balances=lambda owed: owed.model_copy(update={"principal_disputed": 1})),
            "balances.principal_disputed",
            {"stated": 1, "expected": 0},
        ),
        (
            changed(balances=lambda owed: owed.model_copy(update={"credit": 1})),
            "balances.credit",
            {"stated": 1, "expected": 0},
        ),
        (
            changed(balances=lambda owed: owed.model_copy(update={"fees_billed": 0, "interest_billed": 0}),
                    purchases=lambda _: (), minima=lambda minima: minima),
            "balances.principal_billed",
            {"stated": 123_457, "expected": 0},
        ),
        (
            changed(minima=lambda minima: (minima[0].model_copy(update={"amount_fen": 120_000}), minima[1])),
            "minima.amount_fen",
            {"stated": 133_285, "lowest": 0, "highest": 125_630},
        ),
        (changed(minima=lambda minima: minima[::-1]), "minima.statement_no", {"stated": [2, 1], "expected": [1, 2]}),
        (changed(statement_no=lambda _: 1), "minima.statement_no", {"stated": [1, 2], "expected": [1]}),
        (changed(untested_due=lambda _: None), "untested_due", {"stated": None, "expected": date(2026, 3, 10)}),
        (
            changed(counters=lambda counters: counters.model_copy(update={"bearing_fen": 0})),
            "counters.bearing_fen",
            {"stated": 0, "expected": 123_457},
        ),
        (
            changed(counters=lambda counters: counters.model_copy(update={"interest_posted_fen": 99_999})),
            "counters.interest_posted_fen",
            {"stated": 99_999, "lowest": 0, "highest": 1_420},
        ),
        (
            changed(counters=lambda counters: counters.model_copy(update={"waived_fen": 2_174})),
            "counters.waived_fen",
            {"stated": 2_174, "lowest": 0, "highest": 2_173},
        ),
        (
            changed(purchases=lambda known: (*known, known[0])),
            "purchases",
            {"stated": 2, "expected": 1},
        ),
        (
            changed(counters=lambda counters: counters.model_copy(update={"charges_posted_fen": 2_172})),
            "counters.charges_posted_fen",
            {"stated": 2_172, "lowest": 2_173, "highest": 2**63 - 1},
        ),
        (
            changed(purchases=lambda known: (known[0].model_copy(update={"counted_to": date(2026, 3, 6)}),)),
            "purchases.counted_to",
            {"stated": date(2026, 3, 6), "lowest": date.min, "highest": date(2026, 3, 5)},
        ),
    ],
    ids=lambda said: said if isinstance(said, str) else "",
)  # fmt: skip
def test_what_does_not_add_up_is_refused_with_the_figure(said, field, numbers):
    given(opened(on="2026-03-05")).when(migrate(**said)).refused("takeover_inconsistent", field=field, **numbers)


# Case 25, taken over on 5 March: of three instalments one is billed, and two are still to come.
PLANNED = standing_elsewhere(
    *BASE, bought("more", 76_543, on="2026-01-20"), converted(100_000, 3, on="2026-02-03"),
    paid(100_000, on="2026-02-10"), advanced(to="2026-03-05"), on="2026-03-05",
)  # fmt: skip


def test_a_plan_goes_on_with_its_next_instalment_and_may_be_settled():
    life = given(opened(on="2026-03-05"), migrate(**PLANNED)).owes(
        principal_billed=33_333, fees_billed=833, principal_planned=66_667
    )
    life.when(settle(66_667, on="2026-03-20")).refused(
        "payoff_mismatch", field="amount_fen", asked=66_667, payoff=67_178, principal=66_667, interest=0, fee=511
    )
    life.when(advance(to="2026-04-01"))
    assert [each.number for each in life.events if isinstance(each, InstalmentPosted)] == [2]
    life.when(settle(33_334, on="2026-04-01")).stands(planned=0)


def test_the_id_of_a_plan_that_was_taken_over_names_no_other():
    life = given(opened(on="2026-03-05"), migrate(**PLANNED), bought("p9", 70_000), advanced(to="2026-04-01"))
    life.when(convert(66_667, 3, on="2026-04-02")).refused(
        "plan_id_reused", field="plan_id", reference="plan-1", differs="months", first=0, asked=3
    )


@pytest.mark.parametrize("said", [LATE, PLANNED], ids=["unpaid", "paid in instalments"])
def test_the_id_of_a_purchase_that_was_taken_over_names_no_other(said):
    """Else what is unpaid of the old one bore no interest any more, or a refund of the new one took back its plan."""
    life = given(opened(on="2026-03-05"), migrate(**said), paid(25_631), authorized("h1", 5_000))
    life.when(buy("base", 5_000)).refused(
        "purchase_id_reused", field="purchase_id", reference="base", differs="amount_fen", first=0, asked=5_000
    )
    life.when(capture("h1", 5_000, ref="base")).refused(
        "purchase_id_reused", field="purchase_id", reference="base", differs="hold_id", first="", asked="h1"
    )
    life.when(refund("base", 1)).refused("refund_exceeds_purchase", field="amount_fen", asked=1, refundable=0)


def plans_with(**changes):
    (plan,) = PLANNED["plans"]
    return PLANNED | {"plans": (plan.model_copy(update=changes),)}


SECOND, THIRD = PLANNED["plans"][0].instalments
TAKEN_BACK = THIRD.model_copy(update={"principal_fen": 0})


@pytest.mark.parametrize(
    ("said", "field", "numbers"),
    [
        (PLANNED | {"plans": PLANNED["plans"] * 2}, "balances.principal_planned", {"stated": 66_667, "expected": 133_334}),
        (plans_with(made_on=date(2026, 3, 6)), "plans.made_on",
         {"stated": date(2026, 3, 6), "lowest": date.min, "highest": date(2026, 3, 5)}),
        (plans_with(instalments=(THIRD, SECOND)), "plans.instalments.number", {"stated": [3, 2], "expected": [3, 4]}),
        (plans_with(parts=()), "plans.parts.amount_fen", {"stated": 0, "lowest": 66_667, "highest": 2**63 - 1}),
    ],
    ids=["twice", "made tomorrow", "backwards", "of nothing"],
)  # fmt: skip
def test_a_plan_that_does_not_add_up_is_refused_with_the_figure(said, field, numbers):
    given(opened(on="2026-03-05")).when(migrate(**said)).refused("takeover_inconsistent", field=field, **numbers)


def planned_for(said, fen):
    return said | {"balances": said["balances"].model_copy(update={"principal_planned": fen})}


@pytest.mark.parametrize(
    ("said", "field", "numbers"),
    [
        (
            planned_for(PLANNED | {"plans": PLANNED["plans"] * 2}, 133_334),
            "plans", {"stated": 2, "expected": 1},
        ),
        (
            planned_for(plans_with(instalments=()), 0),
            "plans.instalments.principal_fen", {"stated": 0, "lowest": 1, "highest": 2**63 - 1},
        ),
        (
            planned_for(plans_with(instalments=(SECOND.model_copy(update={"principal_fen": 0, "fee_fen": 0}), THIRD)), 33_334),
            "plans.instalments.principal_fen", {"stated": [0, 33_334], "expected": [33_334, 0]},
        ),
        (
            planned_for(plans_with(instalments=(SECOND, TAKEN_BACK)), 33_333),
            "plans.instalments.fee_fen", {"stated": 834, "expected": 0},
        ),
        (
            PLANNED | {"counters": PLANNED["counters"].model_copy(update={"plan_fees_posted_fen": 834})},
            "counters.plan_fees_posted_fen", {"stated": 834, "lowest": 0, "highest": 833},
        ),
    ],
    ids=["twice", "none left", "empty before the last", "a fee for nothing", "more fees of plans than fees"],
)  # fmt: skip
def test_a_plan_that_could_not_go_on_is_refused_with_the_figure(said, field, numbers):
    given(opened(on="2026-03-05")).when(migrate(**said)).refused("takeover_inconsistent", field=field, **numbers)


@settings(max_examples=60, deadline=None)
@of_any(
    tell=st.sampled_from((wandering, wandering_in_plans)),
    seed=st.integers(0, 400),
    steps=st.integers(5, 25),
    later=st.lists(st.sampled_from((1, 5, 12, 31)), min_size=3, max_size=6),
)
def test_any_life_goes_on_elsewhere_as_it_would_have_gone_on(tell, seed, steps, later):
    """A life is taken over where it stands, then the same is said in both places: they owe the same ever after."""
    here = tell(seed, steps)
    account = here.account
    assume(account.access in ("open", "frozen") and account.standing != "charged_off")
    assume(not account.ledger.disputes and account.death is None and account.spared_due is None)
    there = Life(here.agreed, account.business_date, 0, bill_day=account.ledger.bill_days.day)
    there.ask(Migrate, limit_fen=account.limit, **left_of(account.ledger))
    assert isinstance(there.events[-1], AccountMigrated)
    here.day = there.day = account.business_date
    for number, days in enumerate(later):
        for life in (here, there):
            life.day += timedelta(days=days)
            life.ask(Purchase, purchase_id=f"m{number}", amount_fen=1_000 + 977 * number, merchant_id="m", forced=True)
            life.ask(ReceivePayment, payment_ref=f"m{number}", channel="counter", amount_fen=700 + 400 * number)
            life.ask(AdvanceTo, date=life.day)
            if number == 1:
                life.settles(0)
        ours, theirs = here.account.ledger, there.account.ledger
        assert (ours.buckets, ours.layers, ours.accrued, ours.dpd) == (
            theirs.buckets, theirs.layers, theirs.accrued, theirs.dpd,
        )  # fmt: skip


# Cash loans: two of them, both billed on 12 and 14 February and waiting for their due tests, one paid early in part.
LENT = standing_elsewhere(
    *LOAN, drawn(1_000_000, 12, on="2026-01-15"), drawn(300_000, 3, on="2026-01-17", ref="loan-2"),
    advanced(to="2026-02-14"), on="2026-02-14",
)  # fmt: skip


def lent(on="2026-02-14", said=LENT, agreed=CASH_LOAN):
    return given(opened(on=on, agreed=agreed), migrate(5_000_000, **said))


def test_loans_go_on_with_several_instalments_that_wait_for_their_due_tests():
    life = lent().stands(
        standing="billed", untested=(date(2026, 2, 15), date(2026, 2, 17)), minimum_due=89_975 + 102_410
    )
    assert str(life.account.next_event_on()) == "2026-02-16"
    life.when(advance(to="2026-04-20"))
    stayed = given(*DRAWN, drawn(300_000, 3, on="2026-01-17", ref="loan-2"), advanced(to="2026-02-14")).when(
        advance(to="2026-04-20")
    )
    assert [each.TYPE for each in life.events] == [each.TYPE for each in stayed.events]
    assert life.account.ledger == stayed.account.ledger


def test_what_was_paid_early_of_a_loan_is_known_by_its_schedule():
    paid_early = (*DRAWN, paid(89_975, on="2026-02-13"), prepaid(400_000, 405_600, on="2026-02-25"))
    life = lent("2026-03-01", standing_elsewhere(*paid_early, on="2026-03-01"))
    life.owes(principal_planned=522_025).when(advance(to="2026-03-12")).owes(
        principal_planned=522_025 - 44_678, principal_billed=44_678, interest_billed=6_264
    )


def test_what_is_left_after_the_last_instalment_is_billed_monthly_there_too():
    late = (*LOAN, drawn(300_000, 1, on="2026-01-15"), advanced(to="2026-03-01"))
    life = lent("2026-03-01", standing_elsewhere(*late, on="2026-03-01")).stands(standing="overdue")
    assert str(life.account.next_event_on()) == "2026-03-12"


def test_the_day_on_which_the_last_loan_was_drawn_is_said_not_guessed():
    """Due on 28 February for a draw on the 31st; and the loan drawn after it was settled: billed for 15 March, not the 28th."""
    late = (*LOAN, drawn(300_000, 1, on="2026-01-31"), drawn(1_000, 3, on="2026-02-15", ref="loan-2"))
    late = (*late, settled(1_000, on="2026-02-15", plan="loan-2"), advanced(to="2026-03-01"))
    life = lent("2026-03-01", standing_elsewhere(*late, on="2026-03-01"))
    assert str(life.account.next_event_on()) == "2026-03-12"


FIRST, LOAN_2 = LENT["plans"]


def lent_with(**changes):
    return LENT | {"plans": (FIRST.model_copy(update=changes), LOAN_2)}


def instalment(at, **changes):
    found = list(FIRST.instalments)
    found[at] = found[at].model_copy(update=changes)
    return lent_with(instalments=tuple(found))


@pytest.mark.parametrize(
    ("said", "field", "numbers"),
    [
        (lent_with(kind="conversion"), "plans.kind", {"stated": "conversion", "expected": "draw"}),
        (lent_with(kind="restructuring"), "plans.kind", {"stated": "restructuring", "expected": "draw"}),
        (lent_with(annual_rate=Decimal("0.1")), "plans.annual_rate", {"stated": Decimal("0.1"), "expected": Decimal("0.144")}),
        (lent_with(scheme="interest_only"), "plans.scheme", {"stated": "interest_only", "expected": "annuity"}),
        (instalment(0, interest_fen=11_063), "plans.instalments.interest_fen", {"stated": 11_063, "expected": 11_064}),
        (instalment(3, interest_fen=1), "plans.instalments.interest_fen", {"stated": 1, "expected": 8_189}),
        (instalment(1, due_date=date(2026, 4, 14)), "plans.instalments.due_date",
         {"stated": date(2026, 4, 14), "expected": date(2026, 4, 15)}),
        (instalment(1, fee_fen=1), "plans.instalments.fee_fen", {"stated": 1, "expected": 0}),
        (instalment(1, carried_fees_fen=1), "plans.instalments.carried_fees_fen", {"stated": 1, "expected": 0}),
        (LENT | {"untested_later": ()}, "untested_later", {"stated": (), "expected": (date(2026, 2, 17),)}),
        (LENT | {"untested_due": date(2026, 2, 17), "untested_later": ()}, "untested_due",
         {"stated": date(2026, 2, 17), "expected": date(2026, 2, 15)}),
        (LENT | {"drawn_on": None}, "drawn_on",
         {"stated": date.min, "lowest": date(2026, 1, 17), "highest": date(2026, 2, 14)}),
        (LENT | {"drawn_on": date(2026, 1, 16)}, "drawn_on",
         {"stated": date(2026, 1, 16), "lowest": date(2026, 1, 17), "highest": date(2026, 2, 14)}),
        (LENT | {"counters": LENT["counters"].model_copy(update={"plan_interest_posted_fen": 15_601})},
         "counters.plan_interest_posted_fen", {"stated": 15_601, "lowest": 0, "highest": 15_600}),
        (LENT | {"counters": LENT["counters"].model_copy(update={"settlement_fees_posted_fen": 1})},
         "counters.settlement_fees_posted_fen", {"stated": 1, "lowest": 0, "highest": 0}),
    ],
)  # fmt: skip
def test_loans_that_do_not_add_up_are_refused_with_the_figure(said, field, numbers):
    given(opened(on="2026-02-14", agreed=CASH_LOAN)).when(migrate(5_000_000, **said)).refused(
        "takeover_inconsistent", field=field, **numbers
    )


def test_an_instalment_that_should_have_been_billed_by_now_is_billed_elsewhere():
    said = standing_elsewhere(*DRAWN, on="2026-02-11")
    given(opened(on="2026-02-12", agreed=CASH_LOAN)).when(migrate(5_000_000, **said)).refused(
        "takeover_inconsistent",
        field="plans.instalments.due_date", stated=date(2026, 2, 15), lowest=date(2026, 2, 16), highest=date.max,
    )  # fmt: skip


def test_a_loan_goes_on_under_terms_of_its_own_scheme():
    given(opened(on="2026-02-14", agreed=CASH_LOAN_BULLET)).when(migrate(5_000_000, **LENT)).refused(
        "takeover_inconsistent", field="plans.scheme", stated="annuity", expected="interest_only"
    )


def test_restructured_debt_stays_where_it_is():
    said = standing_elsewhere(*DRAWN, advanced(to="2026-02-16"), restructured(6, on="2026-02-16"), on="2026-02-17")
    given(opened(on="2026-02-17", agreed=CASH_LOAN)).when(migrate(5_000_000, **said)).refused(
        "takeover_inconsistent", field="balances.interest_planned", stated=12_416, expected=0
    )


def test_a_line_has_no_day_of_a_last_draw_and_no_second_statement_that_waits():
    line = given(opened(on="2026-03-05"))
    line.when(migrate(**LATE | {"drawn_on": date(2026, 3, 1)})).refused(
        "takeover_inconsistent", field="drawn_on", stated=date(2026, 3, 1), expected=None
    )
    line.refusal = None
    line.when(migrate(**LATE | {"untested_later": (date(2026, 3, 12),)})).refused(
        "takeover_inconsistent", field="untested_later", stated=(date(2026, 3, 12),), expected=()
    )


@settings(max_examples=60, deadline=None)
@of_any(
    seed=st.integers(0, 400),
    steps=st.integers(3, 25),
    later=st.lists(st.sampled_from((1, 5, 12, 31)), min_size=3, max_size=6),
)
def test_any_life_of_loans_goes_on_elsewhere_as_it_would_have_gone_on(seed, steps, later):
    """Drawn, paid, prepaid, settled and restructured in both places alike, it owes the same ever after."""
    here = wandering_in_loans(seed, steps)
    account = here.account
    assume(account.access == "open" and account.death is None and account.spared_due is None)
    assume(account.ledger.agreement is None)
    # What an officer took off interest is in no counter of its own: elsewhere it would have to be said as given up.
    assume(not any(told.command.DO == "correct_balances" and told.events for told in here.told))
    there = Life(here.agreed, account.business_date, 0)
    there.ask(Migrate, limit_fen=account.limit, **left_of(account.ledger))
    assert isinstance(there.events[-1], AccountMigrated)
    here.day = there.day = account.business_date
    for number, days in enumerate(later):
        for life in (here, there):
            life.day += timedelta(days=days)
            fen = {"draw_id": f"m{number}", "plan_id": f"m{number}", "amount_fen": 10_000 + number, "months": 3}
            life.ask(Draw, **fen, payout_token="t")
            life.ask(ReceivePayment, payment_ref=f"m{number}", channel="counter", amount_fen=9_700 + 400 * number)
            life.ask(AdvanceTo, date=life.day)
            if number == 1:
                life.prepays(0, 40)
            if number == 2:
                life.settles(0)
            if number == 3:
                life.ask(Restructure, plan_id="agreed", months=2, reason="lost_job")
        ours, theirs = here.account.ledger, there.account.ledger
        assert (ours.buckets, ours.layers, ours.untested, ours.accrued, ours.dpd, ours.plans, ours.agreement) == (
            theirs.buckets, theirs.layers, theirs.untested, theirs.accrued, theirs.dpd, theirs.plans, theirs.agreement,
        )  # fmt: skip
        assert here.account.ledger.next_event_on() == there.account.ledger.next_event_on()
