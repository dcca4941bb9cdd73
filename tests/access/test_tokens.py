"""Access tokens: who is known by them, and every way in which one can be no good."""

import asyncio
import hmac
import json
from hashlib import sha256

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from infra.access.principals import Principal, Unauthenticated
from infra.access.tokens import SKEW, IssuerUnavailable, Tokens
from tests.access.issuer import AUDIENCE, NAME, In, Publisher, SigningKey, claims, raw, token
from tests.access.test_keys import Clock

ROOMY = 10  # seconds that the test itself may take


@pytest.fixture(scope="module")
def keys() -> dict[str, SigningKey]:
    return {algorithm: SigningKey(algorithm.lower(), algorithm) for algorithm in ("RS256", "ES256", "EdDSA")}


@pytest.fixture
def publisher(keys):
    issuer = Publisher()
    issuer.publish(*keys.values())
    yield issuer
    issuer.close()


@pytest.fixture
def asked(publisher):
    """Whom a token stands for."""

    def known(text, place=publisher.url):
        return asyncio.run(Tokens(NAME, AUDIENCE, place).known(text))

    return known


def refused(why):
    return pytest.raises(Unauthenticated, check=lambda error: error.why == why)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_a_good_token_says_who_asks(asked, keys, algorithm):
    principal = Principal("li@bank", "officer", frozenset({"accounts:read", "payments:write"}))
    assert asked(token(keys[algorithm])) == (principal, None)


def test_the_keys_may_lie_in_a_file(asked, keys, tmp_path):
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps({"keys": [keys["EdDSA"].published()]}))
    assert asked(token(keys["EdDSA"]), str(file)).principal.id == "li@bank"


@pytest.mark.parametrize(
    ("changed", "principal"),
    [
        ({"aud": ["other", AUDIENCE]}, Principal("li@bank", "officer", frozenset({"accounts:read", "payments:write"}))),
        ({"scope": ["books:read"]}, Principal("li@bank", "officer", frozenset({"books:read"}))),
        ({"scope": "openid books:read profile"}, Principal("li@bank", "officer", frozenset({"books:read"}))),
        ({"scope": ...}, Principal("li@bank", "officer", frozenset())),
        (
            {"role": "customer", "customer_id": "c-1", "scope": "accounts:read", "sub": "p-1"},
            Principal("p-1", "customer", frozenset({"accounts:read"}), "c-1"),
        ),
    ],
)
def test_claims_become_role_scopes_and_customer(asked, keys, changed, principal):
    assert asked(token(keys["EdDSA"], **changed)).principal == principal


def test_a_subject_that_can_be_no_id_of_ours_has_one_that_stands_for_it(asked, keys):
    told = [asked(token(keys["EdDSA"], sub=sub)).principal.id for sub in ("auth0|1", "auth0|2", "calendar", "x" * 65)]
    assert len(set(told)) == 4
    assert all(each.startswith("sub-") and len(each) == 44 for each in told)


BAD = {
    "expired": ({"exp": In(-SKEW - 1)}, "token_expired"),
    "not yet valid": ({"nbf": In(SKEW + ROOMY)}, "token_early"),
    "issued in the future": ({"iat": In(SKEW + ROOMY)}, "token_early"),
    "without expiry": ({"exp": ...}, "token_claims"),
    "without subject": ({"sub": ...}, "token_claims"),
    "wrong audience": ({"aud": "other"}, "token_audience"),
    "no audience": ({"aud": ...}, "token_claims"),
    "wrong issuer": ({"iss": NAME + "/"}, "token_issuer"),
    "no issuer": ({"iss": ...}, "token_claims"),
    "no role": ({"role": ...}, "token_claims"),
    "unknown role": ({"role": "root"}, "token_claims"),
    "roles": ({"role": ["officer"]}, "token_claims"),
    "scope of another kind": ({"scope": {"accounts": "read"}}, "token_claims"),
    "customer of nobody": ({"role": "customer"}, "token_claims"),
    "officer for a customer": ({"customer_id": "c-1"}, "token_claims"),
    "odd customer": ({"role": "customer", "customer_id": "c 1"}, "token_claims"),
    "number for a customer": ({"role": "customer", "customer_id": 1}, "token_claims"),
    "endless": ({"exp": float("inf")}, "credentials_malformed"),
    "list for expiry": ({"exp": [1]}, "credentials_malformed"),
}


