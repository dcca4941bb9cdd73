"""The jars are exactly the locked ones, or there are none."""

import hashlib
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from infra.embedded import downloads
from infra.faults import Fault
from infra.settings import Settings

CONTENT = b"the jar that was locked"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *words):
        pass


@pytest.fixture
def mirror(tmp_path):
    """A Maven repository of one jar, served from this machine: its URL and the jar's path in it."""
    jar = tmp_path / "mirror" / "org" / "example" / "thing" / "1.0" / "thing-1.0.jar"
    jar.parent.mkdir(parents=True)
    jar.write_bytes(CONTENT)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path / "mirror")) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", jar
        server.shutdown()
        thread.join()


@pytest.fixture
def lock(tmp_path):
    path = tmp_path / "small.lock"
    path.write_text(f"org.example:thing:1.0 sha256:{hashlib.sha256(CONTENT).hexdigest()} {len(CONTENT)}\n")
    return path


@pytest.fixture
def settings(tmp_path, mirror):
    return Settings(cache_dir=tmp_path / "cache", data_dir=tmp_path / "data", maven_repository=mirror[0])


def test_what_is_fetched_is_kept_and_not_fetched_twice(settings, lock, mirror):
    told = []
    folder = downloads.fetch(settings, told.append, lock)
    assert (folder / "thing-1.0.jar").read_bytes() == CONTENT
    mirror[1].unlink()
    assert downloads.fetch(settings, told.append, lock) == folder
    assert len(told) == 1
    assert sorted(path.name for path in folder.iterdir()) == [".lock", "thing-1.0.jar"]


@pytest.mark.parametrize("content", [CONTENT.upper(), CONTENT[:-1], b""], ids=["altered", "cut short", "empty"])
def test_a_download_that_is_not_the_locked_one_is_refused_and_not_kept(settings, lock, mirror, content):
    mirror[1].write_bytes(content)
    with pytest.raises(Fault, match=r"thing-1\.0\.jar was refused.*checksum mismatch"):
        downloads.fetch(settings, lock=lock)
    assert [path.name for path in downloads.folder(settings).iterdir()] == [".lock"]


def test_a_jar_damaged_in_the_cache_is_fetched_again(settings, lock):
    jar = downloads.fetch(settings, lock=lock) / "thing-1.0.jar"
    jar.write_bytes(CONTENT.swapcase())
    assert downloads.missing(settings, lock)
    downloads.fetch(settings, lock=lock)
    assert jar.read_bytes() == CONTENT


def test_a_missing_jar_says_what_to_do(settings, lock, mirror):
    mirror[1].unlink()
    with pytest.raises(Fault, match=r"thing-1\.0\.jar could not be fetched.*CREDIT_MAVEN_REPOSITORY"):
        downloads.fetch(settings, lock=lock)


def test_an_unreachable_repository_says_what_to_do(settings, lock):
    nowhere = settings.model_copy(update={"maven_repository": "http://127.0.0.1:1"})
    with pytest.raises(Fault, match=r"could not be fetched.*ConnectionError.*check the network"):
        downloads.fetch(nowhere, lock=lock)


def test_a_cache_that_cannot_be_written_names_the_variable(settings, lock, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(Fault, match="set CREDIT_CACHE_DIR"):
        downloads.fetch(settings.model_copy(update={"cache_dir": tmp_path / "file"}), lock=lock)


def test_the_lock_names_one_broker_and_the_logger_that_fits_it():
    versions = {(jar.group, jar.artifact): jar.version for jar in downloads.locked()}
    kafka = {version for (group, _), version in versions.items() if group == "org.apache.kafka"}
    assert kafka == {downloads.KAFKA_VERSION}
    assert ("org.apache.logging.log4j", "log4j-slf4j-impl") in versions
    assert versions["org.slf4j", "slf4j-api"].startswith("1.7."), "log4j-slf4j-impl binds slf4j 1, not 2"
