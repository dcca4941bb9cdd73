"""What the HTTP interface promises: its description as kept in the repository, and what a new one would break of it.

A client that was written to the kept description must go on working: whatever it may send is still taken, and whatever it
relies on in an answer is still there. So operations and their parameters stay, nothing that may be left out becomes
needed, what is taken does not become less, and what an answer always holds it goes on holding.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

KEPT = Path(__file__).parent / "openapi.json"
_METHODS = frozenset({"get", "put", "post", "delete", "patch", "head", "options"})
_BOUNDS = {"maximum": 1, "maxLength": 1, "maxItems": 1, "minimum": -1, "minLength": -1, "minItems": -1}
Described = Mapping[str, Any]


def text_of(described: Described) -> str:
    """A description as it is kept: the same for the same interface, whatever order its parts were made in."""
    return json.dumps(described, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def kept() -> Described:
    """The description that is kept."""
    described: Described = json.loads(KEPT.read_text(encoding="utf-8"))
    return described


def broken(old: Described, new: Described) -> list[str]:
    """What a client of the old description could stumble over in the new one, in words; empty where nothing is."""
    return list(_operations(_Sides(old, new)))


class _Sides:
    """Both descriptions, and the schemas that their references stand for."""

    def __init__(self, old: Described, new: Described) -> None:
        self.old, self.new = old, new
        self._seen: set[tuple[str, str]] = set()

    def resolved(self, old: Described, new: Described) -> tuple[Described, Described]:
        return _resolve(self.old, old), _resolve(self.new, new)

    def first_time(self, old: Described, new: Described, way: str) -> bool:
        """Whether this pair was not looked at before; only what has a name can come round again."""
        if "$ref" not in old or "$ref" not in new:
            return True
        pair = (f"{way} {old['$ref']}", new["$ref"])
        if pair in self._seen:
            return False
        self._seen.add(pair)
        return True


def _resolve(whole: Described, schema: Described) -> Described:
    while "$ref" in schema:
        found: Any = whole
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def _operations(sides: _Sides) -> Iterator[str]:
    for path, methods in sides.old["paths"].items():
        for method in _METHODS & methods.keys():
            name = f"{method.upper()} {path}"
            before, after = methods[method], sides.new["paths"].get(path, {}).get(method)
            if after is None:
                yield f"{name} is gone"
                continue
            if before.get("operationId") != after.get("operationId"):
                yield f"{name} is called {after.get('operationId')}, no longer {before.get('operationId')}"
            yield from _parameters(sides, name, before, after)
            yield from _body(sides, name, before, after)
            yield from _responses(sides, name, before, after)


def _parameters(sides: _Sides, name: str, before: Described, after: Described) -> Iterator[str]:
    had = {(each["in"], each["name"]): each for each in before.get("parameters", ())}
    has = {(each["in"], each["name"]): each for each in after.get("parameters", ())}
    for key, old in had.items():
        if key not in has:
            yield f"{name} no longer takes {key[1]}"
        else:
            yield from _taken(sides, f"{name}, {key[1]}", old.get("schema", {}), has[key].get("schema", {}))
    for key, new in has.items():
        if new.get("required") and not had.get(key, {}).get("required"):
            yield f"{name} now needs {key[1]}"


def _body(sides: _Sides, name: str, before: Described, after: Described) -> Iterator[str]:
    old, new = before.get("requestBody"), after.get("requestBody")
    if new is None:
        if old is not None:
            yield f"{name} no longer takes a body"
        return
    if new.get("required") and not (old or {}).get("required"):
        yield f"{name} now needs a body"
    for kind, content in (old or {}).get("content", {}).items():
        if kind not in new["content"]:
            yield f"{name} no longer takes {kind}"
        else:
            yield from _taken(sides, f"{name}, body", content.get("schema", {}), new["content"][kind].get("schema", {}))


def _responses(sides: _Sides, name: str, before: Described, after: Described) -> Iterator[str]:
    for status, old in before["responses"].items():
        new = after["responses"].get(status)
        if new is None:
            if status < "400":
                yield f"{name} no longer answers {status}"
            continue
        for kind, content in old.get("content", {}).items():
            told = new.get("content", {}).get(kind)
            if told is None:
                yield f"{name} no longer answers {status} as {kind}"
            else:
                yield from _given(sides, f"{name}, {status}", content.get("schema", {}), told.get("schema", {}))


def _taken(sides: _Sides, place: str, before: Described, after: Described) -> Iterator[str]:
    """What may no longer be sent."""
    if not sides.first_time(before, after, "taken"):
        return
    old, new = sides.resolved(before, after)
    if _types(old) - _types(new):
        yield f"{place} may no longer be {', '.join(sorted(_types(old) - _types(new)))}"
    if "enum" in new and (gone := sorted(set(map(str, old.get("enum", ["anything"]))) - set(map(str, new["enum"])))):
        yield f"{place} may no longer be {', '.join(gone)}"
    for bound, sign in _BOUNDS.items():
        if bound in new and (bound not in old or sign * new[bound] < sign * old[bound]):
            yield f"{place} has a narrower {bound}"
    if "pattern" in new and new["pattern"] != old.get("pattern"):
        yield f"{place} has another pattern"
    yield from _parts_taken(sides, place, old, new)


def _parts_taken(sides: _Sides, place: str, old: Described, new: Described) -> Iterator[str]:
    fields, now = old.get("properties", {}), new.get("properties", {})
    for field in sorted(fields.keys() - now.keys()):
        yield f"{place} no longer takes {field}"
    for field in sorted(set(new.get("required", ())) - set(old.get("required", ()))):
        yield f"{place} now needs {field}"
    for field in sorted(fields.keys() & now.keys()):
        yield from _taken(sides, f"{place}/{field}", fields[field], now[field])
    if "items" in old and "items" in new:
        yield from _taken(sides, f"{place}/*", old["items"], new["items"])


def _given(sides: _Sides, place: str, before: Described, after: Described) -> Iterator[str]:
    """What an answer no longer holds, or holds in another way."""
    if not sides.first_time(before, after, "given"):
        return
    old, new = sides.resolved(before, after)
    if _types(new) - _types(old):
        yield f"{place} may now be {', '.join(sorted(_types(new) - _types(old)))}"
    fields, now = old.get("properties", {}), new.get("properties", {})
    for field in sorted(fields.keys() - now.keys()):
        yield f"{place} no longer holds {field}"
    for field in sorted((set(old.get("required", ())) - set(new.get("required", ()))) & now.keys()):
        yield f"{place} no longer always holds {field}"
    for field in sorted(fields.keys() & now.keys()):
        yield from _given(sides, f"{place}/{field}", fields[field], now[field])
    if "items" in old and "items" in new:
        yield from _given(sides, f"{place}/*", old["items"], new["items"])


def _types(schema: Described) -> set[str]:
    """The JSON types that a schema speaks of; what names none allows all, and is left alone."""
    kinds = schema.get("type", [])
    named = {kinds} if isinstance(kinds, str) else set(kinds)
    for each in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        named |= _types(each) or ({"object"} if "$ref" in each else set())
    return named
