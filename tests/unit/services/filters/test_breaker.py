"""When a filter is left alone, and when it is tried again."""

from mailstead.services.filters.breaker import Breaker, BreakerRules, State

RULES = BreakerRules(failures=3, pause=30.0)


def opened() -> Breaker:
    breaker = Breaker(RULES)
    assert [breaker.failed("no", 0.0) for _ in range(3)] == [False, False, True]
    return breaker


def test_failures_in_a_row_open_it() -> None:
    breaker = opened()
    assert breaker.state(1.0) is State.OPEN
    assert not breaker.admit(29.9)
    assert breaker.reason == "no"


def test_an_answer_between_them_does_not() -> None:
    breaker = Breaker(RULES)
    for _ in range(5):
        breaker.failed("no", 0.0)
        breaker.failed("no", 0.0)
        assert not breaker.succeeded()
    assert breaker.state(0.0) is State.CLOSED
    assert breaker.reason == ""


def test_after_the_pause_one_tries_it() -> None:
    breaker = opened()
    assert breaker.state(30.0) is State.PROBING
    assert breaker.admit(30.0)
    assert not breaker.admit(30.0)
    assert breaker.succeeded()
    assert breaker.admit(30.0)
    assert breaker.admit(30.0)


def test_a_probe_that_fails_begins_the_pause_anew() -> None:
    breaker = opened()
    assert breaker.admit(30.0)
    assert not breaker.failed("still no", 40.0)
    assert not breaker.admit(69.9)
    assert breaker.admit(70.0)


def test_a_probe_that_was_given_up_lets_another_try() -> None:
    breaker = opened()
    assert breaker.admit(30.0)
    breaker.gave_up()
    assert breaker.admit(30.0)
