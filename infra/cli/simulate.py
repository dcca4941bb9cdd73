"""`credit simulate`: one account's life from a scenario file, without any server."""

import json
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from infra.simulation.document import SIZE_MAX, BadScenario
from infra.simulation.figures import told
from infra.simulation.life import Life, live
from infra.simulation.scenario import read


def simulate(
    scenario: Annotated[Path, typer.Option("--in", metavar="SCENARIO.json", help="The scenario to live through.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")] = False,
) -> None:
    """Live through a scenario: an account, the facts of its life, and the dates on which to look at it.

    The account is a line (pay_later) or one of loans (cash_loan); a fact is any command of the domain: purchase, draw,
    receive_payment, convert_to_plan, prepay_plan, settle_early, restructure and so on. tests/scenarios has examples.

    A refused fact is told in its place and the life goes on. A scenario that cannot be understood exits with 2.
    """
    try:
        with scenario.open("rb") as file:
            life = live(read(file.read(SIZE_MAX + 1)))
    except BadScenario as bad:
        _turn_away(scenario, str(bad))
    except OSError as error:
        _turn_away(scenario, f"it cannot be read ({error.strerror})")
    if as_json:
        print(json.dumps(told(life), indent=2, ensure_ascii=False))
    else:
        _tell(life)


def _turn_away(scenario: Path, why: str) -> NoReturn:
    print(f"credit: {scenario}: {why}", file=sys.stderr)
    raise typer.Exit(2)


def _tell(life: Life) -> None:
    from infra.cli.screen import screen
    from infra.simulation.timeline import tell

    tell(life, screen())
