"""What was learned, as weights: a linear model over hashed tokens, in the coin of the rules, whose errors teach it.

The rules speak first; the weights learn what the rules get wrong. All numbers are whole, so a lesson can be taken back
to the last bit. Weights of everybody and of an account add up: the own ones learn what those of everybody get wrong.
"""

import math
import sys
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

SHARED_BITS: Final = 18
OWN_BITS: Final = 16
PAGE: Final = 1024
"""Cells of a page."""
UNIT: Final = 1 << 16
"""A weight of one."""
CELL_MAX: Final = 1 << 29

MIDDLE: Final = 4.0
"""Below SpamAssassin's 5: a letter that is spam as likely as not is let in."""
MARGIN: Final = 4.0
"""How far below the middle wanted letters are to lie: to lose one is worse than to see one too many."""
RATE: Final = 12.0
SHARED_RATE: Final = 4.0
"""Of what one account says to everybody."""
SURE: Final = 0.05
"""An error below which there is nothing to learn."""
REACH: Final = 10.0
"""What was learned can outweigh any rule, and no more."""

PHRASES_LEFT: Final = 0.5
"""Of the weight of phrases, once letters were learned: the words themselves say it better."""


@dataclass(slots=True)
class Lore:
    """Of one scope. `version` 0: nothing was learned."""

    bits: int
    version: int = 0
    spam: int = 0
    ham: int = 0
    cells: "array[int]" = field(default_factory=lambda: array("i"))

    def __post_init__(self) -> None:
        """Room for all cells."""
        if not self.cells:
            self.cells = array("i", bytes(4 << self.bits))

    def places(self, tokens: Iterable[int]) -> list[int]:
        """Which cells belong to these tokens; each once."""
        mask = (1 << self.bits) - 1
        return list({token & mask for token in tokens})

    def weigh(self, places: Sequence[int]) -> float:
        """What these cells say, in the coin of the rules."""
        if not places or not self.version:
            return 0.0
        return scale(sum(map(self.cells.__getitem__, places)), len(places))

    def add(self, places: Iterable[int], step: int) -> None:
        """To each cell; nothing grows beyond its bounds."""
        cells = self.cells
        for place in places:
            cells[place] = max(-CELL_MAX, min(CELL_MAX, cells[place] + step))

    def turn_page(self, number: int, data: bytes) -> None:
        """In place of what was there."""
        page = read_page(data)
        begin = number * PAGE
        self.cells[begin : begin + len(page)] = page


def scale(total: int, count: int) -> float:
    """The sum of so many cells, in the coin of the rules: long letters say no more than short ones."""
    return total / (UNIT * math.sqrt(max(1, count)))


def read_page(data: bytes) -> "array[int]":
    """As it was stored."""
    page = array("i", data)
    if sys.byteorder == "big":
        page.byteswap()
    return page


def write_page(page: "array[int]") -> bytes:
    """To be stored."""
    if sys.byteorder == "big":
        page = page[:]
        page.byteswap()
    return page.tobytes()


def find_step(score: float, count: int, *, is_spam: bool, rate: float) -> int:
    """What to add to each of `count` cells of a letter that comes to `score` now."""
    distance = score - (MIDDLE if is_spam else MIDDLE - MARGIN)
    chance = 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, distance))))
    error = (1.0 if is_spam else 0.0) - chance
    if abs(error) < SURE or not count:
        return 0
    return round(rate * error / math.sqrt(count) * UNIT)


def bound(said: float) -> float:
    """What all that was learned may say of one letter."""
    return max(-REACH, min(REACH, said))
