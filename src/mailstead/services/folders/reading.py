"""The read side: rows of a folder in chunks that give way to others, and the bytes of messages."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from functools import partial
from typing import Any, Final, TypeVar

from mailstead.ground.model.folder import Folder
from mailstead.ground.model.ids import BlobId, FolderId
from mailstead.ground.model.uidset import UidSet
from mailstead.store.port import ReadTx, Store
from mailstead.store.port.blobs import INLINE_MAX, BlobReader
from mailstead.store.port.messages import Depth, Facts, FetchRow, Load
from mailstead.store.port.placements import FlagRow

__all__ = ["INLINE_MAX", "BlobReader", "Depth", "Facts", "FetchRow", "FlagRow", "Load", "Reading"]

R = TypeVar("R", FetchRow, FlagRow, Facts)

ROWS_AT_ONCE: Final = 200
FLAGS_AT_ONCE: Final = 2_000
FACTS_AT_ONCE: Final = 1_000
UIDS_AT_ONCE: Final = 50_000
GAP_MAX: Final = 64
"""Runs that lie closer together than this are read as one range and filtered: cheaper than two queries."""


def ranges(uids: UidSet) -> Iterator[tuple[int, int]]:
    """Ranges that cover the set with few queries."""
    start = end = 0
    for first, last in uids.runs:
        if start and first - end <= GAP_MAX:
            end = last
            continue
        if start:
            yield start, end
        start, end = first, last
    if start:
        yield start, end


class Reading:
    """Reads of placements and messages."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def rows(self, folder: FolderId, uids: UidSet, load: int) -> AsyncIterator[list[FetchRow]]:
        """The rows of these UIDs that are still there, in order, in chunks of at most ROWS_AT_ONCE."""

        async def read(first: int, last: int, tx: ReadTx) -> list[FetchRow]:
            return await tx.messages.fetch(folder, first, last, load, ROWS_AT_ONCE)

        async for chunk in self._chunks(uids, read, ROWS_AT_ONCE):
            yield chunk

    async def flag_rows(self, folder: FolderId, uids: UidSet) -> AsyncIterator[list[FlagRow]]:
        """As `rows`, for flags alone and in chunks of at most FLAGS_AT_ONCE."""

        async def read(first: int, last: int, tx: ReadTx) -> list[FlagRow]:
            return await tx.placements.list_flags(folder, first, last, FLAGS_AT_ONCE)

        async for chunk in self._chunks(uids, read, FLAGS_AT_ONCE):
            yield chunk

    async def uids(self, folder: FolderId) -> UidSet:
        """All that lie in a folder."""
        runs: list[tuple[int, int]] = []
        first = 1
        while True:
            found = await self._store.read(partial(_read_uids, folder, first))
            runs += found.runs
            if len(found) < UIDS_AT_ONCE:
                return UidSet.join(runs)
            first = found.last + 1

    async def facts(self, folder: FolderId, uids: UidSet, depth: int) -> AsyncIterator[list[Facts]]:
        """As `rows`, for what SORT and THREAD compare."""
        size = ROWS_AT_ONCE if depth == Depth.HEADER else FACTS_AT_ONCE

        async def read(first: int, last: int, tx: ReadTx) -> list[Facts]:
            return await tx.messages.facts(folder, first, last, depth, size)

        async for chunk in self._chunks(uids, read, size):
            yield chunk

    async def _chunks(
        self, uids: UidSet, read: Callable[[int, int, ReadTx], Coroutine[Any, Any, list[R]]], size: int
    ) -> AsyncIterator[list[R]]:
        for first, last in ranges(uids):
            start = first
            while start <= last:
                rows = await self._store.read(partial(read, start, last))
                if not rows:
                    break
                start = rows[-1].uid + 1 if len(rows) >= size else last + 1
                yield _only(rows, uids)
                await asyncio.sleep(0)  # other sessions' turn

    async def bodies(self, rows: Iterable[FetchRow]) -> dict[BlobId, bytes]:
        """The blobs of these rows (at most 200) that live in the database."""
        wanted = list({BlobId(row.blob_id) for row in rows if row.size - len(row.prefix) <= INLINE_MAX})

        async def unit(tx: ReadTx) -> dict[BlobId, bytes]:
            return await tx.messages.bodies(wanted)

        return await self._store.read(unit) if wanted else {}

    async def open(self, blob: BlobId) -> BlobReader:
        """Random access to a blob of any size; NotFound."""
        return await self._store.blobs.open(blob)

    async def deleted_size(self, folder: Folder) -> int:
        """The bytes that an expunge of all \\Deleted messages would take off (RFC 9208 §4.1.4), summed in steps."""
        total = after = 0
        while True:
            size, after = await self._store.read(partial(_deleted_size, folder.id, after))
            total += size
            if not after:
                return total

    async def first_unseen(self, folder: FolderId) -> int | None:
        """The smallest UID without \\Seen."""

        async def unit(tx: ReadTx) -> int | None:
            return await tx.placements.first_unseen(folder)

        return await self._store.read(unit)

    async def keywords(self, folder: FolderId) -> list[str]:
        """Every keyword in use there, for FLAGS."""

        async def unit(tx: ReadTx) -> list[str]:
            return await tx.placements.keywords(folder)

        return await self._store.read(unit)


async def _read_uids(folder: FolderId, first: int, tx: ReadTx) -> UidSet:
    return await tx.placements.uids(folder, first, UIDS_AT_ONCE)


def _only(rows: list[R], uids: UidSet) -> list[R]:
    """Without what lies in the gaps of the set."""
    span = UidSet(((rows[0].uid, rows[-1].uid),))
    wanted = uids & span
    if wanted == span:
        return rows
    members = set(wanted)
    return [row for row in rows if row.uid in members]


async def _deleted_size(folder: FolderId, after: int, tx: ReadTx) -> tuple[int, int]:
    return await tx.placements.deleted_size(folder, after)
