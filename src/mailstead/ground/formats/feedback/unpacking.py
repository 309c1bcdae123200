"""Opens what a report comes in: gzip, zip, or nothing. A bomb ends at a limit, having cost no more than that.

Of zip we read what a report needs: the one file in it. A whole reader would look through a list of a hundred thousand.
"""

import zlib
from collections.abc import Iterator
from struct import Struct
from typing import Final

from mailstead.ground.model.errors import Invalid

PACKED_MAX: Final = 10 << 20
UNPACKED_MAX: Final = 20 << 20
PIECE: Final = 64 << 10

_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = b"PK\x03\x04"
_GZIPPED: Final = 31  # of zlib: with the header of gzip
_RAW: Final = -15

# PKWARE's APPNOTE §4.3.16, §4.3.12, §4.3.7: end of the directory, its one entry, the header before the file.
_END: Final = Struct("<4s4xHH4xL2x")
_ENTRY: Final = Struct("<4s4xHH4xLLL14xL")
_FILE: Final = Struct("<4s22xHH")
_STORED: Final = 0
_DEFLATED: Final = 8


def unpack(data: bytes, limit: int = UNPACKED_MAX) -> Iterator[bytes]:
    """The document in pieces of at most 64 KiB; Invalid. What lies packed inside of it stays packed."""
    if len(data) > PACKED_MAX:
        raise Invalid(f"the report is larger than {PACKED_MAX >> 20} MiB")
    left = limit
    for piece in _open(data):
        left -= len(piece)
        if left < 0:
            raise Invalid(f"the report unpacks to more than {limit >> 20} MiB")
        yield piece


def _open(data: bytes) -> Iterator[bytes]:
    if data[:2] == _GZIP:
        return _inflate(data, _GZIPPED)
    return _unzip(data) if data[:4] == _ZIP else _cut(data)


def _cut(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), PIECE):
        yield data[start : start + PIECE]


def _inflate(data: bytes, kind: int) -> Iterator[bytes]:
    """RFC 1951, and its first member of RFC 1952."""
    inflater = zlib.decompressobj(wbits=kind)
    try:
        while data and not inflater.eof:
            yield inflater.decompress(data, PIECE)
            data = inflater.unconsumed_tail
        while not inflater.eof and (piece := inflater.decompress(b"", PIECE)):
            yield piece
    except zlib.error as error:
        raise Invalid(f"it cannot be unpacked: {error}") from error
    if not inflater.eof:
        raise Invalid("it ends too early")


def _unzip(data: bytes) -> Iterator[bytes]:
    """The one file that is in it, whatever it is called."""
    end = data.rfind(b"PK\x05\x06")
    _, here, count, start = _read(data, max(end, 0), _END, b"PK\x05\x06")
    if (here, count) != (1, 1):
        raise Invalid(f"a zip of {count} files is no report")
    _, flags, method, crc, size, _, offset = _read(data, start, _ENTRY, b"PK\x01\x02")
    if flags & 1 or method not in (_STORED, _DEFLATED):
        raise Invalid("the zip is encrypted, or packed in an unusual way")
    _, name, extra = _read(data, offset, _FILE, _ZIP)
    begin = offset + _FILE.size + name + extra
    packed = data[begin : begin + size]
    found = 0
    for piece in _cut(packed) if method == _STORED else _inflate(packed, _RAW):
        found = zlib.crc32(piece, found)
        yield piece
    if found != crc:
        raise Invalid("the zip is damaged")


def _read(data: bytes, at: int, record: Struct, signature: bytes) -> tuple[int, ...]:
    if data[at : at + 4] != signature or at + record.size > len(data):
        raise Invalid("no zip that could be read")
    return record.unpack_from(data, at)
