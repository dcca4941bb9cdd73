"""Debt booked as a loss stays owed; it can be recovered, and what was booked in error can be taken back."""

import pytest

from domain.codec import decode, encode
from domain.commands import Actor
from domain.events import (
    AccountChargedOff,
    AccountClosed,
    AccountFrozen,
    AccountRecovered,
    AccountStandingChanged,
    AccountUnfrozen,
    BalancesCorrected,
    InterestPosted,
    PaymentReceived,
    PaymentReversed,
    PurchasePosted,
    RiskAlerted,
    WriteOffUndone,
)
from tests.specification import (
    BASE,
    LINE,
    OFFICER,
    activated,
    advance,
    advanced,
    bought,
    buy,
    corrected,
    event,
    force_closed,
    freeze,
    given,
    opened,
    paid,
    pay,
    reverse,
    terms,
    undo_write_off,
    unfreeze,
    write_off,
)

LOST = (*BASE, advanced(to="2026-08-09"))  # known answer 29: 140,429 owed, 180 days past due


def test_a_recovery_pays_principal_first():
    given(*LOST).when(pay(130_000, on="2026-10-08")).then(
        event(
            PaymentReceived, regime="principal_first", applied={"principal_billed": 123_457, "interest_billed": 6_543}
        )
    ).owes(interest_billed=4_568, fees_billed=5_861).stands(standing="charged_off", access="frozen")


def test_a_loss_that_is_fully_repaid_closes_the_account():
    given(*LOST).when(pay(140_429, on="2026-10-08")).then(
        event(PaymentReceived),
        event(AccountRecovered, standing="paid"),
        event(AccountClosed, kind="recovered", owed_fen=0, status="closed"),
    ).owes().stands(dpd=0)


def test_a_recovery_that_was_returned_leads_back_and_the_account_stays_closed():
    life = given(*LOST, paid(140_429, on="2026-10-08")).when(reverse(on="2026-10-20"))
    life.then(
        event(PaymentReversed),
        event(BalancesCorrected),
        event(AccountStandingChanged, standing="charged_off", access="closed"),
    ).owes(principal_billed=123_457, interest_billed=11_111, fees_billed=5_861)
    assert sum(life.account.original_charge_off.values()) == 140_429


def test_days_past_due_go_on_from_the_same_due_date():
    given(*LOST).when(pay(1, on="2026-08-19")).stands(dpd=190, arrears=140_428, minimum_due=140_428)


def test_a_charged_off_account_borrows_no_more_unless_the_network_obliges_us():
    given(*LOST).when(buy("p2", 1, on="2026-08-10")).refused(
        "account_frozen", access="frozen", reasons=["overdue_long", "charged_off"]
    )
    given(*LOST).when(buy("p2", 100, on="2026-08-10", forced=True), advance(to="2026-12-31")).owes(
        principal_billed=123_457, interest_billed=11_111, fees_billed=5_861, principal_unbilled=100
    )


def test_a_loss_is_booked_by_decision_before_its_time_with_the_interest_so_far():
    given(*BASE, advanced(to="2026-03-01")).when(write_off("insolvency", on="2026-03-05")).then(
        event(InterestPosted, amount_fen=247),
        event(AccountChargedOff, reason="insolvency"),
        event(AccountFrozen, reason="charged_off"),
    ).owes(principal_billed=123_457, interest_billed=1_420, fees_billed=1_000).stands(minimum_due=125_877)


def test_what_owes_nothing_is_no_loss():
    given(*LINE).when(write_off()).refused("nothing_owed", standing="clear")


@pytest.mark.parametrize(
    "history",
    [
        (*BASE, advanced(to="2026-03-01"), paid(130_000, on="2026-03-05")),
        (*LINE, corrected(fees_unbilled=5_000, on="2026-03-06")),
    ],
    ids=["credit pays the last interest", "the cap gives everything up"],
)
def test_what_owes_nothing_once_charges_are_posted_is_no_loss(history):
    life = given(*history)
    life.when(write_off(on="2026-03-06")).refused("nothing_owed", standing=life.account.standing)


@pytest.mark.parametrize("second", [None, OFFICER], ids=["nobody else", "the same person"])
@pytest.mark.parametrize("asked", [write_off, undo_write_off])
def test_a_loss_needs_two_pairs_of_eyes(asked, second):
    given(*BASE).when(asked(second_actor=second)).refused(
        "second_actor_needed", field="second_actor", actor=str(OFFICER)
    )


def test_one_person_in_two_roles_is_not_two_people():
    risk = Actor(role="risk", id=OFFICER.id)
    given(*BASE).when(write_off(second_actor=risk)).refused(
        "second_actor_needed", field="second_actor", actor="officer:o-1"
    )


def test_a_loss_is_booked_once():
    given(*LOST).when(write_off(on="2026-08-10")).nothing_happened()


