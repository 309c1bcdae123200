"""One timer for all connections of a worker: once a second it ends the waits that are over.

A timer for each read would cost more than the read; a wait may last up to one tick longer than asked.
"""

import asyncio
from typing import Protocol


class Expiring(Protocol):
    """Something with a deadline, in the loop's time; infinite if there is none."""

    deadline: float

    def expire(self, now: float) -> None: ...


class Sweep:
    """Runs while it has something to watch."""

    def __init__(self, tick: float = 1.0) -> None:
        self._tick = tick
        self._watched: set[Expiring] = set()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, item: Expiring) -> None:
        """Watch it until discarded."""
        self._watched.add(item)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._tick, self._run)

    def discard(self, item: Expiring) -> None:
        """Watch it no more."""
        self._watched.discard(item)

    def _run(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for item in [item for item in self._watched if item.deadline <= now]:
            item.expire(now)
        self._timer = loop.call_later(self._tick, self._run) if self._watched else None
