"""SEARCH over a folder: chunks of UIDs, cheap keys before dear ones, nothing read that is not asked for."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.ids import FolderId
from mailstead.ground.model.query import Query
from mailstead.ground.model.sequence import SequenceSet
from mailstead.ground.model.sorting import SortBy, Thread, Threading
from mailstead.ground.model.uidset import UidSet
from mailstead.net.clock import Clock
from mailstead.services.folders.filing import cut
from mailstead.services.folders.reading import Reading
from mailstead.services.search.chunk import Chunk
from mailstead.services.search.hints import Hints
from mailstead.services.search.keys import Preparing, find_in
from mailstead.services.search.order import sort_uids
from mailstead.services.search.threads import thread_uids

CHUNK: Final = 1_000
"""UIDs judged at once; bodies are read in far smaller batches."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Where to look, and what the numbers in a query mean."""

    uids: UidSet
    resolve_numbers: Callable[[SequenceSet], UidSet]
    resolve_uids: Callable[[SequenceSet], UidSet]


@dataclass(frozen=True, slots=True)
class Found:
    """The UIDs that match, and how well FUZZY keys were met (RFC 6203 §4)."""

    uids: UidSet
    scores: Mapping[int, int]


class Search:
    """Evaluates queries. Exact: what the index does not rule out, and all it does not know, is looked at."""

    def __init__(self, reading: Reading, clock: Clock, hints: Hints | None = None) -> None:
        self._reading = reading
        self._hints = hints
        self._clock = clock

    async def find(self, folder: FolderId, query: Query, scope: Scope) -> UidSet:
        """The UIDs that match."""
        return (await self.rank(folder, query, scope)).uids

    async def rank(
        self, folder: FolderId, query: Query, scope: Scope, *, went: Callable[[int], Awaitable[None]] | None = None
    ) -> Found:
        """The UIDs that match, with scores. `went` hears how many more were looked at."""
        now = self._clock.now()
        ready = Preparing(scope.resolve_numbers, scope.resolve_uids).prepare(query)
        hints = await self._hints.of(folder, ready, len(scope.uids)) if self._hints is not None else {}
        runs: list[tuple[int, int]] = []
        scores: dict[int, int] = {}
        for uids in cut(scope.uids, CHUNK):
            chunk = Chunk(self._reading, folder, uids, now, hints)
            found = await find_in(chunk, ready, uids)
            runs += found.runs
            scores.update(chunk.scores)
            if went is not None:
                await went(len(uids))
            await asyncio.sleep(0)
        return Found(UidSet.join(runs), scores)

    async def sort(self, folder: FolderId, found: Found, criteria: Sequence[SortBy]) -> list[int]:
        """The same UIDs in another order (RFC 5256 §3), less what has gone meanwhile."""
        return await sort_uids(self._reading, folder, found.uids, criteria, found.scores)

    async def thread(self, folder: FolderId, uids: UidSet, threading: Threading) -> list[Thread]:
        """The same UIDs as trees (RFC 5256 §3), less what has gone meanwhile."""
        return await thread_uids(self._reading, folder, uids, threading)
