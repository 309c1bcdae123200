"""Records of traffic end: after the configuration's time, sooner where a domain wants it, and past a number."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from mailstead.ground.model.ids import Instant, MessageId
from mailstead.net.clock import Clock
from mailstead.net.ids import first_of
from mailstead.services.policy.policies import Policies
from mailstead.store.port import Lane, Store, Tx

DAY: Final = 86_400_000
STEP: Final = 500
PAUSE: Final = 0.01


class Forgetting:
    """A duty. `keep_ms`: the longest time for all; `most`: refusals that are kept at all."""

    def __init__(self, store: Store, clock: Clock, *, keep_ms: int, most: int) -> None:
        self._store = store
        self._clock = clock
        self._policies = Policies(store)
        self._keep_ms = keep_ms
        self._most = most

    async def run(self) -> None:
        """Until nothing is too old."""
        now = self._clock.now()
        before = Instant(now - self._keep_ms)
        await self._steps(lambda tx: tx.duties.forget_traces(before=before, limit=STEP))
        await self._steps(lambda tx: tx.trails.forget_surplus(self._most, STEP))
        view = await self._policies.look()
        for row in await self._store.read(lambda tx: tx.directory.list_domains()):
            keep = (await view.of(row.name)).trace.days * DAY
            if keep < self._keep_ms:
                await self._forget_of(row.name, Instant(now - keep))

    async def _forget_of(self, domain: str, before: Instant) -> None:
        below = MessageId(first_of(before))
        await self._steps(lambda tx: tx.trails.forget_traces_of(domain, before, below, STEP))
        await self._steps(lambda tx: tx.trails.forget_refusals_of(domain, before, STEP))

    async def _steps(self, step: Callable[[Tx], Awaitable[int]]) -> None:
        """Others come between."""

        async def unit(tx: Tx) -> int:
            return await step(tx)

        while True:
            if not await self._store.write(unit, lane=Lane.BULK):
                return
            await asyncio.sleep(PAUSE)
