"""Placements: the rows that IMAP lives on, clustered by folder and UID."""

from functools import partial
from typing import Final, cast

from mailstead.ground.model.errors import NotFound, OverQuota
from mailstead.ground.model.flags import Flag, FlagOp, Flags
from mailstead.ground.model.folder import Placement
from mailstead.ground.model.ids import AccountId, FolderId, Instant, MessageId, ModSeq, Uid
from mailstead.ground.model.uidset import UidSet
from mailstead.store.port.placements import Copied, FlagRow
from mailstead.store.sql.copying import copy_placements
from mailstead.store.sql.flagging import list_keywords, remember_keywords, store_flags
from mailstead.store.sql.removal import DELETED, SEEN, drop_messages, tally
from mailstead.store.sql.runs import runs_of
from mailstead.store.sql.selection import UidText, uid_params
from mailstead.store.sql.session import Row, Session

UIDS: Final = "SELECT uid FROM placement WHERE folder_id = :folder AND uid >= :first ORDER BY uid LIMIT :limit"

FIRST_UNSEEN: Final = """
    SELECT uid FROM placement
     WHERE folder_id = :folder AND (bits & 1) = 0
       AND EXISTS (SELECT 1 FROM folder WHERE id = :folder AND unseen > 0)
     ORDER BY uid LIMIT 1"""

LIST: Final = """
    SELECT uid, message_id, modseq, bits, keywords, size, internal_date, saved_at FROM placement
     WHERE folder_id = :folder AND uid BETWEEN :first AND :last
     ORDER BY uid LIMIT :limit"""

LIST_FLAGS: Final = """
    SELECT uid, bits, keywords, modseq FROM placement
     WHERE folder_id = :folder AND uid BETWEEN :first AND :last
     ORDER BY uid LIMIT :limit"""

DELETED_SIZE: Final = """
    SELECT CAST(COALESCE(SUM(CASE WHEN (p.bits & 8) <> 0 THEN p.size ELSE 0 END), 0) AS {bigint}),
           COALESCE(MAX(p.uid), 0)
      FROM (SELECT uid, bits, size FROM placement
             WHERE folder_id = :folder AND uid > :after ORDER BY uid LIMIT :limit) p"""

COUNT_IN: Final = """
    UPDATE folder SET uidnext = uidnext + 1, messages = messages + 1, unseen = unseen + :unseen,
                      deleted = deleted + :deleted, size = size + :size, modseq = :modseq
     WHERE id = :folder AND removed_at IS NULL
 RETURNING uidnext - 1, uidvalidity, account_id,
           (SELECT (SELECT d.id FROM domain d
                     WHERE d.id = a.domain_id AND (d.quota_bytes > 0 OR d.quota_messages > 0))
              FROM account a WHERE a.id = folder.account_id)"""

INSERT: Final = """
    INSERT INTO placement (folder_id, uid, message_id, bits, keywords, modseq, size, internal_date, saved_at)
    VALUES (:folder, :uid, :message, :bits, :keywords, :modseq, :size, :internal_date, :now)"""

USE: Final = """
    UPDATE account SET used_bytes = used_bytes + :size, used_messages = used_messages + 1
     WHERE id = :account
       AND (:may_exceed = 1 OR ((quota_bytes = 0 OR used_bytes + :size <= quota_bytes)
                                AND (quota_messages = 0 OR used_messages < quota_messages)))"""

USE_DOMAIN: Final = """
    UPDATE domain SET used_bytes = used_bytes + :size, used_messages = used_messages + 1
     WHERE id = :domain
       AND (:may_exceed = 1 OR ((quota_bytes = 0 OR used_bytes + :size <= quota_bytes)
                                AND (quota_messages = 0 OR used_messages < quota_messages)))"""

EXPUNGE: Final = UidText.of("DELETE FROM placement WHERE {uids} RETURNING uid, message_id, bits, size")

EXPUNGE_DELETED: Final = UidText.of(
    "DELETE FROM placement WHERE {uids} AND (bits & 8) <> 0 RETURNING uid, message_id, bits, size"
)

# The unit has advanced the account: its counter is the modseq of what is removed here.
COUNT_OUT: Final = """
    UPDATE folder SET messages = messages - :messages, unseen = unseen - :unseen, deleted = deleted - :deleted,
                      size = size - :size, modseq = (SELECT a.modseq FROM account a WHERE a.id = folder.account_id)
     WHERE id = :folder AND removed_at IS NULL
 RETURNING account_id"""

_flag_row = partial(tuple.__new__, FlagRow)


