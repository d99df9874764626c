"""What fails again and again is left alone for a while, then tried once."""

import pytest

from qa.breaker import Breaker


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


def failed(breaker, times):
    for _ in range(times):
        assert breaker.admits()
        breaker.failed()


def test_it_opens_after_so_many_failures_in_a_row(clock):
    breaker = Breaker(3, 30, clock)
    failed(breaker, 2)
    breaker.succeeded()
    failed(breaker, 2)
    assert breaker.state == "closed" and breaker.admits()
    breaker.failed()
    assert breaker.state == "open" and not breaker.admits()


def test_after_the_pause_one_may_try_and_nobody_beside(clock):
    breaker = Breaker(1, 30, clock)
    failed(breaker, 1)
    clock.now = 29.9
    assert not breaker.admits()
    clock.now = 30
    assert breaker.state == "half-open"
    assert [breaker.admits() for _ in range(3)] == [True, False, False]
    breaker.succeeded()
    assert breaker.state == "closed" and all(breaker.admits() for _ in range(3))


def test_a_trial_that_fails_begins_the_pause_anew(clock):
    breaker = Breaker(3, 30, clock)
    failed(breaker, 3)
    clock.now = 31
    failed(breaker, 1)
    assert breaker.state == "open"
    clock.now = 60.9
    assert not breaker.admits()
    clock.now = 61
    assert breaker.admits()


def test_a_trial_that_nobody_waits_for_is_given_back(clock):
    breaker = Breaker(1, 30, clock)
    failed(breaker, 1)
    clock.now = 30
    assert breaker.admits() and not breaker.admits()
    breaker.released()
    assert breaker.state == "half-open" and breaker.admits()


def test_one_failure_is_enough_where_that_is_said_and_the_pause_as_long_as_is_asked_for(clock):
    breaker = Breaker(3, 30, clock)
    assert breaker.admits()
    breaker.failed(at_once=True, pause_s=90)
    clock.now = 89
    assert breaker.state == "open"
    clock.now = 90
    assert breaker.state == "half-open"
