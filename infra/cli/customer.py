"""`credit customer`: one person as the store knows them now: what they agreed to, what they have, and why not more."""

import json
from datetime import date
from re import fullmatch
from typing import Annotated, Any

import typer
from rich.table import Table

from domain.customer import Application, Customer
from domain.money import yuan
from infra.accounts import Accounts
from infra.cli.screen import screen
from infra.faults import Fault
from infra.installation import locate
from infra.store.event_store import EventStore

app = typer.Typer(no_args_is_help=True, add_completion=False, help="One person: consents, limits, applications.")


@app.callback()
def _customer() -> None:
    """One person: consents, limits, applications."""


def _customer_id(text: str) -> str:
    if not fullmatch(r"[A-Za-z0-9._:@-]{1,64}", text):
        raise typer.BadParameter(f"{text!r} is not a customer id: at most 64 letters, digits and . _ : @ -")
    return text


@app.command()
def show(
    customer_id: Annotated[str, typer.Argument(parser=_customer_id, metavar="ID", help="The customer's id.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead.")] = False,
) -> None:
    """The person at a glance, folded from their events in the store; asks neither Kafka nor a view."""
    with EventStore(locate(kafka=False).relay_url, pool_size=1) as store:
        customer = Accounts(store).customer(customer_id)
    if not customer.version:
        raise Fault(f"Nothing is known of a customer {customer_id}: check the id.")
    if as_json:
        print(json.dumps(_document(customer), indent=2))
        return
    console = screen()
    for table in (_headline(customer), _lines(customer), _lenders(customer), _applications(customer)):
        if table.row_count:
            console.print(table)


def _document(customer: Customer) -> dict[str, Any]:
    """All that is known of a person; amounts in minor units."""
    return {
        "customer_id": customer.customer_id,
        "version": customer.version,
        "reserved_fen": customer.reserved,
        "identity_verified_on": _text(customer.identity_verified_on),
        "adult": customer.adult,
        "deceased": customer.deceased,
        "charged_off": customer.charged_off,
        "debt_service_bp": customer.debt_service_bp,
        "consents": {
            kind: {"given": consent.given, "on": consent.on.isoformat()} for kind, consent in customer.consents.items()
        },
        "accounts": [
            {
                "account_id": str(account_id),
                "product": line.product,
                "currency": line.currency,
                "reserved_fen": line.limit,
                "closed": line.closed,
                "charged_off": line.charged_off,
                "deceased": line.deceased,
            }
            for account_id, line in customer.lines.items()
        ],
        "lenders": {
            lender: {"limit_fen": reported.limit, "reported_on": reported.on.isoformat()}
            for lender, reported in customer.lenders.items()
        },
        "applications": {
            reference: {
                "on": each.on.isoformat(),
                "account_id": str(each.account_id),
                "granted_fen": each.limit,
                "grounds": [ground.model_dump() for ground in each.grounds],
            }
            for reference, each in customer.applications.items()
        },
        "limit_moves": [
            {
                "on": move.on.isoformat(),
                "account_id": str(move.account_id),
                "from_fen": move.before,
                "to_fen": move.after,
            }
            for move in customer.limit_moves
        ],
        "notices": {notice_id: on.isoformat() for notice_id, on in customer.notices.items()},
        "preferences": dict(customer.preferences),
    }


def _headline(customer: Customer) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    agreed = [f"{kind} since {each.on}" for kind, each in customer.consents.items() if each.given]
    against = [
        word for word, holds in (("deceased", customer.deceased), ("charged off", customer.charged_off)) if holds
    ]
    age = {True: "of age", False: "not of age", None: "age not known"}[customer.adult]
    verified = customer.identity_verified_on
    table.add_row("customer", f"{customer.customer_id}, after {customer.version} events")
    table.add_row("identity", f"{f'verified on {verified}' if verified else 'not verified'}, {age}")
    table.add_row("agrees to", ", ".join(agreed) or "nothing")
    table.add_row("reserved", yuan(customer.reserved))
    if against:
        table.add_row("against", ", ".join(against))
    for subject, channel in customer.preferences.items():
        table.add_row(f"{subject} by", channel or "no channel")
    return table


def _lines(customer: Customer) -> Table:
    table = _table("account", "product", "state", right="reserved")
    for account_id, line in customer.lines.items():
        words = ["closed" if line.closed else "not closed", *(["charged off"] if line.charged_off else [])]
        table.add_row(str(account_id), line.product, ", ".join(words), f"{yuan(line.limit)} {line.currency}")
    return table


def _lenders(customer: Customer) -> Table:
    table = _table("other lender", "reported on", right="limit")
    for lender, reported in customer.lenders.items():
        table.add_row(lender, str(reported.on), yuan(reported.limit))
    return table


def _applications(customer: Customer) -> Table:
    table = _table("application", "decided on", "why not", right="granted")
    for reference, each in customer.applications.items():
        table.add_row(reference, str(each.on), _why_not(each), yuan(each.limit) if each.limit else "")
    return table


def _why_not(application: Application) -> str:
    said = []
    for ground in application.grounds:
        figures = (
            ""
            if ground.bound is None
            else f" ({'none' if ground.found is None else ground.found}, bound {ground.bound})"
        )
        said.append(ground.kind + figures)
    return "; ".join(said)


def _table(*left: str, right: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in left:
        table.add_column(name, overflow="fold")
    table.add_column(right, justify="right", no_wrap=True)
    return table


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None
