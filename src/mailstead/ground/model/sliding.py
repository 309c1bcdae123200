"""Counts over a span that slides with time, by parts of it: the first is that of the present, later ones are older.

A part counts until all of it has left the span, so that no span ever holds more than a total allowed.
"""

from typing import Final

from mailstead.ground.model.ids import Instant

PARTS: Final = 12
"""A span is counted in so many parts."""
KEPT: Final = PARTS + 1


def part_length(span: int) -> int:
    """Milliseconds, as `span` is."""
    return max(span // PARTS, 1)


def slide(head: int, counts: list[int], now: Instant, span: int) -> tuple[int, list[int]]:
    """The counts as of now; `head` is the moment at which the first part began.

    A clock that was set back counts on in the same part; one that was set back by more than the span begins anew.
    """
    length = part_length(span)
    begin = now - now % length
    if begin == head:
        return head, counts
    gone = (begin - head) // length
    if gone >= KEPT or gone < -KEPT:
        return begin, [0] * KEPT
    if gone <= 0:
        return head, counts
    return begin, [0] * gone + counts[: KEPT - gone]


def take_back(counts: list[int], amount: int) -> None:
    """So many less, the latest first."""
    for place, count in enumerate(counts):
        less = min(count, amount)
        counts[place] -= less
        amount -= less
        if not amount:
            return
