"""Bytes in, lines out. What is kept is at most one line; the lines do not depend on how the bytes are cut."""

from enum import Enum
from typing import Final, NamedTuple

COMMAND_MAX: Final = 253
"""RFC 2449 §4: a command has at most 255 octets with its CRLF."""
RESPONSE_MAX: Final = 12_288
"""Octets of a client's response within AUTH: the length limit of commands is not theirs (RFC 5034 §4)."""


class Flaw(Enum):
    """What is wrong with a line that cannot be given."""

    TOO_LONG = "Line too long"
    CONTROL = "A line has no NUL and no CR inside"


class Line(NamedTuple):
    """A line without its end, which is CRLF, or LF from those who type."""

    text: bytes


class BadLine(NamedTuple):
    """A line that is thrown away up to its end; told as soon as it is known, once for each line."""

    flaw: Flaw


class Receiver:
    """Feed it what was read, ask for events until it gives None, feed it more."""

    __slots__ = ("_buffer", "_is_skipping", "_max", "_pos")

    def __init__(self) -> None:
        self._buffer = b""
        self._pos = 0
        self._max = COMMAND_MAX
        self._is_skipping = False

    def feed(self, data: bytes) -> None:
        """Take what was read."""
        self._buffer = self._buffer[self._pos :] + data if self._pos < len(self._buffer) else data
        self._pos = 0

    def clear(self) -> None:
        """RFC 2595 §4: forget what came before TLS."""
        self._buffer, self._pos, self._is_skipping = b"", 0, False

    def expect_response(self) -> None:
        """The next line is a client's response of SASL and may be longer than a command."""
        self._max = RESPONSE_MAX

    def next_event(self) -> Line | BadLine | None:
        """The next line, or None if more bytes are needed."""
        if self._is_skipping and not self._skip():
            return None
        end = self._buffer.find(b"\n", self._pos)
        stop = end if end >= 0 else len(self._buffer)
        size = stop - self._pos
        if size and self._buffer[stop - 1] == 0x0D:
            size -= 1
        if size > self._max:
            self._is_skipping, self._max = True, COMMAND_MAX
            return BadLine(Flaw.TOO_LONG)
        if end < 0:
            return None
        text = self._buffer[self._pos : self._pos + size]
        self._pos, self._max = end + 1, COMMAND_MAX
        return BadLine(Flaw.CONTROL) if b"\0" in text or b"\r" in text else Line(text)

    def _skip(self) -> bool:
        end = self._buffer.find(b"\n", self._pos)
        self._pos = end + 1 if end >= 0 else len(self._buffer)
        self._is_skipping = end < 0
        return not self._is_skipping
