"""Random access to the bytes of a blob, wherever they are. A reader holds no descriptor between reads."""

import os
from pathlib import Path

from mailstead.ground.model.errors import NotFound
from mailstead.store.blobs.frames import FRAME_SIZE, FrameIndex, read_index


class InlineReader:
    """Of a blob that came out of the database whole."""

    __slots__ = ("_data", "size")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)

    async def read(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset`."""
        return self._data[offset : offset + length]


class FileReader:
    """Of a blob that is a file: reads only the frames it needs and remembers the last one."""

    __slots__ = ("_frame", "_frame_number", "_index", "_path", "size")

    def __init__(self, path: Path) -> None:
        self._path = path
        self._frame = b""
        self._frame_number = -1
        fd = self._open()
        try:
            self._index: FrameIndex = read_index(fd)
        finally:
            os.close(fd)
        self.size = self._index.size

    async def read(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset`; shorter only at the end. NotFound if the blob was removed meanwhile."""
        end = min(offset + length, self.size)
        if offset >= end:
            return b""
        first, last = offset // FRAME_SIZE, (end - 1) // FRAME_SIZE
        fd = -1
        pieces = []
        try:
            for number in range(first, last + 1):
                if number != self._frame_number:
                    fd = fd if fd >= 0 else self._open()
                    self._frame, self._frame_number = self._index.read(fd, number), number
                start = number * FRAME_SIZE
                pieces.append(self._frame[max(offset - start, 0) : end - start])
        finally:
            if fd >= 0:
                os.close(fd)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _open(self) -> int:
        try:
            return os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise NotFound(f"the file of a blob is gone: {self._path.name}") from None
