"""What the index holds of a letter: more than any exact look could find in it, folded in the same way.

A text that `texts.Fields` or `read_body_texts` would find stands in an entry, or the entry is odd there.
"""

import unicodedata
from typing import Final

from mailstead.ground.formats.parts import unpack_parts, walk_parts
from mailstead.ground.model.errors import MailError
from mailstead.services.folders.reading import BlobReader, FetchRow
from mailstead.services.search.texts import Fields, read_body_texts
from mailstead.store.port.fulltext import Entry, Key, Kind, Part

STAMP: Final = f"1 {unicodedata.unidata_version}"
"""To be raised when letters are decoded or folded in another way: the index is then built anew."""
TEXT_MAX: Final = 1 << 20
"""Encoded bytes of the texts of one letter that go into the index; with more the letter is read at each search."""
BREAK: Final = "\n\ufdd0\n"
"""Between parts; whoever looks for a line end looks without the index."""
BOTH: Final = frozenset(Part)
PREFIX_MAX: Final = 16 * 1024


async def blob_entry(row: FetchRow, reader: BlobReader) -> Entry:
    """Of a row with its header and parts. Damage makes it odd."""
    key = Key(Kind.BLOB, row.blob_id)
    try:
        odd = set()
        head = body = ""
        if len(row.header) > TEXT_MAX or row.header[:1] in (b" ", b"\t"):
            odd.add(Part.HEAD)  # its first line would go on where a prefix ends
        else:
            head = head_text(row.header)
        if _text_size(row.parts) > TEXT_MAX:
            odd.add(Part.BODY)
        else:
            body = BREAK.join(await read_body_texts(row.parts, reader))
        return Entry(key, head, body, frozenset(odd))
    except (MailError, ValueError, LookupError, OSError):
        return Entry(key, "", "", BOTH)


def prefix_entry(row: FetchRow) -> Entry:
    """Of the lines that were put before a letter when it arrived."""
    key = Key(Kind.PREFIX, row.message_id)
    if len(row.prefix) > PREFIX_MAX or not row.prefix.endswith(b"\n"):
        return Entry(key, "", "", frozenset((Part.HEAD,)))
    return Entry(key, head_text(row.prefix), "")


def head_text(header: bytes) -> str:
    """All fields as TEXT sees them, and addresses once more as FROM and its like see them."""
    fields = Fields(header)
    return "\n".join([fields.text(), *fields.addresses()])


def empty_entry(row: FetchRow) -> Entry:
    """Of a letter whose bytes are not there."""
    return Entry(Key(Kind.BLOB, row.blob_id), "", "", BOTH)


def _text_size(parts: bytes) -> int:
    size = 0
    for span in walk_parts(unpack_parts(parts)):
        if span.type == "text":
            size += span.body_size
        elif span.is_message:
            size += span.children[0].header_size
    return size
