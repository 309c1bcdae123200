"""Kept letters end after the days that their domain gives them."""

import asyncio
from typing import Final

from mailstead.ground.model.ids import Instant
from mailstead.net.clock import Clock
from mailstead.services.policy.policies import Policies
from mailstead.store.port import Lane, Store, Tx
from mailstead.telemetry import Event, emit

DAY: Final = 86_400_000
STEP: Final = 500
PAUSE: Final = 0.01


class Expiring:
    """A duty. A change of the policy holds for what is kept already."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._policies = Policies(store)

    async def run(self) -> None:
        """Domain by domain."""
        view = await self._policies.look()
        for domain in await self._store.read(lambda tx: tx.quarantine.list_keepers()):
            days = (await view.of(domain)).quarantine.days
            count = await self._expire(domain, Instant(self._clock.now() - days * DAY))
            if count:
                emit(Event.QUARANTINE_LETTERS_EXPIRED, domain=domain, count=count)

    async def _expire(self, domain: str, before: Instant) -> int:
        now = self._clock.now()

        async def unit(tx: Tx) -> int:
            return len(await tx.quarantine.expire_kept(domain, before, now, STEP))

        total = 0
        while True:
            gone = await self._store.write(unit, lane=Lane.BULK)
            if not gone:
                return total
            total += gone
            await asyncio.sleep(PAUSE)
