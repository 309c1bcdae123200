"""Rows of one chunk of a folder, loaded when a key first asks for them."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Final

from mailstead.ground.model.ids import BlobId, FolderId, Instant
from mailstead.ground.model.query import Query
from mailstead.ground.model.uidset import UidSet
from mailstead.services.folders.reading import FetchRow, FlagRow, Load, Reading
from mailstead.services.search.hints import Hint
from mailstead.services.search.needle import Needle
from mailstead.services.search.texts import HeldBlob, read_body_texts

BATCH_BYTES: Final = 1 << 20
ROWS_A_TURN: Final = 20
"""Messages decoded before others get their turn."""


class Chunk:
    """Answers what the keys ask; nothing is read twice."""

    def __init__(
        self, reading: Reading, folder: FolderId, uids: UidSet, now: Instant, hints: Mapping[Query, Hint]
    ) -> None:
        self._reading = reading
        self.now = now  # of the search
        self.hints = hints  # of the index, for texts
        self._folder = folder
        self._uids = uids
        self._flags: list[FlagRow] | None = None
        self._rows: list[FetchRow] | None = None
        self.scores: dict[int, int] = {}  # RFC 6203: of what FUZZY found

    def score(self, uid: int, score: int) -> None:
        """The best of several keys counts."""
        self.scores[uid] = max(score, self.scores.get(uid, 0))

    async def flags(self) -> list[FlagRow]:
        """Flags of all that is there."""
        if self._flags is None:
            self._flags = [row async for rows in self._reading.flag_rows(self._folder, self._uids) for row in rows]
        return self._flags

    async def rows(self) -> list[FetchRow]:
        """Sizes and dates of all that is there."""
        if self._rows is None:
            self._rows = [row async for rows in self._reading.rows(self._folder, self._uids, Load.ROW) for row in rows]
        return self._rows

    async def origins(self, uids: UidSet) -> AsyncIterator[tuple[int, int]]:
        """UIDs with the messages they are copies of."""
        async for rows in self._reading.rows(self._folder, uids, Load.ORIGIN):
            for row in rows:
                yield row.uid, row.origin_id

    async def headers(self, uids: UidSet) -> AsyncIterator[FetchRow]:
        """Rows with their headers."""
        async for rows in self._reading.rows(self._folder, uids, Load.HEADER):
            for index, row in enumerate(rows):
                if index % ROWS_A_TURN == ROWS_A_TURN - 1:
                    await asyncio.sleep(0)
                yield row

    async def texts(self, uids: UidSet, needle: Needle | None = None) -> AsyncIterator[tuple[FetchRow, list[str]]]:
        """Rows with the texts of their parts; with a needle, those in which it may be."""
        async for rows in self._reading.rows(self._folder, uids, Load.PARTS):
            for batch in _batches(rows):
                blobs = await self._reading.bodies(batch)
                for index, row in enumerate(batch):
                    if index % ROWS_A_TURN == ROWS_A_TURN - 1:
                        await asyncio.sleep(0)
                    blob = blobs.get(BlobId(row.blob_id))
                    reader = HeldBlob(blob) if blob is not None else await self._reading.open(BlobId(row.blob_id))
                    yield row, await read_body_texts(row.parts, reader, needle)


def _batches(rows: Iterable[FetchRow]) -> Iterable[list[FetchRow]]:
    batch: list[FetchRow] = []
    weight = 0
    for row in rows:
        if batch and weight + row.size > BATCH_BYTES:
            yield batch
            batch, weight = [], 0
        batch.append(row)
        weight += row.size
    if batch:
        yield batch
