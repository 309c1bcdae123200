"""Refusals by their names, and where letters lie."""

from dataclasses import asdict
from typing import Final

from mailstead.ground.model.ids import AccountId, Instant, MessageId
from mailstead.store.port.trails import Refusal, RefusalMark, Whereabouts
from mailstead.store.sql.session import Session

_KEYS: Final = ("sender_key", "recipient_key", "client_key", "letter_key", "session_key")

# Each index is read from its end, and no further than the limit, whatever came under attack.
_BRANCH: Final = (
    "SELECT * FROM (SELECT id FROM refusal WHERE {0} = :key AND {0} <> 0 ORDER BY id DESC LIMIT :limit) {0}"
)

FIND: Final = (
    "SELECT id, at, domain, detail FROM refusal WHERE id IN ("  # noqa: S608 - our own words
    + " UNION ".join(_BRANCH.format(name) for name in _KEYS)
    + ") ORDER BY id DESC LIMIT :limit"
)

WALK: Final = """
    SELECT id, at, domain, detail FROM refusal
     WHERE domain = :domain AND at >= :since AND (at, id) < (:at, :id)
     ORDER BY at DESC, id DESC LIMIT :limit"""

INSERT: Final = """
    INSERT INTO refusal (at, domain, detail, sender_key, recipient_key, client_key, letter_key, session_key)
    VALUES (:at, :domain, :detail, :sender_key, :recipient_key, :client_key, :letter_key, :session_key)"""

FIND_FOLDERS: Final = """
    SELECT f.name, p.saved_at FROM (
           SELECT id FROM message WHERE id = :message AND account_id = :account
           UNION SELECT id FROM message WHERE origin_id = :message AND account_id = :account) m
      JOIN placement p ON p.message_id = m.id JOIN folder f ON f.id = p.folder_id
     WHERE f.name IS NOT NULL
     ORDER BY p.saved_at DESC LIMIT :limit"""

# Numbers of messages rise with time: of each account only what is too old is looked at.
FORGET_TRACES: Final = """
    DELETE FROM trace WHERE (account_id, message_id) IN (
           SELECT t.account_id, t.message_id FROM domain d
             JOIN account a ON a.domain_id = d.id JOIN trace t ON t.account_id = a.id
            WHERE d.name = :domain AND t.message_id < :below AND t.at < :before LIMIT :limit)"""

FORGET_REFUSALS: Final = """
    DELETE FROM refusal WHERE id IN (
           SELECT r.id FROM refusal r WHERE r.domain = :domain AND r.at < :before ORDER BY r.at LIMIT :limit)"""

FORGET_SURPLUS: Final = """
    DELETE FROM refusal WHERE id IN (
           SELECT r.id FROM refusal r WHERE r.id <= (SELECT MAX(m.id) FROM refusal m) - :most
            ORDER BY r.id LIMIT :limit)"""


class SqlTrails:
    """See the port."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def find_refusals(self, key: int, limit: int = 100) -> list[Refusal]:
        """By one index for each kind of name."""
        rows = await self._session.rows(FIND, {"key": key, "limit": limit})
        return [Refusal(id=number, at=at, domain=domain, detail=detail) for number, at, domain, detail in rows]

    async def walk_refusals(self, domain: str, since: Instant, before: RefusalMark, limit: int = 500) -> list[Refusal]:
        """By the index on domain and time."""
        values = {"domain": domain, "since": since, "at": before.at, "id": before.id, "limit": limit}
        rows = await self._session.rows(WALK, values)
        return [Refusal(id=number, at=at, domain=name, detail=detail) for number, at, name, detail in rows]

    async def find_folders(self, account: AccountId, message: int, limit: int = 20) -> list[Whereabouts]:
        """Removed folders have no name."""
        values = {"account": account, "message": message, "limit": limit}
        rows = await self._session.rows(FIND_FOLDERS, values)
        return [Whereabouts(*row) for row in rows]

    async def insert_refusals(self, refusals: list[Refusal]) -> None:
        """In the order given; the store counts their numbers."""
        await self._session.run_many(INSERT, [asdict(one) for one in refusals])

    async def forget_traces_of(self, domain: str, before: Instant, below: MessageId, limit: int = 500) -> int:
        """One statement."""
        values = {"domain": domain, "before": before, "below": below, "limit": limit}
        return await self._session.run(FORGET_TRACES, values)

    async def forget_refusals_of(self, domain: str, before: Instant, limit: int = 500) -> int:
        """One statement."""
        return await self._session.run(FORGET_REFUSALS, {"domain": domain, "before": before, "limit": limit})

    async def forget_surplus(self, most: int, limit: int = 500) -> int:
        """One statement."""
        return await self._session.run(FORGET_SURPLUS, {"most": most, "limit": limit})
