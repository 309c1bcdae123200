"""The tokens of RFC 9051 §9 read from the bytes of one command, each at most once. All errors are `Syntax`.

Liberal where clients are sloppy: several spaces count as one, a space before `(` may be missing.
"""

import re
from collections.abc import Callable
from typing import Final, NoReturn, TypeVar

from mailstead.ground.model.sequence import STAR, SequenceSet
from mailstead.ground.model.uidset import UID_MAX
from mailstead.ground.wire.imap.syntax import Syntax
from mailstead.ground.wire.imap.utf7 import decode_name

RANGES_MAX: Final = 16384
LIST_MAX: Final = 4096

_SPACES: Final = re.compile(rb" *")
# RFC 9051 §9: atom-specials are ( ) { SP CTL % * " \ ]; an astring may hold ].
_ATOM: Final = re.compile(rb'[^\x00-\x20(){%*"\\\]\x7f-\xff]+')
_ASTRING: Final = re.compile(rb'[^\x00-\x20(){%*"\\\x7f]+')  # 8-bit names come bare from some clients
_LIST_MAILBOX: Final = re.compile(rb'[^\x00-\x20(){"\\\x7f]+')
_QUOTED: Final = re.compile(rb'"((?:[^"\\\r\n\x00]|\\["\\])*)"')
_LITERAL: Final = re.compile(rb"~?\{(\d{1,20})\+?\}\r\n")
_NUMBER: Final = re.compile(rb"\d{1,19}")
_SEQUENCE: Final = re.compile(rb"[0-9*][0-9*:,]*")
_RANGE: Final = re.compile(rb"([1-9]\d{0,9}|\*)(?::([1-9]\d{0,9}|\*))?\Z")
_ESCAPED: Final = re.compile(rb"\\(.)")

T = TypeVar("T")


