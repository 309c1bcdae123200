"""GETMETADATA and SETMETADATA (RFC 5464 §4, §5)."""

import re
from typing import Final

from mailstead.ground.wire.imap.grammar.cursor import Cursor
from mailstead.ground.wire.imap.sharing import GetMetadata, SetMetadata
from mailstead.ground.wire.imap.syntax import Syntax
from mailstead.ground.wire.imap.utf7 import decode_name

ENTRIES_MAX: Final = 64
"""In one command."""
ENTRY_OCTETS_MAX: Final = 255

# RFC 5464 §3.1, §5: levels after slashes, none empty, no `*` or `%`, nothing but printable ASCII.
_ENTRY: Final = re.compile(r"/(?:shared|private)(?:/[!-$&-)+-.0-~]+)*\Z")
_DEPTHS: Final = {b"0": 0, b"1": 1, b"INFINITY": None}


def _mailbox(cursor: Cursor) -> str:
    cursor.space()
    raw = cursor.astring("a folder name")
    return decode_name(raw, utf8=cursor.utf8) if raw else ""


def parse_entry(cursor: Cursor) -> str:
    """The name of an entry; RFC 5464 §3.1: compared without case, so it is in lower case from here on."""
    entry = cursor.text("an entry").lower()
    if len(entry) > ENTRY_OCTETS_MAX or not _ENTRY.match(entry):
        raise Syntax("An entry begins with /shared/ or /private/, its levels are not empty and hold no * or %")
    return entry


def parse_entries(cursor: Cursor) -> tuple[str, ...]:
    """One entry or a list of them."""
    if not cursor.has(b"("):
        return (parse_entry(cursor),)
    entries = tuple(dict.fromkeys(cursor.items(parse_entry, limit=ENTRIES_MAX)))
    if not entries:
        raise Syntax("The list of entries is empty")
    return entries


def _option(cursor: Cursor) -> tuple[bytes, int | None]:
    name = cursor.atom("an option")
    cursor.space()
    if name == b"MAXSIZE":
        return name, cursor.number()
    if name != b"DEPTH":
        raise Syntax("GETMETADATA knows the options MAXSIZE and DEPTH")
    depth = cursor.atom("a depth")
    if depth not in _DEPTHS:
        raise Syntax("DEPTH is 0, 1 or infinity")
    return name, _DEPTHS[depth]


def _has_options(cursor: Cursor) -> bool:
    """RFC 5464 §4.2.1: its examples have them after the folder, its grammar before; clients of both kinds are about."""
    return cursor.data[cursor.pos : cursor.pos + 4].upper() in {b"(MAX", b"(DEP"}


def parse_get_metadata(cursor: Cursor) -> GetMetadata:
    """RFC 5464 §4.2."""
    cursor.space()
    options: dict[bytes, int | None] = {}
    if cursor.has(b"("):
        options = dict(cursor.items(_option))
    else:
        cursor.pos -= 1  # `_mailbox` wants the space too
    folder = _mailbox(cursor)
    cursor.space()
    if _has_options(cursor):
        options |= dict(cursor.items(_option))
        cursor.space()
    entries = parse_entries(cursor)
    return GetMetadata(
        folder=folder, entries=entries, max_size=options.get(b"MAXSIZE"), depth=options.get(b"DEPTH", 0)
    )  # fmt: skip


def _pair(cursor: Cursor) -> tuple[str, bytes | None]:
    entry = parse_entry(cursor)
    cursor.space()
    return entry, cursor.value()


def parse_set_metadata(cursor: Cursor) -> SetMetadata:
    """RFC 5464 §4.3."""
    folder = _mailbox(cursor)
    cursor.space()
    values = tuple(cursor.items(_pair, limit=ENTRIES_MAX))
    if not values:
        raise Syntax("There is nothing to set")
    return SetMetadata(folder, values)
