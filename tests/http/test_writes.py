"""What can be asked for over HTTP: every command, once for its key, with an answer that says what was recorded."""

import asyncio
from contextlib import asynccontextmanager
from itertools import count
from uuid import uuid4

import httpx
import psycopg
import pytest

from domain.commands import COMMANDS
from domain.customer_commands import CUSTOMER_COMMANDS
from domain.refusals import REASONS
from infra.http import create_app
from infra.http.idempotency import Claim, Requests
from infra.http.problems import CODES, status_of
from infra.http.writes import WRITES
from infra.migrations import migrate
from infra.settings import Settings
from infra.store.roles import role_url
from tests.http.asking import LIMIT, Asker, types

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"
numbers = count(1)


@pytest.fixture(scope="module")
def url(new_database) -> str:
    address = new_database()
    migrate(address)
    return address


@pytest.fixture(scope="module")
def people(url, key_of) -> dict[str, dict[str, str]]:
    """By role: the headers that somebody sends."""
    return {
        "service": key_of(url, "service", "shop"),
        "other service": key_of(url, "service", "other"),
        "officer": key_of(url, "officer", "o-1"),
        "other officer": key_of(url, "officer", "o-2"),
        "operator": key_of(url, "operator", "op-1"),
    }


@pytest.fixture(scope="module")
def opened(url, people, key_of, bootstrap_servers):
    """`async with opened() as ask`: a service of its own over the same database, and someone who asks it."""

    @asynccontextmanager
    async def service(**changed):
        settings = {"database_url": url, "kafka_bootstrap_servers": bootstrap_servers, "sandbox": True}
        app = create_app(Settings(**(settings | changed)))
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://credit") as client,
        ):
            name = f"w{next(numbers)}"
            customer = key_of(url, "customer", name, customer_id=f"c-{name}")
            yield Asker(client, people | {"customer": customer}, name)

    return service


@pytest.fixture
def told(opened):
    """The result of a conversation: `told(talk)` runs `await talk(ask)` with a service of its own."""

    def run(talk, **changed):
        async def whole():
            async with opened(**changed) as ask:
                return await talk(ask)

        return asyncio.run(whole())

    return run


def refused(response, status, code):
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    assert response.headers["content-type"] == "application/problem+json"
    return response.json()


def purchase(amount=10_000, **more):
    return {"amount_fen": amount, "merchant_id": "m-1", **more}


def test_every_command_can_be_asked_for_once():
    assert sorted(row.operation for row in WRITES) == sorted(COMMANDS | CUSTOMER_COMMANDS)
    assert len({(row.method, row.path) for row in WRITES}) == len(WRITES)


def test_every_refusal_has_a_status_and_words():
    assert {status_of(reason) for reason in REASONS} == {403, 404, 409, 412, 422}
    assert set(REASONS) <= CODES.keys()


def test_a_purchase_is_recorded_and_told(told):
    async def talk(ask):
        account = await ask.granted()
        response = await ask.post(f"{account}/purchases", purchase(12_345))
        assert (response.status_code, response.headers["etag"]) == (201, '"3"')
        assert response.headers["cache-control"] == "no-store"
        (event,) = response.json()["events"]
        assert (event["type"], event["version"], event["business_date"]) == ("purchase.posted", 3, "2026-01-05")
        assert event["data"]["amount_fen"] == 12_345
        # Nobody gave it a name, so it is called after the request; by that name it can be refunded.
        refund = await ask.done(f"{account}/purchases/{event['data']['purchase_id']}/refunds", {"amount_fen": 345})
        assert types(refund) == ["purchase.refunded"]

    told(talk)


def test_what_was_so_before_records_nothing(told):
    async def talk(ask):
        account = await ask.granted()
        body = purchase(purchase_id="p-1")
        first = await ask.post(f"{account}/purchases", body)
        again = await ask.post(f"{account}/purchases", body)
        assert (first.status_code, again.status_code) == (201, 200)
        assert (again.json()["events"], again.json()["version"]) == ([], first.json()["version"])

    told(talk)


def test_the_same_request_again_is_answered_as_before(told):
    async def talk(ask):
        account = await ask.granted()
        first = await ask.post(f"{account}/purchases", purchase(), key="once")
        await ask.done(f"{account}/purchases", purchase())
        again = await ask.post(f"{account}/purchases", purchase(), key="once")
        assert (again.status_code, again.content, again.headers["etag"]) == (201, first.content, first.headers["etag"])
        assert ("idempotent-replayed" in first.headers, again.headers["idempotent-replayed"]) == (False, "true")
        spaced = b'{"merchant_id":  "m-1",\n "amount_fen": 10000}'
        assert (await ask.post(f"{account}/purchases", spaced, key="once")).content == first.content

    told(talk)


