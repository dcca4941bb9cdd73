"""An application as people put it, in a file or in words, and what was decided on it."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, get_args

from pydantic import ValidationError

from domain.customer_commands import Apply
from domain.customer_events import ApplicationGranted, ApplicationRefused
from domain.identity import customer_key
from domain.terms import PAY_LATER, STANDARD, Product
from infra.accounts import Accounts
from infra.quotes import BadQuestion, reasons
from infra.simulation.document import quoted
from infra.store.event_store import EventStore

Decided = ApplicationGranted | ApplicationRefused
_PRODUCTS = sorted(get_args(Product))


def application(customer_id: str, said: Mapping[str, Any], at: datetime) -> Apply:
    """The application that is `said` by the names of `Apply`'s fields. Raises BadQuestion with every field that is wrong.

    `product` may stand for its first published terms. Asked for at `at`, and by the command line itself, unless it is
    said; the command's id is the application's own reference, so that saying it twice is saying it once.
    """
    asked = {
        "at": at.isoformat(),
        "actor": {"role": "system", "id": "command-line"},
        "customer_id": customer_id,
        **said,
    }
    if "application_ref" in asked:
        asked.setdefault("command_id", asked["application_ref"])
    bad = _choose_terms(asked, asked.pop("product", None))
    if isinstance(asked["actor"], str):
        role, colon, name = asked["actor"].partition(":")
        if not colon:
            raise BadQuestion([*bad, f"actor: it is written role:id, such as officer:o-1 (given: {quoted(role)})"])
        asked["actor"] = {"role": role, "id": name}
    if asked["customer_id"] != customer_id:
        bad.append(f"customer_id: it is asked for {customer_id} (given: {quoted(asked['customer_id'])})")
    try:
        command = Apply.model_validate_json(json.dumps(asked))
    except ValidationError as wrong:
        # What was to be taken from another field is named once, as that.
        derived = {"command_id", "terms_version"} - said.keys()
        own = (reason for reason in reasons(wrong) if reason.partition(":")[0] not in derived)
        raise BadQuestion([*bad, *own]) from None
    if bad:
        raise BadQuestion(bad)
    return command


def _choose_terms(asked: dict[str, Any], product: object) -> list[str]:
    """Name the terms that are asked for by their product, unless they are named; says what is wrong with that."""
    if product is None and "terms_version" in asked:
        return []
    product = PAY_LATER.product if product is None else product
    if product not in _PRODUCTS:
        return [f"product: it should be one of {', '.join(_PRODUCTS)} (given: {quoted(product)})"]
    first = next(terms for terms in STANDARD.values() if terms.product == product)
    named = STANDARD.get(str(asked.setdefault("terms_version", first.version)))
    if named is None or named.product == product:
        return []
    return [f"terms_version: the terms are of {named.product}, and the product that is asked for is {product}"]


def decide(command: Apply, store: EventStore) -> tuple[Decided, bool]:
    """What was decided on it, now or, where that is said, before. Raises Refused where it could not be decided on."""
    answer = Accounts(store).execute(command)
    key = customer_key(command.customer_id)
    events = [each.event for each in answer.events] or store.customer_histories([key])[key].events
    decided = next(
        each for each in events if isinstance(each, Decided) and each.application_ref == command.application_ref
    )
    return decided, answer.repeated or not answer.events


def told(decided: Decided, *, repeated: bool) -> dict[str, Any]:
    """A decision as a document; amounts in minor units, the debt service in hundredths of a percent of income."""
    granted = isinstance(decided, ApplicationGranted)
    return {
        "customer_id": decided.customer_id,
        "application_ref": decided.application_ref,
        "decision": "granted" if granted else "refused",
        "decided_on": decided.business_date.isoformat(),
        "repeated": repeated,
        "account_id": str(decided.account_id) if granted else None,
        "product": decided.product,
        "terms_version": decided.terms_version,
        "currency": decided.currency,
        "limit_fen": decided.limit_fen if isinstance(decided, ApplicationGranted) else 0,
        "grounds": [] if isinstance(decided, ApplicationGranted) else [each.model_dump() for each in decided.grounds],
        "score_limit_fen": decided.score_limit_fen,
        "product_max_fen": decided.product_max_fen,
        "exposure_fen": decided.exposure_fen,
        "exposure_max_fen": decided.exposure_max_fen,
        "lenders": decided.lenders,
        "debt_service_bp": decided.debt_service_bp,
        "policy_version": decided.policy_version,
    }
