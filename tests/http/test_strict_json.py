"""JSON that every parser understands alike, and what is said of the rest."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import from_json

from infra.http.strict_json import DEPTH_MAX, NotStrict, check

LONGEST = 2**63 - 1

# what is sent, the status, the code, and where it is wrong
REFUSED = [
    (b'\xef\xbb\xbf{"a":1}', 400, "json_byte_order_mark", "#"),
    (b'{"a":"\xff"}', 400, "json_not_utf8", "#"),
    (b'{"a":"\xed\xa0\x80"}', 400, "json_not_utf8", "#"),  # a surrogate, in what is no UTF-8 any more
    ('{"a":1}'.encode("utf-16"), 400, "json_not_utf8", "#"),
    (b'{"a":1', 400, "json_malformed", "#"),
    (b'{"a":1,}', 400, "json_malformed", "#"),
    (b"{'a':1}", 400, "json_malformed", "#"),
    (b'{"a":01}', 400, "json_malformed", "#"),
    (b'{"a":1}{"a":2}', 400, "json_malformed", "#"),
    (b'{"a":"\x00"}', 400, "json_malformed", "#"),
    (b'{"a":"line\nline"}', 400, "json_malformed", "#"),
    (b" ", 400, "json_malformed", "#"),
    (b'{"a":NaN}', 400, "json_not_a_number", "#/a"),
    (b'{"a":[0,-Infinity]}', 400, "json_not_a_number", "#/a/1"),
    (b'{"a":1,"b":2,"a":1}', 422, "json_key_repeated", "#/a"),
    (b'{"a":{"b":[{"c":1,"\\u0063":2}]}}', 422, "json_key_repeated", "#/a/b/0/c"),
    (b'{"a/b":{"~":NaN}}', 400, "json_not_a_number", "#/a~1b/~0"),
    (b'{"a":"\\u0000"}', 422, "json_nul", "#/a"),
    (b'{"\\u0000":1}', 422, "json_nul", "#/\x00"),
    (b'{"a":"\\ud800"}', 422, "json_lone_surrogate", "#/a"),
    (b'{"a":"\\udc00\\ud800"}', 422, "json_lone_surrogate", "#/a"),
    (b'{"\\udfff":1}', 422, "json_lone_surrogate", "#/\\udfff"),
    (b'{"a":9223372036854775808}', 422, "json_number_too_large", "#/a"),
    (b'{"a":-9223372036854775809}', 422, "json_number_too_large", "#/a"),
    (b'{"a":1e999}', 422, "json_number_too_large", "#/a"),
    (b'{"a":' + b"9" * 100_000 + b"}", 422, "json_number_too_large", "#/a"),
    (b'{"a":0.' + b"1" * 100_000 + b"}", 422, "json_number_too_large", "#/a"),
    (b'{"a":' + b"[" * DEPTH_MAX + b"]" * DEPTH_MAX + b"}", 422, "json_too_deep", "#/a" + "/0" * (DEPTH_MAX - 1)),
    (b"[" * 10_000 + b"]" * 10_000, 422, "json_too_deep", "#"),
    (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, 422, "json_too_deep", "#"),
]


@pytest.mark.parametrize(("content", "status", "code", "pointer"), REFUSED, ids=lambda each: str(each)[:24])
def test_what_can_be_read_in_two_ways_is_not_read(content, status, code, pointer):
    with pytest.raises(NotStrict) as refused:
        check(content)
    first = refused.value.flaws[0]
    assert (refused.value.status, first.code, first.pointer) == (status, code, pointer)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b' {"a": "\\ud83d\\ude00 \xf0\x9f\x98\x80", "b": [-0.5e-7, true]} ',
        b'{"a":9223372036854775807,"b":-9223372036854775808}',
        b'{"a":{"a":{"a":1}}}',
        b"[" * DEPTH_MAX + b"]" * DEPTH_MAX,
    ],
)
def test_what_can_be_read_in_one_way_is_read(content):
    check(content)


def test_all_that_is_wrong_is_said_at_once_up_to_a_number():
    with pytest.raises(NotStrict) as refused:
        check(b'{"a":NaN,"b":{"c":"\\u0000","c":1e999}}')
    said = [(flaw.code, flaw.pointer) for flaw in refused.value.flaws]
    assert said == [
        ("json_not_a_number", "#/a"),
        ("json_key_repeated", "#/b/c"),
        ("json_nul", "#/b/c"),
        ("json_number_too_large", "#/b/c"),
    ]
    with pytest.raises(NotStrict) as refused:
        check(b"[" + b"NaN," * 10_000 + b"0]")
    assert len(refused.value.flaws) == 20


def test_a_pointer_does_not_grow_with_its_keys():
    with pytest.raises(NotStrict) as refused:
        check(b'{"' + b"k" * 500_000 + b'":[NaN]}')
    assert refused.value.flaws[0].pointer == "#/" + "k" * 64 + "/0"


values = st.recursive(
    st.none() | st.booleans() | st.integers(-LONGEST - 1, LONGEST) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    lambda inside: st.lists(inside) | st.dictionaries(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), inside),
)  # fmt: skip


@given(values, st.booleans())
def test_every_document_that_is_made_well_is_taken(value, ascii_only):
    content = json.dumps(value, ensure_ascii=ascii_only).encode()
    check(content)
    assert from_json(content) == value


@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:\\u0dN1e-+. ', max_size=60).map(str.encode))
def test_whatever_is_taken_two_parsers_read_alike(content):
    try:
        check(content)
    except NotStrict:
        return
    if content:
        assert from_json(content, allow_inf_nan=False) == json.loads(content)
