"""OAuth 2 access tokens: JWTs signed by one issuer, whose public keys are read from where the settings say.

What a token must be is decided here and not by the token: one of three signature algorithms, by a key that the issuer
publishes under the named id and that is for that algorithm. A key inside a token's own header is never looked at.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from hashlib import sha256
from http.client import HTTPException
from math import inf
from pathlib import Path
from time import monotonic
from typing import Any, Final, get_args
from urllib.error import URLError
from urllib.request import HTTPRedirectHandler, build_opener

import jwt
import structlog
from pydantic import TypeAdapter, ValidationError

from domain.commands import SYSTEM
from domain.terms import Token
from infra.access.principals import SCOPES, Known, Principal, Role, Unauthenticated

ALGORITHMS: Final = frozenset({"RS256", "ES256", "EdDSA"})
SKEW = 30  # seconds by which the issuer's clock and ours may differ
_TYPES = frozenset({"at+jwt", "application/at+jwt", "jwt"})  # RFC 9068, and what issuers from before it write
_NEEDED = ["iss", "aud", "exp", "sub"]
_FRESH = 300.0  # seconds after which the issuer's keys are read anew
_OLDEST = 3_600.0  # seconds for which they are trusted while they cannot be read
_AGAIN = 10.0  # seconds between two readings at the least, whatever unknown keys are named meanwhile
_PATIENCE = 3.0  # seconds for one reading
_BYTES_MAX = 1_000_000
_RSA_MIN = 2_048  # bits
_ROLE: TypeAdapter[Role] = TypeAdapter(Role)
_TOKEN: TypeAdapter[str] = TypeAdapter(Token)
_LOG: Any = structlog.get_logger()

_WHY: dict[type[Exception], tuple[str, str]] = {
    jwt.ExpiredSignatureError: ("token_expired", "The token has expired"),
    jwt.ImmatureSignatureError: ("token_early", "The token is not valid yet"),
    jwt.InvalidAudienceError: ("token_audience", "The token is for another audience"),
    jwt.InvalidIssuerError: ("token_issuer", "The token is of another issuer"),
    jwt.InvalidAlgorithmError: ("token_algorithm", f"A token is signed by {', '.join(sorted(ALGORITHMS))}"),
    jwt.InvalidSignatureError: ("token_signature", "The token is not signed by the key it names"),
    jwt.MissingRequiredClaimError: ("token_claims", f"A token says at least {', '.join(_NEEDED)}"),
}
_UNREADABLE = ("credentials_malformed", "That is neither a key nor a token")


class IssuerUnavailable(Exception):  # noqa: N818 - it is a condition that passes
    """The issuer's keys cannot be read, so nobody knows whether a token is good."""


class Tokens:
    """The tokens of one issuer for one audience; `place` is the path or the URL of its JSON Web Key Set (RFC 7517)."""

    def __init__(self, issuer: str, audience: str, place: str, clock: Callable[[], float] = monotonic) -> None:
        self._issuer, self._audience = issuer, audience
        self._keys = _IssuerKeys(place, clock)

    async def known(self, token: str) -> Known:
        """Whom it stands for. Raises Unauthenticated and IssuerUnavailable."""
        try:
            return Known(_principal(await self._claims(token)))
        except (jwt.PyJWTError, ArithmeticError, TypeError, ValueError) as error:
            why, said = _WHY.get(type(error), _UNREADABLE)
            raise Unauthenticated(why, said) from None  # its words may quote the token

    async def _claims(self, token: str) -> Mapping[str, Any]:
        # Of the whole token this would read all the rest as well, which is read once more below.
        header = jwt.get_unverified_header(f"{token.partition('.')[0]}..")
        if header.get("alg") not in ALGORITHMS:
            raise jwt.InvalidAlgorithmError
        if str(header.get("typ", "jwt")).lower() not in _TYPES:
            raise Unauthenticated("token_type", "Only access tokens are taken")
        key_id = header.get("kid")
        key = await self._keys.find(key_id) if key_id else None
        if key is None:
            raise Unauthenticated("token_key", "The token names no key of the issuer")
        claims: Mapping[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            audience=self._audience,
            issuer=self._issuer,
            leeway=SKEW,
            options={"require": _NEEDED},
        )
        return claims


