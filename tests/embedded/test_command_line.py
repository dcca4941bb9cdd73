"""`credit` answers quickly, says a fault in one sentence and keeps its exit codes."""

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from infra.cli import COMMANDS, Entry, main

CREDIT = Path(sys.executable).with_name("credit")


def credit(*words: str, **env: str) -> "subprocess.CompletedProcess[str]":
    bare = {name: value for name, value in os.environ.items() if not name.startswith("CREDIT_")}
    return subprocess.run([CREDIT, *words], env=bare | env, capture_output=True, text=True, check=False, timeout=120)


def test_the_overview_lists_every_command_that_is_not_hidden():
    said = credit("--help")
    assert said.returncode == 0
    for name, entry in COMMANDS.items():
        assert (f"  {name} " in said.stdout) is not entry.hidden


def test_the_overview_loads_nothing_that_a_command_needs():
    code = "import sys; import infra.cli; infra.cli._Overview(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"fastapi", "psycopg", "kafka", "eventsourcing", "pydantic", "rich.console", "psutil"} & set(loaded)


@pytest.mark.parametrize("name", COMMANDS)
def test_what_a_command_names_is_there(name):
    module, attribute = COMMANDS[name].place.split(":")
    assert callable(getattr(import_module(module), attribute))


@pytest.mark.parametrize("words", [["no-such-command"], ["servers", "no-such-command"], ["doctor", "--no-such-option"]])
def test_wrong_usage_exits_with_2(words):
    said = credit(*words)
    assert said.returncode == 2
    assert "no-such" in said.stderr


def test_a_fault_is_one_sentence_without_a_traceback():
    said = credit("servers", "start", CREDIT_DATABASE_URL="mysql://localhost/credit")
    assert said.returncode == 1
    assert said.stdout == ""
    assert said.stderr.startswith("credit: CREDIT_DATABASE_URL cannot be used: ")
    assert said.stderr.count("\n") == 1


def test_a_reader_that_has_gone_is_no_error_worth_a_word(tmp_path):
    with subprocess.Popen(
        [CREDIT, "doctor"],
        env=os.environ | {"CREDIT_DATA_DIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as program:
        program.stdout.close()
        assert program.stderr.read() == b""


@pytest.mark.parametrize("words", ["machine table", "machine table --json", "doctor --json", "--help"])
@pytest.mark.parametrize(("output", "said"), [("> /dev/full", "No space left on device"), (">&-", "is closed")])
def test_output_that_cannot_be_written_is_one_sentence(tmp_path, words, output, said):
    program = subprocess.run(
        ["/bin/sh", "-c", f"exec {CREDIT} {words} {output}"],
        env=os.environ | {"CREDIT_DATA_DIR": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert program.returncode == 1
    assert program.stderr.startswith("credit: Standard output ")
    assert said in program.stderr
    assert program.stderr.count("\n") == 1


def interrupted() -> None:
    """A command during which somebody presses Ctrl-C."""
    raise KeyboardInterrupt


def test_an_interrupt_exits_with_130(monkeypatch, capsys):
    monkeypatch.setitem(COMMANDS, "wait", Entry(f"{__name__}:interrupted", "Wait."))
    monkeypatch.setattr(sys, "argv", ["credit", "wait"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 130
    assert capsys.readouterr() == ("", "")


def test_the_doctor_says_what_was_chosen_and_why_and_starts_nothing(tmp_path):
    said = credit("doctor", "--json", CREDIT_DATA_DIR=str(tmp_path / "data"))
    findings = {finding["what"]: finding for finding in json.loads(said.stdout)}
    assert said.returncode == 0
    assert findings["PostgreSQL"]["why"]
    assert findings["Java"]["found"].startswith("25.")
    assert findings["Kafka server"]["found"] == "stopped"
    assert not (tmp_path / "data").exists()


def test_a_table_in_a_pipe_has_its_lines_whole(tmp_path):
    folder = tmp_path / ("long" * 30)
    said = credit("doctor", CREDIT_DATA_DIR=str(folder), COLUMNS="40").stdout
    assert [line for line in said.splitlines() if str(folder) in line]
    said = credit("machine", "table", COLUMNS="40").stdout
    assert not [line for line in said.splitlines() if line.startswith("   ")], "no row goes on in the next line"


def test_the_doctor_exits_with_1_when_something_must_be_mended(tmp_path):
    said = credit("doctor", CREDIT_DATA_DIR=str(tmp_path), CREDIT_PG_BIN=str(tmp_path))
    assert said.returncode == 1
    assert "CREDIT_PG_BIN" in said.stdout


def test_the_state_of_the_servers_is_the_exit_code(tmp_path, servers):
    given = {
        "CREDIT_DATA_DIR": str(tmp_path),
        "CREDIT_DATABASE_URL": servers.database_url,
        "CREDIT_KAFKA_BOOTSTRAP_SERVERS": servers.bootstrap_servers,
    }
    said = credit("servers", "status", "--json", **given)
    assert said.returncode == 0
    assert [(state["name"], state["running"]) for state in json.loads(said.stdout)] == [
        ("PostgreSQL", True),
        ("Kafka", True),
    ]
    assert credit("servers", "status", CREDIT_DATA_DIR=str(tmp_path)).returncode == 1


def test_resetting_asks_first(tmp_path):
    (tmp_path / "pg15").mkdir()
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "serve.log").touch()
    said = subprocess.run(
        [CREDIT, "reset"],
        env=os.environ | {"CREDIT_DATA_DIR": str(tmp_path)},
        input="n\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 1
    assert (tmp_path / "pg15").exists()
    assert credit("reset", "--yes", CREDIT_DATA_DIR=str(tmp_path)).returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["servers.lock"]
