"""People and limits: who may have credit, how much, why not, and what their accounts mean for the next decision."""

from datetime import date
from decimal import Decimal

import pytest

from domain.customer import LimitMove
from domain.customer_events import (
    GROUNDS,
    AccountChanged,
    AgeEstablished,
    ApplicationGranted,
    ApplicationRefused,
    ConsentGiven,
    ConsentWithdrawn,
    ContactPreferenceSet,
    Ground,
    IdentityVerified,
    LenderReported,
    NoticeAcknowledged,
)
from domain.events import AccountActivated, AccountChargedOff, AccountOpened, LimitChanged
from domain.refusals import Refused
from domain.underwriting import STANDARD_POLICY, Policy, check_draw
from tests.people import (
    KNOWN,
    PERSON,
    account,
    acknowledge,
    apply_for_line,
    apply_for_more,
    consent,
    establish_age,
    event,
    given,
    on,
    prefer,
    report_lender,
    verify_identity,
    withdraw_consent,
)
from tests.specification import (
    CUSTOMER,
    activate,
    advance,
    appeal,
    appeal_decided,
    buy,
    change_limit,
    decline,
    force_close,
    freeze,
    migrate,
    open_line,
    pay,
    record_death,
    reinstate,
    request_closure,
    terms,
    undo_write_off,
    unfreeze,
    withdraw_closure,
    write_off,
)

GRANTED = (*KNOWN, apply_for_line(score=500_000))
SMALL = Policy(version="small", exposure_max=600_000)


def ground(kind, found=None, bound=None):
    return Ground(kind=kind, found=found, bound=bound)


# What may be granted


def test_a_grant_is_one_decision_on_the_customer_and_opens_the_account_with_its_limit():
    given(*KNOWN).when(apply_for_line(score=812_345)).then(
        event(
            ApplicationGranted,
            customer_id=PERSON,
            account_id=account(1),
            application_ref="application-1",
            limit_fen=810_000,
            limit_before_fen=0,
            score_limit_fen=812_345,
            product_max_fen=5_000_000,
            exposure_fen=0,
            exposure_max_fen=20_000_000,
            lenders=0,
            debt_service_bp=1_000,
            policy_version="people-2026.1",
        )
    ).and_the_account(
        event(AccountOpened, customer_id=PERSON, product="pay_later"), event(AccountActivated, limit_fen=810_000)
    ).is_known_by(reserved=810_000)


@pytest.mark.parametrize(
    ("score", "others", "limit"),
    [
        (9_000_000, 0, 5_000_000),  # the product's
        (4_999_999, 0, 4_990_000),  # the score's, down to whole hundreds of yuan
        (9_000_000, 19_000_000, 1_000_000),  # what is left
        (9_000_000, 19_941_000, 50_000),  # 59,000 left
        (50_000, 0, 50_000),  # the least there is
    ],
)
def test_the_limit_is_the_least_of_three_in_whole_hundreds_of_yuan(score, others, limit):
    life = given(*KNOWN, report_lender("bank-9", others)) if others else given(*KNOWN)
    life.when(apply_for_line(score=score)).then(event(ApplicationGranted, limit_fen=limit, exposure_fen=others))


@pytest.mark.parametrize(
    ("others", "score", "grounds"),
    [
        (19_950_001, 5_000_000, (ground("exposure_too_high", 19_950_001, 19_950_000),)),
        (0, 49_999, (ground("score_limit_too_low", 40_000, 50_000),)),
        (
            30_000_000,
            0,
            (ground("score_limit_too_low", 0, 50_000), ground("exposure_too_high", 30_000_000, 19_950_000)),
        ),
    ],
)
def test_under_the_least_limit_there_is_none(others, score, grounds):
    given(*KNOWN, report_lender("bank-9", others)).when(apply_for_line(score=score)).then(
        event(ApplicationRefused, grounds=grounds)
    ).and_the_account()


def test_where_the_least_limit_is_no_whole_step_the_room_for_it_is_rounded_up():
    agreed = terms(limit_min=55_000, limit_max=59_000)
    given(*KNOWN).when(apply_for_line(agreed=agreed)).then(
        event(ApplicationRefused, grounds=(ground("score_limit_too_low", 50_000, 55_000),))
    )
    given(*KNOWN, report_lender("bank-9", 19_945_000)).when(apply_for_line(agreed=terms(limit_min=55_000))).then(
        event(ApplicationRefused, grounds=(ground("exposure_too_high", 19_945_000, 19_940_000),))
    )


