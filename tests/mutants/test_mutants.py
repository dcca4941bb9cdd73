"""The mutants themselves: only errors count, each has a place, and what is not found is said."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutants.making import ROOMS, Mutant, difference, mutants, source_of

ROOT = Path(__file__).resolve().parents[2]
MONEY = """
from functools import lru_cache
Both = int | str
@lru_cache(maxsize=8)
def double(amount: int | None) -> int | None:
    return amount * 2
def nobody_asks(amount: int) -> int:
    return -amount
def count(steps: int) -> int:
    while steps:
        steps += -1
    return steps
"""
EXAMPLE = """
import pytest
from domain.money import count, double
def test_case_1():
    assert double(2) == 4
    assert count(3) == 0
"""
SAMPLE = ("--seed=25", "--count=8")  # some are found, some hang, some survive


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("def f(a: int | None = 1) -> int | str: ...", {1}),
        ("Both = int | str", set()),
        ("Some = TypeVar('Some', bound=int | str)", set()),
        ("Few = Annotated[\n    int | str,\n    Field(lt=3),\n]", {3}),
        ("@lru_cache(maxsize=8)\ndef f(): ...", set()),
        ("class C:\n    a: int | None = 2", {2}),
        ("a = b | c\nd = 1", {2}),
        ("if a is None: ...", {1}),
    ],
)
def test_what_is_no_rule_is_not_changed(source, lines):
    assert {each.line for each in mutants("money", source)} == lines


def test_identity_becomes_only_its_negation():
    found = {each.operator for each in mutants("money", "a = b is None\nc = d == e")}
    assert {name for name in found if "_Is" in name} == {
        "core/ReplaceComparisonOperator_Is_IsNot",
        "core/ReplaceComparisonOperator_Eq_IsNot",
    }


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_is_there_and_a_mutant_of_it_is_another_program_by_one_place(room):
    source = source_of(ROOT, room)
    first = min(mutants(room, source), key=lambda each: each.rank(1))
    made = first.made(source)
    if made is not None:
        assert difference(source, made)[0] == f"-{source.splitlines()[first.line - 1]}"


def test_what_does_not_compile_is_no_mutant():
    source = "match a:\n    case int() | str(): ...\n"
    assert {each.made(source) for each in mutants("money", source)} <= {None}


def test_a_seed_is_a_sample_and_another_seed_another():
    every = [Mutant("money", "core/AddNot", occurrence, 1) for occurrence in range(20)]
    samples = [sorted(every, key=lambda each: each.rank(seed))[:5] for seed in (7, 7, 8)]
    assert samples[0] == samples[1] != samples[2]


@pytest.fixture
def house(tmp_path) -> Path:
    """A house with one room and one example."""
    for folder in ("domain", "projections", "consumers", "infra", "tests/domain", "tests/quotes"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "domain/__init__.py").touch()
    (tmp_path / "tests/__init__.py").touch()
    (tmp_path / "domain/money.py").write_text(MONEY)
    (tmp_path / "tests/domain/test_known_answers.py").write_text(EXAMPLE)
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    return tmp_path


def tried(house, *more):
    """The program on another house, in a process of its own, since it forks."""
    said = ["--room=money", "--seconds=1", *more]
    program = f"from pathlib import Path; from tests.mutants.__main__ import main; main({said}, Path({str(house)!r}))"
    return subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)


def test_what_the_examples_do_not_find_is_told_with_its_line_and_what_hangs_is_found(house):
    first = tried(house, *SAMPLE)
    assert first.returncode == 1, first.stderr
    assert "domain/money.py:6 survived core/ReplaceBinaryOperator_Mul_Add 0\n" in first.stdout
    assert "-    return amount * 2\n+    return amount + 2\n" in first.stdout
    words = dict(
        zip(*(line.replace("timed out", "hung").split() for line in first.stdout.splitlines()[:2]), strict=True)
    )
    assert all(int(words[word]) > 0 for word in ("killed", "hung", "survived"))
    (known,) = (house / ".mutants").iterdir()
    kept = known.read_text()
    assert tried(house, *SAMPLE).stdout == first.stdout
    assert known.read_text() == kept  # nothing was tried twice


def test_a_run_that_was_stopped_goes_on_and_a_smaller_sample_is_the_head_of_a_larger_one(house):
    tried(house, "--count=2")
    (known,) = (house / ".mutants").iterdir()
    head = set(known.read_text().splitlines())
    assert len(head) == 2
    tried(house, "--count=4")
    both = set(known.read_text().splitlines())
    assert len(both) == 4
    assert head < both


def test_what_quotes_find_is_found(house):
    (house / "tests/domain/test_known_answers.py").write_text("def test_nothing():\n    pass\n")
    (house / "tests/quotes/test_of_money.py").write_text(EXAMPLE)
    told = tried(house, *SAMPLE)
    assert told.returncode == 1, told.stderr
    (known,) = (house / ".mutants").iterdir()
    assert "tests/quotes/test_of_money.py::test_case_1" in known.read_text()
    (house / "tests/quotes/test_of_money.py").write_text(EXAMPLE.replace("== 4", "!= 5"))
    tried(house, "--count=2")
    assert len([*(house / ".mutants").iterdir()]) == 2  # what other examples found says nothing of these


def test_what_not_even_the_words_of_the_specification_can_import_is_found(house):
    (house / "tests/quotes/conftest.py").write_text("from domain.money import double\nassert double(2) == 4\n")
    (house / "tests/quotes/test_of_money.py").write_text(EXAMPLE)
    told = tried(house, "--count=8", "--seed=25")
    assert told.returncode in {0, 1}, told.stderr
    assert "killed" in told.stdout


def test_examples_that_are_red_without_an_error_prove_nothing(house):
    (house / "tests/domain/test_known_answers.py").write_text(EXAMPLE.replace("== 4", "== 5"))
    red = tried(house)
    assert red.returncode == 2
    assert "without an error the examples are red: tests/domain/test_known_answers.py::test_case_1" in red.stderr
    assert not (house / ".mutants").exists()
