"""A set of numbers as clients write it (RFC 9051 §9, sequence-set): ranges in which `*` is still open."""

from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.uidset import UidSet

STAR: Final = 0
"""Stands for `*`, the largest number in use; no UID and no message number is 0."""


@dataclass(frozen=True, slots=True)
class SequenceSet:
    """Ranges as given, ends swapped or not. `is_saved`: `$`, the result of an earlier search (RFC 5182 §2.1)."""

    ranges: tuple[tuple[int, int], ...] = ()
    is_saved: bool = False

    def resolve(self, largest: int) -> UidSet:
        """With `*` replaced; ranges with `*` are empty if nothing is in use (`largest` is 0).

        RFC 9051 §9: `559:*` always holds the largest number, even if it is below 559.
        """
        if len(self.ranges) == 1:
            first, last = self.ranges[0]
            if STAR < first <= last:
                return UidSet(self.ranges)
        ranges = self.ranges if largest else (pair for pair in self.ranges if STAR not in pair)
        return UidSet.join((first or largest, last or largest) for first, last in ranges)

    @property
    def has_star(self) -> bool:
        """True if the largest number in use matters."""
        return any(STAR in pair for pair in self.ranges)

    def __str__(self) -> str:
        """As a client would write it."""
        if self.is_saved:
            return "$"
        texts = ((str(first or "*"), str(last or "*")) for first, last in self.ranges)
        return ",".join(first if first == last else f"{first}:{last}" for first, last in texts)
