"""Freezing: reasons come and go one by one, and the line is open again only without any."""

import pytest

from domain.commands import Actor
from domain.events import AccountFrozen, AccountUnfrozen, PaymentReceived
from tests.specification import (
    BASE,
    LINE,
    advanced,
    closure_requested,
    event,
    force_closed,
    freeze,
    frozen,
    given,
    opened,
    pay,
    unfreeze,
    unfrozen,
)

BY_A_PERSON = [
    "abnormal_transaction",
    "fraud_confirmed",
    "credit_deterioration",
    "multi_lender",
    "customer_request",
    "legal_order",
]


@pytest.mark.parametrize("reason", BY_A_PERSON)
def test_a_reason_stops_borrowing_and_lifting_it_opens_the_line_again(reason):
    given(*LINE).when(freeze(reason, reference="case-7")).then(
        event(AccountFrozen, reason=reason, reasons_now=(reason,), reference="case-7", access="frozen", status="frozen")
    ).when(unfreeze(reason, reference="case-8")).then(
        event(AccountUnfrozen, reason=reason, reasons_now=(), reference="case-8", access="open", status="activated")
    )


def test_the_line_is_open_again_only_when_the_last_reason_is_lifted():
    given(*LINE, frozen("multi_lender"), frozen("customer_request")).when(unfreeze("multi_lender")).then(
        event(AccountUnfrozen, reasons_now=("customer_request",), access="frozen")
    ).when(unfreeze("customer_request")).then(event(AccountUnfrozen, reasons_now=(), access="open"))


def test_a_reason_that_stands_already_is_not_said_again():
    given(*LINE, frozen("multi_lender")).when(freeze("multi_lender")).nothing_happened()


def test_a_freeze_touches_no_debt():
    given(*BASE).when(freeze("fraud_confirmed")).then(event(AccountFrozen)).owes(principal_unbilled=123_457)


def test_the_headline_of_a_frozen_account_hides_that_it_is_late():
    given(*BASE, advanced(to="2026-02-11"), frozen("multi_lender")).when(unfreeze("multi_lender")).then(
        event(AccountUnfrozen, standing="overdue", status="overdue")
    )


@pytest.mark.parametrize(
    ("history", "access"),
    [
        ((), "open"),
        ((frozen("multi_lender"),), "frozen"),
        ((force_closed(),), "closed"),
        ((closure_requested(),), "closing"),
    ],
)
def test_a_reason_that_is_not_there_cannot_be_lifted(history, access):
    given(*BASE, *history).when(unfreeze("customer_request")).refused("not_frozen", access=access)


def test_an_application_is_neither_frozen_nor_lifted():
    given(opened()).when(freeze("multi_lender")).refused("not_activated", access="pending")
    given(opened()).when(unfreeze("multi_lender")).refused("not_activated", access="pending")


# The rulebook's table: who sets a reason, and who lifts it; whoever is not named is refused both.
WHO = """
reason                set_by         lifted_by
abnormal_transaction  risk,officer   officer
fraud_confirmed       officer        officer
credit_deterioration  risk           risk
multi_lender          risk           risk
customer_request      customer       customer
legal_order           officer        officer
"""
ROLES = ("customer", "officer", "risk", "merchant", "bank", "system")


def who(column):
    rows = [line.split() for line in WHO.strip().splitlines()[1:]]
    return [(row[0], role, role in row[column].split(",")) for row in rows for role in ROLES]


@pytest.mark.parametrize(("reason", "role", "may"), who(1))
def test_a_reason_is_set_by_those_alone_whose_it_is(reason, role, may):
    life = given(*LINE).when(freeze(reason, actor=Actor(role=role, id="somebody")))
    if may:
        life.then(event(AccountFrozen, reason=reason))
    else:
        allowed = [each for one, each, allowed in who(1) if one == reason and allowed]
        assert sorted(life.refusal.numbers["allowed"]) == sorted(allowed)
        life.refused(
            "role_not_allowed", field="actor", role=role, allowed=life.refusal.numbers["allowed"], freeze=reason
        )


@pytest.mark.parametrize(("reason", "role", "may"), who(2))
def test_a_reason_is_lifted_by_those_alone_whose_it_is(reason, role, may):
    life = given(*LINE, frozen(reason)).when(unfreeze(reason, actor=Actor(role=role, id="somebody")))
    if may:
        life.then(event(AccountUnfrozen, reason=reason, access="open"))
    else:
        allowed = [each for one, each, allowed in who(2) if one == reason and allowed]
        life.refused("role_not_allowed", field="actor", role=role, allowed=allowed, freeze=reason)


def test_a_legal_order_is_lifted_with_its_reference():
    given(*LINE, frozen("legal_order")).when(unfreeze("legal_order", reference=None)).refused(
        "field_invalid", field="reference", why="a legal order is lifted with its reference"
    )


def test_a_death_is_recorded_with_its_date():
    given(*LINE).when(freeze("deceased")).refused(
        "field_invalid", field="reason", asked="deceased", set_by="record_death"
    )


@pytest.mark.parametrize("reason", ["overdue_long", "inactive", "charged_off"])
def test_what_the_calendar_sets_is_set_by_the_calendar_alone(reason):
    given(*LINE).when(freeze(reason)).refused(
        "field_invalid", field="reason", asked=reason, set_by="the calendar alone"
    )


def test_the_freeze_of_the_long_overdue_is_lifted_by_paying_alone():
    given(*BASE, advanced(to="2026-03-12")).when(unfreeze("overdue_long")).refused(
        "overdue", field="reason", dpd=30, arrears=25_631
    )


def test_a_closing_account_keeps_closing_and_keeps_its_reasons():
    given(*BASE, closure_requested()).when(freeze("multi_lender")).then(
        event(AccountFrozen, reasons_now=("multi_lender",), access="closing")
    ).when(unfreeze("multi_lender")).then(event(AccountUnfrozen, reasons_now=(), access="closing"))


def test_a_closed_account_stays_closed_whatever_reason_comes_or_goes():
    given(*BASE, force_closed()).when(freeze("fraud_confirmed")).then(
        event(AccountFrozen, access="closed", status="closed")
    ).when(unfreeze("fraud_confirmed")).then(event(AccountUnfrozen, access="closed"))


def test_a_frozen_line_repays():
    given(*BASE, frozen("fraud_confirmed")).when(pay(123_457)).then(event(PaymentReceived, access="frozen")).owes()


def test_reasons_are_kept_in_the_order_they_came():
    given(
        *LINE, frozen("multi_lender"), frozen("customer_request"), unfrozen("multi_lender"), frozen("multi_lender")
    ).stands(reasons=("customer_request", "multi_lender"))
