"""Letters that wait too long: their senders are warned, and at the end they get them back. Duties, in small steps."""

from typing import Final

import msgspec

from mailstead.ground.model.errors import Conflict
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.spool import SpooledLetter, SpooledRecipient, State
from mailstead.net.clock import Clock
from mailstead.net.ids import IdSource
from mailstead.services.dispatch.caution import Caution
from mailstead.services.dispatch.giving_up import GivingUp
from mailstead.services.dispatch.judging import expire, last_result
from mailstead.services.dispatch.ports import Notices, Told
from mailstead.services.dispatch.settling import put_notice
from mailstead.services.spool.outbox import Bundle
from mailstead.services.spool.spooling import Spooling
from mailstead.store.port import Lane, ReadTx, Store, Tx
from mailstead.store.port.spool import StoryRow

LETTERS_AT_ONCE: Final = 50
FORGET_AT_ONCE: Final = 200
WAITING: Final = (State.ACTIVE, State.DEFERRED)


class Overdue:
    """Needs no lease of recipients: it touches only those that nobody has."""

    def __init__(self, store: Store, clock: Clock, ids: IdSource, spooling: Spooling, notices: Notices) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._spooling = spooling
        self._notices = notices
        self._giving_up = GivingUp(store, spooling.outbox)
        self._caution = Caution(clock)

    async def run(self) -> None:
        """Until nobody is overdue but those being tried right now. Just after the clock was set none seems to be."""
        if self._caution.has_jumped():
            self._caution.rest()
        if self._caution.rests:
            return
        while await self._step():
            pass

    async def forget(self) -> None:
        """What failed long ago cannot be tried again, and stories end."""
        now, terms = self._clock.now(), self._spooling.terms

        async def unit(tx: Tx) -> int:
            return await tx.spool.forget_settled(
                failed_before=Instant(now - terms.failed_kept),
                settled_before=Instant(now - terms.history),
                now=now,
                limit=FORGET_AT_ONCE,
            )

        while await self._store.write(unit, lane=Lane.BULK):
            pass

    async def _step(self) -> bool:
        now = self._clock.now()

        async def look(tx: ReadTx) -> list[tuple[SpooledLetter, list[SpooledRecipient]]]:
            return await tx.spool.overdue(now, LETTERS_AT_ONCE)

        done = 0
        found = await self._store.read(look)
        for letter, recipients in found:
            if recipients:
                done += 1
                await (self._expire if letter.expires_at <= now else self._warn)(letter, tuple(recipients), now)
        return done == LETTERS_AT_ONCE

    async def _expire(self, letter: SpooledLetter, recipients: tuple[SpooledRecipient, ...], now: Instant) -> None:
        told = tuple(Told(one, expire(last_result(one))) for one in recipients)
        notices = await self._notices.write(letter, told)
        chapter = self._chapter(letter, recipients, "expired", now)
        # Whoever takes one of them up meanwhile settles it: the next turn sees what is left.
        await self._giving_up.give_up(letter, told, notices, chapter, of=WAITING, reason="expired")

    async def _warn(self, letter: SpooledLetter, recipients: tuple[SpooledRecipient, ...], now: Instant) -> None:
        told = tuple(Told(one, last_result(one)) for one in recipients if not one.is_warned)
        notices = await self._notices.write(letter, told) if told else ()
        chapter = self._chapter(letter, recipients, "warned", now)

        async def unit(tx: Tx) -> tuple[Bundle, ...]:
            marked = await tx.spool.mark_warned(letter.id, [one.number for one in recipients])
            if not notices:
                return ()
            if len(marked) < len(told):
                raise Conflict("another has warned meanwhile")
            await tx.spool.tell(chapter)
            return tuple([await put_notice(tx, notice) for notice in notices])

        try:
            bundles = await self._store.write(unit, lane=Lane.BULK)
        except Conflict:
            return
        self._spooling.outbox.take(bundles)
        for notice in notices:
            notice.tell()

    def _chapter(
        self, letter: SpooledLetter, recipients: tuple[SpooledRecipient, ...], kind: str, now: Instant
    ) -> StoryRow:
        detail = {"to": [str(one.address) for one in recipients]}
        return StoryRow(letter.id, self._ids.next(), now, kind, msgspec.json.encode(detail))
