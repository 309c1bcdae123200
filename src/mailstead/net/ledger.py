"""Exact counts over sliding windows that all workers of a machine share: a table in shared memory, behind a file lock.

The kernel gives the lock back when its holder dies. What the holder was about to change stands beside the table, and
whoever comes next puts it back: so a worker may be killed at any instruction. The lock is held for about 2 us and
nobody waits long for it: a worker that was stopped in there makes the others count nothing for a while, and no more.
A keyed hash finds the place of a name: nobody can aim. In a full bucket the name that was seen longest ago gives way.
"""

import fcntl
import mmap
import os
import secrets
import struct
import time
from collections.abc import Callable, Sequence
from enum import Enum, auto
from hashlib import blake2b
from typing import Final, NamedTuple

from mailstead.ground.model.sliding import KEPT, part_length, slide, take_back
from mailstead.net.clock import Clock

BUCKETS: Final = 16_384
WAYS: Final = 8
"""Names in a bucket."""
PATIENCE: Final = 0.25
"""Seconds that a count waits for the lock; mostly it has it at once."""
PAUSE: Final = 1.0
"""Seconds without a try after that."""
YIELDS: Final = 20
NAP: Final = 0.0005

_KEY: Final = 16
_RECORD: Final = struct.Struct(f"=qiiq{KEPT}I4x")  # head, unsaid, claimed, version, counts
_KEYS: Final = WAYS * _KEY
_BUCKET: Final = WAYS * (_KEY + _RECORD.size)
_SALT: Final = slice(0, 64)
_NODE: Final = slice(64, 72)
_DIRTY: Final = slice(72, 80)  # where the key stands whose slot is being changed; 0: none is
_OLD_KEY: Final = slice(80, 96)
_OLD_RECORD: Final = slice(96, 96 + _RECORD.size)
_TABLE: Final = 256
_SIZE: Final = _TABLE + BUCKETS * _BUCKET
_MASK: Final = BUCKETS - 1
_NOBODY: Final = bytes(_KEY)


class Answer(Enum):
    """To whoever wants to count one more."""

    TAKEN = auto()
    FULL = auto()  # and nothing was counted
    ASK = auto()  # other nodes have to be asked first; nothing was counted
    UNKNOWN = auto()  # the table could not be had in time


class Taken(NamedTuple):
    """`held`: how many there are in the window now, with the new one."""

    answer: Answer
    held: int


# The places in a row. `_UNSAID` was counted here and is in none of the counts yet; `_CLAIMED` of it is on its way.
_HEAD: Final = 0
_UNSAID: Final = 1
_CLAIMED: Final = 2
_VERSION: Final = 3
_COUNTS: Final = slice(4, None)
_NEWEST: Final = 4

Row = list[int]


def make_ledger() -> int:
    """The descriptor of a fresh table, for `Ledger` in the workers that inherit it. Pages nobody wrote cost nothing."""
    fd = os.memfd_create("mailstead-ledger", os.MFD_CLOEXEC)
    os.ftruncate(fd, _SIZE)
    os.pwrite(fd, secrets.token_bytes(_NODE.stop), 0)
    return fd


