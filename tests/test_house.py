"""The house keeps its order: a forbidden arrow, planted in a copy, turns the check red."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("domain", "projections", "consumers", "infra")


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """The four packages and the contracts, to spoil at will."""
    place = tmp_path_factory.mktemp("house")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, place / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", place)
    return place


def contracts(place: Path) -> subprocess.CompletedProcess[str]:
    program = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"]
    return subprocess.run(program, cwd=place, capture_output=True, text=True, check=False)


def test_the_contracts_hold(copy):
    kept = contracts(copy)
    assert kept.returncode == 0, kept.stdout


@pytest.mark.parametrize(
    ("module", "line", "broken"),
    [
        ("domain/money.py", "import psycopg", "The domain and the projections are pure"),
        ("domain/account.py", "import projections.balance", "Arrows point at the domain"),
        ("domain/terms.py", "import domain.decisions", "The domain is read from the bottom up"),
        ("projections/balance.py", "import infra.settings", "Arrows point at the domain"),
        ("projections/balance.py", "import projections.audit", "The views do not know each other"),
        ("consumers/runner.py", "import psycopg", "Only infra speaks to PostgreSQL"),
        ("consumers/runner.py", "import kafka", "Kafka is read in one module and written in one package"),
        ("infra/accounts.py", "import eventsourcing", "Only the recorder knows the event-sourcing library"),
    ],
)
def test_a_planted_arrow_is_found(copy, module, line, broken):
    file = copy / module
    healthy = file.read_text(encoding="utf-8")
    try:
        file.write_text(f"{healthy}\n{line}\n", encoding="utf-8")
        found = contracts(copy)
    finally:
        file.write_text(healthy, encoding="utf-8")
    assert found.returncode == 1
    assert f"{broken} BROKEN" in found.stdout
