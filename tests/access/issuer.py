"""An issuer of tokens: its keys, where it publishes them, and tokens of every good and bad kind."""

import json
import threading
import time
from base64 import urlsafe_b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

NAME, AUDIENCE = "https://issuer.example", "credit"
_KINDS = {
    "RS256": (lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048), RSAAlgorithm),
    "ES256": (lambda: ec.generate_private_key(ec.SECP256R1()), ECAlgorithm),
    "EdDSA": (ed25519.Ed25519PrivateKey.generate, OKPAlgorithm),
}


class SigningKey:
    """A key of the issuer, and how it is published."""

    def __init__(self, kid: str, algorithm: str = "EdDSA", private=None) -> None:
        generate, self._kind = _KINDS[algorithm]
        self.kid, self.algorithm, self.private = kid, algorithm, private or generate()

    def published(self, **more) -> dict:
        return {**self._kind.to_jwk(self.private.public_key(), as_dict=True), "kid": self.kid, **more}


class In(int):
    """So many seconds from now."""


def claims(**changed) -> dict:
    """Those of a good token; a value of ... leaves one out."""
    now = int(time.time())
    good = {
        "iss": NAME, "aud": AUDIENCE, "sub": "li@bank", "iat": now, "exp": now + 300,
        "role": "officer", "scope": "accounts:read payments:write",
    }  # fmt: skip
    said = {name: now + value if isinstance(value, In) else value for name, value in (good | changed).items()}
    return {name: value for name, value in said.items() if value is not ...}


def token(key: SigningKey, headers: dict | None = None, **changed) -> str:
    header = {"kid": key.kid, "typ": "at+jwt"} | (headers or {})
    return jwt.encode(claims(**changed), key.private, key.algorithm, headers=header)


def raw(header: dict, payload: dict, signature: bytes = b"") -> str:
    """A token as nobody's library would make it."""
    parts = [json.dumps(each).encode() for each in (header, payload)]
    return ".".join(urlsafe_b64encode(each).rstrip(b"=").decode() for each in (*parts, signature))


class Publisher:
    """Serves what is to be published, and counts how often it was asked."""

    def __init__(self) -> None:
        self.body, self.status, self.asked = b'{"keys": []}', 200, 0
        publisher = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                publisher.asked += 1
                self.send_response(publisher.status)
                self.send_header("Location", publisher.url)
                self.end_headers()
                self.wfile.write(publisher.body)

            def log_message(self, *_) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/jwks.json"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def publish(self, *keys: SigningKey | dict) -> None:
        published = [each if isinstance(each, dict) else each.published() for each in keys]
        self.body = json.dumps({"keys": published}).encode()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
