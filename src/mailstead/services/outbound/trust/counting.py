"""TLS sessions counted for reports (RFC 8460): in memory for a moment, then added up in the store."""

import asyncio
from dataclasses import replace
from typing import Final

from mailstead.ground.model.errors import MailError
from mailstead.ground.model.ids import Instant
from mailstead.store.port import Lane, Store, Tx
from mailstead.store.port.trust import DAY_MS, TlsCount
from mailstead.telemetry import Event, emit

WAITING_MAX: Final = 10_000
ROWS_MAX: Final = 500
FLUSH_SECONDS: Final = 5.0
DAYS_KEPT: Final = 14


class TlsCounts:
    """Of one worker. What is past the bound is lost, and that is counted."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: dict[TlsCount, TlsCount] = {}  # by all but the words and the number
        self._lost = 0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Write from time to time."""
        self._task = asyncio.create_task(self._keep_writing())

    async def stop(self) -> None:
        """Write what is left."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.flush()

    def note(self, count: TlsCount) -> None:
        """Sessions of that kind; of their words those of the first are kept."""
        key = replace(count, detail="", sessions=0)
        waiting = self._waiting.get(key)
        if waiting is not None:
            self._waiting[key] = replace(waiting, sessions=waiting.sessions + count.sessions)
        elif len(self._waiting) < WAITING_MAX:
            self._waiting[key] = count
        else:
            self._lost += count.sessions

    async def flush(self) -> None:
        """Write what waits; what a busy store does not take waits on."""
        if self._lost:
            emit(Event.TLS_RESULTS_LOST, count=self._lost)
            self._lost = 0
        while self._waiting:
            some = [self._waiting.pop(key) for key in list(self._waiting)[:ROWS_MAX]]

            async def add(tx: Tx, some: list[TlsCount] = some) -> None:
                await tx.trust.add_tls_results(some)

            try:
                await self._store.write(add, lane=Lane.BULK)
            except MailError:
                for count in some:
                    self.note(count)
                return

    async def forget(self, now: Instant) -> None:
        """Drop some of what is of days that every report has long told of."""
        before = now // DAY_MS - DAYS_KEPT
        await self._store.write(
            lambda tx: tx.trust.forget_tls_results(before_day=before, limit=ROWS_MAX), lane=Lane.BULK
        )

    async def _keep_writing(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self.flush()
