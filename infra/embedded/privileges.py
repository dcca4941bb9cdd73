"""PostgreSQL refuses to run as root, so in containers it needs another identity; this finds one.

First choice is a user namespace: the server sees itself as `nobody` while its files stay ours, so nothing must be
copied or given away. Where those are forbidden, root really becomes `postgres` or `nobody`.
"""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from infra.faults import Fault


@dataclass(frozen=True)
class Identity:
    """Under which identity the server runs, and why."""

    why: str
    prefix: tuple[str, ...] = ()
    """Words put before the command."""

    uid: int | None = None
    gid: int | None = None
    """The identity to become; both None: stay as we are."""

    @property
    def owner(self) -> int:
        """The uid that must own the data."""
        return os.geteuid() if self.uid is None else self.uid

    def reaches(self, path: Path) -> bool:
        """Whether a process of this identity may walk to the path."""
        if self.uid is None:
            return True
        test = ["test", "-x", str(path)]
        return (
            subprocess.run(test, user=self.uid, group=self.gid, extra_groups=[], cwd="/", check=False).returncode == 0
        )


@cache
def identity() -> Identity:
    """The identity for PostgreSQL on this machine; raises `Fault` when there is none."""
    nameless = _nameless()
    if os.geteuid() != 0 and not nameless:
        return Identity("an ordinary user")
    who = "a user without a name" if nameless else "root"
    nobody = _first_user("nobody", "postgres")
    if nobody:
        prefix = ("unshare", "--user", f"--map-user={nobody.pw_uid}", f"--map-group={nobody.pw_gid}", "--")
        if _works(*prefix, "true"):
            return Identity(f"{who}, seen by the server as {nobody.pw_name} in a user namespace", prefix)
    other = _first_user("postgres", "nobody")
    if nameless or other is None:
        raise Fault(
            f"PostgreSQL cannot run here as {who}: run this as an ordinary user, or set CREDIT_DATABASE_URL to a "
            f"database that runs elsewhere."
        )
    return Identity(f"root, so the server runs as {other.pw_name}", (), other.pw_uid, other.pw_gid)


def give(folder: Path, owner: Identity) -> None:
    """Make everything in the folder belong to the identity, if it does not yet; only root can change that."""
    if folder.stat().st_uid == owner.owner or os.geteuid() != 0:
        return
    group = -1 if owner.gid is None else owner.gid
    for path in (folder, *folder.rglob("*")):
        os.chown(path, owner.owner, group, follow_symlinks=False)


def _nameless() -> bool:
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        return True
    return False


def _first_user(*names: str) -> pwd.struct_passwd | None:
    for name in names:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


def _works(*command: str) -> bool:
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
