"""After an attempt: its outcome is written down, whatever it takes. What others took is not sent again because our disk
was full, or because a notice about it could not be written."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from mailstead.ground.model.attempt import Attempt
from mailstead.ground.model.errors import Busy, MailError, NoSpace
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.spool import HERE, State
from mailstead.net.clock import Clock
from mailstead.net.ids import IdSource
from mailstead.services.dispatch.judging import Judged, judge
from mailstead.services.dispatch.lanes import Job
from mailstead.services.dispatch.ports import Notice, Notices, Observer, Tell
from mailstead.services.dispatch.story import emit_settled, tell_attempt
from mailstead.services.folders.append import put_letter
from mailstead.services.spool.outbox import Bundle
from mailstead.services.spool.spooling import Spooling, put_bundle
from mailstead.store.port import Store, Tx
from mailstead.store.port.spool import Settlement, StoryRow
from mailstead.telemetry import Event, emit, incident

PAUSE: Final = 0.2
"""Seconds between two tries of all outcomes of this worker that could not be written at once."""
FAULTS_MAX: Final = 3
"""Tries that failed for reasons nobody expected: then the outcome is written alone."""
UNTOLD: Final = "{said}; its sender is not told yet, since the notice could not be written: incident {name}"


class _LeaseLost(MailError):  # noqa: N818 - as in `ground.model.errors`
    """The unit is taken back: `kept` are those that were still ours."""

    def __init__(self, kept: frozenset[int]) -> None:
        super().__init__("others hold some of these recipients")
        self.kept = kept


class Settler:
    """One for a worker."""

    def __init__(
        self, store: Store, clock: Clock, ids: IdSource, spooling: Spooling, notices: Notices, observer: Observer
    ) -> None:
        self._observer = observer
        self._store = store
        self._clock = clock
        self._ids = ids
        self._spooling = spooling
        self._notices = notices
        self._turn = asyncio.Lock()

    async def settle(self, job: Job, attempt: Attempt, holder: str) -> None:
        """Until it is written: the lease is renewed meanwhile, and runs out only if we die."""
        name, faults = "", 0
        while True:
            try:
                await self._write(job, attempt, holder)
            except (Busy, NoSpace):
                pass
            except Exception as error:  # noqa: BLE001 - a failing disk, or a fault in words about a letter that has left
                name = name or incident(error, subsystem="dispatch")
                faults += 1
                if faults >= FAULTS_MAX and await self._write_alone(job, attempt, holder, name):
                    return
            else:
                return
            # One try at a time, whoever waits longest: once there is room again, all are written at once.
            async with self._turn:
                await asyncio.sleep(PAUSE)

    async def _write(self, job: Job, attempt: Attempt, holder: str) -> None:
        """One unit: what became of each, the chapter of the story, and the notices that are owed."""
        letter = job.letter
        chapter = tell_attempt(letter, job.recipients, attempt, self._ids.next())
        while True:
            now = self._clock.now()
            judged = self._judge(job, attempt, now)
            written = judged.without_filed() if job.destination in HERE else judged
            notices = await self._notices.write(letter, judged.told)
            settling = _Settling(job, attempt, written, notices, chapter, self._observer, holder, now)
            try:
                # Not patient: a letter that has left and is not yet settled is one that a crash sends twice.
                bundles, tells = await self._store.write(settling)
            except _LeaseLost as lost:
                emit(Event.SPOOL_LEASE_LOST, queue_id=letter.id, count=len(written.settlements) - len(lost.kept))
                gone = {one.number for one in written.settlements} - lost.kept
                attempt = replace(attempt, results=tuple(one for one in attempt.results if one.number not in gone))
                continue
            self._spooling.outbox.take(bundles)
            for tell in (*tells, *(notice.tell for notice in notices)):
                tell()
            emit_settled(letter, job.recipients, attempt, judged.settlements, now)
            return

    def _judge(self, job: Job, attempt: Attempt, now: Instant) -> Judged:
        chance = random.random()  # noqa: S311 - spreads load
        return judge(job.letter, job.recipients, attempt, self._spooling.terms, now=now, chance=chance)

    async def _write_alone(self, job: Job, attempt: Attempt, holder: str, name: str) -> bool:
        """Without a chapter and notices. Whoever failed is held for a person: its sender must not go untold."""
        now = self._clock.now()
        settlements = [_held_if_failed(one, name) for one in self._judge(job, attempt, now).settlements]

        async def unit(tx: Tx) -> None:
            await tx.spool.settle(job.letter.id, settlements, holder, now=now)

        try:
            await self._store.write(unit)
        except Exception:  # noqa: BLE001 - it is the store then: go on trying
            return False
        return True


def _held_if_failed(one: Settlement, name: str) -> Settlement:
    if one.state is not State.FAILED:
        return one
    said = one.last.diagnostic if one.last else ""
    return replace(one, state=State.HELD, hold_reason=UNTOLD.format(said=said, name=name))


@dataclass(frozen=True, slots=True)
class _Settling:
    """Runs as a unit."""

    job: Job
    attempt: Attempt
    judged: Judged
    notices: tuple[Notice, ...]
    chapter: StoryRow
    observer: Observer
    holder: str
    now: Instant

    async def __call__(self, tx: Tx) -> tuple[tuple[Bundle, ...], Sequence[Tell]]:
        """All of them or none: the notices speak of all. Who lost every lease writes its chapter: it did happen."""
        letter = self.job.letter
        done = await tx.spool.settle(letter.id, self.judged.settlements, self.holder, now=self.now)
        if len(done) < len(self.judged.settlements):
            raise _LeaseLost(frozenset(done))
        await tx.spool.tell(self.chapter)
        results = {result.number: result for result in self.attempt.results}
        seen = [(one, results[one.number]) for one in self.job.recipients if one.number in results]
        tells = await self.observer.within(tx, letter, seen, self.now)
        return tuple([await put_notice(tx, notice) for notice in self.notices]), tells


async def put_notice(tx: Tx, notice: Notice) -> Bundle:
    """In the unit that owes it."""
    return await put_bundle(tx, notice.bundle, await put_letter(tx, notice.letter))
