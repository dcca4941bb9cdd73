"""A scenario file: an account, the facts of its life, and the dates on which to look at it.

What the file means is asked of the domain: commands and their fields, parameters and their bounds are whatever the
domain knows today. A scenario that cannot be understood is turned away as a whole; a fact that can, but asks for
what may not be (an amount of 0, say), is a refused command like any other.
"""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple, TypeVar, cast
from uuid import UUID

from pydantic import BaseModel, ValidationError

from domain.calendar import add_months, business_date, zone_named
from domain.commands import (
    COMMANDS,
    EARLIEST,
    LATEST,
    SYSTEM,
    AccountCommand,
    Activate,
    Actor,
    AdvanceTo,
    Command,
    Open,
    Role,
)
from domain.events import FreezeReason
from domain.freezes import FREEZES
from domain.identity import account_id_for
from domain.refusals import Reason, Refused
from domain.terms import PAY_LATER, STANDARD, Catalogue, Terms, catalogue
from infra.simulation.document import BadScenario, check_names, document, known, listed, mapping, quoted, short
from projections.explaining.figures import FIGURES

FACTS_MAX = 10_000
SHOWN_MAX = 1_000
EXPLAINED_MAX = 100
YEARS_MAX = 30

_CUSTOMER = "customer-1"
_OFFICER = Actor(role="officer", id="desk-1")
_SECOND_OFFICER = Actor(role="officer", id="desk-2")
_BY_CUSTOMER = Actor(role="customer", id=_CUSTOMER)
_BY_RISK = Actor(role="risk", id="rules")
_BY_BANK = Actor(role="bank", id="clearing")
_BY_MERCHANT = Actor(role="merchant", id="checkout")
# Who usually asks for it; whatever is not listed is an officer's, and a second one's where two are needed. A fact may
# name another `actor` and `second_actor`.
_ASKED_BY = {
    "purchase": _BY_MERCHANT,
    "refund_purchase": _BY_MERCHANT,
    "authorize": _BY_MERCHANT,
    "capture": _BY_MERCHANT,
    "release_hold": _BY_MERCHANT,
    "receive_payment": _BY_BANK,
    "reverse_payment": _BY_BANK,
    "refund_credit": _BY_CUSTOMER,
    "convert_to_plan": _BY_CUSTOMER,
    "draw": _BY_CUSTOMER,
    "settle_early": _BY_CUSTOMER,
    "prepay_plan": _BY_CUSTOMER,
    "open_dispute": _BY_CUSTOMER,
    "lodge_appeal": _BY_CUSTOMER,
    "dispute_report": _BY_CUSTOMER,
    "notice_inactivity": SYSTEM,
    "request_closure": _BY_CUSTOMER,
    "withdraw_closure": _BY_CUSTOMER,
    "advance_to": SYSTEM,
}
_BY_ROLE: dict[Role, Actor] = {"officer": _OFFICER, "risk": _BY_RISK, "customer": _BY_CUSTOMER}
# What the simulator says of every command; all other fields are the file's.
_OURS = frozenset({"command_id", "account_id", "at"})
_BOUNDS = {"gt": "above", "ge": "lowest", "lt": "below", "le": "highest"}
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
Model = TypeVar("Model", bound=BaseModel)


class Fact(NamedTuple):
    """One thing asked of the account; `command` is a refusal where a field has a value that it may not have."""

    number: int
    at: str
    day: date
    do: str
    command: AccountCommand | Refused


class Explain(NamedTuple):
    """A figure that is to be explained, as of a day."""

    figure: str
    on: date


class Scenario(NamedTuple):
    """What a file says. The account is opened and activated by the first two commands."""

    account_id: UUID
    zone: str
    catalogue: Catalogue
    open: Open
    activate: Activate
    facts: tuple[Fact, ...]
    show: tuple[date, ...]
    explain: tuple[Explain, ...] = ()

    @property
    def lived_until(self) -> date:
        """The last date that is looked at."""
        return max([*self.show, *(each.on for each in self.explain)], default=date.min)


