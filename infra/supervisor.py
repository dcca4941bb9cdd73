"""The supervisor: keeps the service's programs running in one process group, and takes them along when it ends."""

import gc
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from logging.handlers import RotatingFileHandler
from pathlib import Path
from time import monotonic
from typing import IO, Self

from infra.faults import Fault

# What the service consists of, beside its HTTP API: a name for each program, and the arguments of `credit`.
PROGRAMS: dict[str, list[str]] = {
    "relay": ["relay", "run"],
    "balance": ["consume", "balance"],
    "credit_report": ["consume", "credit_report"],
    "audit": ["consume", "audit"],
    "books": ["consume", "books"],
}
ENDS_WITH_PARENT = "CREDIT_ENDS_WITH_PARENT"
_PAUSE = 0.2  # seconds between looks at the programs
_SETTLED = 10.0  # seconds after which a program that was started again counts as well
_PATIENCE = 60.0  # seconds that a program may go on ending before all is given up: outages pass, defects do not
_LONGEST = 8.0  # seconds between two tries at the most
_GRACE = 20.0  # seconds a program has to finish after SIGTERM
_LOG_BYTES = 10_000_000  # after which the log is put aside as `.1`, in the place of the one before


@dataclass(slots=True)
class _Program:
    name: str
    arguments: Sequence[str]
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    failing_since: float | None = None
    tries: int = 0
    again_at: float | None = None


class Supervisor:
    """Starts `credit` programs, and starts again what was killed or gave up; one that keeps ending ends them all.

    `programs` maps a name to the arguments of `credit`. What they print goes to `log`, each line with the time and the
    name before it unless it is a JSON object, which says that itself. A program whose parent was killed notices by its closed standard input and stops, so nothing is
    left behind.
    """

    def __init__(self, programs: Mapping[str, Sequence[str]], environment: Mapping[str, str], log: Path) -> None:
        self._programs = [_Program(name, arguments) for name, arguments in programs.items()]
        # As text, because each line is put beside the name of its program; CREDIT_LOGS=json keeps them as they are.
        self._environment = {"CREDIT_LOGS": "text", **environment, ENDS_WITH_PARENT: "1"}
        self.log = log
        self._out = RotatingFileHandler(log, maxBytes=_LOG_BYTES, backupCount=1, encoding="utf-8", delay=True)
        self._out.setFormatter(_Lines("%(asctime)s %(name)s: %(message)s"))
        self._copying: list[threading.Thread] = []
        self._stopping = threading.Event()
        self._watch = threading.Thread(target=self._run, name="supervisor", daemon=True)
        self._failure: str | None = None
        self.restarts = 0

    def __enter__(self) -> Self:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        for program in self._programs:
            self._start(program)
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._watch.join()
        running = [program.process for program in self._programs if program.process is not None]
        for process in running:
            if process.poll() is None:
                process.terminate()
        until = monotonic() + _GRACE
        for process in running:
            try:
                process.wait(max(0.0, until - monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for process in running:
            _let_go(process)
        for copying in self._copying:
            copying.join()
        self._out.close()

    def pids(self) -> dict[str, int]:
        """The process ids of the programs that run now, by name."""
        return {each.name: each.process.pid for each in self._programs if each.process is not None}

    def check(self) -> None:
        """Raise Fault when a program gave up: the last lines of its log say why."""
        if self._failure is not None:
            raise Fault(self._failure)

    def _start(self, program: _Program) -> None:
        program.started, program.again_at = monotonic(), None
        _let_go(program.process)
        program.process = subprocess.Popen(
            [sys.executable, "-m", "infra.cli", *program.arguments],
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        copying = threading.Thread(target=self._copy, args=(program.name, program.process.stdout), daemon=True)
        self._copying = [thread for thread in self._copying if thread.is_alive()] + [copying]
        copying.start()

    def _copy(self, name: str, lines: IO[bytes]) -> None:
        with lines:
            for line in lines:
                said = line.decode(errors="replace").rstrip()
                self._out.handle(logging.makeLogRecord({"name": name, "msg": said}))

    def _run(self) -> None:
        while not self._stopping.wait(_PAUSE):
            for program in self._programs:
                self._look_after(program, monotonic())
            if self._failure is not None:
                return

    def _look_after(self, program: _Program, now: float) -> None:
        if program.again_at is not None:
            if now >= program.again_at:
                self.restarts += 1
                self._start(program)
            return
        status = program.process.poll() if program.process is not None else None
        if status is None:
            if now - program.started > _SETTLED:
                program.failing_since, program.tries = None, 0
            return
        # Killed, or ended by an outage, it can go on where it was. What it ended for by itself may be lasting, though,
        # and then trying for ever would only hide the reason.
        program.failing_since = program.failing_since or now
        if now - program.failing_since > _PATIENCE:
            self._failure = f"{program.name} keeps ending with status {status}:\n{self._tail(program.name)}"
        program.again_at = now + min(_LONGEST, program.tries)
        program.tries += 1

    def _tail(self, name: str) -> str:
        """The last words of one program."""
        said = []
        for line in self.log.read_text(errors="replace").splitlines():
            _, found, words = line.partition(f" {name}: ")
            if found or f'"program":"{name}"' in line:
                said.append(words or line)
        return "\n".join(said[-10:])


class _Lines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """The line as it is where it is JSON, else with its time and program."""
        said = record.getMessage()
        return said if said.startswith('{"program":') else super().format(record)


def _let_go(process: "subprocess.Popen[bytes] | None") -> None:
    """Close our end of the pipe by which an ended program knew that we live."""
    if process is not None and process.stdin is not None:
        process.stdin.close()


def collect_seldom() -> None:
    """Look for cyclic garbage a hundred times less often: bulk work makes many objects and hardly a cycle.

    Measured, it saves a third of the relay's and the consumers' time.
    """
    gc.set_threshold(100_000, 10, 10)


def stop_signals() -> tuple[signal.Signals, ...]:
    """Which signals ask this program to stop.

    Under a supervisor Ctrl-C reaches all of them at once; it is left to the supervisor, which passes it on, for a second
    signal would end this program in the middle of what it finishes.
    """
    if ENDS_WITH_PARENT not in os.environ:
        return signal.SIGTERM, signal.SIGINT
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return (signal.SIGTERM,)


def end_with_parent(stop: Callable[[], None] = lambda: os.kill(os.getpid(), signal.SIGTERM)) -> None:
    """Where a supervisor started this program: stop it when the supervisor is gone, however that died."""
    if ENDS_WITH_PARENT not in os.environ:
        return

    def watch() -> None:
        while os.read(0, 1):
            pass
        stop()

    threading.Thread(target=watch, name="end with parent", daemon=True).start()
