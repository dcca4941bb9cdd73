"""What can be set from outside, by environment variables that begin with `CREDIT_`."""

import os
import re
from base64 import b64decode
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Self

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from pydantic import AfterValidator, Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from infra.faults import Fault

_MASTER_KEY_BYTES = 32


def _postgres_url(value: str) -> str:
    """Never quotes what it does not understand: that may be a part of the password."""
    if not value.startswith(("postgresql://", "postgres://")):
        raise ValueError("it must look like postgresql://user:password@host:5432/database")
    encoded = "write @ / ? # % in its user and password as %40 %2F %3F %23 %25"
    login, _, rest = value.partition("://")[2].partition("/")
    try:
        ports = str(conninfo_to_dict(value).get("port") or "").split(",")  # several hosts may have one each
    except ProgrammingError:
        raise ValueError(f"it cannot be read; {encoded}") from None
    if login.count("@") > 1 or "@" in rest:
        raise ValueError(f"it has an @ too many; {encoded}")
    if not all(port == "" or _is_port(port) for port in ports):
        raise ValueError(f"its port must be a number from 1 to 65535; {encoded}")
    return value


def _is_port(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9]{1,5}", text)) and 1 <= int(text) <= 65_535


def _absolute(value: Path) -> Path:
    return value.expanduser().absolute()


def _servers(value: str) -> str:
    if not re.fullmatch(r"[^\s,:]+:\d+(,[^\s,:]+:\d+)*", value):
        raise ValueError("it must look like host:9092, or several of these with commas")
    if not all(_is_port(server.rpartition(":")[2]) for server in value.split(",")):
        raise ValueError("a port must be a number from 1 to 65535")
    return value


def _jwks(value: str) -> str:
    """Keys that somebody on the way could exchange would let in whomever they please."""
    if "://" not in value:
        return str(Path(value).expanduser().absolute())
    if not re.match(r"(https://[^/@\s]+|http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?)(/|$)", value):
        raise ValueError("it must be a file, or an https URL without a password; http only on this machine")
    return value


def _traces(value: str) -> str | None:
    if value == "off":
        return None
    if not re.fullmatch(r"file:.+|https?://[^\s/]+(/\S*)?", value):
        raise ValueError("it must be file:/path/to/traces.jsonl, http://collector:4318, or off")
    return value


def _master_keys(value: str) -> str:
    """Never quotes it."""
    try:
        lengths = {len(b64decode(key, validate=True)) for key in value.split(",")}
    except ValueError:
        lengths = set()
    if lengths != {_MASTER_KEY_BYTES}:
        raise ValueError("it must be 32 bytes in Base64, as `openssl rand -base64 32` prints them; several with commas")
    return value


PostgresUrl = Annotated[str, AfterValidator(_postgres_url)]
_RATE = r"(service|person|stranger)=[1-9][0-9]{0,8}/(second|minute|hour)"


def _rates(value: str) -> str:
    if value not in {"", "0"} and not re.fullmatch(f"{_RATE}(,{_RATE})*", value):
        raise ValueError("it must look like service=60000/minute,person=600/minute,stranger=60/minute, or be 0")
    return value


RateLimit = Annotated[str, AfterValidator(_rates)]
Folder = Annotated[Path, AfterValidator(_absolute)]


def _default_cache() -> Path:
    """`credit-account` in the user's cache, or beside the data where there is no home or it cannot be written."""
    try:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute()
        base.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return _default_data() / "cache"
    if not os.access(base, os.W_OK | os.X_OK):
        return _default_data() / "cache"
    return base / "credit-account"


def _default_data() -> Path:
    """`.data` in the checkout, so that two clones share nothing; installed as a wheel, in the working directory."""
    checkout = Path(__file__).resolve().parent.parent
    return (checkout if (checkout / "pyproject.toml").exists() else Path.cwd()) / ".data"