class Cursor:
    """A place in the arguments of a command. `utf8`: folder names are not modified UTF-7."""

    __slots__ = ("data", "pos", "utf8")

    def __init__(self, data: bytes, *, utf8: bool = False) -> None:
        self.data = data
        self.pos = 0
        self.utf8 = utf8

    def fail(self, wanted: str) -> NoReturn:
        """Say what should stand here and what does."""
        found = self.data[self.pos : self.pos + 20].decode("ascii", "replace")
        shown = "".join(char if char.isprintable() else "?" for char in found)
        raise Syntax(f"{wanted} expected" + (f" before '{shown}'" if shown else " at the end"))

    def _take(self, pattern: re.Pattern[bytes], wanted: str) -> bytes:
        match = pattern.match(self.data, self.pos)
        if match is None:
            self.fail(wanted)
        self.pos = match.end()
        return match[0]

    def has(self, token: bytes) -> bool:
        """True if this stands here; case counts."""
        return self.data.startswith(token, self.pos)

    def skip(self, token: bytes) -> bool:
        """Pass over it if it is here."""
        if self.data.startswith(token, self.pos):
            self.pos += len(token)
            return True
        return False

    def want(self, token: bytes) -> None:
        """Pass over it; it must be here."""
        if not self.skip(token):
            self.fail(f"'{token.decode('ascii')}'")

    def space(self) -> None:
        """SP; before a parenthesis it may be missing."""
        start = self.pos
        self.pass_spaces()
        if self.pos == start and not self.has(b"("):
            self.fail("a space")

    def pass_spaces(self) -> None:
        """Zero or more."""
        match = _SPACES.match(self.data, self.pos)
        assert match is not None
        self.pos = match.end()

    def at_end(self) -> bool:
        """True if only spaces follow."""
        self.pass_spaces()
        return self.pos == len(self.data)

    def end(self) -> None:
        """Nothing may follow but spaces."""
        if not self.at_end():
            self.fail("the end of the command")

    def atom(self, wanted: str = "an atom") -> bytes:
        """In capitals: atoms are compared without case."""
        return self._take(_ATOM, wanted).upper()

    def word(self, wanted: str = "an atom") -> bytes:
        """An atom as it was written."""
        return self._take(_ATOM, wanted)

    def number(self) -> int:
        """RFC 9051 §9: number64 is 63 bits."""
        value = int(self._take(_NUMBER, "a number"))
        if value >= 1 << 63:
            raise Syntax("The number is too large")
        return value

    def string(self, wanted: str = "a string") -> bytes:
        """Quoted or literal, without NUL (RFC 9051 §9: only literal8 may hold it)."""
        match = _QUOTED.match(self.data, self.pos)
        if match is not None:
            self.pos = match.end()
            text = match[1]
            return _ESCAPED.sub(rb"\1", text) if b"\\" in text else text
        match = _LITERAL.match(self.data, self.pos)
        if match is None:
            self.fail(wanted)
        size = int(match[1])
        value = self.data[match.end() : match.end() + size]
        if len(value) != size:
            raise Syntax("The literal is cut off")
        if b"\0" in value:
            raise Syntax("A string cannot hold NUL")
        self.pos = match.end() + size
        return value

    def astring(self, wanted: str = "a string") -> bytes:
        """An atom, which may hold `]`, or a string."""
        match = _ASTRING.match(self.data, self.pos)
        if match is None:
            return self.string(wanted)
        self.pos = match.end()
        return match[0]

    def nstring(self, wanted: str = "a string or NIL") -> bytes | None:
        """A string or NIL."""
        if self.data[self.pos : self.pos + 3].upper() == b"NIL":
            self.pos += 3
            return None
        return self.string(wanted)

    def value(self) -> bytes | None:
        """RFC 5464 §5: nstring / literal8, which may hold NUL."""
        match = _LITERAL.match(self.data, self.pos) if self.has(b"~") else None
        if match is None:
            return self.nstring()
        end = match.end() + int(match[1])
        if end > len(self.data):
            raise Syntax("The literal is cut off")
        self.pos = end
        return self.data[match.end() : end]

    def text(self, wanted: str) -> str:
        """An astring in UTF-8."""
        try:
            return self.astring(wanted).decode("utf-8")
        except UnicodeDecodeError:
            raise Syntax(f"{wanted} in UTF-8 expected") from None

    def folder(self) -> str:
        """A mailbox name; not empty."""
        name = decode_name(self.astring("a folder name"), utf8=self.utf8)
        if not name:
            raise Syntax("The folder name is empty")
        return name

    def folder_pattern(self) -> str:
        """RFC 9051 §9: list-mailbox, a name with wildcards, maybe empty."""
        match = _LIST_MAILBOX.match(self.data, self.pos)
        if match is None:
            return decode_name(self.string("a folder name or pattern"), utf8=self.utf8)
        self.pos = match.end()
        return decode_name(match[0], utf8=self.utf8)

    def sequence(self) -> SequenceSet:
        """RFC 9051 §9: sequence-set, with `$` of RFC 5182."""
        if self.skip(b"$"):
            return SequenceSet(is_saved=True)
        text = self._take(_SEQUENCE, "a sequence set")
        if text.count(b",") >= RANGES_MAX:
            raise Syntax(f"The sequence set has more than {RANGES_MAX} ranges")
        return SequenceSet(tuple(map(_parse_range, text.split(b","))))

    def items(self, parse_one: Callable[["Cursor"], T], *, limit: int = LIST_MAX) -> list[T]:
        """A parenthesised list, maybe empty."""
        self.want(b"(")
        found: list[T] = []
        self.pass_spaces()
        while not self.skip(b")"):
            if len(found) == limit:
                raise Syntax(f"The list has more than {limit} items")
            found.append(parse_one(self))
            if not self.has(b")"):
                self.space()
        return found


def _parse_range(text: bytes) -> tuple[int, int]:
    match = _RANGE.match(text)
    if match is None:
        raise Syntax(f"'{text[:24].decode('ascii')}' is not a number, '*' or a range of them")
    first, last = match.groups()
    low = STAR if first == b"*" else int(first)
    high = low if last is None else STAR if last == b"*" else int(last)
    if low > UID_MAX or high > UID_MAX:
        raise Syntax(f"A number in the sequence set is greater than {UID_MAX}")
    return low, high
