"""How much may be asked: so much at once, and as much again as time passes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.access.rates import Rate, RateLimited, Rates
from tests.access.test_keys import Clock

TEN = Rate("person", 10, 60)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rates(clock) -> Rates:
    return Rates(clock)


def test_so_much_is_taken_at_once_and_then_one_each_time_that_one_comes_free(rates, clock):
    assert [rates.take("li", TEN).remaining for _ in range(10)] == list(range(9, -1, -1))
    with pytest.raises(RateLimited) as limited:
        rates.take("li", TEN)
    assert limited.value.left == (TEN, 0, 60, 6)
    clock.at = 5.9
    with pytest.raises(RateLimited) as limited:
        rates.take("li", TEN)
    assert limited.value.left.wait == 1  # a second is the least that a header can say
    clock.at = 6.0
    assert rates.take("li", TEN) == (TEN, 0, 60, 0)
    clock.at = 66.0
    assert rates.take("li", TEN).remaining == 9


def test_each_has_their_own(rates):
    for _ in range(10):
        rates.take("li", TEN)
    assert rates.take("wang", TEN).remaining == 9
    assert rates.take("li", TEN._replace(name="stranger")).remaining == 9


def test_what_is_left_is_told_as_the_draft_has_it(rates):
    assert rates.take("li", TEN).headers == {
        "RateLimit-Policy": '"person";q=10;w=60',
        "RateLimit": '"person";r=9;t=6',
    }


def test_a_rate_is_written_as_in_the_settings():
    assert [Rate.parse("a", text) for text in ("7/second", "600/minute", "1/hour")] == [
        ("a", 7, 1), ("a", 600, 60), ("a", 1, 3_600),
    ]  # fmt: skip


@given(
    amount=st.integers(1, 50),
    seconds=st.sampled_from([1, 60, 3_600]),
    pauses=st.lists(st.floats(0, 3_600), max_size=120),
)
def test_in_no_stretch_of_time_is_more_taken_than_twice_the_amount(amount, seconds, pauses):
    clock, rate, taken = Clock(), Rate("r", amount, seconds), []
    rates = Rates(clock)
    for pause in pauses:
        clock.at += pause / amount
        try:
            left = rates.take("li", rate)
        except RateLimited as limited:
            # Whoever waits as long as they are told is taken.
            clock.at += limited.left.wait
            left = rates.take("li", rate)
        assert 0 <= left.remaining < amount
        taken.append(clock.at)
    for at in taken:
        assert sum(at <= each < at + seconds for each in taken) <= 2 * amount
