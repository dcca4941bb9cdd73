"""Who gets through: a small application whose routes ask the same of whoever asks as those of the service."""

import asyncio
from contextlib import aclosing, asynccontextmanager
from typing import Annotated, Any
from uuid import UUID

import httpx
import psycopg
import pytest
from fastapi import APIRouter, Depends, FastAPI
from psycopg_pool import AsyncConnectionPool

from infra.access import Access, Principal
from infra.access.issuing import revoke
from infra.http import problems
from infra.http.allowed import Allowed
from infra.http.rate_headers import RateHeaders
from infra.migrations import migrate
from infra.settings import Settings
from infra.store.roles import role_url
from tests.access.issuer import AUDIENCE, NAME, Publisher, SigningKey, token

MINE, OTHERS, NOWHERE = (UUID(int=number) for number in (1, 2, 3))
OWNERS = {MINE: "c-1", OTHERS: "c-2"}
HUMAN = ("officer", "operator", "auditor")

router = APIRouter()


def who(scope: str, *roles: str, personal: bool = False) -> Any:
    return Depends(Allowed(scope, roles, personal=personal))


@router.get("/accounts")
async def accounts(principal: Annotated[Principal, who("accounts:read", "service", "customer", *HUMAN)]) -> str:
    return principal.id


@router.get("/accounts/{account_id}")
async def account(
    account_id: UUID, principal: Annotated[Principal, who("accounts:read", "service", "customer", *HUMAN)]
) -> str:
    return f"{principal.id} sees {account_id}"


@router.post("/accounts/{account_id}/payments")
async def pay(account_id: UUID, _: Annotated[Principal, who("payments:write", "customer", "service")]) -> str:
    return "paid"


@router.get("/customers/{customer_id}")
async def customer(customer_id: str, _: Annotated[Principal, who("customers:read", "customer", "officer")]) -> str:
    return "that is them"


@router.get("/customers/{customer_id}/personal-data")
async def personal_data(
    customer_id: str, _: Annotated[Principal, who("personal:read", "service", "customer", "officer", personal=True)]
) -> str:
    return "a name and a telephone number"


@router.get("/books")
async def books(_: Annotated[Principal, who("books:read", *HUMAN)]) -> str:
    return "balanced"


@router.get("/open")
async def is_open() -> str:
    return "to all"


@pytest.fixture(scope="module")
def url(new_database) -> str:
    address = new_database()
    migrate(address)
    return address


@pytest.fixture(scope="module")
def issuer():
    publisher, key = Publisher(), SigningKey("1")
    publisher.publish(key)
    publisher.key = key
    yield publisher
    publisher.close()


@pytest.fixture
def told(url, issuer):
    """The result of a conversation: `told(talk)` runs `await talk(get)` with a service of its own; settings may change."""

    @asynccontextmanager
    async def service(**changed):
        oauth = {"oauth_issuer": NAME, "oauth_audience": AUDIENCE, "oauth_jwks": issuer.url}
        settings = Settings(database_url=url, **(oauth | changed))
        app = FastAPI()
        app.include_router(router)
        problems.install(app)
        app.add_middleware(RateHeaders)
        app.state.owners = owner_of
        async with (
            AsyncConnectionPool(role_url(url, "credit_access"), min_size=1, timeout=1, open=False) as pool,
            aclosing(Access(pool, settings)) as app.state.access,
        ):
            yield app

    async def owner_of(account_id):
        return OWNERS.get(account_id)

    def run(talk, address="10.0.0.1", **changed):
        async def whole():
            async with service(**changed) as app:
                transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(address, 1))
                async with httpx.AsyncClient(transport=transport, base_url="http://credit") as client:
                    client.app = app
                    return await talk(client)

        return asyncio.run(whole())

    return run


@pytest.fixture
def get(told):
    """The response to one GET, or another method."""

    def asked(path, headers=None, method="GET", **more):
        return told(lambda client: client.request(method, path, headers=headers or {}), **more)

    return asked


