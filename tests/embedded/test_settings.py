"""Settings come from the environment, and a wrong one is named."""

import os

import pytest

from infra.faults import Fault
from infra.settings import Settings


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch):
    for name in [name for name in os.environ if name.startswith("CREDIT_")]:
        monkeypatch.delenv(name)


def test_nothing_needs_to_be_set():
    settings = Settings.load()
    assert settings.database_url is None
    assert settings.kafka_bootstrap_servers is None
    assert settings.data_dir.name == ".data"
    assert settings.database_name == "credit"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CREDIT_DATABASE_URL", "mysql://localhost/credit"),
        ("CREDIT_DATABASE_URL", "postgresql://owner:hunter2@localhost:abc/credit"),
        ("CREDIT_DATABASE_URL", "postgresql://owner:hunter2@localhost:65536/credit"),
        ("CREDIT_DATABASE_URL", "postgresql://owner:hunter2@localhost/credit?port=abc"),
        ("CREDIT_DATABASE_URL", "postgresql://owner:hunter2%zz@localhost/credit"),
        ("CREDIT_DATABASE_URL", "postgresql://owner:hunter2/@localhost/credit"),
        ("CREDIT_DATABASE_URL", "postgresql://owner:5/hunter2@localhost/credit"),
        ("CREDIT_DATABASE_URL", "postgresql://owner:5@hunter2@localhost/credit"),
        ("CREDIT_READER_URL", "localhost:5432"),
        ("CREDIT_KAFKA_BOOTSTRAP_SERVERS", "localhost"),
        ("CREDIT_KAFKA_BOOTSTRAP_SERVERS", "one:9092, two:9092"),
        ("CREDIT_KAFKA_BOOTSTRAP_SERVERS", "one:65536"),
        ("CREDIT_TOPIC_PREFIX", "no spaces"),
        ("CREDIT_DATABASE_NAME", 'quote"d'),
        ("CREDIT_MAVEN_REPOSITORY", "ftp://mirror"),
        ("CREDIT_OAUTH_JWKS", "https://issuer.example/jwks.json"),
        ("CREDIT_RATE_LIMIT", "600/minute"),
        ("CREDIT_RATE_LIMIT", "person=600/day"),
        ("CREDIT_RATE_LIMIT", "person=0/minute"),
    ],
)
def test_a_value_that_cannot_be_used_is_one_sentence_naming_the_variable(monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    with pytest.raises(Fault, match=f"^{variable} cannot be used: [^\n]+; correct it or unset it\\.$") as fault:
        Settings.load()
    assert "hunter2" not in str(fault.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://owner:hunter%402@localhost/credit",
        "postgres://owner@one:5432,two/credit",
        "postgresql://owner@[::1]:5432/credit",
        "postgresql:///credit?host=/tmp",
    ],
)
def test_whatever_the_driver_takes_is_a_url(monkeypatch, url):
    monkeypatch.setenv("CREDIT_DATABASE_URL", url)
    assert Settings.load().database_url == url


def test_an_empty_variable_counts_as_unset(monkeypatch):
    monkeypatch.setenv("CREDIT_DATABASE_URL", "")
    assert Settings.load().database_url is None


def test_passwords_are_not_printed(monkeypatch):
    monkeypatch.setenv("CREDIT_DATABASE_URL", "postgresql://owner:hunter2@localhost/credit")
    assert "hunter2" not in repr(Settings.load())


def test_folders_are_absolute_and_know_the_home(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CREDIT_DATA_DIR", "~/data")
    monkeypatch.setenv("CREDIT_CACHE_DIR", "cache")
    settings = Settings.load()
    assert settings.data_dir == tmp_path / "data"
    assert settings.cache_dir == settings.cache_dir.absolute()


def test_the_cache_is_the_users(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert Settings.load().cache_dir == tmp_path / "xdg" / "credit-account"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Settings.load().cache_dir == tmp_path / ".cache" / "credit-account"


def test_without_a_usable_home_the_cache_is_beside_the_data(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "file"))
    settings = Settings.load()
    assert settings.cache_dir == settings.data_dir / "cache"


def issuer(monkeypatch, place):
    monkeypatch.setenv("CREDIT_OAUTH_ISSUER", "https://issuer.example")
    monkeypatch.setenv("CREDIT_OAUTH_AUDIENCE", "credit")
    monkeypatch.setenv("CREDIT_OAUTH_JWKS", place)


@pytest.mark.parametrize(
    "place",
    ["https://issuer.example/jwks.json", "http://localhost:8000/jwks", "http://127.0.0.1/jwks", "/etc/jwks.json"],
)
def test_the_keys_of_an_issuer_may_be_anywhere_safe(monkeypatch, place):
    issuer(monkeypatch, place)
    assert Settings.load().oauth_jwks == place


@pytest.mark.parametrize(
    "place",
    [
        "http://issuer.example/jwks.json",
        "http://localhost.evil.example/",
        "https://me:hunter2@issuer.example/",
        "ftp://x/",
    ],
)
def test_keys_that_somebody_on_the_way_could_exchange_are_not_taken(monkeypatch, place):
    issuer(monkeypatch, place)
    with pytest.raises(Fault, match=r"^CREDIT_OAUTH_JWKS cannot be used: it must be a file, or an https URL") as fault:
        Settings.load()
    assert "hunter2" not in str(fault.value)


def test_half_an_issuer_is_none(monkeypatch):
    issuer(monkeypatch, "")
    with pytest.raises(
        Fault, match=r"^CREDIT_OAUTH_JWKS cannot be used: set CREDIT_OAUTH_ISSUER, CREDIT_OAUTH_AUDIENCE"
    ):
        Settings.load()