@pytest.mark.parametrize("what", ["body", "path", "version"])
def test_a_key_belongs_to_one_request(told, what):
    async def talk(ask):
        account = await ask.granted()
        key = ask.new_key()
        await ask.done(f"{account}/purchases", purchase(), key=key)
        if what == "body":
            other = await ask.post(f"{account}/purchases", purchase(10_001), key=key)
        elif what == "path":
            other = await ask.post(f"/accounts/{uuid4()}/purchases", purchase(), key=key)
        else:
            other = await ask.post(f"{account}/purchases", purchase(), key=key, **{"If-Match": '"2"'})
        refused(other, 422, "idempotency_key_reused")

    told(talk)


def test_two_who_chose_the_same_key_do_not_meet(told):
    async def talk(ask):
        account = await ask.granted()
        key = ask.new_key()
        one = await ask.done(f"{account}/purchases", purchase(), key=key)
        other = await ask.done(f"{account}/purchases", purchase(), "other service", key=key)
        assert other["version"] == one["version"] + 1

    told(talk)


def test_a_refusal_is_remembered_too(told):
    async def talk(ask):
        account = await ask.granted()
        key = ask.new_key()
        first = await ask.post(f"{account}/purchases", purchase(LIMIT + 1), key=key)
        body = refused(first, 409, "over_limit")
        assert (body["asked"], body["available"]) == (LIMIT + 1, LIMIT)
        await ask.done(f"{account}/limit-changes", {"limit_fen": LIMIT + 10_000, "reason": "r-1"}, "officer")
        again = await ask.post(f"{account}/purchases", purchase(LIMIT + 1), key=key)
        assert (again.status_code, again.content, again.headers["idempotent-replayed"]) == (409, first.content, "true")
        assert again.headers["content-type"] == "application/problem+json"
        await ask.done(f"{account}/purchases", purchase(LIMIT + 1))

    told(talk)


def test_after_a_restart_it_is_still_answered_as_before(told):
    async def buy(ask):
        account = await ask.granted()
        return account, await ask.post(f"{account}/purchases", purchase(), key="restart")

    account, first = told(buy)

    async def again(ask):
        return await ask.post(f"{account}/purchases", purchase(), key="restart")

    repeated = told(again)
    assert (repeated.status_code, repeated.content) == (201, first.content)


def test_even_if_nothing_at_all_was_kept_of_the_request(told, url):
    async def talk(ask):
        account = await ask.granted()
        first = await ask.post(f"{account}/purchases", purchase(), key="gone")
        with psycopg.connect(url) as owner:
            owner.execute("DELETE FROM requests WHERE key = 'gone'")
        ask.at = "2026-01-05T11:00:00+08:00"
        again = await ask.post(f"{account}/purchases", purchase(), key="gone")
        assert (again.status_code, again.content) == (201, first.content)

    told(talk)


def test_what_nobody_will_ask_again_is_forgotten(told, url):
    with psycopg.connect(url) as owner:
        for key, days in (("old", 31), ("young", 29)):
            row = ("shop", key, b"digest", days)
            owner.execute(
                "INSERT INTO requests (principal, key, digest, asked_at) VALUES (%s, %s, %s, now() - %s * interval '1 day')",
                row,
            )

    async def talk(ask):
        return await ask.granted()

    told(talk)
    with psycopg.connect(url) as owner:
        kept = owner.execute("SELECT key FROM requests WHERE key IN ('old', 'young')").fetchall()
    assert kept == [("young",)]


def test_while_somebody_is_at_it_others_are_asked_to_wait(opened, url):
    async def whole():
        async with opened() as ask:
            account = await ask.granted()
            body, key = purchase(), ask.new_key()
            await ask.done(f"{account}/purchases", body, key=key)
            # Another process claims it as its own, and dies.
            other = Requests(role_url(url, "credit_access"))
            with psycopg.connect(url) as owner:
                name = owner.execute(
                    "UPDATE requests SET status = NULL WHERE key = %s RETURNING principal, key, digest, asked_at",
                    (key,),
                ).fetchone()
            claim = await other.claim(Claim(*name))
            waits = await ask.post(f"{account}/purchases", body, key=key)
            refused(waits, 409, "request_running")
            assert waits.headers["retry-after"] == "1"
            await other.aclose()
            assert claim.key == key
            for _ in range(100):  # its session ends a moment later
                again = await ask.post(f"{account}/purchases", body, key=key)
                if again.status_code != 409:
                    break
                await asyncio.sleep(0.05)
            assert (again.status_code, again.headers["idempotent-replayed"]) == (201, "true")

    asyncio.run(whole())


