"""What is sealed can be opened with its key, in its place, and in no other way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.vault.sealing import Damaged, new_key, opened, seal

KEY = new_key()
places = st.lists(st.text(max_size=8), min_size=1, max_size=3).map(tuple)


@given(st.binary(max_size=100), places)
def test_what_was_sealed_is_opened(content, place):
    assert opened(KEY, seal(KEY, content, *place), *place) == content


@given(places, places)
def test_it_cannot_be_put_elsewhere(place, elsewhere):
    sealed = seal(KEY, b"content", *place)
    if place != elsewhere:
        with pytest.raises(Damaged):
            opened(KEY, sealed, *elsewhere)


def test_no_bit_of_it_can_be_changed_and_nothing_left_out():
    sealed = seal(KEY, b"content", "here")
    changes = [bytes([*sealed[:n], sealed[n] ^ 1, *sealed[n + 1 :]]) for n in range(len(sealed))]
    for changed in [*changes, *(sealed[:n] for n in range(len(sealed)))]:
        with pytest.raises(Damaged):
            opened(KEY, changed, "here")


def test_another_key_does_not_open_it():
    with pytest.raises(Damaged):
        opened(new_key(), seal(KEY, b"content", "here"), "here")


def test_the_same_content_is_never_sealed_the_same():
    assert len({seal(KEY, b"content", "here") for _ in range(100)}) == 100