@pytest.fixture
def journal(url):
    """What the journal holds since the test began."""
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("TRUNCATE access_journal")
        yield lambda *columns: owner.execute(
            f"SELECT {', '.join(columns)} FROM access_journal ORDER BY entry"
        ).fetchall()  # fmt: skip


def refused(response, status, code):
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    assert response.headers["content-type"] == "application/problem+json"
    return response


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


CUSTOMER = {"customer_id": "c-1"}
# path, method, role, what the key is for, and what is answered
CELLS = [
    (f"/accounts/{MINE}", "GET", "service", {}, 200),
    (f"/accounts/{MINE}", "GET", "officer", {}, 200),
    (f"/accounts/{MINE}", "GET", "operator", {}, 200),
    (f"/accounts/{MINE}", "GET", "auditor", {}, 200),
    (f"/accounts/{MINE}", "GET", "customer", CUSTOMER, 200),
    (f"/accounts/{OTHERS}", "GET", "customer", CUSTOMER, "account_unknown"),
    (f"/accounts/{NOWHERE}", "GET", "customer", CUSTOMER, "account_unknown"),
    ("/accounts/none", "GET", "customer", CUSTOMER, "account_unknown"),
    ("/accounts/none", "GET", "officer", {}, "parameter_invalid"),
    (f"/accounts/{MINE}/payments", "POST", "customer", CUSTOMER, 200),
    (f"/accounts/{OTHERS}/payments", "POST", "customer", CUSTOMER, "account_unknown"),
    (f"/accounts/{MINE}/payments", "POST", "officer", {}, "role_not_permitted"),
    (f"/accounts/{MINE}/payments", "POST", "auditor", {}, "role_not_permitted"),
    ("/accounts", "GET", "customer", CUSTOMER, 200),
    ("/accounts", "GET", "service", {}, 200),
    # restricted to one customer
    (f"/accounts/{MINE}", "GET", "service", CUSTOMER, 200),
    (f"/accounts/{OTHERS}", "GET", "service", CUSTOMER, "account_unknown"),
    ("/accounts", "GET", "service", CUSTOMER, "customer_only"),
    ("/customers/c-1/personal-data", "GET", "service", CUSTOMER, 200),
    ("/customers/c-2/personal-data", "GET", "service", CUSTOMER, "customer_unknown"),
    ("/customers/c-1", "GET", "customer", CUSTOMER, 200),
    ("/customers/c-2", "GET", "customer", CUSTOMER, "customer_unknown"),
    ("/customers/c-1%00", "GET", "customer", CUSTOMER, "customer_unknown"),
    ("/books", "GET", "customer", CUSTOMER, "role_not_permitted"),
    ("/books", "GET", "auditor", {}, 200),
    # scopes
    (f"/accounts/{MINE}", "GET", "service", {"scopes": ("payments:write",)}, "scope_missing"),
    (f"/accounts/{MINE}/payments", "POST", "service", {"scopes": ("payments:read",)}, "scope_missing"),
    (f"/accounts/{MINE}/payments", "POST", "service", {"scopes": ("payments:write",)}, 200),
]
STATUS = {
    "account_unknown": 404, "customer_unknown": 404, "customer_only": 403, "parameter_invalid": 422,
    "role_not_permitted": 403, "scope_missing": 403,
}  # fmt: skip


@pytest.mark.parametrize(
    ("path", "method", "role", "more", "answer"), CELLS, ids=[f"{c[2]} {c[1]} {c[0][:14]} {c[4]}" for c in CELLS]
)
def test_each_may_what_is_theirs(get, key_of, url, path, method, role, more, answer):
    response = get(path, key_of(url, role, "me", **more), method)
    if answer == 200:
        assert response.status_code == 200, response.text
    else:
        refused(response, STATUS[answer], answer)


