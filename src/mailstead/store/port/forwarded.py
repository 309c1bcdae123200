"""Senders of forwarded letters that go by a short name."""

from typing import Protocol

from mailstead.ground.model.ids import Instant


class ForwardedReads(Protocol):
    """What a bounce asks."""

    async def find_sender(self, name: str, now: Instant) -> str | None:
        """The address; None if there is no such name, or no longer."""


class ForwardedWrites(ForwardedReads, Protocol):
    """No account is touched."""

    async def keep_sender(self, name: str, address: str, expires_at: Instant) -> None:
        """Set, or keep for longer."""

    async def forget_senders(self, before: Instant, limit: int) -> int:
        """Remove those that ended before; gives how many."""
