"""Copies inside a unit: in one account the same messages are placed again, in another new ones share the blobs."""

from dataclasses import dataclass

from mailstead.ground.model.change import Change, ChangeKind
from mailstead.ground.model.errors import NotFound
from mailstead.ground.model.flags import Flag, Flags
from mailstead.ground.model.ids import BlobId, Instant, MessageId, ModSeq
from mailstead.ground.model.uidset import UidSet
from mailstead.services.folders.append import place
from mailstead.services.folders.place import Place
from mailstead.store.port import Tx
from mailstead.store.port.messages import FetchRow, Load
from mailstead.store.port.placements import Copied


@dataclass(frozen=True, slots=True)
class Move:
    """What one unit takes from where to where; `message_ids` are for the messages another account gets."""

    source: Place
    uids: UidSet
    target: Place
    message_ids: tuple[int, ...]
    now: Instant


async def copy_placements(tx: Tx, move: Move, modseq: ModSeq) -> Copied:
    """Copy and record the change; the unit has advanced the target's account to `modseq`. NotFound if it is gone."""
    target = await tx.folders.get_folder(move.target.folder_id)
    if target.account_id != move.target.account_id:
        raise NotFound("the folder is gone")
    if move.source.account_id != move.target.account_id:
        return await _copy_across(tx, move, modseq)
    copied = await tx.placements.copy(
        move.source.folder_id, move.uids, move.target.folder_id, modseq=modseq, now=move.now
    )
    if copied.targets:
        await tx.change(
            Change(move.target.account_id, modseq, move.target.folder_id, ChangeKind.APPENDED, copied.targets), move.now
        )
    return copied


async def _copy_across(tx: Tx, move: Move, modseq: ModSeq) -> Copied:
    sources, targets = [], []
    rows = await _read_rows(tx, move)
    for row, message_id in zip(rows, move.message_ids, strict=False):
        appended = await place(
            tx,
            account=move.target.account_id,
            folder=move.target.folder_id,
            message_id=MessageId(message_id),
            blob_id=BlobId(row.blob_id),
            prefix=row.prefix,
            size=row.size,
            flags=Flags(Flag(row.bits), row.keywords),
            internal_date=Instant(row.internal_date),
            now=move.now,
            modseq=modseq,
            may_exceed=False,
            origin_id=MessageId(row.origin_id),
        )
        sources.append(row.uid)
        targets.append(appended.uid)
    return Copied(UidSet.of(sources), UidSet.of(targets))


async def _read_rows(tx: Tx, move: Move) -> list[FetchRow]:
    rows: list[FetchRow] = []
    for first, last in move.uids.runs:
        rows += await tx.messages.fetch(move.source.folder_id, first, last, Load.MESSAGE | Load.ORIGIN, len(move.uids))
    return rows
