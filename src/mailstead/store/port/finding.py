"""What the full-text index asks of the rows: where letters lie that it knows by their ids, and who has news."""

from typing import Protocol

from mailstead.ground.model.ids import AccountId, BlobId, FolderId, MessageId, ModSeq


class FindingReads(Protocol):
    """Each call names at most 500 ids."""

    async def counters(self, after: AccountId, limit: int = 500) -> list[tuple[AccountId, ModSeq]]:
        """Accounts past `after` in the order of their ids, with their modseq."""

    async def place_blobs(self, folder: FolderId, blobs: list[BlobId]) -> list[int]:
        """UIDs of the messages in a folder that are made of these blobs, in no order."""

    async def place_messages(self, folder: FolderId, messages: list[MessageId]) -> list[int]:
        """UIDs of these messages in a folder, in no order."""

    async def living_blobs(self, blobs: list[BlobId]) -> set[BlobId]:
        """Those that still have a row."""

    async def living_messages(self, messages: list[MessageId]) -> set[MessageId]:
        """Those that still have a row."""