class Settings(BaseSettings):
    """The settings of one process; every field is the environment variable `CREDIT_` and its name in capitals.

    The URLs are left out of its printed form, because they hold passwords.
    """

    model_config = SettingsConfigDict(env_prefix="CREDIT_", env_ignore_empty=True, frozen=True, extra="ignore")

    database_url: PostgresUrl | None = Field(None, repr=False)
    """The owner's URL of an existing PostgreSQL database; without it an embedded server is started."""

    writer_url: PostgresUrl | None = Field(None, repr=False)
    """The URL of the role that appends events; without it derived from the owner's, as are the next four."""

    relay_url: PostgresUrl | None = Field(None, repr=False)
    """The URL of the role that reads the store for Kafka."""

    views_url: PostgresUrl | None = Field(None, repr=False)
    """The URL of the role that writes the read models."""

    reader_url: PostgresUrl | None = Field(None, repr=False)
    """The URL of the role that only reads the read models."""

    access_url: PostgresUrl | None = Field(None, repr=False)
    """The URL of the role that keeps who may do what over HTTP, and what was asked."""

    oauth_issuer: Annotated[str | None, Field(max_length=1_000)] = None
    """The `iss` of the access tokens that are taken beside API keys; set all three of these or none."""

    oauth_audience: Annotated[str | None, Field(max_length=1_000)] = None
    """The `aud` by which tokens say that they are for this service."""

    oauth_jwks: Annotated[str | None, Field(validate_default=True)] = None
    """Where the issuer's public keys are: the https URL or the file of a JSON Web Key Set."""

    rate_limit: RateLimit = ""
    """How much each may ask of one HTTP process, where it is not `service=60000/minute,person=600/minute,stranger=60/minute`:
    so much at once, and as much again in that time. `0`: any amount.

    Services are counted by their name, as are persons, which is everybody else; strangers, whom nobody knows by what they
    send, by their address.
    """

    always_https: bool = False
    """Whether the HTTP API is never reached but through a proxy that speaks HTTPS: browsers are told to remember that."""

    vault_url: PostgresUrl | None = Field(None, repr=False)
    """The URL of the role that keeps personal data."""

    vault_key: Annotated[str, AfterValidator(_master_keys)] | None = Field(None, repr=False)
    """The master key of personal data: 32 bytes in Base64. Without it one is made in the data folder.

    Several with commas: the first is the one that `credit vault rotate` seals with, the others open what is older.
    """

    sandbox: bool = False
    """Whether requests over HTTP may say what time it is, to try out months in minutes; never where money is real."""

    kafka_bootstrap_servers: Annotated[str, AfterValidator(_servers)] | None = None
    """`host:port`, several with commas, of an existing Kafka; without it an embedded broker is started."""

    topic_prefix: Annotated[str, Field(pattern=r"^[a-zA-Z0-9._-]*$", max_length=100)] = ""
    """Put before every topic's name, so that several installations can share one Kafka."""

    database_name: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,62}$")] = "credit"
    """The database inside the embedded server."""

    cache_dir: Folder = Field(default_factory=_default_cache)
    """Where downloads are kept; may be shared by many installations."""

    data_dir: Folder = Field(default_factory=_default_data)
    """Where the embedded servers keep their data, ports, passwords and logs; never shared."""

    pg_bin: Folder | None = None
    """The folder of the PostgreSQL binaries to use (`initdb`, `postgres`) instead of the ones that are found."""

    maven_repository: Annotated[str, Field(pattern=r"^https?://")] | None = None
    """A mirror of Maven Central to fetch the broker's jars from."""

    traces: Annotated[str | None, AfterValidator(lambda value: value and _traces(value))] = None
    """Where traces are told: `file:` and a path, for lines of OTLP JSON; the URL of an OTLP collector; or `off`."""

    traces_share: Annotated[Decimal, Field(ge=0, le=1)] = Decimal(1)
    """The share of traces that is told where whoever asks has not decided that."""

    logs: Literal["json", "text"] | None = None
    """How log lines are written; without it as text on a terminal, else as JSON."""

    drain_seconds: Annotated[int, Field(ge=0, le=300)] = 0
    """How long a stopping HTTP process goes on listening, unready, so that whoever deals out requests can see it."""

    @field_validator("oauth_jwks")
    @classmethod
    def _whole_issuer(cls, value: str | None, info: ValidationInfo) -> str | None:
        named = [info.data.get(name) for name in ("oauth_issuer", "oauth_audience")] + [value]
        if None in named and any(named):
            raise ValueError("set CREDIT_OAUTH_ISSUER, CREDIT_OAUTH_AUDIENCE and CREDIT_OAUTH_JWKS, or none of them")
        return value and _jwks(value)

    @classmethod
    def load(cls) -> Self:
        """Read the environment; raises `Fault` naming the variable that cannot be used and why."""
        try:
            return cls()
        except ValidationError as error:
            first = error.errors()[0]
            name = "CREDIT_" + str(first["loc"][0]).upper()
            why = str(first["msg"]).removeprefix("Value error, ")
            raise Fault(f"{name} cannot be used: {why[:1].lower()}{why[1:]}; correct it or unset it.") from None
