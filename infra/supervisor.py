"""The supervisor: keeps the service's programs running in one process group, and takes them along when it ends."""

import gc
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import BinaryIO, Self

from infra.faults import Fault

# What the service consists of, beside its HTTP API: a name for each program, and the arguments of `credit`.
PROGRAMS: dict[str, list[str]] = {
    "relay": ["relay", "run"],
    "balance": ["consume", "balance"],
    "credit_report": ["consume", "credit_report"],
    "audit": ["consume", "audit"],
}
ENDS_WITH_PARENT = "CREDIT_ENDS_WITH_PARENT"
_PAUSE = 0.2  # seconds between looks at the programs
_HASTE = 5  # deaths within a minute after which a program is given up: it would only die again
_GRACE = 20.0  # seconds a program has to finish after SIGTERM


@dataclass(slots=True)
class _Program:
    name: str
    arguments: Sequence[str]
    process: "subprocess.Popen[bytes] | None" = None
    deaths: list[float] = field(default_factory=list)


class Supervisor:
    """Starts `credit` programs and starts again what was killed; a program that gives up by itself ends them all.

    `programs` maps a name to the arguments of `credit`. What they print goes to `log`. A program whose parent was
    killed notices by its closed standard input and stops, so nothing is left behind.
    """

    def __init__(self, programs: Mapping[str, Sequence[str]], environment: Mapping[str, str], log: Path) -> None:
        self._programs = [_Program(name, arguments) for name, arguments in programs.items()]
        self._environment = dict(environment) | {ENDS_WITH_PARENT: "1"}
        self.log = log
        self._out: BinaryIO | None = None
        self._stopping = threading.Event()
        self._watch = threading.Thread(target=self._run, name="supervisor", daemon=True)
        self._failure: str | None = None
        self.restarts = 0

    def __enter__(self) -> Self:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._out = self.log.open("ab")
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
        if self._out is not None:
            self._out.close()

    def pids(self) -> dict[str, int]:
        """The process ids of the programs that run now, by name."""
        return {each.name: each.process.pid for each in self._programs if each.process is not None}

    def check(self) -> None:
        """Raise Fault when a program gave up: the last lines of its log say why."""
        if self._failure is not None:
            raise Fault(self._failure)

    def _start(self, program: _Program) -> None:
        program.process = subprocess.Popen(
            [sys.executable, "-m", "infra.cli", *program.arguments],
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=self._out,
            stderr=self._out,
        )

    def _run(self) -> None:
        while not self._stopping.wait(_PAUSE):
            for program in self._programs:
                status = program.process.poll() if program.process is not None else None
                if status is None:
                    continue
                now = monotonic()
                program.deaths = [death for death in program.deaths if now - death < 60] + [now]
                # A negative status is a signal: somebody killed it, and it can go on where it was. Any other end is
                # its own decision, and starting it again would only repeat the reason.
                if status >= 0 or len(program.deaths) >= _HASTE:
                    self._failure = f"{program.name} ended with status {status}:\n{self._tail()}"
                    return
                self.restarts += 1
                self._start(program)

    def _tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-10:])


def collect_seldom() -> None:
    """Look for cyclic garbage a hundred times less often: bulk work makes many objects and hardly a cycle.

    Measured, it saves a third of the relay's and the consumers' time.
    """
    gc.set_threshold(100_000, 10, 10)


def end_with_parent(stop: Callable[[], None] = lambda: os.kill(os.getpid(), signal.SIGTERM)) -> None:
    """Where a supervisor started this program: stop it when the supervisor is gone, however that died."""
    if ENDS_WITH_PARENT not in os.environ:
        return

    def watch() -> None:
        while os.read(0, 1):
            pass
        stop()

    threading.Thread(target=watch, name="end with parent", daemon=True).start()
