"""APPEND and REPLACE (RFC 9051 §6.3.12, RFC 3502, RFC 4469, RFC 6855 §4, RFC 8508): what stands around the literals."""

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, NoReturn

from mailstead.ground.model.flags import Flags
from mailstead.ground.model.sequence import STAR, SequenceSet
from mailstead.ground.wire.imap.command import Append
from mailstead.ground.wire.imap.dates import parse_date_time
from mailstead.ground.wire.imap.grammar.cursor import Cursor
from mailstead.ground.wire.imap.grammar.flags import parse_flag_list
from mailstead.ground.wire.imap.syntax import Syntax

PARTS_MAX: Final = 1000
"""Of one CATENATE."""
URL_MAX: Final = 8192

_NUMBER: Final = re.compile(rb" *([1-9]\d{0,9}|\*) +")


class Literal(Enum):
    """What the literal is whose size ends the text."""

    MESSAGE = auto()  # all of it
    UTF8_MESSAGE = auto()  # RFC 6855 §4: the same, by a client that means UTF-8 header fields
    TEXT = auto()  # a part of a message
    UTF8_TEXT = auto()
    URL = auto()  # the name of a part


@dataclass(frozen=True, slots=True)
class Url:
    """RFC 4469 §5: a part of the message is what this URL names."""

    text: str


class Done(Enum):
    """The parts of the message have all been named."""

    DONE = auto()


Step = Append | Literal | Url | Done


class _State(Enum):
    FIRST = auto()  # the folder, then a message
    NEXT = auto()  # another message, or the end
    CLOSING = auto()  # the parenthesis of UTF8 (, of a whole message
    CLOSING_PART = auto()  # the same, of a part
    PARTS = auto()


class AppendScript:
    """Reads one command text by text, as literals cut it. `replaced` is what REPLACE names."""

    __slots__ = ("_folder", "_is_replace", "_parts", "_state", "_utf8", "replaced")

    def __init__(self, name: bytes = b"APPEND", *, utf8: bool = False) -> None:
        self._is_replace = name != b"APPEND"
        self._utf8 = utf8
        self._state = _State.FIRST
        self._folder = ""
        self._parts = 0
        self.replaced: SequenceSet | None = None

    def read(self, text: bytes, *, is_end: bool = False) -> list[Step]:
        """What a text says, up to a literal or to the end of the command; Syntax.

        append = "APPEND" SP mailbox 1*([SP flag-list] [SP date-time] SP append-data)
        """
        cursor = Cursor(text, utf8=self._utf8)
        if self._state is _State.FIRST:
            self._begin(cursor)
        steps: list[Step] = []
        while not self._is_read(cursor, is_end=is_end):
            self._go_on(cursor, steps)
            if steps and isinstance(steps[-1], Literal):
                if is_end:
                    raise Syntax("A literal expected at the end")
                return steps
        return steps

    def _is_read(self, cursor: Cursor, *, is_end: bool) -> bool:
        return cursor.at_end() and is_end and self._state is _State.NEXT

    def _begin(self, cursor: Cursor) -> None:
        if self._is_replace:
            match = _NUMBER.match(cursor.data)
            if match is None:
                raise Syntax("REPLACE takes the number of one message first")
            number = STAR if match[1] == b"*" else int(match[1])
            self.replaced = SequenceSet(((number, number),))
            cursor.pos = match.end()
        else:
            cursor.space()
        self._folder = cursor.folder()

    def _go_on(self, cursor: Cursor, steps: list[Step]) -> None:
        match self._state:
            case _State.FIRST | _State.NEXT:
                self._message(cursor, steps)
            case _State.CLOSING | _State.CLOSING_PART:
                cursor.want(b")")
                self._state = _State.NEXT if self._state is _State.CLOSING else _State.PARTS
            case _State.PARTS:
                self._part(cursor, steps)

    def _message(self, cursor: Cursor, steps: list[Step]) -> None:
        if self._is_replace and self._state is _State.NEXT:
            raise Syntax("REPLACE takes one message")  # RFC 8508 §4.7
        folder = self._folder if self._state is _State.FIRST else ""
        flags, date = Flags(), None
        cursor.pass_spaces()
        if cursor.has(b"("):
            flags = parse_flag_list(cursor)
            cursor.pass_spaces()
        if cursor.has(b'"'):
            date = parse_date_time(cursor.string())
        steps.append(Append(folder, flags, date))
        if cursor.at_end():
            self._state = _State.NEXT
            steps.append(Literal.MESSAGE)
            return
        word = cursor.atom("flags, a date or the message")
        cursor.pass_spaces()
        cursor.want(b"(")
        match word:
            case b"UTF8":
                self._want_literal(cursor)
                self._state = _State.CLOSING
                steps.append(Literal.UTF8_MESSAGE)
            case b"CATENATE":
                self._state, self._parts = _State.PARTS, 0
            case _:
                raise Syntax("CATENATE or UTF8 expected")

    def _part(self, cursor: Cursor, steps: list[Step]) -> None:
        """cat-part = "TEXT" SP literal / "URL" SP astring / "UTF8" SP "(" literal8 ")"."""
        if self._parts and cursor.skip(b")"):
            self._state = _State.NEXT
            steps.append(Done.DONE)
            return
        self._parts += 1
        if self._parts > PARTS_MAX:
            raise Syntax(f"CATENATE takes at most {PARTS_MAX} parts")
        word = cursor.atom("TEXT or URL")
        match word:
            case b"TEXT":
                self._want_literal(cursor)
                steps.append(Literal.TEXT)
            case b"UTF8":
                cursor.pass_spaces()
                cursor.want(b"(")
                self._want_literal(cursor)
                self._state = _State.CLOSING_PART
                steps.append(Literal.UTF8_TEXT)
            case b"URL" if cursor.at_end():
                steps.append(Literal.URL)
            case b"URL":
                steps.append(Url(cursor.text("a URL")[:URL_MAX]))
            case _:
                raise Syntax("TEXT, URL or UTF8 expected")

    def _want_literal(self, cursor: Cursor) -> None:
        if not cursor.at_end():
            cursor.fail("a literal")


def parse_append_without_message(cursor: Cursor) -> NoReturn:
    """Before login an APPEND comes whole: it is read no further than to see what is wrong with it."""
    cursor.space()
    cursor.folder()
    raise Syntax("APPEND needs a message as a literal")