def test_what_is_not_theirs_looks_like_what_is_not_there(get, key_of, url):
    key = key_of(url, "customer", "me", customer_id="c-1")
    bodies = []
    for account_id in (OTHERS, NOWHERE):
        body = get(f"/accounts/{account_id}", key).json()
        bodies.append(body | {"instance": ""})
    assert bodies[0] == bodies[1]


@pytest.mark.parametrize(
    ("headers", "challenge"),
    [
        ({}, "Bearer"),
        ({"Authorization": "Basic bWU6c2VjcmV0"}, "Bearer"),
        ({"Authorization": "Bearer"}, "Bearer"),
        (bearer("ck_1"), 'Bearer error="invalid_token"'),
        (bearer("ck_" + "0" * 16 + "_" + "A" * 43), 'Bearer error="invalid_token"'),
        (bearer("x" * 10_000), 'Bearer error="invalid_token"'),
        (bearer(token(SigningKey("1"))), 'Bearer error="invalid_token"'),
        (bearer(token(SigningKey("1"), exp=1)), 'Bearer error="invalid_token"'),
    ],
    ids=["nothing", "basic", "empty", "no key", "unknown key", "long", "forged token", "expired token"],
)
def test_whoever_is_not_known_is_told_how_to_be(get, headers, challenge):
    response = refused(get(f"/accounts/{MINE}", headers), 401, "unauthenticated")
    assert response.headers["www-authenticate"].startswith(challenge)
    assert response.headers["cache-control"] == "no-store"


def test_a_missing_scope_is_named(get, key_of, url):
    response = get("/books", key_of(url, "auditor", "me", scopes=("accounts:read",)))
    assert refused(response, 403, "scope_missing").json()["scope"] == "books:read"
    assert response.headers["www-authenticate"] == 'Bearer error="insufficient_scope", scope="books:read"'


def test_a_token_gets_through_as_a_key_does(get, issuer):
    good = token(issuer.key, role="customer", customer_id="c-1", sub="p-1", scope="accounts:read")
    assert get(f"/accounts/{MINE}", bearer(good)).json() == f"p-1 sees {MINE}"
    refused(get(f"/accounts/{OTHERS}", bearer(good)), 404, "account_unknown")
    refused(get(f"/accounts/{MINE}/payments", bearer(good), "POST"), 403, "scope_missing")


def test_where_no_issuer_is_set_up_no_token_is_taken(get, issuer):
    nobody = {"oauth_issuer": None, "oauth_audience": None, "oauth_jwks": None}
    refused(get(f"/accounts/{MINE}", bearer(token(issuer.key)), **nobody), 401, "unauthenticated")


def test_while_the_issuer_cannot_be_asked_nobody_knows(get, issuer):
    response = get(f"/accounts/{MINE}", bearer(token(issuer.key)), oauth_jwks="http://127.0.0.1:1/jwks.json")
    assert refused(response, 503, "issuer_unavailable").headers["retry-after"] == "10"


def test_what_is_open_asks_nothing(get):
    assert get("/open").json() == "to all"


# the journal


