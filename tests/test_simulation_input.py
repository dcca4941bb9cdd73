"""A scenario that cannot be understood is turned away as a whole, with the place."""

import json
from copy import deepcopy

import pytest

from domain.commands import COMMANDS
from domain.terms import Terms
from infra.simulation.document import SIZE_MAX, BadScenario
from infra.simulation.life import live
from infra.simulation.scenario import FACTS_MAX, SHOWN_MAX, read
from tests.simulated import ACCOUNT, bought, lived, paid

GOOD = {"account": ACCOUNT, "facts": [bought(), paid("2026-02-05", 5_000)], "show": ["2026-03-01"]}

EXPLAINED = [{"figure": "owed", "on": "2150-01-01"}]


def without(name, **place):
    document = deepcopy(GOOD)
    del document["account" if not place else "facts"][name]
    return document


def account(**changes):
    return {**GOOD, "account": {**ACCOUNT, **changes}}


def fact(**changes):
    said = {name: value for name, value in {**bought(), **changes}.items() if value != "GONE"}
    return {**GOOD, "facts": [paid("2026-01-06", 1), said]}


BAD = [
    ([], "the scenario: an object is needed here, not []"),
    ({**GOOD, "shw": []}, 'the scenario: unknown field "shw"; known: account, explain, facts, show'),
    ({"facts": []}, "account: an object is needed here"),
    ({**GOOD, "account": 7}, "account: an object is needed here, not 7"),
    ({**GOOD, "facts": {}}, "facts: a list is needed here, not {}"),
    ({**GOOD, "facts": [bought()] * (FACTS_MAX + 1)}, "facts: there are 10,001; a scenario may have 10,000"),
    ({**GOOD, "show": ["2026-03-01"] * (SHOWN_MAX + 1)}, "show: there are 1,001; a scenario may have 1,000"),
    (without("opened_on"), 'account: field "opened_on" is missing; known: bill_day, customer_id, '),
    (without("limit_fen"), 'account: field "limit_fen" is missing; known: bill_day, customer_id, '),
    (account(limit=5), 'account: unknown field "limit"; known: bill_day, customer_id, funding_ref, limit_fen, '),
    (account(opened_on="5 Jan"), 'account.opened_on: "5 Jan" is not a date like 2026-02-10'),
    (account(opened_on="2026-02-30"), 'account.opened_on: "2026-02-30" is not a date like 2026-02-10'),
    (account(opened_on="1980-01-01"), "account.opened_on: 1980-01-01: it must lie between 1990-01-01 and 2150-01-01"),
    (account(opened_on="0001-01-01"), "account.opened_on: 0001-01-01: it must lie between 1990-01-01 and 2150-01-01"),
    (
        account(opened_on="0001-01-01", zone="Pacific/Kiritimati"),
        "account.opened_on: 0001-01-01: it must lie between 1990-01-01 and 2150-01-01",
    ),
    (fact(at="0001-01-01"), "fact 2 (purchase): at: 0001-01-01: it must lie between 1990-01-01 and 2150-01-01"),
    (account(limit_fen=0), "account.limit_fen: input should be greater than 0 (given: 0)"),
    (account(limit_fen=1), "account: limit_out_of_range (field=limit_fen, asked=1, lowest=50000, highest=5000000)"),
    (account(zone="Asia/Nowhere"), 'account.zone: "Asia/Nowhere" is not an IANA time zone, such as Asia/Shanghai'),
    (account(zone=8), "account.zone: 8 is not an IANA time zone"),
    (account(bill_day=29), "account.bill_day: input should be less than or equal to 28 (given: 29)"),
    (account(product="gold_card"), 'account.product: unknown product "gold_card"; known: '),
    (account(product=["pay_later"]), 'account.product: unknown product ["pay_later"]; known: '),
    (account(customer_id=7), "account.customer_id: input should be a valid string (given: 7)"),
    (account(terms=7), "account.terms: an object is needed here, not 7"),
    (account(terms={"grace": 3}), 'account.terms: unknown parameter "grace"; known: '),
    (account(terms={"version": "x"}), 'account.terms: unknown parameter "version"; known: '),
    (account(terms={"due_days": 27}), "account.terms.due_days: input should be less than or equal to 26 (given: 27)"),
    (account(terms={"due_days": 20, "grace_days": 7}), "account.terms: due_days 20 + grace_days 7 is above 26"),
    (account(terms={"daily_rate": "0.001"}), "account.terms: daily_rate x 365 = 0.365 is above cap_annual 0.24"),
    (
        account(terms={"daily_rate": "five"}),
        'account.terms.daily_rate: input should be a valid decimal (given: "five")',
    ),
    ({**GOOD, "facts": ["purchase"]}, 'fact 1: an object is needed here, not "purchase"'),
    (fact(do="GONE"), 'fact 2: field "do" is missing'),
    (fact(at="GONE"), 'fact 2: field "at" is missing'),
    (fact(do="purchse"), f'fact 2: do: unknown command "purchse"; known: {", ".join(sorted(COMMANDS))}'),
    (fact(do=["purchase"]), 'fact 2: do: unknown command ["purchase"]; known: '),
    (
        fact(amont_fen=5),
        'fact 2 (purchase): unknown field "amont_fen"; known: actor, amount_fen, forced, merchant_id, ',
    ),
    (fact(command_id="c"), 'fact 2 (purchase): unknown field "command_id"; known: '),
    (fact(amount_fen="GONE"), 'fact 2 (purchase): field "amount_fen" is missing; known: actor, amount_fen, '),
    (fact(at="2026-13-01"), 'fact 2 (purchase): at: "2026-13-01" is not a date like 2026-02-10'),
    (fact(at="2026-02-01T10:00:00"), 'fact 2 (purchase): at: "2026-02-01T10:00:00" is neither a date like '),
    (
        fact(at=20260201),
        "fact 2 (purchase): at: 20260201 is neither a date like 2026-02-10 nor an instant with its offset",
    ),
    (fact(at="2626-01-10"), "fact 2 (purchase): at: 2626-01-10: it must lie between 1990-01-01 and 2150-01-01"),
    (fact(at="9999-12-31T23:59:59-12:00"), "fact 2 (purchase): at: "),
    (fact(actor="officer:o"), "fact 2 (purchase): actor: input should be an object"),
    ({**GOOD, "show": "2026-03-01"}, 'show: a list is needed here, not "2026-03-01"'),
    ({**GOOD, "show": ["March"]}, 'show: "March" is not a date like 2026-02-10'),
    ({**GOOD, "show": ["2026-01-04"]}, "show: 2026-01-04 is before the account is opened on 2026-01-05"),
    (
        {**GOOD, "show": ["2626-01-01"]},
        "show: 2626-01-01 is more than 30 years after the account is opened on 2026-01-05",
    ),
    (fact(at="2056-01-06"), "fact 2 (purchase): at: 2056-01-06 is more than 30 years after the account is opened on "),
    (
        {**GOOD, "account": {**ACCOUNT, "opened_on": "2149-01-05"}, "facts": [], "show": ["2150-01-01"]},
        "show: 2150-01-01: it must lie between 1990-01-01 and 2150-01-01",
    ),
    (
        {**GOOD, "account": {**ACCOUNT, "opened_on": "2149-01-05"}, "facts": [], "show": [], "explain": EXPLAINED},
        "explain 1: on: 2150-01-01: it must lie between 1990-01-01 and 2150-01-01",
    ),
]


