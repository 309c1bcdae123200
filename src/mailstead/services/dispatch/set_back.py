"""A clock that was set back: leases, pauses and schedules written before it lie as far ahead as it was wrong.

Without help all that waits would wait for that long more, were it years. What reaches beyond the longest lease, pause
or schedule there is was written under another clock, and is brought to that: nobody is late by more than that.
Letters live longer by as much as the clock was wrong; wishes for a later release stay moments of the wall clock.
"""

import asyncio
from typing import Final

from mailstead.ground.model.ids import Instant
from mailstead.net.clock import Clock
from mailstead.services.dispatch.caution import JUMP, measure
from mailstead.services.dispatch.judging import PAUSE_LONGEST
from mailstead.services.spool.terms import Terms
from mailstead.store.port import Lane, Store, Tx
from mailstead.store.port.spool import Horizon

AT_ONCE: Final = 500
PAUSE: Final = 0.01
SKEW: Final = 60_000
"""Milliseconds by which the clocks of two nodes may differ."""


class SetBack:
    """A duty. It looks at the lanes when the clock went back, and once after a start: it may have been before."""

    def __init__(self, store: Store, clock: Clock, terms: Terms, lease: int) -> None:
        self._store = store
        self._clock = clock
        self._terms = terms
        self._lease = lease
        self._highest: float | None = None  # offset of the clocks since we last looked

    async def run(self) -> None:
        """Nearly always nothing."""
        offset = measure(self._clock)
        if self._highest is not None and self._highest - offset <= JUMP:
            self._highest = max(self._highest, offset)
            return
        await self._walk()
        self._highest = offset

    async def _walk(self) -> None:
        """Lane by lane, in small units; others come between."""
        after = ""
        while (step := await self._store.write(_Step(after, self._horizon()), lane=Lane.BULK)) is not None:
            lane, count = step
            if count < AT_ONCE:
                after = lane
            await asyncio.sleep(PAUSE if count else 0)

    def _horizon(self) -> Horizon:
        now = self._clock.now()
        return Horizon(
            now=Instant(now + SKEW),
            lease=Instant(now + self._lease + SKEW),
            deferred=Instant(now + self._terms.schedule.longest + SKEW),
            pause=Instant(now + PAUSE_LONGEST + SKEW),
        )


class _Step:
    """Runs as a unit."""

    def __init__(self, after: str, horizon: Horizon) -> None:
        self._after = after
        self._horizon = horizon

    async def __call__(self, tx: Tx) -> tuple[str, int] | None:
        return await tx.spool.draw_near(self._after, self._horizon, AT_ONCE)
