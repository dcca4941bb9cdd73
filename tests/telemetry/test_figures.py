"""What an operator's Prometheus reads, and that nobody else does."""

import asyncio
from contextlib import nullcontext

import pytest
from prometheus_client.parser import text_string_to_metric_families

from domain.refusals import Refused
from infra.faults import Fault, ReadOnly
from infra.telemetry import metrics
from tests.http.conftest import api, key_of, shown, story  # noqa: F401 - fixtures


def sampled(text: str) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def now() -> dict[tuple[str, ...], float]:
    return sampled(metrics.page([]).decode())


def difference(before, after, *names: str) -> dict[tuple[str, ...], float]:
    """What has been counted meanwhile under these names."""
    return {
        key: value - before.get(key, 0)
        for key, value in after.items()
        if key[0] in names and value != before.get(key, 0)
    }


class Done:
    def __init__(self, events=(), *, repeated=False):
        self.events, self.repeated = events, repeated


@pytest.mark.parametrize(
    ("answer", "outcome", "reason"),
    [
        (Done(["an event"]), "recorded", ""),
        (Done(["an event"], repeated=True), "repeated", ""),
        (Done(), "unchanged", ""),
        (Refused("over_limit", asked=2, available=1), "refused", "over_limit"),
        (ReadOnly("full"), "failed", "store_read_only"),
        (Fault("down"), "failed", "store_unavailable"),
        (ValueError("a defect"), "failed", "valueerror"),
        (asyncio.CancelledError(), "abandoned", ""),
    ],
)
def test_commands_are_counted_by_what_became_of_them(answer, outcome, reason):
    def answered():
        if isinstance(answer, BaseException):
            raise answer
        return answer

    before = now()
    fails = pytest.raises(type(answer)) if isinstance(answer, BaseException) else nullcontext()
    with fails, metrics.watched("purchase") as told:
        assert told(answered()) is answer
    assert difference(before, now(), "credit_commands_total", "credit_command_seconds_count") == {
        ("credit_commands_total", "purchase", outcome, reason): 1,
        ("credit_command_seconds_count", outcome): 1,
    }


def test_figures_are_for_operators(api, key_of, shown):  # noqa: F811
    service = key_of(shown, "service")

    async def talk():
        async with api() as client:
            await client.get("/accounts/7f0c1ab2-3f0e-4c39-9c7e-1d6bb4b7a111/balance", headers=service)
            await client.head("/docs")
            await client.get("/no/such/Zhang-San")
            body = {"customer_id": "c-figures", "terms_version": "pay-later-2026.1"}
            opened = await client.post("/accounts", json=body, headers=service | {"Idempotency-Key": "figures"})
            assert opened.status_code == 201
            assert (await client.get("/metrics", headers=service)).status_code == 403
            assert (await client.get("/metrics", headers={"Authorization": ""})).status_code == 401
            return await client.get("/metrics", headers=key_of(shown, "operator"))

    before = now()
    page = asyncio.run(talk())
    assert (page.status_code, page.headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    counted = difference(before, sampled(page.text), "http_server_request_duration_seconds_count")
    assert {key[1:]: value for key, value in counted.items()} == {
        ("GET", "404", "/accounts/{account_id}/balance"): 1,
        ("HEAD", "200", "/docs"): 1,
        ("GET", "404", ""): 1,
        ("POST", "201", "/accounts"): 1,
        ("GET", "403", "/metrics"): 1,
        ("GET", "401", "/metrics"): 1,
    }
    told = sampled(page.text)
    assert (told["credit_writer_waiting",], told["credit_store_writable",], told["credit_stopping",]) == (0, 1, 0)
    assert told["credit_pool_connections", "open", "writer"] >= 1
    assert told["credit_append_events_count",] >= 1
    assert told["credit_projection_events", "balance"] > 0
    for private in ("7f0c1ab2", "Zhang-San", "c-figures"):
        assert private not in page.text


def test_where_the_database_does_not_answer_there_are_still_the_figures_of_the_process(api, key_of, shown):  # noqa: F811
    async def talk():
        async with api(reader_url="postgresql://nobody@127.0.0.1:1/nothing") as client:
            return await client.get("/metrics", headers=key_of(shown, "operator"))

    told = sampled(asyncio.run(talk()).text)
    assert ("credit_store_position",) not in told
    assert told["credit_writer_waiting",] == 0


def test_what_the_shield_turns_away_is_counted_too(api):  # noqa: F811
    async def talk():
        async with api() as client:
            return await client.post("/accounts", content=b"{}", headers={"Content-Type": "text/xml"})

    before = now()
    answer = asyncio.run(talk())
    assert 400 <= answer.status_code < 500
    counted = difference(before, now(), "http_server_request_duration_seconds_count")
    assert list(counted.values()) == [1]
