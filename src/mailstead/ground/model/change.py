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
    """Sent over the bus after a commit: look at this account up to this modseq. Losing one costs latency only."""

    account_id: AccountId
    modseq: ModSeq
