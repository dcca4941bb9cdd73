"""Granting: an application is accepted, declined or gets its limit, and the limit is changed."""

from collections.abc import Iterator

from domain.account import Account
from domain.calendar import business_date
from domain.checks import WHY_NOT_OPEN, published
from domain.commands import Activate, ChangeLimit, Decline, Open
from domain.events import (
    AccountActivated,
    AccountClosed,
    AccountEvent,
    AccountOpened,
    LimitChanged,
)
from domain.identity import account_bucket, customer_bucket
from domain.lifecycle import move_access
from domain.refusals import Refused
from domain.terms import Catalogue, Terms

Facts = Iterator[AccountEvent]


def open_account(command: Open, account: Account | None, catalogue: Catalogue) -> AccountOpened:
    """Accept an application under published terms; the account is pending and has no limit."""
    terms = published(catalogue, command.terms_version)
    if account is not None:
        raise Refused("already_opened", field="account_id", asked=str(command.account_id))
    if command.product not in (None, terms.product):
        raise Refused("terms_incompatible", field="product", asked=command.product, agreed=terms.product)
    if command.bill_day is not None and terms.product == "cash_loan":
        raise Refused(
            "not_offered", field="bill_day", asked=command.bill_day, product=terms.product, offered_by="pay_later"
        )
    # An account lives where its customer does, and its id says where that is.
    if account_bucket(command.account_id) != customer_bucket(command.customer_id):
        raise Refused("account_id_not_theirs", field="account_id", asked=str(command.account_id))
    return AccountOpened(
        product=terms.product,
        customer_id=command.customer_id,
        zone=command.zone,
        bill_day=command.bill_day or terms.bill_day,
        terms=terms,
        funding_ref=command.funding_ref,
        business_date=business_date(command.at, command.zone),
        currency=terms.currency,
    )


def decline(command: Decline, account: Account) -> Facts:
    """End an application that never got a limit."""
    access = move_access("decline", account.access)
    if access is None:
        if account.close_kind != command.kind:
            raise Refused("no_such_move", access=account.access, close_kind=account.close_kind)
        return
    yield AccountClosed(kind=command.kind, owed_fen=0, reason=command.reason, access=access)


def activate(command: Activate, account: Account) -> Facts:
    """Grant the limit, within the bounds of the terms; granting the same limit again changes nothing."""
    check_limit(command.limit_fen, account.ledger.terms)
    access = move_access("activate", account.access)
    if access is None:
        if account.limit != command.limit_fen:
            raise Refused("no_such_move", access=account.access, limit=account.limit, asked=command.limit_fen)
        return
    yield AccountActivated(limit_fen=command.limit_fen, access=access)


def change_limit(command: ChangeLimit, account: Account) -> Facts:
    """Set another limit; below what is owed it only stops further borrowing."""
    if account.access not in ("open", "frozen"):
        raise Refused(WHY_NOT_OPEN[account.access], access=account.access)
    check_limit(command.limit_fen, account.ledger.terms)
    if account.limit != command.limit_fen:
        yield LimitChanged(
            limit_fen=command.limit_fen, reason=command.reason, by_customer=command.actor.role == "customer"
        )


def check_limit(asked: int, terms: Terms, highest: int | None = None) -> None:
    """A limit must lie within the bounds of the terms, and not above `highest` where that was decided."""
    highest = terms.limit_max if highest is None else min(highest, terms.limit_max)
    if not terms.limit_min <= asked <= highest:
        raise Refused("limit_out_of_range", field="limit_fen", asked=asked, lowest=terms.limit_min, highest=highest)