def read(data: bytes) -> Scenario:
    """The scenario that the bytes of a file hold. Raises BadScenario."""
    said = document(data)
    check_names("the scenario", said, {"account", "facts", "show", "explain"})
    open_, activate, published = _account(said.get("account"))
    zone = open_.zone
    opened_on = business_date(open_.at, zone)
    facts = tuple(
        _fact(number, each, open_)
        for number, each in enumerate(listed(said.get("facts", []), "facts", FACTS_MAX), start=1)
    )
    show = listed(said.get("show", []), "show", SHOWN_MAX)
    explain = listed(said.get("explain", []), "explain", EXPLAINED_MAX)
    return Scenario(
        account_id=open_.account_id,
        zone=zone,
        catalogue=published,
        open=open_,
        activate=activate,
        facts=facts,
        show=tuple(_shown(day, "show", opened_on, open_) for day in show),
        explain=tuple(_explain(each, f"explain {number}", open_) for number, each in enumerate(explain, start=1)),
    )


def advance(day: date, scenario_open: Open, place: str = "the life") -> AdvanceTo:
    """The command that lets the calendar do its work up to `day`. Raises BadScenario, naming `place`, beyond our calendar."""
    common = _common("calendar", SYSTEM, noon(day, scenario_open.zone, place), scenario_open.account_id)
    return _made(AdvanceTo, {**common, "date": day.isoformat()}, place)


def noon(day: date, zone: str, place: str) -> datetime:
    """Noon of `day` where the account lives, in UTC. Raises BadScenario, naming `place`, beyond our calendar."""
    with suppress(OverflowError):
        instant = datetime.combine(day, time(12), zone_named(zone)).astimezone(UTC)
        if EARLIEST <= instant < LATEST:
            return instant
    raise BadScenario(f"{place}: {day}: it must lie between {EARLIEST:%Y-%m-%d} and {LATEST:%Y-%m-%d}")


# Its parts


def _account(said: Any) -> tuple[Open, Activate, Catalogue]:
    account = mapping(said, "account")
    asked = Open.model_fields.keys() - Command.model_fields.keys() - {"terms_version"}
    check_names("account", account, asked | {"opened_on", "limit_fen", "terms"}, {"opened_on", "limit_fen"})
    terms = _terms(account.get("terms", {}), account.get("product", PAY_LATER.product))
    published = catalogue(*({**STANDARD, terms.version: terms}.values()))
    opened_on = _day(account["opened_on"], "account.opened_on")
    customer = account.get("customer_id", _CUSTOMER)
    fields = {name: account[name] for name in asked if name in account} | {"customer_id": customer}
    zone = fields.get("zone", Open.model_fields["zone"].default)
    account_id = account_id_for(customer if isinstance(customer, str) else "", "scenario")
    common = _common("opening", _OFFICER, noon(opened_on, _zone(zone), "account.opened_on"), account_id)
    opening = _made(Open, {**common, **fields, "terms_version": terms.version}, "account")
    activation = {**common, "command_id": "activation", "limit_fen": account["limit_fen"]}
    return opening, _made(Activate, activation, "account"), published


def _terms(said: Any, product: Any) -> Terms:
    """The first published terms of the product, with the scenario's parameters in place of theirs."""
    standard = next((each for each in STANDARD.values() if each.product == product), None)
    if standard is None:
        products = sorted({each.product for each in STANDARD.values()})
        raise BadScenario(f"account.product: unknown product {quoted(product)}; {known(products)}")
    changes = mapping(said, "account.terms")
    check_names("account.terms", changes, Terms.model_fields.keys() - {"version", "product"}, what="parameter")
    if not changes:
        return standard
    return _made(Terms, {**standard.model_dump(mode="json"), "version": "scenario", **changes}, "account.terms")


def _fact(number: int, said: Any, opening: Open) -> Fact:
    place = f"fact {number}"
    fields = dict(mapping(said, place))
    for name in ("at", "do"):
        if name not in fields:
            raise BadScenario(f"{place}: field {quoted(name)} is missing")
    at, do = fields.pop("at"), fields.pop("do")
    kind = COMMANDS.get(do) if isinstance(do, str) else None
    if kind is None:
        raise BadScenario(f"{place}: do: unknown command {quoted(do)}; {known(COMMANDS)}")
    place = f"{place} ({do})"
    own = {name: each for name, each in kind.model_fields.items() if name not in _OURS}
    required = {name for name, each in own.items() if each.is_required()} - {"actor"}
    check_names(place, fields, own.keys(), required)
    instant = _instant(at, opening.zone, f"{place}: at")
    common = _common(f"fact-{number}", _asked_by(do, fields), instant, opening.account_id)
    if kind.FOUR_EYES:
        common["second_actor"] = _SECOND_OFFICER.model_dump()
    command = _asked(kind, common | fields, place)
    return Fact(number, at, _within_a_life(business_date(instant, opening.zone), opening, f"{place}: at"), do, command)


