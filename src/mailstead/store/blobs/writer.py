"""One blob on its way in: small ones stay in memory, larger ones become a file as they come."""

import asyncio
import hashlib
import os
from concurrent.futures import Executor

from mailstead.ground.model.errors import NoSpace
from mailstead.ground.model.ids import BlobId
from mailstead.store.blobs.files import BlobFiles, no_space
from mailstead.store.blobs.frames import FrameWriter
from mailstead.store.codec import compress
from mailstead.store.port.blobs import INLINE_MAX, MEMORY_MAX, StagedBlob


class FileBlobWriter:
    """Takes bytes until `finish` or `abort`."""

    def __init__(self, blob: BlobId, files: BlobFiles, thread: Executor) -> None:
        self._blob = blob
        self._files = files
        self._thread = thread
        self._hash = hashlib.sha256()
        self._chunks: list[bytes] = []
        self._frames: FrameWriter | None = None
        self._fd = -1
        self._sealing: asyncio.Future[None] | None = None
        self._is_over = False
        self.size = 0

    def write(self, data: bytes) -> None:
        """Take more bytes; NoSpace when the disk is full (then the temporary is gone)."""
        if self._is_over:
            raise RuntimeError("this blob was finished or aborted")
        self._hash.update(data)
        self.size += len(data)
        if self._frames is not None:
            self._put(data)
            return
        self._chunks.append(data)
        if self.size > MEMORY_MAX:
            self._spill()

    async def finish(self) -> StagedBlob:
        """All bytes have come: compressed in memory, or durable in a file."""
        if self.size <= INLINE_MAX:
            self._is_over = True
            return self._staged(compress(b"".join(self._chunks)))
        if self._frames is None:
            self._spill()
        assert self._frames is not None
        try:
            self._frames.finish()
            await self._seal()
        except OSError as error:
            self.abort()
            if no_space(error):
                raise NoSpace("the disk is full") from error
            raise
        self._close()
        self._is_over = True
        return self._staged(None)

    def abort(self) -> None:
        """Forget it, also after `finish`; never raises, may be called twice."""
        self._is_over = True
        self._chunks.clear()
        if self._sealing is not None and not self._sealing.done():
            self._sealing.add_done_callback(self._abort_sealed)  # the thread still works on the descriptor
        elif self._frames is not None:
            self._frames = None
            self._close()
            self._files.remove(self._blob)

    def _abort_sealed(self, sealing: asyncio.Future[None]) -> None:
        if not sealing.cancelled():
            sealing.exception()  # nobody else asks for it
        self.abort()

    async def _seal(self) -> None:
        loop = asyncio.get_running_loop()
        self._sealing = loop.run_in_executor(self._thread, self._files.seal, self._blob, self._fd)
        try:
            await asyncio.shield(self._sealing)
        except asyncio.CancelledError:
            self.abort()
            raise

    def _staged(self, data: bytes | None) -> StagedBlob:
        self._chunks.clear()
        return StagedBlob(id=self._blob, hash=self._hash.digest(), size=self.size, data=data)

    def _spill(self) -> None:
        self._fd = self._files.create(self._blob)
        self._frames = FrameWriter(self._fd)
        chunks, self._chunks = self._chunks, []
        for chunk in chunks:
            self._put(chunk)

    def _put(self, data: bytes) -> None:
        assert self._frames is not None
        try:
            self._frames.write(data)
        except OSError as error:
            self.abort()
            if no_space(error):
                raise NoSpace("the disk is full") from error
            raise

    def _close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
