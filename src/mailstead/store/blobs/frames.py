"""The form of a blob's file: independent zstd frames of 256 KiB each, then an index of them.

    frame*  skippable frame( compressed length of each frame: u32*, size: u64, frames: u32, CRC-32 of the index: u32 )

The index stands in what zstd calls a skippable frame, so that `zstd -d` reads the whole file too.
"""

import os
import struct
import zlib
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from mailstead.store.codec import compress, decompress

FRAME_SIZE: Final = 256 * 1024
"""Uncompressed bytes of every frame but the last."""

_SKIPPABLE: Final = struct.Struct("<II")  # RFC 8878 §3.1.2: magic 0x184D2A50 to 0x184D2A5F, length
_MAGIC: Final = 0x184D2A5D
_FOOTER: Final = struct.Struct("<QII")


class DamagedBlob(Exception):  # noqa: N818
    """The file does not say what it said when it was written."""


class FrameWriter:
    """Cuts a stream into frames and writes them to a descriptor."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._rest = bytearray()
        self._lengths: list[int] = []
        self._size = 0

    def write(self, data: bytes) -> None:
        """Take more bytes; whole frames go out at once. OSError."""
        self._rest += data
        while len(self._rest) >= FRAME_SIZE:
            self._put(bytes(self._rest[:FRAME_SIZE]))
            del self._rest[:FRAME_SIZE]

    def finish(self) -> None:
        """Write the last frame and the index. OSError."""
        if self._rest:
            self._put(bytes(self._rest))
            self._rest.clear()
        index = struct.pack(f"<{len(self._lengths)}I", *self._lengths)
        footer = _FOOTER.pack(self._size, len(self._lengths), zlib.crc32(index))
        _write_all(self._fd, _SKIPPABLE.pack(_MAGIC, len(index) + len(footer)) + index + footer)

    def _put(self, data: bytes) -> None:
        frame = compress(data)
        _write_all(self._fd, frame)
        self._lengths.append(len(frame))
        self._size += len(data)


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


@dataclass(frozen=True, slots=True)
class FrameIndex:
    """Where the frames of a file lie."""

    size: int
    starts: tuple[int, ...]  # of each frame, and where the last one ends

    def read(self, fd: int, number: int) -> bytes:
        """The uncompressed bytes of one frame; DamagedBlob."""
        start, end = self.starts[number], self.starts[number + 1]
        try:
            data = decompress(os.pread(fd, end - start, start))
        except Exception as error:
            raise DamagedBlob(f"frame {number} cannot be read: {error}") from error
        if len(data) != min(FRAME_SIZE, self.size - number * FRAME_SIZE):
            raise DamagedBlob(f"frame {number} has {len(data)} octets")
        return data


def read_index(fd: int) -> FrameIndex:
    """From the end of a file; DamagedBlob."""
    end = os.fstat(fd).st_size
    try:
        size, count, crc = _FOOTER.unpack(os.pread(fd, _FOOTER.size, end - _FOOTER.size))
        at = end - _FOOTER.size - 4 * count
        index = os.pread(fd, 4 * count, at)
        magic, _ = _SKIPPABLE.unpack(os.pread(fd, _SKIPPABLE.size, at - _SKIPPABLE.size))
    except (OSError, struct.error) as error:
        raise DamagedBlob("the file is cut off") from error
    if magic != _MAGIC or zlib.crc32(index) != crc or count != -(-size // FRAME_SIZE):
        raise DamagedBlob("the index at the end of the file is damaged")
    return FrameIndex(size, tuple(accumulate(struct.unpack(f"<{count}I", index), initial=0)))