def _principal(claims: Mapping[str, Any]) -> Principal:
    """Whom claims stand for: `sub` who, `role` as what, `scope` what they may, `customer_id` whose things they see."""
    scope = claims.get("scope", "")
    scopes = scope.split() if isinstance(scope, str) else scope
    if not isinstance(scopes, list) or not all(isinstance(each, str) for each in scopes):
        raise _unusable("scope is names with spaces between them")
    try:
        role = _ROLE.validate_python(claims.get("role"))
    except ValidationError:
        raise _unusable(f"role is one of {', '.join(get_args(Role))}") from None
    customer_id = claims.get("customer_id")
    if customer_id is not None and not (_is_token(customer_id) and role in {"customer", "service"}):
        raise _unusable("customer_id is the id of a customer, for role customer or service")
    if role == "customer" and customer_id is None:
        raise _unusable("customer_id is needed in role customer")
    return Principal(_id_of(claims["sub"]), role, SCOPES & frozenset(scopes), customer_id)


def _unusable(said: str) -> Unauthenticated:
    return Unauthenticated("token_claims", f"A claim of the token cannot be used: {said}")


def _id_of(subject: str) -> str:
    """Its id among us: the subject itself where that can be one, or what stands for it."""
    usable = _is_token(subject) and subject != SYSTEM.id
    return subject if usable else f"sub-{sha256(subject.encode()).hexdigest()[:40]}"


def _is_token(text: object) -> bool:
    try:
        _TOKEN.validate_python(text, strict=True)
    except ValidationError:
        return False
    return True


class _IssuerKeys:
    """The issuer's keys by their ids, read anew from time to time, and where one is named that is not known yet."""

    def __init__(self, place: str, clock: Callable[[], float]) -> None:
        self._place, self._clock = place, clock
        self._keys: dict[str, jwt.PyJWK] = {}
        self._read_at = self._tried_at = -inf
        self._lock = asyncio.Lock()
        self._behind: asyncio.Task[None] | None = None

    async def find(self, key_id: str) -> jwt.PyJWK | None:
        age = self._clock() - self._read_at
        if age > _OLDEST or key_id not in self._keys:
            await self._read()
        elif age > _FRESH and self._due():
            self._behind = asyncio.create_task(self._read(), name="issuer's keys")  # nobody waits for that
        if self._clock() - self._read_at > _OLDEST:
            raise IssuerUnavailable
        return self._keys.get(key_id)

    def _due(self) -> bool:
        return self._clock() - self._tried_at >= _AGAIN

    async def _read(self) -> None:
        async with self._lock:
            if not self._due():
                return
            self._tried_at = self._clock()
            try:
                self._keys = _usable(await asyncio.to_thread(_fetch, self._place))
            except (OSError, HTTPException, ValueError, jwt.PyJWTError) as error:
                _LOG.warning("issuer_keys_unread", kind=type(error).__name__)
            else:
                self._read_at = self._clock()


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """The issuer is where the settings say, and nowhere else."""


def _fetch(place: str) -> bytes:
    if "://" not in place:
        return Path(place).read_bytes()
    with build_opener(_NoRedirect).open(place, timeout=_PATIENCE) as response:
        read: bytes = response.read(_BYTES_MAX + 1)
    if len(read) > _BYTES_MAX:
        raise URLError("too long")
    return read


def _usable(document: bytes) -> dict[str, jwt.PyJWK]:
    """Those that may sign a token. Raises PyJWTError and ValueError where it is no set of keys."""
    read = json.loads(document)
    if not isinstance(read, dict):
        raise jwt.PyJWKSetError("not an object")
    return {
        key.key_id: key
        for key in jwt.PyJWKSet.from_dict(read).keys
        if key.key_id
        and key.algorithm_name in ALGORITHMS
        and key.public_key_use in {None, "sig"}
        and (key.key_type != "RSA" or key.key.key_size >= _RSA_MIN)
    }
