"""Closing: leaving without debt, waiting until there is none, staying after all, and being closed with debt."""

import pytest

from domain.events import (
    AccountBilled,
    AccountClosed,
    AccountCured,
    AccountFrozen,
    AccountOverdue,
    AccountPaid,
    AccountUnfrozen,
    ClosureRequested,
    ClosureWithdrawn,
    CreditRefunded,
    DebtWaived,
    InterestPosted,
    LateFeePosted,
    Obstacle,
    PaymentReceived,
    PurchasePosted,
    PurchaseRefunded,
    RiskAlerted,
)
from tests.specification import (
    BASE,
    LINE,
    activated,
    advance,
    advanced,
    bought,
    buy,
    closure_requested,
    declined,
    event,
    force_close,
    force_closed,
    freeze,
    frozen,
    given,
    opened,
    paid,
    paid_out,
    pay,
    pay_out,
    refund,
    request_closure,
    unfreeze,
    withdraw_closure,
)

CLOSING = (*BASE, closure_requested())


def test_a_line_that_owes_nothing_closes_at_once():
    given(*LINE).when(request_closure()).then(
        event(AccountClosed, kind="voluntary", owed_fen=0, reason=None, access="closed", status="closed")
    ).stands(limit=0)


@pytest.mark.parametrize(
    ("history", "on", "obstacles"),
    [
        (BASE, "2026-01-10", [("owed", 123_457)]),
        ((*BASE, advanced(to="2026-02-11")), "2026-02-12", [("owed", 124_457), ("accrued", 123)]),
        ((*LINE, paid(700)), "2026-01-10", [("credit", 700)]),
    ],
    ids=["owed", "accrued", "credit"],
)
def test_whatever_is_open_between_us_stands_in_the_way_with_its_amount(history, on, obstacles):
    given(*history).when(request_closure(on=on)).then(
        event(
            ClosureRequested,
            obstacles=tuple(Obstacle(kind=kind, amount_fen=fen) for kind, fen in obstacles),
            access="closing",
            status="frozen",
        )
    ).stands(limit=0)


def test_accrued_interest_alone_is_posted_at_the_request_so_that_it_can_be_paid():
    given(*BASE, paid(123_457, on="2026-02-25"), paid(1_000, on="2026-02-26", ref="fee")).when(request_closure()).then(
        event(ClosureRequested, obstacles=(Obstacle(kind="accrued", amount_fen=926),)),
        event(InterestPosted, amount_fen=926),
    ).owes(interest_unbilled=926)


def test_other_freeze_reasons_do_not_stand_in_the_way():
    given(*LINE, frozen("customer_request")).when(request_closure()).then(event(AccountClosed, kind="voluntary"))


def test_under_a_legal_order_the_customer_cannot_leave():
    given(*BASE, frozen("legal_order")).when(request_closure()).refused("legal_order", access="frozen")


def test_a_legal_order_that_comes_while_closing_holds_the_closure_up():
    given(*CLOSING, frozen("legal_order")).when(pay(123_457)).then(event(PaymentReceived, access="closing")).when(
        unfreeze("legal_order")
    ).then(event(AccountUnfrozen, access="closing"), event(AccountClosed, kind="voluntary"))


def test_asking_to_leave_again_changes_nothing():
    given(*CLOSING).when(request_closure()).nothing_happened()
    given(*LINE, closure_requested()).when(request_closure()).nothing_happened()


def test_an_application_is_declined_or_withdrawn_not_closed():
    given(opened()).when(request_closure()).refused("not_activated", access="pending")


def test_the_last_payment_closes_the_account_the_same_day():
    given(*CLOSING).when(pay(123_457)).then(
        event(PaymentReceived), event(AccountClosed, kind="voluntary", access="closed")
    ).owes()


def test_the_last_payment_of_a_late_account_comes_first_then_cured_then_paid_then_the_last_interest():
    given(*CLOSING, advanced(to="2026-02-12")).when(pay(124_457)).then(
        event(PaymentReceived),
        event(AccountCured),
        event(AccountPaid),
        event(InterestPosted, amount_fen=123),
    ).owes(interest_unbilled=123).when(pay(123, ref="last")).then(event(PaymentReceived), event(AccountClosed))


def test_paying_what_has_accrued_too_closes_at_once():
    given(*CLOSING, advanced(to="2026-02-12")).when(pay(124_457 + 123)).then(
        event(PaymentReceived, credited_fen=123),
        event(AccountCured),
        event(AccountPaid),
        event(InterestPosted, amount_fen=123, credit_applied_fen=123),
        event(AccountClosed),
    ).owes()


def test_too_much_paid_must_leave_before_the_account_closes():
    given(*CLOSING).when(pay(123_458)).then(event(PaymentReceived, credited_fen=1)).when(pay_out(1)).then(
        event(CreditRefunded), event(AccountClosed)
    )