@pytest.mark.parametrize(("document", "message"), BAD, ids=[message[:50] for _, message in BAD])
def test_what_cannot_be_understood_is_turned_away_with_its_place(document, message):
    with pytest.raises(BadScenario) as turned_away:
        live(read(json.dumps(document).encode()))
    assert str(turned_away.value).startswith(message)


TEXTS = [
    (b"", "line 1, column 1: this is not JSON: Expecting value"),
    (b'{"account": {},\n  "facts": [,]}', "line 2, column 13: this is not JSON: Expecting value"),
    (b'{"account": {}, "account": {}}', '"account" is said twice in one place'),
    (b'{"account": {"limit_fen": NaN}}', "NaN is not a number that a file may hold"),
    (b'{"account": {"limit_fen": 1e999}}', "1e999 is not a number that a file may hold"),
    (b'{"account": {"limit_fen": ' + b"9" * 5_000 + b"}}", "a number in it has too many digits"),
    (b'{"account": "\xff"}', "byte 14 is not UTF-8: invalid start byte"),
    (b'{"account": "\\ud800"}', "a text in it holds half a surrogate pair, which is no character"),
    (b"[" * 200_000, "it is nested too deeply"),
    (b" " * (SIZE_MAX + 1), "it is larger than 10,485,760 bytes, the most that a file may have"),
]


@pytest.mark.parametrize(("data", "message"), TEXTS, ids=[message[:40] for _, message in TEXTS])
def test_what_is_not_json_is_turned_away_with_its_place(data, message):
    with pytest.raises(BadScenario) as turned_away:
        read(data)
    assert str(turned_away.value).startswith(message)


def test_a_byte_order_mark_is_no_fault():
    assert read(b"\xef\xbb\xbf" + json.dumps(GOOD).encode()).zone == "Asia/Shanghai"


@pytest.mark.parametrize("name", sorted(Terms.model_fields.keys() - {"version", "product"}))
def test_every_parameter_can_be_said(name):
    standard = json.loads(lived_terms().model_dump_json())
    assert lived(terms={name: standard[name]})["events"][0]["terms"] == {**standard, "version": "scenario"}


def lived_terms():
    return read(json.dumps(GOOD).encode()).catalogue["pay-later-2026.1"]
