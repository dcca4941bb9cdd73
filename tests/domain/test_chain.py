"""The hash chain, computed here a second time by code of its own, so that a change of either is seen."""

import hashlib
from datetime import UTC, datetime
from uuid import UUID

import pytest

from domain.chain import GENESIS, instant_text, link

FIELDS = {
    "previous": bytes(range(32)),
    "account_id": UUID("00112233-4455-8677-8899-aabbccddeeff"),
    "version": 7,
    "type_": "purchase.posted",
    "type_version": 1,
    "recorded_at": "2026-02-10T15:59:59.000001Z",
    "command_id": "command-1",
    "actor": "officer:o-1",
    "data": b'{"amount_fen":7000}',
}


def by_hand(previous, account_id, version, type_, type_version, recorded_at, command_id, actor, data):
    def number(value):
        return bytes((value >> shift) & 0xFF for shift in range(56, -8, -8))

    digest = hashlib.sha256()
    digest.update(previous)
    digest.update(bytes.fromhex(str(account_id).replace("-", "")))
    digest.update(number(version))
    digest.update(number(len(type_.encode("utf-8"))))
    digest.update(type_.encode("utf-8"))
    digest.update(number(type_version))
    for text in (recorded_at, command_id, actor):
        digest.update(number(len(text.encode("utf-8"))))
        digest.update(text.encode("utf-8"))
    digest.update(number(len(data)))
    digest.update(data)
    return digest.digest()


def test_the_hash_is_the_one_that_the_contract_describes():
    assert link(**FIELDS) == by_hand(**FIELDS)
    assert link(**FIELDS).hex() == KNOWN


# Computed once and written down: whoever changes the chain breaks every history that exists.
KNOWN = "e5dcdf2b2e04d0066e78b08529ab1520ed3761d17eb2d2d14ab9fed49031bbfa"


@pytest.mark.parametrize(
    ("field", "other"),
    [
        ("previous", bytes(32)),
        ("account_id", UUID("00112233-4455-8677-8899-aabbccddeefe")),
        ("version", 8),
        ("type_", "purchase.refunded"),
        ("type_version", 2),
        ("recorded_at", "2026-02-10T15:59:59.000002Z"),
        ("command_id", "command-2"),
        ("actor", "officer:o-2"),
        ("data", b'{"amount_fen":7001}'),
    ],
)
def test_nothing_that_is_hashed_can_change_unseen(field, other):
    assert link(**{**FIELDS, field: other}) != link(**FIELDS)


@pytest.mark.parametrize(
    ("one", "another"),
    [
        ({"command_id": "ab", "actor": "c"}, {"command_id": "a", "actor": "bc"}),
        ({"actor": "a", "data": b"bc"}, {"actor": "ab", "data": b"c"}),
        ({"type_": "ab", "recorded_at": "c"}, {"type_": "a", "recorded_at": "bc"}),
    ],
)
def test_the_border_between_two_texts_is_hashed_too(one, another):
    assert link(**{**FIELDS, **one}) != link(**{**FIELDS, **another})


def test_a_change_of_one_event_changes_every_hash_after_it():
    def last_of(amounts):
        previous = GENESIS
        for version, amount in enumerate(amounts, 1):
            previous = link(**{**FIELDS, "previous": previous, "version": version, "data": str(amount).encode()})
        return previous

    assert last_of([1, 2, 3]) == last_of([1, 2, 3])
    assert len({last_of(amounts) for amounts in ([1, 2, 3], [9, 2, 3], [1, 9, 3], [2, 1, 3], [1, 2])}) == 5


def test_the_first_event_follows_thirty_two_zeros():
    assert bytes.fromhex("00" * 32) == GENESIS


def test_an_instant_is_written_in_utc_with_six_decimals():
    assert instant_text(datetime(2026, 2, 10, 15, 59, 59, tzinfo=UTC)) == "2026-02-10T15:59:59.000000Z"
    assert instant_text(datetime.fromisoformat("2026-02-11T00:00:00.000007+08:00")) == "2026-02-10T16:00:00.000007Z"
