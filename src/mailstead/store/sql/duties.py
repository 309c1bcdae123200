"""Leases, clean-up in small steps, traces and refusals."""

from typing import Final

from mailstead.ground.model.ids import AccountId, Instant
from mailstead.store.port.duties import Reaped, Trace, TraceMark
from mailstead.store.sql.blobs import reap_blobs
from mailstead.store.sql.changes import drop_changes, forget_changes
from mailstead.store.sql.removal import drop_messages, tally
from mailstead.store.sql.session import Session

# A lease that would last longer than a new one was written before the clock was set back; nodes may differ a little.
SKEW: Final = 600_000

CLAIM: Final = """
    INSERT INTO lease (duty, holder, held_until) VALUES (:duty, :holder, :until)
        ON CONFLICT (duty) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until
     WHERE lease.holder = :holder OR lease.held_until <= :now OR lease.held_until > :far
 RETURNING duty"""

GIVE_BACK: Final = "DELETE FROM lease WHERE duty = :duty AND holder = :holder"

NEXT_REMOVED: Final = "SELECT id, account_id FROM folder WHERE removed_at IS NOT NULL ORDER BY id LIMIT 1"

HOLD_ACCOUNT: Final = "SELECT id FROM account WHERE id = :account {for_update}"

EXHUME: Final = """
    DELETE FROM placement
     WHERE folder_id = :folder AND uid IN (
           SELECT p.uid FROM placement p WHERE p.folder_id = :folder ORDER BY p.uid LIMIT :limit)
 RETURNING uid, message_id, bits, size"""

COUNT_OUT: Final = """
    UPDATE folder SET messages = messages - :messages, unseen = unseen - :unseen, deleted = deleted - :deleted,
                      size = size - :size
     WHERE id = :folder"""

NEXT_BURIED: Final = "SELECT id FROM account WHERE status = 'deleted' ORDER BY id LIMIT 1"

DROP_TRACES: Final = """
    DELETE FROM trace
     WHERE account_id = :account AND message_id IN (
           SELECT t.message_id FROM trace t WHERE t.account_id = :account ORDER BY t.message_id LIMIT :limit)"""

DROP_ACQUAINTANCES: Final = """
    DELETE FROM guard_acquaintance
     WHERE account_id = :account AND address_key IN (
           SELECT g.address_key FROM guard_acquaintance g WHERE g.account_id = :account LIMIT :limit)"""

FORGET_TRACES: Final = """
    DELETE FROM trace WHERE (account_id, message_id) IN (
           SELECT t.account_id, t.message_id FROM trace t WHERE t.at < :before ORDER BY t.at LIMIT :limit)"""

# By id, which rises with `at`: the table needs no index on it.
FORGET_REFUSALS: Final = """
    DELETE FROM refusal WHERE id IN (
           SELECT oldest.id FROM (SELECT r.id, r.at FROM refusal r ORDER BY r.id LIMIT :limit) oldest
            WHERE oldest.at < :before)"""

INSERT_TRACE: Final = """
    INSERT INTO trace (account_id, message_id, at, session, story) VALUES (:account, :message, :at, :session, :story)"""

LIST_TRACES: Final = """
    SELECT at, account_id, message_id, session, story FROM trace
     WHERE account_id = :account ORDER BY message_id DESC LIMIT :limit"""

WALK_TRACES: Final = """
    SELECT t.at, t.account_id, t.message_id, t.session, t.story, COALESCE(r.message_id, '')
      FROM trace t LEFT JOIN message m ON m.id = t.message_id LEFT JOIN rendered r ON r.blob_id = m.blob_id
     WHERE t.at >= :since AND (t.at, t.account_id, t.message_id) < (:at, :account, :message)
     ORDER BY t.at DESC, t.account_id DESC, t.message_id DESC LIMIT :limit"""


