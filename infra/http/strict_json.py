"""A placeholder."""

from fastapi import Request


async def read(request: Request) -> bytes:
    """The body."""
    return await request.body()
