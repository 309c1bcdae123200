"""FETCH (RFC 9051 §6.4.5, RFC 3501 §6.4.5): items, macros, sections and parts of them."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from mailstead.ground.wire.imap.command import Attribute, Binary, BinarySize, Fetch, FetchItem, Of, Section
from mailstead.ground.wire.imap.grammar.cursor import Cursor
from mailstead.ground.wire.imap.grammar.message import parse_numbers
from mailstead.ground.wire.imap.grammar.resync import parse_fetch_modifiers, split_modifiers
from mailstead.ground.wire.imap.string import render_astring, render_string
from mailstead.ground.wire.imap.syntax import Syntax

FIELDS_MAX: Final = 500
ITEMS_MAX: Final = 200
PART_DEPTH_MAX: Final = 100
_REMEMBERED: Final = 1024
"""Longer texts are parsed each time, so that what is remembered stays small."""

_FAST: Final = (Attribute.FLAGS, Attribute.INTERNALDATE, Attribute.RFC822_SIZE)
_MACROS: Final = {  # RFC 9051 §6.4.5: only alone, never in a list
    b"FAST": _FAST,
    b"ALL": (*_FAST, Attribute.ENVELOPE),
    b"FULL": (*_FAST, Attribute.ENVELOPE, Attribute.BODY),
}

_NAME: Final = re.compile(rb"[A-Za-z0-9.-]+")
_PART: Final = rb"([1-9]\d{0,8}(?:\.[1-9]\d{0,8})*)"
_TEXT_OF: Final = rb"HEADER(?:\.FIELDS(?:\.NOT)?)?|TEXT"
_SECTION: Final = re.compile(rb"(?:%b(?:\.(%b|MIME))?|(%b))?" % (_PART, _TEXT_OF, _TEXT_OF), re.IGNORECASE)
_LIST_FOLLOWS: Final = re.compile(rb" *\(")
_PARTIAL: Final = re.compile(rb"<(\d{1,19})\.(\d{1,19})>")
_OF: Final = {
    None: Of.ALL,
    b"HEADER": Of.HEADER,
    b"HEADER.FIELDS": Of.FIELDS,
    b"HEADER.FIELDS.NOT": Of.FIELDS_NOT,
    b"TEXT": Of.TEXT,
    b"MIME": Of.MIME,
}


def parse_fetch(cursor: Cursor, *, by_uid: bool = False) -> Fetch:
    """FETCH set items."""
    numbers = parse_numbers(cursor)
    cursor.space()
    rest, modifiers = split_modifiers(cursor.data[cursor.pos :])
    items = _remembered_items(rest) if len(rest) <= _REMEMBERED else _all_items(rest)
    cursor.pos = len(cursor.data)
    is_uid_implied = by_uid and Attribute.UID not in items  # RFC 9051 §6.4.9
    changed_since, vanished, window = parse_fetch_modifiers(modifiers, by_uid=by_uid)
    return Fetch(
        numbers=numbers,
        items=(Attribute.UID, *items) if is_uid_implied else items,
        by_uid=by_uid,
        is_uid_implied=is_uid_implied,
        changed_since=changed_since,
        vanished=vanished,
        window=window,
    )


def _all_items(text: bytes) -> tuple[FetchItem, ...]:
    macro = _MACROS.get(text.strip(b" ").upper())
    if macro is not None:
        return macro
    cursor = Cursor(text)
    items = cursor.items(_item, limit=ITEMS_MAX) if cursor.has(b"(") else [_item(cursor)]
    cursor.end()
    if not items:
        raise Syntax("The list of items is empty")
    return tuple(dict.fromkeys(items))


_remembered_items: Final = lru_cache(maxsize=256)(_all_items)


def _item(cursor: Cursor) -> FetchItem:
    """fetch-att."""
    match = _NAME.match(cursor.data, cursor.pos)
    if match is None:
        cursor.fail("a FETCH item")
    name = match[0].upper()
    cursor.pos = match.end()
    if cursor.has(b"["):
        parse = _WITH_SECTION.get(name)
        if parse is None:
            raise Syntax(f"{name.decode('ascii')} takes no section")
        return parse(cursor)
    item = _PLAIN.get(name)
    if item is None:
        raise Syntax(f"There is no FETCH item {name[:40].decode('ascii')}")
    if item is Attribute.PREVIEW:
        _pass_lazy(cursor)
    return item


def _pass_lazy(cursor: Cursor) -> None:
    """RFC 8970 §4.1: the modifier LAZY, which changes nothing for a preview that is at hand."""
    if _LIST_FOLLOWS.match(cursor.data, cursor.pos) is None:
        return
    cursor.space()
    if set(cursor.items(lambda cursor: cursor.atom("LAZY"))) != {b"LAZY"}:
        raise Syntax("PREVIEW knows only the modifier LAZY")


def parse_items(cursor: Cursor) -> tuple[FetchItem, ...]:
    """A list of items in parentheses, as NOTIFY has it (RFC 5465 §8)."""
    items = cursor.items(_item, limit=ITEMS_MAX)
    if not items:
        raise Syntax("The list of items is empty")
    return tuple(dict.fromkeys(items))


def parse_section(text: bytes) -> Section:
    """What stands between the brackets of BODY[...], alone, as URLs have it (RFC 5092 §11)."""
    cursor = Cursor(b"[" + text + b"]")
    part, of, fields, spec = _section_spec(cursor)
    cursor.end()
    return Section(label=b"BODY[%b]" % spec, part=part, of=of, fields=fields, sets_seen=False)


def _section(cursor: Cursor, *, sets_seen: bool) -> Section:
    """section [partial]."""
    part, of, fields, spec = _section_spec(cursor)
    partial = _partial(cursor)
    label = b"BODY[%b]%b" % (spec, b"<%d>" % partial[0] if partial else b"")
    return Section(label=label, part=part, of=of, fields=fields, partial=partial, sets_seen=sets_seen)


def _section_spec(cursor: Cursor) -> tuple[tuple[int, ...], Of, tuple[bytes, ...], bytes]:
    """section-spec in its brackets, also as it is repeated in the answer."""
    cursor.want(b"[")
    match = _SECTION.match(cursor.data, cursor.pos)
    assert match is not None  # it may match nothing
    cursor.pos = match.end()
    part = _part(match[1])
    named = match[2] or match[3]
    of = _OF[named.upper() if named else None]
    spec = match[0].upper()
    fields: tuple[bytes, ...] = ()
    if of in (Of.FIELDS, Of.FIELDS_NOT):
        cursor.space()
        names = cursor.items(_field_name, limit=FIELDS_MAX)
        if not names:
            raise Syntax("The list of header fields is empty")
        fields = tuple(dict.fromkeys(name.lower() for name, _ in names))
        spec = b"%b (%b)" % (spec, b" ".join([shown for _, shown in names]))
    cursor.want(b"]")
    return part, of, fields, spec


def _field_name(cursor: Cursor) -> tuple[bytes, bytes]:
    """header-fld-name, and how the answer repeats it: as Dovecot does, in capitals, and quoted if it came so."""
    is_quoted = cursor.has(b'"')
    name = cursor.astring("a header field").upper()
    if not name.isascii() or not name.decode("ascii").isprintable():
        raise Syntax("A header field's name is printable ASCII")
    return name, render_string(name) if is_quoted else render_astring(name)


def _part(digits: bytes | None) -> tuple[int, ...]:
    if digits is None:
        return ()
    numbers = tuple(map(int, digits.split(b".")))
    if len(numbers) > PART_DEPTH_MAX:
        raise Syntax(f"A section can be at most {PART_DEPTH_MAX} parts deep")
    return numbers


def _partial(cursor: Cursor) -> tuple[int, int] | None:
    """partial = "<" number64 "." nz-number64 ">"."""
    if not cursor.has(b"<"):
        return None
    match = _PARTIAL.match(cursor.data, cursor.pos)
    if match is None or not int(match[2]):
        cursor.fail("a partial like <0.1024>")
    cursor.pos = match.end()
    return int(match[1]), int(match[2])


def _binary_part(cursor: Cursor) -> tuple[int, ...]:
    """section-binary: a part number or nothing."""
    part, of, _, _ = _section_spec(cursor)
    if of is not Of.ALL:
        raise Syntax("BINARY takes a part number only")
    return part


def _binary(cursor: Cursor, *, sets_seen: bool) -> Binary:
    part = _binary_part(cursor)
    partial = _partial(cursor)
    label = b"BINARY[%b]%b" % (_dotted(part), b"<%d>" % partial[0] if partial else b"")
    return Binary(label=label, part=part, partial=partial, sets_seen=sets_seen)


def _binary_size(cursor: Cursor) -> BinarySize:
    part = _binary_part(cursor)
    return BinarySize(label=b"BINARY.SIZE[%b]" % _dotted(part), part=part)


def _dotted(part: tuple[int, ...]) -> bytes:
    return ".".join(map(str, part)).encode("ascii")


_WITH_SECTION: Final[dict[bytes, Callable[[Cursor], FetchItem]]] = {
    b"BODY": lambda cursor: _section(cursor, sets_seen=True),
    b"BODY.PEEK": lambda cursor: _section(cursor, sets_seen=False),
    b"BINARY": lambda cursor: _binary(cursor, sets_seen=True),
    b"BINARY.PEEK": lambda cursor: _binary(cursor, sets_seen=False),
    b"BINARY.SIZE": _binary_size,
}
_PLAIN: Final[dict[bytes, FetchItem]] = {
    **{attribute.value: attribute for attribute in Attribute},
    # RFC 3501 §6.4.5: the old names of three sections.
    b"RFC822": Section(label=b"RFC822"),
    b"RFC822.HEADER": Section(label=b"RFC822.HEADER", of=Of.HEADER, sets_seen=False),
    b"RFC822.TEXT": Section(label=b"RFC822.TEXT", of=Of.TEXT),
}
