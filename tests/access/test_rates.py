"""How much may be asked: so much at once, and as much again as time passes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.access.rates import Counter, Rate, RateLimited, rates_of
from tests.access.test_keys import Clock

TEN = Rate("person", 10, 60)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def counter(clock) -> Counter:
    return Counter(clock)


def test_so_much_is_taken_at_once_and_then_one_each_time_that_one_comes_free(counter, clock):
    assert [counter.take("li", TEN).remaining for _ in range(10)] == list(range(9, -1, -1))
    with pytest.raises(RateLimited) as limited:
        counter.take("li", TEN)
    assert limited.value.left == (TEN, 0, 60, 6)
    clock.at = 5.9
    with pytest.raises(RateLimited) as limited:
        counter.take("li", TEN)
    assert limited.value.left.wait == 1  # a second is the least that a header can say
    clock.at = 6.0
    assert counter.take("li", TEN) == (TEN, 0, 60, 0)
    clock.at = 66.0
    assert counter.take("li", TEN).remaining == 9


def test_each_has_their_own(counter):
    for _ in range(10):
        counter.take("li", TEN)
    assert counter.take("wang", TEN).remaining == 9
    assert counter.take("li", TEN._replace(name="stranger")).remaining == 9


def test_what_is_left_is_told_as_the_draft_has_it(counter):
    assert counter.take("li", TEN).headers == {
        "RateLimit-Policy": '"person";q=10;w=60',
        "RateLimit": '"person";r=9;t=6',
    }


def test_what_the_setting_does_not_name_is_as_it_is_by_default():
    service, person, stranger = ("service", 60_000, 60), ("person", 600, 60), ("stranger", 60, 60)
    assert list(rates_of("").values()) == [service, person, stranger]
    assert list(rates_of("person=7/second,service=1/hour").values()) == [
        ("service", 1, 3_600), ("person", 7, 1), stranger,
    ]  # fmt: skip
    assert rates_of("0") == {}


@given(
    amount=st.integers(1, 50),
    seconds=st.sampled_from([1, 60, 3_600]),
    pauses=st.lists(st.floats(0, 3_600), max_size=120),
)
def test_in_no_stretch_of_time_is_more_taken_than_twice_the_amount(amount, seconds, pauses):
    clock, rate, taken = Clock(), Rate("r", amount, seconds), []
    counter = Counter(clock)
    for pause in pauses:
        clock.at += pause / amount
        try:
            left = counter.take("li", rate)
        except RateLimited as limited:
            # Whoever waits as long as they are told is taken.
            clock.at += limited.left.wait
            left = counter.take("li", rate)
        assert 0 <= left.remaining < amount
        taken.append(clock.at)
    for at in taken:
        assert sum(at <= each < at + seconds for each in taken) <= 2 * amount
