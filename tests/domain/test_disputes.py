"""Disputes: what is denied is set aside, and then owed again from that day, or never owed at all."""

from datetime import date

import pytest

from domain.derivation import Derivation
from domain.events import (
    AccountChargedOff,
    AccountClosed,
    AccountCured,
    AccountPaid,
    BalancesCorrected,
    ClosureRequested,
    DisputeOpened,
    DisputeResolved,
    Obstacle,
    PurchaseRefunded,
)
from domain.snapshot import dump, load
from tests.specification import (
    BASE,
    activated,
    advance,
    advanced,
    bought,
    buy,
    dispute,
    disputed,
    event,
    force_closed,
    given,
    opened,
    paid,
    pay,
    pay_out,
    refund,
    refunded,
    request_closure,
    resolve,
    resolved,
    terms,
)

BILLED = (*BASE, advanced(to="2026-02-01"))


def test_what_is_disputed_is_neither_billed_nor_demanded():
    given(*BILLED).when(dispute("base", 123_457, on="2026-02-05")).then(
        event(
            DisputeOpened,
            dispute_id="dispute-1",
            purchase_id="base",
            amount_fen=123_457,
            set_aside={"principal_billed": 123_457},
            reason="not_received",
        )
    ).owes(principal_disputed=123_457).stands(minimum_due=0, standing="billed", available=5_000_000 - 123_457)


def test_what_is_disputed_bears_no_interest_and_costs_no_late_fee():
    given(*BILLED, disputed("base", 100_000, on="2026-02-05")).when(advance(to="2026-03-01")).owes(
        principal_billed=23_457, principal_disputed=100_000, interest_billed=223
    ).stands(dpd=0, standing="billed")


def test_only_what_is_unpaid_is_set_aside():
    given(*BILLED, paid(100_000, on="2026-02-03")).when(dispute("base", 60_000, on="2026-02-05")).then(
        event(DisputeOpened, amount_fen=60_000, set_aside={"principal_billed": 23_457})
    ).owes(principal_disputed=23_457)


def test_a_dispute_of_what_was_missed_cures_but_settles_nothing():
    given(*BASE, advanced(to="2026-03-01")).when(dispute("base", 123_457, on="2026-03-05")).then(
        event(DisputeOpened), event(AccountCured)
    ).owes(principal_disputed=123_457, interest_billed=1_173, fees_billed=1_000).stands(standing="billed", dpd=0)


def test_an_upheld_dispute_leaves_no_trace_in_what_is_owed():
    given(*BASE, advanced(to="2026-03-01"), disputed("base", 123_457, on="2026-03-05")).when(
        resolve("upheld", on="2026-03-20")
    ).then(
        event(DisputeResolved, outcome="upheld", amount_fen=123_457, set_aside_fen=123_457),
        event(
            BalancesCorrected,
            from_date="2026-01-10",
            deltas={"interest_billed": -1_173, "fees_billed": -1_000},
            interest_delta_fen=-1_173,
            late_fee_delta_fen=-1_000,
            waived_delta_fen=0,
            principal_delta_fen=0,
        ),
        event(AccountPaid),
    ).owes().stands(on="2026-12-31", standing="paid", accrued=0)


def test_what_was_paid_of_an_upheld_dispute_becomes_credit():
    given(*BILLED, paid(12_346, on="2026-02-10"), disputed("base", 123_457, on="2026-02-15")).when(
        resolve("upheld", on="2026-02-20")
    ).then(
        event(DisputeResolved, amount_fen=123_457, set_aside_fen=111_111),
        event(BalancesCorrected, deltas={"credit": 12_346}, principal_delta_fen=-12_346),
        event(AccountPaid),
    ).owes(credit=12_346)


def test_what_was_paid_of_an_upheld_dispute_pays_other_purchases():
    given(*BASE, bought("other", 50_000, on="2026-01-20"), paid(30_000, on="2026-02-05")).when(
        dispute("base", 123_457, on="2026-02-06"), resolve("upheld", on="2026-02-20")
    ).owes(principal_billed=20_000)


