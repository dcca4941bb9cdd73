"""Opening: an application is accepted or declined, and a limit makes it a line."""

import pytest

from domain.events import AccountActivated, AccountClosed, AccountOpened, LimitChanged
from domain.terms import PAY_LATER, PAY_LATER_FREE
from tests.specification import (
    ACCOUNT_ID,
    BASE,
    LINE,
    Asked,
    activate,
    activated,
    advance,
    change_limit,
    closure_requested,
    decline,
    declined,
    event,
    force_closed,
    frozen,
    given,
    open_line,
    opened,
    terms,
)


def test_an_accepted_application_is_pending_and_has_no_limit():
    given().when(open_line()).then(
        event(
            AccountOpened,
            product="pay_later",
            customer_id="customer-1",
            zone="Asia/Shanghai",
            bill_day=1,
            funding_ref=None,
            business_date="2026-01-05",
            access="pending",
            status="pending",
        )
    ).owes().stands(limit=0, available=0, standing="clear")


def test_the_account_keeps_the_terms_it_was_opened_with():
    given().when(open_line(agreed=PAY_LATER_FREE)).then(event(AccountOpened, terms=PAY_LATER_FREE, currency="CNY"))


def test_the_customer_may_choose_the_bill_day():
    given().when(open_line(bill_day=15)).then(event(AccountOpened, bill_day=15, terms=PAY_LATER))


def test_the_terms_say_the_bill_day_that_nobody_chose():
    given().when(open_line(agreed=terms(bill_day=20))).then(event(AccountOpened, bill_day=20))


def test_the_day_an_account_opens_is_that_of_its_own_zone():
    given().when(open_line(on="2026-01-05T16:30:00Z")).then(event(AccountOpened, business_date="2026-01-06"))


def test_terms_that_were_never_published_are_refused():
    asked = open_line()
    unpublished = Asked(asked.kind, asked.on, {**asked.fields, "terms_version": "dream-1"})
    given().when(unpublished).refused(
        "terms_unknown",
        field="terms_version",
        asked="dream-1",
        known=[
            "cash-loan-2026.1",
            "cash-loan-bullet-2026.1",
            "cash-loan-even-2026.1",
            "pay-later-2026.1",
            "pay-later-card-2026.1",
            "pay-later-free-2026.1",
        ],
    )


def test_an_account_opens_once():
    given(opened()).when(open_line()).refused("already_opened", field="account_id", asked=str(ACCOUNT_ID))


def test_an_account_that_was_never_opened_is_unknown():
    given().when(activate()).refused("account_unknown", field="account_id", asked=str(ACCOUNT_ID))


def test_granting_the_limit_opens_the_line():
    given(opened()).when(activate(limit=200_000)).then(
        event(AccountActivated, limit_fen=200_000, access="open", status="activated")
    ).owes().stands(limit=200_000, available=200_000)


def test_granting_the_same_limit_again_changes_nothing():
    given(opened(), activated(limit=200_000)).when(activate(limit=200_000)).nothing_happened()


def test_another_limit_is_not_granted_by_activating_again():
    given(opened(), activated(limit=200_000)).when(activate(limit=300_000)).refused(
        "no_such_move", access="open", limit=200_000, asked=300_000
    )


@pytest.mark.parametrize("limit", [1, 49_999, 5_000_001])
def test_a_limit_outside_the_terms_is_refused(limit):
    given(opened()).when(activate(limit=limit)).refused(
        "limit_out_of_range", field="limit_fen", asked=limit, lowest=50_000, highest=5_000_000
    )
    given(*LINE).when(change_limit(to=limit)).refused(
        "limit_out_of_range", field="limit_fen", asked=limit, lowest=50_000, highest=5_000_000
    )


@pytest.mark.parametrize("limit", [50_000, 5_000_000])
def test_the_bounds_of_the_terms_are_limits_too(limit):
    given(opened()).when(activate(limit=limit)).then(event(AccountActivated, limit_fen=limit))


@pytest.mark.parametrize("kind", ["declined", "withdrawn"])
def test_an_application_may_end_without_a_limit(kind):
    given(opened()).when(decline(kind=kind, reason="score")).then(
        event(AccountClosed, kind=kind, owed_fen=0, reason="score", access="closed", status="closed")
    )


def test_declining_again_in_the_same_way_changes_nothing():
    given(opened(), declined()).when(decline()).nothing_happened()


def test_declining_again_in_another_way_is_refused():
    given(opened(), declined()).when(decline(kind="withdrawn")).refused(
        "no_such_move", access="closed", close_kind="declined"
    )


@pytest.mark.parametrize(
    ("history", "access"), [((), "open"), ((frozen("multi_lender"),), "frozen")], ids=["open", "frozen"]
)
def test_a_line_is_not_declined_any_more(history, access):
    given(*LINE, *history).when(decline()).refused("no_such_move", access=access)


def test_a_declined_application_is_not_activated_any_more():
    given(opened(), declined()).when(activate()).refused("no_such_move", access="closed")


def test_another_limit_holds_from_now():
    given(*BASE).when(change_limit(to=300_000)).then(event(LimitChanged, limit_fen=300_000, reason="review")).owes(
        principal_unbilled=123_457
    ).stands(limit=300_000, available=176_543)


def test_a_limit_may_fall_below_what_is_owed_and_nothing_falls_due_early():
    given(*BASE).when(change_limit(to=50_000)).then(event(LimitChanged)).owes(principal_unbilled=123_457).stands(
        available=-73_457, minimum_due=0
    )


def test_the_limit_of_a_frozen_line_may_change():
    given(*LINE, frozen("multi_lender")).when(change_limit(to=60_000)).then(
        event(LimitChanged, limit_fen=60_000, access="frozen")
    )


def test_the_limit_it_has_already_is_no_change():
    given(*LINE).when(change_limit(to=5_000_000)).nothing_happened()


@pytest.mark.parametrize(
    ("history", "reason", "access"),
    [
        ((opened(),), "not_activated", "pending"),
        ((*BASE, closure_requested()), "account_closing", "closing"),
        ((*BASE, force_closed()), "account_closed", "closed"),
    ],
)
def test_only_a_line_has_a_limit_to_change(history, reason, access):
    given(*history).when(change_limit(to=60_000)).refused(reason, access=access)


def test_time_alone_does_nothing_to_a_pending_application():
    given(opened()).when(advance(to="2031-01-05")).nothing_happened()
