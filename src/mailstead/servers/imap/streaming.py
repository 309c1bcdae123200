"""FETCH of a message too large to hold: its blob is read and sent in pieces, decoded on the way for BINARY."""

from collections.abc import AsyncIterator
from typing import Final

from mailstead.ground.formats.encoding import find_decoder
from mailstead.ground.formats.summary import HEADER_MAX
from mailstead.ground.wire.imap.command import Binary, BinarySize, Section
from mailstead.servers.imap.items import Item, Plan, without_nul
from mailstead.servers.imap.sections import Content, Extent, locate, pick_fields
from mailstead.servers.imap.session import Session
from mailstead.services.folders.reading import BlobReader, FetchRow

PIECE: Final = 128 * 1024


async def stream_row(session: Session, plan: Plan, number: int, row: FetchRow, reader: BlobReader) -> None:
    """One FETCH response. RFC 9051 §4.3: a literal's length comes first; a failure inside one ends the connection."""
    session.is_inside_response = True
    session.send(plan.head % number)
    for index, item in enumerate(plan.items):
        if index:
            session.send(b" ")
        if item.content is None:
            session.send(item.slot % tuple(item.column((row,), (b"",))))
        else:
            await _stream_content(session, item, item.content, row, reader)
    session.send(b")\r\n")
    session.is_inside_response = False


async def _stream_content(session: Session, item: Item, content: Content, row: FetchRow, reader: BlobReader) -> None:
    extent = locate(content, row)
    if extent is not None and extent.picks_fields and isinstance(content, Section):
        header = await _read_all(reader, extent.offset, min(extent.size, HEADER_MAX))
        extent = Extent(pick_fields(content, header))
    if isinstance(content, BinarySize):
        session.send(item.slot % (await _count(reader, extent))[0])
        return
    label = content.label
    if extent is None:
        session.send(label + b" NIL")
        return
    total, has_nul = await _count(reader, extent)
    first, count = content.partial or (0, total)
    first = min(first, total)
    count = min(count, total - first)
    marker = b"~" if isinstance(content, Binary) and has_nul else b""
    session.send(b"%b %b{%d}\r\n" % (label, marker, count))
    if not extent.encoding:
        extent, first = _skip(extent, first)
    async for piece in read_pieces(reader, extent):
        if first >= len(piece):
            first -= len(piece)
            continue
        part = piece[first : first + count]
        await session.give(part if marker else without_nul(part))
        first, count = 0, count - len(part)
        if not count:
            break


def _skip(extent: Extent, first: int) -> tuple[Extent, int]:
    """A partial FETCH of plain bytes begins reading where it begins."""
    inside = max(0, first - len(extent.head))
    if not inside:
        return extent, first
    return Extent(b"", extent.offset + inside, extent.size - inside), 0


async def _count(reader: BlobReader, extent: Extent | None) -> tuple[int, bool]:
    """How many bytes it gives, and if decoded ones hold NUL: what is encoded is decoded twice, and never held."""
    if extent is None:
        return 0, False
    if not extent.encoding:
        return len(extent.head) + extent.size, False
    total, has_nul = 0, False
    async for piece in read_pieces(reader, extent):
        total += len(piece)
        has_nul = has_nul or b"\0" in piece
    return total, has_nul


async def read_pieces(reader: BlobReader, extent: Extent) -> AsyncIterator[bytes]:
    """The bytes of an extent, decoded if it says so."""
    decoder = find_decoder(extent.encoding.encode("latin-1"))
    assert decoder is not None, "`locate` refused what cannot be decoded"
    if extent.head:
        yield extent.head
    offset, end = extent.offset, extent.offset + extent.size
    while offset < end:
        piece = await reader.read(offset, min(PIECE, end - offset))
        if not piece:
            raise EOFError("the blob is shorter than its row says")
        offset += len(piece)
        yield decoder.feed(piece)
    yield decoder.finish()


async def _read_all(reader: BlobReader, offset: int, size: int) -> bytes:
    pieces = [piece async for piece in read_pieces(reader, Extent(b"", offset, size))]
    return b"".join(pieces)
