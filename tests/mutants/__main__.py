"""`python -m tests.mutants`: a seeded sample of small errors in the money and access rooms; are they found?"""

import argparse
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from tests.mutants.making import ROOMS, Mutant, difference, mutants, source_of
from tests.mutants.running import SPECIFICATION, Outcome, Trial, trees, wait_for

ROOT = Path(__file__).resolve().parents[2]
LEAST = 0.85
WORDS = ("killed", "timed out", "survived")


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> NoReturn:
    """Exits with 1 when less than 85 % of the sample are found, with 2 when the examples are red without an error."""
    asked = _asked(arguments)
    sources = {room: source_of(root, room) for room in asked.room or ROOMS}
    every = [each for room, source in sources.items() for each in mutants(room, source)]
    every.sort(key=lambda each: each.rank(asked.seed))
    known = _Known(root / ".mutants" / f"{_state_of(root)}.jsonl")
    sample: dict[Mutant, Outcome] = {}
    with trees(root) as folder:
        untouched = _untouched(folder)
        _say(f"{len(every)} mutants may be drawn; without an error the examples take {untouched:.1f} s")
        drawn = _drawn(every, sources, asked.count)
        for mutant, outcome in _tried(drawn, folder, known, asked.processes, max(asked.seconds, 10 * untouched)):
            sample[mutant] = outcome
            if len(sample) % 25 == 0:
                _say(f"{len(sample)} of {min(asked.count, len(every))}")
    sys.stdout.write(report(sample, sources))
    sys.exit(found(sample.values()) < LEAST)


def found(outcomes: Iterator[Outcome] | Sequence[Outcome]) -> float:
    """The share of the mutants that were found: by a red test, or because the examples did not end."""
    words = [each.word for each in outcomes]
    return 1 - words.count("survived") / len(words)


def report(sample: Mapping[Mutant, Outcome], sources: Mapping[str, str]) -> str:
    """The table by room, and every survivor with its difference."""
    lines = [f"{'room':<12}{'mutants':>8}" + "".join(f"{word:>11}" for word in WORDS) + f"{'found':>9}"]
    for room in (*ROOMS, "all"):
        of_room = [outcome for mutant, outcome in sample.items() if room in {mutant.room, "all"}]
        if of_room:
            words = Counter(each.word for each in of_room)
            counts = "".join(f"{words[word]:>11}" for word in WORDS)
            lines.append(f"{room:<12}{len(of_room):>8}{counts}{found(of_room):>9.1%}")
    for mutant, outcome in sorted(sample.items()):
        if outcome.word == "survived":
            lines += ["", f"domain/{mutant.room}.py:{mutant.line} survived {mutant.operator} {mutant.occurrence}"]
            lines += difference(sources[mutant.room], mutant.made(sources[mutant.room]) or "")
    return "\n".join(lines) + "\n"


def _drawn(every: Sequence[Mutant], sources: Mapping[str, str], count: int) -> Iterator[tuple[Mutant, str]]:
    drawn = 0
    for mutant in every:
        if drawn == count:
            return
        if (made := mutant.made(sources[mutant.room])) is not None:
            drawn += 1
            yield mutant, made


def _tried(
    drawn: Iterator[tuple[Mutant, str]], folder: Path, known: "_Known", processes: int, seconds_most: float
) -> Iterator[tuple[Mutant, Outcome]]:
    """Each mutant with what became of it; what an earlier run found out is not tried again."""
    running: dict[Mutant, Trial] = {}
    number, more = 0, True
    while more or running:
        while more and len(running) < processes:
            following = next(drawn, None)
            if following is None:
                more = False
            elif (outcome := known.outcome(following[0])) is not None:
                yield following[0], outcome
            else:
                mutant, made = following
                number += 1
                running[mutant] = Trial(folder, str(number), seconds_most, mutant.room, made)
        if running:
            wait_for(running.values())
        for mutant, trial in list(running.items()):
            if (outcome := trial.outcome()) is not None:
                del running[mutant]
                known.keep(mutant, outcome)
                yield mutant, outcome


def _untouched(folder: Path) -> float:
    """How long the examples take without an error; they have to be green."""
    outcome = None
    for _ in range(2):  # the first run writes the byte code that the others read
        trial = Trial(folder, "pristine", seconds_most=600)
        while (outcome := trial.outcome()) is None:
            wait_for([trial])
        if outcome.word != "survived":
            _say(
                f"without an error the examples are red: {outcome.found_by}\n{(folder / 'pristine/output').read_text()}"
            )
            sys.exit(2)
    return outcome.seconds if outcome else 0.0


class _Known:
    """What earlier runs on the same tree found out: a line a mutant, so that a run that was stopped goes on."""

    def __init__(self, file: Path) -> None:
        self._file = file
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        self._outcomes = {Mutant(*mutant): Outcome(*outcome) for mutant, outcome in map(json.loads, lines)}

    def outcome(self, mutant: Mutant) -> Outcome | None:
        return self._outcomes.get(mutant)

    def keep(self, mutant: Mutant, outcome: Outcome) -> None:
        self._file.parent.mkdir(exist_ok=True)
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps([mutant, outcome]) + "\n")


def _state_of(root: Path) -> str:
    """A name for the domain and its specification as they are; another one where a letter is another."""
    told = hashlib.sha256()
    rooms = ("domain", "tests", *SPECIFICATION)
    for path in sorted(path for room in rooms for path in root.glob(f"{room}/*.py")):
        told.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return told.hexdigest()[:16]


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--seed", type=int, default=7, help="which sample (default 7)")
    parser.add_argument("--count", type=int, default=400, help="how many mutants (default 400)")
    parser.add_argument("--processes", type=int, default=2, help="how many are tried at once (default 2)")
    parser.add_argument("--seconds", type=float, default=30, help="of work, at least; more than that has not ended")
    parser.add_argument("--room", action="append", choices=ROOMS, help="of this room only; may be said again")
    asked = parser.parse_args(arguments)
    if min(asked.count, asked.processes) < 1:
        parser.error("--count and --processes are at least 1")
    return asked


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    main()
