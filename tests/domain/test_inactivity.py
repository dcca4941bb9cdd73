"""Not used for long: told in time, frozen after twelve months, closed after eighteen, unless the customer acts."""

from datetime import date

import pytest

from domain.events import (
    AccountClosed,
    AccountFrozen,
    AccountUnfrozen,
    CreditRefunded,
    InactivityNoticed,
)
from tests.specification import (
    BASE,
    CUSTOMER,
    LINE,
    OFFICER,
    activated,
    advance,
    advanced,
    authorized,
    bought,
    buy,
    change_limit,
    closure_requested,
    closure_withdrawn,
    death_recorded,
    declined,
    event,
    force_closed,
    frozen,
    given,
    limit_changed,
    notice_inactivity,
    opened,
    paid,
    pay_out,
    refunded,
    terms,
    unfreeze,
    unfrozen,
)

# Known answer 34: the last act is of 31 August 2026.
IDLE = (opened(on="2026-08-31"), activated())


def test_known_answer_34_frozen_on_the_31st_of_august_and_closed_on_the_29th_of_february():
    given(*IDLE).when(advance(to="2027-08-31")).nothing_happened()
    given(*IDLE).when(advance(to="2027-09-01")).then(
        event(AccountFrozen, reason="inactive", business_date="2027-08-31", access="frozen", cause="advance")
    ).when(advance(to="2028-02-29")).nothing_happened().when(advance(to="2028-03-01")).then(
        event(AccountClosed, kind="inactive", owed_fen=0, business_date="2028-02-29", access="closed")
    ).stands(limit=0, available=0)


def test_an_act_on_the_last_day_is_in_time():
    given(*IDLE).when(buy("p1", 500, on="2027-08-31")).stands(access="open")
    given(*IDLE).when(buy("p1", 500, on="2027-09-01")).refused("account_frozen", access="frozen", reasons=["inactive"])


def last_act(*history):
    """When an account with this history is frozen for want of use, one day after its clock runs out."""
    return str(given(*history).account.unused_until("freeze"))


@pytest.mark.parametrize(
    "act",
    [
        bought("p1", 500, on="2026-03-03"),
        authorized("h1", 500, on="2026-03-03"),
        paid(500, on="2026-03-03"),
        limit_changed(to=60_000, on="2026-03-03")._replace(
            fields={**change_limit(to=60_000).fields, "actor": CUSTOMER}
        ),
    ],
    ids=lambda act: act.kind.DO,
)
def test_an_act_of_the_customer_starts_the_clock_anew(act):
    assert last_act(*LINE) == "2027-01-05"
    assert last_act(*LINE, act) == "2027-03-03"


def test_a_closure_withdrawn_and_a_reason_of_their_own_lifted_are_acts_too():
    assert last_act(*BASE, closure_requested(), closure_withdrawn(on="2026-03-03")) == "2027-03-03"
    assert last_act(*LINE, frozen("customer_request"), unfrozen("customer_request", on="2026-03-03")) == "2027-03-03"


def test_a_payment_counts_from_the_day_it_was_made():
    assert last_act(*BASE, paid(500, on="2026-03-03", value_date=date(2026, 2, 20))) == "2027-02-20"
    assert (
        last_act(*BASE, paid(500, on="2026-03-03"), paid(1, ref="late", value_date=date(2026, 2, 20))) == "2027-03-03"
    )


@pytest.mark.parametrize(
    "happened",
    [
        limit_changed(to=60_000, on="2026-03-03"),
        refunded("base", 500, on="2026-03-03"),
        bought("forced", 1, on="2026-03-03", forced=True),
        frozen("multi_lender", on="2026-03-03"),
        advanced(to="2026-03-03"),
    ],
    ids=lambda happened: happened.kind.DO,
)
def test_what_others_do_is_no_act_of_the_customer(happened):
    assert last_act(*BASE, happened) == "2027-01-10"


def test_a_lifted_reason_of_the_lender_is_no_act_of_the_customer():
    assert last_act(*BASE, frozen("multi_lender"), unfrozen("multi_lender", on="2026-03-03")) == "2027-01-10"