def test_a_loss_booked_in_error_is_taken_back_and_the_gap_costs_nothing():
    life = given(*LOST).when(undo_write_off(on="2026-08-19"))
    life.then(event(WriteOffUndone, standing="overdue"), event(AccountUnfrozen, reason="charged_off"))
    life.owes(principal_billed=123_457, interest_billed=11_111, fees_billed=5_861).stands(
        dpd=190, accrued=0, access="frozen", reasons=("overdue_long",)
    )
    assert life.account.original_charge_off == {}


BILLED_THEN_LOST = (advanced(to="2026-02-01"), write_off(on="2026-02-03"))


def charged_off(life):
    return [str(each.business_date) for each in life.events if isinstance(each, AccountChargedOff)]


def test_a_loss_that_was_taken_back_is_not_booked_again_for_the_same_minimum():
    life = given(*BASE).when(advance(to="2026-08-09"), undo_write_off(on="2026-08-12"), advance(to="2026-12-31"))
    assert charged_off(life) == ["2026-08-09"]
    life.stands(standing="overdue").when(write_off("insolvency", on="2027-01-05")).stands(standing="charged_off")


def test_a_loss_that_was_taken_back_early_is_booked_when_its_days_past_due_reach_the_bound():
    history = (*BASE, advanced(to="2026-05-01"), write_off("fraud"), undo_write_off(on="2026-05-03"))
    assert charged_off(given(*history).when(advance(to="2026-12-31"))) == ["2026-08-09"]


def test_once_that_minimum_is_paid_the_next_one_is_lost_in_its_time():
    life = given(*BASE).when(advance(to="2026-08-09"), undo_write_off(on="2026-08-12"))
    oldest = life.account.ledger.layers[0].amount
    assert charged_off(life.when(pay(oldest, on="2026-08-13"), advance(to="2026-12-31"))) == ["2026-09-06"]


def test_what_is_not_due_yet_when_a_loss_is_taken_back_bears_no_interest_if_it_is_paid_by_then():
    given(*BASE, *BILLED_THEN_LOST).when(undo_write_off(on="2026-02-05"), pay(123_457, on="2026-02-10")).owes().stands(
        on="2026-12-31", standing="paid", accrued=0
    )


def test_what_is_not_due_yet_when_a_loss_is_taken_back_waits_for_its_due_test():
    given(*BASE, *BILLED_THEN_LOST).when(undo_write_off(on="2026-02-05"), advance(to="2026-03-01")).owes(
        principal_billed=123_457, interest_billed=1_173, fees_billed=1_000
    ).stands(dpd=19)


def test_a_loss_taken_back_costs_nothing_for_the_gap_where_interest_runs_from_posting():
    agreed = terms(interest_method="from_posting")
    history = (opened(agreed=agreed), activated(), bought("base", 123_457, on="2026-01-10"), *BILLED_THEN_LOST)
    # 10 January to 2 February and 5 to 28 February: 48 days x 123,457 x 0.0005 = 2,962.97
    given(*history).when(undo_write_off(on="2026-02-05"), advance(to="2026-03-01")).owes(
        principal_billed=123_457, interest_billed=2_963, fees_billed=1_000
    )


def test_what_was_taken_back_after_everything_was_paid_leaves_nothing_billed():
    history = (*BASE, write_off(on="2026-01-20"), paid(100_000, on="2026-01-21"))
    given(*history).when(undo_write_off(on="2026-01-22")).then(
        event(WriteOffUndone, standing="billed"), event(AccountUnfrozen, access="open")
    ).owes(principal_billed=23_457)


def test_only_a_loss_can_be_taken_back():
    given(*BASE).when(undo_write_off()).refused("not_charged_off", standing="clear")


def test_a_closed_account_is_charged_off_too():
    given(*BASE, force_closed()).when(advance(to="2026-08-09")).stands(standing="charged_off", access="closed")


def test_the_freeze_of_a_loss_is_neither_set_nor_lifted_by_hand():
    given(*LINE).when(freeze("charged_off")).refused(
        "field_invalid", field="reason", asked="charged_off", set_by="the calendar alone"
    )
    given(*LOST).when(unfreeze("charged_off", on="2026-08-10")).refused("charged_off", field="reason", owed=140_429)


def test_a_loss_booked_before_its_due_date_is_not_past_due_yet_and_stays_readable():
    life = given(*BASE, advanced(to="2026-02-01")).when(write_off(on="2026-02-05"))
    life.then(event(AccountChargedOff, dpd_after=0, minimum_due_after=123_457), event(AccountFrozen))
    assert [decode(each.TYPE, each.VERSION, encode(each)) for each in life.events] == life.events
    life.when(advance(to="2026-02-20"), pay(1, on="2026-02-20")).stands(dpd=10)


def test_what_is_forced_after_a_recovery_leads_back_to_the_loss():
    history = (*LOST, paid(140_429, on="2026-10-08"))
    given(*history).when(buy("p2", 100, on="2026-10-20", forced=True)).then(
        event(PurchasePosted),
        event(RiskAlerted),
        event(AccountStandingChanged, standing="charged_off", access="closed"),
    ).owes(principal_unbilled=100)
