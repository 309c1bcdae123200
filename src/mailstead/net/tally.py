"""Live sessions of all workers, counted without asking anyone: count-min sketches in shared memory.

Each worker writes only its own sketch and reads the sum over all: no lock. A key is four cells, one in each row; its
estimate is the least of the four sums. It is never too low; it is too high by more than e*N/WIDTH (N: the sum of all
counts) in less than one of e^4 = 55 cases: by 1.7 with 10,000 sessions. A keyed hash finds the cells: nobody can aim.
"""

import mmap
import os
import secrets
import struct
from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

DEPTH: Final = 4
WIDTH: Final = 16384
_MASK: Final = WIDTH - 1
_CELLS: Final = DEPTH * WIDTH
_SALT: Final = 64
_HASHES: Final = struct.Struct("=4I")


class Board:
    """The sketches of all workers in one piece of shared memory."""

    def __init__(self, fd: int, workers: int, worker: int) -> None:
        self._map = mmap.mmap(fd, _size(workers))
        self._salt = bytes(self._map[:_SALT])
        self._cells = memoryview(self._map)[_SALT:].cast("I")
        self._workers = workers
        self._worker = worker

    def sessions(self) -> "Tally":
        """Live sessions, by whatever key."""
        sketches = [self._cells[n * _CELLS : (n + 1) * _CELLS] for n in range(self._workers)]
        return Tally(self._salt, sketches[self._worker], sketches)

    def clear(self, worker: int) -> None:
        """Forget the counts of a worker that has died."""
        place = _SALT + worker * _CELLS * 4
        self._map[place : place + _CELLS * 4] = bytes(_CELLS * 4)


def make_board(workers: int) -> int:
    """The descriptor of a fresh board, for `Board` here and in the workers that inherit it."""
    fd = os.memfd_create("mailstead-tally", os.MFD_CLOEXEC)
    os.ftruncate(fd, _size(workers))  # pages nobody wrote cost nothing
    os.pwrite(fd, secrets.token_bytes(_SALT), 0)
    return fd


def _size(workers: int) -> int:
    return _SALT + workers * _CELLS * 4


class Tally:
    """One sketch. `enter` and `leave` of a key belong to the same worker."""

    def __init__(self, salt: bytes, mine: memoryview, sketches: Sequence[memoryview]) -> None:
        self._salt = salt
        self._mine = mine
        self._all = sketches

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
            (a & _MASK),
            WIDTH + (b & _MASK),
            2 * WIDTH + (c & _MASK),
            3 * WIDTH + (d & _MASK),
        )

    @staticmethod
    def _least(places: Sequence[int], sketches: Sequence[memoryview]) -> int:
        return min(sum([region[place] for region in sketches]) for place in places)
