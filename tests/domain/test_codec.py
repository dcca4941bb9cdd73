"""The codec: what was written stays readable for ever, to the byte, and what is not understood is said to be so."""

import json
from datetime import date
from decimal import Decimal
from types import NoneType, UnionType
from typing import Annotated, Literal, Union, get_args, get_origin
from uuid import UUID

import pytest
from hypothesis import given as of_any
from hypothesis import settings
from hypothesis import strategies as st
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from domain import codec
from domain.codec import Unreadable, decode, decode_customer, encode
from domain.customer_events import CUSTOMER_EVENTS, CUSTOMERS
from domain.events import EVENTS, AccountCured, MoneyEvent, PurchasePosted
from domain.terms import PAY_LATER, PAY_LATER_FREE, Terms
from tests.domain.event_samples import FOLDER, file_of, one_of_each, one_of_each_of_customers
from tests.specification import terms

EVERY_TYPE = pytest.mark.parametrize("kind", [*EVENTS, *CUSTOMER_EVENTS], ids=lambda kind: kind.TYPE)
TERMS = st.sampled_from(
    [
        PAY_LATER,
        PAY_LATER_FREE,
        terms(daily_rate=Decimal("0.00000001"), minimum_ratio=Decimal("0.3333333333"), tolerance=10**15, grace_days=17),
    ]
)


def read_back(type_, version, data):
    return (decode_customer if type_.startswith(CUSTOMERS) else decode)(type_, version, data)


