"""What is given up by decision, and what an officer states where no fact can: minima fall with it, laws stay whole."""

from datetime import date

import pytest
from pydantic import ValidationError

from domain.derivation import Derivation
from domain.events import AccountClosed, AccountCured, AccountPaid, AccountRecovered, BalancesCorrected, DebtWaived
from domain.money import FEN_MAX
from domain.snapshot import dump, load
from tests.specification import (
    BASE,
    LINE,
    OFFICER,
    advance,
    advanced,
    correct,
    corrected,
    event,
    given,
    paid,
    pay,
    waive,
    waived,
)

# Billed: principal 123,457, interest 1,173, fees 1,000; demanded 12,346 (missed) and 13,285.
OVERDUE = (*BASE, advanced(to="2026-03-01"))


def test_what_is_waived_is_billed_first_and_lowers_what_is_demanded():
    given(*OVERDUE).when(waive(fees=1_000, interest=173, on="2026-03-05")).then(
        event(
            DebtWaived,
            fees_fen=1_000,
            interest_fen=173,
            principal_fen=0,
            applied={"fees_billed": 1_000, "interest_billed": 173},
            refunded_fen=0,
            reason="goodwill",
        )
    ).owes(principal_billed=123_457, interest_billed=1_000).stands(minimum_due=25_631 - 1_173, waived=1_173)


def test_unbilled_charges_are_waived_after_billed_ones():
    given(*OVERDUE, advanced(to="2026-03-11")).when(waive(fees=1_500)).then(
        event(DebtWaived, applied={"fees_billed": 1_000, "fees_unbilled": 500})
    )


def test_a_waiver_may_cure():
    given(*OVERDUE).when(waive(principal=12_346, reason="agreement", on="2026-03-05")).then(
        event(DebtWaived, principal_fen=12_346, reason="agreement"), event(AccountCured)
    ).owes(principal_billed=111_111, interest_billed=1_173, fees_billed=1_000)


def test_a_waiver_may_settle():
    given(*BASE, advanced(to="2026-02-01")).when(waive(principal=123_457, on="2026-02-05")).then(
        event(DebtWaived), event(AccountPaid)
    ).owes()


def test_interest_goes_on_from_what_is_left():
    given(*BASE, advanced(to="2026-02-01"), waived(principal=23_457, on="2026-02-05")).when(
        advance(to="2026-03-01")
    ).owes(principal_billed=100_000, interest_billed=950, fees_billed=0)


def test_a_loss_may_be_waived_to_its_end():
    life = given(*BASE).when(advance(to="2026-08-09"))
    owed = {kind: life.account.ledger.buckets[f"{kind}_billed"] for kind in ("fees", "interest", "principal")}
    life.when(waive(reason="agreement", on="2026-08-20", **owed)).then(
        event(DebtWaived), event(AccountRecovered), event(AccountClosed, kind="recovered")
    )


@pytest.mark.parametrize(("kind", "owed"), [("fees", 1_000), ("interest", 1_173), ("principal", 123_457)])
def test_no_more_is_waived_than_is_posted_and_unpaid(kind, owed):
    given(*OVERDUE).when(waive(on="2026-03-05", **{kind: owed + 1})).refused(
        "waiver_exceeds_debt", field=f"{kind}_fen", asked=owed + 1, owed=owed
    )


def test_a_waiver_of_nothing_is_turned_away():
    with pytest.raises(ValidationError, match="one of fees_fen, interest_fen and principal_fen is needed"):
        given(*OVERDUE).when(waive())


def test_a_late_payment_is_derived_around_a_waiver():
    late = given(*OVERDUE, waived(fees=1_000, on="2026-03-05")).when(
        pay(12_346, on="2026-03-06", value_date=date(2026, 2, 9))
    )
    # Had it been known there would have been no late fee, and so nothing to waive.
    late.owes(principal_billed=111_111, interest_billed=1_056).stands(waived=0, charges_posted=1_056)


def test_an_officer_states_the_deltas_and_a_second_one_agrees():
    given(*OVERDUE).when(correct(on="2026-03-05", fees_billed=-1_000, interest_billed=-173)).then(
        event(
            BalancesCorrected,
            cause_version=None,
            reason="audit-7",
            from_date="2026-03-05",
            deltas={"fees_billed": -1_000, "interest_billed": -173},
            interest_delta_fen=-173,
            late_fee_delta_fen=-1_000,
            waived_delta_fen=0,
            principal_delta_fen=0,
            months=(),
        )
    ).owes(principal_billed=123_457, interest_billed=1_000).stands(minimum_due=25_631 - 1_173)


