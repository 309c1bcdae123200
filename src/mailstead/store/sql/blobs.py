"""Rows of blobs: one for each content, marked when nobody uses it any longer, reaped days after."""

from collections.abc import Callable
from typing import Final

from mailstead.ground.model.ids import BlobId, Instant
from mailstead.store.port.blobs import StagedBlob
from mailstead.store.port.duties import Reaped
from mailstead.store.sql.session import Session

INSERT: Final = """
    INSERT INTO blob (id, hash, size, data) VALUES (:id, :hash, :size, :data)
        ON CONFLICT (hash) DO NOTHING
 RETURNING id"""

FIND: Final = "SELECT id FROM blob WHERE hash = :hash {share}"

UNMARK: Final = "DELETE FROM unused_blob WHERE blob_id = :blob"

MARK: Final = """
    INSERT INTO unused_blob (blob_id, unused_since)
    SELECT b.id, :now FROM blob b
     WHERE b.id {in_ids}
       AND NOT EXISTS (SELECT 1 FROM message m WHERE m.blob_id = b.id)
       AND NOT EXISTS (SELECT 1 FROM spool_letter s WHERE s.blob_id = b.id)
       AND NOT EXISTS (SELECT 1 FROM quarantine q WHERE q.blob_id = b.id)
        ON CONFLICT (blob_id) DO NOTHING"""

MARKED: Final = """
    SELECT blob_id FROM unused_blob WHERE unused_since < :since
     ORDER BY unused_since LIMIT :limit"""

LOCK: Final = "SELECT id FROM blob WHERE id {in_ids} ORDER BY id {for_update}"

REAP: Final = """
    DELETE FROM blob
     WHERE id {in_ids}
       AND NOT EXISTS (SELECT 1 FROM message m WHERE m.blob_id = blob.id)
       AND NOT EXISTS (SELECT 1 FROM spool_letter s WHERE s.blob_id = blob.id)
       AND NOT EXISTS (SELECT 1 FROM quarantine q WHERE q.blob_id = blob.id)
 RETURNING id, data IS NULL"""


class SqlBlobWrites:
    """Blobs inside of a unit. `on_double` is told of files that turned out to hold bytes known already."""

    def __init__(self, session: Session, on_double: Callable[[BlobId], None]) -> None:
        self._session = session
        self._on_double = on_double

    async def put(self, staged: StagedBlob) -> tuple[BlobId, bool]:
        """Known bytes keep their row, which is held until the commit lest it be reaped meanwhile."""
        values = {"id": staged.id, "hash": staged.hash, "size": staged.size, "data": staged.data}
        while await self._session.row(INSERT, values) is None:
            known = await self._session.row(self._session.dialect.fill(FIND), {"hash": staged.hash})
            if known is None:
                continue  # reaped between the two statements: then these bytes are new
            await self._session.run(UNMARK, {"blob": known[0]})
            if staged.data is None and known[0] != staged.id:
                self._on_double(staged.id)
            return BlobId(known[0]), False
        return staged.id, True

    async def release(self, blobs: list[BlobId], now: Instant) -> None:
        """Mark those that nobody uses."""
        await release_blobs(self._session, blobs, now)


async def release_blobs(session: Session, blobs: list[BlobId], now: Instant) -> None:
    """Two accounts that let go of a blob at once must not each take the other for its last user: they take turns."""
    fill, ids = session.dialect.fill, str(blobs)
    if session.dialect.for_update:
        await session.rows(fill(LOCK), {"ids": ids})
    await session.run(fill(MARK), {"ids": ids, "now": now})


async def reap_blobs(session: Session, unused_since: Instant, limit: int) -> Reaped:
    """Rows first; files are the sweeper's."""
    marked = [blob for (blob,) in await session.rows(MARKED, {"since": unused_since, "limit": limit})]
    if not marked:
        return Reaped(0, [])
    fill, ids = session.dialect.fill, {"ids": str(marked)}
    await session.rows(fill(LOCK), ids)  # from here on `put` waits: what REAP sees of users is all there are
    reaped = await session.rows(fill(REAP), ids)
    await session.run(fill("DELETE FROM unused_blob WHERE blob_id {in_ids}"), ids)
    if reaped:
        gone = {"ids": str([blob for blob, _ in reaped])}
        await session.run(fill("DELETE FROM rendered WHERE blob_id {in_ids}"), gone)
        await session.run(fill("DELETE FROM header WHERE blob_id {in_ids}"), gone)
    return Reaped(len(marked), [BlobId(blob) for blob, is_file in reaped if is_file])