class Ledger:
    """One for a worker. Spans are milliseconds; a name with another span is another name."""

    def __init__(self, fd: int, clock: Clock) -> None:
        # A lock belongs to a description of the file, and an inherited one is that of all who inherited it.
        self._lock = os.open(f"/proc/self/fd/{fd}", os.O_RDWR | os.O_CLOEXEC)
        self._map = mmap.mmap(self._lock, _SIZE)
        self._dirty = memoryview(self._map)[_DIRTY].cast("q")
        self._salt = bytes(self._map[_SALT])
        self._clock = clock
        self._pause_until = 0.0
        self.node = self._map[_NODE].hex()

    def close(self) -> None:
        """Leave it to the others."""
        self._dirty.release()
        self._map.close()
        os.close(self._lock)

    # --- counting ---

    def take(self, name: str, span: int, limit: int, *, free: int | None = None) -> Taken:
        """Count one more if there is room for it.

        `free`: how many may be counted before other nodes hear of them; None: there are no others.
        """
        digest = self._digest(name, span)
        if not self._enter():
            return Taken(Answer.UNKNOWN, 0)
        try:
            key_at, record_at, row = self._read(digest, span)
            total = _total(row)
            if total >= limit:
                return Taken(Answer.FULL, total)
            if free is None:
                row[_NEWEST] += 1
            elif row[_UNSAID] >= free:
                return Taken(Answer.ASK, total)
            else:
                row[_UNSAID] += 1
            self._write(key_at, record_at, digest, row)
            return Taken(Answer.TAKEN, total + 1)
        finally:
            fcntl.flock(self._lock, fcntl.LOCK_UN)

    def give_back(self, name: str, span: int, *, is_shared: bool = False) -> None:
        """Count one less, as if it had not been taken. `is_shared`: other nodes have to hear of it."""

        def change(row: Row) -> None:
            if is_shared:
                row[_UNSAID] -= 1
            else:
                _take_back(row, 1)

        self._change(name, span, change)

    def count(self, name: str, span: int) -> int:
        """How many there are now; 0 if the table could not be had."""
        if not self._enter():
            return 0
        try:
            return _total(self._read(self._digest(name, span), span)[2])
        finally:
            fcntl.flock(self._lock, fcntl.LOCK_UN)

    def forget(self, name: str, span: int) -> None:
        """Begin at nothing."""

        def change(row: Row) -> None:
            row[_UNSAID] = row[_CLAIMED] = 0
            row[_COUNTS] = [0] * KEPT

        self._change(name, span, change)

    # --- what nodes tell each other ---

    def claim(self, name: str, span: int) -> int:
        """What was counted here and told nobody: tell it the others, then `settle` or `keep` it."""
        claimed = 0

        def change(row: Row) -> None:
            nonlocal claimed
            claimed = row[_UNSAID] - row[_CLAIMED]
            row[_CLAIMED] = row[_UNSAID]

        self._change(name, span, change)
        return claimed

    def settle(self, name: str, span: int, amount: int, told: tuple[int, Sequence[int], int]) -> None:
        """The others know; `told`: head, counts and version of all nodes together. An older version tells nothing."""

        def change(row: Row) -> None:
            row[_UNSAID] -= amount
            row[_CLAIMED] -= amount
            head, counts, version = told
            if version > row[_VERSION]:
                row[_HEAD], row[_VERSION] = head, version
                row[_COUNTS] = counts

        self._change(name, span, change)

    def keep(self, name: str, span: int, amount: int) -> None:
        """The others could not be told: from now on it counts here alone."""

        def change(row: Row) -> None:
            row[_UNSAID] -= amount
            row[_CLAIMED] -= amount
            if amount > 0:
                row[_NEWEST] += amount
            else:
                _take_back(row, -amount)

        self._change(name, span, change)

    def _change(self, name: str, span: int, change: Callable[[Row], None]) -> None:
        """Not at all, if the table cannot be had."""
        digest = self._digest(name, span)
        if not self._enter():
            return
        try:
            key_at, record_at, row = self._read(digest, span)
            change(row)
            self._write(key_at, record_at, digest, row)
        finally:
            fcntl.flock(self._lock, fcntl.LOCK_UN)

    # --- the lock ---

    def _enter(self) -> bool:
        """Whether we hold it."""
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not self._wait():
                return False
        if self._dirty[0]:
            self._undo()
        return True

    def _wait(self) -> bool:
        """Its holder is done in a moment, unless the machine gave its turn to another, or somebody stopped it."""
        began = self._clock.monotonic()
        if began < self._pause_until:
            return False
        tries = 0
        while self._clock.monotonic() - began < PATIENCE:
            if tries < YIELDS:
                os.sched_yield()
            else:
                time.sleep(NAP)
            tries += 1
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            return True
        self._pause_until = self._clock.monotonic() + PAUSE
        return False

    # --- the table: only while we hold the lock ---

    def _digest(self, name: str, span: int) -> bytes:
        words = f"{span} {name}".encode("utf-8", "surrogateescape")
        return blake2b(words, digest_size=_KEY, key=self._salt).digest()

    def _read(self, digest: bytes, span: int) -> tuple[int, int, Row]:
        """Where its key and its record are, or may be, and what is counted as of now."""
        start = _TABLE + (int.from_bytes(digest[:4], "little") & _MASK) * _BUCKET
        keys = self._map[start : start + _KEYS]
        now = self._clock.now()
        way = _way_of(keys, digest)
        if way < 0:
            way = self._spare(start, keys)
            head, counts = slide(0, [], now, span)
            return start + way * _KEY, start + _KEYS + way * _RECORD.size, [head, 0, 0, 0, *counts]
        record_at = start + _KEYS + way * _RECORD.size
        row = list(_RECORD.unpack_from(self._map, record_at))
        if not 0 <= now - row[_HEAD] < part_length(span):
            head, counts = slide(row[_HEAD], row[_COUNTS], now, span)
            if not any(counts):
                row[_UNSAID] = row[_CLAIMED] = 0  # of a worker that died: so old that nobody has to hear it
            row[_HEAD], row[_COUNTS] = head, counts
        return start + way * _KEY, record_at, row

    def _spare(self, start: int, keys: bytes) -> int:
        """A place that is free, else that of whoever was seen longest ago."""
        way = _way_of(keys, _NOBODY)
        if way >= 0:
            return way
        records = start + _KEYS
        heads = [_RECORD.unpack_from(self._map, records + place * _RECORD.size)[_HEAD] for place in range(WAYS)]
        return heads.index(min(heads))

    def _write(self, key_at: int, record_at: int, digest: bytes, row: Row) -> None:
        """What stands there now is laid aside first."""
        table = self._map
        table[_OLD_KEY] = table[key_at : key_at + _KEY]
        table[_OLD_RECORD] = table[record_at : record_at + _RECORD.size]
        self._dirty[0] = key_at
        table[key_at : key_at + _KEY] = digest
        _RECORD.pack_into(table, record_at, *row)
        self._dirty[0] = 0

    def _undo(self) -> None:
        """Somebody died in the middle of a change: it did not happen. To die in here does no harm either."""
        table, key_at = self._map, self._dirty[0]
        bucket, inside = divmod(key_at - _TABLE, _BUCKET)
        record_at = _TABLE + bucket * _BUCKET + _KEYS + inside // _KEY * _RECORD.size
        table[key_at : key_at + _KEY] = table[_OLD_KEY]
        table[record_at : record_at + _RECORD.size] = table[_OLD_RECORD]
        self._dirty[0] = 0


def _total(row: Row) -> int:
    return max(sum(row[_COUNTS]) + row[_UNSAID], 0)


def _take_back(row: Row, amount: int) -> None:
    counts = row[_COUNTS]
    take_back(counts, amount)
    row[_COUNTS] = counts


def _way_of(keys: bytes, digest: bytes) -> int:
    """Its place in a bucket; -1 if it has none."""
    at = keys.find(digest)
    while at >= 0 and at % _KEY:
        at = keys.find(digest, at + 1)
    return at // _KEY if at >= 0 else -1
