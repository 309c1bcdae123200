"""Blobs: immutable bytes, deduplicated by hash, compressed, never rewritten."""

from dataclasses import dataclass
from typing import Protocol

from mailstead.ground.model.ids import BlobId, Instant

INLINE_MAX = 128 * 1024
"""Bytes; a blob of up to this size lives in the database, a larger one is a file."""

MEMORY_MAX = 256 * 1024
"""Bytes; a body of up to this size waits in memory for its commit, a larger one streams to a temporary file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedBlob:
    """Bytes that are ready for a unit: compressed in `data`, or (if None) durable in a file named by `id`."""

    id: BlobId
    hash: bytes  # SHA-256 of the uncompressed bytes
    size: int
    data: bytes | None


class BlobWriter(Protocol):
    """Takes the bytes of one blob as they arrive. Past MEMORY_MAX they go to a temporary file by themselves."""

    @property
    def size(self) -> int:
        """Bytes taken so far."""

    def write(self, data: bytes) -> None:
        """Take more bytes; NoSpace when the disk is full."""

    async def finish(self) -> StagedBlob:
        """No more bytes: hash, compress, and for a file fsync, rename, fsync of its folder."""

    def abort(self) -> None:
        """Forget it; also after `finish`, if no unit took it. Never raises, may be called twice."""


class BlobReader(Protocol):
    """Random access to the uncompressed bytes of one blob."""

    @property
    def size(self) -> int: ...

    async def read(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset`; shorter only at the end. Ask for at most 256 KiB at once."""


class Blobs(Protocol):
    """Outside of units: staging and reading."""

    def stage(self) -> BlobWriter:
        """Begin a new blob."""

    def stage_small(self, data: bytes) -> StagedBlob:
        """At once, for at most INLINE_MAX bytes: the quick way for small letters."""

    async def open(self, blob: BlobId) -> BlobReader:
        """A reader; NotFound."""

    def reopen(self, staged: StagedBlob) -> BlobReader:
        """A reader of what is staged and not committed yet."""

    def discard(self, blob: BlobId) -> None:
        """Remove the file, if any, of a blob without a row. Never raises.

        That is a double (the store sees to it), or one that `reap_blobs` named.
        """

    async def sweep(self, now: Instant) -> int:
        """Remove files of over a day that no row names, giving way to others; gives how many. A duty, once a day."""


class BlobWrites(Protocol):
    """Inside of units."""

    async def put(self, staged: StagedBlob) -> tuple[BlobId, bool]:
        """The id under which these bytes are stored, and whether they were new (then `messages.put_rendered` is due).

        Bytes known already keep their first id; the staged file of such a double is removed after the commit.
        """

    async def release(self, blobs: list[BlobId], now: Instant) -> None:
        """Called when messages that used these blobs are gone: those without any user left are marked for deletion."""
