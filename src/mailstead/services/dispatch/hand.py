"""Given up by hand: the recipients fail now, and what their sender is told is spooled in the same unit."""

from mailstead.ground.model.attempt import Ending, Result
from mailstead.ground.model.audit import Actor
from mailstead.ground.model.spool import QUEUES, SpooledLetter, SpooledRecipient
from mailstead.net.clock import Clock
from mailstead.net.ids import IdSource
from mailstead.services.dispatch.giving_up import GivingUp
from mailstead.services.dispatch.ports import Notices, Told
from mailstead.services.spool.hand import move_deed, tell_hand
from mailstead.services.spool.orders import Move
from mailstead.services.spool.spooling import Spooling
from mailstead.store.port import Store, Tx

GIVEN_UP = "5.0.0"  # RFC 3463 §3.1: nothing more is known than that it failed


class Returns:
    """The `Returning` of `services.spool.hand`."""

    def __init__(self, store: Store, clock: Clock, ids: IdSource, spooling: Spooling, notices: Notices) -> None:
        self._clock = clock
        self._ids = ids
        self._giving_up = GivingUp(store, spooling.outbox)
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
        deed = move_deed(Move.BOUNCE, [(letter, one) for one in recipients], reason)

        async def record(tx: Tx) -> None:
            await tx.audit.record(by, deed, now)

        return await self._giving_up.give_up(letter, told, notices, chapter, of=QUEUES, reason="by hand", within=record)


def _result(one: SpooledRecipient, reason: str) -> Result:
    """In our own words, with the last ones that were heard."""
    why = f"given up by the postmaster: {reason}" if reason else "given up by the postmaster"
    heard = f"; the last answer was: {one.last.diagnostic}" if one.last is not None else ""
    return Result(one.number, Ending.FAILED, GIVEN_UP, why + heard)
