"""Somebody who guesses passwords has to wait, and cannot fill the memory."""

import pytest

from auth.throttle import Throttle, network_of


class Clock:
    """Time as a test wants it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_an_address_has_five_tries_and_then_one_each_half_minute(clock: Clock) -> None:
    throttle = Throttle(clock=clock)
    assert [throttle.take("10.0.0.1") for _ in range(6)] == [0, 0, 0, 0, 0, 30.0]
    clock.now = 20
    assert throttle.take("10.0.0.1") == pytest.approx(10.0)
    clock.now = 30
    assert [throttle.take("10.0.0.1") for _ in range(2)] == [0, pytest.approx(30.0)]


def test_other_addresses_go_on(clock: Clock) -> None:
    throttle = Throttle(clock=clock)
    for _ in range(6):
        throttle.take("10.0.0.1")
    assert throttle.take("10.0.0.2") == 0


def test_a_good_try_does_not_count(clock: Clock) -> None:
    throttle = Throttle(clock=clock)
    for _ in range(50):
        assert throttle.take("10.0.0.1") == 0
        throttle.give_back("10.0.0.1")


def test_all_together_have_a_limit_too_and_a_refused_try_costs_nothing(clock: Clock) -> None:
    throttle = Throttle(together=(3, 1.0), clock=clock)
    assert [throttle.take(f"10.0.0.{n}") for n in range(4)] == [0, 0, 0, 1.0]
    clock.now = 1
    assert [throttle.take("10.0.0.3"), throttle.take("10.0.0.3")] == [0, 1.0]


def test_memory_is_bounded_however_many_addresses_try(clock: Clock) -> None:
    throttle = Throttle(together=(100_000, 1.0), clock=clock)
    for n in range(12_000):
        throttle.take(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}")
    assert len(throttle) == 10_000
    assert throttle.take("x" * 100_000) == 0
    assert max(map(len, throttle._addresses)) <= 64


def test_a_network_of_ipv6_counts_as_one_address(clock: Clock) -> None:
    throttle = Throttle(clock=clock)
    assert [throttle.take(f"2001:db8::{n:x}") for n in range(6)] == [0, 0, 0, 0, 0, 30.0]
    assert throttle.take("2001:db8:0:1::1") == 0
    assert network_of("::ffff:10.0.0.1") != network_of("::ffff:10.0.0.2")
    assert network_of("fe80::1%eth0") == "fe80::"
