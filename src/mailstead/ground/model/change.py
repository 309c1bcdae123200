"""What happened to an account, for IDLE, QRESYNC, JMAP /changes, undo and audit."""

from dataclasses import dataclass
from enum import Enum

from mailstead.ground.model.ids import AccountId, FolderId, ModSeq
from mailstead.ground.model.uidset import UidSet


class ChangeKind(Enum):
    """Stored by value."""

    APPENDED = 1
    FLAGS = 2
    EXPUNGED = 3
    FOLDER_CREATED = 4
    FOLDER_RENAMED = 5
    FOLDER_DELETED = 6
    SUBSCRIPTION = 7
    ANNOTATED = 8  # RFC 7162 §3.2: SETMETADATA counts


@dataclass(frozen=True, slots=True)
class Change:
    """One event. `uids` is empty for what happens to the folder itself."""

    account_id: AccountId
    modseq: ModSeq
    folder_id: FolderId
    kind: ChangeKind
    uids: UidSet = UidSet()  # noqa: RUF009 - immutable


@dataclass(frozen=True, slots=True)
class Wake:
    """Sent after a commit: look at this account up to this modseq. Losing one costs latency only.

    To this worker's own hub it brings the events along, so that nothing need be read; over the bus it goes without.
    """

    account_id: AccountId
    modseq: ModSeq
    changes: tuple[Change, ...] = ()
