"""Log lines of the running programs: one JSON object a line, with what is bound to the request; or text for people.

Nobody's name, no body, no token and no secret is ever logged, so nothing is logged but what is named here or given by
hand: ids, codes, durations. Of an exception the kind and the place are told, seldom the words: drivers and validators
quote what they were given.
"""

import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from traceback import extract_tb
from typing import Any, Literal

import psycopg
import structlog
from psycopg_pool import PoolTimeout
from pydantic_core import to_json
from structlog.contextvars import bind_contextvars, clear_contextvars
from structlog.typing import EventDict, Processor, WrappedLogger

from infra.settings import Settings

__all__ = ["LOG", "begin", "bind_contextvars", "clear_contextvars"]

LOG: Any = structlog.get_logger()
_WORDS = 300  # characters kept of what an exception says
_TELLING = (OSError, psycopg.OperationalError, PoolTimeout)
_OURS = ("domain.", "projections.", "consumers.", "infra.")
Form = Literal["json", "text"]


def begin(settings: Settings, program: str) -> None:
    """Write log lines to standard output from now on, those of libraries included."""
    form: Form = settings.logs or ("text" if sys.stdout.isatty() else "json")
    told: list[Processor] = [structlog.contextvars.merge_contextvars, structlog.processors.add_log_level, _failure]
    told += [_as_text] if form == "text" else [_said_by(program), structlog.processors.TimeStamper("iso", utc=True)]
    render: Processor = _words if form == "text" else structlog.processors.JSONRenderer(serializer=_json)
    structlog.configure(
        processors=[*told, render],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.BytesLoggerFactory() if form == "json" else structlog.WriteLoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=told,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _text_of(render)],
            keep_exc_info=False,
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    # Each request is told of once already, by `infra.http.seen`.
    logging.getLogger("uvicorn.access").disabled = True


def failure(error: BaseException) -> dict[str, Any]:
    """What may be told of an exception: its kind and where it arose, and its words where those quote nobody's input."""
    frames = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in extract_tb(error.__traceback__)]
    told: dict[str, Any] = {"error": type(error).__name__, "frames": frames}
    said = str(error).strip()
    if said and (isinstance(error, _TELLING) or type(error).__module__.startswith(_OURS)):
        told["words"] = said.splitlines()[0][:_WORDS]  # PostgreSQL quotes rows from the second line on
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return told if cause is None else told | {"cause": failure(cause)}


def _failure(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    given = event.pop("exc_info", None)
    if given is True:
        given = sys.exc_info()
    error = given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event["failure"] = failure(error)
    return event


def _said_by(program: str) -> Processor:
    def add(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {"program": program, "pid": os.getpid(), **event}

    return add


def _as_text(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    if event.get("level") == "info":
        del event["level"]
    return event


def _json(event: Mapping[str, Any], **_: Any) -> bytes:
    return to_json({name: value for name, value in event.items() if value is not None}, fallback=str)


def _words(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """The event and then what is known beside it; on one line, whatever was said."""
    said = " ".join(str(event.pop("event", "")).split())
    more = (f"{name}={' '.join(str(value).split())}" for name, value in event.items() if value is not None)
    return " ".join([said, *more])


def _text_of(render: Processor) -> Processor:
    def rendered(logger: WrappedLogger, method: str, event: EventDict) -> str:
        line = render(logger, method, event)
        return line.decode() if isinstance(line, bytes) else str(line)

    return rendered