@pytest.mark.parametrize(("changed", "why"), BAD.values(), ids=BAD)
def test_a_token_with_bad_claims_is_refused(asked, keys, changed, why):
    with refused(why):
        asked(token(keys["EdDSA"], **changed))


@pytest.mark.parametrize(
    "changed",
    [{"exp": In(ROOMY - SKEW)}, {"nbf": In(SKEW)}, {"iat": In(SKEW)}],
    ids=["expired", "not yet valid", "issued in the future"],
)
def test_clocks_may_differ_a_little(asked, keys, changed):
    assert asked(token(keys["EdDSA"], **changed)).principal.id == "li@bank"


def forged(keys) -> dict[str, tuple[str, str]]:
    long, stranger = keys["RS256"], SigningKey("eddsa")
    pem = long.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = raw({"alg": "HS256", "kid": "rs256"}, claims()).rpartition(".")[0]
    hmac_forged = raw(
        {"alg": "HS256", "kid": "rs256"}, claims(), hmac.digest(pem, signed.encode(), sha256().name)
    )  # fmt: skip
    good = token(keys["EdDSA"])
    head, _, rest = good.partition(".")
    body, _, signature = rest.partition(".")
    other_body = raw({}, claims(role="operator")).split(".")[1]
    return {
        "by a key of somebody else": (token(stranger), "token_signature"),
        "by nothing": (raw({"alg": "none", "kid": "eddsa"}, claims()), "token_algorithm"),
        "by nothing, in capitals": (raw({"alg": "NONE", "kid": "eddsa"}, claims()), "token_algorithm"),
        "by nothing, as if by a key": (raw({"alg": "EdDSA", "kid": "eddsa"}, claims()), "token_signature"),
        "by the public key as a secret": (hmac_forged, "token_algorithm"),
        "without an algorithm": (raw({"kid": "eddsa"}, claims()), "token_algorithm"),
        "by another algorithm than the key's": (token(keys["ES256"], {"kid": "rs256"}), "token_algorithm"),
        "by a longer hash": (
            jwt.encode(claims(), long.private, "RS512", headers={"kid": "rs256"}), "token_algorithm",
        ),
        "with its own key": (token(stranger, {"jwk": stranger.published()}), "token_signature"),
        "with the place of its own key": (
            token(SigningKey("mine"), {"jku": "https://evil.example/jwks.json", "x5u": "https://evil.example"}),
            "token_key",
        ),
        "naming no key": (jwt.encode(claims(), keys["EdDSA"].private, "EdDSA"), "token_key"),
        "naming a key that is none": (token(SigningKey("unknown")), "token_key"),
        "of another type": (token(keys["EdDSA"], {"typ": "logout+jwt"}), "token_type"),
        "with other claims": (f"{head}.{other_body}.{signature}", "token_signature"),
        "without a signature": (f"{head}.{body}.", "token_signature"),
        "cut": (f"{head}.{body}", "credentials_malformed"),
        "critical": (token(keys["EdDSA"], {"crit": ["b64"], "b64": True}), "credentials_malformed"),
        "nothing": ("", "credentials_malformed"),
        "dots": ("..", "credentials_malformed"),
        "of four parts": (good + ".e30", "credentials_malformed"),
        "no JSON": ("bm8.e30.e30", "credentials_malformed"),
        "nested deep": (raw({"alg": "EdDSA"}, {}).replace("e", "WwWw", 1), "credentials_malformed"),
        "with a kid of another kind": (raw({"alg": "EdDSA", "kid": 1}, claims()), "credentials_malformed"),
    }  # fmt: skip


@pytest.mark.parametrize("kind", forged({a: SigningKey(a.lower(), a) for a in ("RS256", "ES256", "EdDSA")}))
def test_a_forged_token_is_refused(asked, keys, kind):
    text, why = forged(keys)[kind]
    with refused(why) as refusal:
        asked(text)
    for part in filter(None, text.split(".")):
        assert part not in str(refusal.value)


