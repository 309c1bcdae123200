"""One writer at a time among processes: flock on a file of its own, taken at once or waited for with a deadline.

The kernel frees it when its holder dies. Who holds it stands in the file, so that a supervisor can end one that hangs.
Each opening has its own descriptors: two stores of one process exclude each other too.

The lock is two: whoever wants it passes a gate and waits inside for the door. A worker that has just given it back
finds the gate held by one that waits, so a busy worker cannot keep the others out by being awake.
"""

import mmap
import os
import signal
import struct
import threading
import time
from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, LOCK_UN, flock
from pathlib import Path
from types import FrameType, TracebackType
from typing import Final, Self

_HOLDER: Final = struct.Struct("=Qd")  # pid (0: nobody), CLOCK_MONOTONIC seconds, which all processes share
_GATE: Final = _HOLDER.size  # where the gate's holder stands; that of the lock comes first
_NOBODY: Final = _HOLDER.pack(0, 0.0)
_PAUSE: Final = 0.002  # seconds between attempts where no signal can end a wait


def lock_path(database: Path) -> Path:
    """Where the lock of a database lies."""
    return database.with_name(f"{database.name}-lock")


def gate_path(lock: Path) -> Path:
    """Where the gate before a lock lies."""
    return lock.with_name(f"{lock.name}-gate")


class LockHeld(Exception):  # noqa: N818 - it is news, not an error
    """Another process holds the lock and did not give it back in time."""


class _DeadlinePassed(Exception):  # noqa: N818
    """Raised by the alarm inside the blocking wait."""


class ProcessLock:
    """Exclusive among all openings of one path."""

    def __init__(self, path: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        self._door = os.open(path, flags, 0o600)
        self._gate = os.open(gate_path(path), flags, 0o600)
        if os.fstat(self._door).st_size < mmap.PAGESIZE:
            os.ftruncate(self._door, mmap.PAGESIZE)
        self._page = mmap.mmap(self._door, mmap.PAGESIZE)
        self._pid = os.getpid()
        self._is_waiting = False

    def take(self, wait: float) -> bool:
        """True once it is ours; False if `wait` seconds were not enough. The main thread waits in the kernel."""
        if not (self._take_now() or (wait > 0 and self._wait(wait))):
            return False
        _HOLDER.pack_into(self._page, 0, self._pid, time.monotonic())
        return True

    def give_back(self) -> None:
        """Let the next one in."""
        self._page[: _HOLDER.size] = _NOBODY
        flock(self._door, LOCK_UN)

    def holder(self) -> tuple[int, float]:
        """Who stands in the way, as last written: (pid, monotonic seconds); pid 0 is nobody."""
        pid, since = _HOLDER.unpack_from(self._page)
        if pid == 0:
            pid, since = _HOLDER.unpack_from(self._page, _GATE)
        return pid, since

    def close(self) -> None:
        """Gives it back if it is ours."""
        self._page.close()
        os.close(self._gate)
        os.close(self._door)

    def held(self, wait: float) -> "_Held":
        """`with lock.held(5): ...`; LockHeld."""
        return _Held(self, wait)

    def _take_now(self) -> bool:
        if not _try(self._gate):
            return False
        try:
            return _try(self._door)
        finally:
            flock(self._gate, LOCK_UN)

    def _wait(self, wait: float) -> bool:
        if threading.current_thread() is not threading.main_thread():
            return self._wait_without_signal(wait)
        if signal.getsignal(signal.SIGALRM) != self._ring:
            signal.signal(signal.SIGALRM, self._ring)  # and stays: a late alarm must never meet the deadly default
        is_inside = False
        try:
            self._is_waiting = True
            signal.setitimer(signal.ITIMER_REAL, wait)
            try:
                flock(self._gate, LOCK_EX)
                is_inside = True
                _HOLDER.pack_into(self._page, _GATE, self._pid, time.monotonic())
                flock(self._door, LOCK_EX)
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
                self._is_waiting = False
        except _DeadlinePassed:
            # Inside the gate: the alarm may have rung just after the door was ours.
            # Outside: whoever is inside may hang while the door is free, and fairness is not worth standing still.
            return self._let_go() if is_inside else _try(self._door)
        finally:
            if is_inside:
                self._page[_GATE : _GATE + _HOLDER.size] = _NOBODY
            flock(self._gate, LOCK_UN)
        return True

    def _let_go(self) -> bool:
        flock(self._door, LOCK_UN)
        return False

    def _ring(self, _signal: int, _frame: FrameType | None) -> None:
        if self._is_waiting:
            self._is_waiting = False
            raise _DeadlinePassed

    def _wait_without_signal(self, wait: float) -> bool:
        until = time.monotonic() + wait
        while time.monotonic() < until:
            time.sleep(_PAUSE)
            if self._take_now():
                return True
        return False


class _Held:
    def __init__(self, lock: ProcessLock, wait: float) -> None:
        self._lock = lock
        self._wait = wait

    def __enter__(self) -> Self:
        if not self._lock.take(self._wait):
            raise LockHeld(f"another process holds the store for over {self._wait:.0f} s")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.give_back()


def _try(fd: int) -> bool:
    try:
        flock(fd, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return False
    return True


def holder(path: Path) -> tuple[int, float] | None:
    """Who keeps others from the lock at `path`: (pid, monotonic seconds since it does), None if nobody does.

    That is whoever holds it, or else whoever holds its gate: one that was stopped on its way in.
    """
    for file, slot in ((path, 0), (gate_path(path), _GATE)):
        found = _holder(path, file, slot)
        if found is not None:
            return found
    return None


def _holder(page: Path, file: Path, slot: int) -> tuple[int, float] | None:
    try:
        words = page.read_bytes()[slot : slot + _HOLDER.size]
        pid, since = _HOLDER.unpack(words.ljust(_HOLDER.size, b"\0"))
        if pid == 0:
            return None
        fd = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        flock(fd, LOCK_SH | LOCK_NB)  # a dead holder left its name, the kernel took its lock
    except BlockingIOError:
        return pid, since
    finally:
        os.close(fd)
    return None