def test_a_rejected_dispute_is_owed_again_from_today_and_is_in_the_next_statement():
    given(*BILLED, disputed("base", 123_457, on="2026-02-05")).when(resolve("rejected", on="2026-03-05")).then(
        event(DisputeResolved, outcome="rejected", amount_fen=123_457, set_aside_fen=123_457, credit_applied_fen=0)
    ).owes(principal_unbilled=123_457).when(advance(to="2026-04-01")).owes(principal_billed=123_457).stands(
        minimum_due=12_346
    )


def test_credit_pays_for_a_rejected_dispute_at_once():
    given(*BILLED, disputed("base", 123_457, on="2026-02-05"), paid(130_000, on="2026-02-08")).when(
        resolve("rejected", on="2026-03-05")
    ).then(event(DisputeResolved, credit_applied_fen=123_457), event(AccountPaid)).owes(credit=6_543)


def test_a_rejected_dispute_settles_nothing_by_itself():
    given(*BILLED, disputed("base", 123_457, on="2026-02-05")).when(resolve("rejected", on="2026-02-08")).then(
        event(DisputeResolved, standing="billed")
    )


def test_a_refund_reduces_what_is_disputed_first_and_closes_the_dispute_by_as_much():
    life = given(*BILLED, disputed("base", 100_000, on="2026-02-05"))
    life.when(refund("base", 30_000, on="2026-02-06")).then(
        event(PurchaseRefunded, applied={"principal_disputed": 30_000}, of_purchase_fen=30_000)
    ).owes(principal_billed=23_457, principal_disputed=70_000)
    life.when(resolve("rejected", on="2026-02-07")).then(
        event(DisputeResolved, amount_fen=70_000, set_aside_fen=70_000)
    ).owes(principal_billed=23_457, principal_unbilled=70_000)


def test_a_refund_beyond_what_is_disputed_takes_the_rest_of_the_purchase_and_ends_the_dispute():
    life = given(*BILLED, disputed("base", 100_000, on="2026-02-05"))
    life.when(refund("base", 110_000, on="2026-02-06")).then(
        event(PurchaseRefunded, applied={"principal_disputed": 100_000, "principal_billed": 10_000})
    ).owes(principal_billed=13_457)
    life.when(resolve("upheld", on="2026-02-07")).refused("dispute_resolved", field="dispute_id", outcome="refunded")


def test_a_refund_finds_what_a_rejected_dispute_posted_anew():
    given(
        *BILLED, disputed("base", 100_000, on="2026-02-05"), resolved("rejected", on="2026-02-06"),
        bought("other", 40_000, on="2026-02-06"),
    ).when(refund("base", 123_457, on="2026-02-07")).then(
        event(PurchaseRefunded, applied={"principal_billed": 23_457, "principal_unbilled": 100_000}),
        event(AccountPaid),
    ).owes(principal_unbilled=40_000)  # fmt: skip


def test_a_refund_that_counts_from_before_the_dispute_leaves_less_to_dispute():
    life = given(*BILLED, disputed("base", 50_000, on="2026-02-05"))
    life.when(refund("base", 103_457, on="2026-02-08", reason="our_error", value_date=date(2026, 2, 2)))
    life.owes(principal_billed=20_000).stands(minimum_due=0)


def test_a_refund_learnt_late_that_counts_from_the_day_of_the_dispute_leaves_less_to_dispute_too():
    life = given(*BILLED, disputed("base", 60_000, on="2026-02-05"))
    life.when(refund("base", 100_000, on="2026-02-08", reason="our_error", value_date=date(2026, 2, 5)))
    life.owes(principal_billed=23_457)


