"""How a mutant is tried: in a copy of the tree, by a forked process that has imported everything but the project."""

import importlib
import os
import resource
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from inspect import isfunction, unwrap
from math import ceil
from multiprocessing import connection, get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from signal import SIGXCPU
from tempfile import TemporaryDirectory
from time import monotonic
from typing import NamedTuple, NoReturn

import pytest

_PACKAGES = ("domain", "projections", "consumers", "infra")  # the known answers are told to the simulator too
SPECIFICATION = ("tests/domain", "tests/quotes")
# What the specification imports that is not the project's: done once, before forking.
_WARM = (
    "hypothesis.strategies",
    "pydantic",
    "transitions",
    "zoneinfo",
    "decimal",
    "fractions",
    "xml.etree.ElementTree",
    "typer",
    "rich.table",
)
# The examples are all tests of the domain and of quotes, but for these files, which generate lives, start processes or
# read sources.
_NO_EXAMPLES = {
    "test_chain.py",
    "test_codec.py",
    "test_laws.py",
    "test_public_reader.py",
    "test_purity.py",
    "test_reachable.py",
    "test_replay_elsewhere.py",
}
_FIRST = "test_known_answers.py"
_LIVES = "tests.domain.lives"
_MEMORY_MOST = 4 << 30
_PATIENCE = 20  # how many times its seconds of work an error may take where the machine is busy or it sleeps
_CLEAN, _RED, _BROKEN = 0, 1, 70
_FOUND_BY = "found-by"


class Outcome(NamedTuple):
    """What became of a mutant; `found_by` is the first test that was red."""

    word: str
    found_by: str
    seconds: float


class _Examples:
    """Leaves out what is generated or about a law, and notes the first test that is red."""

    def pytest_collection_modifyitems(self, items: list[pytest.Function]) -> None:
        items[:] = [each for each in items if not _is_generated(each)]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._note(report)

    def _note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.failed and not Path(_FOUND_BY).exists():
            Path(_FOUND_BY).write_text(report.nodeid, encoding="utf-8")


def _is_generated(test: pytest.Function) -> bool:
    """Whether Hypothesis drives it, it tells generated lives, or it is about a law or breaks one on purpose."""
    if getattr(test.obj, "is_hypothesis_test", False) or "law" in test.fixturenames or "would_be_noticed" in test.name:
        return True
    known = test.obj.__globals__
    used = [known[name] for name in test.obj.__code__.co_names if name in known]
    return any(isfunction(unwrap(each)) and each.__module__ == _LIVES for each in used if callable(each))


@contextmanager
def trees(root: Path) -> Iterator[Path]:
    """A folder for the copies; `pristine` in it is the tree without an error."""
    with TemporaryDirectory(prefix="mutants-") as folder:
        pristine = Path(folder) / "pristine"
        for part in (*_PACKAGES, *SPECIFICATION):
            shutil.copytree(root / part, pristine / part, ignore=shutil.ignore_patterns("__pycache__"))
        for file in (root / "pyproject.toml", *(root / "tests").glob("*.py")):
            shutil.copy2(file, pristine / file.relative_to(root))
        for name in _WARM:
            importlib.import_module(name)
        yield Path(folder)


class Trial:
    """One copy of the tree, with an error in one room or with none, and the process that runs the examples in it."""

    def __init__(self, folder: Path, name: str, seconds_most: float, room: str = "", source: str = "") -> None:
        self.tree = folder / name
        self._patience = _PATIENCE * seconds_most
        if room:
            # The byte code of the pristine tree comes along, but for the room's own.
            shutil.copytree(folder / "pristine", self.tree)
            for stale in (self.tree / "domain" / "__pycache__").glob(f"{room}.*"):
                stale.unlink()
            (self.tree / "domain" / f"{room}.py").write_text(source, encoding="utf-8")
        self.began = monotonic()
        self._process: BaseProcess = get_context("fork").Process(target=_run, args=(self.tree, ceil(seconds_most)))
        self._process.start()

    @property
    def sentinel(self) -> int:
        """Ready when the process has ended."""
        return self._process.sentinel

    def outcome(self) -> Outcome | None:
        """What became of it; None as long as it may still run."""
        seconds = monotonic() - self.began
        if self._process.is_alive():
            if seconds < self._patience:
                return None
            self._process.kill()
            self._process.join()
            return self._ended("timed out", seconds)
        self._process.join()
        match self._process.exitcode:
            case 0:
                return self._ended("survived", seconds)
            case code if code == -SIGXCPU:
                return self._ended("timed out", seconds)
            case code if code == _BROKEN:
                raise RuntimeError(f"the examples were not run in {self.tree}")
            case _:
                return self._ended("killed", seconds)

    def _ended(self, word: str, seconds: float) -> Outcome:
        note = self.tree / _FOUND_BY
        found_by = note.read_text(encoding="utf-8") if note.exists() else ""
        if self.tree.name != "pristine":
            shutil.rmtree(self.tree)
        return Outcome(word, found_by, round(seconds, 2))


def wait_for(trials: Iterable[Trial]) -> None:
    """Until one of them has ended, or for a second."""
    connection.wait([each.sentinel for each in trials], timeout=1)


def _run(tree: Path, seconds_most: int) -> NoReturn:
    """In the forked process: run the examples of that tree, and end with what they said.

    `seconds_most` are seconds of work, so that a busy machine finds no more than an idle one.
    """
    root = Path(__file__).resolve().parents[2]
    try:
        os.chdir(tree)
        silence = os.open("output", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        resource.setrlimit(resource.RLIMIT_CPU, (seconds_most, seconds_most + 1))
        with suppress(ValueError, OSError):  # not every system knows this bound
            resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_MOST, _MEMORY_MOST))
        for name in [name for name in sys.modules if name.split(".")[0] in {"tests", *_PACKAGES}]:
            del sys.modules[name]
        sys.path[:] = [str(tree), *(each for each in sys.path if each and Path(each).resolve() != root)]
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        os.environ.pop("LIVES", None)
        found = [path for part in SPECIFICATION for path in Path(part).glob("test_*.py")]
        found.sort(key=lambda path: (path.name != _FIRST, path))
        files = [str(path) for path in found if path.name not in _NO_EXAMPLES]
        said = pytest.main(
            ["-x", "-q", "-p", "no:cacheprovider", "--confcutdir=tests/domain", "--rootdir=.", *files], [_Examples()]
        )
        imported = sys.modules.get("domain")
        if imported is not None and Path(imported.__path__[0]).resolve().parent != tree.resolve():
            os._exit(_BROKEN)
        match said:
            case pytest.ExitCode.OK:
                os._exit(_CLEAN)
            case pytest.ExitCode.NO_TESTS_COLLECTED:
                os._exit(_BROKEN)
            case _:  # wrong usage, too: the files are there, so a conftest cannot import what has the error
                os._exit(_RED)
    except BaseException:  # noqa: BLE001 - whatever it is, the fork must not come back as a second parent
        os._exit(_BROKEN)
