"""Changes to what lies in folders: append, flags, copy, move, expunge; long sets in units of at most 500 placements.

Each unit has its own modseq and its own change, so other sessions see a long operation as a row of short ones.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.change import Change, ChangeKind
from mailstead.ground.model.errors import Conflict
from mailstead.ground.model.flags import Flag, FlagOp, Flags
from mailstead.ground.model.ids import FolderId, Instant, MessageId, ModSeq
from mailstead.ground.model.uidset import UidSet
from mailstead.net.clock import Clock
from mailstead.net.ids import IdSource
from mailstead.services.folders.append import Appended, place, put_letter
from mailstead.services.folders.copying import Move, copy_placements
from mailstead.services.folders.incoming import Letter
from mailstead.services.folders.place import Place
from mailstead.store.port import Lane, ReadTx, Store, Tx
from mailstead.store.port.placements import Copied, FlagRow

__all__ = ["Appended", "Copied", "Draft", "Filing", "FlagRow", "Flagged", "Moved", "Place", "cut"]

UNIT_MAX: Final = 500
"""Placements in one unit."""
FLAGS_AT_ONCE: Final = 2_000


@dataclass(frozen=True, slots=True)
class Draft:
    """A letter with what APPEND says of it."""

    letter: Letter
    flags: Flags = Flags()  # noqa: RUF009 - immutable
    internal_date: Instant | None = None


@dataclass(frozen=True, slots=True)
class Flagged:
    """One unit's share of a STORE: rows that changed, at this modseq, and UIDs refused by `unchanged_since`."""

    modseq: ModSeq
    rows: list[FlagRow]
    refused: UidSet


@dataclass(frozen=True, slots=True)
class Moved:
    """One unit's share of a COPY or MOVE."""

    modseq: ModSeq
    copied: Copied


def cut(uids: UidSet, size: int = UNIT_MAX) -> Iterator[UidSet]:
    """The set in pieces of at most `size`, in order."""
    for start in range(1, len(uids) + 1, size):
        yield uids.numbers(start, start + size - 1)


def lane_for(uids: UidSet) -> Lane:
    """Long operations wait behind those that a person waits for."""
    return Lane.BULK if len(uids) > UNIT_MAX else Lane.INTERACTIVE


async def _place(tx: Tx, target: Place, draft: Draft, message_id: MessageId, modseq: ModSeq, now: Instant) -> Appended:
    return await place(
        tx,
        account=target.account_id,
        folder=target.folder_id,
        message_id=message_id,
        blob_id=await put_letter(tx, draft.letter),
        prefix=b"",
        size=draft.letter.staged.size,
        flags=draft.flags,
        internal_date=now if draft.internal_date is None else draft.internal_date,
        now=now,
        modseq=modseq,
        may_exceed=False,
    )