def test_every_reason_that_stands_is_given_in_their_order_and_no_account_is_opened():
    life = given(
        *GRANTED,
        on(1, buy("p1", 30_000, on="2026-01-10")),
        on(1, write_off("fraud")),
        on(1, record_death("2026-01-10")),
        establish_age(adult=False),
        *(report_lender(f"bank-{number}", 4_000_000) for number in range(6)),
    )
    life.when(apply_for_line(2, score=0, service=500_001)).then(
        event(
            ApplicationRefused,
            grounds=(
                ground("not_adult"),
                ground("deceased"),
                ground("charged_off", 1, 0),
                ground("too_many_lenders", 6, 5),
                ground("debt_service_too_high", 5_001, 5_000),
                ground("score_limit_too_low", 0, 50_000),
                ground("exposure_too_high", 24_500_000, 19_950_000),
            ),
            lenders=6,
            debt_service_bp=5_001,
        )
    ).and_the_account()
    assert tuple(each.kind for each in life.events[0].grounds) == GROUNDS[:-1]
    assert account(2) not in life.accounts


@pytest.mark.parametrize(
    ("income", "service", "bp"),
    [(1_000_000, 500_000, 5_000), (1_000_000, 0, 0), (3, 1, 3_334), (0, 0, None), (1, 10**15, 10**19)],
)
def test_debt_service_is_at_most_half_of_income_and_rounded_up(income, service, bp):
    life = given(*KNOWN).when(apply_for_line(income=income, service=service))
    bp = bp if bp is None else min(bp, 2**63 - 1)
    if bp is not None and bp <= 5_000:
        life.then(event(ApplicationGranted, debt_service_bp=bp))
    else:
        life.then(event(ApplicationRefused, grounds=(ground("debt_service_too_high", bp, 5_000),)))


def test_who_is_not_known_to_be_of_age_gets_nothing():
    given(consent("credit_check")).when(apply_for_line()).then(
        event(ApplicationRefused, grounds=(ground("not_adult"),))
    )


def test_five_other_lenders_are_not_too_many_and_one_that_is_gone_does_not_count():
    reports = [report_lender(f"bank-{number}", 100_000) for number in range(6)]
    given(*KNOWN, *reports, report_lender("bank-3", 0)).when(apply_for_line()).then(
        event(ApplicationGranted, lenders=5, exposure_fen=500_000)
    )


def test_without_consent_to_a_credit_check_nothing_is_decided():
    given(establish_age()).when(apply_for_line()).refused("consent_missing", field="kind", missing=["credit_check"])
    given(*KNOWN, withdraw_consent("credit_check")).when(apply_for_line()).refused(
        "consent_missing", field="kind", missing=["credit_check"]
    )


def test_an_application_is_decided_once():
    life = given(*GRANTED)
    life.when(apply_for_line(score=500_000)).nothing_happened()
    life.when(apply_for_line(score=600_000)).refused(
        "application_ref_reused",
        field="application_ref",
        reference="application-1",
        differs="score_limit_fen",
        first=500_000,
        asked=600_000,
    )
    given(*KNOWN, apply_for_line(score=1)).when(apply_for_line(score=1)).nothing_happened()


def test_an_account_id_that_is_taken_is_not_granted_again():
    given(*KNOWN, on(1, open_line())).when(apply_for_line()).refused(
        "already_opened", field="application_ref", asked=str(account(1))
    )


def test_limits_of_one_person_are_added_up_so_they_are_of_one_currency():
    dollars = terms(currency="USD")
    asked = {"field": "currency", "asked": "USD", "allowed": "CNY"}
    given(*KNOWN).when(apply_for_line(agreed=dollars)).refused("currency_differs", **asked)
    given(*KNOWN, on(1, open_line(agreed=dollars))).when(on(1, activate(60_000))).refused("currency_differs", **asked)


def test_whoever_asks_for_themselves_does_not_bring_their_own_score():
    given(*KNOWN).when(apply_for_line(actor=CUSTOMER)).refused(
        "role_not_allowed", field="actor", role="customer", allowed=["officer", "risk", "system"]
    )


# What is reserved follows the accounts


def changed(account_number=1, **stated):
    return event(AccountChanged, account_id=account(account_number), **stated)


def test_a_limit_that_is_set_by_hand_is_reserved_too():
    given(on(1, open_line())).when(on(1, activate(300_000))).then(
        changed(limit_before_fen=0, limit_fen=300_000, closed=False, led_by="account.activated", product="pay_later")
    ).is_known_by(reserved=300_000)


def test_an_application_without_a_limit_reserves_nothing_also_where_it_is_declined():
    given().when(on(1, open_line()), on(1, decline())).then().is_known_by(reserved=0, lines={})