def test_principal_may_be_added_and_bears_interest_once_it_is_due():
    life = given(*LINE).when(correct(on="2026-01-20", principal_unbilled=10_000))
    life.then(event(BalancesCorrected, deltas={"principal_unbilled": 10_000}, principal_delta_fen=10_000))
    life.when(advance(to="2026-03-01")).owes(principal_billed=10_000, interest_billed=95, fees_billed=168)


def test_billed_principal_that_is_added_bears_interest_at_once():
    given(*OVERDUE).when(correct(on="2026-03-05", principal_billed=100_000)).stands(bearing=223_457, minimum_due=25_631)


def test_two_corrections_of_one_day_add_up():
    given(*LINE, corrected(on="2026-01-20", principal_unbilled=10_000)).when(correct(principal_unbilled=5_000)).owes(
        principal_unbilled=15_000
    ).when(pay(15_000, on="2026-01-21")).owes()


def test_credit_and_debt_may_be_corrected_together():
    given(*LINE, paid(500, on="2026-01-20")).when(correct(credit=-500, principal_unbilled=700)).then(
        event(BalancesCorrected, principal_delta_fen=1_200)
    ).owes(principal_unbilled=700)


@pytest.mark.parametrize(
    ("deltas", "reason", "numbers"),
    [
        (
            {"fees_billed": -1_001},
            "correction_exceeds_balance",
            {"field": "deltas.fees_billed", "asked": -1_001, "balance": 1_000},
        ),
        (
            {"credit": 5},
            "correction_leaves_credit_and_debt",
            {"field": "deltas", "credit": 5, "owed": 125_630},
        ),
        (
            {"principal_unbilled": FEN_MAX},
            "amount_invalid",
            {"field": "deltas.principal_unbilled", "asked": FEN_MAX, "highest": FEN_MAX - 125_630},
        ),
    ],
)
def test_what_a_correction_cannot_be(deltas, reason, numbers):
    given(*OVERDUE).when(correct(on="2026-03-05", **deltas)).refused(reason, **numbers)


@pytest.mark.parametrize("deltas", [{}, {"fees_billed": 0}, {"principal_planned": 1}, {"interest": 1}])
def test_deltas_name_an_ordinary_bucket_and_are_not_nothing(deltas):
    with pytest.raises(ValidationError, match="deltas"):
        given(*OVERDUE).when(correct(**deltas))


def test_what_an_officer_bills_on_a_due_day_bears_no_interest_once_it_is_paid_that_day():
    given(*BASE, advanced(to="2026-02-01")).when(
        correct(on="2026-02-10", principal_billed=5_000), pay(128_457, on="2026-02-10")
    ).owes().stands(on="2026-12-31", accrued=0, bearing=0)


def test_what_an_officer_bills_on_a_due_day_bears_interest_once():
    # 10 to 28 February: 19 days x 128,457 x 0.0005 = 1,220.34
    given(*BASE, advanced(to="2026-02-01")).when(
        correct(on="2026-02-10", principal_billed=5_000), advance(to="2026-03-01")
    ).owes(principal_billed=128_457, interest_billed=1_220, fees_billed=1_000)


def test_what_an_officer_bills_before_a_due_date_is_paid_before_it():
    # Due on 3 February, it bears interest from then; what is left is of the statement due on the 10th.
    given(*BASE, advanced(to="2026-02-01")).when(
        correct(on="2026-02-03", principal_billed=5_000), pay(5_000, on="2026-02-05")
    ).owes(principal_billed=123_457).stands(bearing=0, accrued=5)


@pytest.mark.parametrize("second", [None, OFFICER])
def test_a_correction_needs_two_people(second):
    alone = correct(on="2026-03-05", fees_billed=-1)
    alone.fields["second_actor"] = second
    given(*OVERDUE).when(alone).refused("second_actor_needed", field="second_actor", actor="officer:o-1")


@pytest.mark.parametrize(
    "day",
    [
        (waive(fees=500), pay(2_000), waive(principal=100)),
        (pay(2_000), correct(principal_billed=-5_000, interest_unbilled=70), pay(9_000, ref="more")),
        (pay(200_000), correct(credit=-1_000), pay(10, ref="more")),
        (correct(principal_billed=4_000, principal_unbilled=6_000), pay(7_000)),
    ],
)
def test_what_was_decided_within_a_day_is_derived_as_it_was_decided(day):
    account = given(*OVERDUE, advanced(to="2026-03-05")).when(*day, advance(to="2026-06-01")).account
    assert Derivation(account.base, account.facts, account.issued).through(account.business_date) == account.ledger
    assert load(dump(account)) == account
