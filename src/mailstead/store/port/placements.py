"""Messages in folders: the rows that IMAP lives on."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from mailstead.ground.model.flags import FlagOp, Flags
from mailstead.ground.model.folder import Placement
from mailstead.ground.model.ids import FolderId, Instant, MessageId, ModSeq, Uid
from mailstead.ground.model.uidset import UidSet


class FlagRow(NamedTuple):
    """What FETCH FLAGS needs and no more. Bits and keywords as in `Flags`. A tuple: 100,000 are made in a moment."""

    uid: int
    bits: int
    keywords: str
    modseq: int


@dataclass(frozen=True, slots=True)
class Copied:
    """COPYUID: `sources[i]` became `targets[i]` (RFC 9051 §7.1)."""

    sources: UidSet
    targets: UidSet


class PlacementReads(Protocol):
    """Ranges are (first, last) inclusive and clustered: one range scan each."""

    async def uids(self, folder: FolderId, first: int = 1, limit: int = 50_000) -> UidSet:
        """The UIDs from `first` on, at most `limit` of them. Call again from `last + 1` for more."""

    async def first_unseen(self, folder: FolderId) -> Uid | None: ...

    async def list_placements(self, folder: FolderId, first: int, last: int, limit: int = 500) -> list[Placement]: ...
    async def list_flags(self, folder: FolderId, first: int, last: int, limit: int = 500) -> list[FlagRow]: ...
    async def deleted_size(self, folder: FolderId, after: int, limit: int = 20_000) -> tuple[int, int]:
        """Bytes of those flagged \\Deleted among the next `limit` past UID `after`, and the last UID (0: no more)."""

    async def keywords(self, folder: FolderId) -> list[str]:
        """Every keyword that is in use there, and maybe some that were, sorted;

        Each in the case it was first set in.
        """


class PlacementWrites(PlacementReads, Protocol):
    """The unit has called `advance`, gives that `modseq`, and records the changes itself.

    All of them keep the counters of folder and account right. Each touches at most the placements named;
    callers cut long sets into at most 500 a unit.
    """

    async def append(  # noqa: PLR0913 - the row has these columns
        self,
        folder: FolderId,
        message: MessageId,
        flags: Flags,
        *,
        size: int,
        internal_date: Instant,
        modseq: ModSeq,
        now: Instant,
        may_exceed: bool = True,
    ) -> tuple[Uid, int]:
        """Place a message; gives its UID and the folder's UIDVALIDITY. NotFound if the folder is gone.

        With `may_exceed` False: OverQuota if the account's quota would be passed. (The account's use counts each
        message once, when its first placement is made: `size` is added by `append`, not by `copy`.)
        """

    async def store_flags(
        self,
        folder: FolderId,
        uids: UidSet,
        op: FlagOp,
        flags: Flags,
        *,
        modseq: ModSeq,
        unchanged_since: ModSeq | None = None,
    ) -> tuple[list[FlagRow], UidSet]:
        """Change flags; gives the rows that changed, in UID order and as they are now, and those refused by
        `unchanged_since` (RFC 7162 §3.1.3). UIDs that are not there are passed over. NotFound if the folder is gone,
        LimitReached if a placement would have more than KEYWORDS_MAX keywords."""

    async def copy(self, source: FolderId, uids: UidSet, target: FolderId, *, modseq: ModSeq, now: Instant) -> Copied:
        """Place the same messages in another folder of the account, or once more in this one.

        They keep flags and internal dates and come in UID order. UIDs that are not there are passed over.
        NotFound if the target is gone.
        """

    async def expunge(self, folder: FolderId, uids: UidSet, *, only_deleted: bool, now: Instant) -> UidSet:
        """Remove placements (those flagged \\Deleted, with `only_deleted`); messages left in no folder go with them,
        give their size back to the account's quota and release their blobs. Gives what was removed.
        NotFound if the folder is gone."""