class Filing:
    """Operations on placements, for every protocol."""

    def __init__(self, store: Store, clock: Clock, ids: IdSource) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids

    async def append(self, target: Place, drafts: Sequence[Draft]) -> list[Appended]:
        """File letters that a client brings, all or none. OverQuota, NoSpace, NotFound (the folder is gone)."""
        now = self._clock.now()
        rows = [(draft, self._ids.next()) for draft in drafts]

        async def unit(tx: Tx) -> list[Appended]:
            modseq = (await tx.advance(target.account_id))[target.account_id]
            return [await _place(tx, target, draft, MessageId(message_id), modseq, now) for draft, message_id in rows]

        size = sum(len(draft.letter.staged.data or b"") for draft in drafts)
        return await self._store.write(unit, size=size, incoming=True)

    async def replace(self, source: Place, uid: int, target: Place, draft: Draft) -> list[Appended]:
        """RFC 8508 §3.4: one message in place of another in one step; only what it adds counts for the quota.

        Conflict if the message is gone, and then nothing is filed.
        """
        now, message_id = self._clock.now(), MessageId(self._ids.next())

        async def unit(tx: Tx) -> list[Appended]:
            modseqs = await tx.advance(*{source.account_id, target.account_id})
            old = UidSet(((uid, uid),))
            if not await tx.placements.expunge(source.folder_id, old, only_deleted=False, now=now):
                raise Conflict("the message to replace is gone")
            modseq = modseqs[source.account_id]
            await tx.change(Change(source.account_id, modseq, source.folder_id, ChangeKind.EXPUNGED, old), now)
            return [await _place(tx, target, draft, message_id, modseqs[target.account_id], now)]

        return await self._store.write(unit, size=len(draft.letter.staged.data or b""), incoming=True)

    async def store_flags(
        self, source: Place, uids: UidSet, op: FlagOp, flags: Flags, *, unchanged_since: ModSeq | None = None
    ) -> AsyncIterator[Flagged]:
        """Change flags; one result for each unit."""
        for piece in cut(uids):
            yield await self._store_piece(source, piece, op, flags, unchanged_since, lane_for(uids))

    async def _store_piece(
        self, source: Place, uids: UidSet, op: FlagOp, flags: Flags, unchanged_since: ModSeq | None, lane: Lane
    ) -> Flagged:
        now = self._clock.now()

        async def unit(tx: Tx) -> Flagged:
            modseq = (await tx.advance(source.account_id))[source.account_id]
            rows, refused = await tx.placements.store_flags(
                source.folder_id, uids, op, flags, modseq=modseq, unchanged_since=unchanged_since
            )
            if rows:
                changed = UidSet.of(row.uid for row in rows)
                await tx.change(Change(source.account_id, modseq, source.folder_id, ChangeKind.FLAGS, changed), now)
            return Flagged(modseq, rows, refused)

        return await self._store.write(unit, lane=lane)

    async def copy(
        self, source: Place, uids: UidSet, target: Place, *, went: Callable[[int], Awaitable[None]] | None = None
    ) -> list[Moved]:
        """Place the messages in another folder too, of this account or another one; all of them or none.

        `went` hears how many more are done.
        """
        done: list[Moved] = []
        try:
            for piece in cut(uids):
                done.append(await self._transfer(source, piece, target, lane_for(uids), is_move=False))
                if went is not None:
                    await went(len(piece))
        except BaseException:
            # RFC 9051 §6.4.7: what fails halfway leaves the target as it was.
            copies = UidSet.join(run for moved in done for run in moved.copied.targets.runs)
            async for _ in self.expunge(target, copies, only_deleted=False):
                pass
            raise
        return done

    async def move(self, source: Place, uids: UidSet, target: Place) -> AsyncIterator[Moved]:
        """Copy and expunge, each message in one step (RFC 6851 §3.3); one result for each unit."""
        for piece in cut(uids):
            yield await self._transfer(source, piece, target, lane_for(uids), is_move=True)

    async def _transfer(self, source: Place, uids: UidSet, target: Place, lane: Lane, *, is_move: bool) -> Moved:
        fresh_ids = () if source.account_id == target.account_id else tuple(self._ids.next() for _ in range(len(uids)))
        task = Move(source, uids, target, fresh_ids, self._clock.now())

        async def unit(tx: Tx) -> Moved:
            modseqs = await tx.advance(*{source.account_id, target.account_id})
            copied = await copy_placements(tx, task, modseqs[target.account_id])
            if is_move and copied.sources:
                modseq = modseqs[source.account_id]
                await tx.placements.expunge(source.folder_id, copied.sources, only_deleted=False, now=task.now)
                change = Change(source.account_id, modseq, source.folder_id, ChangeKind.EXPUNGED, copied.sources)
                await tx.change(change, task.now)
            return Moved(modseqs[target.account_id], copied)

        return await self._store.write(unit, lane=lane)

    async def expunge(self, source: Place, uids: UidSet, *, only_deleted: bool = True) -> AsyncIterator[UidSet]:
        """Remove placements; gives what each unit removed."""
        for piece in cut(uids):
            yield await self._expunge_piece(source, piece, lane_for(uids), only_deleted=only_deleted)

    async def _expunge_piece(self, source: Place, uids: UidSet, lane: Lane, *, only_deleted: bool) -> UidSet:
        now = self._clock.now()

        async def unit(tx: Tx) -> UidSet:
            modseq = (await tx.advance(source.account_id))[source.account_id]
            gone = await tx.placements.expunge(source.folder_id, uids, only_deleted=only_deleted, now=now)
            if gone:
                await tx.change(Change(source.account_id, modseq, source.folder_id, ChangeKind.EXPUNGED, gone), now)
            return gone

        return await self._store.write(unit, lane=lane)

    async def list_deleted(self, source: Place, within: UidSet) -> UidSet:
        """The UIDs flagged \\Deleted: what an EXPUNGE of the whole folder has to touch, found without a write."""

        async def count(tx: ReadTx) -> int:
            return (await tx.folders.get_folder(source.folder_id)).deleted

        missing = await self._store.read(count)
        found: list[int] = []
        first, last = within.first, within.last
        while first <= last and missing > len(found):
            rows = await self._read_flags(source.folder_id, first, last)
            found += [row.uid for row in rows if row.bits & Flag.DELETED]
            if len(rows) < FLAGS_AT_ONCE:
                break
            first = rows[-1].uid + 1
        return UidSet.of(found) & within

    async def _read_flags(self, folder: FolderId, first: int, last: int) -> list[FlagRow]:
        async def unit(tx: ReadTx) -> list[FlagRow]:
            return await tx.placements.list_flags(folder, first, last, FLAGS_AT_ONCE)

        return await self._store.read(unit)
