"""What the full-text index asks of the rows."""

from typing import Final

from mailstead.ground.model.ids import AccountId, BlobId, FolderId, MessageId, ModSeq
from mailstead.store.sql.session import Session

COUNTERS: Final = """
    SELECT id, modseq FROM account WHERE id > :after AND status <> 'deleted' ORDER BY id LIMIT :limit"""

PLACE_BLOBS: Final = """
    SELECT p.uid FROM message m JOIN placement p ON p.message_id = m.id
     WHERE m.blob_id {in_ids} AND p.folder_id = :folder"""

PLACE_MESSAGES: Final = "SELECT uid FROM placement WHERE message_id {in_ids} AND folder_id = :folder"

LIVING_BLOBS: Final = "SELECT id FROM blob WHERE id {in_ids}"

LIVING_MESSAGES: Final = "SELECT id FROM message WHERE id {in_ids}"


class SqlFinding:
    """Reads alone."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def counters(self, after: AccountId, limit: int = 500) -> list[tuple[AccountId, ModSeq]]:
        """In the order of their ids."""
        rows = await self._session.rows(COUNTERS, {"after": after, "limit": limit})
        return [(AccountId(account), ModSeq(modseq)) for account, modseq in rows]

    async def place_blobs(self, folder: FolderId, blobs: list[BlobId]) -> list[int]:
        """By the index of messages on their blobs."""
        return await self._ids(PLACE_BLOBS, {"ids": str(blobs), "folder": folder})

    async def place_messages(self, folder: FolderId, messages: list[MessageId]) -> list[int]:
        """By the index of placements on their messages."""
        return await self._ids(PLACE_MESSAGES, {"ids": str(messages), "folder": folder})

    async def living_blobs(self, blobs: list[BlobId]) -> set[BlobId]:
        """A look at each key."""
        return {BlobId(blob) for blob in await self._ids(LIVING_BLOBS, {"ids": str(blobs)})}

    async def living_messages(self, messages: list[MessageId]) -> set[MessageId]:
        """A look at each key."""
        return {MessageId(message) for message in await self._ids(LIVING_MESSAGES, {"ids": str(messages)})}

    async def _ids(self, text: str, values: dict[str, object]) -> list[int]:
        rows = await self._session.rows(self._session.dialect.fill(text), values)
        return [identity for (identity,) in rows]
