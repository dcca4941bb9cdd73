"""Several loans of one account, told apart: what each owes after an event, what is demanded of it, and what was paid of it.

Two loans run through these examples: 1,000,000 of 15 January over 12 months, 89,975 on each 15th from February on (12,000
of interest in the first), and 100,000 of 20 January in one month, 101,200 on 20 February.
"""

from datetime import date

import pytest
from hypothesis import given as of_any
from hypothesis import strategies as st

from domain.commands import ReversePayment, WaiveDebt, WriteOff
from domain.events import DebtWaived, InterestPosted, MoneyEvent, PaymentReceived, PaymentReversed, Restated
from domain.money import shared
from domain.terms import CASH_LOAN
from tests.domain.lives import Life
from tests.domain.test_laws_of_loans import borrowers
from tests.projections.late_facts import learns
from tests.projections.stories import Story


def two() -> Story:
    return Story(terms=CASH_LOAN).draws("2026-01-15", 1_000_000, 12).draws("2026-01-20", 100_000, 1, "loan-2")


def after(story: Story, kind: type = MoneyEvent) -> dict[str, int]:
    """What each loan owes after the last event of that kind."""
    last = next(each.event for each in reversed(story.recorded) if isinstance(each.event, kind))
    return {each.plan_id: each.owed_fen for each in last.loans_after}


def demanded(story: Story) -> dict[str, list[tuple[str, int]]]:
    last = next(each.event for each in reversed(story.recorded) if isinstance(each.event, MoneyEvent))
    return {
        each.plan_id: [(str(minimum.due_date), minimum.amount_fen) for minimum in each.unpaid_minima]
        for each in last.loans_after
    }


def paid(story: Story, plan: str) -> tuple[str, int] | None:
    loan = next(each for each in story.account.ledger.loans.loans if each.plan_id == plan)
    return (str(loan.paid_on), loan.paid_fen) if loan.paid_on else None


# A smaller amount in proportion


@of_any(st.lists(st.integers(1, 10**9), min_size=1, max_size=6), st.integers(0, 10**9), st.integers(0, 10**6))
def test_an_amount_in_proportion_is_all_of_it_and_nobody_has_less_of_more(weights, amount, more):
    by_name = {str(number): weight for number, weight in enumerate(weights)}
    parts, parts_of_more = shared(amount, by_name), shared(amount + more, by_name)
    assert sum(parts.values()) == amount
    assert all(parts[name] <= parts_of_more[name] for name in by_name)
    for name, weight in by_name.items():
        assert amount * weight // sum(weights) <= parts[name] <= amount * weight // sum(weights) + len(weights)


# Owed and demanded


def test_what_was_drawn_is_owed_of_the_loan_as_which_it_was_drawn():
    assert after(two()) == {"loan-1": 1_000_000, "loan-2": 100_000}


def test_each_minimum_demands_money_of_the_loan_whose_instalment_is_due_with_it():
    """Billed on 12 and 17 February. The second statement has penalty of the first loan, 0.06 % of 77,975 for two days."""
    story = two().advances("2026-02-14")
    assert demanded(story) == {"loan-1": [("2026-02-15", 89_975)], "loan-2": []}
    story.pays("2026-02-14", 1_000).advances("2026-02-17")
    assert demanded(story) == {
        "loan-1": [("2026-02-15", 88_975), ("2026-02-20", 94)],
        "loan-2": [("2026-02-20", 101_200)],
    }
    assert after(story) == {"loan-1": 1_000_000 + 12_000 - 1_000 + 94, "loan-2": 101_200}


def test_a_payment_pays_interest_of_both_before_principal_of_either_and_the_first_that_is_due_before_the_second():
    """Of 100,000: 12,094 and 1,200 of interest, 77,975 principal of the first, 8,731 of the second."""
    story = two().advances("2026-02-15").pays("2026-02-15", 1_000).advances("2026-02-17").pays("2026-02-17", 99_000)
    assert after(story) == {"loan-1": 922_025, "loan-2": 100_000 - 8_731}
    assert demanded(story) == {"loan-1": [], "loan-2": [("2026-02-20", 91_269)]}


