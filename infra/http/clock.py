"""What time it is for a request: now; in a sandbox, whenever the request says."""

from collections.abc import Callable
from datetime import UTC, datetime

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import AwareDatetime, TypeAdapter, ValidationError

from infra.settings import Settings

HEADER = "Sandbox-Time"
_INSTANT: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)
Clock = Callable[[Request], datetime]


def clock(settings: Settings) -> Clock:
    """The clock of requests. Raises RequestValidationError where one names a time that it may not, or that is none."""
    return _of_the_sandbox if settings.sandbox else _of_the_world


def _of_the_world(request: Request) -> datetime:
    if HEADER in request.headers:
        raise _refusal("only a sandbox takes it (CREDIT_SANDBOX=1); leave it out")
    return datetime.now(UTC)


def _of_the_sandbox(request: Request) -> datetime:
    said = request.headers.get(HEADER)
    if said is None:
        return datetime.now(UTC)
    try:
        return _INSTANT.validate_strings(said, strict=True).astimezone(UTC)
    except (ValidationError, OverflowError):
        raise _refusal("it must be an instant such as 2026-02-10T12:00:00+08:00") from None


def _refusal(message: str) -> RequestValidationError:
    return RequestValidationError([{"loc": ("header", HEADER), "msg": message}])
