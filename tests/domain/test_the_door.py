"""The door: what is not a command is turned away before any rule is asked, with the name of the field."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from pydantic import TypeAdapter, ValidationError

from domain.commands import COMMANDS, AccountCommand, Actor, AdvanceTo, Freeze, Open, Purchase, ReceivePayment
from domain.money import FEN_MAX
from domain.terms import PAY_LATER, Terms, catalogue
from tests.specification import ACCOUNT_ID, OFFICER

COMMON = {
    "command_id": "command-1",
    "account_id": str(ACCOUNT_ID),
    "actor": {"role": "officer", "id": "o-1"},
    "at": "2026-01-10T04:00:00Z",
}
PURCHASE = {**COMMON, "purchase_id": "p1", "amount_fen": 7_000, "merchant_id": "shop-1"}


def where(kind, **said):
    """The fields that a JSON body is turned away for."""
    with pytest.raises(ValidationError) as wrong:
        kind.model_validate_json(json.dumps({**PURCHASE, **said} if kind is Purchase else {**COMMON, **said}))
    return {".".join(str(part) for part in each["loc"]) for each in wrong.value.errors()}


def test_a_command_is_read_from_json():
    command = Purchase.model_validate_json(json.dumps(PURCHASE))
    assert (command.amount_fen, command.account_id, command.at) == (
        7_000,
        ACCOUNT_ID,
        datetime(2026, 1, 10, 4, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    "amount",
    [True, False, 1.0, 7_000.5, "7000", "1_000", "7e3", None, [], {}, 0, -1, FEN_MAX + 1, 2**63, 2**64, 10**30],
    ids=str,
)
def test_an_amount_is_a_whole_positive_number_within_the_bound_of_money(amount):
    assert where(Purchase, amount_fen=amount) == {"amount_fen"}


@pytest.mark.parametrize("amount", [True, 1.0, "1_000", Decimal(1)], ids=repr)
def test_no_python_value_is_taken_for_an_amount_either(amount):
    with pytest.raises(ValidationError, match="amount_fen"):
        Purchase(
            command_id="c", account_id=ACCOUNT_ID, actor=OFFICER, at=datetime.now(UTC),
            purchase_id="p", amount_fen=amount, merchant_id="m",
        )  # fmt: skip


@pytest.mark.parametrize("amount", [1, FEN_MAX])
def test_the_bounds_of_money_are_amounts(amount):
    assert Purchase.model_validate_json(json.dumps({**PURCHASE, "amount_fen": amount})).amount_fen == amount


@pytest.mark.parametrize(
    "text", ["", "a\x00b", "a\nb", "a\n", "a b", "ä", "张三", "x" * 65, "a/b", "'; drop", 7, None, True], ids=repr
)
@pytest.mark.parametrize("field", ["purchase_id", "merchant_id", "command_id"])
def test_a_reference_is_a_short_token_without_spaces_nul_or_names(field, text):
    assert where(Purchase, **{field: text}) == {field}


@pytest.mark.parametrize(
    "instant",
    ["2026-01-10T04:00:00", "2026-01-10", "yesterday", "", 1_768_017_600, True, None, "2026-02-30T00:00:00Z"],
    ids=repr,
)
def test_an_instant_says_its_offset(instant):
    assert where(Purchase, at=instant) == {"at"}


def test_a_naive_datetime_is_no_instant():
    with pytest.raises(ValidationError, match="at"):
        AdvanceTo(
            command_id="c", account_id=ACCOUNT_ID, actor=OFFICER,
            at=datetime(2026, 1, 10), date=datetime(2026, 1, 10).date(),  # noqa: DTZ001 - the point of the test
        )  # fmt: skip


@pytest.mark.parametrize("day", ["2026-02-29", "10.01.2026", 20260110, True, "2026-01-10T01:00:00Z"], ids=repr)
def test_a_date_is_a_date_of_the_calendar(day):
    assert where(AdvanceTo, date=day) == {"date"}


@pytest.mark.parametrize("account", ["", "7", "not-a-uuid", 7, None], ids=repr)
def test_an_account_id_is_a_uuid(account):
    assert where(Purchase, account_id=account) == {"account_id"}


@pytest.mark.parametrize(
    ("actor", "field"),
    [
        ({"role": "god", "id": "o-1"}, "actor.role"),
        ({"role": "officer", "id": "Mr. Wang"}, "actor.id"),
        ({"role": "officer"}, "actor.id"),
        ({"role": "officer", "id": "o-1", "name": "Wang"}, "actor.name"),
        ("officer:o-1", "actor"),
        (None, "actor"),
    ],
)
def test_who_asks_is_a_role_and_an_id(actor, field):
    assert where(Purchase, actor=actor) == {field}


def test_an_actor_is_written_as_role_and_id():
    assert str(Actor(role="risk", id="rule-3")) == "risk:rule-3"


@pytest.mark.parametrize("kind", COMMANDS.values(), ids=lambda kind: kind.DO)
def test_no_command_takes_a_field_it_does_not_know(kind):
    assert "amount" in where(kind, amount=7)


@pytest.mark.parametrize("kind", COMMANDS.values(), ids=lambda kind: kind.DO)
def test_every_command_says_who_what_and_when(kind):
    with pytest.raises(ValidationError) as wrong:
        kind.model_validate_json("{}")
    assert {"command_id", "account_id", "actor", "at"} <= {str(each["loc"][0]) for each in wrong.value.errors()}


def test_every_command_of_the_union_has_a_word_of_its_own():
    assert len(COMMANDS) == len(AccountCommand.__args__)
    assert all(word == kind.DO for word, kind in COMMANDS.items())


def test_a_command_cannot_be_changed_once_it_is_said():
    command = Purchase.model_validate_json(json.dumps(PURCHASE))
    with pytest.raises(ValidationError, match="frozen"):
        command.amount_fen = 1


@pytest.mark.parametrize("reason", ["", "vacation", "OVERDUE_LONG", "dead", 1], ids=repr)
def test_a_freeze_reason_is_one_of_the_closed_list(reason):
    assert where(Freeze, reason=reason) == {"reason"}


@pytest.mark.parametrize("channel", ["cash", "", None], ids=repr)
def test_a_channel_is_one_of_the_closed_list(channel):
    assert where(ReceivePayment, payment_ref="r", amount_fen=1, channel=channel) == {"channel"}


@pytest.mark.parametrize("flag", [1, 0, "true", "yes", None], ids=repr)
def test_forced_is_true_or_false(flag):
    assert where(Purchase, forced=flag) == {"forced"}


@pytest.mark.parametrize(
    "zone", ["", "Shanghai", "Asia", "../etc/passwd", "/etc/localtime", "Asia/Shang\x00hai", "x" * 65, 8], ids=repr
)
def test_a_zone_is_one_of_the_iana_names(zone):
    assert where(Open, customer_id="c", terms_version="v", zone=zone) == {"zone"}


@pytest.mark.parametrize("bill_day", [0, 29, 31, -1, "1", 1.0, True], ids=repr)
def test_a_bill_day_is_there_in_every_month(bill_day):
    assert where(Open, customer_id="c", terms_version="v", bill_day=bill_day) == {"bill_day"}


@pytest.mark.parametrize("body", ["", "[]", "7", "null", "{", '{"command_id": "a", }', "\x00"], ids=repr)
def test_what_is_no_json_object_is_no_command(body):
    with pytest.raises(ValidationError):
        TypeAdapter(Purchase).validate_json(body)


# Terms pass a door too


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"limit_min": 100_001, "limit_max": 100_000}, "limit_min 100001 is above limit_max 100000"),
        ({"due_days": 20, "grace_days": 7}, r"due_days 20 \+ grace_days 7 is above 26"),
        ({"daily_rate": Decimal("0.0007")}, r"daily_rate x 365 = 0.2555 is above cap_annual 0.24"),
        ({"daily_rate": Decimal("-0.0001")}, "daily_rate"),
        ({"daily_rate": Decimal("NaN")}, "daily_rate"),
        ({"daily_rate": Decimal("Infinity")}, "daily_rate"),
        ({"daily_rate": 0.0005}, "daily_rate"),
        ({"minimum_ratio": Decimal(0)}, "minimum_ratio"),
        ({"minimum_ratio": Decimal("1.01")}, "minimum_ratio"),
        ({"bill_day": 29}, "bill_day"),
        ({"due_days": 0}, "due_days"),
        ({"tolerance": -1}, "tolerance"),
        ({"currency": "yuan"}, "currency"),
        ({"version": "two words"}, "version"),
        ({"interest_method": "compound"}, "interest_method"),
        ({"surprise": 1}, "surprise"),
    ],
    ids=str,
)
def test_terms_outside_their_bounds_are_not_published(changes, names):
    with pytest.raises(ValidationError, match=names):
        Terms(**{**PAY_LATER.model_dump(), **changes})


def test_the_cap_itself_is_an_allowed_rate():
    assert Terms(version="v", daily_rate=Decimal("0.0005"), cap_annual=Decimal("0.1825")).daily_rate * 365 == Decimal(
        "0.1825"
    )


def test_one_version_is_published_once():
    with pytest.raises(ValueError, match=r"terms version pay-later-2026\.1 is published twice"):
        catalogue(PAY_LATER, PAY_LATER)


def test_a_catalogue_cannot_be_changed():
    with pytest.raises(TypeError):
        catalogue(PAY_LATER)["another"] = PAY_LATER
