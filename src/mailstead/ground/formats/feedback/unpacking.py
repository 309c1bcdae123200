"""Opens what a report comes in: gzip, zip, or nothing. A bomb ends at a limit, having cost no more than that."""

import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from mailstead.ground.model.errors import Invalid

PACKED_MAX: Final = 10 << 20
UNPACKED_MAX: Final = 20 << 20
MEMBERS_MAX: Final = 10
"""Of a zip; a report is alone in its own."""
PIECE: Final = 64 << 10

_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = b"PK\x03\x04"


def unpack(data: bytes, limit: int = UNPACKED_MAX) -> Iterator[bytes]:
    """The document in pieces of at most 64 KiB; Invalid. What lies packed inside of it stays packed."""
    if len(data) > PACKED_MAX:
        raise Invalid(f"the report is larger than {PACKED_MAX >> 20} MiB")
    pieces = _gunzip(data) if data[:2] == _GZIP else _unzip(data) if data[:4] == _ZIP else _cut(data)
    left = limit
    for piece in pieces:
        left -= len(piece)
        if left < 0:
            raise Invalid(f"the report unpacks to more than {limit >> 20} MiB")
        yield piece


def _cut(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), PIECE):
        yield data[start : start + PIECE]


def _gunzip(data: bytes) -> Iterator[bytes]:
    """RFC 1952, its first member."""
    inflater = zlib.decompressobj(wbits=31)
    try:
        while data and not inflater.eof:
            yield inflater.decompress(data, PIECE)
            data = inflater.unconsumed_tail
        while not inflater.eof and (piece := inflater.decompress(b"", PIECE)):
            yield piece
    except zlib.error as error:
        raise Invalid(f"no gzip: {error}") from error
    if not inflater.eof:
        raise Invalid("the gzip ends too early")


def _unzip(data: bytes) -> Iterator[bytes]:
    """The one file that is in it, whatever it is called."""
    try:
        with ZipFile(BytesIO(data)) as archive:
            members = [one for one in archive.infolist()[: MEMBERS_MAX + 1] if not one.is_dir()]
            if len(members) != 1:
                raise Invalid(f"a zip of {len(members)} files is no report")
            if members[0].flag_bits & 1 or members[0].compress_type not in (ZIP_STORED, ZIP_DEFLATED):
                raise Invalid("the zip is encrypted, or packed in an unusual way")
            with archive.open(members[0]) as file:
                while piece := file.read(PIECE):
                    yield piece
    except (BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OverflowError, OSError) as error:
        raise Invalid(f"no zip: {error}") from error
