"""What a message says, as folded text: header fields with their encoded words decoded, and the text of its parts."""

from typing import Final

from mailstead.ground.formats.addresslist import parse_mailboxes
from mailstead.ground.formats.fields import select_fields
from mailstead.ground.formats.headers import decode_field, each_field, unfold
from mailstead.ground.formats.parts import unpack_parts, walk_parts
from mailstead.ground.formats.text import decode_text, strip_markup
from mailstead.services.folders.reading import BlobReader
from mailstead.services.search.folding import fold_text
from mailstead.services.search.needle import Needle

ADDRESS_FIELDS: Final = frozenset({b"from", b"to", b"cc", b"bcc", b"sender", b"reply-to"})
PART_MAX: Final = 16 << 20
"""Bytes of one part that are searched; what lies behind them is not found."""


class Fields:
    """The header of one message; values are decoded when they are asked for."""

    __slots__ = ("_fields",)

    def __init__(self, header: bytes) -> None:
        self._fields = [(name.lower(), value) for name, value in each_field(header)]

    @classmethod
    def named(cls, header: bytes, name: bytes) -> "Fields":
        """Only those of this lower-case name."""
        return cls(select_fields(header, b"", frozenset((name,)), exclude=False))

    def holds(self, name: bytes, needle: Needle) -> bool:
        """RFC 9051 §6.4.4: a field of this name with this text in it; '' asks only for the field."""
        values = [value for key, value in self._fields if key == name]
        if not needle.text or any(needle.text in _decode(value) for value in values):
            return bool(values)
        if name not in ADDRESS_FIELDS:
            return False
        return any(needle.may_be_in_address(value) and needle.text in _addresses(value) for value in values)

    def values(self, name: bytes) -> str:
        """All fields of that name."""
        return "\n".join(_decode(value) for key, value in self._fields if key == name)

    def addresses(self) -> list[str]:
        """The fields of addresses as `holds` sees them besides their plain text."""
        return [_addresses(value) for name, value in self._fields if name in ADDRESS_FIELDS]

    def text(self) -> str:
        """The whole header, for TEXT."""
        return "\n".join(f"{fold_text(name.decode('latin-1'))}: {_decode(value)}" for name, value in self._fields)


def _addresses(value: bytes) -> str:
    """RFC 9051 §6.4.4: FROM and its like look into the envelope, where comments and folding are gone."""
    found = parse_mailboxes(unfold(value))
    pairs = [b"%b <%b@%b>" % (who.name or b"", who.local or b"", who.host) for who in found if who.host is not None]
    return _decode(b", ".join(pairs))


def _decode(value: bytes) -> str:
    return fold_text(decode_field(unfold(value)))


async def read_body_texts(parts: bytes, reader: BlobReader, needle: Needle | None = None) -> list[str]:
    """The folded texts of a message's parts, and of the headers of messages inside it.

    With a needle, without those in which it cannot be.
    """
    texts = []
    for span in walk_parts(unpack_parts(parts)):
        if span.type == "text":
            body = await _read(reader, span.body_offset, span.body_size)
            text = decode_text(body, span)
            if needle is None or span.subtype != "html" or needle.may_be_in_html(text):
                texts.append(fold_text(strip_markup(text, span, PART_MAX)))
        elif span.is_message:
            root = span.children[0]
            texts.append(Fields(await _read(reader, root.header_offset, root.header_size)).text())
    return texts


async def _read(reader: BlobReader, offset: int, size: int) -> bytes:
    """As much of a part as is searched, in pieces the reader allows."""
    pieces, end = [], offset + min(size, PART_MAX)
    while offset < end:
        piece = await reader.read(offset, min(end - offset, 256 * 1024))
        if not piece:
            break
        pieces.append(piece)
        offset += len(piece)
    return b"".join(pieces)


class HeldBlob:
    """A blob that is in memory already, as a reader."""

    __slots__ = ("_data",)

    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def size(self) -> int:
        """All of it."""
        return len(self._data)

    async def read(self, offset: int, length: int) -> bytes:
        """A slice."""
        return self._data[offset : offset + length]
