"""Which bytes BODY[...] and BINARY[...] mean (RFC 9051 §6.4.5.1): a few of our own, then a stretch of the blob."""

from typing import Final, NamedTuple

from mailstead.ground.formats.encoding import decode_body, find_decoder
from mailstead.ground.formats.fields import select_fields
from mailstead.ground.formats.parts import Span, find_part, unpack_parts
from mailstead.ground.formats.summary import HEADER_MAX
from mailstead.ground.wire.imap.command import Binary, BinarySize, Of, Section
from mailstead.ground.wire.imap.response import Code
from mailstead.servers.imap.reply import Refusal, no
from mailstead.services.folders.reading import FetchRow, Load

UNKNOWN_ENCODING: Final = no("The part is in an encoding that is not known", Code.UNKNOWN_CTE)

Content = Section | Binary | BinarySize


class Extent(NamedTuple):
    """`head`, then `size` bytes of the blob from `offset`, perhaps through a decoder or a choice of fields."""

    head: bytes
    offset: int = 0
    size: int = 0
    encoding: str = ""  # the stretch is to be decoded
    picks_fields: bool = False  # of the stretch, which is a header


def load_of(item: Content) -> int:
    """The groups of columns that `locate` needs."""
    if item.part:
        return Load.PARTS
    match item:
        case Section(of=Of.ALL):
            return Load.MESSAGE
        case Section(of=Of.HEADER):
            return Load.HEADER | Load.PARTS
        case Section(of=Of.FIELDS | Of.FIELDS_NOT):
            return Load.HEADER
        case Section():
            return Load.PARTS
        case _:
            return Load.MESSAGE


def needs_blob(item: Content) -> bool:
    """False if the columns hold all of it (but for a header past HEADER_MAX)."""
    return not (isinstance(item, Section) and not item.part and item.of in (Of.HEADER, Of.FIELDS, Of.FIELDS_NOT))


def locate(item: Content, row: FetchRow) -> Extent | None:
    """Where the bytes are; None if the message has no such part."""
    if isinstance(item, Section):
        return _locate_part(item, row) if item.part else _locate_top(item, row)
    if not item.part:  # RFC 3516 §4.2: the whole message, which has no encoding of its own
        return Extent(row.prefix, 0, row.size - len(row.prefix))
    span = find_part(unpack_parts(row.parts), item.part)
    if span is None:
        return None
    encoding = "" if span.children else span.encoding
    if find_decoder(encoding.encode("latin-1")) is None:
        raise Refusal(UNKNOWN_ENCODING)
    return Extent(b"", span.body_offset, span.body_size, encoding)


def _locate_top(item: Section, row: FetchRow) -> Extent:
    match item.of:
        case Of.ALL:
            return Extent(row.prefix, 0, row.size - len(row.prefix))
        case Of.HEADER:
            if len(row.header) < HEADER_MAX:
                return Extent(row.prefix + row.header)
            return Extent(row.prefix, 0, unpack_parts(row.parts).header_size)
        case Of.FIELDS | Of.FIELDS_NOT:
            return Extent(pick_fields(item, row.prefix + row.header))
        case Of.TEXT | Of.MIME:
            root = unpack_parts(row.parts)
            return Extent(b"", root.body_offset, root.body_size)


def _locate_part(item: Section, row: FetchRow) -> Extent | None:
    span = find_part(unpack_parts(row.parts), item.part)
    if span is None:
        return None
    match item.of:
        case Of.ALL:
            return Extent(b"", span.body_offset, span.body_size)
        case Of.MIME:
            return Extent(b"", span.header_offset, span.header_size)
        case _:
            return _locate_nested(item, span)


def _locate_nested(item: Section, span: Span) -> Extent | None:
    """RFC 9051 §6.4.5.1: HEADER and TEXT of a part are those of the message it holds."""
    if not span.is_message:
        return None
    root = span.children[0]
    if item.of is Of.TEXT:
        return Extent(b"", root.body_offset, root.body_size)
    return Extent(b"", root.header_offset, root.header_size, picks_fields=item.of is not Of.HEADER)


def pick_fields(item: Section, header: bytes) -> bytes:
    """HEADER.FIELDS or HEADER.FIELDS.NOT of a header block."""
    return select_fields(header, b"", frozenset(item.fields), exclude=item.of is Of.FIELDS_NOT)


def read_small(item: Content, row: FetchRow, blob: bytes) -> bytes | None:
    """The bytes of an item, of a message whose blob is at hand; None if there is no such part."""
    extent = locate(item, row)
    if extent is None:
        return None
    content = extent.head
    if extent.size:
        stretch = blob[extent.offset : extent.offset + extent.size]
        if extent.encoding:
            stretch = decode_body(stretch, extent.encoding.encode("latin-1"))
        if extent.picks_fields and isinstance(item, Section):
            stretch = pick_fields(item, stretch)
        content = content + stretch if content else stretch
    if isinstance(item, BinarySize) or item.partial is None:
        return content
    first, count = item.partial
    return content[first : first + count]
