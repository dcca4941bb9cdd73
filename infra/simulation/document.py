"""A JSON document of a person's making: whatever is not as it must be is named with its place."""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

SIZE_MAX = 10 * 1024 * 1024  # bytes


class BadScenario(Exception):  # noqa: N818 - it is said to whoever wrote the file
    """The file cannot be understood. Its text names the place, what stands there, and what is known."""


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_number(text)


def _no_number(text: str) -> NoReturn:
    raise BadScenario(f"{text} is not a number that a file may hold")


def document(data: bytes, place: str = "the scenario", number: Callable[[str], object] = _finite) -> dict[str, Any]:
    """The object that the bytes of a file hold; `number` reads what is written with a point or an exponent.

    Raises BadScenario, with line and column where it is not JSON.
    """
    if len(data) > SIZE_MAX:
        raise BadScenario(f"it is larger than {SIZE_MAX:,} bytes, the most that a file may have")
    try:
        text = data.decode("utf-8-sig")
        said = json.loads(text, object_pairs_hook=_unique, parse_float=number, parse_constant=_no_number)
        json.dumps(said, ensure_ascii=False).encode()
    except json.JSONDecodeError as wrong:
        raise BadScenario(f"line {wrong.lineno}, column {wrong.colno}: this is not JSON: {wrong.msg}") from None
    except UnicodeDecodeError as wrong:
        raise BadScenario(f"byte {wrong.start + 1} is not UTF-8: {wrong.reason}") from None
    except UnicodeEncodeError:
        raise BadScenario("a text in it holds half a surrogate pair, which is no character") from None
    except RecursionError:
        raise BadScenario("it is nested too deeply") from None
    except ValueError:
        raise BadScenario("a number in it has too many digits") from None
    return mapping(said, place)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for name, value in pairs:
        if name in said:
            raise BadScenario(f"{quoted(name)} is said twice in one place")
        said[name] = value
    return said


def mapping(said: Any, place: str) -> dict[str, Any]:
    """`said`, which is an object. Raises BadScenario."""
    if not isinstance(said, dict):
        raise BadScenario(f"{place}: an object is needed here" + ("" if said is None else f", not {quoted(said)}"))
    return said


def listed(said: Any, place: str, most: int) -> list[Any]:
    """`said`, which is a list of at most so many. Raises BadScenario."""
    if not isinstance(said, list):
        raise BadScenario(f"{place}: a list is needed here, not {quoted(said)}")
    if len(said) > most:
        raise BadScenario(f"{place}: there are {len(said):,}; a scenario may have {most:,}")
    return said


def check_names(
    place: str, said: Mapping[str, Any], allowed: Iterable[str], required: Iterable[str] = (), what: str = "field"
) -> None:
    """Every name in `said` is an allowed one, and every required one is there. Raises BadScenario."""
    allowed = set(allowed)
    unknown = next((name for name in said if name not in allowed), None)
    if unknown is not None:
        raise BadScenario(f"{place}: unknown {what} {quoted(unknown)}; {known(allowed)}")
    missing = sorted(set(required) - said.keys())
    if missing:
        raise BadScenario(f"{place}: {what} {quoted(missing[0])} is missing; {known(allowed)}")


def known(names: Iterable[str]) -> str:
    """The end of a message about a name that is not one of these."""
    return f"known: {', '.join(sorted(names))}"


def short(said: Any) -> Any:
    """`said`, or the beginning of its text where that is long."""
    text = said if isinstance(said, str) else json.dumps(said)
    return said if len(text) <= 80 else f"{text[:80]}..."


def quoted(said: Any) -> str:
    """`said` as the file says it, shortened."""
    return json.dumps(short(said), ensure_ascii=False)
