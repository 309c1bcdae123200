"""Every blob is read back and compared with its hash."""

import hashlib
from collections.abc import AsyncIterator
from typing import Final

from mailstead.ground.model.ids import BlobId
from mailstead.store.codec import FrameError, decompress
from mailstead.store.port.blobs import Blobs
from mailstead.store.sql.check.finding import Finding, Progress, Severity
from mailstead.store.sql.check.view import View

PART: Final = 50
"""Blobs held in memory at once; at most INLINE_MAX bytes each."""

PIECE: Final = 256 * 1024

COUNT: Final = "SELECT COUNT(*) FROM blob"

READ: Final = "SELECT id, hash, size, data FROM blob WHERE id > :after ORDER BY id LIMIT :limit"

IS_THERE: Final = "SELECT id FROM blob WHERE id = :blob"

FIX: Final = "restore this blob from a backup"


async def check_bytes(view: View, blobs: Blobs) -> AsyncIterator[Finding | Progress]:
    """In the order of their ids, which is that of their arrival."""
    total, done, after = int((await view.rows(COUNT))[0][0]), 0, -1
    while rows := await view.rows(READ, {"after": after, "limit": PART}):
        for blob, digest, size, data in rows:
            is_file = data is None
            wrong = await _compare_file(blobs, blob, digest, size) if is_file else _compare(data, digest, size)
            # the server may have reaped it since its row was read
            if wrong and await view.rows(IS_THERE, {"blob": blob}):
                place = f"blob {blob} ({'file' if is_file else 'in the database'})"
                yield Finding(Severity.ERROR, wrong, place, FIX)
        done, after = done + len(rows), rows[-1][0]
        yield Progress("bytes", done, total)


def _compare(data: bytes, digest: bytes, size: int) -> str:
    """What is wrong, or ''."""
    try:
        whole = decompress(data)
    except FrameError as error:
        return f"cannot be unpacked: {error}"
    return _judge(len(whole), hashlib.sha256(whole).digest(), size, digest)


async def _compare_file(blobs: Blobs, blob: BlobId, digest: bytes, size: int) -> str:
    found, offset = hashlib.sha256(), 0
    try:
        reader = await blobs.open(blob)
        while piece := await reader.read(offset, PIECE):
            found.update(piece)
            offset += len(piece)
    except Exception as error:  # noqa: BLE001 - whatever keeps it from being read is what is wrong
        return f"cannot be read: {type(error).__name__}: {error}"
    return _judge(offset, found.digest(), size, digest)


def _judge(found_size: int, found_digest: bytes, size: int, digest: bytes) -> str:
    if found_size != size:
        return f"has {found_size} bytes, should have {size}"
    return "" if found_digest == bytes(digest) else "its bytes are not those that arrived: the hash differs"
