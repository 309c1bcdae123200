"""When nothing is claimed, though it is due: leases of others may look as if they ran out while their holders live.

Leases are moments of the wall clock. Set forward, or after the machine slept, all of them are over at once; and while
the disk is full nobody can renew. Both times everybody renews first, and claims only after a while: what is claimed too
early is sent twice.
"""

from typing import Final

from mailstead.net.clock import Clock

JUMP: Final = 10.0
"""Seconds by which the wall clock may part from the monotonic one."""
REST: Final = 10.0
"""Seconds: enough for all workers to see it and to renew."""


class Caution:
    """Of one worker."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset = measure(clock)
        self._rests_until = 0.0
        self.doubts = False
        """Whether the last write failed."""

    def has_jumped(self) -> bool:
        """Whether the clock was set forward since the last look. Set back, leases only last longer: see `SetBack`."""
        before, self._offset = self._offset, measure(self._clock)
        return self._offset - before > JUMP

    def rest(self) -> None:
        """From now."""
        self._rests_until = self._clock.monotonic() + REST

    def doubt(self) -> None:
        """A write failed: rest, and after one that succeeds rest again, so that outcomes are written before claims."""
        self.doubts = True
        self.rest()

    def trust(self) -> None:
        """A write succeeded."""
        self.doubts = False
        self.rest()

    @property
    def rests(self) -> bool:
        """Whether to wait."""
        return self._clock.monotonic() < self._rests_until


def measure(clock: Clock) -> float:
    """How far the wall clock is ahead of the monotonic one, in seconds: it changes only when somebody sets a clock."""
    return clock.now() / 1000 - clock.monotonic()
