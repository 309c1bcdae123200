"""Where a refused command goes: its lines and literals are thrown away, so that data is never taken for a command."""

import re
from enum import Enum, auto
from typing import Final

LITERALS_MAX: Final = 1000
"""In one refused command; many tiny ones would cost much time in one read."""
TAIL: Final = 32
"""Enough of a line's end to see the longest announcement."""

# RFC 9051 §9, RFC 7888 §8: literal = ["~"] "{" number64 ["+"] "}" CRLF
ANNOUNCED: Final = re.compile(rb"(~?)\{(\d{1,20})(\+?)\}\r?\n?\Z")


class Drained(Enum):
    """How far it came."""

    MORE = auto()  # the command goes on
    END = auto()  # the next byte is that of a new command
    TOO_MUCH = auto()  # more than anyone should read


class Sink:
    """Begins within a line or within a literal of the refused command."""

    __slots__ = ("_budget", "_literals", "_remaining", "_tail")

    def __init__(self, budget: int, remaining: int = 0) -> None:
        self._budget = budget - remaining
        self._remaining = remaining  # of a literal
        self._literals = 0
        self._tail = b""

    def is_over(self) -> bool:
        """True once more was announced or came than the budget allows."""
        return self._budget < 0 or self._literals > LITERALS_MAX

    def drain(self, data: bytes, pos: int) -> tuple[int, Drained]:
        """Throw away from `pos` on; gives where it stopped and why."""
        while not self.is_over():
            taken = min(self._remaining, len(data) - pos)
            self._remaining -= taken
            pos += taken
            if self._remaining:
                return pos, Drained.MORE
            end = data.find(b"\n", pos) + 1
            if not end:
                self._take(data, pos, len(data))
                return len(data), Drained.TOO_MUCH if self.is_over() else Drained.MORE
            self._take(data, pos, end)
            pos = end
            if not self._goes_on():
                return pos, Drained.TOO_MUCH if self.is_over() else Drained.END
        return pos, Drained.TOO_MUCH

    def _take(self, data: bytes, start: int, stop: int) -> None:
        """Part of a line; its end may announce a literal."""
        self._budget -= stop - start
        self._tail = (self._tail + data[max(start, stop - TAIL) : stop])[-TAIL:]

    def _goes_on(self) -> bool:
        """A line has ended: does a literal follow that the client sends without asking?"""
        literal = ANNOUNCED.search(self._tail)
        self._tail = b""
        if literal is None or not literal[3]:
            return False
        self._remaining = int(literal[2])
        self._budget -= self._remaining
        self._literals += 1
        return True
