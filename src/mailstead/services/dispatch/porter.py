"""One job from its lease to its settlement: the way, the octets, the attempt, the outcome, the notices."""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from mailstead.ground.model.address import Address
from mailstead.ground.model.attempt import Attempt, Ending, Health, Result
from mailstead.ground.model.errors import MailError, NotFound
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.spool import LOCAL, Origin, SpooledLetter, SpooledRecipient, State
from mailstead.net.clock import Clock
from mailstead.net.ids import IdSource
from mailstead.services.dispatch.lanes import Job
from mailstead.services.dispatch.local import LocalDelivery
from mailstead.services.dispatch.ports import Carrier, Contents, Gate, Notices, Routes, Senders
from mailstead.services.dispatch.settling import Settler
from mailstead.services.outbound.parcel import Parcel
from mailstead.services.spool.spooling import Spooling
from mailstead.store.port import ReadTx, Store, Tx
from mailstead.store.port.spool import Settlement
from mailstead.telemetry import Event, emit, incident

LAST_GRACE: Final = 5.0
"""Seconds that a worker being stopped has for writing an outcome."""
CANNOT_READ: Final = "4.3.0"
OUR_FAULT: Final = "4.3.5"


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
        self._carrier = carrier
        self._contents = contents
        self._routes = routes
        self._settler = Settler(store, clock, ids, spooling, notices)
        self._local = local
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
        first, last = job.recipients[0].number, job.recipients[-1].number

        async def look(tx: ReadTx) -> list[SpooledRecipient]:
            return await tx.spool.list_recipients(job.letter.id, first - 1, last - first + 1)

        now = self._clock.now()
        held = {one.number for one in await self._store.read(look) if one.lease == holder and one.due_at > now}
        mine = tuple(one for one in job.recipients if one.number in held)
        return replace(job, recipients=mine) if mine else None

    async def _carry(self, job: Job, holder: str) -> Carried:
        held = await self._gate.reason_to_hold(job.letter, job.recipients)
        if held:
            await self._hold(job, held, holder)
            return Carried(Health.GOOD)
        attempt = await self._attempt(job, holder)
        await _to_its_end(self._settler.settle(job, attempt, holder))
        return Carried(attempt.health, attempt.why)

    async def _attempt(self, job: Job, holder: str) -> Attempt:
        began = self._clock.now()
        if job.letter.expires_at <= began:
            return _all_alike(job, began, began, Ending.FAILED, "4.4.7", "its time was over before it could be tried")
        try:
            if job.destination == LOCAL:
                return await self._local.attempt(job.letter, job.recipients, holder)
            return await self._carrier.attempt(await self._parcel(job))
        except NotFound as error:
            ended = self._clock.now()
            return _all_alike(job, began, ended, Ending.FAILED, "5.3.0", f"its octets are gone: {error}")
        except MailError as error:
            return _all_alike(job, began, self._clock.now(), Ending.DEFERRED, CANNOT_READ, str(error))
        except Exception as error:  # noqa: BLE001 - a fault of ours is told and put off like any other trouble
            why = f"a fault of ours: incident {incident(error, subsystem='dispatch')}"
            return _all_alike(job, began, self._clock.now(), Ending.DEFERRED, OUR_FAULT, why)

    async def _parcel(self, job: Job) -> Parcel:
        letter, first = job.letter, job.recipients[0]
        return Parcel(
            id=letter.id,
            sender=await self._sender(letter),
            recipients=job.recipients,
            domain=first.address.domain,
            route=await self._routes.find(letter, first),
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

    async def _hold(self, job: Job, reason: str, holder: str) -> None:
        now = self._clock.now()
        held = [
            Settlement(number=one.number, state=State.HELD, due_at=now, last=one.last, is_try=False, hold_reason=reason)
            for one in job.recipients
        ]

        async def unit(tx: Tx) -> None:
            await tx.spool.settle(job.letter.id, held, holder, now=now)

        await self._store.write(unit)


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """What has left is written down even while we are being stopped."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=LAST_GRACE)
        task.cancel()
        raise


def _all_alike(job: Job, began: Instant, ended: Instant, ending: Ending, status: str, why: str) -> Attempt:
    results = tuple(Result(one.number, ending, status, why) for one in job.recipients)
    return Attempt(began_at=began, ended_at=ended, results=results)


def _is_ascii(letter: SpooledLetter, recipients: Sequence[SpooledRecipient]) -> bool:
    return (letter.sender is None or letter.sender.is_ascii) and all(one.address.is_ascii for one in recipients)
