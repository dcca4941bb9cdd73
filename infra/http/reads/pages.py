"""Pages of lists: where a page ended is said by an opaque, signed cursor, so that the next one begins exactly there."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Sequence
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import urlencode

from fastapi import Request, Response
from psycopg.conninfo import conninfo_to_dict
from pydantic import BaseModel, Field
from pydantic_core import from_json, to_json

from infra.http.reads.questions import Asked

T = TypeVar("T")
LIMIT_MAX = 1_000
_MAC = 16  # bytes
_CURSOR_MAX = 512  # characters

Limit = Annotated[int, Field(ge=1, le=LIMIT_MAX, description="At most so many.", examples=[50])]


class Part(Asked):
    """Which part of a list."""

    cursor: Annotated[
        str | None, Field(max_length=_CURSOR_MAX, description="The `next` of the page before; by default the first page.")
    ] = None  # fmt: skip
    limit: Limit = 100


class Page(BaseModel, Generic[T]):
    """A part of a list, in its order."""

    data: list[T]
    has_more: Annotated[bool, Field(description="Whether there is a next page.")]
    next: Annotated[str | None, Field(description="The `cursor` of the next page; also in the header `Link`.")]


class BadCursor(Exception):  # noqa: N818 - it is said to whoever sent it
    """The cursor was not made by this service, or for another list or other filters."""


class Cursors:
    """Makes cursors and reads them. All processes of an installation read each other's.

    The secret follows from the database password that they share; who reaches a database without one needs no cursor.
    """

    def __init__(self, reader_url: str) -> None:
        password = str(conninfo_to_dict(reader_url).get("password") or "")
        self._secret = hmac.digest(password.encode(), b"cursors of lists", "sha256")

    def write(self, question: object, place: Sequence[Any]) -> str:
        """The cursor that says where a page of the answer to `question` ended."""
        said = to_json(place)
        return urlsafe_b64encode(self._mac(question, said) + said).rstrip(b"=").decode()

    def read(self, question: object, cursor: str) -> list[Any]:
        """Where the page ended. Raises BadCursor."""
        try:
            signed = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        except (Error, ValueError):
            raise BadCursor from None
        mac, said = signed[:_MAC], signed[_MAC:]
        if not hmac.compare_digest(mac, self._mac(question, said)):
            raise BadCursor
        place: list[Any] = from_json(said)
        return place

    def _mac(self, question: object, said: bytes) -> bytes:
        return hmac.digest(self._secret, to_json([question, said.decode("latin-1")]), "sha256")[:_MAC]


def link_next(request: Request, response: Response, **changed: object) -> None:
    """Name the next page in the header `Link`: this request with these parameters."""
    query = {name: str(value) for name, value in changed.items()}
    query |= {name: said for name, said in request.query_params.items() if name not in query}
    response.headers["Link"] = f'<{request.url.path}?{urlencode(query)}>; rel="next"'
