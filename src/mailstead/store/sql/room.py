"""How much of the disk is left: below a reserve mail waits outside, while flags and deletions go on."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from mailstead.telemetry import Event, emit

RESERVE: Final = 64 * 1024 * 1024
"""Bytes kept free for the log of the database and for everything that is not new mail."""

_FRESH_SECONDS: Final = 1.0


class Room:
    """Looks at the file system at most once a second."""

    def __init__(self, path: Path, reserve: int, clock: Callable[[], float]) -> None:
        self._path = path
        self._reserve = reserve
        self._clock = clock
        self._looked_at = float("-inf")
        self._has_room = True

    def has_room(self) -> bool:
        """False below the reserve."""
        now = self._clock()
        if now - self._looked_at >= _FRESH_SECONDS:
            self._looked_at = now
            self._look()
        return self._has_room

    def _look(self) -> None:
        disk = os.statvfs(self._path)
        free = disk.f_bavail * disk.f_frsize
        had_room, self._has_room = self._has_room, free >= self._reserve
        if had_room and not self._has_room:
            emit(Event.STORE_SPACE_LOW, path=str(self._path), size=free, limit=self._reserve)
