"""How far a long command has come."""

import sys
import time
from typing import Final

_QUIET: Final = 0.5
_LINE_EVERY: Final = 10.0


class Progress:
    """On a terminal a line that counts, after half a second; else one line in ten seconds."""

    def __init__(self, total: int, what: str) -> None:
        self._total = total
        self._what = what
        self._began = self._told = time.monotonic()
        self._is_terminal = sys.stderr.isatty()
        self._has_line = False

    def at(self, done: int) -> None:
        """So much is done."""
        now = time.monotonic()
        if now - self._told < (_QUIET if self._is_terminal else _LINE_EVERY):
            return
        self._told = now
        rate = done / (now - self._began)
        left = (self._total - done) / rate if rate else 0
        text = f"{self._what}: {done} of {self._total}, {rate:.0f} a second, {left:.0f} s left"
        self._has_line = self._is_terminal
        print(
            f"\r{text}  " if self._is_terminal else text,
            end="" if self._is_terminal else "\n",
            file=sys.stderr,
            flush=True,
        )

    def end(self) -> None:
        """All done."""
        if self._has_line:
            print(file=sys.stderr)
