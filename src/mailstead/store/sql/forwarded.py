"""Senders of forwarded letters that go by a short name."""

from typing import Final

from mailstead.ground.model.ids import Instant
from mailstead.store.sql.session import Session

FIND: Final = "SELECT address FROM forwarded_sender WHERE name = :name AND expires_at >= :now"

KEEP: Final = """
    INSERT INTO forwarded_sender (name, address, expires_at) VALUES (:name, :address, :expires_at)
        ON CONFLICT (name) DO UPDATE SET expires_at = excluded.expires_at
     WHERE forwarded_sender.expires_at < excluded.expires_at"""

FORGET: Final = """
    DELETE FROM forwarded_sender
     WHERE name IN (SELECT name FROM forwarded_sender WHERE expires_at < :before ORDER BY expires_at LIMIT :limit)"""


class SqlForwarded:
    """See the port."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def find_sender(self, name: str, now: Instant) -> str | None:
        """By the key."""
        row = await self._session.row(FIND, {"name": name, "now": now})
        return row[0] if row else None

    async def keep_sender(self, name: str, address: str, expires_at: Instant) -> None:
        """One statement."""
        await self._session.run(KEEP, {"name": name, "address": address, "expires_at": expires_at})

    async def forget_senders(self, before: Instant, limit: int) -> int:
        """By the index over their end."""
        return await self._session.run(FORGET, {"before": before, "limit": limit})
