"""Where a message lies or goes."""

from dataclasses import dataclass

from mailstead.ground.model.folder import Folder
from mailstead.ground.model.ids import AccountId, FolderId


@dataclass(frozen=True, slots=True)
class Place:
    """A folder with the account that its units have to lock."""

    account_id: AccountId
    folder_id: FolderId

    @classmethod
    def of(cls, folder: Folder) -> "Place":
        """The place that a folder is."""
        return cls(folder.account_id, folder.id)
