"""Counts that all workers share without asking anyone: count-min sketches in shared memory.

Each worker writes only its own region and reads the sum over all: no lock. A key is four cells, one in each row; its
estimate is the least of the four sums. It is never too low; it is too high by more than e*N/WIDTH (N: the sum of all
counts) in less than one of e^4 = 55 cases: by 1.7 with 10,000 sessions. A keyed hash finds the cells: nobody can aim.
"""

import mmap
import os
import secrets
import struct
from collections.abc import Sequence
from hashlib import blake2b
from math import ceil
from typing import Final

DEPTH: Final = 4
WIDTH: Final = 16384
_MASK: Final = WIDTH - 1
_CELLS: Final = DEPTH * WIDTH
_HEAD: Final = 16  # cells before a region's sketch: its window's number stands in the first
_REGION: Final = _HEAD + _CELLS
_SALT: Final = 64
_HASHES: Final = struct.Struct("=4I")

LIVE: Final = ("sessions",)
WINDOWED: Final = ("failed_logins", "connections", "messages")
_SKETCHES: Final = (*LIVE, *(f"{name}.{turn}" for name in WINDOWED for turn in (0, 1)))


class Board:
    """All sketches of all workers in one piece of shared memory."""

    def __init__(self, fd: int, workers: int, worker: int) -> None:
        self._map = mmap.mmap(fd, _size(workers))
        self._salt = bytes(self._map[:_SALT])
        self._cells = memoryview(self._map)[_SALT:].cast("I")
        self._workers = workers
        self._worker = worker

    def sessions(self) -> "Tally":
        """Live sessions, by whatever key."""
        return Tally(self._salt, *self._regions("sessions"))

    def window(self, name: str, seconds: int) -> "WindowTally":
        """Events of the last `seconds`; `name` is one of WINDOWED."""
        return WindowTally([Tally(self._salt, *self._regions(f"{name}.{turn}")) for turn in (0, 1)], seconds)

    def _regions(self, name: str) -> tuple[memoryview, list[memoryview]]:
        place = _SKETCHES.index(name) * self._workers * _REGION
        regions = [self._cells[place + n * _REGION : place + (n + 1) * _REGION] for n in range(self._workers)]
        return regions[self._worker], regions

    def clear(self, worker: int) -> None:
        """Forget the live counts of a worker that has died; what it counted in windows stays true."""
        for name in LIVE:
            place = _SALT + (_SKETCHES.index(name) * self._workers + worker) * _REGION * 4
            self._map[place : place + _REGION * 4] = bytes(_REGION * 4)


def make_board(workers: int) -> int:
    """The descriptor of a fresh board, for `Board` here and in the workers that inherit it."""
    fd = os.memfd_create("mailstead-tally", os.MFD_CLOEXEC)
    os.ftruncate(fd, _size(workers))  # pages nobody wrote cost nothing
    os.pwrite(fd, secrets.token_bytes(_SALT), 0)
    return fd


def _size(workers: int) -> int:
    return _SALT + len(_SKETCHES) * workers * _REGION * 4


class Tally:
    """One sketch. `enter` and `leave` of a key belong to the same worker."""

    def __init__(self, salt: bytes, mine: memoryview, all_regions: Sequence[memoryview]) -> None:
        self._salt = salt
        self._mine = mine
        self._all = all_regions

    def enter(self, key: str) -> int:
        """Count one more; the estimate with it."""
        return self.add(key, 1)

    def leave(self, key: str) -> None:
        """Count one less."""
        mine = self._mine
        for place in self._places(key):
            if mine[place]:
                mine[place] -= 1

    def add(self, key: str, amount: int) -> int:
        """Count `amount` more; the estimate with them."""
        mine = self._mine
        places = self._places(key)
        for place in places:
            mine[place] = min(mine[place] + amount, 0xFFFFFFFF)
        return self._least(places, self._all)

    def estimate(self, key: str) -> int:
        """How many there are over all workers."""
        return self._least(self._places(key), self._all)

    def _places(self, key: str) -> tuple[int, int, int, int]:
        digest = blake2b(key.encode("utf-8", "surrogateescape"), digest_size=16, key=self._salt).digest()
        a, b, c, d = _HASHES.unpack(digest)
        return (
            _HEAD + (a & _MASK),
            _HEAD + WIDTH + (b & _MASK),
            _HEAD + 2 * WIDTH + (c & _MASK),
            _HEAD + 3 * WIDTH + (d & _MASK),
        )

    @staticmethod
    def _least(places: Sequence[int], regions: Sequence[memoryview]) -> int:
        return min(sum([region[place] for region in regions]) for place in places)

    # a window's part: the first cell of a region tells which window it counts

    def turn_to(self, window: int) -> None:
        """Begin a window in our own region, unless it has begun."""
        mine = self._mine
        if mine[0] != window & 0xFFFFFFFF:
            mine[0] = 0  # readers leave the region out while it is cleared
            mine[_HEAD:] = memoryview(bytes(_CELLS * 4)).cast("I")
            mine[0] = window & 0xFFFFFFFF

    def estimate_of(self, window: int, key: str) -> int:
        """As `estimate`, of the regions that count this window."""
        regions = [region for region in self._all if region[0] == window & 0xFFFFFFFF]
        return self._least(self._places(key), regions)


class WindowTally:
    """How much happened in about the last `seconds`: this window, and of the one before the share still within.

    Exact when things come evenly; else off by at most what the earlier window holds, beside the sketch's own bound.
    """

    def __init__(self, turns: Sequence[Tally], seconds: int) -> None:
        self._turns = turns
        self._seconds = seconds

    def add(self, key: str, now: float, amount: int = 1) -> int:
        """Count at `now` (seconds, the same clock in all workers); the estimate with it."""
        window = int(now // self._seconds) + 1  # 0 means: counts nothing
        turn = self._turns[window & 1]
        turn.turn_to(window)
        turn.add(key, amount)
        return self.estimate(key, now)

    def estimate(self, key: str, now: float) -> int:
        """How much of this key happened up to `now`."""
        window = int(now // self._seconds) + 1
        within = 1.0 - (now % self._seconds) / self._seconds
        before = self._turns[(window - 1) & 1].estimate_of(window - 1, key)
        return self._turns[window & 1].estimate_of(window, key) + ceil(before * within)