def test_principal_that_waits_since_interest_of_the_next_was_paid_first_is_demanded_of_its_own_loan():
    """On 17 February 89,975 pay 1,200 of the second's interest, so 1,200 of the first's instalment are due on the 20th."""
    grace = CASH_LOAN.model_copy(update={"version": "graceful", "grace_days": 3})
    story = Story(terms=grace).draws("2026-01-15", 1_000_000, 12).draws("2026-01-20", 100_000, 1, "loan-2")
    story.advances("2026-02-17").pays("2026-02-17", 89_975)
    assert after(story) == {"loan-1": 922_025 + 1_200, "loan-2": 100_000}
    assert demanded(story) == {"loan-1": [("2026-02-20", 1_200)], "loan-2": [("2026-02-20", 100_000)]}


def test_penalty_is_whose_principal_bore_it():
    """By 1 March 77,975 bore 14 days and 100,000 nine: 654.99 and 540, of which 94 were posted on 17 February."""
    story = two().advances("2026-03-01").pays("2026-03-01", 1)
    assert [each.event.amount_fen for each in story.recorded if each.type == "interest.posted"][-1] == 1_195 - 94
    assert after(story) == {"loan-1": 1_012_000 + 655 - 1, "loan-2": 101_200 + 540}


def test_a_loan_that_is_settled_early_leaves_the_other_as_it_was():
    story = two().settles("2026-01-25", "loan-1")
    assert after(story, PaymentReceived) == {"loan-1": 0, "loan-2": 100_000}
    assert after(story.advances("2026-02-17")) == {"loan-2": 101_200}


def test_principal_that_is_given_up_is_of_the_loan_whose_it_is():
    story = two().advances("2026-02-17").say("2026-02-17", WaiveDebt, principal_fen=80_000, reason="goodwill")
    said = next(each.event for each in story.recorded if isinstance(each.event, DebtWaived))
    assert {each.plan_id: each.principal_fen for each in said.loans_after} == {
        "loan-1": 1_000_000 - 77_975,
        "loan-2": 100_000 - 2_025,
    }


# What was paid of it


def test_a_payment_is_told_of_each_loan_that_it_paid():
    story = two().pays_demand("2026-02-15")
    assert (paid(story, "loan-1"), paid(story, "loan-2")) == (("2026-02-15", 89_975), None)
    story.pays_demand("2026-02-20")
    assert (paid(story, "loan-1"), paid(story, "loan-2")) == (("2026-02-15", 89_975), ("2026-02-20", 101_200))


def test_money_that_waits_as_credit_is_told_of_the_oldest_loan_that_has_instalments_to_come():
    story = two().pays("2026-02-01", 500)
    assert (paid(story, "loan-1"), paid(story, "loan-2")) == (("2026-02-01", 500), None)


def test_what_is_learnt_late_is_told_of_the_loan_that_it_paid_then():
    """On 10 March both are late, and 89,975 would pay interest and the older principal; on the 15th it was the first's."""
    story = two().advances("2026-03-10")
    learns(story, "2026-03-10", 89_975, "2026-02-15")
    assert (paid(story, "loan-1"), paid(story, "loan-2")) == (("2026-02-15", 89_975), None)
    assert after(story, Restated) == {"loan-1": 922_025, "loan-2": 101_200}


def test_a_payment_that_is_returned_was_paid_of_none():
    story = two().pays_demand("2026-02-15", "2026-02-20")
    refs = [each.event.payment_ref for each in story.recorded if isinstance(each.event, PaymentReceived)]
    story.say("2026-02-25", ReversePayment, payment_ref=refs[-1], reason="returned")
    assert paid(story, "loan-2") is None
    assert after(story) == {"loan-1": 922_025, "loan-2": 101_200}


# By agreement


