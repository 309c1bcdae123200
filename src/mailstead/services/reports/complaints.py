"""Complaints about letters of ours count against who sent them: too many of them pause an account or a domain."""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from mailstead.ground.formats.feedback.complaint import Complaint
from mailstead.ground.model.guards import Scope
from mailstead.ground.model.ids import SpoolId
from mailstead.net.clock import Clock
from mailstead.net.ids import IdSource
from mailstead.services.guards.observer import SENT, GuardObserver, subjects_of
from mailstead.store.port import Lane, Store, Tx
from mailstead.store.port.spool import StoryRow
from mailstead.telemetry import Event, emit

CHAPTER: Final = "complaint"
LETTERS_MAX: Final = 10
"""Of one Message-ID: there is one, but for letters that were handed in twice."""

_Tells = Sequence[Callable[[], None]]


class Complaints:
    """Anyone may write that a letter was spam. It counts once for each letter, and only of one that really left: its
    Message-ID is known to nobody but those who got it."""

    def __init__(self, store: Store, clock: Clock, ids: IdSource, observer: GuardObserver) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._observer = observer

    async def take(self, complaint: Complaint, reporter: str) -> bool:
        """False if it is about no letter that we sent and remember, or was heard before."""
        letters = await self._store.read(lambda tx: tx.spool.find_letters(complaint.message_id, LETTERS_MAX))
        heard = False
        for letter in letters:
            heard = await self._note(letter, complaint, reporter) or heard
        return heard

    async def _note(self, number: SpoolId, complaint: Complaint, reporter: str) -> bool:
        now, chapter = self._clock.now(), self._ids.next()
        detail = {"type": complaint.kind, "by": reporter, "to": complaint.recipient}

        async def unit(tx: Tx) -> _Tells | None:
            letter = await tx.spool.get_letter(number)
            if letter.origin not in SENT or any(row.kind == CHAPTER for row in await tx.spool.list_story(number)):
                return None
            await tx.spool.tell(StoryRow(number, chapter, now, CHAPTER, msgspec.json.encode(detail)))
            tells: list[Callable[[], None]] = []
            for subject in await subjects_of(tx, letter, ""):
                if subject.scope is not Scope.DESTINATION:
                    tells += await self._observer.note_complaint(tx, subject, now)
            return tells

        tells = await self._store.write(unit, lane=Lane.BULK)
        if tells is None:
            return False
        emit(
            Event.REPORT_COMPLAINED, queue_id=number, message_id=complaint.message_id, result=complaint.kind,
            reporter=reporter,
        )  # fmt: skip
        for tell in tells:
            tell()
        return True
