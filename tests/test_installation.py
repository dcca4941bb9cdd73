"""Which installation a command works on: what is named, else what was lived last."""

import sys
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from infra import installation
from infra.cli import main
from infra.cli.table import write_table
from infra.faults import Fault
from infra.installation import Installation, install_beside, look_at
from infra.portfolio.export import HEADER, StatementRow
from infra.settings import Settings

NOBODY = str(UUID(int=0))
ROW = StatementRow("1", "2005-04", "0", "0", "0", "20000", 0)


@pytest.fixture
def there(monkeypatch, tmp_path):
    for name in (
        "CREDIT_DATABASE_URL",
        "CREDIT_KAFKA_BOOTSTRAP_SERVERS",
        "CREDIT_TOPIC_PREFIX",
        "CREDIT_DATABASE_NAME",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CREDIT_DATA_DIR", str(tmp_path))
    url = "postgresql://credit@127.0.0.1:5432/credit_demo"
    return Installation(*[url] * 7, "127.0.0.1:9092", "demo.")


def test_what_was_lived_last_is_remembered_until_it_is_forgotten(there):
    assert look_at(there)
    assert installation._remembered(Settings.load()) == {"database": "credit_demo", "topic_prefix": "demo."}
    look_at(None)
    assert installation._remembered(Settings.load()) is None


@pytest.mark.parametrize("damage", ["", "{", "[]", "null", '{"database": "x"}'])
def test_a_damaged_note_is_no_note(there, tmp_path, damage):
    (tmp_path / "looked-at.json").write_text(damage)
    assert installation._remembered(Settings.load()) is None


def test_whoever_names_a_server_means_it(there, monkeypatch):
    monkeypatch.setenv("CREDIT_DATABASE_URL", "postgresql://credit@127.0.0.1:5432/credit")
    assert not look_at(there)


def test_a_name_that_postgresql_would_cut_is_refused(servers, monkeypatch, new_database):
    monkeypatch.setenv("CREDIT_DATABASE_URL", new_database())
    monkeypatch.setenv("CREDIT_KAFKA_BOOTSTRAP_SERVERS", servers.bootstrap_servers)
    with pytest.raises(Fault, match="more than 63 bytes"):
        install_beside("demo-" + "9" * 60)


@pytest.fixture
def bare(monkeypatch, tmp_path, new_database):
    """A database that nobody has migrated, and no Kafka at all."""
    monkeypatch.setenv("CREDIT_DATABASE_URL", new_database())
    monkeypatch.setenv("CREDIT_KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    monkeypatch.setenv("CREDIT_DATA_DIR", str(tmp_path))
    return Settings.load()


@pytest.mark.parametrize(
    "words",
    [
        ("account", "show", NOBODY),
        ("explain", NOBODY, "owed"),
        ("views", "status"),
        ("statements", "export", "--out", "/dev/null"),
        ("day", "run", "--date", "2026-02-01"),
        ("relay", "status"),
    ],
    ids=" ".join,
)
def test_a_database_that_is_not_set_up_is_told_so_without_a_kafka(bare, monkeypatch, capsys, words):
    monkeypatch.setattr(sys, "argv", ["credit", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    name = urlsplit(bare.database_url).path[1:]
    assert capsys.readouterr().err == f"credit: The database {name} is not set up yet: run `credit migrate`.\n"


def test_a_database_is_set_up_without_a_kafka(bare, monkeypatch, capsys):
    for words in (("migrate",), ("views", "status"), ("relay", "status")):
        monkeypatch.setattr(sys, "argv", ["credit", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 0, capsys.readouterr().err


def test_a_portfolio_that_is_not_there_any_more_is_said(monkeypatch, tmp_path, servers):
    there = Settings(data_dir=tmp_path, database_url=servers.database_url)
    monkeypatch.setattr(installation, "_NAMED", set())
    (tmp_path / "looked-at.json").write_text('{"database": "credit_demo_7", "topic_prefix": "demo-7."}')
    with pytest.raises(Fault, match=r"The database credit_demo_7 cannot be asked \(.* does not exist\)"):
        installation.locate(there, kafka=False)


def test_an_export_keeps_a_device_a_device_and_a_link_a_link(tmp_path):
    target, link = tmp_path / "target.csv", tmp_path / "link.csv"
    link.symlink_to(target)
    write_table(link.resolve(), HEADER, [ROW])
    assert link.is_symlink()
    assert target.read_text() == "id,month,balance,paid,refunded,limit,over_limit\n1,2005-04,0,0,0,20000,0\n"
    pipe = tmp_path / "null"
    pipe.symlink_to("/dev/null")
    write_table(pipe.resolve(), HEADER, [ROW])
    assert pipe.resolve().is_char_device()


def test_an_export_that_fails_leaves_nothing_behind(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match=r"directory"):
        write_table(tmp_path / "folder", HEADER, [ROW])
    assert list(tmp_path.iterdir()) == [tmp_path / "folder"]
