"""SEARCH over a folder: chunks of UIDs, cheap keys before dear ones, nothing read that is not asked for."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.ids import FolderId
from mailstead.ground.model.query import Query
from mailstead.ground.model.sequence import SequenceSet
from mailstead.ground.model.uidset import UidSet
from mailstead.services.folders.filing import cut
from mailstead.services.folders.reading import Reading
from mailstead.services.search.chunk import Chunk
from mailstead.services.search.keys import find_in, prepare

CHUNK: Final = 1_000
"""UIDs judged at once; bodies are read in far smaller batches."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Where to look, and what the numbers in a query mean."""

    uids: UidSet
    resolve_numbers: Callable[[SequenceSet], UidSet]
    resolve_uids: Callable[[SequenceSet], UidSet]


class Search:
    """Evaluates queries. Exact: every message of the scope that is still there is looked at."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    async def find(self, folder: FolderId, query: Query, scope: Scope) -> UidSet:
        """The UIDs that match."""
        ready = prepare(query, scope.resolve_numbers, scope.resolve_uids)
        runs: list[tuple[int, int]] = []
        for uids in cut(scope.uids, CHUNK):
            found = await find_in(Chunk(self._reading, folder, uids), ready, uids)
            runs += found.runs
            await asyncio.sleep(0)
        return UidSet.join(runs)
