"""When somebody has to pause, and for how long."""

import pytest

from mailstead.ground.model.guards import Breaker, Scope, Subject
from mailstead.ground.model.ids import Instant
from mailstead.services.guards.breaker import BreakerRules, Tally, open_breaker, reason_to_open

HOUR = 3_600_000
ANN = Subject(Scope.ACCOUNT, "ann@home.test")


@pytest.mark.parametrize(
    ("tally", "words"),
    [
        (Tally(), ""),
        (Tally(tried=19, bounced=19), ""),  # too few to say anything
        (Tally(tried=20, bounced=2), ""),  # ten percent is not more than ten percent
        (Tally(tried=20, bounced=3), "paused: 3 of 20 recipients bounced in the last hour"),
        (Tally(tried=40, bounced=14), "paused: 14 of 40 recipients bounced in the last hour"),
        (Tally(tried=1000, bounced=100), ""),
        (Tally(tried=1000, bounced=101), "paused: 101 of 1000 recipients bounced in the last hour"),
        (Tally(blocked=2), ""),
        (Tally(blocked=3), "paused: 3 letters in the last hour were refused as from a blocked sender"),
        (Tally(tried_today=500, complained=1), ""),  # one person alone
        (Tally(tried_today=2000, complained=2), ""),
        (Tally(tried_today=1999, complained=2), "paused: 2 of 1999 recipients complained in the last day"),
    ],
)
def test_reasons(tally: Tally, words: str) -> None:
    assert reason_to_open(tally, BreakerRules()) == words


def test_what_the_operator_says_holds() -> None:
    tally = Tally(tried=5, bounced=3)
    assert reason_to_open(tally, BreakerRules(least=5, bounce_percent=60)) == ""
    assert reason_to_open(tally, BreakerRules(least=5, bounce_percent=59)) != ""


def test_pauses_grow_and_are_forgiven() -> None:
    now, before, lengths = Instant(10**12), None, []
    for _ in range(6):
        before = open_breaker(before, ANN, "x", now)
        lengths.append((before.until - now) // HOUR)
        assert before.is_open(now)
        assert not before.is_open(before.until)
        now = Instant(before.until + HOUR)
    assert lengths == [1, 2, 4, 8, 8, 8]
    assert isinstance(before, Breaker)
    later = Instant(before.until + 24 * HOUR)
    assert open_breaker(before, ANN, "x", later).strikes == 1
