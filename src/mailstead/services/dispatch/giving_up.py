"""Recipients that are given up before a try settles them: they fail and their sender is told, in one unit."""

from collections.abc import Sequence
from dataclasses import dataclass

from mailstead.ground.model.errors import Conflict
from mailstead.ground.model.spool import SpooledLetter, State
from mailstead.services.delivery.plan import Within
from mailstead.services.dispatch.ports import Notice, Told
from mailstead.services.dispatch.settling import put_notice
from mailstead.services.spool.outbox import Bundle, Outbox
from mailstead.store.port import Lane, Store, Tx
from mailstead.store.port.spool import StoryRow
from mailstead.telemetry import Event, emit


class GivingUp:
    """All of them or none, since the notice speaks of all."""

    def __init__(self, store: Store, outbox: Outbox) -> None:
        self._store = store
        self._outbox = outbox

    async def give_up(
        self,
        letter: SpooledLetter,
        told: Sequence[Told],
        notices: tuple[Notice, ...],
        chapter: StoryRow,
        *,
        of: tuple[State, ...],
        reason: str,
        within: Within | None = None,
    ) -> bool:
        """Recipients in one of the states `of`; False, and nothing is done, if one is no longer. `within`: what else is
        true then."""
        unit = _Failing(letter, tuple(told), notices, chapter, of, within)
        try:
            bundles = await self._store.write(unit, lane=Lane.BULK)
        except Conflict:
            return False
        self._outbox.take(bundles)
        for notice in notices:
            notice.tell()
        for one, result in ((each.recipient, each.result) for each in told):
            emit(
                Event.SPOOL_RECIPIENT_FAILED, queue_id=letter.id, sender=str(letter.sender or ""),
                recipient=str(one.address), delivery_host=result.host, detail=result.diagnostic, attempts=one.attempts,
                reason=reason,
            )  # fmt: skip
        return True


@dataclass(frozen=True, slots=True)
class _Failing:
    """Runs as a unit; Conflict."""

    letter: SpooledLetter
    told: tuple[Told, ...]
    notices: tuple[Notice, ...]
    chapter: StoryRow
    of: tuple[State, ...]
    within: Within | None

    async def __call__(self, tx: Tx) -> tuple[Bundle, ...]:
        pairs = [(self.letter.id, one.recipient.number) for one in self.told]
        changed = await tx.spool.change_state(pairs, State.FAILED, now=self.chapter.at, of=self.of)
        if len(changed) < len(pairs):
            raise Conflict("a recipient was taken up, or settled, since it was looked at")
        await tx.spool.tell(self.chapter)
        if self.within is not None:
            await self.within(tx)
        return tuple([await put_notice(tx, notice) for notice in self.notices])
