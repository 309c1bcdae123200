"""The parameters of RFC 7162 (CONDSTORE, QRESYNC), RFC 9394 (PARTIAL) and RFC 10022 (UIDBATCHES)."""

import re
from typing import Final

from mailstead.ground.model.sequence import SequenceSet
from mailstead.ground.wire.imap.grammar.cursor import Cursor
from mailstead.ground.wire.imap.resync import Known, UidBatches
from mailstead.ground.wire.imap.searching import Window
from mailstead.ground.wire.imap.syntax import Syntax

_WINDOW: Final = re.compile(rb"(-?[1-9]\d{0,9}):(-?[1-9]\d{0,9})(?=[ )]|\Z)")
_FETCH_MODIFIERS: Final = re.compile(rb" *(\((?:CHANGEDSINCE|PARTIAL|VANISHED)[^()]*\)) *\Z", re.IGNORECASE)

Modifiers = tuple[int | None, bool, Window | None]
"""CHANGEDSINCE, VANISHED, PARTIAL."""


def parse_window(cursor: Cursor) -> Window:
    """RFC 9394 §4: partial-range."""
    match = _WINDOW.match(cursor.data, cursor.pos)
    if match is None or match[1].startswith(b"-") != match[2].startswith(b"-"):
        cursor.fail("a range like 1:100 or -1:-100")
    cursor.pos = match.end()
    return Window(int(match[1]), int(match[2]))


def split_modifiers(text: bytes) -> tuple[bytes, bytes]:
    """What stands behind FETCH's set: items, and modifiers in parentheses or nothing."""
    match = _FETCH_MODIFIERS.search(text)
    return (text, b"") if match is None else (text[: match.start()], match[1])


def parse_fetch_modifiers(text: bytes, *, by_uid: bool) -> Modifiers:
    """RFC 4466 §2.4: fetch-modifiers. VANISHED and PARTIAL are for UID FETCH (RFC 7162 §3.2.6, RFC 9394 §3.3)."""
    found: dict[bytes, int | Window | None] = {}

    def one(cursor: Cursor) -> None:
        name = cursor.atom("a FETCH modifier")
        if name in found:
            raise Syntax("A FETCH modifier is given twice")
        if name == b"CHANGEDSINCE":
            cursor.space()
            found[name] = cursor.number()
        elif name == b"VANISHED" and by_uid:
            found[name] = None
        elif name == b"PARTIAL" and by_uid:
            cursor.space()
            found[name] = parse_window(cursor)
        else:
            raise Syntax("That FETCH modifier is not known, or is one of UID FETCH")

    if text:
        Cursor(text).items(one)
    since, window = found.get(b"CHANGEDSINCE"), found.get(b"PARTIAL")
    assert since is None or isinstance(since, int)
    assert window is None or isinstance(window, Window)
    if b"VANISHED" in found and since is None:
        raise Syntax("VANISHED goes with CHANGEDSINCE")
    return since, b"VANISHED" in found, window


def parse_unchanged_since(cursor: Cursor) -> int | None:
    """RFC 7162 §3.1.3: (UNCHANGEDSINCE n), if it stands here."""
    cursor.pass_spaces()
    if not cursor.has(b"("):
        return None
    values = cursor.items(_unchanged_since)
    if len(values) != 1:
        raise Syntax("One UNCHANGEDSINCE expected")
    return values[0]


def _unchanged_since(cursor: Cursor) -> int:
    if cursor.atom("a STORE modifier") != b"UNCHANGEDSINCE":
        raise Syntax("STORE knows only the modifier UNCHANGEDSINCE")
    cursor.space()
    return cursor.number()


def parse_select_parameters(cursor: Cursor) -> tuple[bool, Known | None]:
    """RFC 7162 §3.1.8, §3.2.5: CONDSTORE and QRESYNC."""
    if cursor.at_end() or not cursor.has(b"("):
        return False, None
    found = cursor.items(_select_parameter)
    known = [item for item in found if item is not None]
    if not found or len(known) > 1:
        raise Syntax("CONDSTORE or one QRESYNC expected")
    return True, known[0] if known else None


def _select_parameter(cursor: Cursor) -> Known | None:
    match cursor.atom("a parameter"):
        case b"CONDSTORE":
            return None
        case b"QRESYNC":
            cursor.space()
            return _known(cursor)
        case _:
            raise Syntax("SELECT knows only the parameters CONDSTORE and QRESYNC")


def _known(cursor: Cursor) -> Known:
    cursor.want(b"(")
    uidvalidity = _positive(cursor)
    cursor.space()
    modseq = _positive(cursor)
    uids = numbers = matches = None
    cursor.pass_spaces()
    if not cursor.has(b"(") and not cursor.has(b")"):
        uids = _closed_set(cursor)
        cursor.pass_spaces()
    if cursor.skip(b"("):
        numbers = _closed_set(cursor)
        cursor.space()
        matches = _closed_set(cursor)
        cursor.want(b")")
    cursor.want(b")")
    return Known(uidvalidity=uidvalidity, modseq=modseq, uids=uids, numbers=numbers, matches=matches)


def _positive(cursor: Cursor) -> int:
    value = cursor.number()
    if not value:
        raise Syntax("The number must not be 0")
    return value


def _closed_set(cursor: Cursor) -> SequenceSet:
    """RFC 7162 §7: known-uids and the sets of the match data hold neither `*` nor `$`."""
    found = cursor.sequence()
    if found.has_star or found.is_saved:
        raise Syntax("The set must not hold '*' or '$'")
    return found


def parse_uidbatches(cursor: Cursor) -> UidBatches:
    """RFC 10022 §4: "UIDBATCHES" SP nz-number [SP nz-number ":" nz-number]."""
    cursor.space()
    size = _positive(cursor)
    if cursor.at_end():
        return UidBatches(size)
    first = _positive(cursor)
    cursor.want(b":")
    return UidBatches(size, (first, _positive(cursor)))
