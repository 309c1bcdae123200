"""The end of a pause: what was held for it goes on. A duty, and by hand; in small steps."""

from dataclasses import replace
from typing import Final

from mailstead.ground.model.address import Address
from mailstead.ground.model.guards import Breaker, Scope
from mailstead.ground.model.ids import Instant, SpoolId
from mailstead.ground.model.spool import SpooledLetter, SpooledRecipient, State
from mailstead.net.clock import Clock
from mailstead.services.guards.breaker import PAUSED
from mailstead.services.guards.words import DAY
from mailstead.store.port import Lane, Store, Tx
from mailstead.store.port.spool import Wanted
from mailstead.telemetry import Event, emit

RESUMED: Final = "resumed"
"""The mark of what goes on by itself: nobody looked at it, so the gate judges it again."""
STEP: Final = 200
COUNTS_KEPT: Final = 2 * DAY
Place = tuple[SpoolId, int]


class Resuming:
    """Needs no lease of recipients: held ones are nobody's."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def run(self) -> None:
        """Let go what was held for pauses that are over."""
        now = self._clock.now()
        for breaker in await self._store.read(lambda tx: tx.guards.list_unreleased(now)):
            await self.release(breaker)

    async def forget(self) -> None:
        """Counts and suppressions that mean nothing any more."""
        now = self._clock.now()

        async def unit(tx: Tx) -> int:
            return await tx.guards.forget_stale(counts_before=Instant(now - COUNTS_KEPT), now=now)

        while await self._store.write(unit, lane=Lane.BULK):
            pass

    async def release(self, breaker: Breaker) -> int:
        """Everything that one pause held; gives how many recipients."""
        count, after = 0, None
        while True:
            released, after = await self._step(breaker, after)
            count += released
            if after is None:
                break
        await self._store.write(_Ending(breaker), lane=Lane.BULK)
        name = breaker.subject.name
        emit(
            Event.GUARD_BREAKER_CLOSED, reason=breaker.subject.scope.value, domain=name.rpartition("@")[2],
            address=name if breaker.subject.scope is Scope.ACCOUNT else "", count=count,
        )  # fmt: skip
        return count

    async def _step(self, breaker: Breaker, after: Place | None) -> tuple[int, Place | None]:
        now = self._clock.now()

        async def unit(tx: Tx) -> tuple[int, Place | None]:
            wanted = await _wanted(tx, breaker)
            found = await tx.spool.list_waiting(wanted, after=after, limit=STEP)
            mine = [(letter.id, one.number) for letter, one in found if _is_held_by(breaker, letter, one)]
            released = await tx.spool.change_state(mine, State.ACTIVE, now=now, reason=RESUMED)
            last = (found[-1][0].id, found[-1][1].number) if len(found) == STEP else None
            return len(released), last

        return await self._store.write(unit, lane=Lane.BULK)


class _Ending:
    """Runs as a unit: the pause is done with, unless another has begun meanwhile."""

    def __init__(self, breaker: Breaker) -> None:
        self._breaker = breaker

    async def __call__(self, tx: Tx) -> None:
        """Marks it."""
        for one in await tx.guards.read_breakers([self._breaker.subject]):
            if one.opened_at == self._breaker.opened_at:
                await tx.guards.write_breaker(replace(one, is_released=True))


async def _wanted(tx: Tx, breaker: Breaker) -> Wanted:
    """As narrow as the spool can look."""
    name = breaker.subject.name
    match breaker.subject.scope:
        case Scope.ACCOUNT:
            local, _, domain = name.rpartition("@")  # a key, which is not quoted as an address would be
            account = await tx.directory.find_account(Address(local, domain))
            return Wanted(states=(State.HELD,), account=account.id if account else None)
        case Scope.DESTINATION:
            return Wanted(states=(State.HELD,), destination=name)
        case _:
            return Wanted(states=(State.HELD,))


def _is_held_by(breaker: Breaker, letter: SpooledLetter, recipient: SpooledRecipient) -> bool:
    """By some pause of that subject; if another one still lasts, the gate holds it again."""
    is_domain = breaker.subject.scope is Scope.DOMAIN
    return recipient.hold_reason.startswith(PAUSED) and (not is_domain or letter.domain == breaker.subject.name)