def test_a_refund_may_be_the_last_that_stood_in_the_way():
    given(*CLOSING).when(refund("base", 123_457)).then(event(PurchaseRefunded), event(AccountClosed)).owes()


def test_a_forced_purchase_may_use_up_the_credit_that_stood_in_the_way():
    given(*LINE, paid(700), closure_requested()).when(buy("p1", 700, forced=True)).then(
        event(PurchasePosted, credit_applied_fen=700), event(RiskAlerted), event(AccountClosed)
    ).owes()


def test_a_closing_account_is_billed_and_falls_overdue_and_is_frozen():
    given(*CLOSING).when(advance(to="2026-02-11")).then(
        event(AccountBilled, access="closing"),
        event(LateFeePosted),
        event(AccountOverdue, status="frozen", standing="overdue"),
    ).when(advance(to="2026-03-12")).then(
        event(InterestPosted),
        event(AccountBilled),
        event(LateFeePosted),
        event(AccountOverdue),
        event(AccountFrozen, reason="overdue_long", access="closing"),
    )


def test_staying_after_all_brings_the_limit_back():
    given(opened(), activated(limit=300_000), *BASE[2:], closure_requested()).when(withdraw_closure()).then(
        event(ClosureWithdrawn, limit_fen=300_000, access="open", status="activated")
    ).stands(limit=300_000, available=176_543)


def test_who_stays_while_reasons_remain_is_frozen():
    given(*BASE, frozen("multi_lender"), closure_requested()).when(withdraw_closure()).then(
        event(ClosureWithdrawn, access="frozen", status="frozen")
    )


@pytest.mark.parametrize(
    ("history", "reason", "access"),
    [
        ((opened(),), "no_such_move", "pending"),
        (LINE, "no_such_move", "open"),
        ((*LINE, frozen("multi_lender")), "no_such_move", "frozen"),
        ((*LINE, closure_requested()), "account_closed", "closed"),
        ((*LINE, force_closed()), "account_closed", "closed"),
    ],
)
def test_only_a_closure_that_is_still_waiting_can_be_withdrawn(history, reason, access):
    given(*history).when(withdraw_closure()).refused(reason, access=access)


@pytest.mark.parametrize("history", [(), (frozen("fraud_confirmed"),), (closure_requested(),)])
def test_closed_by_force_is_closed_at_once_debt_or_not(history):
    given(*BASE, *history).when(force_close("abuse")).then(
        event(AccountClosed, kind="forced", owed_fen=123_457, reason="abuse", access="closed", status="closed")
    ).owes(principal_unbilled=123_457).stands(limit=0)


def test_closing_by_force_again_changes_nothing():
    given(*BASE, force_closed()).when(force_close("another")).nothing_happened()


@pytest.mark.parametrize(
    ("history", "kind"), [((*LINE, closure_requested()), "voluntary"), ((opened(), declined()), "declined")]
)
def test_what_is_closed_in_another_way_is_not_closed_by_force(history, kind):
    given(*history).when(force_close()).refused("no_such_move", access="closed", close_kind=kind)


def test_an_application_is_not_closed_by_force():
    given(opened()).when(force_close()).refused("no_such_move", access="pending")


def test_a_closed_account_with_debt_is_billed_falls_overdue_pays_interest_and_is_settled():
    given(*BASE, force_closed()).when(advance(to="2026-03-01")).then(
        event(AccountBilled, access="closed", status="closed"),
        event(LateFeePosted),
        event(AccountOverdue, standing="overdue", status="closed"),
        event(InterestPosted, amount_fen=1_173),
        event(AccountBilled, balance_fen=125_630),
    ).when(pay(125_630)).then(
        event(PaymentReceived),
        event(AccountCured, access="closed"),
        event(AccountPaid, standing="paid", status="closed"),
    ).owes()


def test_a_payment_after_the_closure_becomes_credit_and_is_paid_out():
    given(*LINE, closure_requested(), paid(500), paid_out(500)).owes()


def test_a_freeze_of_a_closing_account_still_allows_it_to_close():
    given(*CLOSING).when(freeze("multi_lender"), pay(123_457)).then(
        event(AccountFrozen, access="closing"), event(PaymentReceived), event(AccountClosed)
    )


def test_charges_above_the_cap_are_given_back_before_the_account_closes():
    """Known answer 36, with the customer leaving on the day of the payment instead of waiting for the bill day."""
    given(*LINE, bought("p1", 30_000, on="2026-01-10"), paid(31_000, on="2026-02-11")).when(request_closure()).then(
        event(ClosureRequested),
        event(InterestPosted, amount_fen=15),
        event(DebtWaived, fees_fen=0, interest_fen=15, refunded_fen=369),
    ).owes(credit=369).when(pay_out(369)).then(event(CreditRefunded), event(AccountClosed, kind="voluntary"))
