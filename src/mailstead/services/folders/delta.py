"""What happened in a folder since a modseq: from the changes while they reach back that far, else from a scan.

Never too little: who asks from before the oldest change that is kept is told all that is gone and all that is newer.
"""

from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.change import Change, ChangeKind
from mailstead.ground.model.ids import FolderId, ModSeq
from mailstead.ground.model.uidset import UidSet
from mailstead.services.folders.place import Place
from mailstead.services.folders.reading import Reading
from mailstead.store.port import ReadTx, Store

CHANGES_AT_ONCE: Final = 500
CHANGES_MAX: Final = 20_000
"""Events of the account gone through for one delta; with more between, a scan of the folder is cheaper."""


@dataclass(frozen=True, slots=True)
class Delta:
    """`gone`: expunged since; `touched`: appended or flagged since, perhaps gone again."""

    gone: UidSet
    touched: UidSet


class Deltas:
    """Reads of the events of a folder."""

    def __init__(self, store: Store, reading: Reading) -> None:
        self._store = store
        self._reading = reading

    async def read(self, place: Place, after: ModSeq) -> Delta | None:
        """From the events past `after`; None if some may be gone or they are too many."""
        gone: list[tuple[int, int]] = []
        touched: list[tuple[int, int]] = []
        passed = 0
        while passed < CHANGES_MAX:
            changes = await self._changes(place, after)
            if changes is None:
                return None
            for change in changes:
                if change.folder_id != place.folder_id:
                    continue
                if change.kind is ChangeKind.EXPUNGED:
                    gone += change.uids.runs
                elif change.kind in (ChangeKind.APPENDED, ChangeKind.FLAGS):
                    touched += change.uids.runs
            if len(changes) < CHANGES_AT_ONCE:
                return Delta(UidSet.join(gone), UidSet.join(touched))
            passed += len(changes)
            after = changes[-1].modseq
        return None

    async def touched_since(self, place: Place, uids: UidSet, after: ModSeq, delta: Delta | None) -> UidSet:
        """Those of these UIDs whose modseq is greater than `after`; some may be gone by now."""
        if delta is not None:
            return uids & delta.touched
        return await self._scan(place.folder_id, uids, after)

    async def _scan(self, folder: FolderId, uids: UidSet, after: ModSeq) -> UidSet:
        found: list[int] = []
        async for rows in self._reading.flag_rows(folder, uids):
            found += [row.uid for row in rows if row.modseq > after]
        return UidSet.of(found)

    async def _changes(self, place: Place, after: ModSeq) -> list[Change] | None:
        async def unit(tx: ReadTx) -> list[Change] | None:
            if await tx.oldest_change(place.account_id) > after:
                return None
            return await tx.changes(place.account_id, after, CHANGES_AT_ONCE)

        return await self._store.read(unit)
