"""What greylisting has to write down: kept in memory for a second, then written in one unit.

Nobody is told that it is durable: what is lost costs a sender one try more. Under attack what does not fit is dropped
and counted, and one network takes at most its share of the room.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Final

from mailstead.ground.model.errors import MailError
from mailstead.ground.model.greylist import Triplet
from mailstead.ground.model.ids import Instant
from mailstead.store.port import Lane, Store, Tx
from mailstead.store.port.greylist import Seen
from mailstead.telemetry import Event, emit, incident

FLUSH_EVERY: Final = 1.0
KEPT_MAX: Final = 500
"""Of each kind, in a second of one worker: also the most rows of one unit."""
EACH_MAX: Final = 50
"""First tries of one network."""


class Notes:
    """One for a worker."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._first: dict[Triplet, Seen] = {}
        self._passed: dict[Triplet, Seen] = {}
        self._seen: dict[Triplet, Seen] = {}
        self._by_client: Counter[str] = Counter()
        self._lost = 0

    def first_at(self, triplet: Triplet) -> Instant | None:
        """Of what is not written yet."""
        seen = self._first.get(triplet)
        return None if seen is None else seen.at

    def first(self, seen: Seen) -> None:
        """It came for the first time."""
        client = seen.triplet.client
        if len(self._first) >= KEPT_MAX or self._by_client[client] >= EACH_MAX:
            self._lost += 1
            return
        self._by_client[client] += 1
        self._first[seen.triplet] = seen

    def passed(self, seen: Seen) -> None:
        """It came again; what is not noted now is noted when it comes next."""
        if len(self._passed) < KEPT_MAX:
            self._passed[seen.triplet] = seen

    def seen(self, seen: Seen) -> None:
        """It came once more."""
        if len(self._seen) < KEPT_MAX:
            self._seen[seen.triplet] = seen

    async def flush(self) -> None:
        """Write what is there; a store that cannot take it now loses it."""
        kinds = (self._first, self._passed, self._seen)
        written = [list(kind.values()) for kind in kinds]
        lost, self._lost = self._lost, 0
        self._by_client.clear()
        try:
            if any(written):
                await self._write(*written)
        except MailError:
            lost += len(written[0])
        finally:  # only now: until it is written, who asks again is known from here
            for kind, seen in zip(kinds, written, strict=True):
                for one in seen:
                    kind.pop(one.triplet, None)
        if lost:
            emit(Event.GREYLIST_NOTES_LOST, count=lost)

    async def _write(self, first: Sequence[Seen], passed: Sequence[Seen], seen: Sequence[Seen]) -> None:
        async def unit(tx: Tx) -> None:
            if first:
                await tx.greylist.note_first(first)
            if passed:
                await tx.greylist.note_passed(passed)
            if seen:
                await tx.greylist.note_seen(seen)

        await self._store.write(unit, lane=Lane.BULK)

    async def keep_flushing(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_EVERY)
            try:
                await self.flush()
            except Exception as error:  # noqa: BLE001 - a disk that failed once may be mended
                incident(error, subsystem="greylist")
