"""Appeals: lodged in time, one at a time, answered within twenty days; they move no money, but may bring a limit back."""

from datetime import date

import pytest

from domain.events import (
    AccountReinstated,
    AccountUnfrozen,
    AppealDecided,
    AppealLodged,
    ClosureWithdrawn,
    LimitChanged,
    RiskAlerted,
)
from tests.specification import (
    BASE,
    LINE,
    OFFICER,
    RISK,
    activated,
    advance,
    advanced,
    appeal,
    appeal_decided,
    appealed,
    buy,
    closure_requested,
    death_recorded,
    decide_appeal,
    event,
    force_closed,
    frozen,
    given,
    opened,
    paid,
    paid_out,
    reinstate,
    reinstated,
    unfrozen,
    withdraw_closure,
    write_off,
)

FROZEN = (opened(), activated(limit=300_000), frozen("abnormal_transaction", on="2026-03-01"))
CLOSED = (opened(), activated(limit=300_000), force_closed(on="2026-03-01"))
HEARD = (*CLOSED, appealed("closure", on="2026-03-02"))
UPHELD = (*HEARD, appeal_decided("upheld", on="2026-03-10"))


@pytest.mark.parametrize("reason", ["abnormal_transaction", "fraud_confirmed", "credit_deterioration", "multi_lender"])
def test_a_freeze_is_appealed_against_and_lifted_where_that_is_upheld(reason):
    life = given(*LINE, frozen(reason, on="2026-03-01")).when(appeal(reason, on="2026-03-05"))
    life.then(event(AppealLodged, appeal_id="appeal-1", against=reason, decide_by="2026-03-25", access="frozen"))
    life.when(decide_appeal("upheld", on="2026-03-25", actor=RISK)).then(
        event(AppealDecided, against=reason, outcome="upheld", limit_fen=None, reason="review", access="frozen"),
        event(AccountUnfrozen, reason=reason, reference="appeal-1", access="open"),
    )


def test_upheld_with_a_lower_limit():
    life = given(*FROZEN, appealed("abnormal_transaction"))
    life.when(decide_appeal("upheld_lower_limit", limit_fen=100_000)).then(
        event(AppealDecided, outcome="upheld_lower_limit", limit_fen=100_000),
        event(LimitChanged, limit_fen=100_000, reason="appeal", by_customer=False),
        event(AccountUnfrozen, access="open"),
    ).stands(limit=100_000)


@pytest.mark.parametrize("limit", [300_000, 300_001])
def test_a_lower_limit_is_lower(limit):
    given(*FROZEN, appealed("abnormal_transaction")).when(decide_appeal("upheld_lower_limit", limit_fen=limit)).refused(
        "limit_not_lower", field="limit_fen", asked=limit, limit=300_000
    )


def test_a_lower_limit_is_still_one_of_the_terms():
    given(*FROZEN, appealed("abnormal_transaction")).when(
        decide_appeal("upheld_lower_limit", limit_fen=49_999)
    ).refused("limit_out_of_range", field="limit_fen", asked=49_999, lowest=50_000, highest=5_000_000)


def test_rejected_the_freeze_stays():
    given(*FROZEN, appealed("abnormal_transaction")).when(decide_appeal("rejected")).then(
        event(AppealDecided, outcome="rejected", access="frozen")
    ).stands(access="frozen")


def test_other_reasons_stay_when_one_is_appealed_away():
    life = given(*FROZEN, frozen("legal_order"), appealed("abnormal_transaction"))
    life.when(decide_appeal("upheld")).then(
        event(AppealDecided), event(AccountUnfrozen, reasons_now=("legal_order",), access="frozen")
    )


def test_a_reason_that_was_lifted_meanwhile_needs_no_lifting():
    life = given(*FROZEN, appealed("abnormal_transaction"), unfrozen("abnormal_transaction"))
    life.when(decide_appeal("upheld")).then(event(AppealDecided, access="open"))


def test_a_late_answer_is_an_alert():
    life = given(*FROZEN, appealed("abnormal_transaction", on="2026-03-05"))
    life.when(decide_appeal("rejected", on="2026-03-26")).then(
        event(AppealDecided), event(RiskAlerted, rule="appeal_answered_late", evidence_ref="appeal-1")
    )


def test_the_days_of_an_appeal_against_a_freeze_are_sixty():
    given(*FROZEN).when(appeal("abnormal_transaction", on="2026-04-30")).then(event(AppealLodged))
    given(*FROZEN).when(appeal("abnormal_transaction", on="2026-05-01")).refused(
        "appeal_too_late", field="against", asked="2026-05-01", since="2026-03-01", latest="2026-04-30"
    )


