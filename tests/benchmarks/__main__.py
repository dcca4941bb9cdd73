"""`python -m tests.benchmarks`: measure, print one table, and write the same as JSON."""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from infra.embedded import servers
from infra.settings import Settings
from infra.supervisor import collect_seldom
from tests.benchmarks.age import age
from tests.benchmarks.commands import commands
from tests.benchmarks.http import http
from tests.benchmarks.idle import idle
from tests.benchmarks.machine import describe
from tests.benchmarks.measure import QUICK, Result, Scale, Subject, measure
from tests.benchmarks.path import path
from tests.benchmarks.projections import projections
from tests.benchmarks.relay import relay
from tests.benchmarks.replay import replay
from tests.benchmarks.report import document, table
from tests.benchmarks.rulebook import rulebook

SUBJECTS: dict[str, Subject] = {
    "rulebook": rulebook,
    "age": age,
    "idle": idle,
    "commands": commands,
    "replay": replay,
    "relay": relay,
    "projections": projections,
    "path": path,
    "http": http,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the subjects asked for, all of them by default."""
    asked = _asked(arguments)
    collect_seldom()  # as the service's own programs do; it is to the peer's advantage as much as to ours
    settings = Settings.load()
    ran = {state.name for state in servers.status(settings) if state.running}
    running = servers.start(settings, _say)
    try:
        machine = describe(running, settings) | {"when": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"}
        results: list[Result] = []
        for name in asked.subjects or SUBJECTS:
            with SUBJECTS[name](QUICK if asked.quick else Scale()) as suites:
                results += [measure(suite, asked.rounds, _say) for suite in suites]
    finally:
        if not ran:
            servers.stop(settings)  # whoever had them running keeps them
    file: Path = asked.json or settings.data_dir / "bench.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(document(results, machine, asked.rounds), indent=2) + "\n")
    sys.stdout.write(f"{table(results, machine, asked.rounds)}\nAlso as JSON in {file}\n")


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT", help=f"one of {', '.join(SUBJECTS)}; all by default")
    parser.add_argument("--rounds", type=int, default=3, help="how often each contender has its turn (default 3)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write the figures (default: with the data)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the work: to see that it runs, not how fast")
    asked = parser.parse_args(arguments)
    unknown = [name for name in asked.subjects if name not in SUBJECTS]
    if unknown or asked.rounds < 1:
        parser.error(f"no such subject: {', '.join(unknown)}" if unknown else "--rounds is at least 1")
    return asked


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    main()
