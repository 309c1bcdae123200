"""One job from its lease to its settlement: the way, the octets, the attempt, the outcome, the notices."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from mailstead.ground.model.address import Address
from mailstead.ground.model.attempt import Attempt, Ending, Health, Result
from mailstead.ground.model.errors import MailError, NotFound
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.route import Route
from mailstead.ground.model.spool import LOCAL, Origin, SpooledLetter, SpooledRecipient, State
from mailstead.net.clock import Clock
from mailstead.net.ids import IdSource
from mailstead.services.dispatch.judging import Judged, judge
from mailstead.services.dispatch.lanes import Job
from mailstead.services.dispatch.local import LocalDelivery
from mailstead.services.dispatch.ports import Carrier, Contents, Gate, Notice, Notices, Routes, Senders, Way
from mailstead.services.dispatch.story import emit_settled, tell_attempt
from mailstead.services.folders.append import put_letter
from mailstead.services.outbound.parcel import Parcel
from mailstead.services.spool.outbox import Bundle
from mailstead.services.spool.spooling import Spooling, put_bundle
from mailstead.store.port import Store, Tx
from mailstead.store.port.spool import Settlement, StoryRow
from mailstead.telemetry import Event, emit

SETTLE_PAUSES: Final = (0.1, 0.5, 2.0, 5.0, 15.0, 30.0, 60.0, 60.0)
"""Seconds."""
CANNOT_READ: Final = "4.3.0"


_Key = tuple[str, str]
"""What a way depends on, within one letter: the recipient's domain, and what was set by hand."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What it tells of the destination."""

    health: Health
    why: str = ""


