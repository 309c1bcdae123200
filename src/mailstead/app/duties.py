"""Single duties: work that one worker of all does at a time, under a lease. They take small steps and never hurry."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from mailstead.ground.model.errors import MailError
from mailstead.ground.model.ids import BlobId, Instant
from mailstead.net.clock import Clock
from mailstead.store.port import Lane, Store, Tx
from mailstead.telemetry import incident

DAY_MS: Final = 86_400_000
BLOBS_KEPT: Final = 7 * DAY_MS
"""A blob goes a week after its last use, so that a copy of the database and a later copy of the files fit."""
CHANGES_KEPT: Final = 30 * DAY_MS
LEASE_MS: Final = 30_000
STEP: Final = 500
BLOBS_A_STEP: Final = 100
PAUSE: Final = 0.01


class Keeper(Protocol):
    """What only the engine at hand can do."""

    async def checkpoint(self) -> None: ...
    def discard(self, blob: BlobId) -> None: ...
    async def sweep(self, now: Instant) -> int: ...


@dataclass(frozen=True, slots=True)
class Duty:
    """One kind of work: what it does when its time has come. `run` may take long, in steps."""

    name: str
    every: float  # seconds
    run: Callable[[], Awaitable[None]]


class Duties:
    """Runs in every worker; whoever holds a duty's lease does it."""

    def __init__(self, store: Store, keeper: Keeper, clock: Clock, holder: str, further: Sequence["Duty"] = ()) -> None:
        self._further = tuple(further)
        self._store = store
        self._keeper = keeper
        self._clock = clock
        self._holder = holder
        self._tasks: list[asyncio.Task[None]] = []
        self._answers: dict[str, tuple[bool, float]] = {}  # by duty: is it ours, and until when nobody need ask

    def start(self) -> None:
        """Begin."""
        duties = (
            Duty("checkpoint", 1.0, self._keeper.checkpoint),
            Duty("exhume", 5.0, self._exhume),
            Duty("forget", 3600.0, self._forget),
            Duty("reap", 3600.0, self._reap),
            *self._further,
        )
        self._tasks = [asyncio.create_task(self._keep(duty)) for duty in duties]

    async def stop(self) -> None:
        """End, and leave the leases to others."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _keep(self, duty: Duty) -> None:
        while True:
            await asyncio.sleep(duty.every)
            try:
                if await self._claim(duty):
                    await duty.run()
            except MailError:
                continue  # a busy or full store: the next turn tries again
            except Exception as error:  # noqa: BLE001 - one duty's fault must not end the others
                incident(error, subsystem=f"duty {duty.name}")

    async def _claim(self, duty: Duty) -> bool:
        """Ours or another's: either way an answer holds for a third of the lease, so an idle server writes seldom."""
        is_ours, good_until = self._answers.get(duty.name, (False, 0.0))
        if self._clock.monotonic() < good_until:
            return is_ours
        now = self._clock.now()
        until = Instant(now + LEASE_MS + int(duty.every * 1000))

        async def unit(tx: Tx) -> bool:
            return await tx.duties.claim(duty.name, self._holder, now=now, until=until)

        is_ours = await self._store.write(unit, lane=Lane.BULK)
        self._answers[duty.name] = is_ours, self._clock.monotonic() + LEASE_MS / 3000
        return is_ours

    async def _steps(self, step: Callable[[Tx], Awaitable[int]]) -> None:
        """Until a step has nothing left to do; others come between."""

        async def unit(tx: Tx) -> int:
            return await step(tx)

        while True:
            if not await self._store.write(unit, lane=Lane.BULK):
                return
            await asyncio.sleep(PAUSE)

    async def _exhume(self) -> None:
        """Remove the mail of deleted folders and accounts."""
        now = self._clock.now()
        await self._steps(lambda tx: tx.duties.exhume(now=now, limit=STEP))

    async def _forget(self) -> None:
        """Events that no client will ask for any longer."""
        changes = Instant(self._clock.now() - CHANGES_KEPT)
        await self._steps(lambda tx: tx.duties.forget_changes(before=changes, limit=STEP))

    async def _reap(self) -> None:
        """Rows of unused blobs first, then their files, then files that no row ever named."""
        before = Instant(self._clock.now() - BLOBS_KEPT)

        async def unit(tx: Tx) -> tuple[int, list[BlobId]]:
            reaped = await tx.duties.reap_blobs(unused_since=before, limit=BLOBS_A_STEP)
            return reaped.count, reaped.files

        while True:
            count, files = await self._store.write(unit, lane=Lane.BULK)
            for blob in files:
                self._keeper.discard(blob)
            if not count:
                break
            await asyncio.sleep(PAUSE)
        await self._keeper.sweep(self._clock.now())
