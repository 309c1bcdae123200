"""A message on its way out: the part TOP asks for, and lines as RFC 1939 §3 wants them. The cuts do not matter."""

import re
from typing import Final

from mailstead.ground.wire.pop3.reply import END

_HEADER_END: Final = re.compile(rb"\n\r?\n")
_BARE_LF: Final = re.compile(rb"(?<!\r)\n")


class Top:
    """RFC 1939 §7: lets the header, the empty line and so many lines of the body through."""

    __slots__ = ("_before", "_in_header", "_lines", "is_done")

    def __init__(self, lines: int) -> None:
        self._lines = lines
        self._in_header = True
        self._before = b"\n"  # the last octets seen: a message may begin with its empty line
        self.is_done = False

    def feed(self, data: bytes) -> bytes:
        """What of these bytes is wanted."""
        if not self._in_header:
            return self._take_lines(data, 0)
        window = self._before + data
        found = _HEADER_END.search(window)
        if found is None:
            self._before = window[-2:]
            return data
        self._in_header = False
        return self._take_lines(data, found.end() - len(self._before))

    def _take_lines(self, data: bytes, start: int) -> bytes:
        """All up to `start`, and as many lines as are left from there."""
        if not self._lines:
            self.is_done = True
            return data[:start]
        count = data.count(b"\n", start)
        if count < self._lines:
            self._lines -= count
            return data
        for _ in range(self._lines):
            start = data.find(b"\n", start) + 1
        self.is_done = True
        return data[:start]


class Stuffer:
    """RFC 1939 §3: lines end in CRLF, one that begins with a dot gets another, and a dot alone ends it all.

    A bare LF becomes CRLF: some clients take it for a line end, and a line made of a dot must never stand behind one.
    """

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last = b"\r\n"

    def feed(self, data: bytes) -> bytes:
        """These bytes as they are sent."""
        if not data:
            return b""
        is_line_start = self._last.endswith(b"\n")
        after_cr = self._last.endswith(b"\r")
        self._last = data[-1:]
        head = b"." if is_line_start and data.startswith(b".") else b""
        if after_cr and data.startswith(b"\n"):
            head, data = b"\n." if data.startswith(b"\n.") else b"\n", data[1:]
        if data.count(b"\n") != data.count(b"\r\n"):
            data = _BARE_LF.sub(b"\r\n", data)
        return head + data.replace(b"\n.", b"\n..")

    def finish(self) -> bytes:
        """The end, on a line of its own."""
        return END if self._last.endswith(b"\n") else b"\r\n" + END
