"""Counts that take a long look: taken at most every fifteen seconds, whoever asks how often."""

import asyncio
from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.directory import DomainUse
from mailstead.ground.model.ids import Instant
from mailstead.services.accounts.directory import Directory
from mailstead.services.accounts.domains import list_uses
from mailstead.services.spool.hand import Hand
from mailstead.services.spool.looking import Stats

EVERY: Final = 15.0
"""Seconds."""
DAY: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class Counted:
    """As of `at`; the day is that of UTC."""

    at: Instant
    domains: list[DomainUse]
    filed_today: int
    queue: Stats


class Counts:
    """One for a worker."""

    def __init__(self, directory: Directory, hand: Hand) -> None:
        self._directory = directory
        self._hand = hand
        self._counted: Counted | None = None
        self._until = 0.0
        self._lock = asyncio.Lock()

    async def look(self) -> Counted:
        """The last count, or a new one; who comes meanwhile waits for it."""
        async with self._lock:
            clock = self._directory.clock
            if self._counted is None or clock.monotonic() >= self._until:
                now = clock.now()
                domains, filed = await list_uses(self._directory, Instant(now - now % DAY))
                self._counted = Counted(now, domains, filed, await self._hand.stats())
                self._until = clock.monotonic() + EVERY
            return self._counted
