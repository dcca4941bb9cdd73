"""The words that scenarios are told in."""

import json
from pathlib import Path
from zoneinfo import ZoneInfo

from domain.money import BUCKETS
from infra.simulation.figures import told
from infra.simulation.life import live
from infra.simulation.scenario import read

SCENARIOS = Path(__file__).parent / "scenarios"
ACCOUNT = {"product": "pay_later", "opened_on": "2026-01-05", "limit_fen": 5_000_000, "zone": "Asia/Shanghai"}


def bought(on="2026-01-10", fen=123_457, purchase_id="p1", **fields):
    said = {"at": on, "do": "purchase", "purchase_id": purchase_id, "amount_fen": fen, "merchant_id": "m1"}
    return {**said, **fields}


def paid(on, fen, ref="r1", **fields):
    return {"at": on, "do": "receive_payment", "payment_ref": ref, "channel": "transfer", "amount_fen": fen, **fields}


def lived(*facts, show=(), **account):
    document = {"account": {**ACCOUNT, **account}, "facts": facts, "show": show}
    return told(live(read(json.dumps(document).encode())))


def retold(asked):
    """What was asked of an account, its opening and activation first, as the document of a scenario."""
    (opened, published), (activated, _), *facts = asked
    agreed = published[opened.terms_version].model_dump(mode="json", exclude={"version", "product"})
    account = {
        "product": published[opened.terms_version].product,
        "zone": opened.zone,
        "bill_day": opened.bill_day,
        "terms": agreed,
    }
    account |= {
        "opened_on": f"{opened.at.astimezone(ZoneInfo(opened.zone)):%Y-%m-%d}",
        "limit_fen": activated.limit_fen,
    }
    said = [command.model_dump(mode="json", exclude={"command_id", "account_id"}) for command, _ in facts]
    return {
        "account": {name: value for name, value in account.items() if value is not None},
        "facts": [
            {"do": command.DO, **{name: value for name, value in each.items() if value is not None}}
            for (command, _), each in zip(facts, said, strict=True)
        ],
    }


def from_file(name):
    return told(live(read((SCENARIOS / f"{name}.json").read_bytes())))


def stands(state, **figures):
    """The figures named, and every bucket; one that is not named is 0."""
    expected = dict.fromkeys(BUCKETS, 0) | figures
    assert {name: state[name] for name in expected} == expected


def types(life):
    return [event["type"] for event in life["events"]]