def test_a_freeze_set_anew_is_appealed_against_anew():
    life = given(*FROZEN, appealed("abnormal_transaction"), appeal_decided("rejected"))
    life.given(unfrozen("abnormal_transaction"), frozen("abnormal_transaction", on="2026-08-01"))
    life.when(appeal("abnormal_transaction", on="2026-08-02", ref="another")).then(event(AppealLodged))


def test_one_appeal_at_a_time():
    given(*FROZEN, appealed("abnormal_transaction", on="2026-03-05")).when(
        appeal("abnormal_transaction", ref="another")
    ).refused("appeal_open", field="against", appeal_id="appeal-1", decide_by="2026-03-25")


def test_reasons_are_appealed_against_one_by_one():
    life = given(*FROZEN, frozen("multi_lender"), appealed("abnormal_transaction"))
    life.when(appeal("multi_lender", ref="another")).then(event(AppealLodged))


@pytest.mark.parametrize("evidence", [None, "receipt-1"])
def test_after_a_rejection_new_evidence_is_needed(evidence):
    life = given(*FROZEN, appealed("abnormal_transaction", evidence_ref="receipt-1"), appeal_decided("rejected"))
    life.when(appeal("abnormal_transaction", ref="another", evidence_ref=evidence)).refused(
        "new_evidence_needed", field="evidence_ref", asked=evidence, rejected="appeal-1"
    )
    life.refusal = None
    life.when(appeal("abnormal_transaction", ref="another", evidence_ref="receipt-2")).then(
        event(AppealLodged, evidence_ref="receipt-2")
    )


@pytest.mark.parametrize(
    ("history", "against", "access"),
    [
        (LINE, "multi_lender", "open"),
        (LINE, "closure", "open"),
        ((*LINE, closure_requested()), "closure", "closed"),
        ((*BASE, closure_requested()), "closure", "closing"),
    ],
)
def test_what_does_not_stand_cannot_be_appealed_against(history, against, access):
    given(*history).when(appeal(against)).refused("nothing_to_appeal", field="against", asked=against, access=access)


def test_only_the_customer_appeals_and_only_the_lender_answers():
    given(*FROZEN).when(appeal("abnormal_transaction", actor=OFFICER)).refused(
        "role_not_allowed", field="actor", role="officer", allowed=["customer"]
    )
    given(*FROZEN, appealed("abnormal_transaction")).when(
        decide_appeal("upheld", actor=appeal("closure").fields["actor"])
    ).refused("role_not_allowed", field="actor", role="customer", allowed=["officer", "risk"])


def test_saying_it_again_changes_nothing_and_other_content_is_refused():
    life = given(*FROZEN, appealed("abnormal_transaction")).when(appeal("abnormal_transaction"))
    life.nothing_happened().when(appeal("closure")).refused(
        "appeal_id_reused",
        field="appeal_id", reference="appeal-1", differs="against", first="abnormal_transaction", asked="closure",
    )  # fmt: skip
    life.refusal = None
    life.given(appeal_decided("rejected")).when(decide_appeal("rejected")).nothing_happened()
    life.when(decide_appeal("upheld")).refused("appeal_decided", field="appeal_id", outcome="rejected")


def test_an_appeal_that_was_never_lodged():
    given(*FROZEN).when(decide_appeal("upheld")).refused("appeal_unknown", field="appeal_id", asked="appeal-1")
    given(*UPHELD).when(reinstate(60_000, ref="another")).refused("appeal_unknown", field="appeal_id", asked="another")


def test_a_closure_by_force_is_undone_with_a_new_limit():
    given(*UPHELD).when(reinstate(200_000)).then(
        event(AccountReinstated, limit_fen=200_000, appeal_id="appeal-1", access="open", status="activated")
    ).stands(limit=200_000, close_kind=None, closed_on=None).when(buy("p1", 200_000)).stands(available=0)


def test_reasons_that_remain_keep_it_frozen():
    given(*FROZEN, force_closed(), appealed("closure"), appeal_decided("upheld")).when(reinstate(60_000)).then(
        event(AccountReinstated, access="frozen", status="frozen")
    )


def test_debt_that_outlived_the_limit_is_the_same_debt_after_it():
    owing = (*BASE, force_closed(on="2026-03-01"), appealed("closure"), appeal_decided("upheld"))
    life = given(*owing).when(reinstate(200_000, on="2026-03-02"))
    life.then(event(AccountReinstated, standing="overdue", status="overdue"))
    life.owes(principal_billed=123_457, interest_billed=1_173, fees_billed=1_000)


def test_the_limit_may_not_go_above_what_the_appeal_allowed():
    life = given(*HEARD, appeal_decided("upheld_lower_limit", limit_fen=100_000))
    life.when(reinstate(100_001)).refused(
        "limit_out_of_range", field="limit_fen", asked=100_001, lowest=50_000, highest=100_000
    )
    life.refusal = None
    life.when(reinstate(100_000)).then(event(AccountReinstated))


