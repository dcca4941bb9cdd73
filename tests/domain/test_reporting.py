"""Disputes of the credit report: which months may be denied, who decides, and what is recorded of it."""

from datetime import date

import pytest
from pydantic import ValidationError

from domain.events import AccountClosed, ReportCorrected, ReportDisputed, RiskAlerted
from tests.specification import (
    BASE,
    DRAWN,
    OFFICER,
    advance,
    advanced,
    correct_report,
    dispute_report,
    event,
    force_close,
    given,
    migrate,
    opened,
    report_corrected,
    report_disputed,
)

LATE = (*BASE, advanced(to="2026-04-15"))
DENIED = (*LATE, report_disputed("2026-02", "2026-03"))


def test_a_dispute_is_answered_within_twenty_days():
    given(*LATE).when(dispute_report("2026-02", "2026-03")).then(
        event(ReportDisputed, report_dispute_id="report-1", months=("2026-02", "2026-03"), decide_by="2026-05-05")
    )


@pytest.mark.parametrize("month", ["2025-12", "2026-05"])
def test_a_month_before_the_report_or_after_this_one_cannot_be_denied(month):
    given(*LATE).when(dispute_report("2026-01", month)).refused(
        "report_month_unknown", field="months", asked=month, earliest="2026-01", latest="2026-04"
    )


def test_the_first_month_and_this_one_can():
    given(*LATE).when(dispute_report("2026-01", "2026-04")).then(event(ReportDisputed))


def test_months_that_were_taken_over_can_be_denied_too():
    taken_over = given(opened(on="2026-03-05"), migrate(history="N*"))
    taken_over.when(dispute_report("2026-01")).then(event(ReportDisputed))
    taken_over.when(dispute_report("2025-12", ref="another")).refused(
        "report_month_unknown", field="months", asked="2025-12", earliest="2026-01", latest="2026-03"
    )


def test_an_application_has_no_report():
    given(opened()).when(dispute_report("2026-01")).refused("not_activated", access="pending")


def test_the_report_of_a_closed_account_can_be_denied():
    given(*LATE).when(force_close(), dispute_report("2026-02")).then(
        event(AccountClosed), event(ReportDisputed, access="closed")
    )


def test_only_the_customer_denies_it():
    asked = dispute_report("2026-02")
    given(*LATE).when(asked._replace(fields={**asked.fields, "actor": OFFICER})).refused(
        "role_not_allowed", field="actor", role="officer", allowed=["customer"]
    )


def test_saying_it_again_changes_nothing():
    given(*DENIED).when(dispute_report("2026-02", "2026-03")).nothing_happened()


def test_an_id_names_one_dispute():
    given(*DENIED).when(dispute_report("2026-04")).refused(
        "report_dispute_id_reused",
        field="report_dispute_id",
        reference="report-1",
        differs="months",
        first=("2026-02", "2026-03"),
        asked=("2026-04",),
    )


def test_an_id_names_one_dispute_of_one_loan():
    asked = dispute_report("2026-02")
    of_loan = asked._replace(fields=asked.fields | {"plan_id": "loan-1"})
    life = given(*DRAWN, advanced(to="2026-03-01"))
    life.when(of_loan).then(event(ReportDisputed, plan_id="loan-1"))
    life.when(asked).refused(
        "report_dispute_id_reused",
        field="report_dispute_id",
        reference="report-1",
        differs="plan_id",
        first="loan-1",
        asked=None,
    )


def test_another_dispute_of_the_same_month_is_one_of_its_own():
    given(*DENIED).when(dispute_report("2026-02", ref="report-2")).then(event(ReportDisputed))


def test_upheld_it_says_which_months_are_told_otherwise():
    done = given(*DENIED).when(correct_report(of_2026_03="2>N", on="2026-05-05"))
    assert [(each.month, each.old, each.new) for each in done.events[-1].changes] == [("2026-03", "2", "N")]
    done.then(*(event(type(each)) for each in done.events[:-1]), event(ReportCorrected, outcome="upheld"))


def test_rejected_it_changes_nothing():
    given(*DENIED).when(correct_report()).then(
        event(ReportCorrected, report_dispute_id="report-1", outcome="rejected", changes=(), reason="bank_error")
    )


def test_a_late_answer_is_an_alert():
    done = given(*DENIED, advanced(to="2026-05-05")).when(correct_report(on="2026-05-06"))
    done.then(
        event(ReportCorrected),
        event(RiskAlerted, rule="report_dispute_answered_late", evidence_ref="report-1"),
    )


def test_it_is_decided_once_and_the_same_answer_changes_nothing():
    decided = given(*DENIED, report_corrected(of_2026_02="1>N"))
    decided.when(correct_report(of_2026_02="1>N")).nothing_happened()
    for other in (correct_report(), correct_report(of_2026_02="1>M")):
        decided.when(other).refused("report_dispute_decided", field="report_dispute_id", outcome="upheld")


def test_a_dispute_nobody_opened_cannot_be_decided():
    given(*DENIED).when(correct_report(ref="report-2")).refused(
        "report_dispute_unknown", field="report_dispute_id", asked="report-2"
    )


def test_only_months_that_are_disputed_are_changed():
    given(*DENIED).when(correct_report(of_2026_02="1>N", of_2026_04="3>N")).refused(
        "report_month_not_disputed", field="changes", asked="2026-04", disputed=["2026-02", "2026-03"]
    )


@pytest.mark.parametrize("second", [None, OFFICER])
def test_it_needs_two_people(second):
    asked = correct_report()
    given(*DENIED).when(asked._replace(fields={**asked.fields, "second_actor": second})).refused(
        "second_actor_needed", field="second_actor", actor="officer:o-1"
    )


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, "changes belong to the outcome upheld"),
        ({"of_2026_02": "1>1"}, "a change tells a month otherwise"),
        ({"of_2026_02": "1>/"}, "Input should be"),
        ({"of_2026_02": "1>#"}, "Input should be"),
    ],
)
def test_a_decision_without_sense_is_turned_away(changes, why):
    with pytest.raises(ValidationError, match=why):
        given(*DENIED).when(correct_report(**changes, outcome="upheld"))


def test_a_month_is_named_once():
    twice = dispute_report("2026-02", "2026-02")
    with pytest.raises(ValidationError, match="a month is named once"):
        given(*LATE).when(twice)
    asked = correct_report(of_2026_02="1>N")
    with pytest.raises(ValidationError, match="a month is changed once"):
        given(*DENIED).when(asked._replace(fields={**asked.fields, "changes": asked.fields["changes"] * 2}))


def test_it_moves_no_money_and_no_state():
    before = given(*DENIED)
    after = given(*DENIED, report_corrected(of_2026_02="1>N"))
    assert (after.account.access, after.account.standing, after.account.ledger) == (
        before.account.access,
        before.account.standing,
        before.account.ledger,
    )
    assert after.account.report_disputes["report-1"].outcome == "upheld"
    assert after.account.report_disputes["report-1"].on == date(2026, 4, 15)


def test_it_is_remembered_as_life_goes_on():
    given(*DENIED, report_corrected()).when(advance(to="2028-04-15"), dispute_report("2026-04")).refused(
        "report_dispute_id_reused",
        field="report_dispute_id",
        reference="report-1",
        differs="months",
        first=("2026-02", "2026-03"),
        asked=("2026-04",),
    )