def values_of(annotation, metadata=()):  # noqa: PLR0911 - one case a kind of type, a table
    """Any value that a field of this type may hold."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        constraints = [part for each in arguments[1:] for part in getattr(each, "metadata", [each])]
        return values_of(arguments[0], constraints)
    if origin in (Union, UnionType):
        return st.one_of(*(values_of(each, metadata) for each in arguments))
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is tuple:
        least = max([0, *(each.min_length for each in metadata if hasattr(each, "min_length"))])
        return st.lists(values_of(arguments[0]), min_size=least, max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(values_of(arguments[0]), st.integers(1, 2**63 - 1), max_size=4)
    if annotation is Terms:
        return TERMS
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return any_of(annotation)
    return scalar(annotation, metadata)


def scalar(annotation, metadata):
    if annotation is int:
        low = max([0, *(each.ge for each in metadata if hasattr(each, "ge"))])
        low = max([low, *(each.gt + 1 for each in metadata if hasattr(each, "gt"))])
        high = min([2**63 - 1, *(each.le for each in metadata if hasattr(each, "le"))])
        return st.integers(low, high)
    if annotation is str:
        patterns = [each.pattern for each in metadata if getattr(each, "pattern", None)]
        return st.from_regex(patterns[0].replace("^", r"\A").replace("$", r"\Z")) if patterns else st.text(max_size=40)
    if annotation is Decimal:
        return st.integers(0, 10 * 10**10).map(lambda units: Decimal(units).scaleb(-10))
    return {bool: st.booleans(), date: st.dates(), NoneType: st.none(), UUID: st.uuids()}[annotation]


def any_of(model):
    """Any value of a model, every field given."""
    fields: dict[str, FieldInfo] = model.model_fields
    return st.builds(model, **{name: values_of(each.annotation, each.metadata) for name, each in fields.items()})


@EVERY_TYPE
@settings(max_examples=15)
@of_any(data=st.data())
def test_what_was_written_reads_back_as_it_was(kind, data):
    event = data.draw(any_of(kind))
    written = encode(event)
    read = read_back(kind.TYPE, kind.VERSION, written)
    assert read == event
    assert type(read) is kind
    assert encode(read) == written


@EVERY_TYPE
def test_every_event_type_has_its_frozen_sample(kind):
    assert file_of(kind).is_file(), f"freeze a sample: {file_of(kind).name}"


@pytest.mark.parametrize("sample", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_a_frozen_sample_is_read_and_where_it_is_of_today_written_again_to_the_byte(sample):
    type_, version = sample.name.removesuffix(".json").rsplit(".v", 1)
    event = read_back(type_, int(version), sample.read_bytes())
    assert type_ == event.TYPE
    if int(version) == event.VERSION:
        assert encode(event) == sample.read_bytes()


@EVERY_TYPE
def test_what_the_decisions_make_reads_back_as_it_was(kind):
    event = (one_of_each() | one_of_each_of_customers())[kind.TYPE]
    assert read_back(kind.TYPE, kind.VERSION, encode(event)) == event


@EVERY_TYPE
def test_a_type_is_two_words_and_a_dot_and_its_class_says_what_it_means(kind):
    subject, _, fact = kind.TYPE.partition(".")
    assert subject.isidentifier()
    assert fact.isidentifier()
    assert kind.__doc__
    assert kind.VERSION >= 1


def test_no_two_events_share_a_type():
    every = [*EVENTS, *CUSTOMER_EVENTS]
    assert len({kind.TYPE for kind in every}) == len(every)


def test_a_type_says_whether_it_is_a_customers_and_neither_reader_takes_the_other_ones():
    assert {kind for kind in [*EVENTS, *CUSTOMER_EVENTS] if kind.TYPE.startswith(CUSTOMERS)} == set(CUSTOMER_EVENTS)
    for read, other in ((decode, CUSTOMER_EVENTS[0]), (decode_customer, EVENTS[0])):
        with pytest.raises(Unreadable, match="is unknown to this program"):
            read(other.TYPE, other.VERSION, file_of(other).read_bytes())


def test_written_bytes_are_compact_utf8_json_and_money_is_a_whole_number():
    written = encode(one_of_each()["purchase.posted"])
    body = json.loads(written)
    assert written == json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
    assert type(body["amount_fen"]) is int
    assert body["owed_after"]["principal_unbilled"] == 123_457
    assert body["business_date"] == "2026-01-10"


def test_rates_are_written_as_decimal_text():
    assert json.loads(encode(one_of_each()["account.opened"]))["terms"]["daily_rate"] == "0.0005"


def test_money_events_say_all_eleven_buckets_even_those_at_zero():
    for event in one_of_each().values():
        if isinstance(event, MoneyEvent):
            assert len(json.loads(encode(event))["owed_after"]) == 11


def test_an_unknown_type_is_unreadable_and_the_remedy_is_to_upgrade():
    with pytest.raises(Unreadable, match=r"'account\.teleported' is unknown to this program: upgrade it"):
        decode("account.teleported", 1, b"{}")


def test_a_newer_version_is_unreadable_and_the_remedy_is_to_upgrade():
    with pytest.raises(
        Unreadable, match=r"purchase\.posted version 2 is newer than this program knows \(1\): upgrade it"
    ):
        decode("purchase.posted", 2, file_of(PurchasePosted).read_bytes())


@pytest.mark.parametrize("version", [0, -1])
def test_a_version_that_was_never_written_is_unreadable(version):
    with pytest.raises(Unreadable, match=f"purchase.posted version {version} was never written"):
        decode("purchase.posted", version, file_of(PurchasePosted).read_bytes())


@pytest.mark.parametrize(
    "data", [b"", b"null", b"[]", b"{", b'{"amount_fen":1}', b"\xff\xfe", b'{"surprise":1}'], ids=repr
)
def test_bytes_of_another_shape_are_unreadable(data):
    with pytest.raises(Unreadable, match=r"purchase\.posted version 1 does not have the shape of its contract"):
        decode("purchase.posted", 1, data)


@pytest.mark.parametrize("amount", [True, 1.0, "7", -1, 0, 10**30], ids=repr)
def test_stored_money_is_as_strict_as_money_at_the_door(amount):
    body = json.loads(file_of(PurchasePosted).read_bytes())
    body["amount_fen"] = amount
    with pytest.raises(Unreadable, match="amount_fen"):
        decode("purchase.posted", 1, json.dumps(body).encode())


def test_a_field_that_the_contract_does_not_have_is_not_dropped_in_silence():
    body = json.loads(file_of(PurchasePosted).read_bytes()) | {"colour": "red"}
    with pytest.raises(Unreadable, match="colour"):
        decode("purchase.posted", 1, json.dumps(body).encode())


def test_an_old_version_is_lifted_step_by_step_to_the_one_of_today(monkeypatch):
    monkeypatch.setattr(AccountCured, "VERSION", 3)
    lifts = {
        ("account.cured", 1): lambda data: data.replace(b'"money"', b'"tongbi"'),
        ("account.cured", 2): lambda data: data.replace(b'"tongbi"', b'"currency"'),
    }
    monkeypatch.setattr(codec, "UPCASTS", lifts)
    old = encode(AccountCured()).replace(b'"currency"', b'"money"')
    assert decode("account.cured", 1, old) == AccountCured()
    assert decode("account.cured", 3, encode(AccountCured())) == AccountCured()
