"""Commands about messages of the selected folder: STORE, COPY, MOVE, EXPUNGE (RFC 9051 §6.4)."""

from mailstead.ground.model.sequence import SequenceSet
from mailstead.ground.wire.imap.command import Copy, Expunge, Store
from mailstead.ground.wire.imap.grammar.cursor import Cursor
from mailstead.ground.wire.imap.grammar.flags import parse_change
from mailstead.ground.wire.imap.grammar.resync import parse_unchanged_since


def parse_numbers(cursor: Cursor) -> SequenceSet:
    """The set that comes first."""
    cursor.space()
    return cursor.sequence()


def parse_store(cursor: Cursor, *, by_uid: bool = False) -> Store:
    """RFC 9051 §6.4.6: STORE set [(UNCHANGEDSINCE n)] [+-]FLAGS[.SILENT] flags."""
    numbers = parse_numbers(cursor)
    since = parse_unchanged_since(cursor)
    op, is_silent, flags = parse_change(cursor.data[cursor.pos :])
    cursor.pos = len(cursor.data)
    return Store(numbers=numbers, op=op, flags=flags, is_silent=is_silent, by_uid=by_uid, unchanged_since=since)


def parse_copy(cursor: Cursor, *, by_uid: bool = False, is_move: bool = False) -> Copy:
    """RFC 9051 §6.4.7, §6.4.8."""
    numbers = parse_numbers(cursor)
    cursor.space()
    return Copy(numbers=numbers, folder=cursor.folder(), is_move=is_move, by_uid=by_uid)


def parse_uid_expunge(cursor: Cursor) -> Expunge:
    """RFC 9051 §6.4.9 (RFC 4315 §2.1)."""
    return Expunge(parse_numbers(cursor))


def parse_expunge(cursor: Cursor) -> Expunge:
    """RFC 9051 §6.4.3."""
    cursor.pass_spaces()
    return Expunge()
