"""`credit machine`: the two state machines as diagrams and as a table, from the one declaration in the domain."""

import json
from typing import Annotated

import typer

from domain.freezes import FREEZES
from domain.lifecycle import ACCESS_STATES, ACCESS_TABLE, NEVER, NOTHING, STANDING_STATES, STANDING_TABLE, Refuse, Row
from infra.cli import readme

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The state machines, as declared in the domain.")

MACHINES = {"access": (ACCESS_STATES, ACCESS_TABLE), "standing": (STANDING_STATES, STANDING_TABLE)}


@app.command()
def diagram(
    write: Annotated[bool, typer.Option("--write", help="Put the diagrams into README.md.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Exit with 1 unless README.md shows these diagrams.")] = False,
) -> None:
    """Print both machines as Mermaid state diagrams, and who sets and lifts which freeze reason."""
    drawn = "\n\n".join([*(_diagram(name, states, table) for name, (states, table) in MACHINES.items()), _freezes()])
    if not (write or check):
        print(drawn)
        return
    readme.put("diagrams", "credit machine diagram --write", drawn, write=write)


@app.command()
def table(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")] = False) -> None:
    """Print what every trigger does in every state: a state, nothing, never, or the reason it is refused with."""
    rows = [
        {"machine": name, "trigger": row.trigger, "state": state, "outcome": _word(outcome), "meaning": row.meaning}
        for name, (states, rows) in MACHINES.items()
        for row in rows
        for state, outcome in zip(states, row.outcomes, strict=True)
    ]
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    from rich.table import Table

    from infra.cli.screen import screen

    for name, (states, declared) in MACHINES.items():
        grid = Table(title=name, box=None, title_justify="left")
        for heading in ("trigger", *states, "meaning"):
            grid.add_column(heading)
        for row in declared:
            grid.add_row(row.trigger, *map(_word, row.outcomes), row.meaning)
        screen(least=160).print(grid)


def _diagram(name: str, states: tuple[str, ...], table: tuple[Row, ...]) -> str:
    moves: dict[tuple[str, str], list[str]] = {}
    for row in table:
        for source, outcome in zip(states, row.outcomes, strict=True):
            if isinstance(outcome, str) and outcome not in (NOTHING, NEVER):
                moves.setdefault((source, outcome), []).append(row.trigger)
    lines = [f"    {source} --> {dest}: {', '.join(triggers)}" for (source, dest), triggers in moves.items()]
    return "\n".join([f"**{name}**", "", "```mermaid", "stateDiagram-v2", f"    [*] --> {states[0]}", *lines, "```"])


def _freezes() -> str:
    rows = [
        f"| `{reason}` | {_who(each.set_by)} | {_who(each.lifted_by)} | {'yes' if each.captures else 'no'} |"
        for reason, each in FREEZES.items()
    ]
    return "\n".join(["| freeze reason | set by | lifted by | older holds are captured |", "|---|---|---|---|", *rows])


def _who(roles: tuple[str, ...]) -> str:
    return ", ".join(roles) or "the calendar or an event of its own"


def _word(outcome: str | Refuse) -> str:
    return f"refused: {outcome.reason}" if isinstance(outcome, Refuse) else outcome
