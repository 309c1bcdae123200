"""One job from its lease to its settlement: the way, the octets, the attempt, the outcome, the notices."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from mailstead.ground.model.address import Address
from mailstead.ground.model.attempt import Attempt, Ending, Health, Result
from mailstead.ground.model.errors import MailError, NotFound
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.route import Route
from mailstead.ground.model.spool import HERE, JUDGING, LOCAL, LastWord, Origin, SpooledLetter, SpooledRecipient, State
from mailstead.net.clock import Clock
from mailstead.net.ids import IdSource
from mailstead.services.dispatch.lanes import Job
from mailstead.services.dispatch.local import LocalDelivery
from mailstead.services.dispatch.ports import Carrier, Contents, Gate, Notices, Observer, Routes, Senders, Way
from mailstead.services.dispatch.rejudging import Rejudging
from mailstead.services.dispatch.settling import Settler
from mailstead.services.guards.halt import Fail, Halt, Hold, Wait
from mailstead.services.outbound.parcel import Parcel
from mailstead.services.spool.spooling import Spooling
from mailstead.store.port import ReadTx, Store, Tx
from mailstead.store.port.spool import Settlement
from mailstead.telemetry import Event, emit, incident

LAST_GRACE: Final = 5.0
"""Seconds that a worker being stopped has for writing an outcome."""
CANNOT_READ: Final = "4.3.0"
HALTED: Final = "4.7.1"  # RFC 3463 §3.8: not authorized, for now
OUR_FAULT: Final = "4.3.5"


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
        judging: Rejudging,
        gate: Gate,
        senders: Senders,
        observer: Observer,
    ) -> None:
        self._store = store
        self._clock = clock
        self._carrier = carrier
        self._contents = contents
        self._routes = routes
        self._settler = Settler(store, clock, ids, spooling, notices, observer)
        self._local = local
        self._judging = judging
        self._gate = gate
        self._senders = senders

    async def carry(self, job: Job, holder: str) -> Carried:
        """Try, and write down what came of it."""
        mine = await self._still_held(job, holder)
        if mine is None:
            emit(Event.SPOOL_LEASE_LOST, queue_id=job.letter.id, count=len(job.recipients))
            return Carried(Health.GOOD)
        return await self._carry(mine, holder)

    async def _still_held(self, job: Job, holder: str) -> Job | None:
        """A job that waited here while no lease could be renewed may be another's by now."""
        if self._clock.now() < min(one.due_at for one in job.recipients):
            return job  # the lease that it came with
        first, last = job.recipients[0].number, job.recipients[-1].number

        async def look(tx: ReadTx) -> list[SpooledRecipient]:
            return await tx.spool.list_recipients(job.letter.id, first - 1, last - first + 1)

        now = self._clock.now()
        held = {one.number for one in await self._store.read(look) if one.lease == holder and one.due_at > now}
        mine = tuple(one for one in job.recipients if one.number in held)
        return replace(job, recipients=mine) if mine else None

    async def _carry(self, job: Job, holder: str) -> Carried:
        halts = await self._gate.judge(job.letter, job.recipients)
        going = await self._halt(job, halts, holder) if halts else job
        if going is None:
            return Carried(Health.BUSY)  # nobody there was asked: that says nothing of how they are
        try:
            ways = await self._find_ways(going)
        except MailError as error:
            now = self._clock.now()
            attempt = _all_alike(going, now, now, Ending.DEFERRED, CANNOT_READ, str(error))
        else:
            remaining = await self._part(going, ways, holder)
            if remaining is None:
                return Carried(Health.BUSY)
            going = remaining
            attempt = await self._attempt(going, ways[_key(going.recipients[0])].route, holder)
        await _to_its_end(self._settler.settle(going, attempt, holder))
        return Carried(attempt.health, attempt.why)

    async def _find_ways(self, job: Job) -> dict[_Key, Way]:
        """As they are now: routes may have changed since it was spooled."""
        if job.destination in HERE:
            return {_key(one): Way(Route(), job.destination) for one in job.recipients}
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
            if job.destination == JUDGING:
                return await self._judging.attempt(job.letter, job.recipients, holder)
            if job.destination == LOCAL:
                return await self._local.attempt(job.letter, job.recipients, holder)
            return await self._carrier.attempt(await self._parcel(job, route))
        except NotFound as error:
            ended = self._clock.now()
            return _all_alike(job, began, ended, Ending.FAILED, "5.3.0", f"its octets are gone: {error}")
        except MailError as error:
            return _all_alike(job, began, self._clock.now(), Ending.DEFERRED, CANNOT_READ, str(error))
        except Exception as error:  # noqa: BLE001 - a fault of ours is told and put off like any other trouble
            why = f"a fault of ours: incident {incident(error, subsystem='dispatch')}"
            return _all_alike(job, began, self._clock.now(), Ending.DEFERRED, OUR_FAULT, why)

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

    async def _halt(self, job: Job, halts: Mapping[int, Halt], holder: str) -> Job | None:
        """Settle those who may not leave now; gives what is left of the job."""
        now, stopped, given_up = self._clock.now(), [], []
        for one in job.recipients:
            match halts.get(one.number):
                case Hold() | Wait() as halt:
                    stopped.append(_stopped(one, halt, now))
                case Fail(status, why):
                    given_up.append(Result(one.number, Ending.FAILED, status, why))
                case None:
                    pass
        if stopped:
            await self._stop(job.letter, stopped, holder, now)
        if given_up:
            failing = Job(job.letter, tuple(one for one in job.recipients if isinstance(halts.get(one.number), Fail)))
            await self._settler.settle(failing, Attempt(began_at=now, ended_at=now, results=tuple(given_up)), holder)
        left = tuple(one for one in job.recipients if one.number not in halts)
        return Job(job.letter, left) if left else None

    async def _stop(self, letter: SpooledLetter, stopped: list[Settlement], holder: str, now: Instant) -> None:
        async def unit(tx: Tx) -> None:
            await tx.spool.settle(letter.id, stopped, holder, now=now)

        await self._store.write(unit)
        for reason in sorted({one.hold_reason for one in stopped if one.hold_reason}):
            count = sum(one.hold_reason == reason for one in stopped)
            emit(
                Event.SPOOL_LETTER_HELD, queue_id=letter.id, sender=str(letter.sender or ""), recipient_count=count,
                detail=reason,
            )  # fmt: skip


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """What has left is written down even while we are being stopped."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=LAST_GRACE)
        task.cancel()
        raise


def _stopped(recipient: SpooledRecipient, halt: Hold | Wait, now: Instant) -> Settlement:
    """Not a try: nobody was asked."""
    match halt:
        case Hold(reason):
            return Settlement(
                number=recipient.number, state=State.HELD, due_at=now, last=None, is_try=False, hold_reason=reason
            )
        case Wait(until, why):
            last = LastWord(HALTED, why, at=now)
            return Settlement(number=recipient.number, state=State.DEFERRED, due_at=until, last=last, is_try=False)


def _key(recipient: SpooledRecipient) -> _Key:
    return recipient.address.domain, recipient.route


def _all_alike(job: Job, began: Instant, ended: Instant, ending: Ending, status: str, why: str) -> Attempt:
    results = tuple(Result(one.number, ending, status, why) for one in job.recipients)
    return Attempt(began_at=began, ended_at=ended, results=results)


def _is_ascii(letter: SpooledLetter, recipients: Sequence[SpooledRecipient]) -> bool:
    return (letter.sender is None or letter.sender.is_ascii) and all(one.address.is_ascii for one in recipients)
