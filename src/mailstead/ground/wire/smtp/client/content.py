"""Content on its way out: dots are doubled (RFC 5321 §4.5.2), and CR and LF leave only as CRLF."""

from typing import Final

from mailstead.ground.wire.smtp.line_ends import LineEnds

_LINE_DOT: Final = b"\r\n."


class BareLineEnd(Exception):  # noqa: N818
    """The content has a CR or LF that stands alone: it must not leave (RFC 5321 §2.3.8)."""


class DotStuffer:
    """Content of DATA, piece by piece: `encode` each, then `end`. What comes out does not depend on the cuts."""

    __slots__ = ("_line_ends", "_tail")

    def __init__(self) -> None:
        self._tail = b"\r\n"  # what went before, as far as it matters; the start is the start of a line
        self._line_ends = LineEnds()

    def encode(self, piece: bytes) -> bytes:
        """The next piece, fit to be sent; BareLineEnd."""
        self._line_ends.watch(piece)
        if self._line_ends.are_bare:
            raise BareLineEnd
        tail = self._tail
        joined = tail + piece
        self._tail = joined[-2:]
        if _LINE_DOT not in joined:
            return piece
        return joined.replace(_LINE_DOT, b"\r\n..")[len(tail) :]

    def end(self) -> bytes:
        """What ends it; a last line without its end is given one."""
        self._line_ends.close()
        if self._line_ends.are_bare:
            raise BareLineEnd
        return b".\r\n" if self._tail == b"\r\n" else b"\r\n.\r\n"