@pytest.mark.parametrize(
    ("path", "role", "more", "entries"),
    [
        (f"/accounts/{MINE}", "officer", {}, [("me", "officer", str(MINE), None, "allowed")]),
        (f"/accounts/{MINE}", "auditor", {}, [("me", "auditor", str(MINE), None, "allowed")]),
        ("/accounts", "operator", {}, [("me", "operator", None, None, "allowed")]),
        ("/customers/c-1", "officer", {}, [("me", "officer", None, "c-1", "allowed")]),
        (f"/accounts/{MINE}", "service", {}, []),
        (f"/accounts/{MINE}", "customer", CUSTOMER, []),
        ("/books", "auditor", {}, []),
        ("/customers/c-1/personal-data", "service", {}, [("me", "service", None, "c-1", "allowed")]),
        ("/customers/c-1/personal-data", "customer", CUSTOMER, [("me", "customer", None, "c-1", "allowed")]),
        ("/customers/c-2/personal-data", "customer", CUSTOMER, [("me", "customer", None, "c-2", "not_theirs")]),
        (f"/accounts/{OTHERS}", "customer", CUSTOMER, [("me", "customer", str(OTHERS), None, "not_theirs")]),
        ("/accounts", "service", CUSTOMER, [("me", "service", None, None, "customer_only")]),
        ("/books", "service", {}, [("me", "service", None, None, "role_not_permitted")]),
        ("/books", "auditor", {"scopes": ()}, [("me", "auditor", None, None, "scope_missing")]),
        ("/customers/c-1%00/personal-data", "service", {}, [("me", "service", None, None, "allowed")]),
    ],
)
def test_who_looked_at_whom_and_who_was_refused_is_written_down(get, key_of, url, journal, path, role, more, entries):
    key = key_of(url, role, "me", **more)
    get(path, key)
    assert journal("principal", "role", "account_id", "customer_id", "outcome") == entries
    if entries:
        key_id = key["Authorization"].split("_")[1]
        assert [row[:3] for row in journal("key_id", "address", "method", "route")] == [(key_id, "10.0.0.1", "GET")]


def test_the_route_is_written_down_and_not_what_was_asked_beside_it(get, key_of, url, journal):
    get(f"/accounts/{MINE}?name=Li%20Lei", key_of(url, "officer"))
    assert journal("route") == [("/accounts/{account_id}",)]


def test_personal_data_is_not_told_where_it_cannot_be_written_down(told, key_of, url, journal):
    key = key_of(url, "service")

    async def talk(client):
        await client.get(f"/accounts/{MINE}", headers=key)  # the key is known from here on
        await client.app.state.access.journal._pool.close()
        assert (await client.get(f"/accounts/{MINE}", headers=key)).status_code == 200
        return await client.get("/customers/c-1/personal-data", headers=key)

    response = told(talk)
    assert response.status_code == 503, response.text
    assert "telephone" not in response.text


def test_it_is_written_down_when_the_answer_is_given(told, key_of, url, journal):
    async def talk(client):
        await client.get("/customers/c-1/personal-data", headers=key_of(url, "officer"))
        return journal("outcome")

    assert told(talk) == [("allowed",)]


def test_a_revoked_key_is_written_down_with_whose_it_was(get, key_of, url, journal):
    key = key_of(url, "officer", "leaver")
    key_id = key["Authorization"].split("_")[1]
    revoke(role_url(url, "credit_access"), key_id)
    refused(get("/books", key), 401, "unauthenticated")
    wrong = {"Authorization": key["Authorization"][:-1] + ("A" if key["Authorization"][-1] != "A" else "E")}
    refused(get("/books", wrong), 401, "unauthenticated")
    assert journal("principal", "key_id", "outcome") == [
        ("leaver", key_id, "key_revoked"), (None, key_id, "key_unknown"),
    ]  # fmt: skip


# how much


def test_so_much_may_be_asked_and_it_is_told_what_is_left(told, key_of, url, journal):
    key = key_of(url, "auditor")

    async def talk(client):
        answers = [await client.get("/books", headers=key) for _ in range(2)]
        answers.append(await client.get("/accounts/none", headers=key))  # a problem is told it, too
        refusal = await client.get("/books", headers=key)
        other = await client.get("/books", headers=key_of(url, "auditor", "another"))
        return answers, refusal, other

    answers, refusal, other = told(talk, rate_limit="person=3/hour")
    assert [each.status_code for each in answers] == [200, 200, 422]
    assert [each.headers["ratelimit"].partition(";t=")[0] for each in answers] == [
        f'"person";r={left}' for left in (2, 1, 0)
    ]
    assert answers[0].headers["ratelimit-policy"] == '"person";q=3;w=3600'
    assert refused(refusal, 429, "rate_limited").json()["limit"] == 3
    assert 1_190 <= int(refusal.headers["retry-after"]) <= 1_200
    assert refusal.headers["ratelimit"].startswith('"person";r=0;')
    assert other.status_code == 200
    assert ("me", "rate_limited") in journal("principal", "outcome")


