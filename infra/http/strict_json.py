"""A placeholder."""

from fastapi import Request


async def read(request: Request) -> bytes:
    return await request.body()