def test_the_days_of_an_appeal_against_a_closure_are_ninety():
    given(*CLOSED).when(appeal("closure", on="2026-05-30")).then(event(AppealLodged))
    given(*CLOSED).when(appeal("closure", on="2026-05-31")).refused(
        "appeal_too_late", field="against", asked="2026-05-31", since="2026-03-01", latest="2026-05-30"
    )


def test_closed_for_inactivity_it_comes_back_frozen_until_the_customer_shows():
    idle = given(*LINE, advanced(to="2027-07-06")).stands(close_kind="inactive")
    idle.given(appealed("closure", on="2027-07-10"), appeal_decided("upheld", on="2027-07-12"))
    idle.when(reinstate(60_000)).then(event(AccountReinstated, access="frozen"))
    idle.when(advance(to="2028-07-11")).nothing_happened()
    idle.given(unfrozen("inactive")).stands(access="open")


@pytest.mark.parametrize(
    ("history", "reason", "numbers"),
    [
        (LINE, "no_such_move", {"access": "open"}),
        ((*LINE, closure_requested()), "not_reinstatable", {"close_kind": "voluntary"}),
        (CLOSED, "appeal_unknown", {"field": "appeal_id", "asked": "appeal-1"}),
        (HEARD, "appeal_not_upheld", {"field": "appeal_id", "against": "closure", "outcome": None}),
        (
            (*HEARD, appeal_decided("rejected")),
            "appeal_not_upheld",
            {"field": "appeal_id", "against": "closure", "outcome": "rejected"},
        ),
        (
            (*FROZEN, appealed("abnormal_transaction"), appeal_decided("upheld"), force_closed()),
            "appeal_not_upheld",
            {"field": "appeal_id", "against": "abnormal_transaction", "outcome": "upheld"},
        ),
        (
            (*UPHELD, reinstated(200_000), force_closed(on="2026-04-01")),
            "appeal_not_upheld",
            {"field": "appeal_id", "against": "closure", "outcome": "upheld"},
        ),
        ((*UPHELD, death_recorded("2026-03-10")), "not_reinstatable", {"date_of_death": date(2026, 3, 10)}),
    ],
)
def test_nothing_else_brings_a_closed_account_back(history, reason, numbers):
    given(*history).when(reinstate(200_000)).refused(reason, **numbers)


def test_a_loss_is_not_reinstated():
    lost = (*BASE, force_closed(), appealed("closure"), appeal_decided("upheld"), write_off())
    given(*lost).when(reinstate(200_000)).refused("charged_off", owed=123_457)


def test_a_loss_that_was_recovered_is_not_reinstated():
    """Nothing bought on it would ever be billed."""
    lost = (*BASE, force_closed(), appealed("closure"), appeal_decided("upheld"), write_off(), paid(123_457))
    given(*lost).when(reinstate(200_000)).refused("charged_off", owed=0)


def test_one_appeal_a_reason_is_open_though_it_was_frozen_anew_since():
    begun = (*FROZEN, appealed("abnormal_transaction"), unfrozen("abnormal_transaction", on="2026-03-02"))
    life = given(*begun, frozen("abnormal_transaction", on="2026-03-03"))
    life.when(appeal("abnormal_transaction", ref="another", evidence_ref="new")).refused(
        "appeal_open", field="against", appeal_id="appeal-1", decide_by="2026-03-21"
    )


def test_what_is_frozen_anew_on_the_day_of_an_appeal_that_was_upheld_is_appealed_against_anew():
    begun = (*FROZEN, appealed("abnormal_transaction"), appeal_decided("upheld"), frozen("abnormal_transaction"))
    given(*begun).when(appeal("abnormal_transaction", ref="another")).then(event(AppealLodged, appeal_id="another"))


def test_a_lower_limit_that_was_decided_while_closing_is_what_a_withdrawal_restores():
    life = given(*FROZEN, buy("p1", 500, forced=True), closure_requested(), appealed("abnormal_transaction"))
    life.given(appeal_decided("upheld_lower_limit", limit_fen=60_000)).when(withdraw_closure()).then(
        event(ClosureWithdrawn, limit_fen=60_000, access="open")
    )


def test_an_appeal_that_was_upheld_is_not_lodged_again():
    given(*UPHELD).when(appeal("closure", ref="another", evidence_ref="new")).refused(
        "appeal_decided", field="against", appeal_id="appeal-1", outcome="upheld"
    )


def test_a_repaid_account_closed_by_force_and_paid_out_may_come_back():
    life = given(*BASE, force_closed(on="2026-01-20"), paid(123_500), paid_out(43), appealed("closure"))
    life.given(appeal_decided("upheld")).when(reinstate(200_000)).then(event(AccountReinstated)).owes()
