"""Fills the full-text index: follows the events of every account, and walks once through what was there before.

An account's modseq is its order: who has read events up to n has read all below n. So a letter that lies anywhere at
modseq n was there when the walk began and is met by it, or came by an event APPENDED that is followed, or was moved in
front of the walk by such an event. Nothing here is waited for by a delivery.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Final

from mailstead.ground.model.change import ChangeKind
from mailstead.ground.model.errors import MailError, NotFound
from mailstead.ground.model.ids import AccountId, BlobId, FolderId, MessageId, ModSeq
from mailstead.ground.model.uidset import UidSet
from mailstead.services.folders.reading import BlobReader, FetchRow, Load, Reading
from mailstead.services.search.entries import STAMP, blob_entry, empty_entry, prefix_entry
from mailstead.services.search.texts import HeldBlob
from mailstead.store.port import ReadTx, Store
from mailstead.store.port.fulltext import Entry, FullTextWrites, Key, Kind, Mark

ACCOUNTS_AT_ONCE: Final = 500
EVENTS_AT_ONCE: Final = 500
LETTERS_AT_ONCE: Final = 100
TEXT_AT_ONCE: Final = 1 << 20
"""Characters gathered for one write."""
RUN_SECONDS: Final = 5.0
"""Then the lease is looked at again."""
KEYS_AT_ONCE: Final = 500
PAUSE: Final = 0.002
BUSY_TURN: Final = 0.001
BACK_OFF: Final = 50
BACK_OFF_MAX: Final = 0.25
LAST_UID: Final = (1 << 32) - 1


class Indexer:
    """The one writer of the index, under a lease. `monotonic` bounds a run."""

    def __init__(self, store: Store, reading: Reading, index: FullTextWrites, monotonic: Callable[[], float]) -> None:
        self._store = store
        self._reading = reading
        self._index = index
        self._monotonic = monotonic
        self._entries: dict[Key, Entry] = {}
        self._epoch = 0

    async def run(self) -> None:
        """Until all is indexed, or for RUN_SECONDS: news of all accounts first, then a piece of each walk."""
        await self._index.prepare(STAMP)
        epoch = self._index.epoch()
        if epoch is None:
            return
        self._epoch = epoch
        self._entries.clear()
        until = self._monotonic() + RUN_SECONDS
        while self._monotonic() < until:
            walking = [account async for account in self._follow_all()]
            if not walking:
                return
            for account in walking:
                await self._walk(account)
                if self._monotonic() > until:
                    return

    async def _follow_all(self) -> AsyncIterator[AccountId]:
        """Gives those whose walk is not done."""
        async for account, modseq in self._accounts():
            try:
                if not await self._follow(account, modseq):
                    yield account
            except NotFound:
                continue  # it went meanwhile

    async def _accounts(self) -> AsyncIterator[tuple[AccountId, ModSeq]]:
        after = AccountId(0)
        while True:

            async def unit(tx: ReadTx, after: AccountId = after) -> list[tuple[AccountId, ModSeq]]:
                return await tx.finding.counters(after, ACCOUNTS_AT_ONCE)

            rows = await self._store.read(unit)
            for row in rows:
                yield row
            if len(rows) < ACCOUNTS_AT_ONCE:
                return
            after = rows[-1][0]
            await asyncio.sleep(0)

    async def _follow(self, account: AccountId, modseq: ModSeq) -> bool:
        """The events of an account up to now; False while its walk is not done."""
        mark = self._index.mark(account)
        if mark is not None and mark.walk is None and mark.modseq == modseq:
            return True
        if mark is None or mark.modseq > modseq or mark.modseq < await self._oldest(account):
            await self._set(account, Mark(modseq, (0, 0)))
            return False
        while mark.modseq < modseq:
            mark = await self._follow_some(account, mark)
        return mark.walk is None

    async def _follow_some(self, account: AccountId, mark: Mark) -> Mark:
        async def unit(tx: ReadTx) -> tuple[ModSeq, list[tuple[FolderId, UidSet]]]:
            # The counter is read in the same view: with few events it says how far they reach.
            now = await tx.modseq(account)
            changes = await tx.changes(account, mark.modseq, EVENTS_AT_ONCE)
            upto = changes[-1].modseq if len(changes) >= EVENTS_AT_ONCE else now
            came = [(one.folder_id, one.uids) for one in changes if one.kind is ChangeKind.APPENDED]
            return upto, came

        upto, came = await self._store.read(unit)
        places: dict[FolderId, list[tuple[int, int]]] = {}
        for folder, uids in came:
            places.setdefault(folder, []).extend(uids.runs)
        for folder, runs in places.items():
            async for rows in self._reading.rows(folder, UidSet.join(sorted(runs)), Load.HEADER | Load.PARTS):
                await self._take(rows)
        after = Mark(upto, mark.walk)
        await self._set(account, after)
        return after

    async def _walk(self, account: AccountId) -> None:
        """A piece: at most some hundred letters of one folder."""
        mark = self._index.mark(account)
        if mark is None or mark.walk is None:
            return
        folder_id, after = mark.walk

        async def unit(tx: ReadTx) -> list[FolderId]:
            return sorted(folder.id for folder in await tx.folders.list_folders(account))

        folder = next((one for one in await self._store.read(unit) if one >= folder_id), None)
        if folder is None:
            await self._set(account, Mark(mark.modseq))
            return
        first = after + 1 if folder == folder_id else 1
        async for rows in self._reading.rows(folder, UidSet(((first, LAST_UID),)), Load.HEADER | Load.PARTS):
            await self._take(rows)
            await self._set(account, Mark(mark.modseq, (folder, rows[-1].uid)))
            return
        await self._set(account, Mark(mark.modseq, (folder + 1, 0)))

    async def _oldest(self, account: AccountId) -> ModSeq:
        async def unit(tx: ReadTx) -> ModSeq:
            return await tx.oldest_change(account)

        return await self._store.read(unit)

    async def _take(self, rows: list[FetchRow]) -> None:
        """Make entries of those that are not known; in small batches, each letter a turn of the loop."""
        for start in range(0, len(rows), LETTERS_AT_ONCE):
            await self._take_some(rows[start : start + LETTERS_AT_ONCE])

    async def _take_some(self, rows: list[FetchRow]) -> None:
        blobs = {Key(Kind.BLOB, row.blob_id): row for row in rows}
        prefixes = {Key(Kind.PREFIX, row.message_id): row for row in rows if row.prefix}
        known = self._index.known([*blobs, *prefixes])
        for key, row in prefixes.items():
            if key not in known:
                self._entries[key] = prefix_entry(row)
        size = 0
        for key, row in blobs.items():
            if key in known or key in self._entries:
                continue
            entry = self._entries[key] = await self._make(row)
            size += len(entry.head) + len(entry.body)
            if size > TEXT_AT_ONCE:
                await self._flush()
                size = 0
            await self._give_way()
        await self._flush()

    async def _give_way(self) -> None:
        """A turn for the others after each letter; the longer it took, the more they have to do and the longer we wait.

        What is not indexed yet is scanned: a search is slower for a while, a delivery never is.
        """
        began = self._monotonic()
        await asyncio.sleep(0)
        turn = self._monotonic() - began
        if turn > BUSY_TURN:
            await asyncio.sleep(min(turn * BACK_OFF, BACK_OFF_MAX))

    async def _make(self, row: FetchRow) -> Entry:
        try:
            held = (await self._reading.bodies([row])).get(BlobId(row.blob_id))
            reader: BlobReader = HeldBlob(held) if held is not None else await self._reading.open(BlobId(row.blob_id))
        except (MailError, OSError, ValueError):
            return empty_entry(row)
        return await blob_entry(row, reader)

    async def _flush(self) -> None:
        if self._entries:
            await self._index.write(self._epoch, list(self._entries.values()), ())
            self._entries.clear()
            await asyncio.sleep(PAUSE)

    async def _set(self, account: AccountId, mark: Mark) -> None:
        """What it stands for has been written before it."""
        await self._index.write(self._epoch, (), ((account, mark),))

    async def prune(self) -> None:
        """Take out what has no row any longer: ids are never given twice, so what is gone stays gone."""
        await self._index.prepare(STAMP)
        after = 0
        while True:
            keys, after = self._index.keys(after, KEYS_AT_ONCE)
            gone = [key for key in keys if key not in await self._living(keys)] if keys else []
            if gone:
                await self._index.remove(gone)
            if not after:
                return
            await asyncio.sleep(PAUSE)

    async def _living(self, keys: list[Key]) -> set[Key]:
        blobs = [BlobId(key.id) for key in keys if key.kind is Kind.BLOB]
        messages = [MessageId(key.id) for key in keys if key.kind is Kind.PREFIX]

        async def unit(tx: ReadTx) -> set[Key]:
            there = {Key(Kind.BLOB, blob) for blob in await tx.finding.living_blobs(blobs)}
            return there | {Key(Kind.PREFIX, one) for one in await tx.finding.living_messages(messages)}

        return await self._store.read(unit)