def test_raises_and_cuts_are_followed_and_remembered():
    life = given(*GRANTED, on(1, buy("p1", 400_000)))
    life.when(on(1, change_limit(900_000, on="2026-01-07")), on(1, change_limit(100_000, on="2026-01-08"))).then(
        changed(limit_before_fen=500_000, limit_fen=900_000, led_by="limit.changed"),
        changed(limit_before_fen=900_000, limit_fen=100_000, led_by="limit.changed"),
    ).is_known_by(
        reserved=100_000,  # below what is owed, which nothing changes about
        limit_moves=(
            LimitMove(date(2026, 1, 7), account(1), 500_000, 900_000),
            LimitMove(date(2026, 1, 8), account(1), 900_000, 100_000),
        ),
    )


def test_what_moves_no_limit_is_no_business_of_the_customers():
    given(*GRANTED).when(
        on(1, buy("p1", 30_000)),
        on(1, freeze("customer_request")),
        on(1, unfreeze("customer_request")),
        on(1, advance("2026-02-15")),
        on(1, pay(30_000)),
    ).then()


def test_a_closure_at_once_gives_the_limit_back():
    given(*GRANTED).when(on(1, request_closure())).then(
        changed(limit_before_fen=500_000, limit_fen=0, closed=True, led_by="account.closed", cause="command")
    ).is_known_by(reserved=0, limit_moves=())


def test_a_closing_account_keeps_its_limit_until_the_last_obstacle_goes():
    life = given(*GRANTED, on(1, buy("p1", 30_000)))
    life.when(on(1, request_closure())).then().is_known_by(reserved=500_000)
    life.when(on(1, withdraw_closure())).then().is_known_by(reserved=500_000)
    life.given(on(1, request_closure()))
    life.when(on(1, pay(30_000))).then(changed(limit_before_fen=500_000, limit_fen=0, closed=True))


def test_the_calendar_closes_and_the_customer_knows():
    # Unused for 18 months; the date is that of the closure, not of whoever asked the calendar.
    life = given(*GRANTED).when(on(1, advance("2027-12-31")))
    life.then(
        changed(limit_fen=0, closed=True, cause="advance", led_by="account.closed", business_date=date(2027, 7, 5))
    )


def test_a_closure_by_force_leaves_what_is_owed_in_the_exposure():
    life = given(*GRANTED, on(1, buy("p1", 123_456))).when(on(1, force_close()))
    life.then(changed(limit_before_fen=500_000, limit_fen=0, closed=True))
    life.when(apply_for_line(2)).then(event(ApplicationGranted, exposure_fen=123_456))


def test_a_reinstatement_reserves_its_limit_again_and_what_is_owed_is_not_counted_twice():
    life = given(
        *GRANTED,
        on(1, buy("p1", 123_456)),
        on(1, force_close()),
        on(1, appeal("closure")),
        on(1, appeal_decided("upheld")),
    )
    life.when(on(1, reinstate(300_000))).then(
        changed(limit_before_fen=0, limit_fen=300_000, closed=False, led_by="account.reinstated")
    )
    life.when(apply_for_line(2)).then(event(ApplicationGranted, exposure_fen=300_000))


def test_an_appeal_upheld_with_a_lower_limit_is_a_cut():
    life = given(*GRANTED, on(1, freeze("abnormal_transaction")), on(1, appeal("abnormal_transaction")))
    life.when(on(1, appeal_decided("upheld_lower_limit", limit_fen=200_000))).then(
        changed(limit_before_fen=500_000, limit_fen=200_000)
    )


def test_a_loss_stands_against_the_person_until_it_is_undone_or_repaid():
    life = given(*GRANTED, on(1, buy("p1", 30_000, on="2026-01-10")))
    life.when(on(1, write_off("fraud"))).then(changed(charged_off=True, limit_fen=500_000)).is_known_by(
        charged_off=True
    )
    life.when(on(1, undo_write_off())).then(changed(charged_off=False)).is_known_by(charged_off=False)
    life.given(on(1, write_off("fraud")))
    life.when(on(1, pay(30_000))).then(changed(charged_off=False, closed=True, limit_fen=0))


def test_the_calendar_books_a_loss_and_the_customer_knows():
    life = given(*GRANTED, on(1, buy("p1", 123_457, on="2026-01-10"))).when(on(1, advance("2026-08-09")))
    life.then(changed(charged_off=True, cause="advance", led_by="account.charged_off", business_date=date(2026, 8, 9)))


