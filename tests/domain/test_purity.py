"""The domain and what reads its events are pure: no server, no clock, no chance, no file."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import consumers
import domain
import projections

SOURCES = sorted(
    path for package in (domain, projections, consumers) for path in Path(package.__path__[0]).rglob("*.py")
)
SERVERS = ["psycopg", "psycopg_pool", "kafka", "eventsourcing", "fastapi", "infra", "consumers"]
# Reading the wall clock; a consumer's loop may look at `monotonic`, which is no date.
CLOCKS = {"now", "today", "utcnow", "time", "time_ns", "localtime", "gmtime"}
CLOCK_OWNERS = {"datetime", "date", "time"}
NOT_FOR_LOOPS = {"time", "random"}


def clocks_read(source, allowed=frozenset()):
    """Where a clock or a die is read, under whatever name; `allowed` names may be taken from `time`."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr=name):
                guilty = owner in CLOCK_OWNERS and name in CLOCKS
            case ast.Import(names=names):
                guilty = any(each.name.split(".")[0] in NOT_FOR_LOOPS for each in names)
            case ast.ImportFrom(module=module, names=names):
                guilty = module in NOT_FOR_LOOPS and not {each.name for each in names} <= allowed
            case _:
                guilty = False
        if guilty:
            found.append(f"line {node.lineno}: {ast.unparse(node)}")
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_clock_is_read(path):
    allowed = {"monotonic"} if path.parent.name == "consumers" else set()
    assert clocks_read(path.read_text(encoding="utf-8"), allowed) == []


@pytest.mark.parametrize(
    "source",
    [
        "datetime.now(UTC)",
        "datetime.datetime.utcnow()",
        "date.today()",
        "import time",
        "import time as clock",
        "from time import monotonic, time",
        "from time import monotonic",
        "import random",
        "time.time()",
        "from random import choice",
    ],
)
def test_a_clock_would_be_found(source):
    assert clocks_read(source)


def test_importing_the_domain_pulls_in_no_server():
    names = [path.stem for path in Path(domain.__path__[0]).glob("*.py") if path.stem != "__init__"]
    program = (
        f"import sys\nimport {', '.join('domain.' + name for name in names)}\n"
        f"print([name for name in {SERVERS!r} if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout.strip() == "[]"


def test_every_module_of_the_domain_opens_with_a_sentence():
    for path in Path(domain.__path__[0]).glob("*.py"):
        first = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split("\n\n")[0]
        assert first.rstrip().endswith("."), path.name