@pytest.mark.parametrize(
    "published",
    [
        {"kty": "oct", "k": "c2VjcmV0LXRoYXQtaXMtbG9uZy1lbm91Z2gtZm9yLWhtYWM", "kid": "weak", "alg": "HS256"},
        {**SigningKey("weak").published(), "use": "enc"},
        {**SigningKey("weak", "RS256").published(), "alg": "RS512"},
        SigningKey("weak", "RS256", rsa.generate_private_key(public_exponent=65_537, key_size=1_024)).published(),
    ],
    ids=["a secret", "for encryption", "for another algorithm", "short"],
)
def test_a_published_key_of_another_kind_signs_nothing(publisher, asked, keys, published):
    publisher.publish(published, keys["EdDSA"])
    with refused("token_key"):
        asked(raw({"alg": "EdDSA", "kid": "weak"}, claims()))


class Rotation:
    """Tokens of an issuer that goes on publishing, on a clock that is moved by hand."""

    def __init__(self, publisher) -> None:
        self.clock, self.publisher = Clock(), publisher
        self.tokens = Tokens(NAME, AUDIENCE, publisher.url, self.clock)

    async def why(self, key) -> str:
        try:
            await self.tokens.known(token(key))
        except Unauthenticated as unknown:
            return unknown.why
        return "known"


def test_a_new_key_is_known_at_once_and_an_old_one_no_more(publisher):
    old, new = SigningKey("1"), SigningKey("2")
    publisher.publish(old)

    async def talk(rotation):
        assert await rotation.why(old) == "known"
        publisher.publish(new)
        rotation.clock.at += 10
        assert await rotation.why(new) == "known"
        assert await rotation.why(old) == "token_key"
        assert publisher.asked == 2

    asyncio.run(talk(Rotation(publisher)))


def test_a_key_that_is_taken_back_is_known_for_minutes_at_the_most(publisher):
    old, new = SigningKey("1"), SigningKey("2")
    publisher.publish(old, new)

    async def talk(rotation):
        assert await rotation.why(old) == "known"
        publisher.publish(new)
        rotation.clock.at += 301
        assert await rotation.why(old) == "known"  # and meanwhile the keys are read
        await rotation.tokens._keys._behind
        assert await rotation.why(old) == "token_key"

    asyncio.run(talk(Rotation(publisher)))


def test_a_flood_of_unknown_keys_asks_the_issuer_seldom(publisher):
    good = SigningKey("1")
    publisher.publish(good)

    async def talk(rotation):
        strangers = [SigningKey(f"x-{number}") for number in range(100)]
        for turn in range(3):
            told = await asyncio.gather(*map(rotation.why, [*strangers, good]))
            assert told == ["token_key"] * 100 + ["known"]
            assert publisher.asked == turn + 1
            rotation.clock.at += 10

    asyncio.run(talk(Rotation(publisher)))


@pytest.mark.parametrize("answer", [(500, b""), (302, b""), (200, b"<html>"), (200, b"[]"), (200, b'{"keys": []}')])
def test_keys_that_cannot_be_read_are_no_reason_to_let_anybody_in_or_to_forget_the_old(publisher, answer):
    good = SigningKey("1")

    async def talk(rotation):
        publisher.status, publisher.body = answer
        with pytest.raises(IssuerUnavailable):
            await rotation.why(good)
        asked = publisher.asked
        with pytest.raises(IssuerUnavailable):
            await rotation.why(good)
        assert publisher.asked == asked
        publisher.status = 200
        publisher.publish(good)
        rotation.clock.at += 10
        assert await rotation.why(good) == "known"
        publisher.status, publisher.body = answer
        rotation.clock.at += 3_600
        assert await rotation.why(good) == "known"
        rotation.clock.at += 10
        with pytest.raises(IssuerUnavailable):
            await rotation.why(good)

    asyncio.run(talk(Rotation(publisher)))


def test_an_issuer_that_is_not_there(keys):
    with pytest.raises(IssuerUnavailable):
        asyncio.run(Tokens(NAME, AUDIENCE, "/nowhere/jwks.json").known(token(keys["EdDSA"])))
