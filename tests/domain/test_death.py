"""The customer's death: charges stop from that day, what was bought after it never counted, and it may be a mistake."""

from datetime import date

import pytest

from domain.events import (
    AccountBilled,
    AccountCured,
    AccountFrozen,
    AccountOverdue,
    AccountPaid,
    AccountUnfrozen,
    BalancesCorrected,
    DeathRecorded,
    InterestPosted,
    PlanPart,
    PurchasePosted,
    RiskAlerted,
)
from tests.specification import (
    BASE,
    CUSTOMER,
    LINE,
    activated,
    advance,
    advanced,
    authorized,
    bought,
    buy,
    captured,
    death_recorded,
    disputed,
    event,
    force_closed,
    given,
    opened,
    paid,
    pay,
    record_death,
    refunded,
    resolve,
    resolved,
    terms,
    unfreeze,
)

# Example A: 123,457 of 10 January, never paid; on 5 March it is learnt that the customer died.
LATE = (*BASE, advanced(to="2026-03-05"))


def test_charges_dated_after_the_death_are_taken_back():
    """Late fee 1,000 of 11 February and interest of 10 to 28 February fall away; the minimum stays missed."""
    given(*LATE).when(record_death("2026-02-10")).then(
        event(DeathRecorded, date_of_death="2026-02-10", dropped=()),
        event(
            BalancesCorrected,
            from_date="2026-02-10", interest_delta_fen=-1_173, late_fee_delta_fen=-1_000, principal_delta_fen=0,
        ),
        event(AccountFrozen, reason="deceased", access="frozen", standing="overdue"),
    ).owes(principal_billed=123_457).stands(accrued=0, dpd=23)  # fmt: skip


def test_the_days_before_the_death_cost_what_they_cost():
    """12 days from 10 to 21 February: 123,457 x 12 x 0.0005 = 740.74; the late fee of 11 February stands."""
    given(*LATE).when(record_death("2026-02-22")).then(
        event(DeathRecorded),
        event(BalancesCorrected, interest_delta_fen=741 - 1_173, late_fee_delta_fen=0),
        event(AccountFrozen),
    ).owes(principal_billed=123_457, interest_billed=741, fees_billed=1_000)


def test_nothing_is_charged_from_then_on_though_statements_and_days_past_due_go_on():
    life = given(*BASE, advanced(to="2026-02-05"), death_recorded("2026-02-05"))
    life.when(advance(to="2026-04-11")).then(
        event(AccountOverdue, dpd=1),
        event(AccountBilled, statement_no=2, balance_fen=123_457),
        event(AccountOverdue, dpd=29),
        event(AccountFrozen, reason="overdue_long"),
        event(AccountBilled, statement_no=3),
        event(AccountOverdue, dpd=60),
    ).owes(principal_billed=123_457).stands(accrued=0)


def test_a_late_fee_of_the_very_day_stands():
    given(*BASE, advanced(to="2026-02-11")).when(record_death("2026-02-11", on="2026-02-20")).then(
        event(DeathRecorded), event(BalancesCorrected, late_fee_delta_fen=0), event(AccountFrozen)
    ).owes(principal_billed=123_457, fees_unbilled=1_000).stands(accrued=62)


def test_interest_from_posting_stops_too():
    card = (opened(agreed=terms(interest_method="from_posting")), activated(), bought("base", 123_457, on="2026-01-10"))
    life = given(*card, advanced(to="2026-02-05"), death_recorded("2026-01-20", on="2026-02-05"))
    life.when(advance(to="2026-03-01")).then(
        event(AccountOverdue),
        event(InterestPosted, amount_fen=617, fen_days=123_457 * 10),
        event(AccountBilled),
    )


def test_what_was_bought_after_it_never_counted():
    history = (*BASE, bought("after", 40_000, on="2026-01-20"), advanced(to="2026-02-05"))
    given(*history).when(record_death("2026-01-15")).then(
        event(DeathRecorded, dropped=(PlanPart(purchase_id="after", amount_fen=40_000),)),
        event(BalancesCorrected, principal_delta_fen=-40_000),
        event(AccountFrozen),
    ).owes(principal_billed=123_457)


def test_what_was_paid_of_it_becomes_credit_and_may_settle_the_account():
    history = (*LINE, bought("after", 40_000, on="2026-01-20"), paid(30_000, on="2026-02-03"))
    given(*history).when(record_death("2026-01-15", on="2026-02-05")).then(
        event(DeathRecorded), event(BalancesCorrected), event(AccountFrozen), event(AccountPaid)
    ).owes(credit=30_000)


def test_what_was_refunded_or_is_disputed_of_it_is_not_dropped_twice():
    history = (*LINE, bought("after", 40_000, on="2026-01-20"), refunded("after", 5_000), disputed("after", 10_000))
    life = given(*history).when(record_death("2026-01-15", on="2026-01-31"))
    life.then(
        event(DeathRecorded, dropped=(PlanPart(purchase_id="after", amount_fen=25_000),)),
        event(BalancesCorrected),
        event(AccountFrozen),
    ).owes(principal_disputed=10_000)
    life.when(resolve("upheld")).owes()


