"""Placements go, and with the last placement of a message the message, its share of the quota and maybe its blob."""

from typing import Final

from mailstead.ground.model.flags import Flag
from mailstead.ground.model.ids import AccountId, Instant
from mailstead.store.sql.blobs import release_blobs
from mailstead.store.sql.session import Row, Session

DROP_MESSAGES: Final = """
    DELETE FROM message
     WHERE id {in_ids}
       AND NOT EXISTS (SELECT 1 FROM placement p WHERE p.message_id = message.id)
 RETURNING blob_id, size"""

GIVE_BACK: Final = """
    UPDATE account SET used_bytes = used_bytes - :size, used_messages = used_messages - :messages
     WHERE id = :account
 RETURNING (SELECT d.id FROM domain d
             WHERE d.id = account.domain_id AND (d.quota_bytes > 0 OR d.quota_messages > 0))"""

GIVE_BACK_DOMAIN: Final = """
    UPDATE domain SET used_bytes = used_bytes - :size, used_messages = used_messages - :messages
     WHERE id = :domain"""

SEEN: Final = int(Flag.SEEN)
DELETED: Final = int(Flag.DELETED)


def tally(removed: list[Row]) -> dict[str, int]:
    """What rows (uid, message_id, bits, size) counted for in their folder."""
    return {
        "messages": len(removed),
        "unseen": sum(not row[2] & SEEN for row in removed),
        "deleted": sum(1 for row in removed if row[2] & DELETED),
        "size": sum(row[3] for row in removed),
    }


async def drop_messages(session: Session, account: AccountId, messages: list[int], now: Instant) -> None:
    """Those of `messages` that are placed nowhere any longer."""
    gone = await session.rows(session.dialect.fill(DROP_MESSAGES), {"ids": str(messages)})
    if not gone:
        return
    await release_blobs(session, [row[0] for row in gone], now)
    back = {"account": account, "messages": len(gone), "size": sum(row[1] for row in gone)}
    row = await session.row(GIVE_BACK, back)
    if row is not None and row[0] is not None:
        await session.run(GIVE_BACK_DOMAIN, {**back, "domain": row[0]})
