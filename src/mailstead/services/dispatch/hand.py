"""Given up by hand: the recipients fail now, and what their sender is told is spooled in the same unit."""

from dataclasses import dataclass

from mailstead.ground.model.attempt import Ending, Result
from mailstead.ground.model.audit import Actor
from mailstead.ground.model.errors import Conflict
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.spool import SpooledLetter, SpooledRecipient, State
from mailstead.net.clock import Clock
from mailstead.net.ids import IdSource
from mailstead.services.dispatch.ports import Notice, Notices, Told
from mailstead.services.dispatch.settling import put_notice
from mailstead.services.spool.hand import move_deed, tell_hand
from mailstead.services.spool.orders import Move
from mailstead.services.spool.outbox import Bundle
from mailstead.services.spool.spooling import Spooling
from mailstead.store.port import Lane, Store, Tx
from mailstead.store.port.spool import StoryRow
from mailstead.telemetry import Event, emit

GIVEN_UP = "5.0.0"  # RFC 3463 §3.1: nothing more is known than that it failed


class Returns:
    """The `Returning` of `services.spool.hand`."""

    def __init__(self, store: Store, clock: Clock, ids: IdSource, spooling: Spooling, notices: Notices) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._spooling = spooling
        self._notices = notices

    async def give_up(
        self, letter: SpooledLetter, recipients: tuple[SpooledRecipient, ...], *, by: Actor, reason: str
    ) -> bool:
        """All of them or none: nobody is told of a failure that did not happen."""
        now = self._clock.now()
        told = tuple(Told(one, _result(one, reason)) for one in recipients)
        notices = await self._notices.write(letter, told)
        chapter = tell_hand(
            letter, recipients, self._ids.next(), now, what=Move.BOUNCE.value, by=by.name, reason=reason,
            notices=str(len(notices)),
        )  # fmt: skip
        try:
            bundles = await self._store.write(
                _GivingUp(letter, recipients, notices, chapter, by, reason, now), lane=Lane.BULK
            )
        except Conflict:
            return False
        self._spooling.outbox.take(bundles)
        for notice in notices:
            notice.tell()
        for one in told:
            emit(
                Event.SPOOL_RECIPIENT_FAILED, queue_id=letter.id, sender=str(letter.sender or ""),
                recipient=str(one.recipient.address), delivery_host="", detail=one.result.diagnostic,
                attempts=one.recipient.attempts, reason="by hand",
            )  # fmt: skip
        return True


def _result(one: SpooledRecipient, reason: str) -> Result:
    """In our own words, with the last ones that were heard."""
    why = f"given up by the postmaster: {reason}" if reason else "given up by the postmaster"
    heard = f"; the last answer was: {one.last.diagnostic}" if one.last is not None else ""
    return Result(one.number, Ending.FAILED, GIVEN_UP, why + heard)


@dataclass(frozen=True, slots=True)
class _GivingUp:
    """Runs as a unit; Conflict, and nothing is done, if a worker has one of them meanwhile."""

    letter: SpooledLetter
    recipients: tuple[SpooledRecipient, ...]
    notices: tuple[Notice, ...]
    chapter: StoryRow
    by: Actor
    reason: str
    now: Instant

    async def __call__(self, tx: Tx) -> tuple[Bundle, ...]:
        pairs = [(self.letter.id, one.number) for one in self.recipients]
        changed = await tx.spool.change_state(pairs, State.FAILED, now=self.now)
        if len(changed) < len(pairs):
            raise Conflict("some are being tried")
        await tx.spool.tell(self.chapter)
        bundles = tuple([await put_notice(tx, notice) for notice in self.notices])
        deed = move_deed(Move.BOUNCE, [(self.letter, one) for one in self.recipients], self.reason)
        await tx.audit.record(self.by, deed, self.now)
        return bundles
