"""Folders, their names, counters and subscriptions."""

from typing import Protocol

from mailstead.ground.model.folder import Folder, SpecialUse
from mailstead.ground.model.ids import AccountId, FolderId, Instant, ModSeq


class FolderReads(Protocol):
    """Counters are those of the view."""

    async def list_folders(self, account: AccountId) -> list[Folder]:
        """All, by name."""

    async def find_folder(self, account: AccountId, name: str) -> Folder | None: ...
    async def find_special(self, account: AccountId, use: SpecialUse) -> Folder | None:
        """The folder of that use; the first by name if there are several."""

    async def get_folder(self, folder: FolderId) -> Folder: ...
    async def list_subscriptions(self, account: AccountId) -> list[str]:
        """Names, of folders that may be gone (RFC 9051 §6.3.7)."""


class FolderWrites(FolderReads, Protocol):
    """The unit has called `advance` for the account and records the changes itself."""

    async def create_birth_folders(self, account: AccountId, *, modseq: ModSeq, now: Instant) -> None:
        """BIRTH_FOLDERS, subscribed."""

    async def insert_folder(
        self, account: AccountId, name: str, *, special_use: SpecialUse | None = None, modseq: ModSeq, now: Instant
    ) -> Folder:
        """AlreadyExists. Its UIDVALIDITY is greater than that of any folder this account ever had."""

    async def rename_folder(self, account: AccountId, old: str, new: str, *, modseq: ModSeq) -> list[Folder]:
        """With everything below it; gives those that changed, as they are now.

        UIDs and UIDVALIDITY stay (RFC 9051 §6.3.6).
        """

    async def delete_folder(self, folder: FolderId, *, now: Instant) -> int:
        """Remove the name at once; its placements go by a duty. The folders below stay. Gives the messages it had."""

    async def touch_folder(self, folder: FolderId, *, modseq: ModSeq) -> None:
        """Something other than its messages changed. NotFound."""

    async def subscribe(self, account: AccountId, name: str) -> None: ...
    async def unsubscribe(self, account: AccountId, name: str) -> None: ...
