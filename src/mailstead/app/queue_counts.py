"""The gauge of the queue: a fact of the store and not of a process, so it is counted where it is asked for."""

import asyncio
from typing import Final

from mailstead.ground.model.errors import MailError
from mailstead.net.clock import Clock
from mailstead.services.spool.hand import Hand
from mailstead.services.spool.looking import Stats
from mailstead.telemetry import incident
from mailstead.telemetry.metrics import Gauge, Labels, Snapshot

EVERY: Final = 15.0
"""Seconds."""


class QueueCounts:
    """Counted at most every 15 seconds, and then beside the answer, which has the numbers of before."""

    def __init__(self, hand: Hand, clock: Clock) -> None:
        self._hand = hand
        self._clock = clock
        self._stats: Stats | None = None
        self._counting: asyncio.Task[None] | None = None
        self._counted_at = 0.0

    async def add_to(self, snapshot: Snapshot) -> Snapshot:
        """The same with the gauge; without it until a first count succeeds."""
        is_old = self._stats is None or self._clock.monotonic() - self._counted_at >= EVERY
        if is_old and (self._counting is None or self._counting.done()):
            self._counting = asyncio.create_task(self._count())
        if self._stats is None and self._counting is not None:
            await asyncio.shield(self._counting)
        if self._stats is None:
            return snapshot
        series: list[tuple[Labels, list[float]]] = [
            ((state.value,), [float(tally.letters)]) for state, tally in self._stats.queues.items()
        ]
        return snapshot | {Gauge.QUEUE_SIZE.title: series}

    async def _count(self) -> None:
        try:
            self._stats = await self._hand.stats()
        except MailError:
            return  # a busy store: the next look counts
        except Exception as error:  # noqa: BLE001 - the other numbers are shown all the same
            incident(error, subsystem="queue counts")
        self._counted_at = self._clock.monotonic()

    def close(self) -> None:
        """Count no more."""
        if self._counting is not None:
            self._counting.cancel()