def test_the_customer_lifts_it_and_the_clock_starts_anew():
    life = given(*IDLE, advanced(to="2027-09-01")).when(unfreeze("inactive", on="2027-10-05"))
    life.then(event(AccountUnfrozen, access="open"))
    assert str(life.account.next_event_on()) == "2028-10-06"
    given(*IDLE, advanced(to="2027-09-01")).when(unfreeze("inactive", actor=OFFICER)).refused(
        "role_not_allowed", field="actor", role="officer", allowed=["customer"], freeze="inactive"
    )


def test_inactivity_is_one_reason_beside_others():
    given(*IDLE, frozen("multi_lender")).when(advance(to="2027-09-01")).then(
        event(AccountFrozen, reasons_now=("multi_lender", "inactive"), access="frozen")
    )


def test_a_closing_account_goes_on_closing():
    quick = given(*LINE, paid(700), closure_requested())
    quick.when(advance(to="2027-01-06")).then(
        event(AccountFrozen, reason="inactive", access="closing", business_date="2027-01-05")
    ).when(advance(to="2027-12-31")).nothing_happened().when(pay_out(700)).then(
        event(CreditRefunded), event(AccountClosed, kind="voluntary")
    )


def test_who_owes_or_is_owed_is_not_closed_until_that_is_over():
    owing = given(*IDLE, paid(700, on="2026-08-31"), advanced(to="2028-06-01"))
    owing.stands(access="frozen", credit=700)
    owing.when(pay_out(700, on="2028-06-02")).then(event(CreditRefunded))
    owing.when(advance(to="2028-06-03")).then(event(AccountClosed, kind="inactive", business_date="2028-06-02"))


def test_a_legal_order_keeps_it_open():
    held = given(*IDLE, frozen("legal_order"), advanced(to="2028-06-01")).stands(access="frozen")
    held.when(unfreeze("legal_order", on="2028-06-02"), advance(to="2028-06-03")).then(
        event(AccountUnfrozen, access="frozen"), event(AccountClosed, kind="inactive", business_date="2028-06-02")
    )


def test_an_application_and_a_closed_account_have_no_clock():
    assert given(opened()).account.next_event_on() is None
    assert given(*LINE, force_closed()).account.next_event_on() is None
    assert given(opened(), declined()).account.next_event_on() is None


def test_the_months_are_those_of_the_terms():
    quick = (opened(agreed=terms(inactive_freeze_months=1, inactive_close_months=2)), activated())
    given(*quick).when(advance(to="2026-03-06")).then(
        event(AccountFrozen, business_date="2026-02-05"), event(AccountClosed, business_date="2026-03-05")
    )


def test_the_customer_is_told_in_time_and_once():
    given(*IDLE).when(notice_inactivity("freeze", on="2027-07-31")).refused(
        "notice_too_early", field="step", asked="freeze", earliest="2027-08-01", due_on="2027-08-31"
    )
    life = given(*IDLE).when(notice_inactivity("freeze", on="2027-08-01"))
    life.then(event(InactivityNoticed, step="freeze", due_on="2027-08-31", channel="sms", template="unused-1"))
    life.when(notice_inactivity("freeze", on="2027-08-02")).nothing_happened()
    life.when(notice_inactivity("closure", on="2028-02-01")).then(
        event(AccountFrozen), event(InactivityNoticed, step="closure", due_on="2028-02-29")
    )


def test_after_another_act_they_are_told_anew():
    life = given(*IDLE).when(notice_inactivity("freeze", on="2027-08-01"), paid(500, on="2027-08-02"))
    life.when(notice_inactivity("freeze", on="2028-07-20")).stands(access="open")
    assert str(life.events[-1].due_on) == "2028-08-02"


def test_nobody_is_told_of_what_is_over_or_cannot_come():
    given(*IDLE).when(notice_inactivity("freeze", on="2027-09-01")).refused(
        "nothing_to_notice", field="step", asked="freeze", access="frozen", due_on=None
    )
    given(*IDLE, death_recorded("2027-08-01", on="2027-08-02")).when(notice_inactivity("freeze")).refused(
        "customer_deceased", date_of_death="2027-08-01"
    )
