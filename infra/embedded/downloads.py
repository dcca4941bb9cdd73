"""The broker's jars: fetched once from Maven Central, checked against a lock, kept in the cache."""

import fcntl
import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.faults import Fault
from infra.settings import Settings

KAFKA_VERSION = "4.4.0"
LOCK = Path(__file__).with_name(f"kafka-{KAFKA_VERSION}.lock")


@dataclass(frozen=True)
class Jar:
    """One line of the lock: `group:artifact:version sha256:HEX BYTES`."""

    group: str
    artifact: str
    version: str
    sha256: str
    size: int

    @property
    def file(self) -> str:
        """Its file name, as Maven gives it."""
        return f"{self.artifact}-{self.version}.jar"

    def is_at(self, path: Path) -> bool:
        """Whether the file is there, whole and unaltered."""
        try:
            return path.stat().st_size == self.size and hashlib.sha256(path.read_bytes()).hexdigest() == self.sha256
        except OSError:
            return False


def locked(lock: Path = LOCK) -> list[Jar]:
    """The jars that the lock names."""
    jars = []
    for line in lock.read_text("ascii").splitlines():
        coordinate, digest, size = line.split()
        group, artifact, version = coordinate.split(":")
        jars.append(Jar(group, artifact, version, digest.removeprefix("sha256:"), int(size)))
    return jars


def folder(settings: Settings) -> Path:
    """Where the jars are kept."""
    return settings.cache_dir / f"kafka-{KAFKA_VERSION}"


def missing(settings: Settings, lock: Path = LOCK) -> list[Jar]:
    """The jars that are not in the cache as the lock has them; each is read and hashed, 45 MB in all."""
    return [jar for jar in locked(lock) if not jar.is_at(folder(settings) / jar.file)]


def fetch(settings: Settings, report: Callable[[str], None] = lambda _: None, lock: Path = LOCK) -> Path:
    """Make the cache hold exactly what the lock names, and return its folder.

    `report` is told once, and only if something must be fetched. A file that is not the locked one is never kept.
    Raises `Fault` when a jar cannot be had or is not the one in the lock.
    """
    target = folder(settings)
    if not missing(settings, lock):
        return target
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Fault(f"The cache {target} cannot be written ({error.strerror}); set CREDIT_CACHE_DIR.") from None
    with _alone(target / ".lock"):
        wanted = missing(settings, lock)  # another program may have fetched them while this one waited
        if not wanted:
            return target
        report(f"fetching {len(wanted)} jars of Kafka, {sum(jar.size for jar in wanted) / 1e6:.0f} MB")
        for left in target.glob(".fetching-*"):  # by a fetch that was killed
            shutil.rmtree(left)
        repository = Path(tempfile.mkdtemp(prefix=".fetching-", dir=target))
        try:
            with ThreadPoolExecutor(2) as pool:  # more only wait for each other
                list(pool.map(lambda jar: _fetch_one(jar, target, repository, settings.maven_repository), wanted))
        finally:
            shutil.rmtree(repository, ignore_errors=True)
    return target


def _fetch_one(jar: Jar, target: Path, repository: Path, mirror: str | None) -> None:
    from jgo.maven import MavenContext  # 0.1 s, needed once in the life of a cache

    remote = {"mirror": mirror} if mirror else None
    # A repository of our own: jgo would take any file it finds in the user's, whole or not, for the right one.
    maven = MavenContext(repo_cache=repository, local_repos=[], remote_repos=remote, timeout=60)
    try:
        path = Path(maven.project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve())
    except (OSError, RuntimeError) as error:  # requests' errors are OSErrors; jgo says RuntimeError for "not found"
        raise Fault(
            f"{jar.file} could not be fetched from Maven Central ({type(error).__name__}): check the network or the "
            f"proxy, or name a mirror with CREDIT_MAVEN_REPOSITORY, and try again."
        ) from error
    if not jar.is_at(path):
        path.unlink()
        raise Fault(
            f"{jar.file} was refused: what was downloaded is not what {LOCK.name} names (checksum mismatch); "
            f"try again, and distrust the network or the mirror if it happens twice."
        )
    part = target / f"{jar.file}.part"
    shutil.copyfile(path, part)
    part.replace(target / jar.file)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Wait until no other program holds the lock file, then hold it."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
