"""What was answered to requests that may come again."""

from typing import Final

from mailstead.ground.model.ids import Instant
from mailstead.store.port.receipts import Receipt
from mailstead.store.sql.session import Session

CLAIM: Final = """
    INSERT INTO receipt (who, key, digest, status, body, made_at) VALUES (:who, :key, :digest, 0, '', :now)
        ON CONFLICT (who, key) DO NOTHING
 RETURNING status"""

FIND: Final = "SELECT digest, status, body FROM receipt WHERE who = :who AND key = :key"

KEEP: Final = "UPDATE receipt SET status = :status, body = :body WHERE who = :who AND key = :key"

OLD: Final = "SELECT who, key FROM receipt WHERE made_at < :forget ORDER BY made_at LIMIT 20"

DROP: Final = "DELETE FROM receipt WHERE who = :who AND key = :key AND made_at < :forget"


class SqlReceipts:
    """See the port."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def claim(self, who: str, key: str, digest: str, now: Instant) -> Receipt | None:
        """Two at once: the second waits for the first one's commit, and then finds its answer."""
        values = {"who": who, "key": key, "digest": digest, "now": now}
        if await self._session.row(CLAIM, values) is not None:
            return None
        row = await self._session.row(FIND, {"who": who, "key": key})
        assert row is not None
        return Receipt(*row)

    async def keep(self, who: str, key: str, status: int, body: str) -> None:
        """By the primary key."""
        await self._session.run(KEEP, {"who": who, "key": key, "status": status, "body": body})

    async def forget(self, before: Instant) -> None:
        """A few at a time: no more than come."""
        old = await self._session.rows(OLD, {"forget": before})
        await self._session.run_many(DROP, [{"who": who, "key": key, "forget": before} for who, key in old])
