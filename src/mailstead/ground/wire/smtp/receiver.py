"""Bytes in, events out: command lines, the content of DATA (RFC 5321 §4.5.2) and of BDAT (RFC 3030 §2).

The events do not depend on how the bytes are cut, but for the cuts between pieces of content. What is kept is at most
one command line, or four octets of content, beside what was fed and not asked for yet.
"""

import re
from collections.abc import Callable
from enum import Enum
from typing import Final, NamedTuple

from mailstead.ground.wire.smtp.line_ends import LineEnds

LINE_MAX: Final = 2048
"""RFC 5321 §4.5.3.1.4 asks for 512 octets; SMTPUTF8 (RFC 6531 §3.4) and DSN (RFC 3461 §5.4) add some 600 each."""
LOGIN_LINE_MAX: Final = 12_288
"""RFC 4954 §4: what an exchange of SASL needs; clients send tokens of that size with the command itself, too."""

CRLF: Final = b"\r\n"
DATA_END: Final = b"\r\n.\r\n"
_LINE_DOT: Final = re.compile(rb"\r\n\.")  # a literal: the engine skips from CR to CR, four times as fast as `find`
_HELD: Final = (b"\r\n.\r", b"\r\n.", b"\r\n", b"\r")  # beginnings of DATA_END, longest first


class Flaw(Enum):
    """What is wrong with a command line that cannot be given."""

    TOO_LONG = "line too long"
    BARE = "bare CR or LF"


class Line(NamedTuple):
    """A command line without its CRLF."""

    text: bytes


class BadLine(NamedTuple):
    """A command line that is thrown away up to its CRLF; told as soon as it is known, once for each line."""

    flaw: Flaw


class Chunk(NamedTuple):
    """A piece of content; more follows."""

    data: bytes


class End(NamedTuple):
    """The last piece of content of DATA or of one BDAT; not `intact`: it holds a bare CR or LF and must be refused."""

    data: bytes
    intact: bool


Event = Line | BadLine | Chunk | End


class Receiver:
    """Feed it what was read, ask for events until it gives None, feed it more."""

    __slots__ = ("_buffer", "_is_binary", "_is_last", "_line_ends", "_next", "_octets", "_pos", "_virtual", "line_max")

    def __init__(self, line_max: int = LINE_MAX) -> None:
        self.line_max = line_max
        self._buffer = b""
        self._pos = 0
        self._next: Callable[[Receiver], Event | None] = Receiver._next_line  # what is read now
        self._line_ends = LineEnds()
        self._octets = 0
        self._is_last = True
        self._is_binary = False
        self._virtual = 0

    @property
    def has_pending(self) -> bool:
        """True if bytes were fed that no event was made of yet."""
        return self._pos < len(self._buffer)

    def feed(self, data: bytes) -> None:
        """Take what was read."""
        if self._pos < len(self._buffer):
            self._buffer = self._buffer[self._pos :] + data
        else:
            self._buffer = data
        self._pos = 0

    def clear(self) -> None:
        """RFC 3207 §4.2: forget what came before TLS."""
        self._buffer, self._pos, self._next = b"", 0, Receiver._next_line

    def expect_data(self) -> None:
        """After 354: content up to the line that is a single dot."""
        # The end is searched for as CRLF.CRLF everywhere: so also at the very start, where a line has just ended.
        self._buffer = CRLF + self._buffer[self._pos :]
        self._pos, self._virtual = 0, len(CRLF)
        self._line_ends = LineEnds()
        self._next = Receiver._next_data

    def expect_octets(self, count: int, *, is_first: bool, is_last: bool, is_binary: bool = False) -> None:
        """After BDAT: exactly `count` octets. The pieces of one message are judged as one.

        `is_binary`: BODY=BINARYMIME (RFC 3030 §3), where CR and LF are octets like any other.
        """
        if is_first:
            self._line_ends = LineEnds()
        self._is_binary = is_binary
        self._octets = count
        self._is_last = is_last
        self._next = Receiver._next_octets

    def next_event(self) -> Event | None:
        """The next event, or None if more bytes are needed."""
        return self._next(self)

    def _next_line(self) -> Line | BadLine | None:
        if self._pos >= len(self._buffer):
            return None
        end = self._buffer.find(CRLF, self._pos, self._pos + self.line_max + 2)
        if end >= 0:
            text = self._buffer[self._pos : end]
            self._pos = end + 2
            return BadLine(Flaw.BARE) if b"\n" in text or b"\r" in text else Line(text)
        window = self._buffer[self._pos : self._pos + self.line_max + 2]
        if b"\n" in window or b"\r" in window[:-1]:
            self._next = Receiver._skip_line
            return BadLine(Flaw.BARE)
        if len(window) == self.line_max + 2:
            self._next = Receiver._skip_line
            return BadLine(Flaw.TOO_LONG)
        return None

    def _skip_line(self) -> Line | BadLine | None:
        end = self._buffer.find(CRLF, self._pos)
        if end < 0:
            self._pos = len(self._buffer) - self._buffer.endswith(b"\r")
            return None
        self._pos = end + 2
        self._next = Receiver._next_line
        return self._next_line()

    def _next_data(self) -> Chunk | End | None:
        buffer = self._buffer
        dot = _LINE_DOT.search(buffer)
        if dot is None:
            return self._more_data(buffer, stuffed=False)
        end = dot.start()
        is_stuffed = not buffer.startswith(CRLF, end + 3)
        if is_stuffed:
            end = buffer.find(DATA_END, end)
        if end < 0:
            return self._more_data(buffer, stuffed=True)
        content = self._unstuff(buffer, end + 2, stuffed=is_stuffed)
        self._pos = end + len(DATA_END)
        self._next = Receiver._next_line
        self._line_ends.watch(content)
        intact = not self._line_ends.are_bare
        return End(content if intact else b"", intact)

    def _more_data(self, buffer: bytes, *, stuffed: bool) -> Chunk | None:
        """Give what can no longer be part of the end."""
        cut = len(buffer) - next((len(held) for held in _HELD if buffer.endswith(held)), 0)
        if cut == 0:
            return None
        content = self._unstuff(buffer, cut, stuffed=stuffed)
        self._buffer, self._pos = buffer[cut:], 0
        self._line_ends.watch(content)
        return Chunk(content) if content and not self._line_ends.are_bare else None

    def _unstuff(self, buffer: bytes, cut: int, *, stuffed: bool) -> bytes:
        """The content up to `cut`. RFC 5321 §4.5.2: a dot at the start of a line is dropped."""
        start, self._virtual = self._virtual, 0
        return buffer[:cut].replace(b"\r\n.", CRLF)[start:] if stuffed else buffer[start:cut]

    def _next_octets(self) -> Chunk | End | None:
        start = self._pos
        data = self._buffer[start : start + self._octets]
        self._pos += len(data)
        self._octets -= len(data)
        if not self._is_binary:
            self._line_ends.watch(data)
        if self._octets:
            return Chunk(data) if data and not self._line_ends.are_bare else None
        self._next = Receiver._next_line
        if self._is_last:
            self._line_ends.close()
        intact = not self._line_ends.are_bare
        return End(data if intact else b"", intact)
