"""API keys: who is known by them, and when they are not any more."""

import asyncio
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import psycopg
import pytest

from infra.access.issuing import first_key, issue, listed, revoke
from infra.access.keys import Keys
from infra.access.principals import SCOPES, Principal, Unauthenticated
from infra.migrations import migrate
from infra.store.roles import role_url


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def asked(pooled):
    """The result of a conversation: `asked(talk)` runs `await talk(keys, clock)`."""

    def run(talk, **changed):
        async def whole():
            clock = Clock()
            async with pooled() as pool:
                return await talk(Keys(pool, clock, **changed), clock)

        return asyncio.run(whole())

    return run


def refused(why):
    return pytest.raises(Unauthenticated, check=lambda error: error.why == why)


@pytest.mark.parametrize(
    ("wanted", "principal"),
    [
        ({"role": "service", "name": "shop"}, Principal("shop", "service", SCOPES)),
        (
            {"role": "officer", "name": "li@bank", "scopes": ["accounts:read"]},
            Principal("li@bank", "officer", frozenset({"accounts:read"})),
        ),
        ({"role": "auditor", "name": "nobody", "scopes": []}, Principal("nobody", "auditor", frozenset())),
        ({"role": "customer", "name": "p-1", "customer_id": "c-1"}, Principal("p-1", "customer", SCOPES, "c-1")),
        ({"role": "service", "name": "app", "customer_id": "c-1"}, Principal("app", "service", SCOPES, "c-1")),
    ],
)
def test_a_key_says_who_asks(access_url, asked, wanted, principal):
    issued = issue(access_url, **wanted)

    async def talk(keys, _):
        return await keys.known(issued.text)

    assert asked(talk) == (principal, issued.key.key_id)


def test_only_a_digest_is_kept_and_nothing_prints_the_secret(access_owner, access_url):
    issued = issue(access_url, "service", "shop")
    secret = issued.text.split("_", 2)[2]
    assert len(secret) == 43  # 256 bits
    with psycopg.connect(access_owner) as owner:
        (row,) = owner.execute("SELECT k::text, digest FROM access_keys k WHERE key_id = %s", (issued.key.key_id,))
    assert secret not in row[0]
    assert row[1] == sha256(secret.encode()).digest()
    assert secret not in repr(issued.key)
    assert row[1].hex() not in repr(issued.key)


@pytest.mark.parametrize("place", range(3, 63))
def test_a_key_with_one_letter_altered_is_none(access_url, asked, place):
    issued = issue(access_url, "service", "shop")
    altered = "0" if issued.text[place] != "0" else "1"

    async def talk(keys, _):
        await keys.known(issued.text[:place] + altered + issued.text[place + 1 :])

    with pytest.raises(Unauthenticated) as refusal:
        asked(talk)
    assert refusal.value.why == ("credentials_malformed" if place == 19 else "key_unknown")
    assert issued.text[20:] not in str(refusal.value)


@pytest.mark.parametrize(
    "text", ["ck_", "ck_1_2", "ck_" + "0" * 16 + "_" + "é" * 43, "ck_" + "0" * 16 + "_" + "A" * 44]
)
def test_what_does_not_look_like_a_key_is_asked_of_nobody(text):
    with refused("credentials_malformed"):
        asyncio.run(Keys(None).known(text))


def test_a_revoked_key_goes_on_for_seconds_at_the_most(access_url, asked):
    issued = issue(access_url, "service", "shop")

    async def talk(keys, clock):
        await keys.known(issued.text)
        revoked = revoke(access_url, issued.key.key_id)
        assert revoked.revoked_at is not None
        assert revoke(access_url, issued.key.key_id) == revoked  # once is for ever
        clock.at = 2.9
        await keys.known(issued.text)
        clock.at = 3.0
        with refused("key_revoked") as refusal:
            await keys.known(issued.text)
        assert refusal.value.principal.id == "shop"

    asked(talk)
    assert revoke(access_url, "0" * 16) is None


def test_a_key_expires_to_the_second(access_url, asked):
    issued = issue(access_url, "service", "shop", days=1)
    last = issued.key.created_at + timedelta(days=1)

    async def at(now):
        async def talk(keys, _):
            return await keys.known(issued.text)

        return await asyncio.to_thread(asked, talk, now=lambda: now)

    assert asyncio.run(at(last - timedelta(microseconds=1))).principal.id == "shop"
    with refused("key_expired"):
        asyncio.run(at(last))


def test_a_known_key_costs_no_query_and_many_unknown_ones_few(access_url, asked):
    issued = issue(access_url, "service", "shop")

    async def talk(keys, clock):
        queries = []
        connection = keys._pool.connection
        keys._pool.connection = lambda: queries.append(1) or connection()
        guesses = [f"ck_{number:016x}_{'A' * 43}" for number in range(1_200)]
        told = await asyncio.gather(*map(keys.known, [*guesses, issued.text] * 2), return_exceptions=True)
        assert {getattr(each, "why", "known") for each in told} == {"key_unknown", "known"}
        assert len(queries) == 3  # of 500 keys each
        await asyncio.gather(*(keys.known(issued.text) for _ in range(100)))
        assert len(queries) == 3
        later = issue(access_url, "service", "another")  # a new key works at once
        assert (await keys.known(later.text)).principal.id == "another"

    asked(talk)


def test_the_first_key_is_told_once(new_database):
    owner = new_database()
    migrate(owner)
    url = role_url(owner, "credit_access")
    issued = first_key(url)
    assert (issued.key.role, issued.key.name, issued.key.scopes) == ("operator", "administrator", None)
    assert first_key(url) is None
    revoke(url, issued.key.key_id)
    assert first_key(url) is None  # whoever took it back did not ask for another
    assert [key.key_id for key in listed(url)] == [issued.key.key_id]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"role": "service", "name": "two words"}, "name: 'two words' must be 1 to 64 letters"),
        ({"role": "service", "name": "calendar"}, "name: 'calendar' is what the service itself acts as"),
        ({"role": "customer", "name": "p-1"}, "customer: a key of role customer needs"),
        ({"role": "customer", "name": "p-1", "customer_id": ""}, "customer: '' must be 1 to 64"),
        ({"role": "officer", "name": "li", "customer_id": "c-1"}, "customer: a key of role officer cannot be"),
        ({"role": "service", "name": "shop", "scopes": ["accounts:all"]}, "scope: 'accounts:all' is none"),
        ({"role": "service", "name": "shop", "days": 0}, "expires: 0 days are not from 1 to 3650"),
    ],
)
def test_what_cannot_be_a_key_is_said_with_its_field(access_url, wanted, said):
    with pytest.raises(ValueError, match=f"^{said}"):
        issue(access_url, **wanted)


def test_the_role_that_keeps_keys_cannot_change_whose_they_are(access_url):
    for change in ("UPDATE access_keys SET role = 'operator'", "DELETE FROM access_keys"):
        with psycopg.connect(access_url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(change)


def test_the_day_of_issue_is_today(access_url):
    before = datetime.now(UTC)
    assert before <= issue(access_url, "service", "shop").key.created_at <= datetime.now(UTC)
