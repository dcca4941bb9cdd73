"""The figures of this process and of the installation, for Prometheus.

Whoever reads them needs a key as for everything else, one of an operator with the scope `operations:read`: Prometheus
sends one with `authorization: {credentials_file: ...}`. So there is no second port that would be open without one.
"""

import asyncio
from typing import Annotated, Any

import psycopg
from fastapi import APIRouter, Depends, Request, Response
from prometheus_client.core import Metric
from psycopg_pool import PoolTimeout

from infra.access import Principal
from infra.http.allowed import Allowed
from infra.telemetry import metrics

router = APIRouter(include_in_schema=False)
_CONNECTIONS = {"pool_size": "open", "pool_available": "idle", "requests_waiting": "asked for"}


@router.get("/metrics", response_class=Response)
async def figures(
    request: Request, _: Annotated[Principal, Depends(Allowed("operations:read", ("operator", "auditor")))]
) -> Response:
    """Where the database does not answer, those of this process alone."""
    state = request.app.state
    now = [
        metrics.gauge("credit_writer_waiting", "Commands that wait to be written.", {(): state.writer.waiting}),
        metrics.gauge("credit_stopping", "1 once this process was asked to stop.", {(): float(state.stopping.asked)}),
        metrics.gauge("credit_store_writable", "0 while nothing can be recorded.", {(): await _writable(state)}),
        metrics.gauge(
            "credit_pool_connections", "Connections to the database.", _pools(state), ("pool", "connections")
        ),
        *await _progress(state),
    ]
    return Response(await asyncio.to_thread(metrics.page, now), media_type=metrics.CONTENT_TYPE)


async def _progress(state: Any) -> list[Metric]:
    try:
        found: list[Metric] = await state.progress.figures(state.pool)
    except (psycopg.Error, PoolTimeout):
        return []
    return found


async def _writable(state: Any) -> float:
    checks = await state.health.checks()
    return float(checks["store"] == "ok")


def _pools(state: Any) -> dict[tuple[str, str], float]:
    stats = {
        "reader": state.pool.get_stats(), "access": state.kept.get_stats(), "writer": state.store.connections(),
    }  # fmt: skip
    return {
        (name, word): float(found.get(key, 0)) for name, found in stats.items() for key, word in _CONNECTIONS.items()
    }  # fmt: skip