def test_a_death_on_one_account_is_the_persons_and_may_turn_out_mistaken():
    life = given(*GRANTED)
    life.when(on(1, record_death("2026-01-05"))).then(changed(deceased=True, led_by="death.recorded"))
    life.is_known_by(deceased=True)
    life.when(on(1, unfreeze("deceased"))).then(changed(deceased=False, led_by="account.unfrozen"))
    life.is_known_by(deceased=False)


def test_what_is_taken_over_was_granted_elsewhere_and_only_counts():
    life = given(on(1, open_line()), policy=SMALL).when(on(1, migrate(1_000_000)))
    life.then(changed(limit_before_fen=0, limit_fen=1_000_000, led_by="account.migrated"))
    life.given(*KNOWN).when(apply_for_line(2)).then(
        event(ApplicationRefused, grounds=(ground("exposure_too_high", 1_000_000, 550_000),))
    )


# Nobody passes the bound, whichever door the limit comes in by


TWO = (on(1, open_line()), on(1, activate(400_000)), on(2, open_line()))


def exceeded(asked, exposure):
    return {"field": "limit_fen", "asked": asked, "exposure": exposure, "highest": 600_000}


def test_a_limit_set_by_hand_does_not_pass_the_bound():
    life = given(*TWO, policy=SMALL)
    life.when(on(2, activate(200_001))).refused("exposure_exceeded", **exceeded(200_001, 400_000))
    life.when(on(2, activate(200_000))).then(changed(2, limit_fen=200_000))


def test_a_raise_by_hand_does_not_pass_the_bound_and_a_cut_always_may_be():
    life = given(*TWO, on(2, activate(200_000)), report_lender("bank-9", 50_000), policy=SMALL)
    life.when(on(2, change_limit(200_001))).refused("exposure_exceeded", **exceeded(200_001, 450_000))
    life.when(on(2, change_limit(199_999))).then(changed(2, limit_fen=199_999))


def test_a_reinstatement_does_not_pass_the_bound():
    life = given(
        *TWO,
        on(2, activate(200_000)),
        on(2, force_close()),
        on(1, change_limit(500_000)),
        on(2, appeal("closure")),
        on(2, appeal_decided("upheld")),
        policy=SMALL,
    )
    life.when(on(2, reinstate(200_000))).refused("exposure_exceeded", **exceeded(200_000, 500_000))


# More on an account that there is


def test_a_raise_is_a_new_decision_and_changes_the_account_with_it():
    given(*GRANTED).when(apply_for_more(score=812_345, on="2026-03-01")).then(
        event(
            ApplicationGranted,
            application_ref="more-1",
            account_id=account(1),
            limit_before_fen=500_000,
            limit_fen=810_000,
            exposure_fen=0,
            business_date=date(2026, 3, 1),
        )
    ).and_the_account(event(LimitChanged, limit_fen=810_000, reason="application", by_customer=True)).is_known_by(
        reserved=810_000, limit_moves=(LimitMove(date(2026, 3, 1), account(1), 500_000, 810_000),)
    )


def test_more_is_more_than_there_is():
    given(*GRANTED).when(apply_for_more(score=500_000)).then(
        event(ApplicationRefused, grounds=(ground("not_above_present", 500_000, 500_000),))
    ).and_the_account()


def test_a_raise_is_decided_on_what_the_account_has_become_by_today():
    """The loss is booked by the very command that asks for more, and is a reason against it."""
    life = given(*GRANTED, on(1, buy("p1", 123_457, on="2026-01-10"))).when(apply_for_more(on="2026-08-10"))
    life.then(
        changed(charged_off=True),
        event(ApplicationRefused, grounds=(ground("charged_off", 1, 0),), limit_before_fen=500_000),
    )
    assert AccountChargedOff in {type(each) for each in life.account_events}


def test_a_raise_of_what_is_closed_or_somebody_elses_is_refused():
    given(*GRANTED, on(1, request_closure())).when(apply_for_more()).refused("account_closed", access="closed")
    given(*KNOWN).when(apply_for_more()).refused("account_unknown", field="account_id", asked=str(account(1)))
    life = given(*GRANTED)
    life.accounts[account(1)].customer_id = "somebody"
    life.when(apply_for_more()).refused("account_id_not_theirs", field="account_id", asked=str(account(1)))


def test_an_account_lives_where_its_customer_does():
    given().when(on(1, open_line(customer_id="somebody-else"))).refused(
        "account_id_not_theirs", field="account_id", asked=str(account(1))
    )


# Before money is paid out


def refusal_of_draw(life):
    with pytest.raises(Refused) as refused:
        check_draw(life.applicant)
    return refused.value.reason, refused.value.numbers


