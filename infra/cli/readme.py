"""Parts of README.md that are generated: written, or held against what would be written."""

import sys
from pathlib import Path

import typer

from infra.faults import Fault

_README = Path(__file__).resolve().parents[2] / "README.md"


def put(name: str, command: str, content: str, *, write: bool) -> None:
    """Put `content` between the marks of the part `name`; without `write` exit with 1 unless it stands there.

    `command` is the one that writes it. Raises Fault where the README has no such part.
    """
    begin, end = f"<!-- {name}: begin ({command}) -->", f"<!-- {name}: end -->"
    text = _README.read_text(encoding="utf-8")
    before, found, rest = text.partition(begin)
    if not found or end not in rest:
        raise Fault(f"README.md has no place for {name}: put {begin} and {end} into it.")
    fresh = f"{before}{begin}\n{content}\n{end}{rest.partition(end)[2]}"
    if write:
        _README.write_text(fresh, encoding="utf-8")
    elif fresh != text:
        print(f"README.md shows old {name}: run `{command}`", file=sys.stderr)
        raise typer.Exit(1)