def test_services_have_a_rate_of_their_own(told, key_of, url):
    async def talk(client):
        return [(await client.get("/accounts", headers=key_of(url, "service"))).status_code for _ in range(4)]

    assert told(talk, rate_limit="person=1/hour,service=3/hour") == [200, 200, 200, 429]


def test_where_rates_are_switched_off_nobody_is_counted(told, key_of, url):
    async def talk(client):
        headers = [key_of(url, "auditor"), {}] * 100
        return [await client.get("/books", headers=each) for each in headers]

    answers = told(talk, rate_limit="0")
    assert {each.status_code for each in answers} == {200, 401}
    assert "ratelimit" not in answers[0].headers


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [("10.0.0.1", "10.0.0.2", False), ("2001:db8::1", "2001:db8::2", True), ("2001:db8::1", "2001:db8:0:1::1", False),
     ("::ffff:10.0.0.1", "::ffff:10.0.0.2", False), ("testclient", "elsewhere", True)],
)  # fmt: skip
def test_strangers_are_counted_by_their_network(told, first, second, same):
    async def talk(client):
        await client.get("/books")
        other = httpx.ASGITransport(client.app, raise_app_exceptions=False, client=(second, 1))
        async with httpx.AsyncClient(transport=other, base_url="http://credit") as elsewhere:
            return (await elsewhere.get("/books")).status_code

    assert told(talk, first, rate_limit="stranger=1/hour") == (429 if same else 401)


def test_whoever_is_known_is_not_held_up_by_strangers_beside_them(told, key_of, url, journal):
    async def talk(client):
        for number in range(50):
            await client.get(f"/accounts/{UUID(int=number)}")
        return await client.get("/books", headers=key_of(url, "auditor"))

    assert told(talk, rate_limit="stranger=2/hour").status_code == 200
    # What they were refused for is written down, then only how often they came.
    written = journal("outcome", "account_id", "times")
    assert [row for row in written if row[0] == "credentials_missing"] == [
        ("credentials_missing", str(UUID(int=number)), 1) for number in range(2)
    ]
    limited = [row for row in written if row[0] == "rate_limited"]
    assert sum(times for _, _, times in limited) == 48
    assert {account_id for _, account_id, _ in limited} == {None}


# secrets


def test_no_secret_is_ever_written_or_printed(told, key_of, url, issuer, caplog, capfd, tmp_path):
    key, good = key_of(url, "officer"), bearer(token(issuer.key))
    bad = bearer(token(SigningKey("1")))
    secrets = [each["Authorization"].removeprefix("Bearer ") for each in (key, good, bad)]
    parts = [part for secret in secrets for part in (*secret.split("."), *secret.split("_")[2:]) if len(part) > 20]

    async def talk(client):
        told = []
        for headers in (key, good, bad, bearer(secrets[0][:-1]), bearer(secrets[1][:-4])):
            for path in (f"/accounts/{MINE}", "/books", "/customers/c-1/personal-data"):
                response = await client.get(path, headers=headers)
                told += [response.text, str(response.headers)]
        access = client.app.state.access
        known = await access.known(key["Authorization"])
        return [*told, repr(known), repr(access._keys._seen.get(known.key_id)), repr(vars(access))]

    with caplog.at_level("DEBUG"):
        told_all = told(talk)
    out, err = capfd.readouterr()
    with psycopg.connect(url) as owner:
        kept = [str(owner.execute(f"SELECT * FROM {table}").fetchall()) for table in ("access_journal", "access_keys")]
    for text in (*told_all, caplog.text, out, err, *kept):
        for part in parts:
            assert part not in text


def test_a_scope_that_is_none_is_not_taken():
    with pytest.raises(ValueError, match="accounts:see is no scope"):
        Allowed("accounts:see", ("officer",))
