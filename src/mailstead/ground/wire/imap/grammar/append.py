"""APPEND (RFC 9051 §6.3.12, RFC 3502): what stands before each message."""

from typing import NoReturn

from mailstead.ground.model.flags import Flags
from mailstead.ground.wire.imap.command import Append
from mailstead.ground.wire.imap.dates import parse_date_time
from mailstead.ground.wire.imap.event import MessageLiteral
from mailstead.ground.wire.imap.grammar.cursor import Cursor
from mailstead.ground.wire.imap.grammar.flags import parse_flag_list
from mailstead.ground.wire.imap.syntax import Syntax


def parse_append(literal: MessageLiteral, *, utf8: bool = False) -> Append:
    """Folder, flags and date before a message, or `Syntax`.

    append = "APPEND" SP mailbox [SP flag-list] [SP date-time] SP literal
    """
    cursor = Cursor(literal.head, utf8=utf8)
    folder = ""
    if literal.is_first:
        cursor.space()
        folder = cursor.folder()
    flags, date = Flags(), None
    cursor.pass_spaces()
    if cursor.has(b"("):
        flags = parse_flag_list(cursor)
        cursor.pass_spaces()
    if cursor.has(b'"'):
        date = parse_date_time(cursor.string())
    if not cursor.at_end():
        cursor.fail("flags, a date or the message")
    return Append(folder, flags, date)


def parse_append_without_message(cursor: Cursor) -> NoReturn:
    """APPEND comes here only if its line ended before a message's literal."""
    cursor.space()
    cursor.folder()
    raise Syntax("APPEND needs a message as a literal")
