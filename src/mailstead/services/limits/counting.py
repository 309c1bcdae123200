"""Counting against rates: exact between the workers of a machine, within a twentieth between nodes."""

from typing import Final

from mailstead.ground.model.policy import Rate
from mailstead.net.ledger import Answer, Ledger, Taken
from mailstead.services.limits.sharing import Sharing

_MINUTE: Final = 60_000


class Counter:
    """One for a worker. Without `sharing` there is one machine."""

    def __init__(self, ledger: Ledger, sharing: Sharing | None = None) -> None:
        self._ledger = ledger
        self.sharing = sharing

    async def take(self, name: str, rate: Rate) -> bool:
        """Count one more, unless the rate is met. What cannot be counted in time passes."""
        return not rate.is_limit or (await self._take(name, rate)).answer in (Answer.TAKEN, Answer.UNKNOWN)

    async def _take(self, name: str, rate: Rate) -> Taken:
        span = rate.window_minutes * _MINUTE
        if self.sharing is None:
            return self._ledger.take(name, span, rate.count)
        return await self.sharing.take(name, span, rate.count)

    async def add(self, name: str, rate: Rate) -> int:
        """Count one more and ask all nodes; how many there are then, never more than the rate."""
        span = rate.window_minutes * _MINUTE
        if self.sharing is None:
            return self._ledger.take(name, span, rate.count).held
        return (await self.sharing.take_exactly(name, span, rate.count)).held

    def give_back(self, name: str, rate: Rate) -> None:
        """It was not to be counted."""
        if rate.is_limit:
            span = rate.window_minutes * _MINUTE
            self._ledger.give_back(name, span, is_shared=self.sharing is not None)
            if self.sharing is not None:
                self.sharing.touch(name, span)

    def count(self, name: str, rate: Rate) -> int:
        """How many there are, as far as this node knows."""
        return self._ledger.count(name, rate.window_minutes * _MINUTE)

    async def forget(self, name: str, rate: Rate) -> None:
        """Begin at nothing."""
        span = rate.window_minutes * _MINUTE
        self._ledger.forget(name, span)
        if self.sharing is not None:
            await self.sharing.forget(name, span)