def test_many_at_once_with_one_key_do_it_once(told):
    async def talk(ask):
        account = await ask.granted()
        key = ask.new_key()
        answers = await asyncio.gather(*(ask.post(f"{account}/purchases", purchase(), key=key) for _ in range(40)))
        done = [each for each in answers if each.status_code == 201]
        assert {each.content for each in done} == {done[0].content}
        assert {each.json()["code"] for each in answers if each.status_code != 201} <= {"request_running"}
        assert (await ask.done(f"{account}/purchases", purchase()))["version"] == 4

    told(talk)


@pytest.mark.parametrize("key", ["", "k" * 256, "with space", "ключ".encode()])
def test_a_write_needs_a_usable_key(told, people, key):
    async def talk(ask):
        headers = people["service"] | {"Idempotency-Key": key}
        return await ask.client.post(f"/accounts/{uuid4()}/purchases", json=purchase(), headers=headers)

    refused(told(talk), 400, "idempotency_key_missing")


def test_it_is_done_only_on_the_version_that_is_meant(told):
    async def talk(ask):
        account = await ask.granted()
        stale = await ask.post(f"{account}/purchases", purchase(), **{"If-Match": '"1"'})
        body = refused(stale, 412, "version_differs")
        assert (body["asked"], body["version"]) == (1, 2)
        await ask.done(f"{account}/purchases", purchase(), **{"If-Match": '"2"'})
        for unusable in ('W/"2"', "*", "2", '"two"'):
            wrong = await ask.post(f"{account}/purchases", purchase(), **{"If-Match": unusable})
            assert refused(wrong, 422, "parameter_invalid")["errors"][0]["parameter"] == "If-Match"

    told(talk)


def test_every_invalid_field_is_named_at_once(told):
    async def talk(ask):
        body = {"amount_fen": -5, "merchant_id": "no spaces", "extra": 1, "forced": "yes"}
        return await ask.post(f"/accounts/{uuid4()}/purchases", body)

    errors = refused(told(talk), 422, "parameter_invalid")["errors"]
    assert {each["pointer"] for each in errors} == {"#/amount_fen", "#/merchant_id", "#/extra", "#/forced"}


def test_a_rule_over_several_fields_is_told(told):
    async def talk(ask):
        return await ask.post(f"/accounts/{uuid4()}/waivers", {"reason": "goodwill"}, "officer")

    body = refused(told(talk), 422, "parameter_invalid")
    assert body["errors"] == [{"pointer": "#", "detail": "one of fees_fen, interest_fen and principal_fen is needed"}]


def test_a_name_in_the_path_is_checked(told):
    async def talk(ask):
        return await ask.post(f"/accounts/{uuid4()}/freezes/bad-mood/lift", {}, "officer")

    assert refused(told(talk), 422, "parameter_invalid")["errors"][0]["parameter"] == "reason"


def test_an_account_that_is_not_there(told):
    async def talk(ask):
        return await ask.post(f"/accounts/{uuid4()}/purchases", purchase())

    refused(told(talk), 404, "account_unknown")


def test_amounts_are_of_the_accounts_currency(told):
    async def talk(ask):
        account = await ask.granted()
        await ask.done(f"{account}/purchases", purchase(currency="CNY"))
        other = await ask.post(f"{account}/purchases", purchase(currency="EUR"))
        body = refused(other, 422, "parameter_invalid")
        assert body["errors"] == [{"pointer": "#/currency", "detail": "it must be CNY"}]

    told(talk)


def test_customers_do_not_say_what_is_not_theirs_to_say(told):
    async def talk(ask):
        account = await ask.granted()
        return await ask.post(f"{account}/purchases", purchase(forced=True), "customer")

    body = refused(told(talk), 422, "parameter_invalid")
    assert body["errors"] == [{"pointer": "#/forced", "detail": "it is not for customers to say"}]


