"""Exact counts that workers share: windows that slide, crowds, workers that die or stop in the middle of a change."""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from mailstead.net import ledger as module
from mailstead.net.clock import SystemClock
from mailstead.net.ledger import WAYS, Answer, Ledger, Taken, make_ledger
from tests.support.fake_clock import FakeClock

HOUR = 3_600_000
DYING = """
import os, signal, sys
from mailstead.net.clock import SystemClock
from mailstead.net.ledger import Ledger

class Dies(Ledger):
    def _write(self, key_at, record_at, digest, row):
        if row[4] > 5:
            self._map = Hostile(self._map, int(sys.argv[2]))
        super()._write(key_at, record_at, digest, row)

class Hostile:
    "Dies with the n-th octet string that is written, after half of it."
    def __init__(self, table, left):
        self.table, self.left = table, left
    def __getitem__(self, key):
        return self.table[key]
    def __setitem__(self, key, value):
        self.left -= 1
        if not self.left:
            self.table[key.start : key.start + len(value) // 2] = value[: len(value) // 2]
            os.kill(os.getpid(), signal.SIGKILL)
        self.table[key] = value
    def __buffer__(self, flags):
        raise NotImplementedError

ledger = Dies(int(sys.argv[1]), SystemClock())
for _ in range(10):
    ledger.take("a", 3600000, 1000)
"""


@pytest.fixture
def fd() -> Iterator[int]:
    made = make_ledger()
    yield made
    os.close(made)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def take(ledger: Ledger, name: str = "a", times: int = 1, limit: int = 10) -> list[Answer]:
    return [ledger.take(name, HOUR, limit).answer for _ in range(times)]


def test_what_is_refused_is_not_counted_and_nobody_passes_the_limit(fd: int, clock: FakeClock) -> None:
    one, other = Ledger(fd, clock), Ledger(fd, clock)
    assert take(one, times=6) + take(other, times=6) == [Answer.TAKEN] * 10 + [Answer.FULL] * 2
    assert one.count("a", HOUR) == other.count("a", HOUR) == 10
    other.give_back("a", HOUR)
    assert take(one, times=2) == [Answer.TAKEN, Answer.FULL]
    assert take(one, "b") == [Answer.TAKEN]
    assert one.take("a", 2 * HOUR, 10) == Taken(Answer.TAKEN, 1), "another window is another name"
    one.forget("a", HOUR)
    assert other.count("a", HOUR) == 0


def test_a_window_slides(fd: int, clock: FakeClock) -> None:
    ledger = Ledger(fd, clock)
    assert take(ledger, times=4, limit=10) == [Answer.TAKEN] * 4
    clock.advance(1800)
    assert take(ledger, times=7, limit=10)[-1] is Answer.FULL
    clock.advance(1799)
    assert take(ledger) == [Answer.FULL], "within an hour of the first"
    clock.advance(301)
    assert take(ledger, times=5) == [Answer.TAKEN] * 4 + [Answer.FULL], "those of the first moment are over"
    clock.advance(2 * 3600)
    assert ledger.count("a", HOUR) == 0


def test_a_clock_that_is_set_back_neither_forgets_nor_counts_for_ever(fd: int, clock: FakeClock) -> None:
    ledger = Ledger(fd, clock)
    take(ledger, times=10)
    clock.set(-1800)
    assert take(ledger) == [Answer.FULL]
    clock.set(-86400 * 365)
    assert take(ledger) == [Answer.TAKEN]


def test_what_was_taken_before_a_part_ended_can_be_given_back_after(fd: int, clock: FakeClock) -> None:
    ledger = Ledger(fd, clock)
    take(ledger, times=3)
    clock.advance(600)
    take(ledger)
    for left in (3, 2, 1, 0, 0):
        ledger.give_back("a", HOUR)
        assert ledger.count("a", HOUR) == left


def test_a_crowd_pushes_out_whoever_was_seen_longest_ago(
    fd: int, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MASK", 0)  # one bucket for all
    ledger = Ledger(fd, clock)
    take(ledger, "first", times=3)
    for number in range(WAYS - 1):
        clock.advance(600)
        take(ledger, f"later {number}", times=2)
    assert ledger.count("first", HOUR) == 0
    assert ledger.count(f"later {WAYS - 2}", HOUR) == 2
    take(ledger, "one more")
    assert ledger.count("one more", HOUR) == 1
    assert ledger.count(f"later {WAYS - 2}", HOUR) == 2


@pytest.mark.parametrize("step", range(1, 5))
def test_a_worker_may_die_in_the_middle_of_a_change(fd: int, step: int) -> None:
    """At each of its steps, of which every one is half done: the change did not happen, or it happened whole."""
    died = subprocess.run([sys.executable, "-c", DYING, str(fd), str(step)], pass_fds=[fd], check=False, timeout=60)
    assert died.returncode == (-signal.SIGKILL if step < 4 else 1)
    ledger = Ledger(fd, SystemClock())
    assert ledger.count("a", HOUR) == 5
    assert ledger.take("a", HOUR, 6) == Taken(Answer.TAKEN, 6)
    assert ledger.take("a", HOUR, 6) == Taken(Answer.FULL, 6)


def test_a_worker_that_was_stopped_in_there_makes_others_count_nothing_for_a_while(fd: int) -> None:
    holder = os.open(f"/proc/self/fd/{fd}", os.O_RDWR)
    ledger = Ledger(fd, SystemClock())
    fcntl.flock(holder, fcntl.LOCK_EX)
    assert take(ledger, times=3) == [Answer.UNKNOWN] * 3
    assert ledger.count("a", HOUR) == 0
    ledger.give_back("a", HOUR)
    os.close(holder)  # as when it dies
    assert take(ledger) == [Answer.TAKEN]


def test_what_a_node_counted_is_claimed_once(fd: int, clock: FakeClock) -> None:
    one, other = Ledger(fd, clock), Ledger(fd, clock)
    assert [one.take("a", HOUR, 100, free=3).answer for _ in range(4)] == [Answer.TAKEN] * 3 + [Answer.ASK]
    assert (one.claim("a", HOUR), other.claim("a", HOUR)) == (3, 0)
    assert other.take("a", HOUR, 100, free=3).answer is Answer.ASK, "what is on its way is not heard yet"
    one.settle("a", HOUR, 3, (clock.now(), (40, *[0] * 12), 7))
    assert other.count("a", HOUR) == 40
    assert other.take("a", HOUR, 100, free=3) == Taken(Answer.TAKEN, 41)
    other.give_back("a", HOUR, is_shared=True)
    other.give_back("a", HOUR, is_shared=True)
    assert (one.count("a", HOUR), one.claim("a", HOUR)) == (39, -1)
    one.settle("a", HOUR, -1, (clock.now(), (99, *[0] * 12), 6))
    assert one.count("a", HOUR) == 40, "an older word tells nothing"
    one.take("a", HOUR, 100, free=3)
    one.keep("a", HOUR, one.claim("a", HOUR))
    assert (one.count("a", HOUR), one.claim("a", HOUR)) == (41, 0)