def test_a_dispute_open_at_a_charge_off_stays_outside_its_amounts():
    life = given(*BASE, bought("other", 50_000, on="2026-01-20"), disputed("other", 50_000, on="2026-01-25"))
    life.when(advance(to="2026-08-09"))
    (lost,) = (each for each in life.events if isinstance(each, AccountChargedOff))
    assert "principal_disputed" not in lost.amounts
    assert lost.amounts["principal_billed"] == 123_457
    life.stands(minimum_due=sum(lost.amounts.values()), arrears=sum(lost.amounts.values()))
    before = life.account.ledger.buckets["principal_billed"]
    life.when(resolve("rejected", on="2026-09-20")).stands(original_charge_off=lost.amounts, standing="charged_off")
    assert life.account.ledger.buckets["principal_billed"] == before + 50_000


def test_a_loss_is_not_recovered_while_something_is_disputed():
    life = given(*BASE, bought("other", 50_000, on="2026-01-20"), disputed("other", 50_000, on="2026-01-25"))
    life.when(advance(to="2026-08-09"))
    rest = life.account.ledger.minimum_due
    life.when(pay(rest, on="2026-09-20")).owes(principal_disputed=50_000).stands(standing="charged_off", dpd=0)
    life.when(resolve("upheld", on="2026-09-21")).stands(standing="paid", access="closed", close_kind="recovered")


def test_a_dispute_may_be_upheld_years_later():
    life = given(*BILLED, disputed("base", 123_457, on="2026-02-05"))
    life.given(bought("late", 1_000, on="2027-11-20", forced=True))
    assert life.account.base.business_date == date(2026, 1, 5)
    life.when(resolve("upheld", on="2027-11-25")).owes(principal_unbilled=1_000).stands(standing="paid")
    # Once it is decided, nothing holds the closed state back any more.
    life.when(buy("next", 1, on="2027-11-26", forced=True))
    assert life.account.base.business_date == date(2027, 5, 1)


def test_a_purchase_too_old_to_be_disputed():
    given(*BASE).when(dispute("base", 1, on="2026-07-10")).refused(
        "value_date_not_allowed",
        field="purchase_id",
        asked=date(2026, 1, 10),
        earliest=date(2026, 1, 11),
        latest=date(2026, 7, 10),
    )


def test_a_dispute_waits_in_the_way_of_a_closure():
    life = given(*BILLED, paid(123_457, on="2026-02-05"), disputed("base", 20_000, on="2026-02-06"))
    life.when(request_closure(on="2026-02-07")).then(
        event(ClosureRequested, obstacles=(Obstacle(kind="dispute", amount_fen=20_000),))
    )
    life.when(resolve("rejected", on="2026-02-08")).then(event(DisputeResolved), event(AccountClosed))


def test_a_dispute_outlives_a_forced_closure():
    given(*BILLED, disputed("base", 123_457, on="2026-02-05"), force_closed(on="2026-02-06")).when(
        resolve("rejected", on="2026-02-10")
    ).owes(principal_unbilled=123_457).stands(access="closed")


def test_more_than_the_purchase_cannot_be_disputed():
    history = (*BILLED, refunded("base", 23_457, on="2026-02-02"), disputed("base", 60_000, on="2026-02-05"))
    given(*history).when(dispute("base", 40_001, ref="another")).refused(
        "dispute_exceeds_purchase", field="amount_fen", asked=40_001, disputable=40_000
    )
    given(*history).when(dispute("base", 40_000, ref="another")).owes(principal_disputed=100_000)


def test_what_was_upheld_can_be_neither_refunded_nor_disputed_again():
    history = (*BILLED, disputed("base", 100_000, on="2026-02-05"), resolved("upheld", on="2026-02-06"))
    given(*history).when(refund("base", 23_458, on="2026-02-07")).refused(
        "refund_exceeds_purchase", field="amount_fen", asked=23_458, refundable=23_457
    )
    given(*history).when(dispute("base", 23_458, on="2026-02-07", ref="another")).refused(
        "dispute_exceeds_purchase", field="amount_fen", asked=23_458, disputable=23_457
    )


def test_what_was_rejected_may_be_disputed_again():
    given(*BILLED, disputed("base", 123_457, on="2026-02-05"), resolved("rejected", on="2026-02-06")).when(
        dispute("base", 123_457, on="2026-02-07", ref="another")
    ).owes(principal_disputed=123_457)