def test_a_capture_of_what_was_authorised_before_counts():
    history = (*LINE, authorized("hotel", 40_000, on="2026-01-14"), captured("hotel", 40_000, on="2026-01-16"))
    given(*history).when(record_death("2026-01-15", on="2026-01-20")).then(
        event(DeathRecorded, dropped=()), event(AccountFrozen)
    ).owes(principal_unbilled=40_000)


def test_a_purchase_that_is_proved_is_posted_by_force():
    given(*BASE, death_recorded("2026-01-15", on="2026-01-20")).when(buy("proved", 700, forced=True)).then(
        event(PurchasePosted), event(RiskAlerted)
    ).owes(principal_unbilled=124_157)


def test_a_minimum_missed_before_it_stays_missed_and_one_that_only_its_charges_made_is_not():
    """Paid in full a day late; the late fee and one day's interest came after the death, and so did their statement."""
    history = (*BASE, paid(123_457, on="2026-02-11"), advanced(to="2026-03-12"))
    given(*history).stands(standing="overdue", dpd=1).owes(fees_billed=1_000, interest_billed=62)
    given(*history).when(record_death("2026-02-10")).then(
        event(DeathRecorded), event(BalancesCorrected), event(AccountFrozen), event(AccountCured), event(AccountPaid)
    ).owes()


def test_payments_go_on_as_before():
    given(*BASE, death_recorded("2026-01-15", on="2026-02-01")).when(pay(123_457, on="2026-02-03")).owes()


def test_it_is_recorded_once():
    life = given(*LATE, death_recorded("2026-02-10"))
    life.when(record_death("2026-02-10")).nothing_happened()
    life.when(record_death("2026-02-11")).refused(
        "death_recorded", field="date_of_death", asked=date(2026, 2, 11), known=date(2026, 2, 10)
    )


@pytest.mark.parametrize(
    ("died_on", "learnt_on", "earliest"),
    [("2026-01-04", "2026-03-05", "2026-01-05"), ("2026-03-06", "2026-03-05", "2026-01-05")],
)
def test_it_lies_between_the_activation_and_today(died_on, learnt_on, earliest):
    given(*BASE).when(record_death(died_on, on=learnt_on)).refused(
        "value_date_not_allowed",
        field="date_of_death",
        asked=date.fromisoformat(died_on),
        earliest=date.fromisoformat(earliest),
        latest=date.fromisoformat(learnt_on),
    )


def test_a_mistaken_death_is_as_if_it_had_never_been_said():
    untouched = (*BASE, bought("after", 40_000, on="2026-01-20"))
    life = given(*untouched, death_recorded("2026-01-15", on="2026-02-20"))
    life.when(unfreeze("deceased", on="2026-02-25")).then(
        event(AccountUnfrozen, reason="deceased", access="open"),
        event(BalancesCorrected, late_fee_delta_fen=1_000, principal_delta_fen=40_000),
    )
    told = given(*untouched, advanced(to="2026-02-11")).account.ledger
    told.pass_time(date(2026, 2, 25))
    assert life.account.ledger == told
    life.stands(standing="overdue", death=None, dpd=15, accrued=1_226).when(advance(to="2026-03-01"))
    life.stands(interest_posted=1_553)


def test_what_was_dropped_counts_again_though_the_rest_of_the_purchase_was_disputed_with_reason():
    disputed_in_part = (*LINE, bought("after", 40_000, on="2026-01-20"), disputed("after", 15_000, on="2026-02-02"))
    life = given(*disputed_in_part, death_recorded("2026-01-15", on="2026-02-05"), resolved("upheld")).owes()
    life.when(unfreeze("deceased", on="2026-02-06")).owes(principal_billed=25_000)


def test_a_death_that_turns_out_mistaken_years_later_still_does():
    life = given(*BASE, death_recorded("2026-01-15", on="2026-02-20"), paid(123_457, on="2026-05-30"))
    life.given(bought("p1", 1, on="2027-03-01", forced=True))
    assert life.account.base.business_date == date(2026, 1, 5)
    life.when(unfreeze("deceased", on="2027-03-02"))
    assert life.account.ledger.interest_posted > 0


def test_only_an_officer_records_it_and_lifts_it():
    given(*LATE).when(
        record_death("2026-02-10")._replace(fields={"date_of_death": date(2026, 2, 10), "actor": CUSTOMER})
    ).refused("role_not_allowed", field="actor", role="customer", allowed=["officer"])
    given(*LATE, death_recorded("2026-02-10")).when(unfreeze("deceased", actor=CUSTOMER)).refused(
        "role_not_allowed", field="actor", role="customer", allowed=["officer"], freeze="deceased"
    )


def test_a_closed_account_keeps_the_reason_and_stays_closed():
    given(*BASE, force_closed()).when(record_death("2026-01-10")).then(
        event(DeathRecorded), event(AccountFrozen, access="closed", status="closed")
    )
