"""The description of the interface: kept as it is, and not changed under its clients."""

from copy import deepcopy

import pytest

from infra.http import contract
from infra.http.app import described


@pytest.fixture(scope="module")
def now():
    return described()


def test_the_kept_description_is_that_of_the_code(now):
    assert contract.text_of(now) == contract.KEPT.read_text(encoding="utf-8")


def test_nothing_breaks_what_stays_the_same(now):
    assert contract.broken(now, deepcopy(now)) == []


PURCHASE = "/accounts/{account_id}/purchases"


def changed(now, change):
    new = deepcopy(now)
    change(new["paths"], new["components"]["schemas"])
    return contract.broken(now, new)


def body(paths, schemas):
    return schemas["PurchaseBody"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda paths, _: paths.pop(PURCHASE), f"POST {PURCHASE} is gone"),
        (lambda paths, _: paths[PURCHASE]["post"].update(operationId="buy"), "is called buy, no longer purchase"),
        (lambda paths, s: s["PurchaseBody"]["properties"].pop("merchant_id"), "no longer takes merchant_id"),
        (lambda paths, s: s["PurchaseBody"]["required"].append("forced"), "now needs forced"),
        (lambda paths, s: s["PurchaseBody"]["properties"]["amount_fen"].update(maximum=5), "has a narrower maximum"),
        (lambda paths, s: s["PurchaseBody"]["properties"]["merchant_id"].update(pattern="^m"), "has another pattern"),
        (lambda paths, s: s["FreezeBody"]["properties"]["reason"]["enum"].remove("inactive"), "no longer be inactive"),
        (lambda paths, s: s["AccountDone"]["properties"].pop("version"), "no longer holds version"),
        (lambda paths, s: s["AccountDone"]["required"].remove("events"), "no longer always holds events"),
        (lambda paths, s: s["AccountDone"]["properties"]["version"].update(type="string"), "may now be string"),
        (lambda paths, s: paths[PURCHASE]["post"]["responses"].pop("201"), "no longer answers 201"),
        (
            lambda paths, s: paths[PURCHASE]["post"]["parameters"].append(
                {"in": "header", "name": "X-Shop", "required": True}
            ),
            "now needs X-Shop",
        ),
    ],
)
def test_what_a_client_could_stumble_over_is_named(now, change, said):
    broken = changed(now, change)
    assert broken
    assert all(said in each for each in broken), broken


@pytest.mark.parametrize(
    "change",
    [
        lambda paths, s: paths.update({"/more": paths[PURCHASE]}),
        lambda paths, s: s["PurchaseBody"]["properties"].update(note={"type": "string"}),
        lambda paths, s: s["PurchaseBody"]["required"].remove("merchant_id"),
        lambda paths, s: s["AccountDone"]["properties"].update(more={"type": "string"}),
        lambda paths, s: s["PurchaseBody"]["properties"]["amount_fen"].pop("maximum"),
    ],
)
def test_what_nobody_stumbles_over_may_be_added(now, change):
    assert changed(now, change) == []