def test_the_same_dispute_twice_changes_nothing_and_with_other_content_is_refused():
    life = given(*BILLED, disputed("base", 1_000, on="2026-02-05"))
    life.when(dispute("base", 1_000)).nothing_happened()
    life.when(dispute("base", 2_000)).refused(
        "dispute_id_reused",
        field="dispute_id",
        reference="dispute-1",
        differs="amount_fen",
        first=1_000,
        asked=2_000,
    )


def test_the_same_decision_twice_changes_nothing_and_another_one_is_refused():
    life = given(*BILLED, disputed("base", 1_000, on="2026-02-05"), resolved("rejected", on="2026-02-06"))
    life.when(resolve("rejected")).nothing_happened()
    life.when(resolve("upheld")).refused("dispute_resolved", field="dispute_id", outcome="rejected")


@pytest.mark.parametrize(
    ("asked", "reason", "field", "name"),
    [
        (dispute("nothing", 1, on="2026-02-05"), "purchase_unknown", "purchase_id", "nothing"),
        (resolve("upheld", on="2026-02-05", ref="none"), "dispute_unknown", "dispute_id", "none"),
    ],
)
def test_what_is_not_known_is_said_to_be_so(asked, reason, field, name):
    given(*BILLED).when(asked).refused(reason, field=field, asked=name)


def test_a_late_refund_closes_what_was_open_when_it_counts_and_strands_nothing():
    """Of two disputes the first was open on the 6th, though it is rejected by now: the second one still waits."""
    begun = (*BILLED, disputed("base", 60_000, on="2026-02-05", ref="first"), disputed("base", 1_000, ref="second"))
    life = given(*begun, resolved("rejected", on="2026-02-08", ref="first"))
    life.when(refund("base", 1_000, on="2026-02-09", reason="our_error", value_date=date(2026, 2, 6)))
    life.owes(principal_billed=62_457, principal_unbilled=59_000, principal_disputed=1_000)
    life.when(resolve("rejected", ref="second")).owes(principal_billed=62_457, principal_unbilled=60_000)


@pytest.mark.parametrize(
    "day",
    [
        (dispute("base", 60_000), pay(80_000)),
        (pay(80_000), dispute("base", 60_000)),
        (dispute("base", 60_000), refund("base", 80_000), pay(90_000), buy("new", 7_000)),
        (pay(150_000), pay_out(20_000), buy("new", 7_000), dispute("new", 7_000), pay(500, ref="more")),
        (dispute("base", 100_000), resolve("rejected"), pay(110_000), dispute("base", 10_000, ref="again")),
        (pay(200_000), dispute("base", 100_000), resolve("upheld"), buy("new", 170_000)),
    ],
)
@pytest.mark.parametrize("method", ["after_due", "from_posting"])
@pytest.mark.parametrize("on", ["2026-02-05", "2026-02-20"])
def test_what_was_decided_within_a_day_is_derived_as_it_was_decided(day, method, on):
    agreed = terms(interest_method=method)
    life = given(opened(agreed=agreed), activated(), bought("base", 123_457, on="2026-01-10"), advanced(to=on)).when(
        *day, advance(to="2026-05-01")
    )
    account = life.account
    assert life.refusal is None
    assert Derivation(account.base, account.facts, account.issued).through(account.business_date) == account.ledger
    assert load(dump(account)) == account


def test_a_late_payment_is_derived_around_a_dispute():
    aware = given(*BILLED, paid(20_000, on="2026-02-03"), disputed("base", 123_457, on="2026-02-05"))
    aware.when(resolve("rejected", on="2026-02-20"), advance(to="2026-04-15"))
    late = given(*BILLED, disputed("base", 123_457, on="2026-02-05"), resolved("rejected", on="2026-02-20"))
    late.when(advance(to="2026-04-15"), pay(20_000, on="2026-04-15", value_date=date(2026, 2, 3)))
    late.owes(**aware.account.ledger.buckets).stands(dpd=36)
    aware.stands(on="2026-04-15", dpd=36)
