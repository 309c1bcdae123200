"""Folders of an account and placements of messages in them."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from mailstead.ground.model.flags import Flags
from mailstead.ground.model.ids import AccountId, FolderId, Instant, MessageId, ModSeq, Uid

SEPARATOR: Final = "/"
INBOX: Final = "INBOX"


class SpecialUse(Enum):
    """RFC 6154 §2 (the value is the attribute's name without its backslash) and Archive of the same list."""

    ALL = "All"
    ARCHIVE = "Archive"
    DRAFTS = "Drafts"
    FLAGGED = "Flagged"
    JUNK = "Junk"
    SENT = "Sent"
    TRASH = "Trash"


BIRTH_FOLDERS: Final[tuple[tuple[str, SpecialUse | None], ...]] = (
    (INBOX, None),
    ("Drafts", SpecialUse.DRAFTS),
    ("Sent", SpecialUse.SENT),
    ("Junk", SpecialUse.JUNK),
    ("Trash", SpecialUse.TRASH),
    ("Archive", SpecialUse.ARCHIVE),
)
"""Every account is born with these, subscribed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """One folder with its counters as of `modseq`."""

    id: FolderId
    account_id: AccountId
    name: str  # Unicode, levels joined by SEPARATOR; INBOX in capitals
    special_use: SpecialUse | None = None
    uidvalidity: int
    uidnext: Uid
    modseq: ModSeq
    messages: int = 0
    unseen: int = 0
    deleted: int = 0  # those flagged \Deleted (RFC 9051 §6.3.11, STATUS DELETED)
    size: int = 0


@dataclass(frozen=True, slots=True)
class Placement:
    """A message in a folder."""

    uid: Uid
    message_id: MessageId
    modseq: ModSeq
    flags: Flags
    size: int  # as sent to clients: stored prefix and blob
    internal_date: Instant
    saved_at: Instant  # RFC 8514
