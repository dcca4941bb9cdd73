"""`credit simulate` prints one document or a timeline, turns bad files away in one line, and needs no server."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from infra.cli.simulate import simulate
from tests.simulated import ACCOUNT, SCENARIOS, bought, from_file

CREDIT = Path(sys.executable).with_name("credit")


def on_the_command_line(*words):
    return subprocess.run([CREDIT, "simulate", *words], capture_output=True, text=True, check=False, timeout=60)


def test_json_comes_out_of_the_command():
    said = on_the_command_line("--in", str(SCENARIOS / "cap.json"), "--json")
    assert (said.returncode, said.stderr) == (0, "")
    assert json.loads(said.stdout) == json.loads(json.dumps(from_file("cap")))


def test_the_timeline_tells_events_refusals_states_and_report(capsys):
    simulate(SCENARIOS / "arrears.json", as_json=False)
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    second_bill = next(n for n, line in enumerate(lines) if line.startswith("2026-03-01 account.billed Statement 2"))
    assert lines[second_bill].endswith("overdue 1,256.30 0.00 256.31")
    # The refusal stands where its day is, though the calendar's work was recorded by the payment after it.
    assert lines[second_bill + 1].startswith("2026-03-02 refused Fact 2, purchase: overdue (dpd=20, arrears=12346)")
    assert lines[second_bill + 2].startswith("2026-03-05 payment.received Payment r1 of 100.00")
    assert "state on 2026-02-01 2026-02-11 2026-03-01 2026-03-05 2026-03-11" in lines
    assert "dpd 0 1 19 23 29" in lines
    assert lines[-1] == "2026-03 1 1 29 156.31 2 1,166.30"


def test_the_timeline_shows_what_is_held_planned_appealed_and_who_died(capsys):
    for name in ("trip", "instalments", "appeal"):
        simulate(SCENARIOS / f"{name}.json", as_json=False)
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "held 5,000.00 3,765.43 0.00 1,000.00 0.00" in lines
    assert any(line.startswith("holds h1, until 2026-01-17: 5,000.00 h1, until 2026-01-17: 3,765.43") for line in lines)
    assert any(
        line.startswith("plans n1, 3 to come: 1,000.00 n1, 3 to come: 1,000.00 n1, 2 to come:") for line in lines
    )
    assert any(line.startswith("appeals a1, abnormal_transaction, by 2026-02-09") for line in lines)
    assert "deceased 2026-02-20 2026-02-20" in lines


def test_the_timeline_takes_nothing_for_markup(capsys, tmp_path):
    file = tmp_path / "scenario.json"
    file.write_text(json.dumps({"account": ACCOUNT, "facts": [bought(merchant_id="[bold]x[/nope]")]}), encoding="utf-8")
    simulate(file, as_json=False)
    assert "asked=[bold]x[/nope]" in capsys.readouterr().out


def test_many_dates_are_shown_below_each_other(capsys, tmp_path):
    file = tmp_path / "scenario.json"
    show = [f"2026-02-{day:02}" for day in range(1, 13)]
    file.write_text(json.dumps({"account": ACCOUNT, "facts": [bought()], "show": show}), encoding="utf-8")
    simulate(file, as_json=False)
    out = capsys.readouterr().out
    assert out.count("state on") == 3
    assert all(day in out for day in show)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"account": 7}', "account: an object is needed here, not 7"),
        ('{"account": {\n}', "line 2, column 2: this is not JSON: Expecting ',' delimiter"),
        (None, "it cannot be read (No such file or directory)"),
    ],
)
def test_a_bad_scenario_is_one_line_with_the_file_and_exits_with_2(text, message, capsys, tmp_path):
    file = tmp_path / "scenario.json"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    with pytest.raises(typer.Exit) as ended:
        simulate(file, as_json=True)
    assert ended.value.exit_code == 2
    assert capsys.readouterr() == ("", f"credit: {file}: {message}\n")


def test_the_command_itself_exits_with_2(tmp_path):
    said = on_the_command_line("--in", str(tmp_path))
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr == f"credit: {tmp_path}: it cannot be read (Is a directory)\n"


def test_no_server_is_imported():
    servers = ["fastapi", "starlette", "uvicorn", "psycopg", "psycopg_pool", "kafka", "eventsourcing", "psutil"]
    code = (
        "import sys\nfrom pathlib import Path\nfrom infra.cli.simulate import simulate\n"
        f"for as_json in (True, False):\n    simulate(Path({str(SCENARIOS / 'cap.json')!r}), as_json=as_json)\n"
        f"print([name for name in {servers!r} if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout.splitlines()[-1] == "[]"
