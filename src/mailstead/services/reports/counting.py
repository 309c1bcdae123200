"""Letters counted for DMARC reports (RFC 9990): in memory for a moment, then added up in the store."""

import asyncio
from dataclasses import replace
from typing import Final

from mailstead.ground.model.errors import MailError
from mailstead.net.clock import Clock
from mailstead.services.checks.evidence import Evidence
from mailstead.services.checks.judging import Judgement
from mailstead.services.reports.describing import describe
from mailstead.store.port import Lane, Store, Tx
from mailstead.store.port.reports import DAY_MS, DmarcCount, DmarcPolicy
from mailstead.telemetry import Event, emit

WAITING_MAX: Final = 10_000
ROWS_MAX: Final = 250
"""Of either kind in one unit."""
FLUSH_EVERY: Final = 5.0


class DmarcCounts:
    """Of one worker. What is past the bound is lost, and that is counted."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._waiting: dict[DmarcCount, int] = {}
        self._policies: dict[tuple[int, str], DmarcPolicy] = {}
        self._lost = 0

    def note(self, evidence: Evidence, ip: str, receiver: str, judgement: Judgement) -> None:
        """One letter to a domain of ours that tells others of what it gets."""
        day = self._clock.now() // DAY_MS
        for one in describe(evidence, ip, receiver, judgement):
            domain = one.published.domain
            self._add(DmarcCount(day, receiver, domain, one.record), 1)
            if (day, domain) in self._policies or len(self._policies) < WAITING_MAX:
                self._policies[day, domain] = DmarcPolicy(day, one.published, one.addresses)

    def _add(self, key: DmarcCount, letters: int) -> None:
        if key in self._waiting or len(self._waiting) < WAITING_MAX:
            self._waiting[key] = self._waiting.get(key, 0) + letters
        else:
            self._lost += letters

    async def flush(self) -> None:
        """Write what waits; what a busy store does not take waits on."""
        if self._lost:
            emit(Event.REPORT_FACTS_LOST, count=self._lost)
            self._lost = 0
        while self._waiting:
            counts = [replace(key, letters=self._waiting.pop(key)) for key in list(self._waiting)[:ROWS_MAX]]
            needed = {(one.day, one.domain) for one in counts}
            policies = [self._policies[key] for key in needed if key in self._policies]

            async def add(tx: Tx, policies: list[DmarcPolicy] = policies, counts: list[DmarcCount] = counts) -> None:
                await tx.reports.add_dmarc_counts(policies, counts)

            try:
                await self._store.write(add, lane=Lane.BULK)
            except MailError:
                for count in counts:
                    self._add(replace(count, letters=1), count.letters)
                return
        self._policies.clear()

    async def keep_flushing(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_EVERY)
            await self.flush()