class SqlPlacements:
    """Reads and writes of placements over one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def uids(self, folder: FolderId, first: int = 1, limit: int = 50_000) -> UidSet:
        """As runs."""
        rows = await self._session.rows(UIDS, {"folder": folder, "first": first, "limit": limit})
        return UidSet(runs_of([uid for (uid,) in rows]))

    async def first_unseen(self, folder: FolderId) -> Uid | None:
        """Reads as far as the first; nothing if the counter says there is none."""
        row = await self._session.row(FIRST_UNSEEN, {"folder": folder})
        return Uid(row[0]) if row else None

    async def list_placements(self, folder: FolderId, first: int, last: int, limit: int = 500) -> list[Placement]:
        """In UID order."""
        rows = await self._session.rows(LIST, {"folder": folder, "first": first, "last": last, "limit": limit})
        return [_placement_of(row) for row in rows]

    async def list_flags(self, folder: FolderId, first: int, last: int, limit: int = 500) -> list[FlagRow]:
        """In UID order."""
        rows = await self._session.rows(LIST_FLAGS, {"folder": folder, "first": first, "last": last, "limit": limit})
        return cast(list[FlagRow], list(map(_flag_row, rows)))

    async def deleted_size(self, folder: FolderId, after: int, limit: int = 20_000) -> tuple[int, int]:
        """One range scan."""
        text = self._session.dialect.fill(DELETED_SIZE)
        row = await self._session.row(text, {"folder": folder, "after": after, "limit": limit})
        return (int(row[0]), int(row[1])) if row else (0, 0)

    async def keywords(self, folder: FolderId) -> list[str]:
        """From what was remembered when they were set."""
        return await list_keywords(self._session, folder)

    async def append(  # noqa: PLR0913 - the row has these columns
        self, folder: FolderId, message: MessageId, flags: Flags, *,
        size: int, internal_date: Instant, modseq: ModSeq, now: Instant, may_exceed: bool = True,
    ) -> tuple[Uid, int]:  # fmt: skip
        """Three statements; one more if there are keywords, and one if the domain has a quota."""
        bits = int(flags.bits)
        values = {
            "folder": folder, "message": message, "bits": bits, "keywords": flags.keywords, "modseq": modseq,
            "size": size, "internal_date": internal_date, "now": now,
            "unseen": 0 if bits & SEEN else 1, "deleted": 1 if bits & DELETED else 0,
        }  # fmt: skip
        row = await self._session.row(COUNT_IN, values)
        if row is None:
            raise NotFound(f"folder {folder} is gone")
        uid, uidvalidity, account, limited_domain = row
        values["uid"] = uid
        await self._session.run(INSERT, values)
        await self._use(account, limited_domain, size, may_exceed=may_exceed)
        if flags.keywords:
            await remember_keywords(self._session, folder, flags.words)
        return Uid(uid), uidvalidity

    async def _use(self, account: AccountId, limited_domain: int | None, size: int, *, may_exceed: bool) -> None:
        values = {"account": account, "size": size, "may_exceed": int(may_exceed)}
        if not await self._session.run(USE, values):
            raise OverQuota(f"{size} bytes more would pass the quota of account {account}")
        if limited_domain is None:
            return
        if not await self._session.run(USE_DOMAIN, {**values, "domain": limited_domain}):
            raise OverQuota(f"{size} bytes more would pass the quota of domain {limited_domain}")

    async def store_flags(
        self, folder: FolderId, uids: UidSet, op: FlagOp, flags: Flags, *,
        modseq: ModSeq, unchanged_since: ModSeq | None = None,
    ) -> tuple[list[FlagRow], UidSet]:  # fmt: skip
        """See `flagging`."""
        return await store_flags(self._session, folder, uids, op, flags, modseq=modseq, unchanged_since=unchanged_since)

    async def copy(self, source: FolderId, uids: UidSet, target: FolderId, *, modseq: ModSeq, now: Instant) -> Copied:
        """See `copying`."""
        return await copy_placements(self._session, source, uids, target, modseq=modseq, now=now)

    async def expunge(self, folder: FolderId, uids: UidSet, *, only_deleted: bool, now: Instant) -> UidSet:
        """Five statements, whatever the number."""
        if not uids:
            return UidSet()
        text = (EXPUNGE_DELETED if only_deleted else EXPUNGE).pick(self._session, uids)
        removed = await self._session.rows(text, uid_params(folder, uids))
        if not removed:
            return UidSet()
        row = await self._session.row(COUNT_OUT, {"folder": folder, **tally(removed)})
        if row is None:
            raise NotFound(f"folder {folder} is gone")
        await drop_messages(self._session, row[0], [message for _, message, _, _ in removed], now)
        return UidSet(runs_of(sorted(uid for uid, _, _, _ in removed)))


def _placement_of(row: Row) -> Placement:
    uid, message, modseq, bits, keywords, size, internal_date, saved_at = row
    return Placement(uid, message, modseq, Flags(Flag(bits), keywords), size, internal_date, saved_at)
