"""What was refused before anything was filed: kept in memory for a second, then written in one unit.

Under attack the buffer is lossy, and what it lost is counted: nobody can make us write a row for each of their tries.
"""

import asyncio
from collections.abc import Mapping
from typing import Final

import msgspec

from mailstead.ground.model.envelope import Client
from mailstead.ground.model.errors import MailError
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.verdict import Defer, Refuse
from mailstead.net.clock import Clock
from mailstead.store.port import Lane, Store, Tx
from mailstead.telemetry import Event, emit

KEPT_MAX: Final = 500
"""A second of refusals in one worker: also the most rows of one unit."""
FLUSH_EVERY: Final = 1.0

Row = tuple[Instant, bytes]


class Refusals:
    """One for a worker."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._rows: list[Row] = []
        self._lost = 0

    def note(
        self,
        verdict: Refuse | Defer,
        client: Client,
        *,
        sender: str,
        recipient: str,
        checks: Mapping[str, object] | None = None,
    ) -> None:
        """Remember one, if there is room; `checks` is what was found out about it."""
        if len(self._rows) >= KEPT_MAX:
            self._lost += 1
            return
        facts: dict[str, object] = {
            "ip": client.ip,
            "helo": client.helo,
            "from": sender or "<>",
            "to": recipient,
            "reason": verdict.reason.value,
            "why": verdict.evidence,
            "final": isinstance(verdict, Refuse),
            "session": client.session,
        }
        if checks:
            facts["checks"] = checks
        self._rows.append((self._clock.now(), msgspec.json.encode(facts)))

    async def flush(self) -> None:
        """Write what is there; a store that cannot take it now loses it."""
        rows, self._rows = self._rows, []
        lost, self._lost = self._lost, 0
        if rows:

            async def unit(tx: Tx) -> None:
                await tx.duties.insert_refusals(rows)

            try:
                await self._store.write(unit, lane=Lane.BULK)
            except MailError:
                lost += len(rows)
        if lost:
            emit(Event.REFUSALS_LOST, count=lost)

    async def keep_flushing(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_EVERY)
            await self.flush()
