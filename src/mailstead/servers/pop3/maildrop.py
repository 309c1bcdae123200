"""The maildrop of one session: INBOX as it was at login (RFC 1939 §4), and what the client marked as deleted.

Only numbers are kept, some twelve octets for each message. No lock is held: UIDs never return, so whatever others do
meanwhile, a number of this session means the message it meant at first, or one that is gone.
"""

from array import array
from collections.abc import Iterator
from typing import Final

from mailstead.ground.model.folder import INBOX
from mailstead.ground.model.ids import AccountId
from mailstead.ground.model.uidset import UidSet
from mailstead.services.folders.place import Place
from mailstead.services.folders.reading import FetchRow, Load
from mailstead.services.folders.service import Folders

MESSAGES_MAX: Final = 1_000_000
"""The oldest so many are shown; the next session shows what is left."""


class Maildrop:
    """Message numbers count from 1, and those of deleted messages stay theirs."""

    def __init__(self, folders: Folders, place: Place, uidvalidity: int) -> None:
        self._folders = folders
        self._place = place
        self._uidvalidity = uidvalidity
        self._uids = array("I")
        self._sizes = array("Q")
        self._deleted: set[int] = set()
        self._octets = 0

    @classmethod
    async def open(cls, folders: Folders, account: AccountId) -> "Maildrop":
        """Take the picture."""
        inbox = await folders.tree.get(account, INBOX)
        drop = cls(folders, Place.of(inbox), inbox.uidvalidity)
        if inbox.uidnext > 1:
            async for rows in folders.reading.rows(inbox.id, UidSet(((1, inbox.uidnext - 1),)), Load.ROW):
                drop._take(rows)
                if len(drop._uids) >= MESSAGES_MAX:
                    break
        return drop

    def _take(self, rows: list[FetchRow]) -> None:
        self._uids.extend(row.uid for row in rows)
        self._sizes.extend(row.size for row in rows)
        self._octets += sum(row.size for row in rows)

    @property
    def count(self) -> int:
        """Messages that are not marked as deleted."""
        return len(self._uids) - len(self._deleted)

    @property
    def octets(self) -> int:
        """Their size."""
        return self._octets

    def has(self, number: int) -> bool:
        """False for numbers that never were, and for those of deleted messages."""
        return 1 <= number <= len(self._uids) and number not in self._deleted

    def numbers(self) -> Iterator[int]:
        """Of all messages that are not deleted."""
        return (number for number in range(1, len(self._uids) + 1) if number not in self._deleted)

    def size(self, number: int) -> int:
        """Octets of a message."""
        return self._sizes[number - 1]

    def unique_id(self, number: int) -> str:
        """RFC 1939 §7: up to 70 printable characters that no other message of this maildrop will ever have."""
        return f"{self._uidvalidity}.{self._uids[number - 1]}"

    def delete(self, number: int) -> None:
        """Mark a message."""
        self._deleted.add(number)
        self._octets -= self.size(number)

    def restore(self) -> None:
        """RFC 1939 §5, RSET: nothing is marked any more."""
        self._octets += sum(self.size(number) for number in self._deleted)
        self._deleted.clear()

    async def find(self, number: int) -> FetchRow | None:
        """The message itself; None if somebody else removed it meanwhile."""
        uid = self._uids[number - 1]
        one = self._folders.reading.rows(self._place.folder_id, UidSet(((uid, uid),)), Load.MESSAGE)
        found = [row async for rows in one for row in rows]
        return found[0] if found else None

    async def update(self) -> None:
        """RFC 1939 §6: remove what is marked, in units of at most 500; MailError if a unit failed: the rest is kept."""
        marked = UidSet.of(self._uids[number - 1] for number in self._deleted)
        async for gone in self._folders.filing.expunge(self._place, marked, only_deleted=False):
            del gone  # told by nobody: the session is over
