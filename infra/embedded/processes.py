"""Starting, finding and stopping a server that outlives the program which started it.

A server is known by its working directory: it is started in a folder that only it uses, so it can be found again
with no pid file that could be stale, and a pid that now belongs to another program is never mistaken for it.
"""

import json
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from infra.faults import Fault

LOG_LIMIT = 10_000_000  # bytes; a longer log is put aside at the next start

_children: list["subprocess.Popen[bytes]"] = []  # kept, so that they are reaped and their ends are not warned about


def living(folder: Path, program: str) -> list[psutil.Process]:
    """The processes of this program name that work in `folder`, dead ones not yet reaped left out."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.name().startswith(program) and Path(process.cwd()) == folder.resolve():
                found.append(process)
        except (psutil.Error, OSError):  # it ended meanwhile, or belongs to somebody else
            continue
    return found


def heads(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Those among the processes whose parent is not: the servers, without their workers."""
    found = {process.pid: process for process in processes}
    parents = {}
    for pid, process in found.items():
        with suppress(psutil.Error):  # a worker that has ended meanwhile
            parents[pid] = process.ppid()
    return [found[pid] for pid, parent in parents.items() if parent not in found]


def launch(
    command: list[str],
    folder: Path,
    log: Path,
    env: Mapping[str, str],
    user: int | None = None,
    group: int | None = None,
) -> "subprocess.Popen[bytes]":
    """Start a server in a session of its own, working in `folder`, its output going to `log`."""
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".old.log"))
    with log.open("ab") as output:
        child = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=user,
            group=group,
            extra_groups=None if user is None else [],
        )
    _children.append(child)
    return child


def wait_until(answers: Callable[[], bool], alive: Callable[[], bool], seconds: float) -> bool:
    """Whether the server answered before it died or the time was over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answers():
            return True
        if not alive():
            return answers()
        time.sleep(0.05)
    return False


def came_up(child: "subprocess.Popen[bytes]", answers: Callable[[], bool], seconds: float) -> bool:
    """Whether the server just launched answered before it died or the time was over."""
    return wait_until(answers, lambda: child.poll() is None, seconds)


def end(processes: Iterable[psutil.Process], *signals: tuple[signal.Signals, float]) -> None:
    """Send each signal and wait its seconds for all to end; whoever is left at last is killed."""
    all_of_them = list(processes)

    def ended() -> bool:
        return not any(map(_runs, all_of_them))

    for number, seconds in (*signals, (signal.SIGKILL, 10.0)):
        for process in all_of_them:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        if wait_until(ended, lambda: True, seconds):
            break
    pids = {process.pid for process in all_of_them}
    for child in _children:
        if child.pid in pids:
            with suppress(subprocess.TimeoutExpired):
                child.wait(10)  # a program of many threads may be a zombie for a moment before it can be reaped
    _children[:] = [child for child in _children if child.poll() is None]


def _runs(process: psutil.Process) -> bool:
    """Whether it is there and not merely waiting to be reaped, which only the program that started it can do."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def free_port(*avoid: int) -> int:
    """A loopback port nobody listens on, below the range from which outgoing connections get theirs.

    A port in that range could be taken any moment, and a client that waits for the server there can even end up
    connected to itself.
    """
    for port in random.sample(range(20_000, 32_000), 1_000):
        if port not in avoid and not taken(port):
            return port
    raise Fault("No free port was found on loopback between 20000 and 32000; stop some of the programs that listen.")


def taken(port: int) -> bool:
    """Whether binding the loopback port fails."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # else the last server's closed connections count
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def tail(log: Path, lines: int = 20) -> str:
    """The last lines of a log, indented."""
    try:
        text = log.read_text("utf-8", errors="replace")
    except OSError as error:
        return f"  ({log}: {error.strerror})"
    return "\n".join("  " + line for line in text.splitlines()[-lines:])


def remembered(note: Path) -> dict[str, int]:
    """The numbers in a note written by `remember`; none if it is missing or damaged."""
    try:
        content = json.loads(note.read_text("utf-8"))
        return {str(key): int(value) for key, value in content.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def remember(note: Path, numbers: Mapping[str, int]) -> None:
    """Write a note so that it is there whole or not at all."""
    part = note.with_name(note.name + ".part")
    part.write_text(json.dumps(dict(numbers)) + "\n", "utf-8")
    part.replace(note)
