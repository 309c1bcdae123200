"""Who is asked to come again, and for how long."""

from mailstead.services.filters.once import KEPT_FOR, KEPT_MAX, Once
from tests.support.fake_clock import FakeClock


def test_a_second_try_after_a_while() -> None:
    clock = FakeClock()
    once = Once(clock)
    assert once.may_wait("a")
    clock.advance(59)
    assert once.may_wait("a")
    assert once.may_wait("b")
    clock.advance(1)
    assert not once.may_wait("a")
    assert once.may_wait("b")


def test_it_forgets() -> None:
    clock = FakeClock()
    once = Once(clock)
    assert once.may_wait("a")
    clock.advance(KEPT_FOR + 1)
    assert once.may_wait("a")
    for number in range(KEPT_MAX):
        once.may_wait(number)
    clock.advance(60)
    assert once.may_wait("a")