def test_an_application_is_decided_with_its_reasons(told):
    async def talk(ask):
        person = f"/customers/{ask.customer_id}"
        await ask.done(f"{person}/consents", {"kind": "credit_check", "evidence_ref": "e-1"})
        poor = {"score_limit_fen": 1, "monthly_income_fen": 100, "monthly_debt_service_fen": 90}
        decided = await ask.done(f"{person}/applications", {"terms_version": "pay-later-2026.1", **poor})
        assert types(decided) == ["customer.application_refused"]
        assert "account" not in decided
        grounds = decided["events"][0]["data"]["grounds"]
        assert {each["kind"] for each in grounds} >= {"not_adult", "debt_service_too_high"}

    told(talk)


def test_an_account_may_be_opened_without_an_application(told):
    async def talk(ask):
        body = {"customer_id": ask.customer_id, "terms_version": "pay-later-2026.1", "application_ref": "a-1"}
        made = await ask.done("/accounts", body)
        assert types(made) == ["account.opened"]
        again = await ask.post("/accounts", body)
        assert again.status_code in {200, 409}
        assert again.json().get("account_id", made["account_id"]) == made["account_id"]

    told(talk)


def test_what_needs_two_people_waits_for_the_second(told):
    async def talk(ask):
        account = await ask.granted()
        await ask.done(f"{account}/purchases", purchase())
        asked = await ask.post(f"{account}/charge-off", {"reason": "fraud"}, "officer", key="loss")
        approval = asked.json()
        assert (asked.status_code, approval["status"], approval["asked"]) == (202, "waiting", {"reason": "fraud"})
        assert (approval["operation"], approval["asked_by"]) == ("write_off", "officer:o-1")
        place = asked.headers["location"]
        again = await ask.post(f"{account}/charge-off", {"reason": "fraud"}, "officer", key="loss")
        assert (again.status_code, again.content, again.headers["location"]) == (202, asked.content, place)

        own = await ask.post(f"{place}/approval", None, "officer")
        refused(own, 403, "second_actor_needed")
        assert (await ask.ask("GET", place, by="officer")).json()["status"] == "waiting"
        done = await ask.done(f"{place}/approval", None, "other officer")
        assert "account.charged_off" in types(done)
        seen = (await ask.ask("GET", place, by="officer")).json()
        assert (seen["status"], seen["decided_by"]) == ("approved", "officer:o-2")
        once_more = await ask.post(f"{place}/approval", None, "other officer")
        assert (once_more.json(), once_more.headers["idempotent-replayed"]) == (done, "true")
        refused(await ask.post(f"{place}/rejection", None, "officer"), 409, "approval_decided")

    told(talk)


def test_what_is_rejected_is_never_done(told):
    async def talk(ask):
        account = await ask.granted()
        await ask.done(f"{account}/purchases", purchase())
        place = (await ask.post(f"{account}/charge-off", {"reason": "fraud"}, "officer")).headers["location"]
        listed = (await ask.ask("GET", "/approvals?status=waiting", by="officer")).json()
        assert place.removeprefix("/approvals/") in [each["approval_id"] for each in listed["data"]]
        rejected = await ask.done(f"{place}/rejection", None, "other officer")
        assert (rejected["status"], rejected["decided_by"]) == ("rejected", "officer:o-2")
        refused(await ask.post(f"{place}/approval", None, "other officer"), 409, "approval_decided")
        refused(await ask.post("/approvals/nothing/approval", None, "officer"), 404, "approval_unknown")

    told(talk)


def test_outside_a_sandbox_nobody_says_what_time_it_is(told):
    async def talk(ask):
        return await ask.post(f"/accounts/{uuid4()}/purchases", purchase())

    body = refused(told(talk, sandbox=False), 422, "parameter_invalid")
    assert body["errors"][0]["parameter"] == "Sandbox-Time"


@pytest.mark.parametrize("part", ["writer_url", "access_url"])
def test_where_nothing_can_be_recorded_it_says_so_and_begins_anew_later(told, url, part):
    account, key = f"/accounts/{uuid4()}", f"down-{part}"

    async def talk(ask):
        return await ask.post(f"{account}/purchases", purchase(), key=key)

    response = told(talk, **{part: NOWHERE})
    code = {"writer_url": "store_unavailable", "access_url": "database_unavailable"}[part]
    refused(response, 503, code)
    assert response.headers["retry-after"] == "5"
    assert "127.0.0.1" not in response.text
    refused(told(talk), 404, "account_unknown")