def test_an_agreement_is_paid_of_each_loan_in_proportion_to_what_it_took_over():
    """On 25 February the first owes 1,012,000 and penalty of ten days, 468; the second 101,200 and 300; what ran up of the first."""
    story = two().advances("2026-02-25").restructures("2026-02-25", 12)
    taken = after(story)
    whole = sum(taken.values())
    assert whole == story.account.ledger.owed
    assert taken["loan-2"] == 101_200 + 300
    story.pays_demand("2026-03-25")
    left, owed = after(story), story.account.ledger.owed
    for plan, fen in taken.items():
        assert abs(left[plan] - owed * fen / whole) < 1
    assert sum(left.values()) == owed


def test_a_missed_instalment_of_an_agreement_is_missed_of_every_loan_in_it():
    story = two().advances("2026-02-25").restructures("2026-02-25", 12).advances("2026-03-26")
    assert (
        [due for due, _ in demanded(story)["loan-2"]] == [due for due, _ in demanded(story)["loan-1"]] == ["2026-02-15"]
    )


# A loss


def test_a_loss_is_of_every_loan_each_since_its_own_due_date():
    story = two().advances("2026-03-10").say("2026-03-10", WriteOff, reason="fraud")
    said = demanded(story)
    assert {plan: [due for due, _ in minima] for plan, minima in said.items()} == {
        "loan-1": ["2026-02-15"],
        "loan-2": ["2026-02-20"],
    }
    assert {plan: fen for plan, ((_, fen),) in said.items()} == after(story)


def test_of_a_loan_that_was_not_due_yet_it_is_since_the_day_it_was_booked():
    story = Story(terms=CASH_LOAN).draws("2026-01-15", 1_000_000, 12).draws("2026-02-10", 100_000, 1, "loan-2")
    said = demanded(story.say("2026-02-20", WriteOff, reason="fraud"))
    assert {plan: [due for due, _ in minima] for plan, minima in said.items()} == {
        "loan-1": ["2026-02-15"],
        "loan-2": ["2026-02-20"],
    }


# Lives


def others_owe_what_they_did(life: Life) -> int:
    """A draw, a settlement and interest of an instalment change what one loan owes."""
    seen, owed = 0, {}
    for event in life.events:
        if not isinstance(event, MoneyEvent):
            continue
        now = {each.plan_id: each.owed_fen for each in event.loans_after}
        if event.TYPE == "cash.drawn" or (isinstance(event, InterestPosted) and event.kind == "plan"):
            # Interest of an agreement is of all that it took over.
            changed = {plan for plan in owed.keys() | now.keys() if owed.get(plan, 0) != now.get(plan, 0)}
            drawn = {each.plan_id for each in life.events if each.TYPE == "cash.drawn"}
            if event.plan_id in drawn:
                assert changed <= {event.plan_id}, event
                seen += len(now) > 1
        owed = now
    return seen


def test_a_draw_and_interest_of_an_instalment_change_what_one_loan_owes():
    assert sum(others_owe_what_they_did(life) for life in borrowers()) > 50


def test_a_line_says_nothing_of_loans():
    story = Story().buys("2026-01-10", 123_457).advances("2026-03-01")
    assert all(b"loans" not in each.data for each in story.recorded)


def test_what_is_said_of_loans_is_in_the_bytes():
    assert b'"loans_after":[{"plan_id":"loan-1","owed_fen":1000000,"principal_fen":1000000' in two().recorded[2].data


@pytest.mark.parametrize("kind", [PaymentReversed, PaymentReceived, DebtWaived])
def test_every_kind_of_event_says_it(kind):
    found = [each for life in borrowers() for each in life.events if isinstance(each, kind) and each.owed_after.total]
    assert found
    assert all(sum(part.owed_fen for part in each.loans_after) == each.owed_after.total for each in found)


def test_dates_are_those_of_the_loans():
    loans = two().account.ledger.loans.loans
    assert [(each.plan_id, each.drawn_on) for each in loans] == [
        ("loan-1", date(2026, 1, 15)),
        ("loan-2", date(2026, 1, 20)),
    ]
