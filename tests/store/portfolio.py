"""Accounts and commands for the tests of the store; every account is a new one, so tests can share a database."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from domain.chain import GENESIS, instant_text, link
from domain.codec import encode
from domain.commands import AccountCommand, Activate, Actor, Open, Purchase
from domain.customer_commands import AnyCustomerCommand, Apply, EstablishAge, GiveConsent
from domain.events import AccountActivated
from domain.identity import account_id_for
from domain.recorded import Recorded
from domain.terms import STANDARD

NOON = datetime(2026, 1, 5, 4, 0, 0, 123_457, tzinfo=UTC)
OFFICER = Actor(role="officer", id="o-1")
CUSTOMER = Actor(role="customer", id="c-1")
_numbers = count(1)


def new_line(limit: int = 5_000_000) -> tuple[UUID, list[AccountCommand]]:
    """A new account's id, and the two commands that make it one that may borrow."""
    name = f"customer-{next(_numbers)}"
    account_id = account_id_for(name, "application-1")
    said: dict[str, Any] = {"account_id": account_id, "actor": OFFICER, "at": NOON}
    return account_id, [
        Open(command_id=f"{name}-open", customer_id=name, terms_version=next(iter(STANDARD)), **said),
        Activate(command_id=f"{name}-activate", limit_fen=limit, **said),
    ]


def purchase(account_id: UUID, name: str, amount: int = 100, minutes: int = 0, **fields: Any) -> Purchase:
    """A purchase whose command id and purchase id both come from `name`."""
    said = {"command_id": f"buy-{name}", "actor": CUSTOMER, "at": NOON + timedelta(minutes=minutes)} | fields
    return Purchase(account_id=account_id, purchase_id=name, amount_fen=amount, merchant_id="m-1", **said)


def facts(number: int, account_id: UUID | None = None, after: Recorded | None = None) -> list[Recorded]:
    """Events as the store takes them, without the domain's rules: `number` of one account, chained on `after`."""
    account_id = after.account_id if after else account_id or uuid4()
    version, chain_hash = (after.version, after.chain_hash) if after else (0, GENESIS)
    event = AccountActivated(business_date=NOON.date(), limit_fen=50_000, access="open")
    data, made = encode(event), []
    for _ in range(number):
        version += 1
        command_id = f"command-{next(_numbers)}"
        chain_hash = link(
            chain_hash,
            account_id,
            version,
            event.TYPE,
            event.VERSION,
            instant_text(NOON),
            command_id,
            "officer:o-1",
            data,
        )
        made.append(
            Recorded(
                aggregate_id=account_id, version=version, position=0, recorded_at=NOON, command_id=command_id,
                command_index=0, command_hash=bytes(range(32)), correlation_id="correlation", causation_id="cause",
                traceparent="00-trace", actor="officer:o-1", type=event.TYPE, type_version=event.VERSION, data=data,
                chain_hash=chain_hash, event=event,
            )
        )  # fmt: skip
    return made


def known_person() -> tuple[str, list[AnyCustomerCommand]]:
    """A new person's id, and what has to be told of them before anything is decided."""
    name = f"person-{next(_numbers)}"
    said: dict[str, Any] = {"customer_id": name, "actor": OFFICER, "at": NOON}
    return name, [
        GiveConsent(command_id="consent", kind="credit_check", evidence_ref="form-1", **said),
        EstablishAge(command_id="age", adult=True, evidence_ref="check-1", **said),
    ]


def application(name: str, reference: str, score: int = 5_000_000, **fields: Any) -> Apply:
    """An application whose command id and reference are the same."""
    said = {"command_id": reference, "actor": OFFICER, "at": NOON, "terms_version": next(iter(STANDARD))} | fields
    return Apply(
        customer_id=name, application_ref=reference, score_limit_fen=score, monthly_income_fen=1_000_000,
        monthly_debt_service_fen=100_000, **said,
    )  # fmt: skip
