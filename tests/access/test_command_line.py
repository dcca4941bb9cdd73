"""`credit keys`: a key is printed once, listed without its secret, and taken back."""

import asyncio
import json

import pytest

from infra.access.keys import Keys
from infra.access.principals import SCOPES, Principal, Unauthenticated


@pytest.fixture
def known(pooled):
    """Whom a key stands for."""

    def ask(text):
        async def whole():
            async with pooled() as pool:
                return (await Keys(pool).known(text)).principal

        return asyncio.run(whole())

    return ask


def test_a_key_is_made_printed_once_and_taken_back(credit, known):
    code, out, err = credit("keys", "create", "--role", "service", "--name", "shop-1")
    text = out.strip()
    assert (code, known(text)) == (0, Principal("shop-1", "service", SCOPES))
    assert "cannot be shown again" in err
    _, key_id, secret = text.split("_", 2)
    code, out, _ = credit("keys", "list")
    (row,) = [line.split() for line in out.splitlines() if key_id in line]
    assert (code, row[:4], row[-1]) == (0, [key_id, "shop-1", "service", "all"], "good")
    assert secret not in out
    code, out, _ = credit("keys", "revoke", key_id)
    assert (code, out.startswith(f"{key_id} of shop-1 (service) is revoked since ")) == (0, True)
    with pytest.raises(Unauthenticated):
        known(text)


def test_a_program_reads_it_as_json(credit, known):
    words = ["--role", "customer", "--name", "p-1", "--customer", "c-1", "--expires", "30"]
    scopes = ["--scope", "payments:write", "--scope", "accounts:read"]
    code, out, err = credit("keys", "create", *words, *scopes, "--json")
    made = json.loads(out)
    text = made.pop("key")
    assert (code, err) == (0, "")
    assert known(text) == Principal("p-1", "customer", frozenset({"accounts:read", "payments:write"}), "c-1")
    assert made["scopes"] == ["accounts:read", "payments:write"]
    code, out, _ = credit("keys", "list", "--json")
    assert made in json.loads(out)
    assert text.split("_", 2)[2] not in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--role", "root", "--name", "a"], "'root' is not one of 'service'"),
        (["--role", "service"], "Missing option '--name'"),
        (["--role", "service", "--name", "two words"], "Invalid value for '--name': 'two words' must be 1 to 64"),
        (["--role", "customer", "--name", "a"], "Invalid value for '--customer': a key of role customer needs the id"),
        (
            ["--role", "officer", "--name", "a", "--customer", "c"],
            "Invalid value for '--customer': a key of role officer",
        ),
        (["--role", "service", "--name", "a", "--scope", "all"], "Invalid value for '--scope': 'all' is none"),
        (
            ["--role", "service", "--name", "a", "--expires", "0"],
            "Invalid value for '--expires': 0 days are not from 1",
        ),
    ],
)
def test_what_cannot_be_is_said_with_its_option(credit, words, said):
    code, _, err = credit("keys", "create", *words)
    assert code == 2
    assert said in " ".join(err.replace("│", " ").split())


def test_a_key_that_is_not_there_cannot_be_taken_back(credit):
    code, _, err = credit("keys", "revoke", "0" * 16)
    assert (code, err) == (1, "credit: There is no key of this id: look at `credit keys list`.\n")
