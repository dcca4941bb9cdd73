"""The one reading of a body: JSON that every parser understands alike, or a refusal that says what is wrong where.

RFC 8259 leaves open what is meant by a key that is repeated, half a surrogate pair or a number that no machine word holds
(RFC 7493 tells why that hurts). Where two programs could read two amounts, nothing is read at all.
"""

import json
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from itertools import islice
from math import isfinite
from typing import NamedTuple

from anyio import CapacityLimiter, to_thread
from fastapi import Request

DEPTH_MAX = 32
DIGITS_MAX = 64
INTEGER_MAX = 2**63 - 1
_FLAWS_MAX = 20  # told of one body; whoever sends thousands need not be told of each
_INLINE_MAX = 16_384  # bytes that are checked at once; more would keep the others waiting
_NAME_MAX = 64  # characters of a key in a pointer
_one_at_a_time = CapacityLimiter(1)  # a large document takes some thirty times its size while it is checked


class Flaw(NamedTuple):
    """One thing that is wrong with a document, and where: a JSON pointer (RFC 6901) as a URI fragment."""

    code: str
    detail: str
    pointer: str = "#"
    limit: int | None = None


class NotStrict(Exception):  # noqa: N818 - it is an answer, not an error
    """A body cannot be read in one way only; `flaws` say why, the first ones of them."""

    def __init__(self, *flaws: Flaw) -> None:
        super().__init__(*flaws)
        self.flaws = flaws

    @property
    def status(self) -> HTTPStatus:
        """400 where it is no JSON, 422 where it is and cannot be used."""
        return HTTPStatus.BAD_REQUEST if self.flaws[0].code in _NO_JSON else HTTPStatus.UNPROCESSABLE_ENTITY


_NO_JSON = {"json_byte_order_mark", "json_malformed", "json_not_a_number", "json_not_utf8"}


async def read(request: Request) -> bytes:
    """The body as it came, which is strict JSON; empty where there is none. Raises NotStrict."""
    content = await request.body()
    if len(content) <= _INLINE_MAX:
        check(content)
    else:
        await to_thread.run_sync(check, content, limiter=_one_at_a_time)
    return content


def check(content: bytes) -> None:
    """Raises NotStrict where the content is neither empty nor one strict JSON document.

    Takes time in proportion to its length, whatever it holds.
    """
    if not content:
        return
    if content.startswith(BOM_UTF8):
        raise NotStrict(Flaw("json_byte_order_mark", "it begins with a byte order mark"))
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise NotStrict(Flaw("json_not_utf8", f"byte {error.start} is no UTF-8")) from None
    try:
        document = json.loads(
            text, object_pairs_hook=_Members, parse_int=_integer, parse_float=_fraction, parse_constant=_constant
        )
    except json.JSONDecodeError as error:
        why = f"{error.msg[:1].lower()}{error.msg[1:].removesuffix(' at')} at line {error.lineno}, column {error.colno}"
        raise NotStrict(Flaw("json_malformed", why)) from None
    except RecursionError:
        raise NotStrict(_too_deep("#")) from None
    flaws = tuple(islice(_flaws(document), _FLAWS_MAX))
    if flaws:
        raise NotStrict(*flaws)


class _Members(list[tuple[str, object]]):
    """An object with all its keys, repeated ones too."""


class _Place:
    """Where a value stands: spelt out only where something is wrong with it."""

    __slots__ = ("depth", "name", "parent")

    def __init__(self, parent: "_Place | None", name: str | int) -> None:
        self.parent = parent
        self.name = name
        self.depth: int = parent.depth + 1 if parent else 1

    def pointer(self) -> str:
        """As a URI fragment; keys are cut to a length that can be answered."""
        before = self.parent.pointer() if self.parent else "#"
        name = str(self.name)[:_NAME_MAX].encode(errors="backslashreplace").decode()
        return f"{before}/{name.replace('~', '~0').replace('/', '~1')}"


def _pointer(place: _Place | None) -> str:
    return place.pointer() if place else "#"


# What numbers mean is for the model to read; here they are only judged.
def _integer(digits: str) -> Flaw | None:
    if len(digits) <= DIGITS_MAX and -INTEGER_MAX - 1 <= int(digits) <= INTEGER_MAX:
        return None
    return Flaw("json_number_too_large", "it does not fit into 64 bits", limit=INTEGER_MAX)


def _fraction(digits: str) -> Flaw | None:
    if len(digits) > DIGITS_MAX:
        return Flaw("json_number_too_large", f"it has more than {DIGITS_MAX} characters", limit=DIGITS_MAX)
    if not isfinite(float(digits)):
        return Flaw("json_number_too_large", "it does not fit into 64 bits")
    return None


def _constant(name: str) -> Flaw:
    return Flaw("json_not_a_number", f"{name} is no JSON")


def _too_deep(pointer: str) -> Flaw:
    return Flaw("json_too_deep", f"it is nested deeper than {DEPTH_MAX} levels", pointer, DEPTH_MAX)


def _flaws(document: object) -> Iterator[Flaw]:
    """What is wrong with the document, in the order in which it stands there."""
    waiting: list[tuple[object, _Place | None]] = [(document, None)]
    while waiting:
        value, place = waiting.pop()
        if isinstance(value, list):
            if place is not None and place.depth >= DEPTH_MAX:
                yield _too_deep(place.pointer())
                continue
            inside: Iterable[tuple[str | int, object]] = enumerate(value)
            if isinstance(value, _Members):
                yield from _in_keys(value, place)
                inside = value
            # A number that is well is none by now, and needs no look.
            there = [(each, _Place(place, name)) for name, each in inside if each is not None]
            waiting.extend(reversed(there))
        elif isinstance(value, str):
            yield from (Flaw(code, why, _pointer(place)) for code, why in _in_text(value))
        elif isinstance(value, Flaw):
            yield value._replace(pointer=_pointer(place))


def _in_keys(members: _Members, place: _Place | None) -> Iterator[Flaw]:
    seen: set[str] = set()
    for key, _ in members:
        if key in seen:
            yield Flaw("json_key_repeated", "the key is repeated", _Place(place, key).pointer())
        seen.add(key)
        for code, detail in _in_text(key):
            yield Flaw(code, f"in the key: {detail}", _Place(place, key).pointer())


def _in_text(text: str) -> Iterator[tuple[str, str]]:
    if "\0" in text:
        yield "json_nul", f"a NUL at character {text.index(chr(0))}"
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            yield "json_lone_surrogate", f"half a surrogate pair at character {error.start}"
