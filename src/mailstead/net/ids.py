"""Ids made outside the store: 63 bits that rise with time, without asking anyone.

41 bits of milliseconds since 2020, 10 of writer number (each opening of a store takes the next one), 12 of counter.
A clock that goes back is held until it has caught up.
"""

from typing import Final

from mailstead.ground.model.ids import Instant
from mailstead.net.clock import Clock

EPOCH_MS: Final = 1_577_836_800_000


def moment_of(number: int) -> Instant:
    """When an id was made, or a little earlier: the clock may have been held."""
    return Instant((number >> 22) + EPOCH_MS)


def first_of(at: Instant) -> int:
    """No id that was made before that moment is greater."""
    return max(at - EPOCH_MS, 0) << 22


class IdSource:
    """Gives ids for messages, blobs, sessions and spool entries."""

    def __init__(self, clock: Clock, writer: int) -> None:
        self._clock = clock
        self._writer = (writer & 0x3FF) << 12
        self._tick = 0
        self._count = 0

    def next(self) -> int:
        """A new id, greater than all before it from this source."""
        tick = max(self._clock.now() - EPOCH_MS, self._tick)
        if tick > self._tick:
            self._tick, self._count = tick, 0
        else:
            self._count += 1
            if self._count > 0xFFF:
                self._tick, self._count = tick + 1, 0
        return self._tick << 22 | self._writer | self._count
