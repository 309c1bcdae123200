"""FETCH items as columns: each turns a batch of rows into values for its slot of a template (RFC 9051 §6.4.5).

50,000 messages are formatted by a handful of list comprehensions for each batch, no call for each message.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Final

from mailstead.ground.formats.fields import select_fields
from mailstead.ground.model.ids import Instant
from mailstead.ground.wire.imap.command import Attribute, Binary, BinarySize, FetchItem, Of, Section
from mailstead.ground.wire.imap.dates import render_date_time
from mailstead.ground.wire.imap.response import render_flags
from mailstead.ground.wire.imap.string import render_string
from mailstead.servers.imap.sections import Content, load_of, needs_blob, read_small
from mailstead.services.folders.reading import Load

Rows = Sequence[Any]
"""FetchRow, or FlagRow where only flags are asked for: both have uid, bits, keywords and modseq."""
HEAD: Final = b"* %d FETCH ("
Column = Callable[[Rows, Sequence[bytes]], Iterable[object]]
"""Rows and, beside each, the bytes of its blob (if one of the items needs them) to one value for each row."""


@dataclass(frozen=True, slots=True)
class Item:
    """One row of the table. `slot` is its name with a place for the value."""

    load: int
    slot: bytes
    column: Column
    is_flag: bool = False  # a row of flags has all it needs
    content: Content | None = None  # bytes of the message: large ones stream
    needs_blob: bool = False


ITEMS: Final[Mapping[Attribute, Item]] = {
    Attribute.UID: Item(Load.ROW, b"UID %d", lambda rows, _: [row.uid for row in rows], is_flag=True),
    Attribute.FLAGS: Item(
        Load.ROW, b"FLAGS %b", lambda rows, _: [render_flags(row.bits, row.keywords) for row in rows], is_flag=True
    ),
    Attribute.MODSEQ: Item(Load.ROW, b"MODSEQ (%d)", lambda rows, _: [row.modseq for row in rows], is_flag=True),
    Attribute.INTERNALDATE: Item(
        Load.ROW, b"INTERNALDATE %b", lambda rows, _: [render_date_time(Instant(row.internal_date)) for row in rows]
    ),
    Attribute.RFC822_SIZE: Item(Load.ROW, b"RFC822.SIZE %d", lambda rows, _: [row.size for row in rows]),
    Attribute.ENVELOPE: Item(Load.ENVELOPE, b"ENVELOPE %b", lambda rows, _: [row.envelope for row in rows]),
    Attribute.BODYSTRUCTURE: Item(
        Load.STRUCTURE, b"BODYSTRUCTURE %b", lambda rows, _: [row.bodystructure for row in rows]
    ),
    Attribute.SAVEDATE: Item(
        Load.ROW, b"SAVEDATE %b", lambda rows, _: [render_date_time(Instant(row.saved_at)) for row in rows]
    ),
    Attribute.PREVIEW: Item(
        Load.PREVIEW, b"PREVIEW %b", lambda rows, _: [render_string(row.preview.encode("utf-8")) for row in rows]
    ),
    Attribute.EMAILID: Item(Load.ORIGIN, b"EMAILID (M%d)", lambda rows, _: [row.origin_id for row in rows]),
    # RFC 8474 §5.2: no relations between messages are kept.
    Attribute.THREADID: Item(Load.ROW, b"THREADID %b", lambda rows, _: [b"NIL"] * len(rows)),
    Attribute.BODY: Item(Load.STRUCTURE, b"BODY %b", lambda rows, _: [row.body for row in rows]),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """The items of one FETCH made ready: what to load, and the template of a response."""

    items: tuple[Item, ...]
    load: int
    head: bytes
    template: bytes
    is_flags_only: bool
    needs_blob: bool
    sets_seen: bool

    def render(self, numbers: Sequence[int], rows: Rows, blobs: Sequence[bytes]) -> bytes:
        """The responses of a batch."""
        columns = [item.column(rows, blobs) for item in self.items]
        return b"".join(map(self.template.__mod__, zip(numbers, *columns, strict=True)))


@lru_cache(maxsize=512)
def compile_items(wanted: tuple[FetchItem, ...], *, head: bytes = HEAD) -> Plan:
    """The plan of a list of items; clients send the same few."""
    items = tuple(ITEMS[item] if isinstance(item, Attribute) else _content_item(item) for item in wanted)
    load = 0
    for item in items:
        load |= item.load
    return Plan(
        items=items,
        load=load,
        head=head,
        template=head + b" ".join(item.slot for item in items) + b")\r\n",
        is_flags_only=all(item.is_flag for item in items),
        needs_blob=any(item.needs_blob for item in items),
        sets_seen=any(isinstance(item, Section | Binary) and item.sets_seen for item in wanted),
    )


def _content_item(item: Content) -> Item:
    label = item.label.replace(b"%", b"%%")
    match item:
        case Section():
            slot, column = b"%b %%b" % label, _strings(item)
        case Binary():
            slot, column = b"%b %%b" % label, _binaries(item)
        case BinarySize():
            slot, column = b"%b %%d" % label, _sizes(item)
    return Item(load_of(item), slot, column, content=item, needs_blob=needs_blob(item))


def render_literal(content: bytes | None) -> bytes:
    """A string of the message: a literal, whatever it holds."""
    return b"NIL" if content is None else b"{%d}\r\n%b" % (len(content), without_nul(content))


def without_nul(content: bytes) -> bytes:
    """RFC 9051 §4.3: no literal holds NUL; as other servers do, 0x80 stands for it. BINARY[] gives it as it is."""
    return content.replace(b"\0", b"\x80") if b"\0" in content else content


def render_binary(content: bytes | None) -> bytes:
    """RFC 3516 §4.3: literal8 where there is a NUL."""
    if content is None or b"\0" not in content:
        return render_literal(content)
    return b"~{%d}\r\n%b" % (len(content), content)


def _strings(item: Section) -> Column:
    """The two that clients ask of thousands of messages at once go without a call for each step."""
    if not item.part and item.partial is None:
        if item.of is Of.ALL:
            return _whole_messages
        if item.of is Of.FIELDS:
            return partial(_header_fields, frozenset(item.fields))
    return lambda rows, blobs: [
        render_literal(read_small(item, row, blob)) for row, blob in zip(rows, blobs, strict=True)
    ]


def _whole_messages(rows: Rows, blobs: Sequence[bytes]) -> list[bytes]:
    return [
        b"{%d}\r\n%b%b" % (len(row.prefix) + len(blob), row.prefix, blob)
        if b"\0" not in blob
        else render_literal(row.prefix + blob)
        for row, blob in zip(rows, blobs, strict=True)
    ]


def _header_fields(names: frozenset[bytes], rows: Rows, _blobs: Sequence[bytes]) -> list[bytes]:
    found = [select_fields(row.prefix + row.header, b"", names, exclude=False) for row in rows]
    return [
        b"{%d}\r\n%b" % (len(fields), fields) if b"\0" not in fields else render_literal(fields) for fields in found
    ]


def _binaries(item: Binary) -> Column:
    return lambda rows, blobs: [
        render_binary(read_small(item, row, blob)) for row, blob in zip(rows, blobs, strict=True)
    ]


def _sizes(item: BinarySize) -> Column:
    return lambda rows, blobs: [len(read_small(item, row, blob) or b"") for row, blob in zip(rows, blobs, strict=True)]
