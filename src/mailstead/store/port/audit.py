"""Who changed what: a chain that only grows."""

from typing import Protocol

from mailstead.ground.model.audit import Actor, Deed, Entry, Head, Sought
from mailstead.ground.model.ids import Instant


class AuditReads(Protocol):
    """Entries have numbers without gaps, from 1."""

    async def head(self) -> Head:
        """The last entry there should be."""

    async def list_entries(self, sought: Sought, *, before: int | None = None, limit: int = 100) -> list[Entry]:
        """The latest first, those with numbers under `before`."""

    async def read_chain(self, after: int, limit: int = 200) -> list[Entry]:
        """In their order, as they stand there."""


class AuditWrites(AuditReads, Protocol):
    """Within units."""

    async def hold(self) -> None:
        """Nobody else's change comes to its end before this unit does: what it reads now is still so when it writes."""

    async def record(self, actor: Actor, deed: Deed, now: Instant) -> Entry:
        """One more entry. Units that record wait for each other: let it be their last statement."""