def test_identity_and_consents_come_before_the_first_draw():
    life = given(consent("credit_check"), establish_age(), apply_for_line())
    assert refusal_of_draw(life) == ("identity_unverified", {"customer_id": PERSON})
    life.given(verify_identity())
    assert refusal_of_draw(life) == (
        "consent_missing",
        {"field": "kind", "missing": ["credit_reporting", "loan_agreement"]},
    )
    life.given(consent("credit_reporting"), consent("loan_agreement"))
    assert check_draw(life.applicant) is None


def test_what_has_come_to_stand_against_the_person_since_is_found_at_the_draw():
    life = given(*GRANTED, on(1, buy("p1", 30_000)), on(1, write_off("fraud")), report_lender("bank-9", 20_000_000))
    assert refusal_of_draw(life) == (
        "not_eligible",
        {
            "grounds": ["charged_off", "exposure_too_high"],
            "charged_off_found": 1,
            "charged_off_bound": 0,
            "exposure_too_high_found": 20_500_000,
            "exposure_too_high_bound": 20_000_000,
        },
    )


def test_the_debt_service_at_the_draw_is_that_of_the_last_application():
    life = given(*GRANTED, apply_for_line(2, service=600_000))
    assert refusal_of_draw(life)[1]["debt_service_too_high_found"] == 6_000
    by_hand = given(*KNOWN, on(1, open_line()), on(1, activate(300_000)))
    assert check_draw(by_hand.applicant) is None


# What else is told of a person


def test_consent_is_given_and_withdrawn_once():
    life = (
        given().when(consent("loan_agreement")).then(event(ConsentGiven, kind="loan_agreement", evidence_ref="form-1"))
    )
    life.when(consent("loan_agreement")).nothing_happened()
    life.when(withdraw_consent("credit_check")).nothing_happened()
    life.when(withdraw_consent("loan_agreement")).then(event(ConsentWithdrawn, kind="loan_agreement"))
    assert not life.customer.agrees("loan_agreement")


def test_identity_and_age_are_established_once_and_an_age_may_be_corrected():
    life = (
        given()
        .when(verify_identity(), establish_age())
        .then(event(IdentityVerified, evidence_ref="check-1"), event(AgeEstablished, adult=True))
    )
    life.when(verify_identity(), establish_age()).nothing_happened()
    life.when(establish_age(adult=False)).then(event(AgeEstablished, adult=False)).is_known_by(adult=False)


def test_of_two_reports_of_a_lender_the_newer_one_counts():
    life = given(report_lender("bank-9", 100_000, "2026-01-04"))
    life.when(report_lender("bank-9", 300_000, "2026-01-03")).nothing_happened()
    life.when(report_lender("bank-9", 100_000, "2026-01-04")).nothing_happened()
    life.when(report_lender("bank-9", 200_000, "2026-01-05")).then(event(LenderReported, limit_fen=200_000))
    assert life.applicant.exposure() == 200_000
    life.when(report_lender("bank-9", 1, "2026-01-06")).refused(
        "date_in_future", field="reported_on", asked=date(2026, 1, 6), latest=date(2026, 1, 5)
    )


@pytest.mark.parametrize("subject", ["due", "overdue"])
def test_what_is_due_is_told_and_only_its_channel_is_chosen(subject):
    life = given().when(prefer(subject, None)).refused("notice_not_refusable", field="channel", subject=subject)
    life.when(prefer(subject, "mail")).then(event(ContactPreferenceSet, subject=subject, channel="mail"))


@pytest.mark.parametrize("subject", ["marketing", "education"])
def test_marketing_and_education_may_be_refused(subject):
    life = given().when(prefer(subject, None)).then(event(ContactPreferenceSet, subject=subject, channel=None))
    life.when(prefer(subject, None)).nothing_happened()
    life.when(prefer(subject, "app")).then(event(ContactPreferenceSet, channel="app"))


def test_a_notice_is_acknowledged_once():
    life = given().when(acknowledge("n-1")).then(event(NoticeAcknowledged, notice_id="n-1"))
    life.when(acknowledge("n-1")).nothing_happened()
    life.is_known_by(notices={"n-1": date(2026, 1, 5)})


def test_the_policy_is_a_parameter():
    strict = Policy(version="strict", debt_service_max=Decimal("0.05"), lenders_max=0, limit_step=100_000)
    given(*KNOWN, report_lender("bank-9", 1), policy=strict).when(apply_for_line()).then(
        event(
            ApplicationRefused,
            grounds=(ground("too_many_lenders", 1, 0), ground("debt_service_too_high", 1_000, 500)),
            policy_version="strict",
        )
    )
    assert STANDARD_POLICY.exposure_max == 20_000_000
