"""How much of a person is shown to those who need not know all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from infra.vault import PersonalData, masked
from tests.vault.conftest import ZHANG


def test_a_person_is_recognised_and_no_more():
    assert masked(ZHANG) == {
        "names": ["张**", "Z************"],
        "identity_number": "1****************X",
        "cards": ["****4567"],
        "telephones": ["138****1234", "+86****4567"],
        "address": "****",
        "email": "s******@example.com",
        "notes": "****",
    }


def test_what_is_short_is_not_shown_whole():
    short = masked(PersonalData(names=("张",), telephones=("12345",), email="z@example.com"))
    assert (short["names"], short["telephones"], short["email"]) == (["*"], ["****45"], "*@example.com")


people = st.builds(
    PersonalData,
    names=st.lists(st.text("张三丰abc ", min_size=1, max_size=9), max_size=3).map(tuple),
    identity_number=st.none() | st.from_regex(r"\A[0-9A-Z]{5,18}\Z"),
    cards=st.lists(st.from_regex(r"\A[0-9]{12,19}\Z"), max_size=3).map(tuple),
    telephones=st.lists(st.from_regex(r"\A[0-9]{5,20}\Z"), max_size=3).map(tuple),
    address=st.none() | st.text("上海路1", min_size=1, max_size=9),
    email=st.none() | st.from_regex(r"\A[a-z]{1,9}@[a-z]{1,9}\Z"),
    notes=st.none() | st.text("abc", min_size=1, max_size=9),
)


@given(people)
def test_nothing_is_shown_whole(person):
    shown = masked(person)
    for name in PersonalData.model_fields:
        whole, part = getattr(person, name), shown[name]
        for said, told in zip(*([whole], [part]) if isinstance(whole, str) else (whole or (), part or ()), strict=True):
            hidden = sum(a != b for a, b in zip(said, told, strict=False)) if len(said) == len(told) else 1
            assert hidden >= 1, (said, told)
            assert said not in told


@pytest.mark.parametrize(
    "wrong",
    [
        {"names": [""]},
        {"names": ["a\x00b"]},
        {"names": ["a"] * 11},
        {"cards": ["6222 0202"]},
        {"telephones": ["call me"]},
        {"email": "nobody"},
        {"notes": "a" * 4_001},
        {"address": "\x00"},
        {"nickname": "Z"},
    ],
)
def test_what_makes_no_sense_is_not_taken(wrong):
    with pytest.raises(ValidationError):
        PersonalData.model_validate(wrong)