def _asked_by(do: str, fields: Mapping[str, Any]) -> Actor:
    """Who usually asks for it; a freeze reason is set and lifted by those whose it is."""
    reason = fields.get("reason")
    if do in {"freeze", "unfreeze"} and isinstance(reason, str) and reason in FREEZES:
        freezing = FREEZES[cast("FreezeReason", reason)]
        roles = freezing.set_by if do == "freeze" else freezing.lifted_by
        return next((_BY_ROLE[role] for role in _BY_ROLE if role in roles), _OFFICER)
    return _ASKED_BY.get(do, _OFFICER)


def _asked(kind: type[Command], fields: Mapping[str, Any], place: str) -> AccountCommand | Refused:
    try:
        return cast("AccountCommand", kind.model_validate_json(json.dumps(fields)))
    except ValidationError as wrong:
        first = wrong.errors(include_url=False)[0]
    field = ".".join(map(str, first["loc"]))
    if field.partition(".")[0] in Command.model_fields:
        raise BadScenario(f"{place}: {field}: {_why(first)}")
    if not field:  # it is about several of them, and says which
        return Refused("field_invalid", why=_why(first))
    bounds = {_BOUNDS[name]: bound for name, bound in first.get("ctx", {}).items() if name in _BOUNDS}
    reason: Reason = "amount_invalid" if field.endswith("_fen") else "field_invalid"
    return Refused(reason, field=field, asked=short(first["input"]), **bounds, why=_why(first))


def _shown(said: Any, place: str, opened_on: date, opening: Open) -> date:
    day = _day(said, place)
    if day < opened_on:
        raise BadScenario(f"{place}: {day} is before the account is opened on {opened_on}")
    return advance(_within_a_life(day, opening, place), opening, place).date


def _explain(said: Any, place: str, opening: Open) -> Explain:
    fields = mapping(said, place)
    check_names(place, fields, {"figure", "on"}, {"figure", "on"})
    figure = fields["figure"]
    if not isinstance(figure, str) or figure not in FIGURES:
        raise BadScenario(f"{place}: figure: unknown figure {quoted(figure)}; {known(FIGURES)}")
    return Explain(figure, _shown(fields["on"], f"{place}: on", business_date(opening.at, opening.zone), opening))


def _within_a_life(day: date, opening: Open, place: str) -> date:
    opened_on = business_date(opening.at, opening.zone)
    if day > add_months(opened_on, 12 * YEARS_MAX):
        raise BadScenario(f"{place}: {day} is more than {YEARS_MAX} years after the account is opened on {opened_on}")
    return day


# What stands where


def _common(command_id: str, actor: Actor, at: datetime, account_id: UUID) -> dict[str, Any]:
    return {
        "command_id": command_id,
        "account_id": str(account_id),
        "actor": actor.model_dump(),
        "at": at.isoformat(),
    }


def _made(kind: type[Model], fields: Mapping[str, Any], place: str) -> Model:
    try:
        return kind.model_validate_json(json.dumps(fields))
    except ValidationError as wrong:
        first = wrong.errors(include_url=False)[0]
        where = ".".join([place, *(str(part) for part in first["loc"] if part != "at")])
        given = f" (given: {quoted(first['input'])})" if first["loc"] else ""
        raise BadScenario(f"{where}: {_why(first)}{given}") from None


def _why(error: Any) -> str:
    text = str(error["msg"]).removeprefix("Value error, ")
    return text[:1].lower() + text[1:]


def _day(said: Any, place: str) -> date:
    if isinstance(said, str) and _DATE.fullmatch(said):
        try:
            return date.fromisoformat(said)
        except ValueError:
            pass
    raise BadScenario(f"{place}: {quoted(said)} is not a date like 2026-02-10")


def _instant(said: Any, zone: str, place: str) -> datetime:
    if isinstance(said, str) and _DATE.fullmatch(said):
        return noon(_day(said, place), zone, place)
    try:
        instant = datetime.fromisoformat(said)
        if instant.tzinfo is not None:
            return instant.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        pass
    example = "neither a date like 2026-02-10 nor an instant with its offset like 2026-02-10T10:00:00+08:00"
    raise BadScenario(f"{place}: {quoted(said)} is {example}")


def _zone(said: Any) -> str:
    try:
        return zone_named(said).key
    except (KeyError, ValueError, OSError, TypeError, AttributeError):
        message = f"account.zone: {quoted(said)} is not an IANA time zone, such as Asia/Shanghai"
        raise BadScenario(message) from None
