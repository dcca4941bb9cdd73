"""`credit customer`: one person as the store knows them now, and what is decided when they apply for an account."""

import json
import sys
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.table import Table

from domain.customer import Customer
from domain.customer_events import ApplicationRefused, Ground
from domain.money import yuan
from domain.refusals import Refused
from infra import applications
from infra.accounts import Accounts
from infra.cli.arguments import CustomerId, Json
from infra.cli.screen import screen
from infra.faults import Fault
from infra.installation import locate
from infra.quotes import BadQuestion, read_document
from infra.store.event_store import EventStore

app = typer.Typer(no_args_is_help=True, add_completion=False, help="One person: consents, limits, applications.")


@app.callback()
def _customer() -> None:
    """One person: consents, limits, applications."""


@app.command()
def show(customer_id: CustomerId, as_json: Json = False) -> None:
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


@app.command()
def apply(
    customer_id: CustomerId,
    *,
    file: Annotated[
        Path | None, typer.Option("--in", metavar="FILE.json", help="The application; options say fields otherwise.")
    ] = None,
    ref: Annotated[str | None, typer.Option(help="The application's reference; each is decided once.")] = None,
    score_limit: Annotated[int | None, typer.Option(metavar="FEN", help="The limit by the score.")] = None,
    income: Annotated[int | None, typer.Option(metavar="FEN", help="Income a month.")] = None,
    debt_service: Annotated[
        int | None, typer.Option(metavar="FEN", help="How much of it goes into debt a month, this credit included.")
    ] = None,
    product: Annotated[str | None, typer.Option(help="pay_later (unless said otherwise) or cash_loan.")] = None,
    terms: Annotated[str | None, typer.Option(metavar="VERSION", help="Else the product's first terms.")] = None,
    bill_day: Annotated[int | None, typer.Option(metavar="DAY", help="1 to 28; else that of the terms.")] = None,
    by: Annotated[str | None, typer.Option(metavar="ROLE:ID", help="Who asks: officer, risk or system.")] = None,
    command_id: Annotated[
        str | None, typer.Option(help="The same once more changes nothing; else the reference is it.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Decide on an account that the person applies for; granted, it is opened with its limit in the same append.

    The decision is recorded either way, and the status is 1 where nothing is granted. Said again, it is told again.
    An application that cannot be understood exits with 2 and says why, field by field.
    """
    options = {
        "application_ref": ref, "score_limit_fen": score_limit, "monthly_income_fen": income,
        "monthly_debt_service_fen": debt_service, "product": product, "terms_version": terms, "bill_day": bill_day,
        "command_id": command_id, "actor": by,
    }  # fmt: skip
    place = "the application" if file is None else file
    try:
        said = {} if file is None else read_document(file)
        said |= {name: value for name, value in options.items() if value is not None}
        command = applications.application(customer_id, said, datetime.now(UTC))
    except BadQuestion as bad:
        _turn_away(place, bad.reasons)
    except OSError as error:
        _turn_away(place, [f"it cannot be read ({error.strerror})"])
    with EventStore(locate(kafka=False).writer_url, pool_size=1) as store:
        try:
            decided, repeated = applications.decide(command, store)
        except Refused as refused:
            raise Fault(str(refused)) from None
    if as_json:
        print(json.dumps(applications.told(decided, repeated=repeated), indent=2))
    else:
        screen().print(_decision(decided, repeated=repeated))
    if isinstance(decided, ApplicationRefused):
        raise typer.Exit(1)


def _turn_away(place: object, reasons: Iterable[str]) -> NoReturn:
    for each in reasons:
        print(f"credit: {place}: {each}", file=sys.stderr)
    raise typer.Exit(2)


def _decision(decided: applications.Decided, *, repeated: bool) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    if isinstance(decided, ApplicationRefused):
        for place, ground in enumerate(decided.grounds):
            table.add_row("" if place else "refused", _said_of(ground))
    else:
        table.add_row("granted", f"{yuan(decided.limit_fen)} {decided.currency}")
        table.add_row("account", f"{decided.account_id}, {decided.product} on the terms {decided.terms_version}")
    again = ", said again" if repeated else ""
    who = f"{decided.application_ref} of customer {decided.customer_id}, decided on {decided.business_date}{again}"
    service = decided.debt_service_bp
    table.add_row("application", who)
    table.add_row("by the score", f"{yuan(decided.score_limit_fen)}, at most {yuan(decided.product_max_fen)}")
    table.add_row("exposure", f"{yuan(decided.exposure_fen)} of at most {yuan(decided.exposure_max_fen)}")
    table.add_row("other lenders", str(decided.lenders))
    table.add_row("debt service", "no income to pay from" if service is None else f"{yuan(service)} % of income")
    return table


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
        why_not = "; ".join(map(_said_of, each.grounds))
        table.add_row(reference, str(each.on), why_not, yuan(each.limit) if each.limit else "")
    return table


def _said_of(ground: Ground) -> str:
    if ground.bound is None:
        return ground.kind
    return f"{ground.kind} ({'none' if ground.found is None else ground.found}, bound {ground.bound})"


def _table(*left: str, right: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in left:
        table.add_column(name, overflow="fold")
    table.add_column(right, justify="right", no_wrap=True)
    return table


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None
