"""A hello is made once for each case, and the date in it keeps up with the clock."""

from mailstead.servers.smtp.hellos import KEPT_MAX, Hellos
from mailstead.servers.smtp.profile import mx, submission
from tests.support.fake_clock import FakeClock


def test_it_is_made_once() -> None:
    hellos = Hellos(mx("mx.test"), 1000, FakeClock())
    assert hellos.reply(False, ()) is hellos.reply(False, ())
    assert hellos.reply(True, ()) is not hellos.reply(False, ())
    assert b"REQUIRETLS" in hellos.reply(True, ()).render()


def test_the_date_is_that_of_the_hour() -> None:
    clock = FakeClock()
    hellos = Hellos(submission("mx.test"), 1000, clock)
    before = hellos.reply(True, ("PLAIN",)).render()
    assert hellos.reply(True, ("PLAIN",)).render() == before
    clock.advance(3600)
    after = hellos.reply(True, ("PLAIN",)).render()
    assert after != before
    assert after.endswith(b"250 AUTH PLAIN\r\n")


def test_few_are_kept() -> None:
    hellos = Hellos(submission("mx.test"), 1000, FakeClock())
    for number in range(2 * KEPT_MAX):
        hellos.reply(True, (f"X{number}",))
    assert len(hellos._made) <= KEPT_MAX
