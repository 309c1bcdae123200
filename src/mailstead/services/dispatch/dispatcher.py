"""The loop: what is due is claimed, carried and settled; what is spooled here is carried at once.

One runs in every worker. What it holds is leased in the store, and leases are renewed: if it dies, others carry on.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from mailstead.ground.model.attempt import Health
from mailstead.ground.model.errors import Busy, MailError, NoSpace
from mailstead.ground.model.ids import Instant, SpoolId
from mailstead.ground.model.spool import SpooledLetter, SpooledRecipient
from mailstead.net.clock import Clock
from mailstead.services.dispatch.caution import Caution
from mailstead.services.dispatch.judging import PAUSE_LONGEST, lane_pause
from mailstead.services.dispatch.lanes import Job, Lanes
from mailstead.services.dispatch.porter import Carried, Porter
from mailstead.services.spool.outbox import Bundle
from mailstead.store.port import Lane as UnitLane
from mailstead.store.port import ReadTx, Store, Tx, Unit
from mailstead.store.port.spool import Lane, Settlement
from mailstead.telemetry import Event, emit, incident

LEASE_MS: Final = 300_000
RENEWALS: Final = 5
"""Tries to renew within one lease."""
LOOK_EVERY: Final = 1.0
LANES_AT_ONCE: Final = 50
CLAIM_AT_ONCE: Final = 100
RENEWED_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Of one worker."""

    hands: int = 200  # jobs carried at once
    hands_each: int = 20  # of one destination
    recipients: int = 100  # of one job
    lease: int = LEASE_MS  # a worker that is silent for so long is taken for dead


