"""The lock among workers, within one process: each opening has its own descriptors."""

import signal
import threading
import time
from fcntl import LOCK_EX, LOCK_UN, flock
from pathlib import Path

import pytest

from mailstead.store.sql.lock import LockHeld, ProcessLock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lock"


def test_two_openings_exclude_each_other(path: Path) -> None:
    one, two = ProcessLock(path), ProcessLock(path)
    assert one.take(0)
    assert not two.take(0)
    assert not two.take(0.02)
    one.give_back()
    assert two.take(0.02)
    two.give_back()
    one.close()
    two.close()


def test_whoever_stands_inside_the_gate_is_next(path: Path) -> None:
    """A waiter holds the gate: the worker that gives the lock back cannot take it again before it."""
    one, two = ProcessLock(path), ProcessLock(path)
    assert one.take(0)
    flock(two._gate, LOCK_EX)  # as a waiter does before it waits for the door
    one.give_back()
    assert not one.take(0)
    flock(two._door, LOCK_EX)
    flock(two._gate, LOCK_UN)
    assert not one.take(0)
    two.give_back()
    assert one.take(0)
    one.close()
    two.close()


def test_a_wait_outside_the_main_thread_ends_too(path: Path) -> None:
    one, two = ProcessLock(path), ProcessLock(path)
    assert one.take(0)
    results: list[bool] = []
    thread = threading.Thread(target=lambda: results.append(two.take(0.05)))
    thread.start()
    thread.join(5)
    assert results == [False]
    one.give_back()
    thread = threading.Thread(target=lambda: results.append(two.take(5)))
    thread.start()
    thread.join(5)
    assert results == [False, True]
    one.close()
    two.close()


def test_closing_frees_it(path: Path) -> None:
    one, two = ProcessLock(path), ProcessLock(path)
    assert one.take(0)
    one.close()
    assert two.take(0)
    two.close()


def test_held_says_who_stands_in_the_way(path: Path) -> None:
    one, two = ProcessLock(path), ProcessLock(path)
    with one.held(1), pytest.raises(LockHeld), two.held(0.01):
        pass
    with two.held(0.01):
        pass
    one.close()
    two.close()


def test_a_late_alarm_is_ignored(path: Path) -> None:
    one, two = ProcessLock(path), ProcessLock(path)
    assert one.take(0)
    assert not two.take(0.01)
    signal.raise_signal(signal.SIGALRM)
    one.give_back()
    assert two.take(0)
    one.close()
    two.close()


def test_the_file_names_its_holder(path: Path) -> None:
    lock = ProcessLock(path)
    assert lock.holder()[0] == 0
    assert lock.take(0)
    pid, since = lock.holder()
    assert pid > 0
    assert since <= time.monotonic()
    lock.give_back()
    assert lock.holder() == (0, 0.0)
    assert path.stat().st_mode & 0o777 == 0o600
    lock.close()
