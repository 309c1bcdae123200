"""Blobs on one machine: small ones in the database's rows, large ones as files beside it."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from mailstead.ground.model.errors import NotFound
from mailstead.ground.model.ids import BlobId, Instant
from mailstead.store.blobs.files import BlobFiles
from mailstead.store.blobs.reader import FileReader, InlineReader
from mailstead.store.blobs.writer import FileBlobWriter
from mailstead.store.codec import compress, decompress
from mailstead.store.port.blobs import INLINE_MAX, BlobReader, BlobWriter, StagedBlob

SWEEP_AGE_MS: Final = 24 * 3600 * 1000
"""A file without a row is left alone for so long: its unit may still be on its way."""

_SYNC_THREADS: Final = 4

Lookup = Callable[[BlobId], Awaitable[tuple[int, bytes | None] | None]]


class FileBlobs:
    """`next_id` gives ids that rise with time; `lookup` reads a row: size, and compressed bytes or None for a file."""

    def __init__(self, root: Path, next_id: Callable[[], int], lookup: Lookup) -> None:
        self._files = BlobFiles(root)
        self._files.prepare()
        self._next_id = next_id
        self._lookup = lookup
        self._thread = ThreadPoolExecutor(_SYNC_THREADS, "blob-sync")

    def stage(self) -> BlobWriter:
        """Begin a new blob."""
        return FileBlobWriter(BlobId(self._next_id()), self._files, self._thread)

    def stage_small(self, data: bytes) -> StagedBlob:
        """At once, for at most INLINE_MAX bytes."""
        assert len(data) <= INLINE_MAX
        return StagedBlob(
            id=BlobId(self._next_id()), hash=hashlib.sha256(data).digest(), size=len(data), data=compress(data)
        )

    async def open(self, blob: BlobId) -> BlobReader:
        """A reader; NotFound."""
        row = await self._lookup(blob)
        if row is None:
            raise NotFound(f"there is no blob {blob}")
        _, data = row
        return self._reader(blob, data)

    def reopen(self, staged: StagedBlob) -> BlobReader:
        """A reader of what is staged and not committed yet."""
        return self._reader(staged.id, staged.data)

    def _reader(self, blob: BlobId, data: bytes | None) -> BlobReader:
        return FileReader(self._files.path(blob)) if data is None else InlineReader(decompress(data))

    def discard(self, blob: BlobId) -> None:
        """Remove the file of a blob that no row names: a double, or one whose row was reaped. Never raises."""
        self._files.remove(blob)

    async def sweep(self, now: Instant) -> int:
        """Remove files of over a day that no row names, folder by folder; gives how many."""
        removed = 0
        for found in self._files.older_than((now - SWEEP_AGE_MS) / 1000):
            for blob, path in found:
                await asyncio.sleep(0)
                if self._files.is_temporary(path) or await self._lookup(blob) is None:
                    path.unlink(missing_ok=True)
                    removed += 1
        return removed

    def close(self) -> None:
        """Wait for syncs that are under way."""
        self._thread.shutdown()