class Porter:
    """Carries jobs; knows no loop and no lane."""

    def __init__(  # noqa: PLR0913 - every room that has a part in it
        self,
        store: Store,
        clock: Clock,
        ids: IdSource,
        spooling: Spooling,
        *,
        carrier: Carrier,
        contents: Contents,
        routes: Routes,
        notices: Notices,
        local: LocalDelivery,
        gate: Gate,
        senders: Senders,
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._spooling = spooling
        self._carrier = carrier
        self._contents = contents
        self._routes = routes
        self._notices = notices
        self._local = local
        self._gate = gate
        self._senders = senders

    async def carry(self, job: Job, holder: str) -> Carried:
        """Try, and write down what came of it."""
        held = await self._gate.reason_to_hold(job.letter, job.recipients)
        if held:
            await self._hold(job, held, holder)
            return Carried(Health.GOOD)
        try:
            ways = await self._find_ways(job)
        except MailError as error:
            now = self._clock.now()
            attempt = _all_alike(job, now, now, Ending.DEFERRED, CANNOT_READ, str(error))
        else:
            remaining = await self._part(job, ways, holder)
            if remaining is None:
                return Carried(Health.GOOD)
            job = remaining
            attempt = await self._attempt(job, ways[_key(job.recipients[0])].route, holder)
        await self._settle(job, attempt, holder)
        return Carried(attempt.health, attempt.why)

    async def _find_ways(self, job: Job) -> dict[_Key, Way]:
        """As they are now: routes may have changed since it was spooled."""
        if job.destination == LOCAL:
            return {_key(one): Way(Route(), LOCAL) for one in job.recipients}
        kinds = {_key(one): one for one in job.recipients}
        return {key: await self._routes.find(job.letter, one) for key, one in kinds.items()}

    async def _part(self, job: Job, ways: dict[_Key, Way], holder: str) -> Job | None:
        """Who belongs in another lane goes there, and what is heard here speaks of this lane alone; gives the rest."""
        strays = {one.number: ways[_key(one)].lane for one in job.recipients if ways[_key(one)].lane != job.destination}
        if not strays:
            return job
        now = self._clock.now()

        async def unit(tx: Tx) -> None:
            await tx.spool.move(job.letter.id, strays, holder, now=now)

        await self._store.write(unit)
        staying = tuple(one for one in job.recipients if one.number not in strays)
        return replace(job, recipients=staying) if staying else None

    async def _attempt(self, job: Job, route: Route, holder: str) -> Attempt:
        began = self._clock.now()
        if job.letter.expires_at <= began:
            return _all_alike(job, began, began, Ending.FAILED, "4.4.7", "its time was over before it could be tried")
        try:
            if job.destination == LOCAL:
                return await self._local.attempt(job.letter, job.recipients, holder)
            return await self._carrier.attempt(await self._parcel(job, route))
        except NotFound as error:
            ended = self._clock.now()
            return _all_alike(job, began, ended, Ending.FAILED, "5.3.0", f"its octets are gone: {error}")
        except MailError as error:
            return _all_alike(job, began, self._clock.now(), Ending.DEFERRED, CANNOT_READ, str(error))

    async def _parcel(self, job: Job, route: Route) -> Parcel:
        letter, first = job.letter, job.recipients[0]
        return Parcel(
            id=letter.id,
            sender=await self._sender(letter),
            recipients=job.recipients,
            domain=first.address.domain,
            route=route,
            content=await self._contents.open(letter),
            smtputf8=letter.smtputf8,
            needs_smtputf8=letter.smtputf8 and (letter.has_utf8_header or not _is_ascii(letter, job.recipients)),
            ret=letter.ret,
            envid=letter.envid,
            wishes=letter.wishes,
            is_tls_optional=letter.wishes.tls_optional,
        )

    async def _sender(self, letter: SpooledLetter) -> Address | None:
        """What we forward leaves under an address of ours, whose bounces come back here: SPF asks for it."""
        if letter.origin is not Origin.FORWARDED:
            return letter.sender
        return await self._senders.rewrite(letter.sender, letter.domain)

    async def _settle(self, job: Job, attempt: Attempt, holder: str) -> None:
        """One unit: what became of each, the chapter of the story, and the notices that are owed."""
        letter, now = job.letter, self._clock.now()
        terms, chance = self._spooling.terms, random.random()  # noqa: S311 - spreads load
        judged = judge(letter, job.recipients, attempt, terms, now=now, chance=chance)
        notices = await self._notices.write(letter, judged.told)
        chapter = tell_attempt(letter, job.recipients, attempt, self._ids.next())
        written = judged.without_filed() if job.destination == LOCAL else judged
        done, bundles = await self._write(_Settling(letter, written, notices, chapter, holder, now))
        self._spooling.outbox.take(bundles)
        if len(done) < len(written.settlements):
            emit(Event.SPOOL_LEASE_LOST, queue_id=letter.id, count=len(written.settlements) - len(done))
        emit_settled(letter, job.recipients, attempt, judged.settlements, now)

    async def _write(self, settling: "_Settling") -> tuple[list[int], tuple[Bundle, ...]]:
        """What others took is not sent again because our disk was full for a moment: for that the lease is long."""
        for pause in SETTLE_PAUSES:
            try:
                return await self._store.write(settling, patient=True)
            except MailError:
                await asyncio.sleep(pause)
        return await self._store.write(settling)

    async def _hold(self, job: Job, reason: str, holder: str) -> None:
        now = self._clock.now()
        held = [
            Settlement(number=one.number, state=State.HELD, due_at=now, last=one.last, is_try=False, hold_reason=reason)
            for one in job.recipients
        ]

        async def unit(tx: Tx) -> None:
            await tx.spool.settle(job.letter.id, held, holder, now=now)

        await self._store.write(unit)


@dataclass(frozen=True, slots=True)
class _Settling:
    """Runs as a unit."""

    letter: SpooledLetter
    judged: Judged
    notices: tuple[Notice, ...]
    chapter: StoryRow
    holder: str
    now: Instant

    async def __call__(self, tx: Tx) -> tuple[list[int], tuple[Bundle, ...]]:
        """Who lost the lease writes its chapter all the same: it did happen."""
        done = await tx.spool.settle(self.letter.id, self.judged.settlements, self.holder, now=self.now)
        await tx.spool.tell(self.chapter)
        if len(done) < len(self.judged.settlements):
            return done, ()
        return done, tuple([await put_notice(tx, notice) for notice in self.notices])


async def put_notice(tx: Tx, notice: Notice) -> Bundle:
    """In the unit that owes it."""
    return await put_bundle(tx, notice.bundle, await put_letter(tx, notice.letter))


def _key(recipient: SpooledRecipient) -> _Key:
    return recipient.address.domain, recipient.route


def _all_alike(job: Job, began: Instant, ended: Instant, ending: Ending, status: str, why: str) -> Attempt:
    results = tuple(Result(one.number, ending, status, why) for one in job.recipients)
    return Attempt(began_at=began, ended_at=ended, results=results)


def _is_ascii(letter: SpooledLetter, recipients: Sequence[SpooledRecipient]) -> bool:
    return (letter.sender is None or letter.sender.is_ascii) and all(one.address.is_ascii for one in recipients)
