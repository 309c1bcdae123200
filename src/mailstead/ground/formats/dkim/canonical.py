"""Canonical forms (RFC 6376 §3.4): what a signature bears although relays fold, trim and rewrap.

Bodies come in chunks and go to a sink in chunks; what it gets together does not depend on how they were cut. Only CRLF
ends a line here; a bare CR or LF is a byte like any other, as the RFC has it.
"""

import re
from collections.abc import Callable
from enum import Enum
from typing import Final, Protocol

Sink = Callable[[bytes], object]

_LINES_AT_ONCE: Final = 1 << 15
_EMPTY_LINES: Final = re.compile(rb"(?:\n\r)*+")  # read backwards
_LINE_ENDS: Final = re.compile(rb"\r?\n")
_BLANKS: Final = re.compile(rb"[ \t]++")


class Canon(Enum):
    """The word in c=."""

    SIMPLE = "simple"
    RELAXED = "relaxed"


class Body(Protocol):
    """Takes a body piece by piece."""

    def feed(self, data: bytes) -> None: ...
    def finish(self) -> None: ...


def body_of(canon: Canon, sink: Sink) -> Body:
    """The canonicalizer of that name."""
    return RelaxedBody(sink) if canon is Canon.RELAXED else SimpleBody(sink)


class SimpleBody:
    """RFC 6376 §3.4.3: as it is, but for the empty lines at its end. Only their number is kept."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._empty = 0  # line ends that wait for text behind them
        self._has_cr = False  # a CR that waits for its LF
        self._has_text = False

    def feed(self, data: bytes) -> None:
        """Pass on all that text is known to follow."""
        if self._has_cr:
            data = b"\r" + data
        self._has_cr = data.endswith(b"\r")
        if self._has_cr:
            data = data[:-1]
        text = data
        if data.endswith(b"\r\n"):
            kept = len(data.rstrip(b"\r\n"))
            run = _EMPTY_LINES.match(data[kept:][::-1])
            assert run is not None
            text = data[: len(data) - run.end()]
        if text:
            self._release()
            self._has_text = True
            self._sink(text)
        self._empty += (len(data) - len(text)) // 2

    def _release(self) -> None:
        while self._empty:
            count = min(self._empty, _LINES_AT_ONCE)
            self._sink(b"\r\n" * count)
            self._empty -= count

    def finish(self) -> None:
        """One line end, which an empty body has too."""
        self._end()
        self._sink(b"\r\n")

    def _end(self) -> bool:
        if self._has_cr:
            self._has_cr = False
            self._release()
            self._sink(b"\r")
            self._has_text = True
        return self._has_text


class RelaxedBody(SimpleBody):
    """RFC 6376 §3.4.4: blanks become one space, those at line ends go. Most bodies have none that matter."""

    def __init__(self, sink: Sink) -> None:
        super().__init__(sink)
        self._held = b""  # a space, a CR, or both: the line may end here

    def feed(self, data: bytes) -> None:
        """The usual body is looked through three times and never copied."""
        if self._held:
            data = self._held + data
            self._held = b""
        if data.endswith((b" ", b"\t", b"\r")):
            data = self._hold(data)
        if b"\t" in data:
            data = data.replace(b"\t", b" ")
        if b" " in data:
            while b"  " in data:  # halves the longest run: its logarithm bounds the turns
                data = data.replace(b"  ", b" ")
            if b" \r\n" in data:
                data = data.replace(b" \r\n", b"\r\n")
        if data:
            super().feed(data)

    def _hold(self, data: bytes) -> bytes:
        """Keep back an end that is not decided: any number of blanks count as one."""
        end = b"\r" if data.endswith(b"\r") else b""
        line = data[:-1] if end else data
        text = line.rstrip(b" \t")
        self._held = (b" " if len(text) < len(line) else b"") + end
        return text

    def finish(self) -> None:
        """An empty body stays empty; blanks at the very end are at a line's end."""
        if self._held.endswith(b"\r"):
            super().feed(self._held[:-1])
            self._has_cr = True
        self._held = b""
        if self._end():
            self._sink(b"\r\n")


def canonical_field(raw: bytes, canon: Canon) -> bytes:
    """One whole field with its line end (RFC 6376 §3.4.1, §3.4.2)."""
    if canon is Canon.SIMPLE:
        return raw
    name, _, value = raw.partition(b":")
    return name.rstrip(b" \t").lower() + b":" + _BLANKS.sub(b" ", _LINE_ENDS.sub(b"", value)).strip(b" ") + b"\r\n"
