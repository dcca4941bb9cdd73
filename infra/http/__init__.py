"""The HTTP interface: what the read models know, as JSON, on loopback. It only reads."""

from infra.http.app import create_app

__all__ = ["create_app"]