class SqlDuties:
    """Work that one worker at a time does, and the records it leaves."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def list_traces(self, account: AccountId, limit: int = 100) -> list[Trace]:
        """Latest first: ids of messages rise with time."""
        rows = await self._session.rows(LIST_TRACES, {"account": account, "limit": limit})
        return [
            Trace(at=at, account_id=owner, message_id=message, session=session, story=story)
            for at, owner, message, session, story in rows
        ]

    async def walk_traces(self, since: Instant, before: TraceMark, limit: int = 500) -> list[tuple[Trace, str]]:
        """By the index on their time."""
        values = {
            "since": since, "at": before.at, "account": before.account_id, "message": before.message_id, "limit": limit,
        }  # fmt: skip
        return [
            (Trace(at=at, account_id=owner, message_id=message, session=session, story=story), name)
            for at, owner, message, session, story, name in await self._session.rows(WALK_TRACES, values)
        ]

    async def claim(self, duty: str, holder: str, *, now: Instant, until: Instant) -> bool:
        """One statement: two workers cannot both have it."""
        values = {"duty": duty, "holder": holder, "now": now, "until": until, "far": until + SKEW}
        return await self._session.row(CLAIM, values) is not None

    async def give_back(self, duty: str, holder: str) -> None:
        """Nothing if another holds it by now."""
        await self._session.run(GIVE_BACK, {"duty": duty, "holder": holder})

    async def exhume(self, *, now: Instant, limit: int = 500) -> int:
        """Folders first, then accounts of which no folder is left."""
        gone = 0
        while gone < limit and (row := await self._session.row(NEXT_REMOVED)):
            gone += await self._exhume_folder(row[0], row[1], now, limit - gone)
        while gone < limit and (row := await self._session.row(NEXT_BURIED)):
            gone += await self._exhume_account(row[0], limit - gone)
        return gone

    async def _exhume_folder(self, folder: int, account: AccountId, now: Instant, limit: int) -> int:
        """Its placements; once none is left the folder, which counts as one."""
        await self._session.row(self._session.dialect.fill(HOLD_ACCOUNT), {"account": account})
        removed = await self._session.rows(EXHUME, {"folder": folder, "limit": limit})
        if removed:
            await self._session.run(COUNT_OUT, {"folder": folder, **tally(removed)})
            await drop_messages(self._session, account, [message for _, message, _, _ in removed], now)
        if len(removed) == limit:
            return limit
        await self._session.run("DELETE FROM folder_keyword WHERE folder_id = :folder", {"folder": folder})
        await self._session.run(
            "DELETE FROM metadata WHERE account_id = :account AND folder_id = :folder",
            {"account": account, "folder": folder},
        )
        await self._session.run("DELETE FROM folder WHERE id = :folder", {"folder": folder})
        return len(removed) + 1

    async def _exhume_account(self, account: AccountId, limit: int) -> int:
        """Its events, traces and acquaintances; once none is left the account, which counts as one."""
        gone = await drop_changes(self._session, account, limit)
        for text in (DROP_TRACES, DROP_ACQUAINTANCES):
            if gone < limit:
                gone += await self._session.run(text, {"account": account, "limit": limit - gone})
        if gone >= limit:
            return gone
        await self._session.run("DELETE FROM metadata WHERE account_id = :account", {"account": account})
        await self._session.run("DELETE FROM account WHERE id = :account", {"account": account})
        return gone + 1

    async def reap_blobs(self, *, unused_since: Instant, limit: int = 100) -> Reaped:
        """See `blobs`."""
        return await reap_blobs(self._session, unused_since, limit)

    async def forget_changes(self, *, before: Instant, limit: int = 500) -> int:
        """See `changes`."""
        return await forget_changes(self._session, before, limit)

    async def forget_traces(self, *, before: Instant, limit: int = 500) -> int:
        """Traces first, then refusals."""
        gone = await self._session.run(FORGET_TRACES, {"before": before, "limit": limit})
        if gone < limit:
            gone += await self._session.run(FORGET_REFUSALS, {"before": before, "limit": limit - gone})
        return gone

    async def insert_trace(self, trace: Trace) -> None:
        """In the unit that filed the letter."""
        values = {
            "account": trace.account_id, "message": trace.message_id, "at": trace.at, "session": trace.session,
            "story": trace.story,
        }  # fmt: skip
        await self._session.run(INSERT_TRACE, values)
