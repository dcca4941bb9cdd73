"""The command line `credit`: one line per command here, its module imported only when it is called."""

import os
import sys
from errno import ENOSPC
from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from infra.faults import Fault


class Entry(NamedTuple):
    """Where a command is found and what the overview says of it."""

    place: str
    """`module:name`, the name being a `typer.Typer` (a group of commands) or a function (a single command)."""

    help: str
    hidden: bool = False


COMMANDS = {
    "servers": Entry("infra.cli.servers:app", "Start, stop and look at the embedded PostgreSQL and Kafka."),
    "doctor": Entry("infra.cli.servers:doctor", "Say what was found on this machine, what was chosen and why."),
    "reset": Entry("infra.cli.servers:reset", "Stop the embedded servers and forget all their data."),
    "migrate": Entry("infra.cli.store:migrate", "Bring the database up to date."),
    "audit": Entry("infra.cli.store:audit", "Recompute the hash chain of every account."),
    "relay": Entry("infra.cli.streams:relay", "Publish the event store to Kafka, and say how far that is."),
    "consume": Entry("infra.cli.streams:consume", "Keep a view up to date with what Kafka holds."),
    "events": Entry("infra.cli.streams:events", "Look at the events on Kafka."),
    "serve": Entry("infra.cli.serve:serve", "Run all of it: relay, four views and the HTTP API, until Ctrl-C."),
    "http": Entry("infra.cli.serve:http", "Run the HTTP API alone.", hidden=True),
    "demo": Entry("infra.cli.demo:demo", "Let a portfolio live on real servers and check every view of it."),
    "import": Entry("infra.cli.demo:imports", "Load a portfolio of real accounts from a file."),
    "day": Entry("infra.cli.day:app", "Advance every account that is due on a day, and report the day."),
    "statements": Entry("infra.cli.statements:app", "Write month balances to a file."),
    "account": Entry("infra.cli.account:app", "One account on any day: show, history, balance, report, schedule."),
    "customer": Entry("infra.cli.customer:app", "One person: consents, limits, applications and why not."),
    "explain": Entry("infra.cli.explain:explain_figure", "How a figure of an account came about, step by step."),
    "books": Entry("infra.cli.books:books", "The trial balance of a day, and whether the balance view agrees."),
    "views": Entry("infra.cli.views:app", "How the read models stand."),
    "simulate": Entry("infra.cli.simulate:simulate", "Live one account's life from a scenario file, without servers."),
    "keys": Entry("infra.cli.keys:app", "Who may ask over HTTP: make keys, list them, take them back."),
    "vault": Entry("infra.cli.vault:app", "Personal data: how much there is, its master key, and erasing somebody."),
    "quote": Entry(
        "infra.cli.quote:app", "What a loan would cost, from its conditions alone: schedules, rates, instalments."
    ),
    "contract": Entry("infra.cli.contract:app", "What the HTTP interface promises, and whether a change breaks it."),
    "machine": Entry("infra.cli.machine:app", "The two state machines, as diagrams and as a table."),
    "fetch": Entry("infra.cli.servers:fetch", "Fetch what the embedded servers need.", hidden=True),
}


class _Overview(TyperGroup):
    """Lists the commands without importing them, so that `credit --help` is quick."""

    def __init__(self) -> None:
        listed = {
            name: TyperCommand(name, callback=None, help=entry.help, hidden=entry.hidden)
            for name, entry in COMMANDS.items()
        }
        about = "Consumer credit accounts as event-sourced aggregates."
        # Plain help: to draw boxes around it would cost more time than all the rest of it.
        super().__init__(name="credit", commands=dict(listed), no_args_is_help=True, help=about, rich_markup_mode=None)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, found, rest = super().resolve_command(ctx, args)
        return name, _load(name) if name else found, rest


def _load(command: str) -> Any:
    module, name = COMMANDS[command].place.split(":")
    found = getattr(import_module(module), name)
    if not isinstance(found, typer.Typer):
        single = typer.Typer(add_completion=False)
        single.command(command)(found)
        found = single
    return get_command(found)


def main() -> None:
    """Run the command line and end the process.

    Exit codes: 0 done, 1 a `Fault` (said in one sentence, without a traceback) or a command's own "no", 2 wrong
    usage, 130 interrupted. A reader that closed the pipe, as `head` does, is no error worth a word.
    """
    if sys.stdout is None:  # its number would be given to the next file or connection, and prints would go there
        sys.exit(_complain("Standard output is closed: leave it open, or send it to /dev/null."))
    status: object = 0
    full: OSError | None = None
    try:
        _Overview()(prog_name="credit")
    except SystemExit as ended:
        status = ended.code
    except Fault as fault:
        status = _complain(fault)
    except KeyboardInterrupt:
        status = 130
    except OSError as error:
        if error.errno != ENOSPC:
            raise
        full = error
    try:
        sys.stdout.flush()
    except OSError as error:
        # What cannot be written now cannot be written either when Python ends and tries again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        full = full or (None if isinstance(error, BrokenPipeError) else error)
    if full is not None:
        place = full.filename or "Standard output"
        status = _complain(f"{place} cannot be written ({full.strerror}): make room there, or choose another place.")
    sys.exit(status)  # type: ignore[arg-type] # whatever the command's own SystemExit carried


def _complain(why: object) -> int:
    print(f"credit: {why}", file=sys.stderr)
    return 1
