"""A folder as of one modseq: immutable, shared by every session of the worker that has it open."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from mailstead.ground.model.change import Change, ChangeKind
from mailstead.ground.model.ids import AccountId, FolderId, ModSeq
from mailstead.ground.model.uidset import UidSet


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderView:
    """Which UIDs are there. A session owns only the difference to what its client has been told."""

    account_id: AccountId
    folder_id: FolderId
    uidvalidity: int
    uidnext: int
    modseq: ModSeq
    uids: UidSet
    changed: ModSeq = ModSeq(0)  # noqa: RUF009 - a number; of this folder, while `modseq` counts the whole account
    is_gone: bool = False  # the folder was deleted: nothing is in it any more

    def after(self, changes: Iterable[Change], modseq: ModSeq) -> "FolderView":
        """The view once these changes of the folder happened. A change may be applied twice: UIDs never return."""
        added: list[tuple[int, int]] = []
        removed: list[tuple[int, int]] = []
        is_gone = self.is_gone
        changed = self.changed
        for change in changes:
            if change.kind is not ChangeKind.SUBSCRIPTION:
                changed = max(changed, change.modseq)
            match change.kind:
                case ChangeKind.APPENDED:
                    added += change.uids.runs
                case ChangeKind.EXPUNGED:
                    removed += change.uids.runs
                case ChangeKind.FOLDER_DELETED:
                    is_gone = True
                case _:
                    pass
        uids, uidnext = self.uids, self.uidnext
        if added:
            new = UidSet.join(added)
            uids, uidnext = extend(uids, new), max(uidnext, new.last + 1)
        if removed:
            uids -= UidSet.join(removed)
        if is_gone:
            uids = UidSet()
        modseq = max(self.modseq, modseq)
        return replace(self, uids=uids, uidnext=uidnext, modseq=modseq, changed=changed, is_gone=is_gone)


def extend(uids: UidSet, new: UidSet) -> UidSet:
    """The union; quick in the usual case that a few arrive behind many."""
    if not uids.runs or not new.runs or new.runs[0][0] <= uids.runs[-1][0]:
        return uids | new
    last = uids.runs[-1]
    if new.runs[0][0] > last[1] + 1:
        return UidSet(uids.runs + new.runs)
    return UidSet((*uids.runs[:-1], *UidSet.join((last, *new.runs)).runs))
