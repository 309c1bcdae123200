"""Flags as clients write them (RFC 9051 §2.3.2, §9: flag, flag-list)."""

import re
from functools import lru_cache
from typing import Final

from mailstead.ground.model.flags import KEYWORD_LENGTH_MAX, KEYWORDS_MAX, Flag, FlagOp, Flags
from mailstead.ground.wire.imap.grammar.cursor import Cursor
from mailstead.ground.wire.imap.syntax import Syntax

SYSTEM_FLAGS: Final = {
    b"\\SEEN": Flag.SEEN,
    b"\\ANSWERED": Flag.ANSWERED,
    b"\\FLAGGED": Flag.FLAGGED,
    b"\\DELETED": Flag.DELETED,
    b"\\DRAFT": Flag.DRAFT,
    # RFC 3501 §2.3.2: clients cannot alter it; old ones still send it with APPEND.
    b"\\RECENT": Flag.NONE,
}

_CHANGE: Final = re.compile(rb" *([+-]?)FLAGS(\.SILENT)?(?= |\()", re.IGNORECASE)
_OPS: Final = {b"": FlagOp.REPLACE, b"+": FlagOp.ADD, b"-": FlagOp.REMOVE}


def parse_keyword(word: bytes) -> str:
    """An atom, within what a placement holds."""
    if len(word) > KEYWORD_LENGTH_MAX:
        raise Syntax(f"A keyword can have at most {KEYWORD_LENGTH_MAX} characters")
    return word.decode("ascii")


def _flag(cursor: Cursor) -> bytes:
    if cursor.skip(b"\\"):
        return b"\\" + cursor.atom("a flag")
    return cursor.word("a flag")


def _gather(words: list[bytes]) -> Flags:
    bits, keywords = Flag.NONE, []
    for word in words:
        if not word.startswith(b"\\"):
            keywords.append(parse_keyword(word))
        elif (flag := SYSTEM_FLAGS.get(word)) is not None:
            bits |= flag
        else:
            raise Syntax(f"There is no flag {word.decode('ascii')}")
    if len(keywords) > KEYWORDS_MAX:
        raise Syntax(f"A message can have at most {KEYWORDS_MAX} keywords")
    return Flags.of(bits, tuple(keywords))


def parse_flag_list(cursor: Cursor) -> Flags:
    """flag-list, in parentheses."""
    return _gather(cursor.items(_flag))


_Change = tuple[FlagOp, bool, Flags]
_REMEMBERED: Final = 256
"""Longer texts are parsed each time, so that what is remembered stays small."""


def parse_change(text: bytes) -> _Change:
    """store-att-flags, whole: operation, silent, flags. Clients repeat a handful of them."""
    return _remembered_change(text) if len(text) <= _REMEMBERED else _parse_change(text)


def _parse_change(text: bytes) -> _Change:
    match = _CHANGE.match(text)
    if match is None:
        raise Syntax("FLAGS, +FLAGS or -FLAGS, perhaps with .SILENT, expected")
    cursor = Cursor(text)
    cursor.pos = match.end()
    cursor.pass_spaces()
    if cursor.has(b"("):
        words = cursor.items(_flag)
        cursor.end()
    else:  # RFC 9051 §9: flags may stand without parentheses, but not none
        words = [_flag(cursor)]
        while not cursor.at_end():
            words.append(_flag(cursor))
    return _OPS[match[1]], match[2] is not None, _gather(words)


_remembered_change: Final = lru_cache(maxsize=512)(_parse_change)
