"""Lets go of what reports no longer need."""

import asyncio
from datetime import timedelta
from typing import Final

from mailstead.ground.model.ids import Instant
from mailstead.net.clock import Clock
from mailstead.net.ids import first_of
from mailstead.services.reports.days import day_of
from mailstead.store.port import Lane, Store, Tx
from mailstead.store.port.reports import DAY_MS

COUNTS_KEPT: Final = 14
"""Days."""
SENT_KEPT: Final = 90
STEP: Final = 500
PAUSE: Final = 0.01


class Forgetting:
    """A leased duty. `kept`: how long reports of others are."""

    def __init__(self, store: Store, clock: Clock, kept: timedelta) -> None:
        self._store = store
        self._clock = clock
        self._kept_ms = round(kept.total_seconds() * 1000)

    async def run(self) -> None:
        """In steps; others come between."""
        now = self._clock.now()

        async def unit(tx: Tx) -> int:
            return await tx.reports.forget_reports(
                counted_before=day_of(now) - COUNTS_KEPT,
                sent_before=day_of(now) - SENT_KEPT,
                received_before=Instant(now - self._kept_ms),
                strays_before=first_of(Instant(now - DAY_MS)),
                limit=STEP,
            )

        while True:
            if not await self._store.write(unit, lane=Lane.BULK):
                return
            await asyncio.sleep(PAUSE)