class Dispatcher:
    """The outbox of a worker and its loop."""

    def __init__(self, store: Store, clock: Clock, porter: Porter, holder: str, limits: Limits) -> None:
        self._store = store
        self._clock = clock
        self._porter = porter
        self._holder = holder
        self._limits = limits
        self._lanes = Lanes(hands=limits.hands, hands_each=limits.hands_each)
        self._hands: set[asyncio.Task[None]] = set()
        self._looking: asyncio.Task[None] | None = None
        self._renewing: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._resting: dict[str, Instant] = {}  # destinations that are paused, as far as this worker knows
        self._failures: dict[str, int] = {}  # in a row, of destinations that are held here and were dead before
        self._long: set[str] = set()  # lanes that had more than one claim takes
        self._caution = Caution(clock)
        self._is_stopping = False

    # as the outbox

    def lease(self, destination: str, now: Instant) -> tuple[str, Instant] | None:
        """Whoever has room in memory takes it along."""
        if self._is_stopping or self._resting.get(destination, 0) > now or not self._lanes.has_room(destination):
            return None
        return self._holder, Instant(now + self._limits.lease)

    def take(self, bundles: Sequence[Bundle]) -> None:
        """What is leased to us is carried; the rest is seen when somebody looks."""
        for bundle in bundles:
            self._add(bundle.letter, [one for one in bundle.recipients if one.lease == self._holder])
        self._use_hands()

    # the loop

    def start(self) -> None:
        """Begin to look."""
        self._looking = asyncio.create_task(self._keep_looking())
        self._renewing = asyncio.create_task(self._keep_renewing())

    def wake(self) -> None:
        """Look now: something was told to go."""
        self._resting.clear()
        self._wake.set()

    async def stop(self, grace: float) -> None:
        """Take nothing more, let those being carried end, and give the rest back."""
        self._is_stopping = True
        await _end(self._looking)
        await self._give_back(self._lanes.clear_all())
        if self._hands:  # their leases are renewed to the last
            _, late = await asyncio.wait(self._hands, timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await _end(self._renewing)
        await self._give_back(self._lanes.clear_all())  # spooled meanwhile

    async def _keep_looking(self) -> None:
        while True:
            try:
                again = await self._look()
            except Exception as error:  # noqa: BLE001 - one fault must not end the loop
                if not isinstance(error, MailError):
                    incident(error, subsystem="dispatch")
                self._caution.doubt()
                again = False
            if again:
                await asyncio.sleep(0)
                continue
            try:
                async with asyncio.timeout(LOOK_EVERY):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()

    async def _look(self) -> bool:
        """Claim some of what is due; True if there may be more right now."""
        if self._caution.has_jumped():
            self._caution.rest()
            await self._renew()
        if self._caution.rests:
            return False
        if self._caution.doubts:
            await self._store.write(self._probing(), lane=UnitLane.BULK)
            self._caution.trust()
            return False
        now = self._clock.now()
        self._forget_rested(now)
        # Of a lane that nobody was reached in, one goes ahead: the others need not wait for the same timeout.
        but = {*self._lanes.full(), *self._failures}

        async def due(tx: ReadTx) -> list[Lane]:
            return await tx.spool.due_lanes(now, but=sorted(but), limit=LANES_AT_ONCE)

        lanes = await self._store.read(due)
        found = 0
        for lane in lanes:
            if self._is_stopping or not self._lanes.has_room(lane.destination):
                break
            if lane.failures:
                self._failures[lane.destination] = lane.failures
            found += await self._claim(lane.destination, 1 if lane.failures else CLAIM_AT_ONCE)
        return found > 0

    def _forget_rested(self, now: Instant) -> None:
        """Of lanes that are not held here the store knows best."""
        last = now + PAUSE_LONGEST  # later ones are of a clock that was set back
        self._resting = {name: until for name, until in self._resting.items() if now < until <= last}
        self._failures = {name: count for name, count in self._failures.items() if self._lanes.has(name)}

    def _probing(self) -> Unit[None]:
        """A write that needs the disk and changes nothing."""
        now = self._clock.now()

        async def unit(tx: Tx) -> None:
            await tx.duties.claim(f"probe {self._holder}", self._holder, now=now, until=now)
            await tx.duties.give_back(f"probe {self._holder}", self._holder)

        return unit

    async def _claim(self, destination: str, limit: int) -> int:
        now = self._clock.now()
        until = Instant(now + self._limits.lease)

        async def unit(tx: Tx) -> list[tuple[SpooledLetter, list[SpooledRecipient]]]:
            return await tx.spool.claim(destination, self._holder, now=now, until=until, limit=limit)

        claimed = await self._store.write(unit, lane=UnitLane.BULK)
        for letter, recipients in claimed:
            self._add(letter, recipients)
        count = sum(len(recipients) for _, recipients in claimed)
        if count == limit:
            self._long.add(destination)
        self._use_hands()
        return count

    def _add(self, letter: SpooledLetter, recipients: Sequence[SpooledRecipient]) -> None:
        by_destination: dict[str, list[SpooledRecipient]] = {}
        for one in recipients:
            if self._lanes.holds(letter.id, one.number):
                continue  # its lease ran out under our hands, and came back to us: it is being carried
            by_destination.setdefault(one.destination, []).append(one)
        for mine in by_destination.values():
            waiting = iter(mine)
            while part := tuple(islice(waiting, self._limits.recipients)):
                self._lanes.add(Job(letter, part))

    def _use_hands(self) -> None:
        while not self._is_stopping and (job := self._lanes.next()) is not None:
            task = asyncio.create_task(self._carry(job))
            self._hands.add(task)
            task.add_done_callback(self._hands.discard)

    async def _carry(self, job: Job) -> None:
        try:
            carried = await self._porter.carry(job, self._holder)
            await self._heed(job.destination, carried)
        except (Busy, NoSpace):
            pass  # nothing was tried: the lease runs out, and somebody tries again
        except Exception as error:  # noqa: BLE001 - the lease runs out, and somebody tries again
            incident(error, subsystem="dispatch")
        finally:
            self._lanes.done(job)
            self._use_hands()
            if job.destination in self._long and self._lanes.is_low(job.destination):
                self._long.discard(job.destination)
                self._wake.set()

    # health of destinations

    async def _heed(self, destination: str, carried: Carried) -> None:
        failures = self._failures.get(destination, 0)
        if carried.health is Health.DEAD:
            await self._pause(destination, failures + 1, carried.why)
        elif failures and carried.health is Health.GOOD:
            self._failures.pop(destination, None)
            self._resting.pop(destination, None)
            await self._write_pause(destination, Instant(0), "", 0)
            self._wake.set()

    async def _pause(self, destination: str, failures: int, why: str) -> None:
        """Nobody else runs into the same wall: those who wait here are given back untried."""
        if self._resting.get(destination, 0) > self._clock.now():
            return  # others of the same moment have told
        pause = lane_pause(Health.DEAD, failures, random.random())  # noqa: S311 - spreads load
        until = Instant(self._clock.now() + pause)
        self._failures[destination] = failures
        self._resting[destination] = until
        await self._write_pause(destination, until, why, failures)
        await self._give_back(self._lanes.clear(destination))
        emit(Event.SPOOL_LANE_PAUSED, domain=destination, detail=why, attempts=failures, pause=pause / 1000)

    async def _write_pause(self, destination: str, until: Instant, why: str, failures: int) -> None:
        async def unit(tx: Tx) -> None:
            await tx.spool.pause(destination, until=until, reason=why, failures=failures)

        await self._store.write(unit, lane=UnitLane.BULK)

    # leases

    async def _give_back(self, jobs: Sequence[Job]) -> None:
        """As if we had never had them."""
        for job in jobs:
            try:
                await self._store.write(self._returning(job), lane=UnitLane.BULK)
            except Exception as error:  # noqa: BLE001 - their leases run out by themselves
                if not isinstance(error, MailError):
                    incident(error, subsystem="dispatch")
                return

    def _returning(self, job: Job) -> Unit[None]:
        now = self._clock.now()
        back = [
            Settlement(number=one.number, state=one.state, due_at=now, last=None, is_try=False)
            for one in job.recipients
        ]

        async def unit(tx: Tx) -> None:
            await tx.spool.settle(job.letter.id, back, self._holder, now=now)

        return unit

    async def _keep_renewing(self) -> None:
        while True:
            await asyncio.sleep(self._limits.lease / RENEWALS / 1000)
            try:
                await self._renew()
            except MailError:
                continue  # there are more tries before they run out
            except Exception as error:  # noqa: BLE001 - without renewals others would send what we are sending
                incident(error, subsystem="dispatch")

    async def _renew(self) -> None:
        held = iter(list(self._lanes.leases()))
        while part := list(islice(held, RENEWED_AT_ONCE)):
            await self._store.write(self._renewal(part), lane=UnitLane.BULK)

    def _renewal(self, held: Sequence[tuple[SpoolId, int]]) -> Unit[None]:
        until = Instant(self._clock.now() + self._limits.lease)

        async def unit(tx: Tx) -> None:
            await tx.spool.renew(held, self._holder, until=until)

        return unit


async def _end(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
